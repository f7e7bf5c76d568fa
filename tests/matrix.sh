#!/usr/bin/env bash
# Builds the labelled matrix with real Go toolchains, compares every pair, and
# shows the table of what was wanted and what was said:
#
#   bash tests/matrix.sh
#
# tests/matrix/program is the program, tests/tests/matrix/pairs the pairs.
# Needs the toolchains that "bash tests/run.sh go" brings.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
cargo build --quiet --locked --workspace --bins &&
    cargo test --quiet --locked --package sumward-tests --test matrix
status=$?
cat target/kept/matrix/table.md
exit "$status"
