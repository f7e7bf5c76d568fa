//! Causes of pairs: what must not be said of a change, and what must be said.

#[path = "causes/c_side.rs"]
mod c_side;
#[path = "causes/data.rs"]
mod data;
#[path = "causes/moved.rs"]
mod moved;
#[path = "causes/stripped.rs"]
mod stripped;

use std::path::{Path, PathBuf};

use crate::workshop::{Answer, Workshop};

const STRIPPED: &[&str] = &["-ldflags=-s -w"];

/// Sentences that need more evidence than these pairs have.
const TOO_STRONG: [&str; 5] = [
    "only moved",
    "the code of none differs",
    "only the names of the builds differ",
    "a comment or white space",
    "the same source",
];

/// Expects that a report says none of these sentences, and names none of these
/// causes.
#[track_caller]
fn never(answer: &Answer, causes: &[&str]) {
    let text = answer.report.to_string();
    for sentence in TOO_STRONG {
        assert!(!text.contains(sentence), "{sentence}: {:#}", answer.report);
    }
    for cause in causes {
        let all = answer.causes();
        assert!(
            !all.contains(cause),
            "{cause}: {:#}",
            answer.report["causes"]
        );
    }
}

/// What a report says of one cause.
#[track_caller]
fn said(answer: &Answer, cause: &str) -> String {
    let causes = answer.report["causes"].as_array().unwrap();
    let found = causes.iter().find(|one| one["cause"] == cause);
    found
        .unwrap_or_else(|| panic!("no {cause}: {causes:#?}"))
        .to_string()
}

/// A copy of a file with some bytes changed.
fn changed(shop: &mut Workshop, file: &Path, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = std::fs::read(file).unwrap();
    change(&mut bytes);
    let copy = shop.output();
    std::fs::write(&copy, bytes).unwrap();
    copy
}
