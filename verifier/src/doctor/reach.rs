//! What of a host can reach a program, by the names that causes have when two programs are
//! compared.

use super::facts::{Content, Facts};
use super::settings::Setting;

/// One property of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trait {
    /// What it is.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether part of the value was left out.
    pub withheld: bool,
    /// Whether it can reach a program.
    pub reach: Reach,
}

/// Whether something can reach a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It can.
    Bytes {
        /// The cause, as `verify-build a b` names it.
        cause: &'static str,
        /// In which builds.
        when: &'static str,
    },
    /// It can't.
    Never,
}

const ALWAYS: &str = "of every build";
const CGO: &str = "of builds with cgo";
const UNTRIMMED: &str = "of builds without -trimpath";
const WORKED: &str = "whose C compiler records where it worked";
const UNPROVED: &str = "of builds whose go.sum does not name the module";

/// What settings reach, and in which builds.
const SETTINGS: [(&str, &str, &str); 55] = [
    ("GOOS", "target", ALWAYS),
    ("GOARCH", "target", ALWAYS),
    ("GOAMD64", "cpu-level", ALWAYS),
    ("GOARM64", "cpu-level", ALWAYS),
    ("GOARM", "cpu-level", ALWAYS),
    ("GO386", "cpu-level", ALWAYS),
    ("GOMIPS", "cpu-level", ALWAYS),
    ("GOMIPS64", "cpu-level", ALWAYS),
    ("GOPPC64", "cpu-level", ALWAYS),
    ("GORISCV64", "cpu-level", ALWAYS),
    ("GOWASM", "cpu-level", ALWAYS),
    ("GOEXPERIMENT", "go-experiment", ALWAYS),
    ("GOFIPS140", "fips140", ALWAYS),
    (
        "GOTOOLCHAIN",
        "go-version",
        "where go.mod asks for another Go",
    ),
    ("GOROOT", "goroot-path", UNTRIMMED),
    (
        "GOROOT_FINAL",
        "goroot-path",
        "of Go 1.22 and earlier, without -trimpath",
    ),
    ("GOPATH", "module-cache-path", UNTRIMMED),
    ("GOMODCACHE", "module-cache-path", UNTRIMMED),
    ("GOWORK", "dependency-replaced", ALWAYS),
    ("GO111MODULE", "dependency-version", ALWAYS),
    ("GOPROXY", "dependency-sum", UNPROVED),
    ("GOSUMDB", "dependency-sum", UNPROVED),
    ("GONOSUMDB", "dependency-sum", UNPROVED),
    ("GOPRIVATE", "dependency-sum", UNPROVED),
    ("GONOPROXY", "dependency-sum", UNPROVED),
    ("GOINSECURE", "dependency-sum", UNPROVED),
    ("CGO_ENABLED", "cgo-enabled", ALWAYS),
    ("CC", "c-compiler", CGO),
    ("CXX", "c-compiler", CGO),
    ("FC", "c-compiler", CGO),
    ("AR", "host-linker", CGO),
    ("GCCGO", "compiler", "with -compiler=gccgo"),
    ("COMPILER_PATH", "c-compiler", CGO),
    ("GCC_EXEC_PREFIX", "c-compiler", CGO),
    ("LD_LIBRARY_PATH", "c-compiler", CGO),
    ("LD_PRELOAD", "toolchain-patched", ALWAYS),
    ("CGO_CFLAGS", "cgo-flags", CGO),
    ("CGO_CPPFLAGS", "cgo-flags", CGO),
    ("CGO_CXXFLAGS", "cgo-flags", CGO),
    ("CGO_FFLAGS", "cgo-flags", CGO),
    ("CGO_LDFLAGS", "external-link-flags", CGO),
    ("GO_EXTLINK_ENABLED", "link-mode", ALWAYS),
    ("GO_LDSO", "dynamic-linker", ALWAYS),
    ("CPATH", "c-library", CGO),
    ("C_INCLUDE_PATH", "c-library", CGO),
    ("CPLUS_INCLUDE_PATH", "c-library", CGO),
    ("LIBRARY_PATH", "c-library", CGO),
    ("PKG_CONFIG", "c-library", CGO),
    ("PKG_CONFIG_SYSROOT_DIR", "c-library", CGO),
    ("PKG_CONFIG_PATH", "c-library", CGO),
    ("PKG_CONFIG_LIBDIR", "c-library", CGO),
    (
        "SOURCE_DATE_EPOCH",
        "c-compiler",
        "whose C code has its date in it",
    ),
    (
        "GOCACHEPROG",
        "cache-poisoned",
        "where that program hands out other outputs",
    ),
    ("TMPDIR", "cgo-temp-path", WORKED),
    ("GOTMPDIR", "cgo-temp-path", WORKED),
];

