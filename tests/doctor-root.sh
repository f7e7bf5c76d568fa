#!/usr/bin/env bash
# Plants faults in a Debian root of its own and has `verify-build doctor` look at it from inside:
# each fault must be named by its finding, and nothing may be found beyond what the root has
# without faults. Prints a table and a count; exits 1 if anything is missed or extra.
#
#   tests/doctor-root.sh          needs root, and the network once for debootstrap
#   ONLY=goroot tests/doctor-root.sh     the rows whose name has that in it
#
# The bare root is kept under target/kept; each fault lies in an overlay over it.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
verify=${VERIFY_BUILD:-$here/target/debug/verify-build}
[ -x "$verify" ] || { echo "build it first: cargo build --workspace" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "chroot needs root" >&2; exit 2; }
. tests/apt.sh
command -v debootstrap >/dev/null || apt_install debootstrap
bare=$here/target/kept/doctor-root/bare
if [ ! -x "$bare/usr/bin/git" ]; then
    mkdir -p "$(dirname "$bare")"
    debootstrap --variant=minbase --include=gcc,g++,libc6-dev,pkgconf,git,libsqlite3-dev bookworm "$bare" http://deb.debian.org/debian >"$bare.log"
fi
go=$(readlink -f "$here/target/go/1.27.3/go")
old=$(readlink -f "$here/target/go/1.21.13/go")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export here verify bare go old work

# The variables of a host with nothing wrong; a fault adds its own behind them.
cat >"$work/env" <<'VARIABLES'
PATH=/usr/local/go/bin:/usr/bin:/bin
HOME=/root
GOFLAGS=-trimpath
GOTOOLCHAIN=local
VARIABLES

