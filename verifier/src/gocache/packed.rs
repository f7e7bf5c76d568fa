//! Reading a cache out of a tar archive, as CI services keep them: streamed,
//! never unpacked.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, bail};
use proto::gocache::name::{Entry, Own, Top};
use proto::gocache::{Id, Index};

use super::program::{self, Program};
use super::reading::Reading;
use super::survey::{FILES_MAX, Line, Output, Survey, Unread};
use crate::container::codec::Codec;
use crate::container::fault::Fault;
use crate::container::limits::Budget;
use crate::container::source::Source;
use crate::container::tar;
use crate::container::visit::{Body, Entry as Member, Visitor};
use crate::progress::{Bar, Progress};

/// The largest output that is held whole to look into it, in bytes.
pub(super) const HELD_MAX: u64 = 1 << 30;

/// Bytes read and hashed at a time.
const PIECE_BYTES: usize = 128 << 10;

/// What a member's name says about its place in a cache, wherever the cache lay
/// when it was packed.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Entry(Entry),
    /// The program within an output's folder.
    Within(Id, String),
    Fuzz,
    /// Anything else: what is around a cache in an archive is none of ours.
    Around,
}

/// Reads all of a packed cache.
///
/// # Errors
/// When the file is not a tar archive, or breaks off, or holds no cache.
pub fn survey(path: &Path, progress: Progress) -> anyhow::Result<Survey> {
    let mut surveyor = Surveyor::default();
    let len = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let bar = progress.bytes("reading", len);
    read(path, &mut surveyor, &bar)?;
    bar.finish();
    let survey = surveyor.survey;
    if survey.actions.is_empty() && survey.outputs.is_empty() {
        bail!(
            "{}: holds no Go build cache: no member is called like 00/…-a or 00/…-d",
            path.display()
        );
    }
    Ok(survey)
}

/// Hands over the bytes of outputs.
///
/// # Errors
/// As [`survey`].
pub fn each(
    path: &Path,
    outputs: &BTreeSet<Id>,
    take: &mut dyn FnMut(Id, Vec<u8>),
) -> anyhow::Result<()> {
    let mut handover = Handover { outputs, take };
    read(path, &mut handover, &Progress::new(false).bytes("", 0))
}

fn read(path: &Path, visitor: &mut dyn Visitor, bar: &Bar) -> anyhow::Result<()> {
    let shown = || format!("reading {}", path.display());
    let source = Source::file(File::open(path).with_context(shown)?).with_context(shown)?;
    let head = source.bytes_at(0, 512).with_context(shown)?;
    let budget = Budget::default();
    budget.give(source.len());
    let mut stream: Box<dyn Read> = match Codec::sniff(&head) {
        Some(codec) => codec
            .unpack(&source, &budget)
            .map_err(anyhow::Error::from)
            .with_context(shown)?,
        None if tar::is_header(&head) => Box::new(source.reader()),
        None => bail!(
            "{}: is neither a folder nor a tar archive (gzip, xz and zstd too)",
            path.display()
        ),
    };
    tar::read(&mut stream, visitor)
        .map_err(anyhow::Error::from)
        .with_context(shown)?;
    bar.add(source.len());
    Ok(())
}

#[derive(Default)]
struct Surveyor {
    survey: Survey,
}

impl Visitor for Surveyor {
    fn visit(&mut self, member: Member, content: &mut dyn Read) -> Result<(), Fault> {
        let survey = &mut self.survey;
        if survey.actions.len() + survey.outputs.len() > FILES_MAX {
            return Err(Fault::unsupported(format!(
                "the cache holds more than {FILES_MAX} files, the most that are looked at"
            )));
        }
        let size = match (&member.body, place(&member.name)) {
            (_, Place::Around) => return Ok(()),
            (_, Place::Fuzz) => {
                survey.has_fuzz = true;
                return Ok(());
            }
            (Body::File(size), _) => *size,
            (Body::Is(_), Place::Entry(Entry::Output(id))) if is_folder(&member) => {
                // Its program comes as a member of its own.
                survey
                    .outputs
                    .entry(id)
                    .or_insert(Output::Folder { files: 0 });
                return Ok(());
            }
            (_, Place::Entry(Entry::Action(id))) => {
                survey
                    .actions
                    .insert(id, Line::Unread(Unread::NotAFile("link")));
                return Ok(());
            }
            (_, Place::Entry(Entry::Output(id)) | Place::Within(id, _)) => {
                let link = Unread::NotAFile("link");
                survey.outputs.insert(id, Output::Unread(link));
                return Ok(());
            }
        };
        match place(&member.name) {
            Place::Entry(Entry::Action(id)) => {
                let mut bytes = Vec::with_capacity(Index::LEN + 1);
                content
                    .take(Index::LEN as u64 + 1)
                    .read_to_end(&mut bytes)?;
                survey.actions.insert(id, Line::read(&id, &bytes));
            }
            Place::Entry(Entry::Output(id)) => {
                survey.bytes = survey.bytes.saturating_add(size);
                survey.outputs.insert(id, file(content)?);
            }
            Place::Within(id, name) => {
                survey.bytes = survey.bytes.saturating_add(size);
                let output = within(survey.outputs.get(&id), name, size, content)?;
                survey.outputs.insert(id, output);
            }
            Place::Fuzz | Place::Around => {}
        }
        Ok(())
    }
}

