#!/usr/bin/env bash
# Compiles the policy module.
#
#   deploy/selinux/build.sh OUT
#
# OUT gets sumward.pp, sumward.pp.bz2 and sumward.if. The headers are those of
# /usr/share/selinux/devel (Debian: selinux-policy-dev, Rocky: selinux-policy-devel), or of
# the folder that SUMWARD_SELINUX_HEADERS names (it holds `include`).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:?the folder for the module}
headers=${SUMWARD_SELINUX_HEADERS:-/usr/share/selinux/devel}
[ -f "$headers/include/Makefile" ] || {
    echo "no headers of SELinux policies in $headers: install selinux-policy-devel (Debian: selinux-policy-dev)" >&2
    exit 1
}

work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-selinux.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp "$here"/sumward.{te,fc,if} "$work/"
# Roles and categories as the targeted policy has them.
make -C "$work" -f "$headers/include/Makefile" HEADERDIR="$headers/include" SHAREDIR="$(dirname "$headers")" \
    NAME=targeted TYPE=mcs sumward.pp >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
}
mkdir -p "$out"
cp "$work/sumward.pp" "$here/sumward.if" "$out/"
bzip2 -9 --keep --force "$out/sumward.pp"