# one NAME: makes the root in mounts of its own, plants the fault and writes the report. The
# fault is a shell text: $R is the root, `set NAME=VALUE` a variable, `as USER` who asks.
cat >"$work/one.sh" <<'ONE'
set -euo pipefail
name=$1; plant=$2
mount -t tmpfs tmpfs "$work/layer"
mkdir "$work/layer/up" "$work/layer/work" "$work/layer/root"
R=$work/layer/root
mount -t overlay overlay -o "lowerdir=$bare,upperdir=$work/layer/up,workdir=$work/layer/work" "$R"
mkdir -p "$R/usr/local/go" "$R/old/go" "$R/check"
for tree in "$go:usr/local/go" "$old:old/go"; do
    from=${tree%%:*} to=$R/${tree#*:} lower=$work/layer/${tree##*/}-$RANDOM
    mkdir "$lower-up" "$lower-work"
    mount -t overlay overlay -o "lowerdir=$from,upperdir=$lower-up,workdir=$lower-work" "$to"
    # The package of PyPI that the tests take Go from would be a finding of its own.
    rm -f "$to/__init__.py"
done
touch "$R/check/verify-build"; mount --bind "$verify" "$R/check/verify-build"
mount -t proc proc "$R/proc"
mount --bind /dev "$R/dev"
# The kernel's settings are those of the machine: a file in the place of each.
for setting in net/ipv4/conf/all/rp_filter:1 vm/swappiness:10; do
    file=$work/layer/sysctl-${setting##*:}
    echo "${setting##*:}" >"$file"
    mount --bind "$file" "$R/proc/sys/${setting%%:*}"
done
mkdir -p "$R/root/.cache/go-build"; chmod 700 "$R/root"
cp "$work/env" "$work/layer/env"
user=0
set_() { echo "$1" >>"$work/layer/env"; }
as() { user=$1; }
program() { rm -f "$R/usr/bin/$1"; printf '#!/bin/sh\n%s\n' "$2" >"$R/usr/bin/$1"; chmod 755 "$R/usr/bin/$1"; }
file() { mkdir -p "$(dirname "$R$1")"; printf '%b' "$2" >"$R$1"; }
install() { mkdir -p "$R$1"/{bin,pkg/tool/linux_amd64,src/runtime,src/fmt}; echo "$2" >"$R$1/VERSION"; printf '#!/bin/sh\necho go version %s linux/amd64\n' "$2" >"$R$1/bin/go"; chmod 755 "$R$1/bin/go"; }
rest=()
arguments() { rest=("$@"); }
eval "$plant"
mapfile -t variables <"$work/layer/env"
set +e
chroot --userspec="$user:$user" "$R" /usr/bin/env -i "${variables[@]}" /check/verify-build doctor --format json "${rest[@]}" >"$work/$name.json" 2>"$work/$name.err"
echo $? >"$work/$name.exit"
ONE

cat >"$work/table.py" <<'TABLE'
import json, os, re, subprocess, sys
work = os.environ["work"]
only = os.environ.get("ONLY", "")
rows = []
for line in open(sys.argv[1]):
    line = line.rstrip("\n")
    if line and not line.startswith("# "):
        want, plant = line.split(" | ", 1)
        rows.append((want.split(), plant))
def report(number, plant):
    os.makedirs(f"{work}/layer", exist_ok=True)
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", f"{work}/one.sh", str(number), plant]
    ran = subprocess.run(command, capture_output=True, text=True)
    try:
        exit = int(open(f"{work}/{number}.exit").read())
        found = json.load(open(f"{work}/{number}.json"))
    except (OSError, ValueError):
        said = open(f"{work}/{number}.err").read() if os.path.exists(f"{work}/{number}.err") else ""
        return None, ran.stderr[-300:] + said[-300:]
    return exit, [(f["rule"], f["level"], f["summary"]) for check in found["checks"] for f in check["findings"]]
exit, base = report("bare", ":")
if exit is None:
    sys.exit("the bare root: " + base)
print("the bare root itself:", ", ".join(rule for rule, _, _ in base) or "nothing", f"(exit {exit})")
own = sorted(rule for rule, _, _ in base)
faults = wrong = 0
for number, (want, plant) in enumerate(rows):
    if only not in plant + " ".join(want):
        continue
    exit, found = report(number, plant)
    faults += len(want)
    if exit is None:
        print(f"{plant[:70]:70}  FAILED: {found}"); wrong += 1; continue
    rules = sorted(rule for rule, _, _ in found)
    # A unit is looked at in place of the host.
    expected = sorted(want + ([] if "--unit" in plant else own))
    ok = rules == expected and exit in (0, 1, 3)
    wrong += not ok
    left = list(own) if "--unit" not in plant else []
    for rule, level, summary in found:
        if rule in left:
            left.remove(rule); continue
        print(f"{plant[:70]:70}  {rule:24} {level:8} {'ok' if rule in want else 'EXTRA: ' + summary}")
    for rule in want:
        if rule not in rules:
            print(f"{plant[:70]:70}  {rule:24} {'':8} MISSED")
    if not ok and sorted(rules) != expected:
        print(f"    wanted {expected}, found {rules}, exit {exit}")
print(f"{len(rows)} roots, {faults} planted faults, {wrong} roots with something missed or extra")
sys.exit(1 if wrong else 0)
TABLE

# What must be found | what is planted.
cat >"$work/rows" <<'ROWS'
goflags-invalid | set_ 'GOFLAGS=-trimpath trimpath'
goflags-bytes | set_ 'GOFLAGS=-trimpath -race'
goflags-bytes goflags-bytes | set_ 'GOFLAGS=-trimpath -ldflags=-s -tags=x'
goflags-mod | set_ 'GOFLAGS=-trimpath -mod=mod'
goflags-redirect | set_ 'GOFLAGS=-trimpath -toolexec=/usr/bin/env'
trimpath-missing | set_ 'GOFLAGS=-modcacherw'
goenv-unreadable | mkdir -p $R/root/.config/go/env
goenv-unreadable | file /root/.config/go/env x; mv $R/root/.config/go/env $R/root/e; ln -s /root/env $R/root/.config/go/env; ln -s /root/.config/go/env $R/root/env
goenv-unreadable | file /etc/go.env 'CC=gcc'; chmod 600 $R/etc/go.env; set_ GOENV=/etc/go.env; set_ HOME=/home/u; mkdir -p $R/home/u; chown 1000:1000 $R/home/u; as 1000
goenv-unknown | file /root/.config/go/env 'CC_arm64_linux=aarch64-linux-gnu-gcc\n'
goenv-nonsense | file /root/.config/go/env 'trimpath\n'
goenv-overridden | file /root/.config/go/env 'GOTOOLCHAIN=auto\n'
goenv-bytes cpu-level-set | file /etc/go.env 'GOAMD64=v3\n'; set_ GOENV=/etc/go.env
gotoolchain-floats | set_ GOTOOLCHAIN=auto
gotoolchain-path | set_ GOTOOLCHAIN=path
gotoolchain-invalid | set_ GOTOOLCHAIN=latest
goroot-set | set_ GOROOT=/usr/local/go
goroot-missing | set_ GOROOT=/nowhere
goroot-mixed go-ended | set_ GOROOT=/old/go
gopath-goroot | set_ GOPATH=/usr/local/go
gopath-relative | set_ GOPATH=go
goroot-final | set_ GOROOT_FINAL=/usr/lib/go
go-missing go-incomplete | rm $R/usr/local/go/bin/go
go-ended go-ended go-ended go-ended | for v in 20.14 21.13 22.12 23.12; do install /opt/go1.$v go1.$v; done
go-incomplete | install /opt/go1.26 go1.26.6; rm -r $R/opt/go1.26/bin
go-several | install /opt/go go1.26.6; set_ PATH=/usr/local/go/bin:/opt/go/bin:/usr/bin:/bin
go-hangs | install /opt/go go1.26.6; printf '#!/bin/sh\nexec sleep 60\n' >$R/opt/go/bin/go
go-garbage | install /opt/go go1.26.6; printf '#!/bin/sh\nhead -c 99 /dev/urandom\n' >$R/opt/go/bin/go
go-fails | install /opt/go go1.26.6; printf '#!/bin/sh\nexit 3\n' >$R/opt/go/bin/go
go-version-differs | install /opt/go go1.26.6; echo go1.26.5 >$R/opt/go/VERSION
go-open | chmod 777 $R/usr/local/go/src
go-prerelease | install /opt/go go1.28rc1
go-own-settings | echo GOTELEMETRYDIR=x >>$R/usr/local/go/go.env
sumdb-hole | set_ 'GONOSUMDB=github.com/*'
sumdb-hole sumdb-hole-toolchain | set_ 'GOPRIVATE=*'
sumdb-off | set_ GOSUMDB=off
sumdb-google-cn | set_ GOSUMDB=sum.golang.google.cn
setting-malformed | set_ 'GONOPROXY=['
proxy-direct | set_ GOPROXY=direct
proxy-off | set_ GOPROXY=off
proxy-plain | set_ GOPROXY=http://proxy.example
proxy-password | set_ GOPROXY=https://me:pass@proxy.example
insecure-set | set_ 'GOINSECURE=*.corp.example'
cache-foreign | chown 1234 $R/root/.cache/go-build
cache-open | chmod 777 $R/root/.cache/go-build
cache-read-only | mount -t tmpfs -o ro,mode=755 tmpfs $R/root/.cache/go-build
cache-full | mount -t tmpfs -o size=1m,mode=755 tmpfs $R/root/.cache/go-build; head -c 2m /dev/zero >$R/root/.cache/go-build/x 2>/dev/null || true
cache-off | set_ GOCACHE=off
cache-damaged | file /root/.cache/go-build/00/$(printf '0%.0s' {1..64})-d changed
cc-missing | rm $R/usr/bin/gcc $R/usr/bin/g++
cc-missing | set_ CC=aarch64-none-gcc
cc-fails | program gcc 'echo broken >&2; exit 1'
cc-foreign | program gcc 'case $1 in -dumpmachine) echo aarch64-linux-gnu;; *) exec g++ "$@";; esac'
headers-missing | rm $R/usr/include/stdlib.h
cross-headers-missing | program aarch64-linux-gnu-gcc 'case $1 in -E) exit 1;; *) echo gcc 12.2.0;; esac'
pkg-config-missing | rm $R/usr/bin/pkg-config
pkg-config-fails | program pkg-config 'exit 1'
pkg-config-foreign | mkdir -p $R/usr/lib/aarch64-linux-gnu/pkgconfig; set_ PKG_CONFIG_PATH=/usr/lib/aarch64-linux-gnu/pkgconfig; set_ GOARCH=amd64
pkg-config-path-missing | set_ PKG_CONFIG_PATH=/nowhere
target-set pkg-config-native cc-foreign | set_ GOARCH=arm64; set_ CC=gcc
sysctl sysctl | file /etc/sys 'vm.swappiness = 60\nnet.ipv4.conf.all.rp_filter = 2\n'; arguments --sysctls /etc/sys
temp-missing | set_ TMPDIR=/nowhere
temp-noexec | mount -t tmpfs -o noexec,size=2g tmpfs $R/tmp
path-relative | set_ PATH=/usr/local/go/bin:/usr/bin:/bin:bin
path-open | mkdir -m 777 $R/opt/bin; set_ PATH=/usr/local/go/bin:/usr/bin:/bin:/opt/bin
libc-unknown | rm $R/usr/bin/getconf $R/usr/bin/ldd
cache-off | touch $R/root/c; set_ GOCACHE=/root/c
git-missing | rm $R/usr/bin/git
git-fails | file /root/.gitconfig '[core\n'
git-fails | program git 'case $1 in --version) echo git version 2.39.5;; *) kill -9 $$;; esac'
git-autocrlf git-filemode | file /root/.gitconfig '[core]\nautocrlf = true\nfilemode = false\n'
netrc-open | file /root/.netrc 'machine x login y password z\n'; chmod 644 $R/root/.netrc
selinux-permissive selinux-changed selinux-denials | mkdir -p $R/rocky/sys/fs/selinux; file /rocky/etc/os-release 'ID=rocky\nVERSION_ID="9.4"\n'; file /rocky/etc/redhat-release 'Rocky Linux release 9.4 (Blue Onyx)\n'; file /rocky/etc/selinux/config 'SELINUX=enforcing\n'; file /rocky/sys/fs/selinux/enforce 0; file /rocky/var/log/audit/audit.log 'type=AVC msg=audit(1.2:3): avc:  denied  { execute } for  pid=7 comm="go" tcontext=system_u:object_r:user_tmp_t:s0 tclass=file\n'; arguments --root /rocky
go-ended | install /rocky/usr/lib/golang 'go1.21.13 (Red Hat 1.21.13-3.el9_4)'; sed -i 's/go version.*linux/"go version go1.21.13 (Red Hat 1.21.13-3.el9_4) linux/; s/$/"/; 1s/"$//' $R/rocky/usr/lib/golang/bin/go; arguments --root /rocky
experiment-set | set_ GOEXPERIMENT=jsonv2
modules-off | set_ GO111MODULE=off
workspace-set | set_ GOWORK=/src/go.work
cgo-flags-set | set_ CGO_CFLAGS=-O3
search-folders-set | set_ LD_LIBRARY_PATH=/nowhere
for-target-set | set_ CC_FOR_TARGET=aarch64-linux-gnu-gcc
for-target-set | set_ CC_arm64_linux=aarch64-linux-gnu-gcc
godebug-set | set_ GODEBUG=gocacheverify=1
unit-unknown | file /x.service '[Service]\nExecStart=/x\nUser=x\nDropCapability=CAP_SYS_ADMIN\n'; arguments --unit /x.service
unit-unknown | file /x.service '[Service]\nExecStart=/x\nUser=x\nHealthCheckHTTPUrl=http://localhost/\n'; arguments --unit /x.service
unit-old-name unit-temp-read-only | file /x.service '[Service]\nExecStart=/x\nUser=x\nReadOnlyDirectories=/tmp\n'; arguments --unit /x.service
unit-capability | file /x.service '[Service]\nExecStart=/x\nUser=x\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n'; arguments --unit /x.service
unit-root | file /x.service '[Service]\nExecStart=/x\n'; arguments --unit /x.service
unit-watchdog | file /x.service '[Service]\nExecStart=/x\nUser=x\nWatchdogSec=30\n'; arguments --unit /x.service
unit-restart-limit | file /x.service '[Unit]\nStartLimitIntervalSec=60\n[Service]\nExecStart=/x\nUser=x\nRestart=always\nRestartSec=5\n'; arguments --unit /x.service
unit-binds-socket | file /x.service '[Unit]\nBindsTo=etcd.socket\n[Service]\nExecStart=/x\nUser=x\n'; arguments --unit /x.service
unit-too-new | file /x.service '[Service]\nExecStart=/x\nUser=x\nType=notify-reload\n'; arguments --unit /x.service
unit-value | file /x.service '[Service]\nExecStart=/x\nUser=x\nType=notified\n'; arguments --unit /x.service
unit-stray | file /x.service 'User=x\n[Service]\nExecStart=/x\nUser=x\n'; arguments --unit /x.service
unit-not-wanted | file /x.service '[Unit]\nAfter=network-online.target\n[Service]\nExecStart=/x\nUser=x\n'; arguments --unit /x.service
unit-secret | file /x.service '[Service]\nExecStart=/x\nUser=x\nEnvironment=DB_PASSWORD=x\n'; arguments --unit /x.service
unit-value | file /x.service '[Service]\nExecStart=/x\nUser=x\nStandardOutput=json-syslog\n'; arguments --unit /x.service
unit-variable | file /x.service '[Service]\nExecStart=/x $SYSTEMD_UNIT\nUser=x\n'; arguments --unit /x.service
unit-read-only | file /x.service '[Service]\nExecStart=/x\nUser=x\nProtectSystem=strict\n'; arguments --unit /x.service
unit-oom | file /x.service '[Service]\nExecStart=/x\nUser=x\nOOMScoreAdjust=-900\n'; arguments --unit /x.service
ROWS
python3 "$work/table.py" "$work/rows"
