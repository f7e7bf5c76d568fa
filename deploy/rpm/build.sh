#!/usr/bin/env bash
# Makes one RPM; package.sh calls it.
#
#   deploy/rpm/build.sh NAME FOLDER VERSION ARCH LEVEL OUT
#
#   FOLDER  has the sources of NAME.spec: the tarball, or the policy module
#   LEVEL   of zstd
#
# rpmbuild reads settings of a person from HOME: this build has a HOME of its own.
set -euo pipefail

deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
name=$1 folder=$2 version=$3 arch=$4 level=$5 out=$6

top=$(mktemp -d "${TMPDIR:-/tmp}/sumward-rpm.XXXXXX")
trap 'rm -rf "$top"' EXIT
mkdir -p "$top"/{BUILD,BUILDROOT,RPMS,SOURCES,SPECS,home}
units=""
if [ "$name" = sumward ]; then
    for unit in "$folder"/sumward/usr/lib/systemd/system/*; do
        units="$units $(basename "$unit")"
    done
fi
{
    cat "$deploy/rpm/macros"
    echo "%_topdir $top"
    echo "%_sourcedir $folder"
    echo "%package_version $version"
    echo "%package_units$units"
    # A shorter window than zstd's largest, so that every rpm 4.16 unpacks it.
    echo "%_binary_payload w$level.zstdio"
} >"$top/home/.rpmmacros"
# `--target` decides what the tarball and the package are called.
HOME=$top/home rpmbuild --quiet -bb --target "$arch" "$deploy/rpm/$name.spec" 2>"$top/log" || {
    cat "$top/log" >&2
    exit 1
}
cp "$top"/RPMS/*.rpm "$out/"
