//! One file taken in whole, and the question put to a list of them.

pub mod first_bytes;
pub mod shelf;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proto::hashlog::Log;
use serde::Serialize;

use crate::cause::{self, Cause, Pair};
use crate::diff::Diff;
use crate::fix::{self, Given};
use crate::goinfo::GoInfo;
use crate::image::{Format, Image, begins_with_zeros};
use crate::input::{self, Input};
use crate::linkflags::between;
use crate::linkflags::{Limits, Searched};
use crate::mask;
use crate::progress::Bar;
use first_bytes::FirstBytes;

/// A file with everything that it alone tells.
#[derive(Debug)]
pub struct Artifact {
    /// Its bytes and their hash.
    pub input: Input,
    /// Its format.
    pub image: Image,
    /// Its Go build.
    pub go: GoInfo,
    /// The log of what the go command hashed when it built the file, once that
    /// is known to be this file's ([`crate::hashlog`]).
    pub log: Option<Arc<Log>>,
}

impl Artifact {
    /// Reads a file and looks into it.
    ///
    /// # Errors
    /// As [`Input::read`]; a file that was read is always an artifact.
    pub fn read(path: &Path) -> Result<Self, input::Error> {
        Ok(Self::of(Input::read(path)?))
    }

    /// Reads as [`Self::read`], and tells a bar of every byte.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_along(path: &Path, bar: &Bar) -> Result<Self, input::Error> {
        Ok(Self::of(Input::read_along(path, bar)?))
    }

    /// Looks into a file that was read.
    pub fn of(input: Input) -> Self {
        let image = Image::read(&input.bytes);
        let go = GoInfo::read(&input.bytes, &image);
        Self {
            input,
            image,
            go,
            log: None,
        }
    }

    /// Returns the file's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.input.bytes
    }
}

/// The answer for a pair, or for all files together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The same bytes.
    Identical,
    /// Different bytes, and so different builds.
    Different,
    /// Different bytes, but what they hold can't be told: a file is empty, cut
    /// off, damaged, or a container that can't be read. Or both are empty.
    Inconclusive,
}

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

/// Returns what keeps a file from being judged as a build.
pub fn obstacle(artifact: &Artifact) -> Option<String> {
    let path = artifact.input.path.display();
    let image = &artifact.image;
    match image.format {
        Format::Empty => Some(format!(
            "{path} is empty; look at the step that should have written it"
        )),
        Format::Container(kind) => Some(format!(
            "{path} is a {kind}; unpack it and compare the files inside"
        )),
        Format::Other if begins_with_zeros(artifact.bytes()) => Some(format!(
            "{path} begins with zeros, where a program has its header: it is damaged, as a file is that a crash \
             kept from being written to disk; build or copy it again"
        )),
        _ if image.truncated => Some(format!(
            "{path} is cut off: its headers name bytes past its end; copy or download it again"
        )),
        format if format.is_program() && image.regions.len() <= 1 && !image.problems.is_empty() => {
            Some(format!(
                "{path} begins like {} and can't be read as one ({}); copy or download it again",
                format.name(),
                image.problems.join("; ")
            ))
        }
        _ => None,
    }
}

/// Reads files, two or more at a time, and hands them over in order.
///
/// # Errors
/// The first error of a reader, in the order of the paths.
pub fn read_all<T: Send, E: From<input::Error>>(
    paths: &[PathBuf],
    read: impl Fn(&Path) -> Result<T, input::Error> + Sync,
    mut each: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E> {
    let parallel = std::thread::available_parallelism()
        .map_or(2, usize::from)
        .clamp(2, PARALLEL_MAX);
    let read = &read;
    let mut index = 0;
    for batch in paths.chunks(parallel) {
        let files: Vec<Result<T, input::Error>> = std::thread::scope(|scope| {
            #[expect(
                clippy::needless_collect,
                reason = "all must be started before one is waited for"
            )]
            let readers: Vec<_> = batch
                .iter()
                .map(|path| scope.spawn(move || read(path)))
                .collect();
            readers.into_iter().map(join).collect()
        });
        for file in files {
            each(index, file?)?;
            index += 1;
        }
    }
    Ok(())
}

/// The most files held in memory at one time, the first one apart.
const PARALLEL_MAX: usize = 4;

/// A panic in a reader is our own bug and goes on in the caller.
fn join<T>(reader: std::thread::ScopedJoinHandle<'_, T>) -> T {
    match reader.join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn files_are_called_by_letters_while_there_are_some() {
        assert_eq!([name(0), name(25), name(26)], ["a", "z", "#27"]);
    }
}
