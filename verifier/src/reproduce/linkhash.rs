//! Flags of the linker that a file does not record, proved by part A of its build ID.
//!
//! Part A is a hash over all inputs of the link. The log of a build with other flags has
//! them one by one; flags are put in their place until the hash is the file's.
//!
//! Source: cmd/go/internal/work/exec.go printLinkerConfig

use std::time::{Duration, Instant};

use proto::buildid::{Part, Program};
use proto::buildinfo::quote::quote;
use proto::hashlog::Block;
use sha2::{Digest as _, Sha256};

/// The most candidates tried.
const CANDIDATES_MAX: usize = 400_000;

/// The longest that is tried.
const TIME_MAX: Duration = Duration::from_secs(60);

/// The most flags whose every order is tried.
const PERMUTED_MAX: usize = 6;

/// How the line of the linker's flags begins.
const LINE: &str = "linkflags ";

/// How the line with the build ID of package main's archive begins.
const MAIN: &str = "packagemain ";

/// What a search gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The flags, when some fit.
    pub flags: Option<Vec<Vec<String>>>,
    /// How many were tried.
    pub tried: usize,
}

/// A link's inputs, taken apart at the linker's flags.
struct Preimage {
    before: Sha256,
    after: Vec<u8>,
}

/// Looks for the flags with which a link's inputs give part A of `wanted`.
///
/// `flags` are those that the file shows, in no order. Package main is taken from `wanted`: a stamp
/// changes its action, and not its content.
pub fn search(link: &Block, wanted: &Program, flags: &[Vec<String>]) -> Option<Found> {
    let preimage = Preimage::of(link, wanted)?;
    let started = Instant::now();
    let mut tried = 0;
    for candidate in Candidates::of(flags) {
        if tried >= CANDIDATES_MAX || started.elapsed() >= TIME_MAX {
            break;
        }
        tried += 1;
        if preimage.part(&candidate) == wanted.link_action {
            return Some(Found {
                flags: Some(candidate),
                tried,
            });
        }
    }
    Some(Found { flags: None, tried })
}

impl Preimage {
    /// Takes a link's inputs apart; `None` where the log has no line of the flags, or does
    /// not give its own hash.
    fn of(link: &Block, wanted: &Program) -> Option<Self> {
        // Bytes that are no text were replaced in the log.
        let own = Sha256::digest(link.lines.concat());
        let at = link.lines.iter().position(|line| line.starts_with(LINE))?;
        if own.as_slice() != link.hash {
            return None;
        }
        let main = format!("{MAIN}{}/{}\n", wanted.main_action, wanted.main_content);
        let mut after = Vec::new();
        for line in &link.lines[at + 1..] {
            let line = if line.starts_with(MAIN) { &main } else { line };
            after.extend_from_slice(line.as_bytes());
        }
        Some(Self {
            before: Sha256::new_with_prefix(link.lines[..at].concat()),
            after,
        })
    }

    fn part(&self, flags: &[Vec<String>]) -> Part {
        let words: Vec<String> = flags.iter().flatten().map(|word| quote(word)).collect();
        let hash = self
            .before
            .clone()
            .chain_update(format!("{LINE}[{}]\n", words.join(" ")))
            .chain_update(&self.after)
            .finalize();
        Part::from_sha256(&hash.into())
    }
}

/// Flags in the orders and spellings that people write.
struct Candidates {
    /// Sets of flags still to be ordered.
    sets: std::vec::IntoIter<Vec<Vec<String>>>,
    ordered: std::vec::IntoIter<Vec<Vec<String>>>,
}

impl Candidates {
    fn of(flags: &[Vec<String>]) -> Self {
        let is_strip =
            |flag: &&Vec<String>| matches!(flag.as_slice(), [word] if word == "-s" || word == "-w");
        let rest: Vec<Vec<String>> = flags
            .iter()
            .filter(|flag| !is_strip(flag))
            .cloned()
            .collect();
        let has = |name: &str| {
            flags
                .iter()
                .any(|flag| flag.first().is_some_and(|word| word == name))
        };
        let word = |word: &str| vec![word.to_owned()];
        let strips: Vec<Vec<Vec<String>>> = match (has("-s"), has("-w")) {
            (true, _) => vec![vec![word("-s"), word("-w")], vec![word("-s")]],
            (false, true) => vec![vec![word("-w")]],
            (false, false) => vec![vec![]],
        };
        let extras: Vec<Vec<Vec<String>>> = vec![
            vec![],
            vec![vec!["-extldflags=-static".into()]],
            vec![vec!["-extldflags".into(), "-static".into()]],
            vec![vec!["-buildid=".into()]],
        ];
        let mut sets = Vec::new();
        for extra in &extras {
            // What is there already is not added again.
            let is_there = extra.iter().any(|new| {
                let name = new[0].split('=').next().unwrap_or_default();
                rest.iter()
                    .any(|flag| flag[0].split('=').next() == Some(name))
            });
            if is_there {
                continue;
            }
            for strip in &strips {
                for spelled in spellings(&rest) {
                    sets.push([strip.clone(), spelled, extra.clone()].concat());
                }
            }
        }
        Self {
            sets: sets.into_iter(),
            ordered: Vec::new().into_iter(),
        }
    }
}

impl Iterator for Candidates {
    type Item = Vec<Vec<String>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(next) = self.ordered.next() {
                return Some(next);
            }
            self.ordered = orders(&self.sets.next()?).into_iter();
        }
    }
}

