#!/usr/bin/env bash
# Runs the tests that the whole run leaves out because each takes a minute of Go builds,
# or a compiler of a hundred megabytes:
#
#   bash tests/slow.sh
#
# Needs the toolchains that "bash tests/run.sh go" brings. The draw of programs has a
# script of its own, tests/reproduce.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/apt.sh
command -v gccgo-12 >/dev/null || apt_install gccgo-12
cargo build --quiet --locked --workspace --all-targets
exec cargo test --locked --workspace --test claims --test guides --test observe --test own --test rebuild -- --ignored
