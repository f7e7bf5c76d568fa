#!/usr/bin/env bash
# verify-build beside sha256sum, and beside diffoscope where it is installed
# (Debian: apt-get install diffoscope-minimal), on pairs of Go programs:
#
#   12 and 17 MB   the go commands of two Go versions: different everywhere
#   300 MB, 1 GB   one program with a file of that size embedded, by two Go versions
#
#   bash tests/bench/verify.sh [--before PROGRAM] [--pair A B] [rounds]     default: 15
#
# --before takes an older verify-build, which is measured in turns with the new one; --pair takes
# two more files, each as often as asked for.
#
# Time is the median of the rounds; memory what the process needs of its own, which
# can't be taken from it when memory is short (RssAnon, every 2 ms), in the run
# with the most. Of programs past 64 MiB verify-build maps a copy of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
before="" pair=()
while [ $# -gt 0 ]; do
    case $1 in
    --before) before=$(realpath "$2") && shift 2 ;;
    --pair) pair=("$(realpath "$2")" "$(realpath "$3")") && shift 3 ;;
    *) break ;;
    esac
done
rounds=${1:-15}
work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

bash tests/run.sh go >/dev/null
cargo build --quiet --release --locked --bin verify-build
a=$(echo target/go/1.21.*/go/bin/go)
b=$(echo target/go/1.27.*/go/bin/go)
cp "$a" "$work/copy"

# Prints "<milliseconds> <KiB of the largest anonymous set>".
measure() {
    python3 - "$@" <<'PYTHON'
import subprocess, sys, threading, time

most = 0

def watch(pid):
    global most
    while True:
        try:
            status = open(f"/proc/{pid}/status").read().split()
            most = max(most, int(status[status.index("RssAnon:") + 1]))
        except (OSError, ValueError):  # It has ended.
            return
        time.sleep(0.002)

began = time.monotonic()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
watcher = threading.Thread(target=watch, args=(child.pid,))
watcher.start()
status = child.wait()
took = (time.monotonic() - began) * 1000
watcher.join()
if status not in (0, 1):
    sys.exit(f"{sys.argv[1]} exits with {status}")
print(f"{took:.1f} {most}")
PYTHON
}

median() {
    sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

mib() {
    awk '$2 > most { most = $2 } END { printf "%.0f", most / 1024 }' "$1"
}

ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}

row() {
    local name=$1 one=$2 other=$3 times=$4
    : >"$work/sha" && : >"$work/verify" && : >"$work/before"
    for _ in $(seq "$times"); do
        measure sha256sum "$one" "$other" >>"$work/sha"
        measure target/release/verify-build "$one" "$other" >>"$work/verify"
        [ -z "$before" ] || measure "$before" "$one" "$other" >>"$work/before"
    done
    local sha verify
    sha=$(median "$work/sha") verify=$(median "$work/verify")
    printf '| %s | %s | %s | %s | %s |' "$name" "$sha" "$verify" "$(ratio "$verify" "$sha")" "$(mib "$work/verify")"
    [ -z "$before" ] || printf ' %s | %s |' "$(ratio "$(median "$work/before")" "$sha")" "$(mib "$work/before")"
    printf '\n'
}

# Builds a program of so many bytes and a little more: big <bytes>
big() {
    local bytes=$1 version root
    mkdir "$work/source"
    printf 'module big\n\ngo 1.21\n' >"$work/source/go.mod"
    printf 'package main\n\nimport _ "embed"\n\n//go:embed ballast\nvar ballast string\n\nfunc main() { println(len(ballast)) }\n' >"$work/source/main.go"
    head -c "$bytes" /dev/urandom >"$work/source/ballast"
    for version in 1.21 1.27; do
        root=$PWD/$(echo target/go/"$version".*/go)
        (cd "$work/source" && HOME=$work GOCACHE=$work/cache GOTOOLCHAIN=local GOFLAGS=-trimpath CGO_ENABLED=0 \
            "$root/bin/go" build -o "../big-$bytes-$version" .)
    done
    rm -rf "$work/source" "$work/cache"
}

big 280000000
big 1000000000

printf 'a: %s, %s bytes; b: %s, %s bytes; %s rounds, medians\n\n' \
    "$a" "$(stat -c %s "$a")" "$b" "$(stat -c %s "$b")" "$rounds"
printf '| pair | sha256sum ms | verify-build ms | ratio (goal: 1.2) | verify-build MiB |%s\n' "${before:+ ratio before | MiB before |}"
printf '|---|---|---|---|---|%s\n' "${before:+---|---|}"
row "a and b, different everywhere" "$a" "$b" "$rounds"
row "a and its copy" "$a" "$work/copy" "$rounds"
[ ${#pair[@]} = 0 ] || row "${pair[0]##*/} and ${pair[1]##*/}" "${pair[@]}" "$rounds"
row "300 MB, different Go versions" "$work/big-280000000-1.21" "$work/big-280000000-1.27" 5
row "1 GB, different Go versions" "$work/big-1000000000-1.21" "$work/big-1000000000-1.27" 3

if command -v diffoscope >/dev/null; then
    measure diffoscope --max-report-size 10000000 --text /dev/null "$a" "$b" >"$work/scope"
    measure target/release/verify-build "$a" "$b" >"$work/verify"
    read -r scope_ms scope_kib <"$work/scope"
    read -r verify_ms verify_kib <"$work/verify"
    printf '\n%s, one run on a and b: %s ms and %s MiB; verify-build %s ms and %s MiB: %s times as fast, in %s of the memory\n' \
        "$(diffoscope --version 2>/dev/null | head -1)" "$scope_ms" "$((scope_kib / 1024))" \
        "$verify_ms" "$((verify_kib / 1024))" "$(awk -v a="$scope_ms" -v b="$verify_ms" 'BEGIN { printf "%.0f", a / b }')" "$(ratio "$verify_kib" "$scope_kib")"
else
    printf '\ndiffoscope is not installed: not compared\n'
fi
