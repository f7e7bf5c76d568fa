//! Runs every fuzz target over its corpus, and over mutations of it that are
//! the same in every run.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::PathBuf;

use testkit::environment::checkout;
use testkit::fuzz::{TARGETS, changes};

/// Mutations of each corpus.
const ROUNDS: usize = 10_000;

/// Those of targets that look at whole programs.
const SLOW_ROUNDS: [(&str, usize); 1] = [("claims", 100)];

/// Broken promises of a target after which it is left alone.
const BROKEN_MAX: usize = 20;

/// No input grows beyond this, in bytes: what a parser does slowly it would do
/// slowly in every round.
const LEN_MAX: usize = 1 << 14;

#[test]
fn every_target_is_built_and_has_a_corpus() {
    let fuzz = checkout().join("tests/fuzz");
    let names = |folder: &str, ending: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(fuzz.join(folder)).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let name = |entry| name(entry).trim_end_matches(ending).to_owned();
        entries.map(|entry| name(entry.unwrap())).collect()
    };
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("corpus", ""), targets);
    assert_eq!(names("fuzz_targets", ".rs"), targets);
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for target in &targets {
        let line = format!("path = \"fuzz_targets/{target}.rs\"");
        assert!(manifest.contains(&line), "{target} is not in Cargo.toml");
    }
}

#[test]
fn corpora_hold_the_promises() {
    let mut broken = Vec::new();
    for &(name, target) in TARGETS {
        for (file, data) in corpus(name) {
            if catch_unwind(|| target(&data)).is_err() {
                broken.push(format!("{name}: {}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_claim_of_the_corpus_is_about_a_change() {
    for (file, data) in corpus("claims") {
        assert!(changes(&data), "{}", file.display());
    }
}

#[test]
fn mutations_hold_the_promises() {
    let mut broken = Vec::new();
    for &(name, target) in TARGETS {
        let seeds: Vec<Vec<u8>> = corpus(name).into_iter().map(|(_, data)| data).collect();
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let before = broken.len();
        let slow = SLOW_ROUNDS.iter().find(|(slow, _)| *slow == name);
        for round in 0..slow.map_or(ROUNDS, |(_, rounds)| *rounds) {
            let data = mutant(&seeds, &mut random);
            if catch_unwind(|| target(&data)).is_err() {
                broken.push(format!("{name}, round {round}: {}", hex::encode(&data)));
            }
            if broken.len() - before >= BROKEN_MAX {
                break;
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The files of a corpus in the order of their names.
fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = checkout().join("tests/fuzz/corpus").join(name);
    let entries = fs::read_dir(&folder).expect("a corpus for each target");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a corpus").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    let read = |path: PathBuf| {
        let data = fs::read(&path).expect("a file of the corpus");
        (path, data)
    };
    files.into_iter().map(read).collect()
}

/// Pieces that the formats give a meaning to.
const TOKENS: &[&[u8]] = &[
    b"\0",
    b"\n",
    b"\n\n",
    b" ",
    b"/",
    b"//",
    b"..",
    b"%2f",
    b"%00",
    b"%",
    b"!",
    b"!!",
    b"@",
    b"@v/",
    b"v2",
    b"/v2",
    b"+incompatible",
    b"-0.",
    b".zip",
    b"h1:",
    b"=",
    b"\xff",
    b"\xe2\x80\x94 ",
    b"|",
    b",",
    b"off",
    b"go.mod",
    b"LICENSE",
    b"PK\x05\x06",
    b"PK\x06\x07",
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x07\x08",
    b"\xff\xff\xff\xff",
    b"x000/",
    b".p/",
    b"99999999999999999999",
    b"[^",
    b"*",
    b"\\",
    b"{\"",
    b"\"Version\":",
    b"<",
];

/// One to four changes to one seed.
fn mutant(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut data = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(data.len() + 1);
        let end = at + random.below((data.len() - at).min(64) + 1);
        match random.below(7) {
            0 if at < data.len() => data[at] ^= 1 << random.below(8),
            1 if at < data.len() => data[at] = random.next() as u8,
            2 => drop(data.drain(at..end)),
            3 => data.truncate(at),
            4 => {
                let copy = data[at..end].to_vec();
                data.splice(end..end, copy);
            }
            5 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len() + 1);
                data.truncate(at);
                data.extend_from_slice(&other[from..]);
            }
            _ => {
                let token = TOKENS[random.below(TOKENS.len())];
                data.splice(at..at, token.iter().copied());
            }
        }
        data.truncate(LEN_MAX);
    }
    data
}

/// A sequence without meaning, the same in every run (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}
