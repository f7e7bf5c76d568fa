#!/usr/bin/env bash
# Checks on a real Rocky Linux 9 what nothing else can show: SELinux that enforces, the firewall
# of cgroups, accounting of memory, dnf's dependencies, fapolicyd.
#
#   sudo deploy/verify-on-rocky.sh [FOLDER]
#
# FOLDER holds the RPMs; without it those that are installed already are checked. It installs the
# packages, starts the service, and leaves both so; it writes a drop-in for a moment and takes it
# away again. Run it on a host that serves nobody yet. One line a check; exit status 1
# when one failed.
#
# Not run by this project's tests, which have no Rocky. Tell what it printed.
set -uo pipefail

FOLDER=${1:-}
DROP_IN=/run/systemd/system/sumward.service.d/90-verify.conf
failed=0
skipped=0

# check WHAT COMMAND…
check() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then
        printf 'ok       %s\n' "$what"
    else
        printf 'FAILED   %s: %s\n' "$what" "$(tr '\n' ' ' <<<"$said" | cut -c 1-400)"
        failed=$((failed + 1))
    fi
}

skip() {
    printf 'skipped  %s: %s\n' "$1" "$2"
    skipped=$((skipped + 1))
}

same() {
    [ "$1" = "$2" ] || {
        echo "it is ${1:-nothing}, not $2"
        return 1
    }
}

unit() {
    systemctl show sumward.service --property "$1" --value
}

# silent COMMAND…: it has nothing to say.
silent() {
    local said
    said=$("$@" 2>&1)
    echo "$said"
    [ -z "$said" ]
}

denials() {
    ausearch --message AVC,USER_AVC,SELINUX_ERR --start boot 2>/dev/null | grep -w -e sumward_t -e sumward
}

# Where the server listens, as it says itself.
address() {
    sumward --config /etc/sumward/sumward.yaml --data /var/lib/sumward config show 2>/dev/null |
        sed -n 's/^listen: *"\{0,1\}\([^" #]*\).*/\1/p' | sed 's/^:/127.0.0.1:/'
}

main() {
    [ "$(id -u)" = 0 ] || {
        echo "run it as root" >&2
        exit 64
    }
    # shellcheck disable=SC1091 # on Rocky alone
    . /etc/os-release
    check "this is Rocky Linux 9" same "${ID:-}-${VERSION_ID%%.*}" rocky-9
    check "systemd is 252" same "$(systemctl --version | awk 'NR == 1 { print $2 }')" 252
    packages
    service
    selinux
    addresses
    memory
    trust
    printf '%d failed, %d skipped\n' "$failed" "$skipped"
    [ "$failed" = 0 ]
}

packages() {
    if [ -n "$FOLDER" ]; then
        check "dnf installs the packages with what they need" \
            dnf install -y "$FOLDER"/sumward-[0-9]*.rpm "$FOLDER"/sumward-selinux-[0-9]*.rpm "$FOLDER"/verify-build-[0-9]*.rpm
    fi
    check "the packages are installed" rpm --query sumward verify-build
    if rpm --query --quiet selinux-policy-targeted; then
        check "the policy came with the server" rpm --query sumward-selinux
    fi
    check "what is installed is what was packed" rpm --verify --noconfig sumward verify-build
    check "the user is there" getent passwd sumward
    check "settings are the server's alone" same "$(stat -c '%a %U:%G' /etc/sumward/sumward.yaml)" "640 root:sumward"
    check "no dependency is open" dnf check
}

service() {
    check "the unit is understood" silent systemd-analyze verify sumward.service
    check "its exposure is at most 1.1" systemd-analyze security --threshold=11 sumward.service
    check "it starts and is ready" systemctl start sumward.service
    check "it answers" curl --silent --show-error --fail --max-time 10 "http://$(address)/healthz"
    check "it is well" sumward healthcheck --config /etc/sumward/sumward.yaml --data /var/lib/sumward
    check "it reads its settings again" systemctl reload sumward.service
    check "it survives a restart" systemctl restart sumward.service
}

selinux() {
    if ! command -v getenforce >/dev/null || [ "$(getenforce)" != Enforcing ]; then
        skip "SELinux" "it does not enforce here"
        return
    fi
    check "the module is loaded" sh -c 'semodule --list-modules | grep -qx sumward'
    check "the server is in its domain" sh -c "ps -o label= -p $(unit MainPID) | grep -q ':sumward_t:'"
    check "the program has its label" sh -c 'ls -Z /usr/bin/sumward | grep -q :sumward_exec_t:'
    check "the data have theirs" sh -c 'ls -dZ /var/lib/sumward | grep -q :sumward_var_lib_t:'
    check "no label is another than the policy says" \
        silent restorecon -Rnv /usr/bin/sumward /etc/sumward /var/lib/sumward /run/sumward
    # A request makes it look for an upstream: names, certificates, a connection.
    curl --silent --output /dev/null --max-time 30 "http://$(address)/rsc.io/quote/@v/v1.5.2.info"
    if command -v ausearch >/dev/null; then
        check "nothing was denied" silent denials
    else
        skip "nothing was denied" "ausearch (package audit) is not here"
    fi
    check "it may not read passwords" sh -c '! sesearch --allow -s sumward_t -t shadow_t -c file 2>/dev/null | grep -q .'
}

# What the server says of a version that nobody has: 404 is the word of an upstream, and
# anything from 500 on means that none was reached.
upstream_says() {
    curl --silent --output /dev/null --max-time 90 --write-out '%{http_code}' "http://$(address)/rsc.io/quote/@v/v9.9.9.info"
}

# BPF on cgroups: silently not there in containers, so seen on a host alone.
addresses() {
    local before
    before=$(upstream_says)
    mkdir -p "$(dirname "$DROP_IN")"
    printf '[Service]\nIPAddressDeny=any\nIPAddressAllow=localhost\n' >"$DROP_IN"
    systemctl daemon-reload
    check "with IPAddressDeny=any it starts" systemctl restart sumward.service
    check "and answers this host" curl --silent --show-error --fail --max-time 10 "http://$(address)/healthz"
    if [ "$before" = 404 ]; then
        check "an upstream that was in reach is not any more" test "$(upstream_says)" -ge 500
    else
        skip "an upstream is out of reach" "none was in reach before either ($before)"
    fi
    if command -v bpftool >/dev/null; then
        check "the kernel filters for it" sh -c 'bpftool cgroup list /sys/fs/cgroup/system.slice/sumward.service | grep -q ingress'
    else
        skip "the kernel filters for it" "bpftool is not here"
    fi
    rm -f "$DROP_IN"
    rmdir "$(dirname "$DROP_IN")" 2>/dev/null
    systemctl daemon-reload
    check "without it, it starts again" systemctl restart sumward.service
}

memory() {
    local used
    used=$(unit MemoryCurrent)
    check "memory is accounted" sh -c "test '$used' -gt 1000000"
    check "a limit can be set while it runs" systemctl set-property --runtime sumward.service MemoryMax=2G
    check "and is in the cgroup" same "$(cat /sys/fs/cgroup/system.slice/sumward.service/memory.max)" 2147483648
    systemctl set-property --runtime sumward.service MemoryMax=
    check "tasks are accounted" sh -c "test '$(unit TasksCurrent)' -gt 1"
}

trust() {
    if ! systemctl is-active --quiet fapolicyd; then
        skip "fapolicyd" "it does not run here"
        return
    fi
    fapolicyd-cli --update >/dev/null
    check "fapolicyd trusts the server" sh -c 'fapolicyd-cli --dump-db | grep -q /usr/bin/sumward'
    check "and lets it run" sumward --version
}

main "$@"
