#!/usr/bin/env bash
# Builds both programs for aarch64 on an x86_64 host, for the C library of Rocky Linux 9.
#
#   deploy/build-aarch64.sh [--profile NAME] [--tools DIR]
#   deploy/package.sh --arch aarch64 --bin target/aarch64-unknown-linux-gnu/release --tools target/release
#
#   --tools  a folder that aarch64-tools.sh made; without it cargo-zigbuild and zig are those on
#            PATH, and the compiler is the pinned one after
#            `rustup target add aarch64-unknown-linux-gnu`, or RUSTC=
#
# The library of one compiler is none for another, not even of the next version. A package made
# with another compiler than rust-toolchain.toml names says so in its version (0.1.0~rustc1.96).
#
# release.sh --aarch64 builds by this, twice.
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=aarch64-unknown-linux-gnu
profile=release
while [ $# -gt 0 ]; do
    case $1 in
    --profile) profile=$2 ;;
    --tools)
        PATH=$(realpath "$2")/bin:$PATH
        export RUSTC=${PATH%%:*}/rustc
        ;;
    *)
        echo "build-aarch64.sh: unknown option $1" >&2
        exit 64
        ;;
    esac
    shift 2
done

# Where rust-toolchain.toml names the compiler.
cd "$checkout"
missing=()
command -v cargo-zigbuild >/dev/null || missing+=("cargo-zigbuild (cargo install --locked cargo-zigbuild)")
command -v zig >/dev/null || python3 -c 'import ziglang' 2>/dev/null || missing+=("zig (pip install ziglang)")
sysroot=$("${RUSTC:-rustc}" --print sysroot)
compgen -G "$sysroot/lib/rustlib/$target/lib/libstd-*.rlib" >/dev/null ||
    missing+=("Rust's library for $target in $sysroot (rustup target add $target, or another RUSTC)")
if [ ${#missing[@]} -gt 0 ]; then
    printf 'build-aarch64.sh: missing: %s\n' "${missing[@]}" >&2
    exit 1
fi

"${RUSTC:-rustc}" --version
# The number after the target is the newest glibc that may be asked for; package.sh holds it.
cargo zigbuild --profile "$profile" --locked --target "$target.2.34" --package sumward --package verify-build
