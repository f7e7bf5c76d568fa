# Debian packages, for the scripts that need some, which source this file.

apt_install() {
    echo "installing Debian packages: $*"
    apt_get update -q && apt_get install -q -y --no-install-recommends "$@"
}

# Another program may be installing at the same time, on a machine that has just
# booted for example. apt itself waits for the lock on installed packages; for the lock
# on its lists and downloads it does not.
APT_WAIT_SECONDS=600

apt_get() {
    local as_root=() errors status began=$SECONDS told=""
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    errors=$(mktemp "${TMPDIR:-/tmp}/sumward-apt.XXXXXX") || return 1
    while :; do
        status=0
        LC_ALL=C DEBIAN_FRONTEND=noninteractive "${as_root[@]}" \
            apt-get -o DPkg::Lock::Timeout="$APT_WAIT_SECONDS" "$@" >/dev/null 2>"$errors" || status=$?
        # "Could not get lock /var/lib/apt/lists/lock. It is held by process 4711"
        if [ "$status" = 0 ] || ! grep -q "Could not get lock\|Unable to lock" "$errors"; then
            break
        fi
        if [ $((SECONDS - began)) -ge "$APT_WAIT_SECONDS" ]; then
            echo "another program has held apt's lock for $APT_WAIT_SECONDS s" >&2
            break
        fi
        [ -n "$told" ] || echo "waiting for another program's apt: $(grep -m 1 "lock" "$errors")"
        told=yes
        sleep 2
    done
    cat "$errors" >&2
    rm -f "$errors"
    return "$status"
}
