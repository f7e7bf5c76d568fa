#!/usr/bin/env bash
# verify-build beside sha256sum on two Go programs of some 12 MB that differ
# everywhere: the go commands of the two Go versions that the tests bring.
#
#   bash tests/bench/verify.sh [rounds]     default: 15
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rounds=${1:-15}
work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

bash tests/run.sh go >/dev/null
cargo build --quiet --release --locked --bin verify-build
a=$(echo target/go/1.21.*/go/bin/go)
b=$(echo target/go/1.27.*/go/bin/go)
cp "$a" "$work/copy"

time_ms() {
    local began
    began=$(date +%s%N)
    "$@" >/dev/null || [ $? = 1 ]
    echo "$((($(date +%s%N) - began) / 1000))" | awk '{ printf "%.1f\n", $1 / 1000 }'
}

median() {
    sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

row() {
    local name=$1 one=$2 other=$3
    : >"$work/sha" && : >"$work/verify"
    for _ in $(seq "$rounds"); do
        time_ms sha256sum "$one" "$other" >>"$work/sha"
        time_ms target/release/verify-build "$one" "$other" >>"$work/verify"
    done
    local sha verify
    sha=$(median "$work/sha") verify=$(median "$work/verify")
    printf '| %s | %s | %s | %s |\n' "$name" "$sha" "$verify" \
        "$(awk -v a="$verify" -v b="$sha" 'BEGIN { printf "%.2f", a / b }')"
}

printf 'a: %s, %s bytes; b: %s, %s bytes; %s rounds, medians\n\n' \
    "$a" "$(stat -c %s "$a")" "$b" "$(stat -c %s "$b")" "$rounds"
echo "| pair | sha256sum ms | verify-build ms | ratio (design: 5) |"
echo "|---|---|---|---|"
row "a and b, different everywhere" "$a" "$b"
row "a and its copy" "$a" "$work/copy"
