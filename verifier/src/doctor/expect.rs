//! What a site requires of its builders: a file, held against a host.

mod begun;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use proto::finding::Status;
use serde::Deserialize;

use super::facts::{Content, Facts};

pub use begun::{of_host, write_new};

/// The version of the file that is understood.
const VERSION: u32 = 1;

/// What is required; what is left out is not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Expectations {
    /// The file's version.
    pub version: u32,
    /// Versions of Go, one of which the first go command of the PATH has.
    pub go: Vec<String>,
    /// Whether its content must be that of the release; needs `--online`.
    pub official: bool,
    /// Flags that GOFLAGS must have.
    pub goflags: Vec<String>,
    /// Whether GONOSUMDB must be unset, and GOPRIVATE cover no public module.
    pub no_gonosumdb: bool,
    /// Settings and the values that they must have, empty for unset.
    pub settings: BTreeMap<String, String>,
    /// The line that the C compiler says of its version.
    pub cc: Option<String>,
    /// The same of the C++ compiler.
    pub cxx: Option<String>,
    /// glibc's version.
    pub glibc: Option<String>,
    /// Whether the build cache must be this user's own, and closed to others.
    pub cache_private: bool,
    /// Names of distributions, `ID` and `VERSION_ID` of os-release: `rocky 9.4`.
    pub distribution: Vec<String>,
    /// SELinux's mode.
    pub selinux: Option<String>,
    /// Kernel settings that `--sysctls`, or the default, looks at, and their values.
    pub sysctls: BTreeMap<String, String>,
}

/// One requirement, held against the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// What is required.
    pub name: String,
    /// Whether it is met.
    pub status: Status,
    /// What was found.
    pub reason: String,
}

/// Parses a file of expectations.
///
/// # Errors
/// When it is none, and what is wrong with it.
pub fn parse(text: &str, path: &Path) -> anyhow::Result<Expectations> {
    let found: Expectations =
        serde_norway::from_str(text).with_context(|| format!("reading {}", path.display()))?;
    if found.version != VERSION {
        bail!(
            "{}: version: {VERSION} is asked for, and it says {}",
            path.display(),
            found.version
        );
    }
    Ok(found)
}

impl Expectations {
    /// Holds a host against what is required.
    pub fn check(&self, facts: &Facts) -> Vec<Expected> {
        let mut all = Vec::new();
        self.go_side(facts, &mut all);
        self.settings_side(facts, &mut all);
        self.c_side(facts, &mut all);
        self.system_side(facts, &mut all);
        all
    }

    fn go_side(&self, facts: &Facts, all: &mut Vec<Expected>) {
        let go = facts.first_go();
        if !self.go.is_empty() {
            let version = go.map_or("", |go| go.version());
            all.push(expected(
                format!("go: {}", self.go.join(" or ")),
                self.go.iter().any(|want| want == version),
                version,
            ));
        }
        if self.official {
            let (status, reason) = match go.map(|go| &go.content) {
                None => (Status::Failed, "no go command".to_owned()),
                Some(Content::NotAsked) => (
                    Status::Undecided,
                    "it was not compared: --online does".to_owned(),
                ),
                Some(Content::Official) => {
                    (Status::Passed, "the release, to the last byte".to_owned())
                }
                Some(Content::Repackaged) => (
                    Status::Passed,
                    "the release in all that can change a program".to_owned(),
                ),
                Some(Content::Modified(why)) => (Status::Failed, why.clone()),
                Some(Content::Unknown(why)) => (Status::Undecided, why.clone()),
            };
            all.push(Expected {
                name: "official: true".into(),
                status,
                reason,
            });
        }
    }

    fn settings_side(&self, facts: &Facts, all: &mut Vec<Expected>) {
        let settings = &facts.settings;
        for flag in &self.goflags {
            let has = settings.flags.contains(flag);
            all.push(expected(
                format!("goflags: {flag}"),
                has,
                &settings.flags.join(" "),
            ));
        }
        if self.no_gonosumdb {
            let hole = settings.hole();
            all.push(expected(
                "no-gonosumdb: true".into(),
                hole.is_none(),
                hole.unwrap_or("no well-known place of public modules is left unproved by a list"),
            ));
        }
        for (name, want) in &self.settings {
            let found = settings.set.get(name);
            let got = found.map_or("", |setting| setting.value.as_str());
            if found.is_some_and(|setting| !setting.whole) && !want.is_empty() {
                all.push(Expected {
                    name: format!("settings: {name}={want}"),
                    status: Status::Undecided,
                    reason: "it is set to what no report shows".into(),
                });
                continue;
            }
            all.push(expected(
                format!("settings: {name}={want}"),
                got == want,
                got,
            ));
        }
    }

