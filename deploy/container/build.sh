#!/usr/bin/env bash
# Makes the container image from nothing: the program, the four files of the C library that it
# needs, the certificates of public authorities. No shell, no package manager, no registry.
#
#   deploy/container/build.sh --bin target/release --out target/image [--tag V]
#
# OUT becomes an image in a folder, for `podman run oci:OUT:V` and
# `skopeo copy oci:OUT:V docker://registry.example/sumward:V`; OUT.docker.tar is the same
# for `docker load`, with the health check that the OCI format has no room for.
#
# The same program on the same Debian makes the same digest. Needs buildah, binutils, python3
# and ca-certificates. Runs as root, or within `buildah unshare`.
set -euo pipefail

deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# A number that no host gives away, and Kubernetes' `runAsNonRoot` sees that it is not 0.
ID=65532

main() {
    local bin="" out="" tag=""
    while [ $# -gt 0 ]; do
        case $1 in
        --bin) bin=$2 ;;
        --out) out=$2 ;;
        --tag) tag=$2 ;;
        *) fail "unknown option $1" ;;
        esac
        shift 2
    done
    if [ -z "$bin" ] || [ -z "$out" ]; then
        fail "--bin and --out are needed"
    fi
    [ -f "$bin/sumward" ] || fail "$bin/sumward is not built"
    tag=${tag:-$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$deploy/../Cargo.toml")}
    work=$(mktemp -d "${TMPDIR:-/tmp}/sumward-image.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    umask 022
    rootfs "$bin/sumward" "$work/rootfs"
    image "$work/rootfs" "$tag"
    mkdir -p "$(dirname "$out")"
    rm -rf "$out" "$out.docker.tar"
    store push --quiet "sumward:$tag" "oci:$out:$tag"
    python3 "$deploy/container/docker_archive.py" "$out" "sumward:$tag" "$out.docker.tar"
    echo "$out:$tag $(digest "$out")"
}

fail() {
    echo "container/build.sh: $*" >&2
    exit 64
}

# What lies in the image.
rootfs() {
    local program=$1 root=$2 library
    install -D -m 755 "$program" "$root/usr/bin/sumward"
    strip --strip-all "$root/usr/bin/sumward"
    # The loader has its place in the program; the libraries are looked for beside it.
    ldd "$program" | grep -o '/[^ ]*' | sort -u | while IFS= read -r library; do
        install -D -m 755 "$(realpath "$library")" "$root$library"
    done
    install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    # glibc has `files` and `dns` in itself: names come from /etc/hosts, then by DNS.
    mkdir -p "$root/etc" "$root/data" "$root/etc/sumward"
    printf 'hosts: files dns\npasswd: files\ngroup: files\n' >"$root/etc/nsswitch.conf"
    printf 'root:x:0:0::/:/sbin/nologin\nsumward:x:%d:%d::/data:/sbin/nologin\n' $ID $ID >"$root/etc/passwd"
    printf 'root:x:0:\nsumward:x:%d:\n' $ID >"$root/etc/group"
    install -D -m 644 "$deploy/../LICENSE" "$root/usr/share/licenses/sumward/LICENSE"
    if [ -f "$(dirname "$program")/sumward.third-party.txt" ]; then
        install -m 644 "$(dirname "$program")/sumward.third-party.txt" "$root/usr/share/licenses/sumward/"
    fi
    chown -R 0:0 "$root"
    chown $ID:$ID "$root/data"
    chmod 750 "$root/data"
    # What is in the layer must not tell when it was made.
    find "$root" -print0 | xargs -0 touch --no-dereference --date=@0
}

image() {
    local root=$1 tag=$2 container
    container=$(store from scratch)
    store copy --quiet "$container" "$root" / >/dev/null
    store config \
        --arch "$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')" --os linux \
        --user $ID:$ID --workingdir /data --volume /data --port 8080 --stop-signal SIGTERM \
        --entrypoint '["/usr/bin/sumward"]' --cmd "" \
        --env SUMWARD_LISTEN=:8080 --env SUMWARD_DATA=/data --env HOME=/data \
        --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
        --label org.opencontainers.image.title=sumward \
        --label "org.opencontainers.image.version=$tag" \
        --label org.opencontainers.image.licenses=Apache-2.0 \
        --label "org.opencontainers.image.description=Caching GOPROXY and GOSUMDB server that proves Go modules" \
        --label "sumward.glibc=$(dpkg-query --show --showformat '${Version}' libc6 2>/dev/null || echo unknown)" \
        "$container" >/dev/null
    store commit --quiet --rm --timestamp 0 "$container" "sumward:$tag" >/dev/null
}

digest() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["manifests"][0]["digest"])' "$1/index.json"
}

# A store of images of our own, gone afterwards: nothing that is built here meets the
# images of this host.
store() {
    buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs "$@"
}

main "$@"
