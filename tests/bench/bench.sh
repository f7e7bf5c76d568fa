#!/usr/bin/env bash
# sumward beside nginx (Debian's, sendfile) on the same files in one run.
#
#   bash tests/bench/bench.sh [--before PROGRAM] [rounds] [seconds]     default: 5 rounds of 4 s
#
# With --before, an older sumward runs beside the new one on a data folder of its
# own and has columns of its own.
#
# Loopback only. Each case is measured in alternating rounds and the medians are
# compared, so that a busy moment of the machine hits both. nginx serves the
# very files of sumward's module store.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
. tests/apt.sh
before=
if [ "${1:-}" = --before ]; then before=$2 && shift 2; fi
rounds=${1:-5}
seconds=${2:-4}
. tests/bench/load.sh
. tests/bench/nginx.sh

main() {
    need_programs
    cargo build --quiet --release --locked --bin sumward
    cargo build --quiet --release --locked --package sumward-tests --example stage
    start_upstream
    sides=(now)
    start_sumward now target/release/sumward
    if [ -n "$before" ]; then
        sides=(before now)
        start_sumward before "$before"
    fi
    fetch_files
    start_nginx example.com/small/@v/list
    printf '%s, %s cores; %s rounds of %s s, medians\n\n' "$(nginx -v 2>&1 | cut -d' ' -f3)" "$(nproc)" "$rounds" "$seconds"
    if [ -n "$before" ]; then
        echo "| case | req/s: nginx | before | now | now of nginx | now of before | p99 ms: nginx | before | now | RssAnon MiB: before | now |"
        echo "|---|---|---|---|---|---|---|---|---|---|---|"
    else
        echo "| case | nginx req/s | sumward req/s | ratio | nginx p99 ms | sumward p99 ms | sumward RssAnon MiB |"
        echo "|---|---|---|---|---|---|---|"
    fi
    measure ".info" example.com/small/@v/v1.0.0.info 64
    measure ".mod" example.com/small/@v/v1.0.0.mod 64
    measure "list" example.com/small/@v/list 64
    measure "lookup" "sumdb/$DATABASE/lookup/example.com/small@v1.0.0" 64
    measure "170 KB zip" example.com/small/@v/v1.0.0.zip 64
    measure "60 MB zip, 20 readers" example.com/large/@v/v1.0.0.zip 20
    local side
    echo
    for side in "${sides[@]}"; do
        echo "$side: start to READY ${ready_ms[$side]} ms; idle memory after start ${idle_mib[$side]} MiB"
    done
}

# Through each sumward, so that each has them; nginx serves what came last.
fetch_files() {
    local file side
    for file in example.com/{small,large}/@v/{list,v1.0.0.info,v1.0.0.mod,v1.0.0.zip} "sumdb/$DATABASE/lookup/example.com/small@v1.0.0"; do
        mkdir -p "$work/www/$(dirname "$file")"
        for side in "${sides[@]}"; do
            curl -sSf -o "$work/www/$file" "${urls[$side]}/$file"
        done
    done
}

measure() {
    local name=$1 path=$2 connections=$3 side order round watcher
    rm -f "$work"/of-*
    for round in $(seq "$rounds"); do
        one "$nginx_url/$path" "$connections" "$work/of-nginx"
        # The one that is second has what the first left in the caches.
        order=("${sides[@]}")
        if [ $((round % 2)) = 0 ] && [ ${#sides[@]} = 2 ]; then order=(now before); fi
        for side in "${order[@]}"; do
            watch_memory "${pids[$side]}" "$work/of-$side.memory" &
            watcher=$!
            one "${urls[$side]}/$path" "$connections" "$work/of-$side"
            kill "$watcher" 2>/dev/null || true
            wait "$watcher" 2>/dev/null || true
        done
    done
    local n=$work/of-nginx b=$work/of-before s=$work/of-now
    local cells=("$name" "$(median "$n.rate")")
    [ -z "$before" ] || cells+=("$(median "$b.rate")")
    cells+=("$(median "$s.rate")" "$(ratio "$s.rate" "$n.rate")")
    [ -z "$before" ] || cells+=("$(ratio "$s.rate" "$b.rate")")
    cells+=("$(median "$n.p99")")
    [ -z "$before" ] || cells+=("$(median "$b.p99")")
    cells+=("$(median "$s.p99")")
    [ -z "$before" ] || cells+=("$(most_mib "$b.memory")")
    cells+=("$(most_mib "$s.memory")")
    printf '|'
    printf ' %s |' "${cells[@]}"
    echo
}

most_mib() {
    sort -n "$1" | tail -1 | awk '{ printf "%.1f", $1 / 1024 }'
}

watch_memory() {
    while sleep 0.2; do memory "$1" RssAnon >>"$2"; done
}

main