/// Flags in GOFLAGS that no program shows. What stands in neither table may reach one.
const HARMLESS: [&str; 8] = [
    "-v",
    "-x",
    "-n",
    "-p",
    "-a",
    "-work",
    "-json",
    "-modcacherw",
];

/// What flags in GOFLAGS reach.
const FLAGS: [(&str, &str); 18] = [
    ("-overlay", "source-content"),
    ("-modfile", "dependency-version"),
    ("-compiler", "compiler"),
    ("-gccgoflags", "compiler-flags"),
    ("-trimpath", "source-path"),
    ("-ldflags", "ldflags-variable"),
    ("-gcflags", "compiler-flags"),
    ("-asmflags", "compiler-flags"),
    ("-tags", "build-tags"),
    ("-race", "instrumentation"),
    ("-msan", "instrumentation"),
    ("-asan", "instrumentation"),
    ("-cover", "instrumentation"),
    ("-buildmode", "build-mode"),
    ("-pgo", "pgo-profile"),
    ("-mod", "dependency-version"),
    ("-buildvcs", "vcs-missing"),
    ("-toolexec", "toolexec"),
];

/// Returns the properties of a host that can be compared.
pub fn traits(facts: &Facts) -> Vec<Trait> {
    let mut all = Vec::new();
    go(facts, &mut all);
    c_side(facts, &mut all);
    for (name, setting) in &facts.settings.set {
        // GOFLAGS is compared flag by flag.
        if name != "GOFLAGS" {
            all.push(of_setting(name, setting));
        }
    }
    for flag in &facts.settings.flags {
        let (name, value) = flag.split_once('=').unwrap_or((flag, "true"));
        let cause = FLAGS.iter().find(|(known, _)| *known == name);
        all.push(Trait {
            name: format!("GOFLAGS {name}"),
            value: value.to_owned(),
            withheld: flag.contains('…'),
            reach: match cause {
                Some((_, cause)) => bytes(cause, ALWAYS),
                None if HARMLESS.contains(&name) => Reach::Never,
                None => bytes("unexplained", ALWAYS),
            },
        });
    }
    let git = &facts.git;
    add(
        &mut all,
        "git",
        if git.tool.path.is_empty() { "" } else { "here" },
        bytes("vcs-missing", "of builds in a checkout"),
    );
    add(
        &mut all,
        "core.autocrlf of git",
        &git.autocrlf,
        bytes("embedded-file", "that embed text files"),
    );
    add(
        &mut all,
        "core.eol of git",
        &git.eol,
        bytes("embedded-file", "that embed text files"),
    );
    let damaged = if facts.cache.damaged.is_empty() {
        ""
    } else {
        "damaged"
    };
    add(
        &mut all,
        "build cache",
        damaged,
        bytes("cache-poisoned", "that take a changed output from it"),
    );
    never(facts, &mut all);
    all
}

fn go(facts: &Facts, all: &mut Vec<Trait>) {
    let Some(go) = facts.first_go() else {
        return;
    };
    add(
        all,
        "Go's version",
        go.version(),
        bytes("go-version", ALWAYS),
    );
    add(
        all,
        "Go's folder",
        &go.root,
        bytes("goroot-path", UNTRIMMED),
    );
    add(
        all,
        "Go's packager",
        &go.packager,
        bytes("toolchain-patched", "where the packager patched it"),
    );
    // Hosts of which one alone was compared with the release do not differ by that.
    if let Content::Modified(why) = &go.content {
        add(
            all,
            "Go's content",
            &format!("not the release: {why}"),
            bytes("toolchain-patched", ALWAYS),
        );
    }
}

