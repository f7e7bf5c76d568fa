#!/usr/bin/env bash
# Makes every package from built programs: RPMs, .debs, tarballs.
#
#   deploy/package.sh --bin target/release [--out target/packages]
#       [--arch x86_64|aarch64] [--tools DIR] [--version V] [--only rpm,deb,tar] [--level N]
#
#   --arch     what the programs were built for [the machine's]
#   --tools    programs of this machine, where --bin has another's
#   --version  [that of Cargo.toml]; programs of another compiler than the pinned one add its
#              name: 0.1.0~rustc1.96
#   --only     which kinds [all]
#   --level    how hard to compress, 1 to 19 [19]
#
# The same programs make the same packages, byte for byte: names are sorted, owners are
# names or root, and no time is later than SOURCE_DATE_EPOCH [that of the last commit].
# Needs rpm, dpkg, binutils and tar; sumward-selinux needs selinux-policy-dev (on el9
# selinux-policy-devel) and is left out, with a line that says so, where that is absent.
set -euo pipefail

deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(dirname "$deploy")
# The newest glibc symbol that Rocky Linux 9 has.
GLIBC_MAX=2.34

main() {
    local bin="" out=$checkout/target/packages arch tools="" version="" only=rpm,deb,tar level=19
    arch=$(uname -m)
    while [ $# -gt 0 ]; do
        case $1 in
        --bin) bin=$2 ;;
        --out) out=$2 ;;
        --arch) arch=$2 ;;
        --tools) tools=$2 ;;
        --version) version=$2 ;;
        --only) only=$2 ;;
        --level) level=$2 ;;
        *) fail "unknown option $1" ;;
        esac
        shift 2
    done
    [ -n "$bin" ] || fail "--bin is needed: the folder of the built programs"
    case $arch in x86_64 | aarch64) ;; *) fail "no package is made for $arch" ;; esac
    bin=$(cd "$bin" && pwd)
    tools=$(cd "${tools:-$bin}" && pwd)
    version=${version:-$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$checkout/Cargo.toml")}
    export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$checkout" log -1 --format=%ct)}
    export LC_ALL=C TZ=UTC

    mkdir -p "$out"
    out=$(cd "$out" && pwd)
    work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-package.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    local name named
    for name in sumward verify-build; do
        glibc_gate "$bin/$name"
        named=$version$(compiler "$bin/$name")
        STRIP=$(binutil strip) "$deploy/stage.sh" "$name" --bin "$bin" --tools "$tools" --to "$work/$name"
        # Every kind of package is made of the same tree.
        find "$work/$name" -print0 | xargs -0 touch --no-dereference --date="@$SOURCE_DATE_EPOCH"
        tarball "$name" "$named" "$arch"
        wanted rpm && "$deploy/rpm/build.sh" "$name" "$work" "$named" "$arch" "$level" "$out"
        wanted deb && "$deploy/deb/build.sh" "$name" "$work/$name" "$named" "$arch" "$level" "$out"
        wanted tar && cp "$work/$name-$named-linux-$arch.tar.gz" "$out/"
    done
    if wanted rpm; then
        selinux "$version" "$level" "$out"
    fi
    find "$out" -maxdepth 1 -type f -printf '%10s  %f\n' | sort -k 2
}

fail() {
    echo "package.sh: $*" >&2
    exit 64
}

# wanted KIND: is it among those of --only?
wanted() {
    case ",$only," in *",$1,"*) return 0 ;; esac
    return 1
}

# binutil NAME: the one that reads programs of that architecture.
binutil() {
    if [ "$arch" = "$(uname -m)" ]; then
        echo "$1"
    else
        echo "$arch-linux-gnu-$1"
    fi
}

# A program that needs a newer C library than Rocky Linux 9 has would not start there.
glibc_gate() {
    local program=$1 newest
    newest=$("$(binutil objdump)" -T "$program" | grep -o 'GLIBC_[0-9.]*' | sort -V | tail -n 1)
    [ -n "$newest" ] || fail "$program names no version of glibc: is it linked to another C library?"
    if [ "$(printf '%s\n' "${newest#GLIBC_}" "$GLIBC_MAX" | sort -V | tail -n 1)" != "$GLIBC_MAX" ]; then
        echo "package.sh: $program needs $newest, and Rocky Linux 9 has GLIBC_$GLIBC_MAX:" >&2
        "$(binutil objdump)" -T "$program" | grep -F "$newest" >&2
        exit 1
    fi
    echo "$(basename "$program"): newest symbol of glibc $newest"
}

# What a version says of the compiler: nothing, when it is the pinned one.
compiler() {
    local made pinned
    pinned=$(sed -n 's/^channel = "\(.*\)"/\1/p' "$checkout/rust-toolchain.toml")
    made=$("$(binutil readelf)" --string-dump=.comment "$1" | sed -n 's/.*rustc version \([0-9.]*\).*/\1/p')
    [ -n "$made" ] || fail "$1 does not tell which compiler made it"
    [ "$made" = "$pinned" ] || echo "~rustc${made%.*}"
}

# The tree as it is: `tar -C / --strip-components=1` installs it.
tarball() {
    local name=$1 top=$1-$2-linux-$3
    tar --create --directory "$work" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner \
        --mtime="@$SOURCE_DATE_EPOCH" --transform="s,^$name,$top," "$name" |
        gzip -n "-$((level < 9 ? level : 9))" >"$work/$top.tar.gz"
}

# The policy module holds for every architecture.
selinux() {
    local version=$1 level=$2 out=$3
    if [ ! -f /usr/share/selinux/devel/Makefile ] && [ -z "${SUMWARD_SELINUX_HEADERS:-}" ]; then
        echo "sumward-selinux: not made, /usr/share/selinux/devel is not here"
        return
    fi
    "$deploy/selinux/build.sh" "$work/selinux"
    "$deploy/rpm/build.sh" sumward-selinux "$work/selinux" "$version" noarch "$level" "$out"
}

umask 022
main "$@"
