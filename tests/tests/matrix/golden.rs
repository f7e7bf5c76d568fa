//! The whole text that a person reads, for some of the pairs. A change of a sentence
//! shows here as a change of a file, to be read line by line before it is kept:
//! `SUMWARD_WRITE_GOLDEN=1 bash tests/matrix.sh` writes them anew.
//!
//! Only builds whose bytes are the same on every machine are among them: -trimpath,
//! without cgo, by the Go versions that `tests/run.sh` names in full.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use testkit::environment;

use crate::pairs::Pair;
use crate::yard::Yard;

/// Names of pairs.
const NAMES: &[&str] = &[
    "two commits, go1.21.x",
    "two commits, go1.27.x",
    "uncommitted file",
    "no version control",
    "a tag not fetched",
    "a newer dependency",
    "a newer dependency, go1.21",
    "a newer dependency, windows, stripped",
    "the same version, other content",
    "a replaced dependency",
    "a replaced dependency changed",
    "a replaced dependency changed, stripped",
    "vendored",
    "another file embedded, stripped",
    "a comment in package main",
    "assembly changed",
    "functions in another order",
    "main changed, stripped",
    "a text changed",
    "a text changed, windows, stripped",
    "a table in another order, go1.21.x",
    "main changed, linux/arm64",
    "main changed, wasip1/wasm",
    "main changed, darwin/arm64",
    "main changed, windows/amd64",
    "GOAMD64",
    "-gcflags",
    "-tags without effect",
    "-X, stripped",
    "-X of another length",
    "go1.21 and go1.27",
    "amd64 and arm64",
    "another Go of the same version",
    "-B",
    "-s -w, go1.27.x linux/amd64",
    "the GNU build ID changed",
    "bytes at the end",
    "two bytes changed, linux/amd64",
    "a poisoned build cache",
];

/// Returns what is not as it is kept: the name of the file, and both texts.
pub(crate) fn differing(pairs: &[Pair], yard: &Yard) -> Vec<String> {
    let mut wrong = unread();
    for name in NAMES {
        let pair = pairs.iter().find(|pair| pair.name == *name);
        let pair = pair.unwrap_or_else(|| panic!("no pair is called {name:?}"));
        let said = text(pair, yard);
        let file = file(name);
        if environment::writes_golden() {
            std::fs::write(&file, said).unwrap();
            continue;
        }
        // Of one that is not there yet, every line is new.
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        if kept != said {
            let file = file.display();
            wrong.push(format!("{file}\n{}", lines(&kept, &said)));
        }
    }
    wrong
}

/// Kept texts of pairs that are not among them any more.
fn unread() -> Vec<String> {
    let files: BTreeSet<PathBuf> = NAMES.iter().map(|name| file(name)).collect();
    assert_eq!(files.len(), NAMES.len(), "two pairs have one file");
    let kept = std::fs::read_dir(folder()).unwrap();
    let kept = kept.map(|entry| entry.unwrap().path());
    kept.filter(|path| !files.contains(path))
        .map(|path| format!("{}\nno pair is called so", path.display()))
        .collect()
}

/// What `verify-build a b` prints of a pair, where the files are called so.
fn text(pair: &Pair, yard: &Yard) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, build) in [("a", &pair.a), ("b", &pair.b)] {
        std::fs::copy(yard.program(build), folder.path().join(name)).unwrap();
    }
    let output = environment::command("verify-build")
        .args(["a", "b"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    let _ = writeln!(text, "exit {}", output.status.code().unwrap());
    text
}

fn file(name: &str) -> PathBuf {
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.chars().map(word).collect();
    let name = name.trim_matches('-').replace("--", "-");
    folder().join(format!("{name}.txt"))
}

fn folder() -> PathBuf {
    environment::checkout().join("tests/tests/matrix/golden")
}

/// The lines that only one text has.
fn lines(kept: &str, said: &str) -> String {
    let only = |mark: char, ours: &str, theirs: &str| {
        let ours = ours
            .lines()
            .filter(|line| !theirs.lines().any(|l| l == *line));
        ours.map(|line| format!("{mark} {line}\n"))
            .collect::<String>()
    };
    only('-', kept, said) + &only('+', said, kept)
}
