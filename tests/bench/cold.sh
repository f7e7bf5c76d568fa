#!/usr/bin/env bash
# 20 clients on one cold 80 MiB zip from an upstream of 20 MiB/s: transfers, first
# byte, total time and peak memory beside the design's numbers. About 15 s.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cargo build --quiet --release --locked --bin sumward
cargo build --quiet --release --locked --package sumward-tests --example cold
exec target/release/examples/cold
