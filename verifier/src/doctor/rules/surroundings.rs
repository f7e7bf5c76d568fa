//! Variables beside GOFLAGS that change every build of a host.

use super::settings::{place, unset};
use super::{Found, Judged};
use crate::doctor::facts::Facts;
use crate::doctor::settings::names_compiler_of_target;
use crate::host::machine;

/// Variables, the rule that each breaks when it is set, and what to say of it.
const TRAPS: [(&str, &str, &str); 22] = [
    (
        "GOEXPERIMENT",
        "experiment-set",
        "experiments of the compiler and runtime: other programs than those of other hosts",
    ),
    (
        "GOAMD64",
        "cpu-level-set",
        "the processor level is that of every build here",
    ),
    (
        "GOARM64",
        "cpu-level-set",
        "the processor level is that of every build here",
    ),
    (
        "GOARM",
        "cpu-level-set",
        "the processor level is that of every build here",
    ),
    (
        "GO386",
        "cpu-level-set",
        "the processor level is that of every build here",
    ),
    (
        "GOWORK",
        "workspace-set",
        "a workspace takes the place of versions that go.mod names",
    ),
    (
        "CGO_CFLAGS",
        "cgo-flags-set",
        "C code is compiled with other flags than elsewhere",
    ),
    (
        "CGO_CPPFLAGS",
        "cgo-flags-set",
        "C code is compiled with other flags than elsewhere",
    ),
    (
        "CGO_CXXFLAGS",
        "cgo-flags-set",
        "C++ code is compiled with other flags than elsewhere",
    ),
    (
        "CGO_LDFLAGS",
        "cgo-flags-set",
        "programs are linked with other flags than elsewhere",
    ),
    (
        "CPATH",
        "search-folders-set",
        "C compilers look for headers elsewhere",
    ),
    (
        "C_INCLUDE_PATH",
        "search-folders-set",
        "C compilers look for headers elsewhere",
    ),
    (
        "CPLUS_INCLUDE_PATH",
        "search-folders-set",
        "C++ compilers look for headers elsewhere",
    ),
    (
        "LIBRARY_PATH",
        "search-folders-set",
        "C compilers look for libraries elsewhere",
    ),
    (
        "COMPILER_PATH",
        "search-folders-set",
        "C compilers look for their parts elsewhere",
    ),
    (
        "GCC_EXEC_PREFIX",
        "search-folders-set",
        "C compilers look for their parts elsewhere",
    ),
    (
        "LD_LIBRARY_PATH",
        "search-folders-set",
        "programs load libraries from elsewhere",
    ),
    (
        "GO_LDSO",
        "search-folders-set",
        "programs ask for another dynamic linker",
    ),
    (
        "LD_PRELOAD",
        "preload-set",
        "code of others runs in go and in compilers",
    ),
    (
        "GOCACHEPROG",
        "cacheprog-set",
        "what this program hands out is believed without a check",
    ),
    (
        "GODEBUG",
        "godebug-set",
        "the go command changes what it does, too",
    ),
    (
        "GOINSECURE",
        "insecure-set",
        "whoever is on the way can change modules of these patterns, where no database proves them",
    ),
];

/// Says which of them are set.
pub(super) fn variables(facts: &Facts) -> Judged {
    let mut judged = Judged::new("variables that change builds", "variables and settings");
    let settings = &facts.settings;
    for (name, rule, what) in TRAPS {
        let Some(setting) = settings.by_person(name) else {
            continue;
        };
        // `off` is how nothing is said to be wanted.
        if matches!(setting.value.as_str(), "off" | "v1") {
            continue;
        }
        let more = match setting.value.contains("netdns=go") {
            true => {
                "; Go's own way to look names up, which netdns=go asks for, reads /etc/resolv.conf like the other"
            }
            false => "",
        };
        let found = Found::new(rule, format!("{name} is set: {what}{more}"))
            .seen(place(setting), format!("{name}={}", setting.value))
            .fix("set it for the builds that need it, in the script that builds");
        judged.add(unset(found, name, setting));
    }
    for (name, setting) in &settings.set {
        if !names_compiler_of_target(name) {
            continue;
        }
        let found = Found::new(
            "for-target-set",
            format!("{name} is set, and go build does not read it: CC and CXX are its compilers for every target"),
        )
        .seen(place(setting), format!("{name}={}", setting.value))
        .fix("name the compiler in CC, and CXX, beside GOOS and GOARCH where that target is built");
        judged.add(unset(found, name, setting));
    }
    if let Some(setting) = settings.by_person("GO111MODULE")
        && setting.value != "on"
    {
        let found = Found::new(
            "modules-off",
            "GO111MODULE is not on: builds may take packages from GOPATH, of no version",
        )
        .seen(place(setting), format!("GO111MODULE={}", setting.value))
        .fix("unset it");
        judged.add(unset(found, "GO111MODULE", setting));
    }
    let host = [
        ("GOOS", machine::target()[0]),
        ("GOARCH", facts.system.goarch.as_str()),
    ];
    for (name, own) in host {
        let Some(setting) = settings
            .by_person(name)
            .filter(|setting| setting.value != own)
        else {
            continue;
        };
        let found = Found::new(
            "target-set",
            format!(
                "{name} is set: every build here is for another system, go run and go test too"
            ),
        )
        .seen(place(setting), format!("{name}={}", setting.value))
        .fix("set it for the builds that need it, in the script that builds");
        judged.add(unset(found, name, setting));
    }
    if judged.found.is_empty() {
        judged = judged.stands("none is set");
    }
    judged
}