fn c_side(facts: &Facts, all: &mut Vec<Trait>) {
    let (system, c) = (&facts.system, &facts.c);
    add(
        all,
        "architecture",
        &system.goarch,
        bytes("target", "that do not name GOARCH"),
    );
    add(
        all,
        "cgo by default",
        &c.cgo_enabled,
        bytes("cgo-enabled", "that do not name CGO_ENABLED"),
    );
    add(all, "C compiler", &c.cc.version, bytes("c-compiler", CGO));
    add(
        all,
        "C++ compiler",
        &c.cxx.version,
        bytes("c-compiler", CGO),
    );
    add(all, "linker", &c.linker.version, bytes("host-linker", CGO));
    add(all, "C library", &system.libc, bytes("dynamic-linker", CGO));
    add(
        all,
        "C library's version",
        &system.libc_version,
        bytes("c-library", CGO),
    );
    for cross in &c.cross {
        add(
            all,
            &format!("C compiler for {} ({})", cross.goarch, cross.tool.name),
            &cross.tool.version,
            bytes("c-compiler", "with cgo for that architecture"),
        );
    }
}

fn never(facts: &Facts, all: &mut Vec<Trait>) {
    let system = &facts.system;
    add(all, "distribution", &system.name, Reach::Never);
    add(all, "kernel", &system.kernel, Reach::Never);
    add(all, "SELinux", &facts.guards.selinux, Reach::Never);
    add(all, "fapolicyd", &facts.guards.fapolicyd, Reach::Never);
    add(all, "pkg-config", &facts.c.pkg_config.version, Reach::Never);
    add(all, "git's version", &facts.git.tool.version, Reach::Never);
    for sysctl in &facts.sysctls {
        add(
            all,
            &sysctl.name,
            sysctl.value.as_deref().unwrap_or_default(),
            Reach::Never,
        );
    }
}

fn of_setting(name: &str, setting: &Setting) -> Trait {
    let known = SETTINGS.iter().find(|(known, _, _)| *known == name);
    Trait {
        name: name.to_owned(),
        value: setting.value.clone(),
        withheld: !setting.whole,
        reach: known.map_or(Reach::Never, |(_, cause, when)| bytes(cause, when)),
    }
}

fn bytes(cause: &'static str, when: &'static str) -> Reach {
    Reach::Bytes { cause, when }
}

fn add(all: &mut Vec<Trait>, name: &str, value: &str, reach: Reach) {
    if !value.is_empty() {
        all.push(Trait {
            name: name.to_owned(),
            value: value.to_owned(),
            withheld: false,
            reach,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Name;

    #[test]
    fn what_is_not_known_to_be_harmless_may_reach_a_program() {
        let reach = |flag: &str| {
            let mut facts = Facts::default();
            facts.settings.flags = vec![flag.to_owned()];
            let found = traits(&facts).into_iter().next().unwrap();
            (found.reach == Reach::Never, found.withheld)
        };
        assert_eq!(reach("-modcacherw"), (true, false));
        assert_eq!(reach("-linkshared"), (false, false));
        assert_eq!(reach("-overlay=…"), (false, true));
        assert_eq!(reach("…"), (false, true));
    }

    #[test]
    fn every_cause_named_here_is_one_of_the_comparison() {
        let known: Vec<String> = Name::ALL.into_iter().map(Name::as_str).collect();
        let settings = SETTINGS.iter().map(|(_, cause, _)| *cause);
        for cause in settings.chain(FLAGS.iter().map(|(_, cause)| *cause)) {
            assert!(known.iter().any(|name| name == cause), "{cause}");
        }
        let mut facts = Facts::default();
        facts.gos.push(crate::doctor::facts::Installation {
            on_path: Some(1),
            said: "go1.27.3".into(),
            root: "/usr/local/go".into(),
            packager: "x".into(),
            content: Content::Modified("a file differs".into()),
            ..Default::default()
        });
        facts.system.goarch = "amd64".into();
        facts.c.cc.version = "gcc 12".into();
        let all = traits(&facts);
        assert!(all.len() >= 6, "{all:?}");
        for one in all {
            if let Reach::Bytes { cause, .. } = one.reach {
                assert!(known.iter().any(|name| name == cause), "{cause}");
            }
        }
    }
}
