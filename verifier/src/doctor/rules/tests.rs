//! One host that is fit, and each fault planted in it: the fault is found, and nothing else.

mod planted;
mod unit_files;

use std::collections::BTreeMap;

use jiff::civil::date;

use super::*;
use crate::doctor::facts::{CSide, Cache, Folder, Git, Guards, Installation, Sysctl, System, Tool};
use crate::doctor::settings::{Raw, Settings};
use planted::{PLANTED, Plant, cache, set};

/// What the fit host is told.
const TOLD: [(&str, &str); 2] = [("GOFLAGS", "-trimpath"), ("GOTOOLCHAIN", "local")];

fn told(more: &[(&str, &str)]) -> Settings {
    let mut environment: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in TOLD.iter().chain(more) {
        environment.insert((*name).to_owned(), (*value).to_owned());
    }
    Settings::of(&Raw {
        environment,
        ..Raw::default()
    })
}

fn folder(path: &str) -> Folder {
    Folder {
        path: path.into(),
        exists: true,
        own: true,
        writable: true,
        free: 50 << 30,
        free_files: Some(1_000_000),
        ..Folder::default()
    }
}

fn tool(name: &str, version: &str) -> Tool {
    Tool {
        name: name.into(),
        path: format!("/usr/bin/{name}"),
        version: version.into(),
        target: "x86_64-linux-gnu".into(),
        headers: Some(true),
        ..Tool::default()
    }
}

fn go(version: &str, root: &str, place: Option<usize>) -> Installation {
    Installation {
        root: root.into(),
        program: format!("{root}/bin/go"),
        on_path: place,
        version_file: version.into(),
        said: version.into(),
        ..Installation::default()
    }
}

/// A host with nothing wrong.
fn fit() -> Facts {
    Facts {
        system: System {
            id: "rocky".into(),
            version: "9.4".into(),
            name: "Rocky Linux 9.4 (Blue Onyx)".into(),
            kernel: "Linux 5.14.0-427.el9.x86_64".into(),
            goarch: "amd64".into(),
            libc: "glibc".into(),
            libc_version: "2.34".into(),
            temp: Some(folder("/tmp")),
            ..System::default()
        },
        sysctls: vec![Sysctl {
            name: "vm.swappiness".into(),
            want: "10".into(),
            value: Some("10".into()),
            problem: String::new(),
        }],
        guards: Guards {
            selinux: "enforcing".into(),
            selinux_configured: "enforcing".into(),
            ..Guards::default()
        },
        gos: vec![go("go1.27.3", "/usr/local/go", Some(1))],
        settings: told(&[]),
        cache: Cache {
            folder: Some(folder("/home/me/.cache/go-build")),
            ..Cache::default()
        },
        module_cache: Some(folder("/home/me/go/pkg/mod")),
        c: CSide {
            cgo_enabled: "1".into(),
            cc: tool("gcc", "gcc (GCC) 11.4.1"),
            cxx: tool("g++", "g++ (GCC) 11.4.1"),
            pkg_config: tool("pkg-config", "1.7.3"),
            ..CSide::default()
        },
        git: Git {
            tool: tool("git", "git version 2.43.5"),
            ..Git::default()
        },
        ..Facts::default()
    }
}

fn found(facts: &Facts) -> Vec<String> {
    let all = all(facts, date(2026, 11, 26));
    let found = all.into_iter().flat_map(|judged| judged.found);
    found.map(|found| found.finding.rule).collect()
}

#[test]
fn a_fit_host_has_nothing_found() {
    assert_eq!(found(&fit()), Vec::<String>::new());
}

#[test]
fn each_planted_fault_is_found_and_nothing_else() {
    assert!(PLANTED.len() >= 40);
    for (rule, plant) in PLANTED {
        let mut facts = fit();
        plant(&mut facts);
        assert_eq!(found(&facts), [*rule], "{rule}");
    }
}

