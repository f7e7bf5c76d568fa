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

/// One rule a line: rustfmt leaves what stands in braces as it is.
macro_rules! table {
    ($($name:literal $level:ident $meaning:literal)*) => {
        &[$(($name, Level::$level, $meaning)),*]
    };
}

/// Every name that a finding can have, how bad it is, and what it means.
pub const RULES: &[(&str, Level, &str)] = table! {
    "libc-unknown" Note "the C library of the host does not tell its version"
    "kernel-old" Error "the kernel is older than a Go here runs on"
    "temp-missing" Error "the temporary folder is not there or can't be written to"
    "temp-noexec" Error "programs in the temporary folder can't be run: go run and go test fail"
    "temp-full" Warning "the temporary folder has little room"
    "path-relative" Warning "the PATH names relative folders: programs depend on where a build runs"
    "path-open" Error "others can put programs into a folder of the PATH"
    "sysctl" Warning "a kernel setting is not what was asked for"
    "selinux-permissive" Note "SELinux only logs what it would deny"
    "selinux-changed" Note "SELinux runs in another mode than its configuration says"
    "selinux-denials" Warning "SELinux denied something to a go command or a program built by it"
    "fapolicyd" Warning "fapolicyd is on: programs that were just built are not trusted"
    "go-missing" Error "there is no go command on the PATH"
    "go-hangs" Error "a go command does not answer"
    "go-fails" Error "a go command fails"
    "go-garbage" Error "a go command prints something else than its version"
    "go-incomplete" Error "parts of an installation are missing"
    "go-version-differs" Error "a go command says another version than the VERSION file beside it"
    "go-open" Error "others can write to an installation"
    "go-several" Note "the PATH has go commands of several versions"
    "go-ended" Warning "a Go is no longer supported: it gets no security fixes"
    "go-prerelease" Warning "a Go is no release"
    "go-packaged" Warning "a Go comes from a packager, some of whom patch it"
    "go-own-settings" Note "an installation has settings in its go.env that no release has"
    "toolchain-patched" Error "an installation is not the release that it says it is"
    "toolchain-unproved" Warning "an installation was compared, and that decided nothing"
    "goroot-set" Warning "GOROOT is set: a go command that switches to another version then uses the wrong tree"
    "goroot-missing" Error "GOROOT names a folder that is no installation"
    "goroot-mixed" Error "GOROOT names another installation than the go command's own"
    "goroot-final" Note "GOROOT_FINAL is set, which Go ignores since 1.23"
    "gopath-goroot" Error "GOPATH is the installation"
    "gopath-relative" Error "GOPATH is no absolute path: the go command refuses it"
    "gotoolchain-floats" Note "which Go builds is left to go.mod (GOTOOLCHAIN=auto)"
    "gotoolchain-path" Warning "GOTOOLCHAIN takes whatever go1.x command lies on the PATH"
    "gotoolchain-invalid" Error "GOTOOLCHAIN has a value that no go command understands"
    "goflags-invalid" Error "GOFLAGS has words that are no flags: the go command refuses it"
    "goflags-bytes" Warning "GOFLAGS has flags that change what is built, for every build of this host"
    "goflags-mod" Warning "GOFLAGS lets builds change go.mod (-mod=mod)"
    "goflags-redirect" Warning "GOFLAGS replaces files or tools of builds"
    "trimpath-missing" Note "GOFLAGS has no -trimpath: builds that do not pass it name the host's folders"
    "goenv-unreadable" Error "the file of go env -w can't be read"
    "goenv-unknown" Note "the file of go env -w sets what the go command does not know"
    "goenv-nonsense" Note "the file of go env -w has lines that set nothing"
    "goenv-overridden" Note "variables give other values than the file of go env -w"
    "goenv-bytes" Note "the file of go env -w sets what changes programs, where no script shows it"
    "experiment-set" Warning "GOEXPERIMENT is set: programs differ from those of other hosts"
    "target-set" Warning "GOOS or GOARCH is set for every build of this host"
    "cpu-level-set" Note "a processor level is set for every build of this host"
    "modules-off" Warning "GO111MODULE is off or auto"
    "workspace-set" Note "GOWORK names a workspace for every build of this host"
    "cgo-flags-set" Warning "flags for C compilers are set for every build of this host"
    "search-folders-set" Warning "variables lead C compilers or the dynamic linker to other folders"
    "preload-set" Error "LD_PRELOAD puts code into every program, go and compilers too"
    "for-target-set" Note "CC_FOR_TARGET is read while Go itself is built and at no other time"
    "cacheprog-set" Note "another program is the build cache (GOCACHEPROG)"
    "godebug-set" Note "GODEBUG is set for the go command too"
    "setting-malformed" Error "a setting has a value that the go command does not understand"
    "proxy-direct" Note "modules are fetched from their own repositories, wherever these are"
    "proxy-off" Note "modules are fetched from nowhere (GOPROXY=off)"
    "proxy-plain" Warning "modules are fetched unencrypted"
    "proxy-password" Warning "GOPROXY has a password in it"
    "proxy-unreachable" Warning "a server of GOPROXY does not answer"
    "sumdb-off" Error "no checksum database proves modules (GOSUMDB=off); that is not the same as offline"
    "sumdb-google-cn" Note "sum.golang.google.cn is another address of Google's database, not a local one"
    "sumdb-hole" Error "a pattern leaves public modules unproved"
    "sumdb-hole-toolchain" Error "a pattern leaves Go toolchains that the go command downloads unproved"
    "insecure-set" Warning "GOINSECURE lets modules be fetched without encryption or a checked certificate"
    "cache-off" Error "there is no build cache, or GOCACHE can't be one: the go command refuses to build"
    "cache-foreign" Error "the build cache belongs to another user"
    "cache-open" Error "others can write to the build cache"
    "cache-read-only" Error "the build cache can't be written to"
    "cache-full" Warning "the disk of the build cache is almost full"
    "cache-unlisted" Error "part of the build cache can't be listed"
    "cache-damaged" Error "outputs in the build cache are not what their names say"
    "modcache-foreign" Error "the module cache belongs to another user"
    "modcache-open" Error "others can write to the module cache"
    "cc-missing" Warning "there is no C compiler: cgo is off, unless it is asked for, and then builds fail"
    "cc-fails" Error "the C compiler fails"
    "cc-foreign" Error "the C compiler compiles for another architecture than is built for"
    "headers-missing" Error "the C library's headers are missing"
    "cxx-missing" Note "there is no C++ compiler"
    "cxx-differs" Note "the C and the C++ compiler are of different versions"
    "cross-headers-missing" Warning "a C compiler for another architecture lacks the C library's headers"
    "pkg-config-missing" Note "there is no pkg-config: packages that ask it do not build"
    "pkg-config-fails" Error "pkg-config fails"
    "pkg-config-native" Warning "pkg-config looks in the host's own folders while builds are for another architecture"
    "pkg-config-path-missing" Note "pkg-config is led to folders that are not there"
    "pkg-config-foreign" Warning "pkg-config is led to folders of another architecture"
    "git-missing" Note "there is no git: programs get no stamp of version control"
    "git-fails" Warning "git fails: programs get no stamp of version control, or builds fail"
    "git-autocrlf" Warning "git changes line ends: embedded files differ from those of other hosts"
    "git-filemode" Note "git overlooks modes of files"
    "netrc-open" Error "others can read the file of passwords"
    "unit-unknown" Error "systemd knows no such name or section, and passes over it"
    "unit-old-name" Note "systemd takes an old name"
    "unit-too-new" Warning "older versions of systemd pass over it"
    "unit-value" Error "systemd does not understand a value"
    "unit-stray" Error "a line sets nothing"
    "unit-watchdog" Error "a watchdog that the service can't feed"
    "unit-restart-limit" Warning "a service that fails some times stays down, whatever Restart= says, and the unit names no number of starts"
    "unit-root" Warning "a service runs as root"
    "unit-capability" Error "a capability is only allowed, and not given"
    "unit-temp-read-only" Error "the temporary folder of a service is read-only"
    "unit-binds-socket" Warning "a unit is bound to a socket, which stays when its service fails"
    "unit-not-wanted" Note "a unit waits for a target that nothing wants"
    "unit-oom" Warning "other programs are ended in place of the service"
    "unit-secret" Warning "a secret stands in a unit, by its name"
    "trial-failed" Error "a program that was built to try the host did not do what it should"
};
