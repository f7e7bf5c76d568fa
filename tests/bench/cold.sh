#!/usr/bin/env bash
# What is not stored yet.
#
#   bash tests/bench/cold.sh [--before PROGRAM] [--files N]     default: 20 files a row
#
# First 20 clients on one cold 80 MiB zip from an upstream of 20 MiB/s: transfers,
# first byte, total time and peak memory beside the design's numbers; about 15 s.
# Then cold files one at a time, from an upstream that answers at once and from
# one that answers after 100 ms, beside an older program and the go command
# straight to the same upstream, and what each costs in system calls (strace,
# installed from Debian where absent); about 2 minutes with --before.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/apt.sh
if ! command -v strace >/dev/null; then
    apt_install strace
fi
compgen -G "target/go/1.27.*/go/bin/go" >/dev/null || bash tests/run.sh go
cargo build --quiet --release --locked --bin sumward
cargo build --quiet --release --locked --package sumward-tests --example cold --example cold_files
target/release/examples/cold
echo
exec target/release/examples/cold_files "$@"
