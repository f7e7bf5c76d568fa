#!/usr/bin/env bash
# Makes a release: builds twice in different folders, compares the two, packages, signs, and
# checks everything that it made.
#
#   deploy/release.sh --out target/release-0.1.0 [--gpg-key ID] [--note-key FILE]
#       [--aarch64 DIR] [--built DIR --built DIR] [--rev REV] [--profile NAME] [--level N]
#
#   --gpg-key   the key of the person's keyring that signs RPMs, the repository's metadata and
#               SHA256SUMS; without it nothing is signed, and that is said
#   --note-key  a key that `sumward bundle keygen` made: SHA256SUMS is signed with it as a note
#               too, for who has our key and no keyring
#   --aarch64   programs for aarch64 are released too, built with the tools that
#               deploy/aarch64-tools.sh brought to that folder
#   --built     programs that are built already, named twice: on two hosts, for example. Each
#               folder holds sumward and verify-build, not stripped, and may hold aarch64/ with the
#               same; nothing is built then
#   --rev       what is built [HEAD]; uncommitted changes never are
#   --profile   of cargo [release]
#   --level     how hard packages are compressed, 1 to 19 [19]
#
# What differs between the two builds ends it: verify-build says why. Paths of this host are
# replaced while compiling, so the folder does not matter; the compiler (rust-toolchain.toml), the
# C compiler and the C library do: releases are built on Debian 12.
set -euo pipefail

deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(dirname "$deploy")
programs=(sumward verify-build)

