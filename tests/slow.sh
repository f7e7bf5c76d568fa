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
if ! command -v gccgo-12 >/dev/null; then
    apt-get -o DPkg::Lock::Timeout=600 install -q -y --no-install-recommends gccgo-12 >/dev/null
fi
cargo build --quiet --locked --workspace --all-targets
exec cargo test --locked --workspace --test claims --test guides --test observe --test rebuild -- --ignored