#[test]
fn every_name_of_a_finding_is_provoked_and_has_a_fix() {
    // A build for another architecture, which the compiler of the host does not do either.
    let mut native = fit();
    set(&mut native, &[("GOARCH", "arm64")]);
    let rules = found(&native);
    assert!(rules.contains(&"pkg-config-native".to_owned()), "{rules:?}");
    assert!(rules.contains(&"cc-foreign".to_owned()), "{rules:?}");
    for (rule, _, meaning) in RULES {
        let planted = PLANTED.iter().any(|(known, _)| known == rule);
        assert!(
            planted || *rule == "pkg-config-native" || rule.starts_with("unit-"),
            "{rule}"
        );
        assert!(meaning.len() > 10, "{rule}");
    }
    for (rule, plant) in PLANTED {
        let mut facts = fit();
        plant(&mut facts);
        for judged in all(&facts, date(2026, 11, 26)) {
            for found in judged.found {
                assert!(
                    !found.finding.fix.is_empty() && !found.finding.evidence.is_empty(),
                    "{rule}"
                );
                assert!(meaning(&found.finding.rule).is_some(), "{rule}");
            }
        }
    }
}

#[test]
fn what_was_not_asked_is_said_and_fails_nothing() {
    let all = all(&fit(), date(2026, 11, 26));
    let not_asked: Vec<&str> = all
        .iter()
        .filter_map(|judged| judged.not_asked.as_deref())
        .collect();
    assert_eq!(not_asked.len(), 1, "{not_asked:?}");
    assert!(
        not_asked[0].contains("was not compared: --online"),
        "{not_asked:?}"
    );
    assert!(all.iter().all(|judged| judged.untold.is_none()));
    let content = all
        .iter()
        .find(|judged| judged.name.contains("release that it says"))
        .unwrap();
    assert_eq!(
        content.stands, "",
        "nothing is said of what was not compared"
    );
}

#[test]
fn what_could_not_be_looked_at_is_not_ok() {
    let plants: [(&str, Plant); 5] = [
        ("Go gets security fixes", |f| f.gos.clear()),
        ("Go is the release that it says it is", |f| f.gos.clear()),
        ("build cache", |f| {
            (cache(f).exists, cache(f).problem) = (false, "permission denied".into())
        }),
        ("build cache", |f| {
            f.cache.audit = "not audited: it is damaged".into()
        }),
        ("module cache", |f| {
            f.module_cache.as_mut().unwrap().problem = "permission denied".into()
        }),
    ];
    for (name, plant) in plants {
        let mut facts = fit();
        plant(&mut facts);
        let all = all(&facts, date(2026, 11, 26));
        let judged = all.iter().find(|judged| judged.name == name).unwrap();
        assert!(judged.untold.is_some(), "{judged:?}");
    }
}

/// A Red Hat release as AppStream has it: its version has more words than a release's.
#[test]
fn a_go_of_appstream_is_told() {
    let mut facts = fit();
    let mut packaged = go("go1.21.13", "/usr/lib/golang", Some(1));
    packaged.said = "go1.21.13 (Red Hat 1.21.13-3.el9_4)".into();
    packaged.version_file = "go1.21.13".into();
    packaged.packager = "a Fedora or Red Hat package".into();
    facts.gos = vec![packaged];
    let rules = found(&facts);
    assert_eq!(rules, ["go-ended", "go-packaged"]);
}

#[test]
fn words_are_quoted_for_a_shell() {
    for (word, want) in [
        ("a/b-c", "a/b-c"),
        ("", "''"),
        ("a b", "'a b'"),
        ("it's", r"'it'\''s'"),
        ("$x", "'$x'"),
        ("a;b", "'a;b'"),
    ] {
        assert_eq!(quoted(word), want);
    }
}

#[test]
fn the_schema_knows_every_name_of_a_finding() {
    let text = crate::schemas::named("doctor-v1").unwrap();
    let schema: serde_json::Value = serde_json::from_str(text).unwrap();
    let place = "/properties/checks/items/properties/findings/items/properties/rule/enum";
    let known: Vec<&str> = schema
        .pointer(place)
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|name| name.as_str())
        .collect();
    let names: Vec<&str> = RULES.iter().map(|(name, _, _)| *name).collect();
    assert_eq!(known, names);
}