/// Reads an output that is a file.
fn file(content: &mut dyn Read) -> io::Result<Output> {
    let mut reading = Reading::new();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match content.read(&mut piece) {
            Ok(0) => return Ok(Output::File(reading.finish())),
            Ok(len) => reading.update(&piece[..len]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Reads a program within an output's folder.
fn within(
    known: Option<&Output>,
    name: String,
    size: u64,
    content: &mut dyn Read,
) -> io::Result<Output> {
    match known {
        Some(Output::Program(_)) => return Ok(Output::Folder { files: 2 }),
        Some(Output::Folder { files }) if *files > 0 => {
            let files = files.saturating_add(1);
            return Ok(Output::Folder { files });
        }
        _ => {}
    }
    if size > program::SIZE_MAX {
        return match file(content)? {
            Output::File(read) => Ok(Output::Program(Program::hashed(name, &read))),
            other => Ok(other),
        };
    }
    let mut bytes = Vec::new();
    content.take(program::SIZE_MAX).read_to_end(&mut bytes)?;
    Ok(Output::Program(Program::read(name, &bytes)))
}

struct Handover<'a> {
    outputs: &'a BTreeSet<Id>,
    take: &'a mut dyn FnMut(Id, Vec<u8>),
}

impl Visitor for Handover<'_> {
    fn visit(&mut self, member: Member, content: &mut dyn Read) -> Result<(), Fault> {
        let (Body::File(size), Place::Entry(Entry::Output(id))) =
            (&member.body, place(&member.name))
        else {
            return Ok(());
        };
        if *size <= HELD_MAX && self.outputs.contains(&id) {
            let mut bytes = Vec::new();
            content.take(HELD_MAX).read_to_end(&mut bytes)?;
            (self.take)(id, bytes);
        }
        Ok(())
    }
}

fn is_folder(member: &Member) -> bool {
    use crate::container::listing::Content;
    matches!(member.body, Body::Is(Content::Folder))
}

/// Reads a member's place off the end of its name: caches are packed with the
/// folders above them, or without.
fn place(name: &str) -> Place {
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let entry = |folder: &str, name: &str| match Top::parse(folder.as_bytes()) {
        Top::Folder(byte) => Entry::parse(byte, name.as_bytes()),
        Top::Own(_) | Top::Foreign => None,
    };
    match parts[..] {
        [.., folder, name, program] if entry(folder, name).is_some() => match entry(folder, name) {
            Some(Entry::Output(id)) => Place::Within(id, program.to_owned()),
            Some(Entry::Action(_)) | None => Place::Around,
        },
        [.., folder, name] => match entry(folder, name) {
            Some(entry) => Place::Entry(entry),
            None => Place::Around,
        },
        [name] if Top::parse(name.as_bytes()) == Top::Own(Own::Fuzz) => Place::Fuzz,
        _ => Place::Around,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_do_not_depend_on_what_lies_above() {
        let id = Id::of(b"x");
        for above in ["", "./", "home/user/.cache/go-build/", "/c/"] {
            let action = format!("{above}{}", Entry::Action(id).path());
            assert_eq!(place(&action), Place::Entry(Entry::Action(id)));
            let output = format!("{above}{}/", Entry::Output(id).path());
            assert_eq!(place(&output), Place::Entry(Entry::Output(id)));
            let within = format!("{above}{}/tool", Entry::Output(id).path());
            assert_eq!(place(&within), Place::Within(id, "tool".into()));
            assert_eq!(place(&format!("{above}README")), Place::Around);
        }
        assert_eq!(place(""), Place::Around);
        assert_eq!(place("00/zz-d"), Place::Around);
    }
}