    fn c_side(&self, facts: &Facts, all: &mut Vec<Expected>) {
        let tools = [
            ("cc", &self.cc, &facts.c.cc),
            ("cxx", &self.cxx, &facts.c.cxx),
        ];
        for (name, want, tool) in tools {
            if let Some(want) = want {
                all.push(expected(
                    format!("{name}: {want}"),
                    tool.version == *want,
                    &tool.version,
                ));
            }
        }
        if let Some(want) = &self.glibc {
            let system = &facts.system;
            let has = system.libc == "glibc" && system.libc_version == *want;
            all.push(expected(
                format!("glibc: {want}"),
                has,
                format!("{} {}", system.libc, system.libc_version).trim(),
            ));
        }
        if self.cache_private {
            let (holds, reason) = match &facts.cache.folder {
                None => (false, "there is none"),
                Some(folder) if !folder.problem.is_empty() => (false, folder.problem.as_str()),
                Some(folder) if !folder.exists => (true, "it is not there yet"),
                Some(folder) if !folder.own => (false, "it belongs to another user"),
                Some(folder) if folder.open => (false, "others can write to it"),
                Some(_) => (true, "it is this user's own, and closed to others"),
            };
            all.push(expected("cache-private: true".into(), holds, reason));
        }
    }

    fn system_side(&self, facts: &Facts, all: &mut Vec<Expected>) {
        let system = &facts.system;
        if !self.distribution.is_empty() {
            let got = format!("{} {}", system.id, system.version);
            let has = self.distribution.contains(&got);
            all.push(expected(
                format!("distribution: {}", self.distribution.join(" or ")),
                has,
                got.trim(),
            ));
        }
        if let Some(want) = &self.selinux {
            all.push(expected(
                format!("selinux: {want}"),
                facts.guards.selinux == *want,
                &facts.guards.selinux,
            ));
        }
        for (name, want) in &self.sysctls {
            let found = facts.sysctls.iter().find(|one| one.name == *name);
            let (status, reason) = match found.map(|one| &one.value) {
                None => (
                    Status::Undecided,
                    "it was not looked at: name it in --sysctls".to_owned(),
                ),
                Some(None) => (Status::Undecided, "it can't be read".to_owned()),
                Some(Some(value)) if value == want => (Status::Passed, value.clone()),
                Some(Some(value)) => (Status::Failed, value.clone()),
            };
            all.push(Expected {
                name: format!("sysctls: {name}={want}"),
                status,
                reason,
            });
        }
    }
}

fn expected(name: String, holds: bool, reason: &str) -> Expected {
    Expected {
        name,
        status: if holds {
            Status::Passed
        } else {
            Status::Failed
        },
        reason: if reason.is_empty() {
            "nothing".into()
        } else {
            reason.to_owned()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::facts::{Folder, Installation};

    fn host() -> Facts {
        let mut facts = Facts::default();
        facts.gos.push(Installation {
            said: "go1.27.3".into(),
            on_path: Some(1),
            ..Installation::default()
        });
        facts.system.id = "rocky".into();
        facts.system.version = "9.4".into();
        (facts.system.libc, facts.system.libc_version) = ("glibc".into(), "2.34".into());
        facts.c.cc.version = "gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3)".into();
        facts.cache.folder = Some(Folder {
            exists: true,
            own: true,
            ..Folder::default()
        });
        facts
    }

    #[test]
    fn what_a_host_has_it_meets() {
        let facts = host();
        let text = of_host(&facts);
        let found = parse(&text, Path::new("x")).unwrap();
        let checks = found.check(&facts);
        assert!(checks.len() >= 5, "{text}");
        for one in checks {
            assert_eq!(one.status, Status::Passed, "{one:?}");
        }
    }

    #[test]
    fn what_is_not_met_or_not_told_is_said() {
        let text = "version: 1\ngo: [go1.27.4]\nofficial: true\ngoflags: [-trimpath]\ncc: gcc 12\ncache-private: true\nselinux: enforcing\nsettings: {GOPROXY: off}\nsysctls: {vm.swappiness: '10'}\n";
        let checks = parse(text, Path::new("x")).unwrap().check(&host());
        let of = |name: &str| {
            checks
                .iter()
                .find(|one| one.name.starts_with(name))
                .unwrap()
                .status
        };
        for name in ["go:", "goflags:", "cc:", "selinux:", "settings:"] {
            assert_eq!(of(name), Status::Failed, "{name}");
        }
        assert_eq!(of("cache-private"), Status::Passed);
        for name in ["official", "sysctls"] {
            assert_eq!(of(name), Status::Undecided, "{name}");
        }
    }

    #[test]
    fn a_list_that_can_not_be_understood_is_set_all_the_same() {
        use crate::doctor::settings::{Raw, Settings};
        for (name, value) in [("GONOSUMDB", "["), ("GOPRIVATE", "golang.org/toolchain")] {
            let mut facts = host();
            facts.settings = Settings::of(&Raw {
                environment: [(name.to_owned(), value.to_owned())].into(),
                ..Raw::default()
            });
            let wanted = parse("version: 1\nno-gonosumdb: true\n", Path::new("x")).unwrap();
            assert_eq!(wanted.check(&facts)[0].status, Status::Failed, "{name}");
            assert!(of_host(&facts).contains("# no-gonosumdb: true"), "{name}");
        }
    }

    #[test]
    fn a_file_with_a_name_that_means_nothing_is_refused() {
        for text in [
            "version: 1\ngoversion: x\n",
            "version: 2\n",
            "go: []\n",
            "version: [\n",
            "",
        ] {
            assert!(parse(text, Path::new("x")).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("expect.yaml");
        write_new(&path, "one").unwrap();
        assert!(write_new(&path, "two").is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
    }
}
