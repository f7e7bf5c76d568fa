# What bench.sh, own.sh and traces.sh have in common: an upstream, servers, one run of wrk,
# medians. They source this file; $seconds is how long one run takes.

work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-bench.XXXXXX")
children=()

cleanup() {
    exec 7>&- 2>/dev/null || true
    [ ${#children[@]} = 0 ] || kill "${children[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

# The upstream ends when its standard input does.
start_upstream() {
    mkfifo "$work/hold"
    target/release/examples/stage <"$work/hold" >"$work/stage" &
    children+=($!)
    exec 7>"$work/hold"
    wait_for_line "$work/stage" DATABASE=
    # shellcheck disable=SC1091
    . "$work/stage"
}

declare -A pids urls ready_ms idle_mib

# start_sumward SIDE PROGRAM ARGUMENTS...
start_sumward() {
    local side=$1 program=$2 began log=$work/sumward-$1.log
    shift 2
    # What an earlier start of this side has said would count for this one.
    rm -f "$log"
    began=$(date +%s%N)
    "$program" --listen 127.0.0.1:0 --data "$work/data-$side" "$@" >"$log" 2>&1 &
    pids[$side]=$!
    children+=("${pids[$side]}")
    wait_for_line "$log" "go env -w GOPROXY="
    ready_ms[$side]=$((($(date +%s%N) - began) / 1000000))
    urls[$side]=$(grep -o 'GOPROXY=http://127.0.0.1:[0-9]*' "$log" | head -1 | cut -d= -f2)
    sleep 1
    idle_mib[$side]=$(($(memory "${pids[$side]}" VmRSS) / 1024))
}

# one URL CONNECTIONS OUT [OPTIONS OF WRK]: a run, whose requests a second and p99 are added to
# OUT.rate and OUT.p99.
one() {
    local url=$1 connections=$2 out=$3
    shift 3
    wrk --threads 2 --connections "$connections" --duration "${seconds}s" --timeout 30s --latency "$@" "$url" >"$work/wrk"
    if grep -q 'Non-2xx' "$work/wrk"; then
        echo "$url answered with errors" >&2
        cat "$work/wrk" >&2
        exit 1
    fi
    awk '/^Requests\/sec/ { print $2 }' "$work/wrk" >>"$out.rate"
    # wrk prints us, ms or s.
    awk '$1 == "99%" { v = $2; u = v; gsub(/[0-9.]/, "", u); sub(/[a-z]+$/, "", v)
        if (u == "us") v /= 1000; else if (u == "s") v *= 1000; else if (u == "m") v *= 60000
        printf "%.2f\n", v }' "$work/wrk" >>"$out.p99"
}

ratio() {
    awk -v a="$(median "$1")" -v b="$(median "$2")" 'BEGIN { printf "%.2f", a / b }'
}

median() {
    sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

memory() {
    awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"
}

wait_for_line() {
    for _ in $(seq 600); do
        if grep -qs -- "$2" "$1"; then return 0; fi
        sleep 0.02
    done
    echo "never seen in $1: $2" >&2
    cat "$1" >&2
    exit 1
}
