#!/usr/bin/env bash
# Runs inside a booted systemd (boot.sh): installs the server as deploy/ has it and tries
# what an administrator relies on. Each check is a line, `ok NAME` or `FAILED NAME: why`.
#
# /t has the program `sumward`, the folder `deploy`, `tls.crt`, `tls.key` and clients.py.
set -u

units=/usr/lib/systemd/system
etc=/etc/sumward
yaml=$etc/sumward.yaml
dropins=/etc/systemd/system/sumward.service.d

check() {
    local name=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "ok $name"
    else
        said="$said $(systemctl show sumward --property=ActiveState,SubState,Result,NRestarts,StatusText | tr '\n' ' ')"
        echo "FAILED $name: $(tr '\n' '|' <<<"$said" | tail -c 1600)"
        [ "$name" != start ] || journalctl --unit sumward --no-pager | tail -n 30
    fi
}

# Waits up to so many seconds for a command to succeed.
within() {
    local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    until "$@"; do
        if ((${EPOCHREALTIME/./} > end)); then
            echo "not in time: $*"
            return 1
        fi
        sleep 0.05
    done
}

property() { systemctl show sumward --property="$1" --value; }
status_has() { property StatusText | grep -qF -- "$1"; }
status_lacks() { ! status_has "$1"; }
is() { [ "$(property "$1")" = "$2" ]; }
said() { journalctl --unit sumward --no-pager --output cat | grep -F -- "$1" >/dev/null; }
get() { curl --silent --show-error --fail --max-time 5 "$@"; }
list() { [ "$(get --insecure https://127.0.0.1/example.com/greet/@v/list)" = v1.0.0 ]; }
ready() { get http://127.0.0.1:9090/readyz; }
metric() { get http://127.0.0.1:9090/metrics | grep -qxF -- "$1"; }
dropin() { cat >"$dropins/$1.conf" && systemctl daemon-reload; }
health() { runuser -u sumward -- /usr/bin/sumward healthcheck --config "$yaml" "$@"; }

settings() {
    cat >"$yaml" <<YAML
data: /var/lib/sumward
listen: systemd:main
admin: systemd:admin
tls:
  certificate: $etc/tls.crt
  key: /run/credentials/sumward.service/tls.key
upstream:
  list: file:///srv/mirror,https://nowhere.invalid
  private:
    - modules: slow.example
      list: http://127.0.0.1:8999
databases:
  - sum.golang.org
proof:
  mode: report
own:
  key: own.key
  high_water: /var/lib/sumward-head/own
$1
YAML
}

verified() {
    local said
    said=$(systemd-analyze verify --man=no "$units"/sumward.service "$units"/sumward.socket "$units"/sumward-admin.socket 2>&1)
    [ -z "$said" ] || { echo "$said"; return 1; }
}

each_dropin_verified() {
    local example name
    for example in /t/deploy/systemd/sumward.service.d/*.example; do
        name=$(basename "$example" .conf.example)
        install -D -m 644 "$example" "$dropins/$name.conf"
        verified || { echo "$name"; return 1; }
        rm "$dropins/$name.conf"
    done
}

wrong_is_seen() {
    dropin wrong <<<$'[Service]\nDropCapability=yes'
    ! verified
    local seen=$?
    rm "$dropins/wrong.conf" && systemctl daemon-reload
    return "$seen"
}

exposed() { systemd-analyze security --offline=true --no-pager --threshold="$1" sumward.service; }

exposed_with_addresses() {
    cp /t/deploy/systemd/sumward.service.d/addresses.conf.example "$dropins/addresses.conf"
    exposed 10
    local status=$?
    rm "$dropins/addresses.conf"
    # The gate can fail.
    ! exposed 10 >/dev/null && return "$status"
}

install_it() {
    install -m 755 /t/sumward /usr/bin/sumward
    install -m 644 /t/deploy/systemd/*.service /t/deploy/systemd/*.socket "$units"
    install -D -m 644 /t/deploy/sysusers.d/sumward.conf /usr/lib/sysusers.d/sumward.conf
    mkdir -p "$dropins" "$etc" /srv/mirror/example.com/greet/@v
    systemd-sysusers
    printf 'v1.0.0\n' >/srv/mirror/example.com/greet/@v/list
    chmod -R a+rX /srv/mirror
    install -m 644 /t/tls.crt "$etc/tls.crt"
    install -m 600 /t/tls.key "$etc/tls.key"
    systemctl daemon-reload
}

with_credentials() {
    /usr/bin/sumward keygen sum.corp.example --out "$etc/own.key" >/dev/null
    install -d -o sumward -m 700 /var/lib/sumward-head
    mv "$etc/own.key.head" /var/lib/sumward-head/own
    chown -R sumward: /var/lib/sumward-head
    for name in tls own-database sockets; do
        cp "/t/deploy/systemd/sumward.service.d/$name.conf.example" "$dropins/$name.conf"
    done
    settings ''
    chgrp sumward "$yaml" && chmod 640 "$yaml"
    systemctl daemon-reload
}

credentials_hold() {
    ! runuser -u sumward -- cat "$etc/tls.key" 2>/dev/null || { echo "the key on disk is open"; return 1; }
    get --insecure https://127.0.0.1/sumdb/sum.corp.example/latest | grep -q '^go.sum database tree'
}

entries() {
    local entry
    entry=$(journalctl --unit sumward --output json --no-pager | grep -F 'serving' | tail -n 1)
    echo "$entry"
    grep -q '"_SYSTEMD_UNIT":"sumward.service"' <<<"$entry" && grep -q '"_UID"' <<<"$entry" || return 1
    # The server's own entry, and no line of its standard error.
    grep -q '"_TRANSPORT":"journal"' <<<"$entry" && grep -q '"CODE_FILE"' <<<"$entry" && grep -q '"SERVICE_NAME":"sumward"' <<<"$entry"
}

good_reload() {
    local pid
    pid=$(property MainPID)
    settings $'gc:\n  budget: 1GiB\nlog:\n  level: debug'
    systemctl reload sumward || return 1
    # No waiting: the job ends when it is done.
    said 'in effect: gc.budget, log.level' || return 1
    is MainPID "$pid" && metric 'sumward_config_reload_success 1' && status_lacks reload_refused
}

debug_entry() { journalctl --unit sumward --priority debug..debug --output cat --no-pager | grep . >/dev/null; }

debug_is_on() {
    get --insecure https://127.0.0.1/nowhere/@v/list >/dev/null 2>&1
    within 3 debug_entry
}

bad_file_fails_the_job() {
    local pid
    pid=$(property MainPID)
    settings $'lisen: :80'
    ! systemctl reload sumward 2>/dev/null || { echo "the job went well"; return 1; }
    said "$yaml:19: lisen: unknown key; did you mean" || { echo "not said"; return 1; }
    is MainPID "$pid" && is ActiveState active && list
}

bad_file_is_refused() {
    local pid
    pid=$(property MainPID)
    settings $'lisen: :80'
    kill -HUP "$pid"
    within 5 status_has "reload_refused ($yaml:" || return 1
    within 2 metric 'sumward_config_reload_success 0' || return 1
    metric 'sumward_degraded{condition="reload_refused"} 1' || { echo "no metric"; return 1; }
    ready | grep -q '"reload_refused"' || { echo "not in readyz"; return 1; }
    is MainPID "$pid" && list
}

restart_keys_are_named() {
    settings $'limits:\n  fetches_max: 7\ngc:\n  budget: 2GiB'
    ! systemctl reload sumward 2>/dev/null || { echo "the job went well"; return 1; }
    local line
    line=$(grep -n fetches_max "$yaml" | cut -d: -f1)
    within 2 status_has "$yaml:$line: limits.fetches_max: changed, which takes a restart" || return 1
    # All of it or nothing: the budget is as it was.
    ! said 'in effect: gc.budget, limits' || { echo "half of it was taken over"; return 1; }
}

reload_is_mended() {
    settings ''
    systemctl reload sumward && within 2 status_lacks reload_refused && metric 'sumward_config_reload_success 1'
}

under_load() {
    local until=/t/until-$RANDOM load
    python3 /t/clients.py load "$until" >"$until.said" 2>&1 &
    load=$!
    sleep 0.3
    "$@" || { touch "$until"; return 1; }
    sleep 0.3
    touch "$until"
    wait "$load"
    local status=$?
    cat "$until.said"
    return "$status"
}

reload_often() {
    for budget in 1 2 3 4 5; do
        settings $'gc:\n  budget: '"${budget}GiB"
        sed -i "s/^  mode: report$/&\n  pause: ${budget}s/" "$yaml"
        systemctl reload sumward || return 1
        sleep 0.1
    done
    said 'in effect: gc.budget, proof.pause'
}

restart_twice() {
    settings ''
    systemctl restart sumward && sleep 0.2 && systemctl restart sumward
}

# The journal and its sockets go away under load and come back: requests take no notice, and
# entries come again.
journal_goes_away() {
    local parts=(systemd-journald.socket systemd-journald-dev-log.socket)
    systemctl stop "${parts[@]}" systemd-journald-audit.socket systemd-journald.service || return 1
    ! systemctl --quiet is-active systemd-journald || { echo "the journal did not stop"; return 1; }
    sleep 1
    systemctl start "${parts[@]}" systemd-journald.service
}

entries_since() {
    get --insecure https://127.0.0.1/nowhere/@v/list >/dev/null 2>&1
    journalctl --unit sumward --after-cursor "$1" --output cat --no-pager | grep . >/dev/null
}

journal_stops() {
    local cursor
    settings $'log:\n  level: debug'
    systemctl reload sumward && under_load journal_goes_away || return 1
    cursor=$(journalctl --lines 1 --show-cursor --no-pager | sed -n 's/^-- cursor: //p')
    within 5 entries_since "$cursor"
    local status=$?
    settings ''
    systemctl reload sumward && return "$status"
}

# The reader of standard error stands still, dies, and another one comes.
reader_dies() {
    kill -STOP "$reader" && sleep 0.5 && kill -KILL "$reader" && sleep 1
    cat /t/stderr >>/t/stderr-read &
    reader=$!
}

lines_dropped() { get http://127.0.0.1:9090/metrics | grep -q '^sumward_log_lines_dropped_total [1-9]'; }

a_line_comes() {
    local before
    before=$(stat -c %s /t/stderr-read)
    get --insecure https://127.0.0.1/nowhere/@v/list >/dev/null 2>&1
    sleep 0.2
    [ "$(stat -c %s /t/stderr-read)" -gt "$before" ]
}

# Standard error is a pipe in place of the journal.
stderr_reader_dies() {
    local reader pid status=1
    mkfifo /t/stderr
    cat /t/stderr >/t/stderr-read &
    reader=$!
    dropin stderr <<<$'[Service]\nStandardError=file:/t/stderr'
    settings $'log:\n  level: debug'
    if systemctl restart sumward && within 5 a_line_comes; then
        pid=$(property MainPID)
        under_load reader_dies && is MainPID "$pid" && within 5 lines_dropped && within 5 a_line_comes
        status=$?
    fi
    rm "$dropins/stderr.conf" && systemctl daemon-reload
    settings ''
    systemctl restart sumward && within 5 list
    kill "$reader" 2>/dev/null
    rm /t/stderr
    return "$status"
}

upstream_unit() {
    printf '[Service]\nExecStart=/bin/sleep infinity\n' >"$units/athens.service"
    cp /t/deploy/systemd/sumward.service.d/upstream-unit.conf.example "$dropins/upstream-unit.conf"
    [ "$1" = wanted ] || sed -i -e '/^[^#]/d' -e '/^#   /s/^#   //' "$dropins/upstream-unit.conf"
    systemctl daemon-reload && systemctl restart sumward && systemctl --quiet is-active athens
}

# As the drop-in has it, the server goes on without the unit.
wanted_is_not_needed() {
    upstream_unit wanted && systemctl stop athens && sleep 0.5 && is ActiveState active && list
}

# As its comment has it, the server stops with the unit, whether that is stopped or dies, and
# nothing starts it again.
bound_stops_too() {
    local status=1
    if upstream_unit bound && grep -q '^BindsTo=athens.service' "$dropins/upstream-unit.conf"; then
        systemctl stop athens && within 5 is ActiveState inactive &&
            systemctl start sumward && systemctl --quiet is-active athens &&
            systemctl kill --signal KILL athens && within 5 is ActiveState inactive &&
            sleep 1.5 && is ActiveState inactive
        status=$?
    fi
    rm "$dropins/upstream-unit.conf" && systemctl daemon-reload
    systemctl start sumward && within 5 list && return "$status"
}

disk_is_full() {
    settings $'cache:\n  disk_free_min: 1000TiB'
    systemctl reload sumward || return 1
    within 8 status_has 'disk_full' || return 1
    metric 'sumward_degraded{condition="disk_full"} 1' && list && ready | grep -q disk_full
    local status=$?
    settings ''
    systemctl reload sumward && within 8 status_lacks disk_full && return "$status"
}

data_is_read_only() {
    local data=/var/lib/sumward status
    systemctl stop sumward
    mount --bind "$data" "$data" && mount -o remount,bind,ro "$data" || return 1
    systemctl start sumward && within 5 status_has read_only && list && ready | grep -q read_only
    status=$?
    systemctl stop sumward
    umount "$data"
    systemctl start sumward && within 5 status_lacks read_only && return "$status"
}

fast_watchdog() {
    dropin watchdog <<<$'[Service]\nWatchdogSec=2s\nRestartSec=1s'
    systemctl restart sumward && sleep 3 && is NRestarts 0
}

stopped_is_killed() {
    kill -STOP "$(property MainPID)"
    within 8 said 'Watchdog timeout' && within 8 is NRestarts 1 && within 8 is ActiveState active && within 3 list
}

silent_storage_is_killed() {
    local format=/var/lib/sumward/format
    mv "$format" /t/format && mkfifo "$format" && chmod 666 "$format"
    within 8 is SubState auto-restart
    local status=$?
    rm "$format" && mv /t/format "$format"
    within 8 is NRestarts 2 && within 8 is ActiveState active && within 3 list || return 1
    said 'storage_silent' && return "$status"
}

no_core() { grep -q '^Max core file size *0 *0 ' "/proc/$(property MainPID)/limits"; }

sandbox_holds() {
    local got want
    sed -e '/^ExecReload=/d; /^Type=/d; /^NotifyAccess=/d; /^Restart/d; /^WatchdogSec/d' \
        -e 's|^ExecStart=.*|ExecStart=/usr/bin/python3 /t/clients.py sandbox\nType=oneshot\nStandardOutput=file:/t/probe|' \
        -e 's|^ExecPaths=|ExecPaths=/usr/bin/python3 |' "$units/sumward.service" >"$units/probe.service"
    systemctl daemon-reload && systemctl start probe.service || return 1
    got=$(tr '\n' ' ' </t/probe)
    want="write-etc EACCES write-usr EROFS write-data allowed read-home EACCES mount EPERM unshare EPERM setuid EPERM packet-socket EAFNOSUPPORT write-and-run EPERM exec EACCES "
    [ "$got" = "$want" ] || { echo "got  $got"; return 1; }
}

stop_drains() {
    local answer
    python3 /t/clients.py slow 8999 >/dev/null 2>&1 &
    local slow=$!
    within 3 get http://127.0.0.1:8999/ >/dev/null && rm /t/slow-asked
    get --insecure https://127.0.0.1/slow.example/m/@v/list >/t/slow-answer &
    local client=$!
    within 3 test -e /t/slow-asked || { kill "$slow"; return 1; }
    systemctl stop sumward.socket sumward-admin.socket sumward.service
    wait "$client" || { echo "the open request was not answered"; return 1; }
    kill "$slow"
    answer=$(cat /t/slow-answer)
    [ "$answer" = v1.0.0 ] && is Result success && said drained
}

# Health is told at the admin address alone: that it is not here was said over TLS.
healthcheck_speaks_tls() {
    local answer status=0
    answer=$(/usr/bin/sumward healthcheck --address 127.0.0.1:443 --tls --live 2>&1) || status=$?
    echo "$answer"
    [ "$status" = 1 ] && grep -qF 'https://127.0.0.1:443/healthz answers 404' <<<"$answer"
}

unhealthy_when_stopped() {
    local said
    said=$(health --live 2>&1) && return 1
    echo "$said"
    grep -q 'sumward healthcheck: ' <<<"$said" && [ "$(wc -l <<<"$said")" = 1 ]
}

wrong_settings_stay_down() {
    settings $'lisen: :80'
    systemctl reset-failed sumward
    ! systemctl start sumward 2>/dev/null && is ExecMainStatus 64 && is NRestarts 0 && is ActiveState failed
    local status=$?
    settings ''
    return "$status"
}

crashes_end() {
    dropin crash <<<$'[Service]\nRestartSec=50ms'
    systemctl reset-failed sumward
    systemctl start sumward || return 1
    local pid
    for _ in 1 2 3 4 5; do
        within 5 is ActiveState active || return 1
        pid=$(property MainPID)
        kill -KILL "$pid"
        within 5 is_other "$pid" || return 1
    done
    within 5 is ActiveState failed
}
is_other() { [ "$(property MainPID)" != "$1" ]; }

install_it
check verify verified
check verify-drop-ins each_dropin_verified
check verify-can-fail wrong_is_seen
check exposure exposed 11
check exposure-addresses exposed_with_addresses
with_credentials
systemctl start sumward.socket sumward-admin.socket
check start systemctl start sumward
check ready is ActiveState active
check status status_has 'serving modules proved by sum.corp.example, sum.golang.org on https://[::]:443'
check sockets-by-name list
check credentials credentials_hold
check unresolved-upstream within 5 status_has 'upstream_unresolved (no address for nowhere.invalid'
check readyz-names-it eval 'ready | grep -q upstream_unresolved'
check no-store eval 'curl -si http://127.0.0.1:9090/readyz | grep -qi "^cache-control: no-store" && curl -si http://127.0.0.1:9090/healthz | grep -qi "^cache-control: no-store"'
check healthcheck eval 'health | grep -q "ready, degraded: upstream_unresolved"'
check healthcheck-live eval 'health --live | grep -q ": ok"'
check healthcheck-tls healthcheck_speaks_tls
check journal entries
check reload good_reload
check reload-level debug_is_on
check reload-bad-file bad_file_fails_the_job
check reload-bad-file-by-signal bad_file_is_refused
check reload-needs-restart restart_keys_are_named
check reload-mended reload_is_mended
check reload-under-load under_load reload_often
check restart-refuses-nobody under_load restart_twice
check journal-stopped journal_stops
check stderr-reader-killed stderr_reader_dies
check upstream-wanted wanted_is_not_needed
check upstream-bound bound_stops_too
check disk-full disk_is_full
check read-only data_is_read_only
check no-core no_core
check watchdog-fed fast_watchdog
check watchdog-stopped stopped_is_killed
check watchdog-inner silent_storage_is_killed
check sandbox sandbox_holds
check stop-drains stop_drains
check unhealthy unhealthy_when_stopped
check wrong-settings wrong_settings_stay_down
check crash-limit crashes_end
systemctl stop sumward.socket sumward-admin.socket 2>/dev/null
echo end
