#!/bin/bash
# What quadlet.sh runs under a real systemd. /t has quadlet, sumward.container and the image.
# Prints a line for each thing that holds; ends at the first that does not.
set -uo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

units=/etc/containers/systemd
settings=/etc/sumward/sumward.yaml

# holds WHAT COMMAND…
holds() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "ok: quadlet: $what"
    else
        echo "FAILED: quadlet: $what: $* said: $said"
        journalctl --no-pager --lines 30 --unit sumward
        exit 1
    fi
}

fails() { ! "$@"; }
property() { systemctl show sumward --property="$1" --value; }
said() { journalctl --unit sumward --no-pager --output cat | grep -qF -- "$1"; }
get() { curl --silent --show-error --fail --max-time 10 "http://127.0.0.1:8080$1"; }

within() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

write_settings() {
    mkdir -p /etc/sumward /var/lib/sumward
    printf 'listen: ":8080"\nupstream:\n  list: "off"\ndatabases: off\n%s\n' "$1" >$settings
    chmod 644 $settings
}

# What podman needs in a container within a container.
prepare_podman() {
    mount -t tmpfs tmpfs /var/lib/containers
    mkdir -p /etc/containers $units
    printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' >/etc/containers/storage.conf
    printf '[containers]\nkeyring = false\ndefault_ulimits = ["nofile=16384:16384", "nproc=1000:1000"]\n' >/etc/containers/containers.conf
    # podman 4.3 does not replace the file that names a container, as those with a generator do.
    mkdir -p /etc/systemd/system/sumward.service.d
    printf '[Service]\nExecStartPre=-/bin/rm -f %%t/%%N.cid\n' >/etc/systemd/system/sumward.service.d/cid.conf
    podman load --quiet --input /t/image.docker.tar
}

wrong_settings_are_not_tried_again() {
    write_settings 'lisen: here'
    ! systemctl start sumward && sleep 3 && [ "$(property NRestarts)" = 0 ] && [ "$(property ActiveState)" = failed ]
}

killed_comes_again() {
    local pid
    pid=$(podman inspect sumward --format '{{.State.Pid}}')
    kill -KILL "$pid"
    within 20 other_serves "$pid"
}

other_serves() {
    get /healthz >/dev/null 2>&1 && [ "$(podman inspect sumward --format '{{.State.Pid}}')" != "$1" ]
}

holds "the image is loaded" prepare_podman
write_settings ''
holds "the generator takes the file as it is" sh -c \
    'mkdir /t/as-is && cp /t/sumward.container /t/as-is/ && QUADLET_UNIT_DIRS=/t/as-is /t/quadlet -dryrun -no-kmsg-log | grep -q "^ExecStart=.*--publish 127.0.0.1:8080:8080"'
sed 's/^PublishPort=.*/Network=host\nPodmanArgs=--cgroups=disabled/' /t/sumward.container >$units/sumward.container
install -D -m 755 /t/quadlet /usr/lib/systemd/system-generators/podman-system-generator
systemctl daemon-reload
holds "the unit is there" test "$(property FragmentPath)" = /run/systemd/generator/sumward.service
holds "it starts and is ready" systemctl start sumward
holds "it serves" get /healthz
holds "its files are those of the image's user" test "$(stat -c %u /var/lib/sumward/format)" = 65532
holds "it is well by its own health check" podman healthcheck run sumward
holds "its root can't be written" fails podman exec sumward /usr/bin/sumward man /etc/man
holds "killed, it comes again" killed_comes_again
holds "it stops" systemctl stop sumward
holds "and has drained" said drained
holds "wrong settings are not tried again" wrong_settings_are_not_tried_again
holds "and are named" said 'lisen: unknown key'