/// The same flags, each value joined by `=` or as a word of its own: of a few flags every
/// mixture, of many all in one way.
fn spellings(flags: &[Vec<String>]) -> Vec<Vec<Vec<String>>> {
    let ways: Vec<Vec<Vec<String>>> = flags.iter().map(|flag| both(flag)).collect();
    let double = ways.iter().filter(|ways| ways.len() > 1).count();
    if double > MIXED_MAX {
        let of = |way: usize| -> Vec<Vec<String>> {
            let spelled = ways
                .iter()
                .map(|ways| ways[way.min(ways.len() - 1)].clone());
            spelled.collect()
        };
        return vec![of(0), of(1)];
    }
    let mut all = vec![Vec::new()];
    for ways in &ways {
        let longer = |spelled: &Vec<Vec<String>>, way: &Vec<String>| {
            let mut spelled = spelled.clone();
            spelled.push(way.clone());
            spelled
        };
        all = all
            .iter()
            .flat_map(|spelled| ways.iter().map(move |way| longer(spelled, way)))
            .collect();
    }
    all
}

/// The most flags whose spellings are mixed.
const MIXED_MAX: usize = 4;

/// A flag as it is, and in its other spelling.
fn both(flag: &[String]) -> Vec<Vec<String>> {
    let own = flag.to_vec();
    let other = match flag {
        [name, value] => vec![format!("{name}={value}")],
        [word] if !word.starts_with("-buildid=") => match word.split_once('=') {
            Some((name, value)) => vec![name.to_owned(), value.to_owned()],
            None => return vec![own],
        },
        _ => return vec![own],
    };
    vec![own, other]
}

/// Every order of a few flags; of many, those in which whole kinds change places.
fn orders(flags: &[Vec<String>]) -> Vec<Vec<Vec<String>>> {
    if flags.len() <= PERMUTED_MAX {
        return permutations(flags);
    }
    let (variables, others): (Vec<_>, Vec<_>) = flags
        .iter()
        .cloned()
        .partition(|flag| flag[0].starts_with("-X"));
    let mut reversed = variables.clone();
    reversed.reverse();
    let mut all = Vec::new();
    let of_variables = if variables.len() <= PERMUTED_MAX {
        permutations(&variables)
    } else {
        vec![variables, reversed]
    };
    let of_others = if others.len() <= PERMUTED_MAX {
        permutations(&others)
    } else {
        vec![others]
    };
    for variables in &of_variables {
        for others in &of_others {
            for split in 0..=others.len() {
                let (before, after) = others.split_at(split);
                all.push([before, variables, after].concat());
            }
        }
    }
    all
}

fn permutations(flags: &[Vec<String>]) -> Vec<Vec<Vec<String>>> {
    if flags.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, first) in flags.iter().enumerate() {
        let rest = [&flags[..index], &flags[index + 1..]].concat();
        for order in permutations(&rest) {
            all.push([vec![first.clone()], order].concat());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(flags: &str, main: &str) -> Block {
        let lines: Vec<String> = [
            "go1.27.3",
            "link\n",
            &format!("linkflags {flags}\n"),
            "packagefile a=b\n",
            &format!("packagemain {main}\n"),
        ]
        .map(str::to_owned)
        .into();
        let hash = Sha256::digest(lines.concat()).into();
        Block {
            name: "link m".into(),
            lines,
            hash,
        }
    }

    /// A program whose package main is another action's.
    fn program(flags: &str) -> Program {
        let part = |byte: u8| Part::from_sha256(&[byte; 32]);
        let main = format!("{}/{}", part(1), part(2));
        Program {
            link_action: link(flags, &main).part(),
            main_action: part(1),
            main_content: part(2),
            content: part(3),
        }
    }

    fn flags(all: &[&[&str]]) -> Vec<Vec<String>> {
        let words = |flag: &&[&str]| flag.iter().map(|word| (*word).to_owned()).collect();
        all.iter().map(words).collect()
    }

    #[test]
    fn order_and_spelling_are_found() {
        let own = link("[]", "x/y");
        let table: &[(&str, &[&[&str]])] = &[
            ("[\"-s\" \"-w\"]", &[&["-w"], &["-s"]]),
            ("[\"-s\"]", &[&["-s"], &["-w"]]),
            (
                "[\"-w\" \"-X\" \"main.b=2\" \"-s\" \"-X\" \"main.a=1 \\\"x\\\"\"]",
                &[
                    &["-s"],
                    &["-w"],
                    &["-X", "main.a=1 \"x\""],
                    &["-X", "main.b=2"],
                ],
            ),
            ("[\"-X=main.a=1\"]", &[&["-X", "main.a=1"]]),
            (
                "[\"-s\" \"-X=main.b=2\" \"-w\" \"-X\" \"main.a=1\"]",
                &[&["-s"], &["-w"], &["-X", "main.a=1"], &["-X", "main.b=2"]],
            ),
            (
                "[\"-s\" \"-w\" \"-extldflags\" \"-static\"]",
                &[&["-s"], &["-w"]],
            ),
        ];
        for (text, shown) in table {
            let found = search(&own, &program(text), &flags(shown)).unwrap();
            let words: Vec<String> = found
                .flags
                .unwrap_or_else(|| panic!("{text}: {} tried", found.tried))
                .iter()
                .flatten()
                .map(|word| quote(word))
                .collect();
            assert_eq!(format!("[{}]", words.join(" ")), *text);
        }
    }

    #[test]
    fn flags_that_do_not_fit_are_not_found() {
        let wanted = program("[\"-s\" \"-X\" \"main.a=2\"]");
        let shown = flags(&[&["-s"], &["-X", "main.a=1"]]);
        let found = search(&link("[]", "x/y"), &wanted, &shown).unwrap();
        assert!(found.flags.is_none() && found.tried > 4);
        // A log whose lines are not what was hashed proves nothing.
        let mut broken = link("[]", "x/y");
        broken.lines[1] = "link?\n".into();
        assert!(search(&broken, &wanted, &[]).is_none());
    }
}
