#!/usr/bin/env bash
# Builds programs with flags drawn at random, forgets the flags, has each built again by
# verify-build reproduce, and shows the table:
#
#   bash tests/reproduce.sh            sixty programs
#   bash tests/reproduce.sh 42 20      twenty, drawn with seed 42
#   bash tests/reproduce.sh 42 1 17    the seventeenth of them alone
#
# The table grows line by line in target/kept/reproduce/table.md; answers other than
# "equal" stay beside it. tests/tests/reproduce/drawn.rs draws. Needs git, a C compiler, and the toolchains that
# "bash tests/run.sh go" brings.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export REPRODUCE_SEED=${1:-11} REPRODUCE_COUNT=${2:-60} REPRODUCE_FIRST=${3:-1}
rm -f target/kept/reproduce/*
cargo build --quiet --locked --workspace &&
    cargo test --quiet --locked --workspace --test reproduce -- \
        --ignored most_of_many
status=$?
cat target/kept/reproduce/table.md
exit "$status"
