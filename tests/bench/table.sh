#!/usr/bin/env bash
# The map from module versions to record numbers: sorted files beside sled.
#
#   bash tests/bench/table.sh [keys] [keys for sled]     default: 10000000, 1000000
#
# Both write batches of 10,000 keys, each durable before the next; every program is one
# process, so that its memory is its own. With 1000000 of both: some 45 seconds and 400 MB.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
keys=${1:-10000000}
sled_keys=${2:-1000000}
work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-table.XXXXXX")
trap 'rm -rf "$work"' EXIT

cargo build --quiet --release --locked --package sumward-tests --example table
echo "| | keys | seconds to write | bytes a key | found a second | missed a second | peak memory MiB |"
echo "|---|---|---|---|---|---|---|"
target/release/examples/table "$work/small" "$sled_keys" table
target/release/examples/table "$work/sled" "$sled_keys" sled
rm -rf "$work/small" "$work/sled"
target/release/examples/table "$work/large" "$keys" table
