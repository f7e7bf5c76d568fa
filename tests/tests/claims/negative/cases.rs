//! Pairs of programs that are not the same program, and the command that judges them.

use std::path::Path;

use super::patches::{append, move_entry, patched, replace, reseal};
use super::programs::{C, GO, HEADER, TARGETS, Target, Yard};
use super::sentences::Sentence;

/// A changed input, and what may be proven of it.
pub(super) struct Case {
    /// What was changed.
    pub(super) row: &'static str,
    /// Format, and whether it was stripped.
    pub(super) file: String,
    /// What `verify-build` is called with.
    pub(super) arguments: Vec<String>,
    /// The causes that may be called proven.
    pub(super) proven: &'static [&'static str],
    /// Whether a function of Go has other code.
    pub(super) changes_go_code: bool,
}

const OPERANDS: &str = "swapped operands";

/// Changes of a source, what is changed and into what.
const SOURCES: [(&str, &str, &str); 3] = [
    (
        "two good builds of different sources",
        "to alice",
        "to mallory",
    ),
    (OPERANDS, "return a + b", "return b + c"),
    ("two constants exchanged", "8080, 9090", "9090, 8080"),
];

/// Changes of the C side.
const C_SOURCES: [(&str, &str, &str); 3] = [
    ("C constant", "{1, 2, 3, 4,", "{1, 2, 3, 9,"),
    ("code in an odd section", "$11, %eax", "$12, %eax"),
    ("mask-shaped code", "$22, %eax", "$23, %eax"),
];

const EDITED: &[&str] = &["modified-after-build"];
const SOURCE: &[&str] = &["source-content"];
const C_SOURCE: &[&str] = &["source-content", "c-source"];
const C_HEADER: &[&str] = &["c-source", "c-header", "cache-stale-cgo"];

/// Every pair of programs.
pub(super) fn all(yard: &Yard) -> Vec<Case> {
    let mut cases = Vec::new();
    for stripped in [false, true] {
        for target in TARGETS {
            let build = |name: &str, main: &str| yard.build(name, main, target, stripped);
            let base = build("base", GO);
            let file = described(target.name(), stripped);
            edits(&base, target, &file, &mut cases);
            for (row, from, to) in SOURCES {
                let other = build(&slug(row), &changed(GO, from, to));
                cases.push(Case::of(row, &file, [&base, &other], SOURCE));
            }
        }
        let base = yard.build_c("base", [C, HEADER], stripped);
        let file = described("ELF with C", stripped);
        for (row, from, to) in C_SOURCES {
            let other = yard.build_c(&slug(row), [&changed(C, from, to), HEADER], stripped);
            cases.push(Case::of(row, &file, [&base, &other], C_SOURCE));
        }
        let header = changed(HEADER, "100", "999");
        let other = yard.build_c("header", [C, &header], stripped);
        cases.push(Case::of("C header", &file, [&base, &other], C_HEADER));
    }
    cases
}

/// A program beside itself, and beside a build of other source that gives another build ID
/// and the same code, each with the sentence that is right of it.
pub(super) fn unchanged(yard: &Yard) -> [(Case, Sentence); 2] {
    let base = yard.build("base", GO, Target::Elf, false);
    let commented = format!("{GO}\n// A comment.\n");
    let commented = yard.build("commented", &commented, Target::Elf, false);
    let case = |row, other: &Path| Case::of(row, "ELF, plain", [&base, other], EDITED);
    [
        (case("the same program", &base), Sentence::Identical),
        (case("another build ID", &commented), Sentence::Masked),
    ]
}

/// Files that were changed after they were built; a seal that fits again proves nothing.
fn edits(base: &Path, target: Target, file: &str, cases: &mut Vec<Case>) {
    let mut add = |row, [a, b]: [&Path; 2], proven| cases.push(Case::of(row, file, [a, b], proven));
    let payload = patched(base, "payload", |bytes| append(bytes, b"payload "));
    let other = patched(base, "other", |bytes| append(bytes, b"another "));
    add("payload appended", [base, &payload], EDITED);
    add("two payloads appended", [&payload, &other], EDITED);
    if target != Target::Wasm {
        let entry = patched(base, "entry", |bytes| move_entry(bytes));
        add("entry point", [base, &entry], EDITED);
        let sealed = patched(&entry, "sealed", reseal);
        add("entry point, content ID made anew", [base, &sealed], EDITED);
    }
    let edit = |bytes: &mut Vec<u8>| {
        replace(bytes, "payments go to alice", "payments go to malor");
        reseal(bytes);
    };
    let literal = patched(base, "literal", edit);
    add(
        "literal edited, content ID made anew",
        [base, &literal],
        EDITED,
    );
}

fn described(format: &str, stripped: bool) -> String {
    format!("{format}, {}", if stripped { "stripped" } else { "plain" })
}

fn slug(row: &str) -> String {
    row.replace(' ', "-")
}

fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from));
    text.replace(from, to)
}

impl Case {
    fn of(
        row: &'static str,
        file: &str,
        pair: [&Path; 2],
        proven: &'static [&'static str],
    ) -> Self {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let mut arguments = vec!["--accept".to_owned(), "masked".to_owned()];
        arguments.extend(pair.map(path));
        Self {
            row,
            file: file.to_owned(),
            arguments,
            proven,
            changes_go_code: row == OPERANDS,
        }
    }

    /// A case for another command.
    pub(super) fn command(row: &'static str, file: &str, words: &[&str], place: &Path) -> Self {
        let mut arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        arguments.push(place.to_str().unwrap().to_owned());
        Self {
            row,
            file: file.to_owned(),
            arguments,
            proven: &[],
            changes_go_code: false,
        }
    }
}
