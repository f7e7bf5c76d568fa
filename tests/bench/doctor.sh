#!/usr/bin/env bash
# How long `verify-build doctor` takes without --deep on this host, with three Gos on the PATH and
# a build cache of 2 GB: the median of nine runs, which must be under 2 s.
#
#   tests/bench/doctor.sh        VERIFY_BUILD names a release build; RUNS=9
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD
verify=${VERIFY_BUILD:-$here/target/release/verify-build}
[ -x "$verify" ] || verify=$here/target/debug/verify-build
[ -x "$verify" ] || { echo "build it first: cargo build --workspace" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# As the go command lays a cache out: 256 folders, outputs named by their SHA-256, an action for each.
python3 - "$work/cache" <<'CACHE'
import hashlib, os, sys
root, total, number = sys.argv[1], 0, 0
for top in range(256):
    os.makedirs(f"{root}/{top:02x}")
sizes = [2 << 10, 8 << 10, 40 << 10, 100 << 10, 1 << 20]
while total < 2 << 30:
    size = sizes[number % len(sizes)]
    content = number.to_bytes(8, "big") + os.urandom(size - 8)
    output = hashlib.sha256(content).hexdigest()
    action = hashlib.sha256(b"action %d" % number).hexdigest()
    with open(f"{root}/{output[:2]}/{output}-d", "wb") as file:
        file.write(content)
    with open(f"{root}/{action[:2]}/{action}-a", "w") as file:
        file.write(f"v1 {action} {output} {size:20} {1_790_000_000_000_000_000:20}\n")
    total, number = total + size, number + 1
print(f"cache: {number} outputs, {total} bytes")
CACHE
mkdir -p "$work/home"
path=
for version in 1.27.3 1.24.11 1.21.13; do path=$path$here/target/go/$version/go/bin:; done
times=()
for run in $(seq "${RUNS:-9}"); do
    before=$(date +%s%N)
    env -i PATH="$path/usr/bin:/bin" HOME="$work/home" GOCACHE="$work/cache" GOTOOLCHAIN=local \
        "$verify" doctor --format json >"$work/report.json" || [ $? != 2 ]
    times+=($((($(date +%s%N) - before) / 1000000)))
done
python3 - "$work/report.json" "${times[@]}" <<'SAY'
import json, statistics, sys
facts = json.load(open(sys.argv[1]))["facts"]
cache, gos = facts["cache"], facts["gos"]
times = [int(time) for time in sys.argv[2:]]
median = statistics.median(times)
print(f"{len(gos)} Gos, cache of {cache['outputs']} outputs, {cache['bytes']} bytes, {cache['hashed']} hashed")
print(f"median {median:.0f} ms of {len(times)} runs ({min(times)} to {max(times)} ms); limit 2000 ms")
sys.exit(0 if median < 2000 and len(gos) >= 3 and cache["bytes"] >= 2 << 30 else 1)
SAY
