#!/usr/bin/env bash
# Boots a real systemd as PID 1 over a copy of this machine's root, runs a script in it, and
# prints what the script said. Nothing is changed outside: the copy is an overlay in memory.
#
#   tests/systemd/boot.sh SCRIPT FOLDER
#
# The script runs as root with FOLDER copied to /t. The status is the script's. Needs root,
# systemd-container, overlayfs and cgroup2; there is no network but a loopback interface.
set -euo pipefail

script=$(realpath "$1")
folder=$(realpath "$2")
if [ "${3:-}" != inside ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "booting a systemd needs root" >&2
        exit 1
    fi
    for program in systemd-nspawn unshare findmnt; do
        if ! command -v "$program" >/dev/null; then
            echo "$program is missing: apt-get install systemd-container util-linux" >&2
            exit 1
        fi
    done
    # Mounts end with this process, and nobody else sees them.
    exec unshare --mount --propagation private bash "$0" "$script" "$folder" inside
fi

cgroup=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET) || {
    echo "there is no cgroup2 mount, which a systemd of its own needs" >&2
    exit 1
}
own=$cgroup/sumward-systemd-$$
before=$(sed -n 's/^0:://p' /proc/self/cgroup)
top=$(mktemp -d "${TMPDIR:-/tmp}/sumward-systemd.XXXXXX")

# shellcheck disable=SC2317 # a trap calls it
clean() {
    echo $$ >"$cgroup$before/cgroup.procs" || true
    find "$own" -depth -type d -exec rmdir {} + 2>/dev/null || true
    umount "$top/root" "$top" 2>/dev/null || true
    rmdir "$top" 2>/dev/null || true
}
trap clean EXIT

mount -t tmpfs -o mode=0755 tmpfs "$top"
mkdir "$top/upper" "$top/work" "$top/root"
root=$top/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" "$root"
mkdir "$own"
echo $$ >"$own/cgroup.procs"

: >"$root/etc/machine-id"
mkdir "$root/t"
cp -a "$folder/." "$root/t/"
cp "$script" "$root/t/inside.sh"
units=$root/etc/systemd/system
for unit in systemd-logind systemd-timesyncd systemd-resolved systemd-networkd getty@ console-getty; do
    ln -sf /dev/null "$units/$unit.service"
done
cat >"$units/t.service" <<'UNIT'
[Unit]
Wants=sysinit.target dbus.socket systemd-journald.service
After=sysinit.target dbus.socket systemd-journald.service

[Service]
Type=oneshot
TimeoutStartSec=290
ExecStartPre=/bin/ip link set lo up
ExecStart=/bin/bash /t/inside.sh
ExecStopPost=/bin/sh -c 'systemctl exit $(test "$$SERVICE_RESULT" = success && echo 0 || echo 1)'
StandardOutput=file:/t/said
StandardError=inherit
UNIT
status=0
SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 timeout 300 systemd-nspawn --quiet --directory "$root" \
    --register=no --keep-unit --private-network --console=pipe --boot -- systemd.unit=t.service \
    </dev/null >"$top/console" 2>&1 || status=$?
if ! cat "$root/t/said" 2>/dev/null || [ "$status" != 0 ]; then
    echo "systemd-nspawn ended with $status; its console:" >&2
    tail -n 30 "$top/console" >&2
fi
exit "$status"
