#!/usr/bin/env bash
# deploy/container/sumward.container as a service: podman's generator makes the unit, a real systemd
# runs it.
#
#   tests/packages/quadlet.sh BIN GENERATOR
#
#   BIN        has the program
#   GENERATOR  podman's quadlet, 4.5 or newer, which Debian 12 does not have. In podman's source:
#              CGO_ENABLED=0 go build -mod=vendor -o quadlet ./cmd/quadlet
#
# Stand-ins: the podman that the unit runs is this machine's; the network is that of the booted
# machine in place of a published port, and without cgroups of its own, as podman in a
# container within a container has neither. Needs root, buildah, podman, crun,
# systemd-container.
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=$(realpath "$1") generator=$(realpath "$2")
work=$(mktemp -d "${TMPDIR:-/var/tmp}/sumward-quadlet.XXXXXX")
trap 'rm -rf "$work"' EXIT

"$checkout/deploy/container/build.sh" --bin "$bin" --out "$work/image" >/dev/null
mkdir "$work/t"
mv "$work/image.docker.tar" "$work/t/"
cp "$generator" "$work/t/quadlet"
cp "$checkout/deploy/container/sumward.container" "$work/t/"
"$checkout/tests/systemd/boot.sh" "$checkout/tests/packages/quadlet_inside.sh" "$work/t"
