#!/usr/bin/env bash
# A checksum database of one's own: records logged a second, lookups a second, memory, starts.
#
#   bash tests/bench/own.sh [--tessera PROGRAM] [records...]     default: 1000 100000 1000000
#
# Appends: each private module is asked for once, over 256 connections, and logged before it
# is answered. The files come from an upstream (nginx), or lie in the data folder already,
# as after a time without a database. Beside it Tessera's POSIX driver, where PROGRAM is the
# built `cmd/conformance/posix` of github.com/transparency-dev/tessera, is sent the records of
# as many; and a plain file and sled are appended to, with a flush a batch of 256.
#
# Lookups: logs of so many records are written beside the server, and 50,000 of their modules
# are asked for, one of them again and again, or all in an order that jumps about in the log:
# the server keeps 8,192 records at hand. nginx has the same answers as files, and keeps 1,000
# of them open.
#
# Loopback only, the load generators on the same cores. PROFILE=debug measures the program as
# the tests build it. Some 3 minutes; 500 MB, and 3 GB for 10000000 records.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
. tests/apt.sh
tessera=
if [ "${1:-}" = --tessera ]; then tessera=$2 && shift 2; fi
sizes=("$@")
[ $# -gt 0 ] || sizes=(1000 100000 1000000)
profile=${PROFILE:-release}
rounds=3
seconds=3
starts=3
connections=256
modules=20000
modules_of_upstream=2000
sample=50000
. tests/bench/load.sh
. tests/bench/nginx.sh
sumward=target/$profile/sumward
own=target/$profile/examples/own
NAME=sum.corp.example

main() {
    local flags=(--quiet --locked) size
    [ "$profile" = debug ] || flags+=(--release)
    need_programs
    cargo build --workspace "${flags[@]}" --bin sumward --example own
    # Nobody is asked but the upstream of private modules.
    export GOPROXY=off GOSUMDB=off HOME=$work
    mkdir "$work/www"
    echo up >"$work/www/up"
    "$own" upstream "$work/www/upstream" "$modules_of_upstream"
    start_nginx up
    printf '%s build, %s, %s cores\n\n' "$profile" "$(nginx -v 2>&1 | cut -d' ' -f3)" "$(nproc)"
    appends
    printf '\n%s rounds of %s s, 64 connections, medians; requests a second\n\n' "$rounds" "$seconds"
    echo "| records | one module: nginx | sumward | ratio | p99 ms: nginx | sumward | $sample modules: nginx | sumward | ratio | p99 ms: nginx | sumward |"
    echo "|---|---|---|---|---|---|---|---|---|---|---|"
    : >"$work/costs"
    for size in "${sizes[@]}"; do lookups "$size"; done
    echo
    echo "| records | map made anew, s | start to READY ms | anonymous memory MiB: idle | after lookups | on disk MB: tiles | map and index |"
    echo "|---|---|---|---|---|---|---|"
    cat "$work/costs"
}

appends() {
    local url
    echo "| $connections connections | records | seconds | records a second | records a batch |"
    echo "|---|---|---|---|---|"
    logged upstream "$modules_of_upstream" "sumward, from their upstream"
    "$own" stored "$work/data-stored" "$modules"
    logged stored "$modules" "sumward, stored already"
    if [ -n "$tessera" ]; then
        url=127.0.0.1:$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        "$sumward" keygen "$NAME" --out "$work/tessera.key" >/dev/null 2>&1
        "$tessera" --storage_dir "$work/tessera" --listen "$url" --private_key "$work/tessera.key" >"$work/tessera.log" 2>&1 &
        children+=($!)
        for _ in $(seq 50); do
            curl -s -o /dev/null "http://$url/" && break
            sleep 0.1
        done
        row "Tessera, POSIX" "$modules" "$("$own" add "http://$url/add" "$modules" "$connections")" ""
        kill "${children[-1]}"
        rm -rf "$work/tessera"
    fi
    row "a file" "$modules" "$("$own" file "$work/file" "$modules" 256)" 256
    row "sled" "$modules" "$("$own" sled "$work/sled" "$modules" 256)" 256
    rm -rf "$work/file" "$work/sled"
}

# logged SIDE COUNT WORDS: has modules logged by a server of their own.
logged() {
    local side=$1 count=$2 words=$3 took batches
    serve_own "$side" --set "upstream.private=[{modules: corp.example, list: '$nginx_url/upstream'}]"
    took=$("$own" lookup "${urls[$side]}/sumdb/$NAME" "$count" "$connections")
    grep -qx "$count" <(curl -sSf "${urls[$side]}/sumdb/$NAME/latest") || {
        echo "the log has not $count records" >&2
        exit 1
    }
    batches=$(cat "$work/data-$side"/journal/sequenced-* | wc -l)
    row "$words" "$count" "$took" $((count / batches))
    stop "$side"
    rm -rf "$work/data-$side"
}

row() {
    printf '| %s | %s | %s | %s | %s |\n' "$1" "$2" "$3" "$(awk -v n="$2" -v s="$3" 'BEGIN { printf "%.0f", n / s }')" "$4"
}

# serve_own SIDE ARGUMENTS...: a server with a database of its own, the key of which is made
# where there is none.
serve_own() {
    local side=$1
    shift
    make_key "$side"
    start_sumward "$side" "$sumward" --own-database "$work/key-$side" "$@"
}

make_key() {
    [ -f "$work/key-$1" ] || "$sumward" keygen "$NAME" --out "$work/key-$1" >/dev/null 2>&1
}

stop() {
    kill "${pids[$1]}"
    wait "${pids[$1]}" || true
}

lookups() {
    local size=$1 began made hot cells case round data=$work/data-$1 www=$work/www/$1
    make_key "$size"
    mkdir "$www"
    "$own" log "$data" "$work/key-$size" "$size" "$www" "$sample"
    began=$(date +%s%N)
    "$sumward" index rebuild --data "$data" --own-database "$work/key-$size" >"$work/rebuilt" 2>&1
    made=$((($(date +%s%N) - began) / 1000000))
    : >"$work/ready"
    for round in $(seq "$starts"); do
        serve_own "$size"
        echo "${ready_ms[$size]}" >>"$work/ready"
        [ "$round" = "$starts" ] || stop "$size"
    done
    memory "${pids[$size]}" RssAnon >"$work/idle"
    hot=$(sed -n 1p "$www/names")
    same "$size" "$hot"
    same "$size" "$(tail -1 "$www/names")"
    jumping "$www/names"
    rm -f "$work"/of-*
    for round in $(seq "$rounds"); do
        one "$nginx_url/$size$hot" 64 "$work/of-nginx-hot"
        one "${urls[$size]}$hot" 64 "$work/of-sumward-hot"
        one "$nginx_url/$size" 64 "$work/of-nginx-all" --script "$work/jumping.lua"
        one "${urls[$size]}" 64 "$work/of-sumward-all" --script "$work/jumping.lua"
    done
    cells=("$size")
    for case in hot all; do
        local n=$work/of-nginx-$case s=$work/of-sumward-$case
        cells+=("$(median "$n.rate")" "$(median "$s.rate")" "$(ratio "$s.rate" "$n.rate")" "$(median "$n.p99")" "$(median "$s.p99")")
    done
    printf '|' && printf ' %s |' "${cells[@]}" && echo
    printf '| %s | %s | %s | %s | %s | %s | %s |\n' "$size" "$(awk -v ms="$made" 'BEGIN { printf "%.1f", ms / 1000 }')" \
        "$(median "$work/ready")" "$(mib "$(cat "$work/idle")")" "$(mib "$(memory "${pids[$size]}" RssAnon)")" \
        "$(du -sm "$data/log/$NAME/tile" | cut -f1)" "$(du -cm "$data/log/$NAME/map" "$data/index" | tail -1 | cut -f1)" >>"$work/costs"
    stop "$size"
    rm -rf "$data" "$www"
}

# The server's answer and the file are the same bytes.
same() {
    curl -sSf "${urls[$1]}$2" | cmp - "$work/www/$1$2"
}

mib() {
    awk -v kib="$1" 'BEGIN { printf "%.1f", kib / 1024 }'
}

# Writes what wrk is to ask for: all names of a file, one after the other, from another place
# in each thread.
jumping() {
    cat >"$work/jumping.lua" <<LUA
local threads = 0
function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end
function init()
    local prefix = wrk.path:gsub("/\$", "")
    requests = {}
    for name in io.lines("$1") do
        requests[#requests + 1] = wrk.format("GET", prefix .. name)
    end
    at = math.floor(#requests / 2) * number
end
function request()
    at = at % #requests + 1
    return requests[at]
end
LUA
}

main
