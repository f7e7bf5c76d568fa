//! The whole text that a person reads, for each pair that can have one. A change of a sentence
//! shows here as a change of a file, to be read line by line before it is kept:
//! `SUMWARD_WRITE_GOLDEN=1 bash tests/matrix.sh` writes them anew.
//!
//! These are the pairs whose bytes are the same on every machine ([`Build::is_portable`]).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use testkit::environment;

use crate::build::Build;
use crate::pairs::Pair;
use crate::yard::Yard;

/// Returns what is not as it is kept: the name of the file, and both texts.
pub(crate) fn differing(pairs: &[Pair], yard: &Yard) -> Vec<String> {
    let is_kept = |pair: &&Pair| {
        pair.cause.is_some() && [&pair.a, &pair.b].into_iter().all(Build::is_portable)
    };
    let pairs: Vec<&Pair> = pairs.iter().filter(is_kept).collect();
    let mut wrong = unread(&pairs);
    for pair in pairs {
        let said = text(pair, yard);
        let file = file(&pair.name);
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
fn unread(pairs: &[&Pair]) -> Vec<String> {
    let files: BTreeSet<PathBuf> = pairs.iter().map(|pair| file(&pair.name)).collect();
    assert_eq!(files.len(), pairs.len(), "two pairs have one file");
    let kept = std::fs::read_dir(folder()).unwrap();
    let kept = kept.map(|entry| entry.unwrap().path());
    kept.filter(|path| !files.contains(path))
        .map(|path| format!("{}\nno pair with a kept text is called so", path.display()))
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
