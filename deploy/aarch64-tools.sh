#!/usr/bin/env bash
# Brings what builds programs for aarch64 on an x86_64 Debian 12 where rustup has no library for
# that target to give: Debian's newer compiler with its library for arm64, zig and cargo-zigbuild.
#
#   deploy/aarch64-tools.sh target/aarch64-tools
#   deploy/build-aarch64.sh --tools target/aarch64-tools
#
# Everything lies in that folder (1 GB): nothing is installed, and apt's lists and architectures
# of this host stay as they are. Needs apt's sources, PyPI, dpkg and python3-venv.
set -euo pipefail

[ $# = 1 ] || {
    echo "aarch64-tools.sh: name the folder" >&2
    exit 64
}
[ ! -e "$1" ] || {
    echo "aarch64-tools.sh: $1 is there already" >&2
    exit 64
}
mkdir -p "$1"
top=$(realpath "$1")
trap 'rm -rf "$top"' EXIT
ZIG=0.17.1
ZIGBUILD=0.24.1

# Lists of both architectures, of our own.
own=(-o APT::Architectures::=amd64 -o APT::Architectures::=arm64 -o "Dir::State::lists=$top/apt/lists"
    -o "Dir::Cache=$top/apt/cache" -o APT::Sandbox::User=root)
mkdir -p "$top"/apt/{lists,cache,packages}/partial "$top/rust" "$top/bin"
apt-get "${own[@]}" --quiet=2 update

version=$(apt-cache "${own[@]}" show --no-all-versions rustc-web | sed -n 's/^Version: \([0-9]*\.[0-9]*\).*/\1/p')
library=libstd-rust-web-$version
llvm=$(apt-cache "${own[@]}" depends "$library" | grep --only-matching 'libllvm[0-9]*' | sort -u)
(cd "$top/apt/packages" && apt-get "${own[@]}" --quiet=2 download rustc-web "$library" "$llvm" \
    libstd-rust-web-dev libstd-rust-web-dev:arm64)
for package in "$top"/apt/packages/*.deb; do
    dpkg-deb --extract "$package" "$top/rust"
done
rm -r "$top/apt"

# It finds itself wherever the folder lies.
cat >"$top/bin/rustc" <<'RUSTC'
#!/bin/sh
rust=$(dirname "$(realpath "$0")")/../rust/usr
LD_LIBRARY_PATH=$rust/lib/x86_64-linux-gnu exec "$rust/bin/rustc" --sysroot "$rust" "$@"
RUSTC
chmod +x "$top/bin/rustc"

python3 -m venv "$top/zig"
"$top/zig/bin/pip" install --quiet --disable-pip-version-check "ziglang==$ZIG" "cargo-zigbuild==$ZIGBUILD"
ln -s ../zig/bin/cargo-zigbuild "$top/bin/cargo-zigbuild"
ln -s ../zig/bin/python-zig "$top/bin/zig"
"$top/bin/rustc" --version
"$top/bin/zig" version
trap - EXIT
