#!/usr/bin/env bash
# What traces cost: sumward without them, with one in a hundred exported, and with all.
#
#   bash tests/bench/traces.sh [rounds] [seconds]     default: 5 rounds of 4 s
#
# Loopback only. The three serve the same stored files in turns and medians are compared. The
# collector, which takes what it is sent and looks at none of it, runs on the same cores,
# as wrk does: what it costs counts against traces. Spans that find the queue
# full are dropped and counted, and the last column says how many were.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
. tests/apt.sh
rounds=${1:-5}
seconds=${2:-4}
. tests/bench/load.sh
sides=(off hundredth all)

main() {
    local missing=() side file received
    command -v wrk >/dev/null || missing+=(wrk)
    command -v curl >/dev/null || missing+=(curl)
    [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
    cargo build --quiet --release --locked --bin sumward
    cargo build --quiet --release --locked --package sumward-tests --example stage
    start_upstream
    start_collector
    start_sumward off target/release/sumward
    start_sumward hundredth target/release/sumward --set "traces.endpoint=$collector" --set traces.sample=0.01
    start_sumward all target/release/sumward --set "traces.endpoint=$collector"
    for side in "${sides[@]}"; do
        for file in example.com/small/@v/v1.0.0.info "sumdb/$DATABASE/lookup/example.com/small@v1.0.0"; do
            curl -sSf -o "$work/file" "${urls[$side]}/$file"
        done
    done
    printf '%s cores; %s rounds of %s s, medians\n\n' "$(nproc)" "$rounds" "$seconds"
    echo "| case | req/s: no traces | of it: 1 in 100 | all | p99 ms: no traces | 1 in 100 | all | spans dropped: 1 in 100 | all |"
    echo "|---|---|---|---|---|---|---|---|---|"
    measure ".info" example.com/small/@v/v1.0.0.info
    measure "lookup" "sumdb/$DATABASE/lookup/example.com/small@v1.0.0"
    received=$(curl -sSf "$collector")
    [ "$received" -gt 1000000 ] || {
        echo "the collector got $received bytes: no traces were measured" >&2
        exit 1
    }
    printf '\nthe collector got %d MB\n' $((received / 1000000))
}

start_collector() {
    python3 - >"$work/collector" <<'PYTHON' &
import http.server


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    received = 0

    def do_POST(self):
        Collector.received += len(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(b"")

    def do_GET(self):
        self.answer(b"%d" % Collector.received)

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
print(f"http://127.0.0.1:{server.server_port}/v1/traces", flush=True)
server.serve_forever()
PYTHON
    children+=($!)
    wait_for_line "$work/collector" http
    collector=$(cat "$work/collector")
}

measure() {
    local name=$1 path=$2 round turn side before=()
    rm -f "$work"/of-*
    before=("$(dropped hundredth)" "$(dropped all)")
    for round in $(seq "$rounds"); do
        # Each is first, second and third in its turn.
        for turn in 0 1 2; do
            side=${sides[$(((round + turn) % 3))]}
            one "${urls[$side]}/$path" 64 "$work/of-$side"
        done
    done
    local o=$work/of-off h=$work/of-hundredth a=$work/of-all cells
    cells=("$name" "$(median "$o.rate")" "$(ratio "$h.rate" "$o.rate")" "$(ratio "$a.rate" "$o.rate")"
        "$(median "$o.p99")" "$(median "$h.p99")" "$(median "$a.p99")"
        "$(($(dropped hundredth) - before[0]))" "$(share $(($(dropped all) - before[1])) "$a.rate")")
    printf '|'
    printf ' %s |' "${cells[@]}"
    echo
}

dropped() {
    curl -sSf "${urls[$1]}/metrics" | awk '$1 == "sumward_trace_spans_dropped_total" { print $2 }'
}

# share DROPPED RATES: of one span a request.
share() {
    awk -v dropped="$1" -v seconds="$seconds" '{ asked += $1 * seconds } END { printf "%.0f %%", 100 * dropped / asked }' "$2"
}

main
