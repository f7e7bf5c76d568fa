#!/usr/bin/env bash
# Lays one package out as it will lie on a host; tarball, RPM and .deb are made of this tree,
# so they cannot differ. The image has the program and little else: container/build.sh.
#
#   deploy/stage.sh sumward|verify-build --bin DIR --to DIR [--tools DIR]
#
#   --bin    where the built program is
#   --tools  where one is that runs on this machine, to print manual pages and
#            completions; for a program that was built for another architecture
#
# Every file gets its mode here. Owners and times are given by who packs the tree.
set -euo pipefail

deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(dirname "$deploy")
VERIFY_BUILD_GUIDES="build-host certify reproduce"

main() {
    local name=${1:-} bin="" tools="" to=""
    [ $# -gt 0 ] && shift
    while [ $# -gt 0 ]; do
        case $1 in
        --bin) bin=$2 ;;
        --tools) tools=$2 ;;
        --to) to=$2 ;;
        *) fail "unknown option $1" ;;
        esac
        shift 2
    done
    case $name in sumward | verify-build) ;; *) fail "which package: sumward or verify-build?" ;; esac
    if [ -z "$bin" ] || [ -z "$to" ]; then
        fail "--bin and --to are needed"
    fi
    [ -f "$bin/$name" ] || fail "$bin/$name is not built"
    [ ! -e "$to" ] || fail "$to is there already"
    program "$name" "$bin" "$to" "${tools:-$bin}"
    case $name in
    sumward) sumward "$to" ;;
    verify-build) verify_build "$to" ;;
    esac
}

fail() {
    echo "stage.sh: $*" >&2
    exit 64
}

# put MODE FILE PLACE
put() {
    install -D -m "$1" "$2" "$3"
}

# What both have: the program without its debug information, manual pages, completions,
# the licence and the notices of what is linked in.
program() {
    local name=$1 bin=$2 to=$3 tools=$4 page notices
    local share=$to/usr/share
    put 755 "$bin/$name" "$to/usr/bin/$name"
    "${STRIP:-strip}" --strip-all "$to/usr/bin/$name"
    mkdir -p "$share/man/man1"
    "$tools/$name" man "$share/man/man1"
    for page in "$share"/man/man1/*.1; do
        chmod 644 "$page"
        gzip -n -9 "$page"
    done
    completions "$name" "$tools" "$share"
    put 644 "$checkout/LICENSE" "$share/licenses/$name/LICENSE"
    for notices in "$bin/$name.third-party.txt" "$bin/$name.cdx.json"; do
        [ ! -f "$notices" ] || put 644 "$notices" "$share/doc/$name/$(basename "$notices")"
    done
    put 644 "$deploy/deb/copyright" "$share/doc/$name/copyright"
    put 644 "$checkout/CHANGELOG.md" "$share/doc/$name/CHANGELOG.md"
}

completions() {
    local name=$1 tools=$2 share=$3
    mkdir -p "$share/bash-completion/completions" "$share/zsh/site-functions" \
        "$share/fish/vendor_completions.d"
    "$tools/$name" completions bash >"$share/bash-completion/completions/$name"
    "$tools/$name" completions zsh >"$share/zsh/site-functions/_$name"
    "$tools/$name" completions fish >"$share/fish/vendor_completions.d/$name.fish"
    chmod 644 "$share/bash-completion/completions/$name" "$share/zsh/site-functions/_$name" \
        "$share/fish/vendor_completions.d/$name.fish"
}

sumward() {
    local to=$1 unit guide
    local doc=$to/usr/share/doc/sumward
    for unit in "$deploy"/systemd/*.service "$deploy"/systemd/*.socket; do
        put 644 "$unit" "$to/usr/lib/systemd/system/$(basename "$unit")"
    done
    put 644 "$deploy/sysusers.d/sumward.conf" "$to/usr/lib/sysusers.d/sumward.conf"
    put 644 "$deploy/tmpfiles.d/sumward.conf" "$to/usr/lib/tmpfiles.d/sumward.conf"
    put 644 "$deploy/firewalld/sumward.xml" "$to/usr/lib/firewalld/services/sumward.xml"
    # Only the server's user reads it: it may hold addresses with passwords.
    put 640 "$deploy/config/sumward.yaml" "$to/etc/sumward/sumward.yaml"
    chmod 750 "$to/etc/sumward"
    put 644 "$deploy/config/README.md" "$doc/configuration.md"
    examples "$doc"
    for guide in "$deploy"/guides/*.md; do
        # Those to the other program come with it.
        case " $VERIFY_BUILD_GUIDES " in
        *" $(basename "$guide" .md) "*) ;;
        *) put 644 "$guide" "$doc/guides/$(basename "$guide")" ;;
        esac
    done
}

# What an administrator copies when it is wanted: nothing of it takes effect by being
# installed.
examples() {
    local doc=$1 folder file
    put 644 "$deploy/sysctl.d/90-sumward.conf" "$doc/sysctl.d/90-sumward.conf"
    for folder in systemd prometheus grafana container; do
        while IFS= read -r file; do
            put 644 "$deploy/$folder/$file" "$doc/$folder/$file"
        done < <(cd "$deploy/$folder" && find . -type f \
            ! -name '*.service' ! -name '*.socket' ! -name '*.sh' ! -name '*.py' | LC_ALL=C sort)
    done
    put 755 "$deploy/verify-on-rocky.sh" "$doc/verify-on-rocky.sh"
}

verify_build() {
    local doc=$1/usr/share/doc/verify-build guide
    put 644 "$deploy/ci/github.yml" "$doc/ci/github.yml"
    put 644 "$deploy/ci/gitlab.yml" "$doc/ci/gitlab.yml"
    for guide in $VERIFY_BUILD_GUIDES; do
        put 644 "$deploy/guides/$guide.md" "$doc/guides/$guide.md"
    done
}

umask 022
main "$@"
