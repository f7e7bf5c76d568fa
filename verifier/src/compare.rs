//! Two files compared: the answer, in what they differ, and why.

pub mod shelf;

use crate::artifact::{Artifact, obstacle};
use crate::cause::{self, Cause, Pair};
use crate::diff::first_bytes::FirstBytes;
use crate::diff::{Diff, Verdict};
use crate::fix::{self, Given};
use crate::linkflags::{Limits, Searched, between};
use crate::mask;
use crate::progress::Bar;

/// What comparing two files gave.
#[derive(Debug)]
pub struct Outcome {
    /// The answer.
    pub verdict: Verdict,
    /// Why it is inconclusive.
    pub reason: Option<String>,
    /// In what they differ; absent for identical files.
    pub diff: Option<Diff>,
    /// Where they first differ outside their stamps.
    pub first_bytes: Option<FirstBytes>,
    /// Why, strongest first.
    pub causes: Vec<Cause>,
    /// The second verdict: equal once what names or signs a build is left out?
    /// Asked only of different files that have such marks.
    pub masked: Option<mask::Compared>,
    /// What to run so that the other file becomes as the given one.
    pub next: Option<fix::Next>,
    /// The linker's flags that were tried for the file without a log.
    pub linker_flags: Option<Searched>,
}

/// What is asked beside why two files differ.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// Which file the other one is to become equal to.
    pub given: Option<Given>,
    /// Shows that work goes on.
    pub bar: &'q Bar,
}

impl<'q> Question<'q> {
    /// Puts a question together.
    pub fn of(given: Option<Given>, bar: &'q Bar) -> Self {
        Self { given, bar }
    }
}

impl Outcome {
    /// Compares two files; sentences call them by these names.
    pub fn of(a: &Artifact, b: &Artifact, names: [String; 2]) -> Self {
        Self::asked(a, b, names, Question::of(None, &Bar::hidden()))
    }

    /// The same, with fixes for the other file where one is given.
    pub fn asked(a: &Artifact, b: &Artifact, names: [String; 2], question: Question<'_>) -> Self {
        if a.input.sha256 == b.input.sha256 {
            return Self::same(a.bytes().is_empty());
        }
        let reason = obstacle(a).or_else(|| obstacle(b));
        let diff = Diff::of(a, b);
        // Causes found in what is not a whole build would be guesses.
        let told = match reason {
            Some(_) => Told::default(),
            None => Told::of(Pair::new(a, b, &diff, names), question),
        };
        let masked = match reason {
            Some(_) => None,
            None => mask::Compared::of(a, b),
        };
        let verdict = if reason.is_some() {
            Verdict::Inconclusive
        } else {
            Verdict::Different
        };
        Self {
            verdict,
            reason,
            diff: Some(diff),
            first_bytes: FirstBytes::of(a, b),
            causes: told.causes,
            masked,
            next: told.next,
            linker_flags: told.linker_flags,
        }
    }

    /// The outcome for files of the same bytes.
    pub fn same(is_empty: bool) -> Self {
        Self {
            verdict: if is_empty {
                Verdict::Inconclusive
            } else {
                Verdict::Identical
            },
            reason: is_empty.then(|| "both files are empty: there is no build to compare".into()),
            diff: None,
            first_bytes: None,
            causes: Vec::new(),
            masked: None,
            next: None,
            linker_flags: None,
        }
    }
}

/// How often it is said how many flags were tried.
const SAID_EVERY: u64 = 1 << 14;

/// Why two files differ, and what to do about it.
#[derive(Default)]
struct Told {
    causes: Vec<Cause>,
    next: Option<fix::Next>,
    linker_flags: Option<Searched>,
}

