//! Programs with flags drawn at random, which are then forgotten: how many are built again.

use std::fmt::Write as _;
use std::path::Path;

use testkit::environment;

use crate::drawn::{Chance, Drawn};

/// The seed of the few that every run of the tests draws.
const SEED: u64 = 11;

#[test]
fn a_few_programs_with_flags_drawn_at_random_are_built_again() {
    // The second of the seed has flags for C that are looked for: many builds.
    let table = Table::draw(SEED, 3, 3, None);
    assert_eq!(table.equal, 3, "{}", table.text);
}

/// `bash tests/reproduce.sh [SEED] [COUNT] [FIRST]` runs it and shows the table.
#[test]
#[ignore = "takes the better part of an hour; tests/reproduce.sh runs it"]
fn most_of_many_programs_drawn_at_random_are_built_again() {
    let seed = environment::number("REPRODUCE_SEED").unwrap_or(SEED);
    let count = environment::number("REPRODUCE_COUNT").unwrap_or(60);
    let first = environment::number("REPRODUCE_FIRST").unwrap_or(1);
    let kept = environment::kept("reproduce");
    let table = Table::draw(seed, first, count, Some(&kept));
    // Nine of ten.
    assert!(table.equal * 10 >= count * 9, "{}", table.text);
}

/// What became of a draw.
struct Table {
    equal: u64,
    text: String,
}

impl Table {
    /// Draws programs and has each built again: `count` of them, from number `first` of the
    /// seed's. In a folder the table grows line by line, and answers other than equal stay.
    fn draw(seed: u64, first: u64, count: u64, kept: Option<&Path>) -> Self {
        let mut chance = Chance(seed);
        let mut table = Self {
            equal: 0,
            text: format!(
                "Seed {seed}, {count} programs from number {first}.\n\n\
                 | | built with | answer | builds | |\n|-|-|-|-|-|\n"
            ),
        };
        for number in 1..first + count {
            let drawn = Drawn::new(&mut chance);
            if number < first {
                continue;
            }
            table.add(number, &drawn, kept);
            if let Some(kept) = kept {
                std::fs::write(kept.join("table.md"), &table.text).unwrap();
            }
        }
        writeln!(table.text, "\n{} of {count} are equal.", table.equal).unwrap();
        if let Some(kept) = kept {
            std::fs::write(kept.join("table.md"), &table.text).unwrap();
        }
        table
    }

    fn add(&mut self, number: u64, drawn: &Drawn, kept: Option<&Path>) {
        let answer = drawn.build_again();
        let verdict = answer.value["verdict"].as_str().unwrap();
        self.equal += u64::from(verdict == "equal");
        let (reason, builds) = (drawn.reason(&answer), answer.builds());
        writeln!(
            self.text,
            "| {number} | {drawn} | {verdict} | {builds} | {reason} |"
        )
        .unwrap();
        assert_eq!(verdict == "equal", answer.exit == 0);
        if let (Some(kept), false) = (kept, verdict == "equal") {
            let text = format!("{:#}", answer.value);
            std::fs::write(kept.join(format!("{number}.json")), text).unwrap();
        }
    }
}
