//! What `verify-build toolchain` prints of small distributions, whole: as a person reads
//! it, with every detail, and as programs read it. `SUMWARD_WRITE_GOLDEN=1` writes the kept
//! texts anew, to be read line by line before they are kept.

#[path = "golden/cases.rs"]
mod cases;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use testkit::environment;

use crate::distribution::Small;
use crate::verify_build;
use cases::{CASES, Case};

#[test]
fn every_text_is_as_it_is_kept() {
    let files: BTreeSet<PathBuf> = CASES.iter().map(file).collect();
    assert_eq!(files.len(), CASES.len(), "two cases have one file");
    let kept = fs::read_dir(folder()).unwrap();
    let kept = kept.map(|entry| entry.unwrap().path());
    let unread: Vec<PathBuf> = kept.filter(|path| !files.contains(path)).collect();
    assert!(unread.is_empty(), "no case is called so: {unread:?}");
    for case in CASES {
        let said = said(case);
        let file = file(case);
        if environment::writes_golden() {
            fs::write(&file, said).unwrap();
            continue;
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(said, kept, "{}", file.display());
    }
}

/// Everything that is said of a distribution, for one folder on every machine.
fn said(case: &Case) -> String {
    let small = Small::new();
    (case.prepare)(&small);
    let place = small.path("").canonicalize().unwrap();
    let place = place.to_str().unwrap().trim_end_matches('/').to_owned();
    let given = case.arguments.iter();
    let given: Vec<String> = given
        .map(|word| word.replace("KEY", &small.key).replace("HERE", &place))
        .collect();
    let mut text = String::new();
    for form in [
        "--format=text",
        "--verbose",
        "--format=json",
        "--format=junit",
    ] {
        let output = verify_build()
            .arg("toolchain")
            .arg(form)
            .args(&given)
            .output()
            .unwrap();
        let _ = writeln!(text, "== {form}, exit {}", output.status.code().unwrap());
        text.push_str(&String::from_utf8(output.stdout).unwrap());
        text.push_str(&String::from_utf8(output.stderr).unwrap());
    }
    let version = format!("name=\"version\" value=\"{}\"", env!("CARGO_PKG_VERSION"));
    let version_json = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    text.replace(&place, "HERE")
        .replace(&version, "name=\"version\" value=\"VERSION\"")
        .replace(&version_json, "\"version\": \"VERSION\"")
}

fn file(case: &Case) -> PathBuf {
    folder().join(format!("{}.txt", case.name))
}

fn folder() -> PathBuf {
    environment::checkout().join("tests/tests/toolchain/golden/kept")
}
