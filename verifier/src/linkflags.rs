//! Flags of Go's linker that a program does not record, found by its build ID.
//!
//! Under -trimpath the go command writes no -ldflags into a program, but part A of the build
//! ID is a hash over them and over all that is linked. With the log of a build that links the
//! same (`GODEBUG=gocachehash=1`), flags that people write are put into that link action, one
//! after another, until its hash is the program's part A. A hit is no guess: it is 120 bits
//! of SHA-256.

mod arrangement;
pub mod between;
pub mod candidates;
pub mod shown;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use proto::buildid::Part;
use proto::hashlog::Block;
use proto::hashlog::linkflags::Open;
use serde::Serialize;

use shown::Shown;

/// The longest that flags are tried for.
pub const TIME_MAX: Duration = Duration::from_secs(60);

/// The most flags tried.
pub const TRIED_MAX: u64 = 20_000_000;

/// How often the clock is looked at: each so many flags.
const CLOCK_EVERY: u64 = 64;

/// What trying flags gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The link action with the flags that fit; `None` when none did.
    pub found: Option<(Vec<String>, Block)>,
    /// How many were tried.
    pub tried: u64,
    /// Whether all were tried that people are known to write, and not only as many as time
    /// allowed.
    pub is_exhausted: bool,
}

/// The same, for a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Searched {
    /// Which file of the pair they were looked for: 0 or 1.
    pub file: usize,
    /// The value of -ldflags that fits; null when none did.
    pub found: Option<String>,
    /// How many were tried.
    pub tried: u64,
    /// Whether all were tried that people are known to write.
    pub is_exhausted: bool,
}

/// Limits of a search.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest that it goes on.
    pub time: Duration,
    /// The most flags tried.
    pub tried: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: TIME_MAX,
            tried: TRIED_MAX,
        }
    }
}