impl Told {
    fn of(mut pair: Pair<'_>, question: Question<'_>) -> Self {
        let bar = question.bar;
        let mut linker_flags = None;
        let progress = |count| {
            bar.add(count);
            if bar.at().is_multiple_of(SAID_EVERY) {
                bar.say(format!("trying linker flags, {} so far", bar.at()));
            }
        };
        let tried = between::between(&pair, Limits::default(), &progress);
        bar.say("comparing");
        if let Some(between) = tried {
            let side = between.searched.file;
            if let Some(log) = between.log {
                pair.logs[side] = Some(log);
            }
            linker_flags = Some(between.searched);
        }
        let mut causes = cause::explain(&pair);
        let given = question.given;
        Self {
            next: given.and_then(|given| fix::apply(&pair, given, &mut causes)),
            causes,
            linker_flags,
        }
    }
}

/// Returns what reports call a file: a letter, or its number past the alphabet.
pub fn name(index: usize) -> String {
    match u8::try_from(index) {
        Ok(index) if index < 26 => char::from(b'a' + index).to_string(),
        _ => format!("#{}", index + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Input;

    #[test]
    fn a_file_that_lost_its_head_is_damaged_and_not_another_build() {
        let of = |bytes: Vec<u8>, hash: u8| {
            Artifact::of(Input {
                path: "made".into(),
                sha256: [hash; 32],
                bytes: bytes.into(),
                identity: None,
            })
        };
        let zeroed = [vec![0; 4096], b"the rest of a program".to_vec()].concat();
        let names = || ["a".to_owned(), "b".to_owned()];
        for other in [b"\x7fELF".to_vec(), zeroed[1..].to_vec(), b"text".to_vec()] {
            let outcome = Outcome::of(&of(other, 1), &of(zeroed.clone(), 2), names());
            assert_eq!(outcome.verdict, Verdict::Inconclusive);
            assert!(outcome.causes.is_empty());
        }
        let said = obstacle(&of(zeroed, 1)).unwrap();
        assert!(said.contains("damaged"), "{said}");
        // A few zeros are no lost header.
        assert_eq!(obstacle(&of(vec![0; 100], 1)), None);
        assert_eq!(obstacle(&of(b"text".to_vec(), 1)), None);
    }

    fn text(text: &str, hash: u8) -> Artifact {
        Artifact::of(Input {
            path: "made".into(),
            sha256: [hash; 32],
            bytes: text.as_bytes().to_vec().into(),
            identity: None,
        })
    }

    #[test]
    fn equal_files_leave_nothing_to_say_and_empty_ones_are_no_builds() {
        let names = || ["a".to_owned(), "b".to_owned()];
        let same = Outcome::of(&text("same", 1), &text("same", 1), names());
        assert_eq!((same.verdict, same.reason), (Verdict::Identical, None));
        assert!(same.diff.is_none() && same.masked.is_none() && same.causes.is_empty());
        let empty = Outcome::of(&text("", 1), &text("", 1), names());
        assert_eq!(empty.verdict, Verdict::Inconclusive);
        assert!(empty.reason.unwrap().starts_with("both files are empty"));
    }

    #[test]
    fn files_that_differ_are_set_side_by_side() {
        let names = || ["a".to_owned(), "b".to_owned()];
        let differ = Outcome::of(&text("one text", 1), &text("two text", 2), names());
        assert_eq!((differ.verdict, differ.reason), (Verdict::Different, None));
        assert!(differ.diff.is_some() && differ.masked.is_none());
        let first = differ.first_bytes.unwrap();
        assert_eq!(
            (first.offset, first.a.as_slice()),
            (0, b"one text".as_slice())
        );
        assert_eq!(differ.causes.len(), 1);
        assert!(differ.next.is_none() && differ.linker_flags.is_none());
        // One that says nothing of its build is not a build.
        for (a, b) in [("", "text"), ("text", "")] {
            let outcome = Outcome::of(&text(a, 1), &text(b, 2), names());
            assert_eq!(outcome.verdict, Verdict::Inconclusive);
            assert!(outcome.reason.unwrap().contains("is empty"));
            assert!(outcome.diff.is_some() && outcome.causes.is_empty());
        }
    }

    #[test]
    fn files_are_called_by_letters_while_there_are_some() {
        assert_eq!([name(0), name(25), name(26)], ["a", "z", "#27"]);
    }
}
