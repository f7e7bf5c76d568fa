#!/usr/bin/env bash
# The container image, built twice and run: what README and guide say of it, on the real
# podman, with the real go command and real modules.
#
#   tests/packages/container.sh BIN RECORDS GO WORK
#
#   BIN      has the programs; RECORDS real modules (mirror/ and sample/); GO is a go command
#   WORK     a folder for what is made
#
# Needs root, buildah, podman, crun. The host's images and containers are not touched.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$here/../../deploy/container/build.sh
bin=$(realpath "$1") records=$(realpath "$2") go=$(realpath "$3")
mkdir -p "$4"
work=$(realpath "$4")
port=18080

if [ "${5:-}" != inside ]; then
    # crun wants cgroup2 alone at /sys/fs/cgroup, and this machine may have both kinds.
    exec unshare --mount --propagation private bash "$0" "$bin" "$records" "$go" "$work" inside
fi
mount -t cgroup2 cgroup2 /sys/fs/cgroup

pod() {
    podman --root "$work/store" --runroot "$work/run" --cgroup-manager cgroupfs --storage-driver vfs "$@"
}

holds() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "ok: image: $what"
    else
        echo "FAILED: image: $what: $* said: $said"
        pod logs --tail 5 s || true
        exit 1
    fi
}

leave() {
    pod rm --force --time 0 s >/dev/null 2>&1 || true
    chmod -R u+w "$work" 2>/dev/null || true
    rm -rf "$work"
}
trap leave EXIT

"$build" --bin "$bin" --out "$work/first" --tag test >/dev/null
# Nothing that a second build finds has the time it had.
cp "$bin/sumward" "$work/sumward" && touch "$work/sumward"
"$build" --bin "$work" --out "$work/second" --tag test >/dev/null
holds "two builds have one digest" cmp "$work/first/index.json" "$work/second/index.json"
holds "two archives are the same" cmp "$work/first.docker.tar" "$work/second.docker.tar"

pod load --quiet --input "$work/first.docker.tar" >/dev/null
holds "it names no root" grep -q '^65532:65532$' <(pod image inspect localhost/sumward:test --format '{{.User}}')
holds "it has a health check" grep -q 'sumward healthcheck' <(pod image inspect localhost/sumward:test --format '{{.HealthCheck}}')

mkdir "$work/data" "$work/gopath"
chown 65532:65532 "$work/data"
pod run --detach --name s --network host --cgroups disabled --ulimit nofile=16384:16384 \
    --ulimit nproc=1000:1000 --read-only --cap-drop all --security-opt no-new-privileges \
    --volume "$work/data:/data" --volume "$records/mirror:/mirror:ro" \
    --env "SUMWARD_LISTEN=127.0.0.1:$port" --env SUMWARD_UPSTREAM_LIST=file:///mirror \
    localhost/sumward:test >/dev/null 2>"$work/podman.log"
ready() {
    local tries
    for tries in $(seq 100); do
        if curl --silent --fail --output /dev/null "http://127.0.0.1:$port/healthz"; then
            return 0
        fi
        sleep 0.1
    done
    echo "not ready after $tries tries"
    return 1
}
holds "it gets ready" ready
holds "a real go mod vendor goes through it" env -i HOME="$work" PATH=/usr/bin:/bin GOPATH="$work/gopath" \
    GOPROXY="http://127.0.0.1:$port" GOSUMDB=sum.golang.org GOTOOLCHAIN=local GOFLAGS=-modcacherw \
    "$go" -C "$records/sample" mod vendor -o "$work/vendor"
holds "it keeps what it proved" sh -c "find '$work/data/modules' -name '*.zip' | grep -q ."
holds "its files are those of its user" sh -c "test \"\$(find '$work/data' ! -user 65532 | wc -l)\" = 0"
holds "the health check says that it is well" pod exec s /usr/bin/sumward healthcheck
holds "its root can't be written" sh -c "! touch /proc/$(pod inspect s --format '{{.State.Pid}}')/root/etc/written 2>/dev/null"
holds "it stops within its time" pod stop --time 40 s
holds "it ended by itself" grep -q '^0$' <(pod inspect s --format '{{.State.ExitCode}}')
holds "it drained" grep -q -i 'stopp\|drain' <(pod logs s 2>&1)
