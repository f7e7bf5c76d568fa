#!/usr/bin/env bash
# A start with many index records: time to READY, idle memory, size on disk.
#
#   bash tests/bench/records.sh [--before PROGRAM] [records] [starts]     default: 1000000, 5
#
# The index is written in the format of the first version, so the new program's
# first start converts it and keeps a copy; it is told apart from the later ones,
# which begin when it is converted.
# The files of the records are not there. About 2 minutes and 2 GB for a million.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
before=
if [ "${1:-}" = --before ]; then before=$2 && shift 2; fi
records=${1:-1000000}
starts=${2:-5}
work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-records.XXXXXX")
trap 'rm -rf "$work"' EXIT

main() {
    cargo build --quiet --release --locked --bin sumward
    cargo build --quiet --release --locked --package sumward-tests --example records
    target/release/examples/records "$work/now" "$records"
    [ -z "$before" ] || cp -r "$work/now" "$work/before"
    echo "| program | index records | first start to READY | later starts, median and longest | idle memory, anonymous of it | on disk |"
    echo "|---|---|---|---|---|---|"
    [ -z "$before" ] || measure before "$before" "$work/before"
    measure now target/release/sumward "$work/now"
}

measure() {
    local name=$1 program=$2 data=$3 first
    : >"$work/times" && : >"$work/memory"
    one "$program" "$data" "$name"
    first=$(cat "$work/times")
    : >"$work/times" && : >"$work/memory"
    for _ in $(seq "$starts"); do one "$program" "$data"; done
    printf '| %s | %s | %s ms | %s ms, %s ms | %s | %s MB |\n' "$name" "$records" "$first" \
        "$(sort -n "$work/times" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')" \
        "$(sort -n "$work/times" | tail -1)" \
        "$(sort -n "$work/memory" | awk '{ v[NR] = $1; a[NR] = $2 } END { i = int((NR + 1) / 2); printf "%d MiB, %d MiB", v[i] / 1024, a[i] / 1024 }')" \
        "$(du -sm "$data/index" | cut -f1)"
}

# One start to READY, a moment of idleness, and an end: one PROGRAM DATA [now]
# With "now" it ends when the folder is converted, which goes on beside the server.
one() {
    local program=$1 data=$2 began pid
    began=$(date +%s%N)
    env -i PATH="$PATH" HOME="$work" GOPROXY=off GOSUMDB=off \
        "$program" --listen 127.0.0.1:0 --data "$data" >"$work/log" 2>&1 &
    pid=$!
    for _ in $(seq 6000); do
        if grep -qs -- "go env -w GOPROXY=" "$work/log"; then break; fi
        if ! kill -0 "$pid" 2>/dev/null; then break; fi
        sleep 0.01
    done
    if ! grep -qs -- "go env -w GOPROXY=" "$work/log"; then
        cat "$work/log" >&2
        kill "$pid" 2>/dev/null || true
        exit 1
    fi
    echo $((($(date +%s%N) - began) / 1000000)) >>"$work/times"
    for _ in $(seq 1200); do
        if [ "${3:-}" != now ] || [ -f "$data/format" ]; then break; fi
        sleep 0.1
    done
    sleep 1
    awk '$1 == "VmRSS:" { rss = $2 } $1 == "RssAnon:" { anon = $2 } END { print rss, anon }' "/proc/$pid/status" >>"$work/memory"
    kill "$pid"
    wait "$pid" || true
}

main
