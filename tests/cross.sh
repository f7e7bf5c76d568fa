#!/usr/bin/env bash
# Builds one small program for two architectures and C libraries in every way that Go links, plants
# faults in some, and prints what `verify-build lint` says of each; those for aarch64 run under qemu.
# Exits 1 where lint says otherwise than the row wants, or a program does not run.
#
#   tests/cross.sh        needs aarch64-linux-gnu-gcc, musl-gcc, qemu-aarch64-static, python3, and
#                         the network once: `zig cc` comes from PyPI into target/zig
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
verify=${VERIFY_BUILD:-$here/target/debug/verify-build}
[ -x "$verify" ] || { echo "build it first: cargo build --workspace" >&2; exit 2; }
tools=$here/target/zig
if ! [ -d "$tools/python" ] || ! "$tools/python/bin/python" -c 'import ziglang' 2>/dev/null; then
    python3 -m venv "$tools/python"
    "$tools/python/bin/pip" --quiet install ziglang==0.13.0.post1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src" "$work/lib" "$work/out"
cd "$work"
printf '#!/bin/sh\nexec %s -m ziglang cc -target aarch64-linux-musl "$@"\n' "$tools/python/bin/python" >zigcc
chmod +x zigcc
printf 'module example.com/tool\n\ngo 1.21\n' >src/go.mod
mkdir plain
printf 'module example.com/tool\n\ngo 1.21\n' >plain/go.mod
printf 'package main\n\nfunc main() { println(42) }\n' >plain/main.go
printf 'package main\n\n// #include <stdlib.h>\n// static int twice(int x) { return 2 * x; }\nimport "C"\n\n//export Twice\nfunc Twice(x C.int) C.int { return C.twice(x) }\n\nfunc main() { println(C.twice(21)) }\n' >src/main.go

# build NAME SOURCE SETTINGS... -- FLAGS...
build() {
    local name=$1 source=$2 settings=(); shift 2
    while [ "$1" != -- ]; do settings+=("$1"); shift; done
    shift
    (cd "$source" && env -i PATH=/usr/bin:/bin HOME="$work/home" GOCACHE="$work/cache" GOPROXY=off GOTOOLCHAIN=local \
        ZIG_GLOBAL_CACHE_DIR="$tools/cache" ZIG_LOCAL_CACHE_DIR="$tools/cache" \
        "${settings[@]}" "$here/target/go/1.27.3/go/bin/go" build -trimpath -o "$work/out/$name" "$@" .)
}

bad=0
# row NAME WANT RUN ARGUMENTS...: WANT is `met`, or a text of the requirement that is not.
row() {
    local name=$1 want=$2 how=$3 said exit=0 ran=- verdict; shift 3
    said=$("$verify" lint --fail-on never "$@" "out/$name") || exit=$?
    case $how in
    no) ;;
    native) ran=$("out/$name" 2>&1) || ran="exit $?" ;;
    qemu) ran=$(qemu-aarch64-static -L /usr/aarch64-linux-gnu "out/$name" 2>&1) || ran="exit $?" ;;
    esac
    if [ "$want" = met ]; then verdict=$([ $exit = 0 ] && echo ok || echo WRONG)
    else verdict=$([ $exit = 3 ] && grep -qF -- "$want" <<<"$said" && echo ok || echo WRONG); fi
    [ "$how" = no ] || [ "$ran" = 42 ] || verdict="WRONG (ran: $ran)"
    [ "$verdict" = ok ] || { bad=1; echo "$said"; }
    printf '%-28s %-34s exit %s  ran %-3s %s\n' "$name" "$want" "$exit" "$ran" "$verdict"
    grep -E '^ *(unmet|not met|unknown)|--' <<<"$said" | sed 's/^/        /' | cut -c1-170 || true
}