/// Tries flags in a link action until its hash is this part A; `watch` is told how many
/// more were tried, and may end it.
pub fn search(
    open: &Open,
    part: &Part,
    shown: &Shown,
    limits: Limits,
    watch: &dyn Fn(u64) -> ControlFlow<()>,
) -> Search {
    let end = Instant::now().checked_add(limits.time);
    let mut search = Search {
        found: None,
        tried: 0,
        is_exhausted: true,
    };
    let mut seen = candidates::Seen::default();
    let flow = candidates::visit(shown, &open.words(), &mut |words| {
        if !seen.is_new(words) {
            return ControlFlow::Continue(());
        }
        search.tried += 1;
        if open.part(words) == *part {
            search.found = Some((words.to_vec(), open.with(words)));
            return ControlFlow::Break(());
        }
        if search.tried.is_multiple_of(CLOCK_EVERY) {
            watch(CLOCK_EVERY)?;
            let is_late = end.is_some_and(|end| Instant::now() >= end);
            if is_late || search.tried >= limits.tried {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    search.is_exhausted = search.found.is_some() || flow.is_continue();
    search
}

#[cfg(test)]
mod tests {
    use proto::buildid::Program;
    use proto::buildinfo::quote::quote;
    use sha2::{Digest as _, Sha256};

    use super::*;
    use shown::Stripped;

    /// A link action with these flags.
    fn open(words: &[&str]) -> Open {
        let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        let lines = vec![
            "go1.27.3".to_owned(),
            format!("linkflags [{}]\n", words.join(" ")),
            "packagefile x=y\n".to_owned(),
        ];
        let hash = Sha256::digest(lines.concat()).into();
        let block = Block {
            name: "link x.y/z".into(),
            lines,
            hash,
        };
        Open::of(&block).unwrap()
    }

    const GO_ON: &dyn Fn(u64) -> ControlFlow<()> = &|_| ControlFlow::Continue(());

    fn found(shown: &Shown, own: &[&str], theirs: &[&str]) -> Option<Vec<String>> {
        let (open, part) = (open(own), open(theirs).part(theirs));
        let search = search(&open, &part, shown, Limits::default(), GO_ON);
        let (words, block) = search.found?;
        assert_eq!(block.part(), part);
        Some(words)
    }

    fn stripped(variables: &[(&str, &str)]) -> Shown {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        Shown {
            stripped: Some(Stripped::All),
            variables: variables.collect(),
            ..Shown::default()
        }
    }

    #[test]
    fn flags_that_people_write_are_found() {
        let some = [
            ("main.commit", "abc"),
            ("main.date", "2026"),
            ("main.version", "1.2.3"),
        ];
        let none: [(&str, &str); 0] = [];
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
        let cases: [Case<'_>; 12] = [
            (&none, &["-s"]),
            (&none, &["-w", "-s"]),
            (&none, &["-s", "-w"]),
            (&none, &["-s", "-w", "-extldflags", "-static"]),
            (
                &none,
                &["-linkmode", "external", "-extldflags=-static", "-s", "-w"],
            ),
            (&none, &["-s", "-w", "-checklinkname=0"]),
            (
                &some,
                &[
                    "-s",
                    "-w",
                    "-X",
                    "main.version=1.2.3",
                    "-X",
                    "main.commit=abc",
                    "-X",
                    "main.date=2026",
                ],
            ),
            (
                &some,
                &[
                    "-X=main.commit=abc",
                    "-X=main.version=1.2.3",
                    "-X=main.date=2026",
                    "-w",
                    "-s",
                ],
            ),
            (&some, &["-s", "-w", "-X", "main.version=1.2.3"]),
            (
                &some[2..],
                &[
                    "-extldflags",
                    "-static",
                    "-X",
                    "main.version=1.2.3",
                    "-s",
                    "-w",
                ],
            ),
            (&some[2..], &["-s", "-X", "main.version=1.2.3", "-w"]),
            (
                &some[2..],
                &["-s", "-w", "-buildid=", "-X", "main.version=1.2.3"],
            ),
        ];
        for (variables, words) in cases {
            let shown = Shown {
                is_external: words.iter().any(|word| word.ends_with("external")),
                ..stripped(variables)
            };
            let found = found(&shown, &[], words);
            assert_eq!(found.unwrap_or_default(), words, "{words:?}");
        }
    }

    /// What the rebuilder passes tells how the project spells and orders it.
    #[test]
    fn the_rebuilders_own_order_is_tried_with_the_other_values() {
        let shown = stripped(&[
            ("x.y/z/v.A", "1"),
            ("x.y/z/v.B", "2"),
            ("x.y/z/v.C", "3"),
            ("x.y/z/v.D", "4"),
            ("x.y/z/v.E", "5"),
            ("x.y/z/v.F", "6"),
        ]);
        let own = [
            "-X=x.y/z/v.F=",
            "-s",
            "-X",
            "x.y/z/v.B=",
            "-X=x.y/z/v.A=0",
            "-X=x.y/z/v.C=0",
            "-X=x.y/z/v.E=0",
            "-X=x.y/z/v.D=0",
        ];
        let theirs = [
            "-X=x.y/z/v.F=6",
            "-s",
            "-X",
            "x.y/z/v.B=2",
            "-X=x.y/z/v.A=1",
            "-X=x.y/z/v.C=3",
            "-X=x.y/z/v.E=5",
            "-X=x.y/z/v.D=4",
        ];
        assert!(found(&shown, &own, &theirs).is_some());
        let with_w: Vec<&str> = theirs.iter().copied().chain(["-w"]).collect();
        assert!(found(&shown, &own, &with_w).is_some());
    }

    #[test]
    fn what_nobody_writes_is_not_found_and_the_search_ends() {
        let (open, part) = (open(&["-s"]), open(&["-v"]).part(&["-unheard=of"]));
        let none = |limits| search(&open, &part, &stripped(&[("main.v", "1")]), limits, GO_ON);
        let all = none(Limits::default());
        assert!(
            all.found.is_none() && all.is_exhausted && all.tried > 1000,
            "{}",
            all.tried
        );
        let few = none(Limits {
            tried: 128,
            ..Limits::default()
        });
        assert!(!few.is_exhausted && few.tried == 128, "{}", few.tried);
        let short = none(Limits {
            time: Duration::ZERO,
            ..Limits::default()
        });
        assert!(!short.is_exhausted, "{}", short.tried);
        let shown = stripped(&[("main.v", "1")]);
        let stop = |_| ControlFlow::Break(());
        let ended = search(&open, &part, &shown, Limits::default(), &stop);
        assert!(!ended.is_exhausted && ended.tried == CLOCK_EVERY);
    }

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

    /// Looks for the flags of a program whose package main is another action's.
    fn search_for(link: &Block, wanted: &Program, flags: &[Vec<String>]) -> Option<Search> {
        let open = Open::of(link)?.with_main(wanted);
        let shown = Shown::default().with_flags(flags);
        let limits = Limits::default();
        Some(search(&open, &wanted.link_action, &shown, limits, GO_ON))
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
            let found = search_for(&own, &program(text), &flags(shown)).unwrap();
            let words: Vec<String> = found
                .found
                .unwrap_or_else(|| panic!("{text}: {} tried", found.tried))
                .0
                .iter()
                .map(|word| quote(word))
                .collect();
            assert_eq!(format!("[{}]", words.join(" ")), *text);
        }
    }

    #[test]
    fn flags_that_do_not_fit_are_not_found() {
        let wanted = program("[\"-s\" \"-X\" \"main.a=2\"]");
        let shown = flags(&[&["-s"], &["-X", "main.a=1"]]);
        let found = search_for(&link("[]", "x/y"), &wanted, &shown).unwrap();
        assert!(found.found.is_none() && found.tried > 4);
        // A log whose lines are not what was hashed proves nothing.
        let mut broken = link("[]", "x/y");
        broken.lines[1] = "link?\n".into();
        assert!(search_for(&broken, &wanted, &[]).is_none());
    }
}
