#!/usr/bin/env bash
# Letting go of many stored files: how long `sumward gc` takes.
#
#   bash tests/bench/gc.sh [files]     default: 100000
#
# Half of the files go, then the other half. The goal is 100,000 files in 10 s.
# PROFILE=debug measures the program as the tests build it. Some 500 MB.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
files=${1:-100000}
profile=${PROFILE:-release}
work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-gc.XXXXXX")
trap 'rm -rf "$work"' EXIT

flags=(--quiet --locked)
[ "$profile" = debug ] || flags+=(--release)
cargo build "${flags[@]}" --bin sumward
cargo build "${flags[@]}" --package sumward-tests --example gc
"target/$profile/examples/gc" "$work/data" "$files"
sync

# Nobody is asked: an upstream is named so that the files may go.
gc() {
    env -i HOME="$work" GOPROXY=http://127.0.0.1:1 "target/$profile/sumward" gc \
        --data "$work/data" --budget "$1" --format json >"$work/report"
    grep -m1 -A1 '"removed"' "$work/report" | grep -o '[0-9]*'
}

echo "| files stored | files removed | seconds ($profile) |"
echo "|---|---|---|"
left=$files
for budget in $((files * 100)) 0; do
    start=$(date +%s%N)
    removed=$(gc "$budget")
    end=$(date +%s%N)
    printf '| %s | %s | %s |\n' "$left" "$removed" \
        "$(awk -v ns=$((end - start)) 'BEGIN { printf "%.1f", ns / 1e9 }')"
    left=$((left - removed))
done
