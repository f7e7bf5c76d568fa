#!/usr/bin/env bash
# Compiles the policy module, links it with a whole policy, and asks the result what the
# server may do. No SELinux kernel is needed: nothing is loaded.
#
#   deploy/selinux/check.sh POLICY_ROOT [BASE.pp...]
#
#   POLICY_ROOT  a folder with /etc/selinux/config's counterpart for semodule -p: the store that
#                the module is put into; made when it is not there
#   BASE.pp...   the modules of that policy, when it is made: base.pp and all others, compiled for
#                the headers that SUMWARD_SELINUX_HEADERS names (see build.sh). On Debian those of
#                the package selinux-policy-default (`apt-get download`, `dpkg-deb -x`).
#
# Needs semodule-utils, policycoreutils, setools. Prints one line for each thing that holds.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${1:?a folder for the store of the policy}
shift
store=targeted
failed=0

main() {
    mkdir -p "$root"
    root=$(cd "$root" && pwd)
    "$here/build.sh" "$root/module"
    if [ ! -d "$root/var/lib/selinux/$store/active" ]; then
        [ $# -gt 0 ] || {
            echo "$root has no policy yet: name its modules" >&2
            exit 64
        }
        mkdir -p "$root/etc/selinux/$store" "$root/var/lib/selinux/$store"
        change 100 "$@"
    fi
    change 400 "$root/module/sumward.pp"
    policy=$(find "$root/etc/selinux/$store/policy" "$root/var/lib/selinux/$store/active" -name 'policy.*' 2>/dev/null | sort | tail -n 1)
    [ -n "$policy" ] || {
        echo "no policy came of it" >&2
        exit 1
    }
    assertions
    exit "$failed"
}

# change PRIORITY MODULE…: puts modules into the store, and links everything anew.
change() {
    local priority=$1
    shift
    semodule --path="$root" --store="$store" --noreload -X "$priority" --install "$@"
}

rules() {
    sesearch "$@" "$policy"
}

# may WHAT RULE…: there is such a rule.
may() {
    local what=$1
    shift
    if [ -n "$(rules "$@")" ]; then
        echo "ok: $what"
    else
        echo "FAILED: $what: no rule for: $*"
        failed=1
    fi
}

# may_not WHAT RULE…: there is none.
may_not() {
    local what=$1 found
    shift
    found=$(rules "$@")
    if [ -z "$found" ]; then
        echo "ok: $what"
    else
        echo "FAILED: $what: $found"
        failed=1
    fi
}

assertions() {
    may "systemd starts it in its own domain" --type_trans -s init_t -t sumward_exec_t -c process -D sumward_t
    may "with NoNewPrivileges too" --allow -s init_t -t sumward_t -c process2 -p nnp_transition
    may_not "no memory is written and run" --allow -s sumward_t -c process -p execmem,execstack,execheap
    may_not "nothing it wrote is run" --allow -s sumward_t -t sumward_var_lib_t -c file -p execute,execute_no_trans
    may_not "no passwords are read" --allow -s sumward_t -t shadow_t -c file -p read,open
    may_not "no homes are read" --allow -s sumward_t -t user_home_t -c file -p read,open
    may_not "no shell is started" --allow -s sumward_t -t shell_exec_t -c file -p execute
    may "stored files are mapped" --allow -s sumward_t -t sumward_var_lib_t -c file -p map
    may "stored files are written" --allow -s sumward_t -t sumward_var_lib_t -c file -p create,write,rename,unlink
    may_not "settings are not written" --allow -s sumward_t -t sumward_etc_t -c file -p write,append,create
    may_not "keys are not written" --allow -s sumward_t -t sumward_cert_t -c file -p write,append,create
    may_not "no kernel module" --allow -s sumward_t -c system -p module_load
    may_not "no capability" --allow -s sumward_t -t sumward_t -c capability -p sys_admin,dac_override,net_admin,net_raw,setuid,sys_ptrace
    ports
    may "ready and alive are told" --allow -s sumward_t -t init_t -c unix_dgram_socket -p sendto
    may "the journal is written to" --allow -s sumward_t -t syslogd_t -c unix_dgram_socket -p sendto
}

# The ports that it may listen on are these and no others.
ports() {
    local bound want
    # Without those behind a boolean of the policy itself, such as that of NIS.
    bound=$(rules --allow -s sumward_t -c tcp_socket -p name_bind | grep -v '\[' | awk '{ sub(/:.*/, "", $3); print $3 }' |
        sort -u | tr '\n' ' ')
    want="http_cache_port_t http_port_t sumward_port_t websm_port_t "
    if [ "$bound" = "$want" ]; then
        echo "ok: it listens on $bound"
    else
        echo "FAILED: it may listen on $bound, not on $want"
        failed=1
    fi
    may "upstreams are asked" --allow -s sumward_t -t http_port_t -c tcp_socket -p name_connect
    may "any port only where the boolean is on" --allow -s sumward_t -t port_type -c tcp_socket -p name_connect -b sumward_connect_any
}

main "$@"
