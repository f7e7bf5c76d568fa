#!/bin/bash
# What tests/systemd/boot.sh runs under a real systemd: packages of two versions are installed, started,
# upgraded, downgraded and removed, RPM first, then .deb.
#
# /t has old/ and new/, the packages of 0.1.0 and 0.1.1, and proxy/, a GOPROXY tree.
# Prints a line for each thing that holds; ends at the first that does not.
set -uo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

# holds WHAT COMMAND…
holds() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "ok: $kind: $what"
    else
        echo "FAILED: $kind: $what: $* said: $said"
        journalctl --no-pager --lines 30 --unit sumward
        exit 1
    fi
}

equals() {
    [ "$1" = "$2" ] || {
        echo "$1 is not $2"
        return 1
    }
}

fails() {
    ! "$@"
}

get() {
    curl --silent --show-error --fail --max-time 10 "http://127.0.0.1:8080$1"
}

MODULE=/example.com/greet/@v/v1.0.0.mod
STORED=/var/lib/sumward/modules/example.com/greet/@v/v1.0.0.mod

# One round with the commands of one kind of package.
round() {
    kind=$1
    holds "installs" "install_$kind" old
    holds "its programs run" sh -c 'sumward --version && verify-build --version'
    holds "the user is there" id sumward
    holds "settings are the server's alone" equals \
        "$(stat -c '%a %U:%G' /etc/sumward/sumward.yaml)" "640 root:sumward"
    holds "the data folder is the server's" equals \
        "$(stat -c '%a %U:%G' /var/lib/sumward)" "750 sumward:sumward"
    holds "it is not started" equals "$(systemctl is-active sumward)" inactive
    holds "it is not enabled" equals "$(systemctl is-enabled sumward)" disabled
    holds "manual pages are found" test -f /usr/share/man/man1/sumward-gc.1.gz

    # An administrator's own settings.
    cat >/etc/sumward/sumward.yaml <<'SETTINGS'
listen: 127.0.0.1:8080
upstream:
  list: file:///t/proxy
databases: off
proof:
  mode: "off"
SETTINGS
    holds "settings are good" sumward config check /etc/sumward/sumward.yaml
    holds "it starts and is ready" systemctl enable --now sumward
    holds "it serves" get "$MODULE"
    holds "it keeps what it served" test -f "$STORED"
    mv /t/proxy /t/proxy.gone

    local before after
    before=$(systemctl show --property MainPID --value sumward)
    holds "upgrades" "install_$kind" new
    after=$(systemctl show --property MainPID --value sumward)
    holds "an upgrade starts it again" fails equals "$before" "$after"
    holds "and it is ready" systemctl is-active sumward
    holds "it stays enabled" systemctl is-enabled sumward
    holds "an upgrade keeps settings" grep -q 'file:///t/proxy' /etc/sumward/sumward.yaml
    holds "their owner and mode too" equals \
        "$(stat -c '%a %U:%G' /etc/sumward/sumward.yaml)" "640 root:sumward"
    holds "an upgrade keeps data" get "$MODULE"

    holds "downgrades" "install_$kind" old
    holds "a downgrade keeps data" get "$MODULE"

    holds "is removed" "remove_$kind"
    holds "nothing runs then" fails systemctl is-active sumward
    holds "the program is gone" test ! -e /usr/bin/sumward
    holds "units and links are gone" fails sh -c 'ls /usr/lib/systemd/system/sumward* /etc/systemd/system/*/sumward*'
    holds "data stays" test -f "$STORED"

    # For the next kind.
    mv /t/proxy.gone /t/proxy
    rm -rf /var/lib/sumward /etc/sumward
    userdel sumward
}

# Debian's rpm knows of no package that is installed: what the package needs of a Rocky host is
# looked at elsewhere.
install_rpm() {
    rpm --dbpath /t/rpmdb --upgrade --oldpackage --nodeps /t/"$1"/sumward-0*.rpm /t/"$1"/verify-build-0*.rpm
}

remove_rpm() {
    rpm --dbpath /t/rpmdb --erase sumward verify-build
    # Settings that somebody wrote are moved aside.
    grep -q 'file:///t/proxy' /etc/sumward/sumward.yaml.rpmsave
}

# With its needs: this is a Debian.
install_deb() {
    dpkg --force-downgrade --force-confold --install /t/"$1"/sumward_0*.deb /t/"$1"/verify-build_0*.deb
}

remove_deb() {
    dpkg --purge sumward verify-build
}

# As on Rocky Linux, where nothing is enabled by being installed.
mkdir -p /etc/systemd/system-preset
echo 'disable *' >/etc/systemd/system-preset/99-default-disable.preset
# Or dpkg has every page of this machine indexed anew, each time.
rm -f /var/lib/man-db/auto-update
round rpm
round deb