main() {
    local out="" gpg_key="" note_key="" aarch64="" rev=HEAD profile=release level=19 built=()
    while [ $# -gt 0 ]; do
        case $1 in
        --out) out=$2 ;;
        --gpg-key) gpg_key=$2 ;;
        --note-key) note_key=$2 ;;
        --aarch64) aarch64=$(realpath "$2") ;;
        --built) built+=("$(realpath "$2")") ;;
        --rev) rev=$2 ;;
        --profile) profile=$2 ;;
        --level) level=$2 ;;
        *) fail 64 "unknown option $1" ;;
        esac
        shift 2
    done
    [ -n "$out" ] || fail 64 "--out is needed"
    [ ! -e "$out" ] || fail 64 "$out is there already: a release is made once"
    case ${#built[@]} in 0 | 2) ;; *) fail 64 "--built is given twice, or not at all" ;; esac
    mkdir -p "$out"
    out=$(realpath "$out")
    work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-release.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    SOURCE_DATE_EPOCH=$(git -C "$checkout" log -1 --format=%ct "$rev")
    export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC

    if [ ${#built[@]} = 0 ]; then
        build "$rev" "$profile" "$work/first" "$aarch64"
        build "$rev" "$profile" "$work/a-second-folder-with-a-longer-name" "$aarch64"
        built=("$work/first/built" "$work/a-second-folder-with-a-longer-name/built")
    fi
    compare "${built[@]}"
    step "Packages, twice"
    package "${built[0]}" "$work/one" "$level"
    package "${built[1]}" "$out/packages" "$level"
    diff --recursive --brief "$work/one" "$out/packages" || fail 1 "the packages of two builds differ"
    echo "the packages of both builds are the same"
    sign "$out/packages" "$gpg_key"
    repository "$out" "$gpg_key"
    checksums "$out" "$gpg_key" "$note_key"
    step "What was made is read back"
    verify "$out" "$gpg_key" "$note_key"
    echo "released: $out"
}

fail() {
    local status=$1
    shift
    echo "release.sh: $*" >&2
    exit "$status"
}

step() {
    printf '== %s\n' "$*"
}

# build REV PROFILE FOLDER TOOLS: a checkout of its own, a target folder of its own; for aarch64
# too, where there are tools.
build() {
    local rev=$1 profile=$2 folder=$3 tools=$4 home
    step "Build of $(git -C "$checkout" rev-parse --short "$rev") in $folder"
    mkdir -p "$folder/source" "$folder/built"
    git -C "$checkout" archive "$rev" | tar -x -C "$folder/source"
    home=${CARGO_HOME:-$HOME/.cargo}
    # What is compiled in place of the folders of this host: in messages of panics, in debug
    # information, and in the C parts of two libraries. Not by RUSTFLAGS: cargo hashes these into
    # the names of what it builds, and names end up in symbols.
    cat >"$folder/rustc" <<WRAPPER
#!/bin/sh
exec "\$@" --remap-path-prefix='$folder/source'=/usr/src/sumward --remap-path-prefix='$folder/target'=/usr/src/target --remap-path-prefix='$home'=/usr/src/cargo
WRAPPER
    chmod +x "$folder/rustc"
    (
        cd "$folder/source"
        unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
        export CARGO_TARGET_DIR=$folder/target CARGO_INCREMENTAL=0 RUSTC_WRAPPER=$folder/rustc
        export CFLAGS="-ffile-prefix-map=$folder/source=/usr/src/sumward -ffile-prefix-map=$folder/target=/usr/src/target -ffile-prefix-map=$home=/usr/src/cargo"
        cargo build --locked --profile "$profile" --package sumward --package verify-build
        if [ -n "$tools" ]; then
            # zig brings headers, whose folder is told too, and keeps what it made for later builds.
            ZIG_GLOBAL_CACHE_DIR=$folder/zig CFLAGS="$CFLAGS -ffile-prefix-map=$tools=/usr/src/tools" \
                deploy/build-aarch64.sh --profile "$profile" --tools "$tools"
        fi
    )
    take "$folder/target/${profile/#dev/debug}" "$folder/built"
    if [ -n "$tools" ]; then
        take "$folder/target/aarch64-unknown-linux-gnu/${profile/#dev/debug}" "$folder/built/aarch64"
        # Zig's own parts tell the folder in debug information, which packages have none of.
        aarch64-linux-gnu-strip --strip-debug "$folder"/built/aarch64/*
    fi
    rm -rf "$folder/target" "$folder/zig"
}

# take FROM TO: the programs.
take() {
    mkdir -p "$2"
    cp "${programs[@]/#/$1/}" "$2/"
}

# With our own program, as others are told to; and byte by byte.
compare() {
    local program all=("${programs[@]}")
    step "The two builds, compared with verify-build and cmp"
    if [ -d "$1/aarch64" ] || [ -d "$2/aarch64" ]; then
        all+=("${programs[@]/#/aarch64/}")
    fi
    for program in "${all[@]}"; do
        "$2/verify-build" "$1/$program" "$2/$program" || fail 1 "two builds of $program differ: see above"
        cmp "$1/$program" "$2/$program" || fail 1 "two builds of $program differ"
    done
}

# package BUILT OUT LEVEL: of every architecture.
package() {
    local from=$1 out=$2 level=$3
    mkdir -p "$out"
    pack "$(uname -m)" "$from" "$out" "$level" "$from"
    if [ -d "$from/aarch64" ]; then
        pack aarch64 "$from/aarch64" "$out" "$level" "$from"
    fi
}

# pack ARCH BUILT OUT LEVEL TOOLS: the bill of materials, packages of every kind. TOOLS has
# programs that run here.
pack() {
    local arch=$1 from=$2 out=$3 level=$4 tools=$5 program bin
    bin=$(mktemp -d "$work/bin.XXXXXX")
    for program in "${programs[@]}"; do
        cp "$from/$program" "$bin/"
        python3 "$deploy/sbom.py" "$program" "$bin" --target "$arch-unknown-linux-gnu"
        cp "$bin/$program.cdx.json" "$out/$program-$arch.cdx.json"
    done
    "$deploy/package.sh" --arch "$arch" --bin "$bin" --tools "$tools" --out "$out" --level "$level" >"$work/package.log" 2>&1 || {
        cat "$work/package.log" >&2
        exit 1
    }
    cat "$work/package.log"
}

# RPMs are signed before anything is listed: the signature is in them.
sign() {
    local folder=$1 key=$2
    if [ -z "$key" ]; then
        echo "no --gpg-key: the RPMs are not signed"
        return
    fi
    step "Signatures of RPMs"
    rpmsign --define "_gpg_name $key" --define "__gpg $(command -v gpg)" --addsign "$folder"/*.rpm >/dev/null
    gpg --armor --export "$key" >"$folder/../RPM-GPG-KEY-sumward"
}

# The folder that `baseurl=` of a .repo file names.
repository() {
    local out=$1 key=$2
    step "Repository"
    mkdir -p "$out/repository"
    cp "$out"/packages/*.rpm "$out/repository/"
    # Times are those of the release: the same packages have the same list.
    find "$out/repository" -type f -print0 | xargs -0 touch --date="@$SOURCE_DATE_EPOCH"
    createrepo_c --quiet --revision "$SOURCE_DATE_EPOCH" --set-timestamp-to-revision --no-database "$out/repository"
    if [ -n "$key" ]; then
        gpg --batch --yes --local-user "$key" --armor --detach-sign "$out/repository/repodata/repomd.xml"
    fi
}

checksums() {
    local out=$1 key=$2 note_key=$3
    step "Checksums"
    (cd "$out/packages" && sha256sum -- * >"$work/SHA256SUMS" && mv "$work/SHA256SUMS" SHA256SUMS)
    if [ -n "$key" ]; then
        gpg --batch --yes --local-user "$key" --armor --detach-sign "$out/packages/SHA256SUMS"
    fi
    if [ -n "$note_key" ]; then
        # It prints the line that others trust.
        sumward_of "$out" checksums sign "$out/packages/SHA256SUMS" --key "$note_key" \
            --out "$out/packages/SHA256SUMS.note" >"$out/SHA256SUMS.trust"
    fi
}

# The program of this release, as it was packed.
sumward_of() {
    local out=$1
    shift
    if [ ! -x "$work/unpacked/usr/bin/sumward" ]; then
        mkdir -p "$work/unpacked"
        tar -x -C "$work/unpacked" --strip-components=1 -f "$out"/packages/sumward-[0-9]*-linux-"$(uname -m)".tar.gz
    fi
    "$work/unpacked/usr/bin/sumward" "$@"
}

verify() {
    local out=$1 key=$2 note_key=$3 package signature keyring=$work/keyring
    (cd "$out/packages" && sha256sum --check --quiet SHA256SUMS)
    echo "SHA256SUMS: every file is as listed"
    for package in "$out"/packages/*.deb; do
        dpkg-deb --contents "$package" >/dev/null
    done
    for package in "$out"/packages/*.tar.gz; do
        tar -tf "$package" >/dev/null
    done
    sumward_of "$out" --version
    if [ -n "$note_key" ]; then
        sumward_of "$out" checksums verify "$out/packages/SHA256SUMS.note" --folder "$out/packages" \
            --trust "$(cat "$out/SHA256SUMS.trust")"
    fi
    if [ -z "$key" ]; then
        return
    fi
    # With nothing but the key that is published beside the packages.
    mkdir -m 700 "$keyring"
    GNUPGHOME=$keyring gpg --batch --quiet --import "$out/RPM-GPG-KEY-sumward"
    GNUPGHOME=$keyring gpg --batch --quiet --trust-model always --verify "$out/packages/SHA256SUMS.asc" "$out/packages/SHA256SUMS"
    GNUPGHOME=$keyring gpg --batch --quiet --trust-model always --verify "$out/repository/repodata/repomd.xml.asc" "$out/repository/repodata/repomd.xml"
    rpm --dbpath "$work/rpmdb" --import "$out/RPM-GPG-KEY-sumward"
    for package in "$out"/repository/*.rpm; do
        signature=$(rpm --dbpath "$work/rpmdb" --checksig --verbose "$package")
        case $signature in
        *Signature*": OK"*) echo "$(basename "$package"): signed" ;;
        *) fail 1 "$package: its signature does not hold: $signature" ;;
        esac
    done
}

main "$@"
