#!/usr/bin/env bash
# What is made to be installed, looked at from all sides: minutes long, so apart from tests/run.sh.
#
#   tests/packages.sh [BIN]
#
# BIN has built programs [target/debug]. Needs root and, beside what tests/run.sh installs:
#
#   apt-get install --no-install-recommends buildah busybox-static podman crun createrepo-c firewalld mandoc \
#       man-db semodule-utils selinux-policy-dev setools shellcheck policycoreutils systemd-container
#
# and for the policy of Debian: apt-get download selinux-policy-default (no installation). QUADLET names
# the generator of a podman that is newer than Debian's (see packages/quadlet.sh).
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$(realpath "${1:-$checkout/target/debug}")
work=$(mktemp -d "${TMPDIR:-/var/tmp}/sumward-packages.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=()

part() {
    local title=$1 began=$SECONDS
    shift
    printf '\n== %s\n' "$title"
    if "$@"; then
        printf '== %s: ok, %d s\n' "$title" $((SECONDS - began))
    else
        printf '== %s: FAILED\n' "$title"
        failed+=("$title")
    fi
}

scripts() {
    shellcheck "$checkout"/deploy/*.sh "$checkout"/deploy/*/*.sh "$checkout"/tests/packages.sh \
        "$checkout"/tests/packages/*.sh "$checkout"/tests/systemd/*.sh
}

manual_pages() {
    local page program
    for program in sumward verify-build; do
        "$bin/$program" man "$work/man"
    done
    for page in "$work"/man/*.1; do
        mandoc -T lint -W error "$page" || return 1
        man --warnings=mac,reg,scale --local-file "$page" >/dev/null || return 1
    done
    echo "$(find "$work/man" -type f | wc -l) pages"
}

policy() {
    mkdir "$work/policy"
    (cd "$work/policy" && apt-get download --quiet=2 selinux-policy-default 2>/dev/null && dpkg-deb -x ./*.deb .)
    "$checkout/deploy/selinux/check.sh" "$work/policy/root" "$work"/policy/usr/share/selinux/default/*.pp.bz2
}

# Two builds that are the same, signed with a key of the moment.
release() {
    local home=$work/gnupg other=$work/other
    mkdir -m 700 "$home"
    GNUPGHOME=$home gpg --batch --quiet --passphrase '' --quick-generate-key tests@sumward.invalid rsa3072 sign 1d
    "$bin/sumward" bundle keygen releases.example --out "$work/note.key" >/dev/null
    mkdir "$other"
    cp "$bin/sumward" "$bin/verify-build" "$other/"
    GNUPGHOME=$home "$checkout/deploy/release.sh" --out "$work/release" --gpg-key tests@sumward.invalid \
        --note-key "$work/note.key" --built "$bin" --built "$other" --level 1 >"$work/release.log" 2>&1 || {
        tail -n 30 "$work/release.log"
        return 1
    }
    tail -n 4 "$work/release.log"
    echo "== a build that differs ends it"
    printf x >>"$other/sumward"
    if GNUPGHOME=$home "$checkout/deploy/release.sh" --out "$work/refused" --built "$bin" --built "$other" --level 1 \
        >"$work/refused.log" 2>&1; then
        echo "a release was made of two programs that differ"
        return 1
    fi
    tail -n 1 "$work/refused.log"
}

# Loaded by firewalld itself, without a daemon: by the program that changes its files.
firewall() {
    local config=$work/firewalld got
    mkdir -p "$config"/{services,zones}
    cp /etc/firewalld/firewalld.conf "$config/"
    offline() { firewall-offline-cmd --system-config "$config" "$@"; }
    offline --new-service-from-file="$checkout/deploy/firewalld/sumward.xml" >/dev/null &&
        offline --check-config >/dev/null || return 1
    got=$(offline --info-service=sumward | sed -n 's/^ *ports: //p')
    [ "$got" = "8080/tcp 443/tcp" ] || {
        echo "it opens: $got"
        return 1
    }
    offline --zone=public --add-service=sumward >/dev/null && offline --zone=public --query-service=sumward || return 1
    sed 's/port="443"/port="99443"/' "$checkout/deploy/firewalld/sumward.xml" >"$config/wrong.xml"
    if offline --new-service-from-file="$config/wrong.xml" >/dev/null 2>&1; then
        echo "a port of 99443 is not refused: nothing was checked"
        return 1
    fi
}

# With real modules, where they are in reach.
images() {
    local records=${SUMWARD_RECORDS:-$checkout/../shared/records} go
    go=$(find -L "$checkout/target/go" -maxdepth 4 -path '*/go/bin/go' | sort | tail -n 1)
    if [ ! -d "$records/mirror" ] || [ -z "$go" ]; then
        echo "skipped: no real modules in reach, or no go"
        return
    fi
    "$checkout/tests/packages/container.sh" "$bin" "$records" "$go" "$work/image" &&
        "$checkout/tests/packages/guide.sh" "$bin" "$records" "$work/guide"
}

quadlet() {
    if [ -z "${QUADLET:-}" ]; then
        echo "skipped: QUADLET names no generator"
        return
    fi
    "$checkout/tests/packages/quadlet.sh" "$bin" "$QUADLET"
}

part "Scripts, by shellcheck" scripts
part "Manual pages, by mandoc and man" manual_pages
part "The policy module, linked with a whole policy" policy
part "The service of firewalld" firewall
part "A release of two builds" release
part "The container image and its guide" images
part "The Containerfile" "$checkout/tests/packages/containerfile.sh" "$bin"
part "The unit of Quadlet" quadlet
printf '\n%d failed\n' ${#failed[@]}
[ ${#failed[@]} = 0 ]
