#!/usr/bin/env bash
# Making and taking in bundles: how long, beside `tar | zstd` and `zstd -d | tar` over the
# same files with SHA-256 of each, and in how much memory.
#
#   bash tests/bench/bundle.sh [rounds] [MiB...]     default: 3 rounds, of 1000 MiB
#
# The goal is 0.8 of the rival's rate, and 100 MB at any size: `bundle.sh 1 1000 10000`. Free
# space of five times the size is needed. QUARTERS=1 makes modules of one quarter of a MiB. PROFILE=debug measures the program as the tests
# build it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
rounds=${1:-3}
shift || true
profile=${PROFILE:-release}

flags=(--quiet --locked)
[ "$profile" = debug ] || flags+=(--release)
[ -n "${BUILT:-}" ] || cargo build "${flags[@]}" --bin sumward
exec python3 tests/bench/bundle.py "target/$profile/sumward" "$rounds" "${@:-1000}"
