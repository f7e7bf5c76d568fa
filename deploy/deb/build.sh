#!/usr/bin/env bash
# Makes one .deb of a staged tree; package.sh calls it.
#
#   deploy/deb/build.sh NAME TREE VERSION ARCH LEVEL OUT
set -euo pipefail

deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
name=$1 tree=$2 version=$3 arch=$4 level=$5 out=$6
case $arch in
x86_64) architecture=amd64 ;;
aarch64) architecture=arm64 ;;
*)
    echo "deb/build.sh: what does Debian call $arch?" >&2
    exit 64
    ;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp -a "$tree" "$work/root"
root=$work/root
mkdir "$root/DEBIAN"
# Where Debian looks for it.
if [ -d "$root/usr/share/zsh/site-functions" ]; then
    mv "$root/usr/share/zsh/site-functions" "$root/usr/share/zsh/vendor-completions"
fi
{
    cat "$deploy/deb/$name.control"
    echo "Version: $version-1"
    echo "Architecture: $architecture"
    echo "Installed-Size: $(du -k -s --apparent-size "$tree" | cut -f1)"
} >"$root/DEBIAN/control"
for script in preinst postinst prerm postrm; do
    if [ -f "$deploy/deb/$name.$script" ]; then
        install -m 755 "$deploy/deb/$name.$script" "$root/DEBIAN/$script"
    fi
done
if [ -d "$root/etc" ]; then
    (cd "$root" && find etc -type f | LC_ALL=C sort | sed 's,^,/,') >"$root/DEBIAN/conffiles"
    # The group is not there when the files are unpacked: postinst gives it to them.
fi
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\n' | LC_ALL=C sort | tr '\n' '\0' |
    xargs -0 md5sum) >"$root/DEBIAN/md5sums"
chmod 644 "$root/DEBIAN/control" "$root/DEBIAN/md5sums"
find "$root" -print0 | xargs -0 touch --no-dereference --date="@$SOURCE_DATE_EPOCH"
# xz is what every Debian of these years unpacks; a package that is only tried is packed fast.
compressor=xz
[ "$level" -ge 4 ] || compressor=gzip
# One thread: with several the parts that are compressed apart depend on the machine.
dpkg-deb --root-owner-group --threads-max=1 -Z"$compressor" -z"$((level < 9 ? level : 9))" --build "$root" \
    "$out/${name}_$version-1_$architecture.deb" >/dev/null
