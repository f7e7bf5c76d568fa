#!/usr/bin/env bash
# Runs a script under a real systemd as PID 1, in a copy of this machine's root that is gone
# afterwards, and ends with its status.
#
#   tests/packages/boot.sh SCRIPT FOLDER
#
# The script is run as root; FOLDER is /t there, and what is written to it is lost. What the
# script prints is printed. Needs root, systemd-container, overlayfs and cgroup2; without
# network, as the copy has a loopback interface alone.
set -euo pipefail

script=$(realpath "$1")
folder=$(realpath "$2")
if [ "${3:-}" != inside ]; then
    # Mounts are seen by nobody else and end with this process.
    exec unshare --mount --propagation private bash "$0" "$script" "$folder" inside
fi

cgroups=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET)
mine=$cgroups/sumward-packages-$$
work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-boot.XXXXXX")
# shellcheck disable=SC2317 # called by the trap
leave() {
    # What remains of the copy's processes ended with its PID 1. Folders of cgroups are
    # removed from below.
    echo $$ >"$cgroups/cgroup.procs" || true
    find "$mine" -depth -type d -exec rmdir {} + 2>/dev/null || true
    umount "$work/merged" "$work" 2>/dev/null || true
    rmdir "$work" 2>/dev/null || true
}
trap leave EXIT
mount -t tmpfs tmpfs "$work"
mkdir "$work"/{upper,work,merged}
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/merged"
mkdir "$mine"
echo $$ >"$mine/cgroup.procs"

root=$work/merged
: >"$root/etc/machine-id"
cp -a "$folder" "$root/t"
cp "$script" "$root/t/script"
units=$root/etc/systemd/system
# What a small copy has no use for.
for unit in systemd-logind systemd-timesyncd systemd-resolved getty@ console-getty; do
    ln -sf /dev/null "$units/$unit.service"
done
# As on Rocky Linux, where nothing is enabled by being installed.
mkdir -p "$root/etc/systemd/system-preset"
echo 'disable *' >"$root/etc/systemd/system-preset/99-default-disable.preset"
cat >"$units/t.service" <<'UNIT'
[Unit]
Wants=systemd-journald.service
After=sysinit.target dbus.socket systemd-journald.service
Wants=sysinit.target dbus.socket
[Service]
Type=oneshot
ExecStartPre=/sbin/ip link set lo up
ExecStart=/bin/bash /t/script
# Its argument becomes the status of systemd-nspawn.
ExecStopPost=/bin/sh -c 'systemctl exit $(test "$$SERVICE_RESULT" = success && echo 0 || echo 1)'
StandardOutput=file:/t/said
StandardError=inherit
UNIT
status=0
SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 timeout 300 systemd-nspawn --quiet --directory "$root" \
    --register=no --keep-unit --private-network --console=pipe --boot -- systemd.unit=t.service \
    </dev/null >"$work/console" 2>&1 || status=$?
if ! cat "$root/t/said" || [ "$status" != 0 ]; then
    tail -n 20 "$work/console" >&2
fi
exit "$status"
