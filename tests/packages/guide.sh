#!/usr/bin/env bash
# Follows deploy/guides/container.md word for word: every `sh` block is run, in order, in one shell,
# and every line of a `text` block must be in what they print. What other marks have, such as
# `sh registry`, is not run.
#
#   tests/packages/guide.sh BIN RECORDS WORK
#
# Stand-ins: /var/lib/sumward is a folder of WORK; podman is the real one with a store of its own, and
# with the network of this host, as a container within a container gets no other; its upstream
# is the folder RECORDS. Needs root, buildah, podman, crun; port 8080 must be free.
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=$(realpath "$1") records=$(realpath "$2")
mkdir -p "$3"
work=$(realpath "$3")

if [ "${4:-}" != inside ]; then
    exec unshare --mount --propagation private bash "$0" "$bin" "$records" "$work" inside
fi
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p "$work"/{bin,site/target}
ln -s "$checkout/deploy" "$work/site/deploy"
ln -s "$checkout/Cargo.toml" "$work/site/Cargo.toml"
ln -s "$bin" "$work/site/target/release"

cat >"$work/bin/podman" <<PODMAN
#!/usr/bin/env bash
options=(--root "$work/store" --runroot "$work/run" --cgroup-manager cgroupfs --storage-driver vfs)
command=\$1
shift
if [ "\$command" = run ]; then
    rest=()
    while [ \$# -gt 0 ]; do
        # Host network instead.
        if [ "\$1" = --publish ]; then shift; else rest+=("\$1"); fi
        shift
    done
    exec $(command -v podman) "\${options[@]}" run --network host --cgroups disabled \\
        --ulimit nofile=16384:16384 --ulimit nproc=1000:1000 \\
        --volume "$records/mirror:/mirror:ro" --env SUMWARD_UPSTREAM_LIST=file:///mirror "\${rest[@]}"
fi
exec $(command -v podman) "\${options[@]}" "\$command" "\$@"
PODMAN
chmod +x "$work/bin/podman"
leave() {
    "$work/bin/podman" rm --force --time 0 sumward >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap leave EXIT

# block KIND: the lines of all blocks of that kind.
blocks() {
    awk -v kind="\`\`\`$1" '$0 == kind { inside = 1; next } /^```/ { inside = 0 } inside' \
        "$checkout/deploy/guides/container.md" | sed "s,/var/lib/sumward,$work/data,g"
}

status=0
blocks sh >"$work/commands"
(cd "$work/site" && PATH=$work/bin:$PATH timeout 120 bash -eu "$work/commands") >"$work/said" 2>&1 || status=$?
if [ "$status" != 0 ]; then
    echo "FAILED: guide: its commands end with $status:"
    cat "$work/said"
    exit 1
fi
while IFS= read -r line; do
    if grep -qF -- "$line" "$work/said"; then
        echo "ok: guide: it prints $line"
    else
        echo "FAILED: guide: nothing printed $line:"
        cat "$work/said"
        exit 1
    fi
done < <(blocks text)