none=(--libc none --require static,no-needed,no-interpreter,internal-link,no-race,one-abi)
linked=(--require external-link,no-race,no-rpath,nx,one-abi)
arm=(CGO_ENABLED=1 GOARCH=arm64)
static='-ldflags=-linkmode external -extldflags -static'
build amd64-static plain CGO_ENABLED=0 --
row amd64-static met native --arch amd64 "${none[@]}"
build arm64-static plain CGO_ENABLED=0 GOARCH=arm64 --
row arm64-static met qemu --arch arm64 "${none[@]}"
row arm64-static "--arch amd64" qemu --arch amd64
build amd64-glibc src CGO_ENABLED=1 --
row amd64-glibc met native --arch amd64 --libc glibc "${linked[@]}"
row amd64-glibc "--max-glibc 2.17" native --max-glibc 2.17
build arm64-glibc src "${arm[@]}" CC=aarch64-linux-gnu-gcc --
row arm64-glibc met qemu --arch arm64 --libc glibc "${linked[@]}"
row arm64-glibc "--max-glibc 2.17" qemu --max-glibc 2.17
build amd64-musl-static src CGO_ENABLED=1 CC=musl-gcc -- "$static"
row amd64-musl-static met native --arch amd64 --libc musl --require static,no-needed,no-interpreter,external-link
build arm64-musl-zig src "${arm[@]}" CC="$work/zigcc" -- "$static"
row arm64-musl-zig met qemu --arch arm64 --libc musl --require static,no-needed,no-interpreter,external-link,one-abi
row arm64-musl-zig "--libc glibc" qemu --libc glibc
build amd64-race src CGO_ENABLED=1 -- -race
row amd64-race "--require no-race" native --require no-race
build amd64-pie src CGO_ENABLED=1 -- -buildmode=pie
row amd64-pie met native --require pie,relro,nx,no-rpath
build arm64-pie src "${arm[@]}" CC=aarch64-linux-gnu-gcc -- -buildmode=pie
row arm64-pie met qemu --arch arm64 --require pie,relro,nx,no-rpath
build amd64-c-shared src CGO_ENABLED=1 -- -buildmode=c-shared
row amd64-c-shared met no --libc glibc --require no-interpreter,external-link,relro,nx
build arm64-c-shared src "${arm[@]}" CC=aarch64-linux-gnu-gcc -- -buildmode=c-shared
row arm64-c-shared met no --arch arm64 --libc glibc --require no-interpreter,external-link,relro,nx
build amd64-c-archive src CGO_ENABLED=1 -- -buildmode=c-archive
row amd64-c-archive met no --require one-abi
printf 'int foreign(void) { return 1; }\n' >foreign.c
aarch64-linux-gnu-gcc -c foreign.c -o foreign.o
ar r out/amd64-c-archive foreign.o
row amd64-c-archive "arm64, 64 bit: foreign.o (foreign)" no --require one-abi
# One symbol of a version that the floor has not: a library that gives it is linked against.
printf 'GLIBC_2.99 { global: too_new; local: *; };\n' >lib/map
printf 'int too_new(void) { return 21; }\n' >lib/new.c
gcc -shared -fPIC -Wl,--version-script=lib/map -Wl,-soname,libnew.so.1 -o lib/libnew.so lib/new.c
cp -r src one
sed -i 's|^// static int twice.*|// #cgo LDFLAGS: -lnew\n// extern int too_new(void);\n// static int twice(int x) { return too_new() * 2; }|' one/main.go
build amd64-one-symbol one CGO_ENABLED=1 CGO_LDFLAGS="-L$work/lib" --
row amd64-one-symbol "(GLIBC_2.99 of libnew.so.1: too_new)" no --max-glibc 2.36
build amd64-rpath src CGO_ENABLED=1 -- "-ldflags=-linkmode external -extldflags -Wl,-rpath,$work/lib"
row amd64-rpath "--require no-rpath" native --require no-rpath
[ $bad = 0 ] && echo "each as it should be" || { echo "something is not as it should be"; exit 1; }
