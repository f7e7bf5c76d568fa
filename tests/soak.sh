#!/usr/bin/env bash
# Asks a server in this process for a million things, or COUNT, while files, records,
# upstream and clients fail, and prints what the process has at start and end.
#
#   tests/soak.sh [COUNT]
set -euo pipefail
cd "$(dirname "$0")/.."
export SUMWARD_SOAK_REQUESTS="${1:-1000000}"
exec cargo test --release --locked -p sumward --lib \
  app::tests::soak:: -- --nocapture --test-threads=1
