#!/usr/bin/env bash
# deploy/container/Containerfile, followed by buildah and run by podman.
#
#   tests/packages/containerfile.sh BIN
#
# Stand-ins, as this project's tests reach no registry: the image with the compiler has the program
# of BIN and a `cargo` that copies it, when it was called as it should be, over sources that were
# copied as they should be; the image to run in has the libraries that the program needs.
# Needs root, buildah, podman, crun, busybox-static.
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=$(realpath "$1")
port=18081

if [ "${2:-}" != inside ]; then
    exec unshare --mount --propagation private bash "$0" "$bin" inside
fi
mount -t cgroup2 cgroup2 /sys/fs/cgroup
work=$(mktemp -d "${TMPDIR:-/var/tmp}/sumward-containerfile.XXXXXX")

options=(--root "$work/store" --runroot "$work/run" --storage-driver vfs)
pod() { podman "${options[@]}" --cgroup-manager cgroupfs "$@"; }

leave() {
    pod rm --force --time 0 s >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap leave EXIT

holds() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "ok: Containerfile: $what"
    else
        echo "FAILED: Containerfile: $what: $* said: $said"
        exit 1
    fi
}

# put PROGRAM ROOT: a program of this host with its libraries.
put() {
    local program=$1 root=$2 file
    for file in "$program" $(ldd "$program" | grep -o '/[^ ]*'); do
        install -D -m 755 "$(realpath "$file")" "$root$file"
    done
}

# stand_in NAME ROOT
stand_in() {
    local container
    container=$(buildah "${options[@]}" from scratch)
    buildah "${options[@]}" copy --quiet "$container" "$2" / >/dev/null
    buildah "${options[@]}" config --env PATH=/bin:/usr/bin "$container"
    buildah "${options[@]}" commit --quiet --rm "$container" "$1" >/dev/null
}

compiler() {
    local root=$work/compiler name
    put /usr/bin/install "$root"
    put /usr/bin/strip "$root"
    install -D -m 755 /bin/busybox "$root/bin/busybox"
    for name in sh cp mkdir; do ln -s busybox "$root/bin/$name"; done
    install -D -m 755 "$bin/sumward" "$root/built/sumward"
    cat >"$root/bin/cargo" <<'CARGO'
#!/bin/sh
[ "$*" = "build --release --locked -p sumward" ] || { echo "called as $*"; exit 1; }
[ -f Cargo.lock ] && [ -f server/Cargo.toml ] || { echo "there are no sources"; exit 1; }
[ ! -e target ] && [ ! -e .git ] || { echo "what was built here was copied too"; exit 1; }
mkdir -p target/release
cp /built/sumward target/release/
CARGO
    chmod +x "$root/bin/cargo"
    stand_in docker.io/library/rust:1.95-bookworm "$root"
}

base() {
    local root=$work/base
    put "$bin/sumward" "$root"
    rm -r "${root:?}$bin"
    install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    stand_in gcr.io/distroless/cc-debian12:nonroot "$root"
}

ready() {
    local tries
    for tries in $(seq 100); do
        curl --silent --fail --output /dev/null "http://127.0.0.1:$port/healthz" && return 0
        sleep 0.1
    done
    echo "not ready after $tries tries"
    return 1
}

compiler
base
holds "it is followed to its end" buildah "${options[@]}" build --isolation chroot --pull-never --format docker \
    --file "$checkout/deploy/container/Containerfile" --tag localhost/sumward:file "$checkout"
holds "it names no root" grep -q '^65532:65532$' <(pod image inspect localhost/sumward:file --format '{{.User}}')
holds "it has a health check" grep -q 'sumward healthcheck' <(pod image inspect localhost/sumward:file --format '{{.HealthCheck}}')
mkdir "$work/data"
chown 65532:65532 "$work/data"
pod run --detach --name s --network host --cgroups disabled --ulimit nofile=16384:16384 --ulimit nproc=1000:1000 \
    --read-only --cap-drop all --security-opt no-new-privileges --volume "$work/data:/data" \
    --env "SUMWARD_LISTEN=127.0.0.1:$port" --env SUMWARD_UPSTREAM_LIST=off \
    localhost/sumward:file >/dev/null 2>"$work/podman.log"
holds "it gets ready" ready
holds "its files are those of its user" sh -c "test \"\$(find '$work/data' ! -user 65532 | wc -l)\" = 0"
holds "the health check says that it is well" pod healthcheck run s
holds "it stops within its time" pod stop --time 40 s
holds "it ended by itself" grep -q '^0$' <(pod inspect s --format '{{.State.ExitCode}}')
