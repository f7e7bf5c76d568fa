//! The names of findings. They are part of the interface: a name keeps its meaning.

use proto::finding::Level;

/// Returns how bad a rule is unless it says otherwise itself.
pub(super) fn level(rule: &str) -> Level {
    let known = RULES.iter().find(|(name, _, _)| *name == rule);
    known.map_or(Level::Error, |(_, level, _)| *level)
}

/// What a rule stands for.
pub fn meaning(rule: &str) -> Option<&'static str> {
    let known = RULES.iter().find(|(name, _, _)| *name == rule);
    known.map(|(_, _, meaning)| *meaning)
}

const ERROR: Level = Level::Error;
const WARNING: Level = Level::Warning;
const NOTE: Level = Level::Note;

/// Every name that a finding can have, how bad it is, and what it means.
pub const RULES: &[(&str, Level, &str)] = &[
    (
        "libc-unknown",
        NOTE,
        "the C library of the host does not tell its version",
    ),
    (
        "kernel-old",
        ERROR,
        "the kernel is older than a Go here runs on",
    ),
    (
        "temp-missing",
        ERROR,
        "the temporary folder is not there or can't be written to",
    ),
    (
        "temp-noexec",
        ERROR,
        "programs in the temporary folder can't be run: go run and go test fail",
    ),
    ("temp-full", WARNING, "the temporary folder has little room"),
    (
        "path-relative",
        WARNING,
        "the PATH names relative folders: programs depend on where a build runs",
    ),
    (
        "path-open",
        ERROR,
        "others can put programs into a folder of the PATH",
    ),
    (
        "sysctl",
        WARNING,
        "a kernel setting is not what was asked for",
    ),
    (
        "selinux-permissive",
        NOTE,
        "SELinux only logs what it would deny",
    ),
    (
        "selinux-changed",
        NOTE,
        "SELinux runs in another mode than its configuration says",
    ),
    (
        "selinux-denials",
        WARNING,
        "SELinux denied something to a go command or a program built by it",
    ),
    (
        "fapolicyd",
        WARNING,
        "fapolicyd is on: programs that were just built are not trusted",
    ),
    ("go-missing", ERROR, "there is no go command on the PATH"),
    ("go-hangs", ERROR, "a go command does not answer"),
    ("go-fails", ERROR, "a go command fails"),
    (
        "go-garbage",
        ERROR,
        "a go command prints something else than its version",
    ),
    (
        "go-incomplete",
        ERROR,
        "parts of an installation are missing",
    ),
    (
        "go-version-differs",
        ERROR,
        "a go command says another version than the VERSION file beside it",
    ),
    ("go-open", ERROR, "others can write to an installation"),
    (
        "go-several",
        NOTE,
        "the PATH has go commands of several versions",
    ),
    (
        "go-ended",
        WARNING,
        "a Go is no longer supported: it gets no security fixes",
    ),
    ("go-prerelease", WARNING, "a Go is no release"),
    (
        "go-packaged",
        WARNING,
        "a Go comes from a packager, some of whom patch it",
    ),
    (
        "go-own-settings",
        NOTE,
        "an installation has settings in its go.env that no release has",
    ),
    (
        "toolchain-patched",
        ERROR,
        "an installation is not the release that it says it is",
    ),
    (
        "toolchain-unproved",
        WARNING,
        "an installation was compared, and that decided nothing",
    ),
    (
        "goroot-set",
        WARNING,
        "GOROOT is set: a go command that switches to another version then uses the wrong tree",
    ),
    (
        "goroot-missing",
        ERROR,
        "GOROOT names a folder that is no installation",
    ),
    (
        "goroot-mixed",
        ERROR,
        "GOROOT names another installation than the go command's own",
    ),
    (
        "goroot-final",
        NOTE,
        "GOROOT_FINAL is set, which Go ignores since 1.23",
    ),
    ("gopath-goroot", ERROR, "GOPATH is the installation"),
    (
        "gopath-relative",
        ERROR,
        "GOPATH is no absolute path: the go command refuses it",
    ),
    (
        "gotoolchain-floats",
        NOTE,
        "which Go builds is left to go.mod (GOTOOLCHAIN=auto)",
    ),
    (
        "gotoolchain-path",
        WARNING,
        "GOTOOLCHAIN takes whatever go1.x command lies on the PATH",
    ),
    (
        "gotoolchain-invalid",
        ERROR,
        "GOTOOLCHAIN has a value that no go command understands",
    ),
    (
        "goflags-invalid",
        ERROR,
        "GOFLAGS has words that are no flags: the go command refuses it",
    ),
    (
        "goflags-bytes",
        WARNING,
        "GOFLAGS has flags that change what is built, for every build of this host",
    ),
    (
        "goflags-mod",
        WARNING,
        "GOFLAGS lets builds change go.mod (-mod=mod)",
    ),
    (
        "goflags-redirect",
        WARNING,
        "GOFLAGS replaces files or tools of builds",
    ),
    (
        "trimpath-missing",
        NOTE,
        "GOFLAGS has no -trimpath: builds that do not pass it name the host's folders",
    ),
    (
        "goenv-unreadable",
        ERROR,
        "the file of go env -w can't be read",
    ),
    (
        "goenv-unknown",
        NOTE,
        "the file of go env -w sets what the go command does not know",
    ),
    (
        "goenv-nonsense",
        NOTE,
        "the file of go env -w has lines that set nothing",
    ),
    (
        "goenv-overridden",
        NOTE,
        "variables give other values than the file of go env -w",
    ),
    (
        "goenv-bytes",
        NOTE,
        "the file of go env -w sets what changes programs, where no script shows it",
    ),
    (
        "experiment-set",
        WARNING,
        "GOEXPERIMENT is set: programs differ from those of other hosts",
    ),
    (
        "target-set",
        WARNING,
        "GOOS or GOARCH is set for every build of this host",
    ),
    (
        "cpu-level-set",
        NOTE,
        "a processor level is set for every build of this host",
    ),
    ("modules-off", WARNING, "GO111MODULE is off or auto"),
    (
        "workspace-set",
        NOTE,
        "GOWORK names a workspace for every build of this host",
    ),
    (
        "cgo-flags-set",
        WARNING,
        "flags for C compilers are set for every build of this host",
    ),
    (
        "search-folders-set",
        WARNING,
        "variables lead C compilers or the dynamic linker to other folders",
    ),
    (
        "preload-set",
        ERROR,
        "LD_PRELOAD puts code into every program, go and compilers too",
    ),
    (
        "for-target-set",
        NOTE,
        "CC_FOR_TARGET is read while Go itself is built and at no other time",
    ),
    (
        "cacheprog-set",
        NOTE,
        "another program is the build cache (GOCACHEPROG)",
    ),
    ("godebug-set", NOTE, "GODEBUG is set for the go command too"),
    (
        "setting-malformed",
        ERROR,
        "a setting has a value that the go command does not understand",
    ),
    (
        "proxy-direct",
        NOTE,
        "modules are fetched from their own repositories, wherever these are",
    ),
    (
        "proxy-off",
        NOTE,
        "modules are fetched from nowhere (GOPROXY=off)",
    ),
    ("proxy-plain", WARNING, "modules are fetched unencrypted"),
    ("proxy-password", WARNING, "GOPROXY has a password in it"),
    (
        "proxy-unreachable",
        WARNING,
        "a server of GOPROXY does not answer",
    ),
    (
        "sumdb-off",
        ERROR,
        "no checksum database proves modules (GOSUMDB=off); that is not the same as offline",
    ),
    (
        "sumdb-google-cn",
        NOTE,
        "sum.golang.google.cn is another address of Google's database, not a local one",
    ),
    (
        "sumdb-hole",
        ERROR,
        "a pattern leaves public modules unproved",
    ),
    (
        "sumdb-hole-toolchain",
        ERROR,
        "a pattern leaves Go toolchains that the go command downloads unproved",
    ),
    (
        "insecure-set",
        WARNING,
        "GOINSECURE lets modules be fetched without encryption or a checked certificate",
    ),
    (
        "cache-off",
        ERROR,
        "there is no build cache, or GOCACHE can't be one: the go command refuses to build",
    ),
    (
        "cache-foreign",
        ERROR,
        "the build cache belongs to another user",
    ),
    ("cache-open", ERROR, "others can write to the build cache"),
    (
        "cache-read-only",
        ERROR,
        "the build cache can't be written to",
    ),
    (
        "cache-full",
        WARNING,
        "the disk of the build cache is almost full",
    ),
    (
        "cache-unlisted",
        ERROR,
        "part of the build cache can't be listed",
    ),
    (
        "cache-damaged",
        ERROR,
        "outputs in the build cache are not what their names say",
    ),
    (
        "modcache-foreign",
        ERROR,
        "the module cache belongs to another user",
    ),
    (
        "modcache-open",
        ERROR,
        "others can write to the module cache",
    ),
    (
        "cc-missing",
        WARNING,
        "there is no C compiler: cgo is off, unless it is asked for, and then builds fail",
    ),
    ("cc-fails", ERROR, "the C compiler fails"),
    (
        "cc-foreign",
        ERROR,
        "the C compiler compiles for another architecture than is built for",
    ),
    (
        "headers-missing",
        ERROR,
        "the C library's headers are missing",
    ),
    ("cxx-missing", NOTE, "there is no C++ compiler"),
    (
        "cxx-differs",
        NOTE,
        "the C and the C++ compiler are of different versions",
    ),
    (
        "cross-headers-missing",
        WARNING,
        "a C compiler for another architecture lacks the C library's headers",
    ),
    (
        "pkg-config-missing",
        NOTE,
        "there is no pkg-config: packages that ask it do not build",
    ),
    ("pkg-config-fails", ERROR, "pkg-config fails"),
    (
        "pkg-config-native",
        WARNING,
        "pkg-config looks in the host's own folders while builds are for another architecture",
    ),
    (
        "pkg-config-path-missing",
        NOTE,
        "pkg-config is led to folders that are not there",
    ),
    (
        "pkg-config-foreign",
        WARNING,
        "pkg-config is led to folders of another architecture",
    ),
    (
        "git-missing",
        NOTE,
        "there is no git: programs get no stamp of version control",
    ),
    (
        "git-fails",
        WARNING,
        "git fails: programs get no stamp of version control, or builds fail",
    ),
    (
        "git-autocrlf",
        WARNING,
        "git changes line ends: embedded files differ from those of other hosts",
    ),
    ("git-filemode", NOTE, "git overlooks modes of files"),
    ("netrc-open", ERROR, "others can read the file of passwords"),
    (
        "unit-unknown",
        ERROR,
        "systemd knows no such name or section, and passes over it",
    ),
    ("unit-old-name", NOTE, "systemd takes an old name"),
    (
        "unit-too-new",
        WARNING,
        "older versions of systemd pass over it",
    ),
    ("unit-value", ERROR, "systemd does not understand a value"),
    ("unit-stray", ERROR, "a line sets nothing"),
    (
        "unit-watchdog",
        ERROR,
        "a watchdog that the service can't feed",
    ),
    (
        "unit-restart-limit",
        WARNING,
        "a service that fails some times stays down, whatever Restart= says",
    ),
    ("unit-root", WARNING, "a service runs as root"),
    (
        "unit-capability",
        ERROR,
        "a capability is only allowed, and not given",
    ),
    (
        "unit-temp-read-only",
        ERROR,
        "the temporary folder of a service is read-only",
    ),
    (
        "unit-binds-socket",
        WARNING,
        "a unit is bound to a socket, which stays when its service fails",
    ),
    (
        "unit-not-wanted",
        NOTE,
        "a unit waits for a target that nothing wants",
    ),
    (
        "unit-oom",
        WARNING,
        "other programs are ended in place of the service",
    ),
    (
        "unit-secret",
        WARNING,
        "a secret stands in a unit, by its name",
    ),
    (
        "trial-failed",
        ERROR,
        "a program that was built to try the host did not do what it should",
    ),
];
