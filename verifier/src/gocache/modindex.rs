//! Module indexes held against the folders they describe.
//!
//! An index is kept under the names, times and sizes of a folder's files, in the
//! module cache under its path alone, and nowhere under their content. Whether the go command would take it for what lies there now can
//! be told by computing the action again (`finder`); whether it is right, by
//! reading the files. Compared are build constraints, package names, imports and the
//! set of Go files; `#cgo` lines and patterns of embedded files are not.

mod finder;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use proto::gocache::Id;
use proto::gocache::kind::Kind;
use proto::gocache::modindex::source::{Error, Header};
use proto::gocache::modindex::{Change, File, ModuleIndex, Package};
use rayon::prelude::*;

use super::source::Source;
use super::survey::{Line, Output, Survey};
use crate::opening::{self, Links};
use finder::{Finder, Outline, Use, below};

pub use finder::Key;

/// Bytes read of a file at first, and the most.
const HEAD_BYTES: u64 = 16 << 10;
const HEAD_BYTES_MAX: u64 = 4 << 20;

/// What there is to say of the module indexes of a cache.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// How many say what the files say that they would be taken for now.
    pub right: usize,
    /// How many are of another state of their folders, which the go command does not
    /// take them for any more.
    pub idle: usize,
    /// How many can't be judged: nothing tells which folder they are of, the cache is
    /// packed, or a file can't be read.
    pub unknown: usize,
    /// Those that would be taken and are wrong.
    pub stale: Vec<Stale>,
}

/// An index that the go command takes for files that say something else.
#[derive(Debug, Clone)]
pub struct Stale {
    /// Its action.
    pub action: Id,
    /// The index.
    pub output: Id,
    /// The folder it is of.
    pub folder: PathBuf,
    /// Why the go command takes it for that folder.
    pub key: Key,
    /// What it says (`a`) and what the file says (`b`).
    pub change: Change,
}

/// Judges every sound module index of a cache. `versions` are the go commands that
/// filled it.
///
/// # Errors
/// When the cache can't be read again.
pub fn judge(
    source: &Source,
    survey: &Survey,
    versions: impl Iterator<Item = String>,
) -> anyhow::Result<Judged> {
    let indexes = sound(survey);
    let mut judged = Judged::default();
    if let Source::Packed(_) = source {
        judged.unknown = indexes.len();
        return Ok(judged);
    }
    let outputs: BTreeSet<Id> = indexes.iter().map(|(_, output)| *output).collect();
    let mut outlines = BTreeMap::new();
    source.each(&outputs, &mut |output, bytes| {
        let outline = ModuleIndex::parse(&bytes).ok();
        outlines.extend(outline.map(|index| (output, Outline::of(&index))));
    })?;
    let mut finder = Finder::new(outlines.values(), versions);
    // Two folders can have one index: of files without imports.
    let mut taken: BTreeMap<Id, Vec<(Id, PathBuf, Key)>> = BTreeMap::new();
    for (action, output) in indexes {
        match outlines
            .get(&output)
            .map(|outline| finder.find(action, outline))
        {
            Some(Use::Taken(root, key)) => {
                taken.entry(output).or_default().push((action, root, key));
            }
            Some(Use::Idle) => judged.idle += 1,
            Some(Use::Unknown) | None => judged.unknown += 1,
        }
    }
    let outputs: BTreeSet<Id> = taken.keys().copied().collect();
    source.each(&outputs, &mut |output, bytes| {
        let Ok(index) = ModuleIndex::parse(&bytes) else {
            return;
        };
        for (action, root, key) in taken.get(&output).into_iter().flatten() {
            match compare(&index, root) {
                Compared::Same => judged.right += 1,
                Compared::Unreadable => judged.unknown += 1,
                Compared::Differs(folder, change) => judged.stale.push(Stale {
                    action: *action,
                    output,
                    folder,
                    key: *key,
                    change,
                }),
            }
        }
    })?;
    judged.stale.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(judged)
}

/// The actions whose output is a module index, whole and as its name says.
fn sound(survey: &Survey) -> Vec<(Id, Id)> {
    let actions = survey.actions.iter();
    actions
        .filter_map(|(action, line)| match (line, survey.output(action)) {
            (Line::Sound(index), Some(Output::File(read)))
                if read.kind == Kind::ModuleIndex
                    && read.sha256 == index.output.0
                    && read.size == index.size =>
            {
                Some((*action, index.output))
            }
            _ => None,
        })
        .collect()
}

/// What the files say of an index.
enum Compared {
    Same,
    /// Some could not be read or understood.
    Unreadable,
    Differs(PathBuf, Change),
}

fn compare(index: &ModuleIndex<'_>, root: &Path) -> Compared {
    let mut compared = Compared::Same;
    for package in &index.packages {
        let folder = below(root, package.folder);
        match compare_package(package, &folder) {
            Compared::Same => {}
            Compared::Unreadable => compared = Compared::Unreadable,
            differs @ Compared::Differs(..) => return differs,
        }
    }
    compared
}

fn compare_package(package: &Package<'_>, folder: &Path) -> Compared {
    if !package.error.is_empty() {
        return Compared::Unreadable;
    }
    if let Some(change) = other_files(package, folder) {
        return Compared::Differs(folder.to_owned(), change);
    }
    let of_files: Vec<Result<(), Option<Change>>> = package
        .files
        .par_iter()
        .map(|file| compare_file(file, folder))
        .collect();
    let mut compared = Compared::Same;
    for of_file in of_files {
        match of_file {
            Ok(()) => {}
            Err(None) => compared = Compared::Unreadable,
            Err(Some(change)) => return Compared::Differs(folder.to_owned(), change),
        }
    }
    compared
}

/// Whether the folder holds other Go files than the index names. In the module cache
/// the action does not tell.
fn other_files(package: &Package<'_>, folder: &Path) -> Option<Change> {
    let is_go = |name: &str| name.ends_with(".go") && !name.starts_with(['.', '_']);
    let indexed: BTreeSet<&str> = package
        .files
        .iter()
        .map(|file| file.name)
        .filter(|name| is_go(name))
        .collect();
    let present: BTreeSet<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_go(name))
        .collect();
    let gone = indexed.iter().find(|name| !present.contains(**name));
    let new = present.iter().find(|name| !indexed.contains(name.as_str()));
    let change = |file: &str, a: &str, b: &str| Change {
        file: file.to_owned(),
        what: "presence",
        a: a.to_owned(),
        b: b.to_owned(),
    };
    match (gone, new) {
        (Some(name), _) => Some(change(name, "listed", "missing")),
        (None, Some(name)) => Some(change(name, "not listed", "there")),
        (None, None) => None,
    }
}

/// `Err(None)` when the file can't be read or understood.
fn compare_file(file: &File<'_>, folder: &Path) -> Result<(), Option<Change>> {
    // Of these the go command reads nothing.
    if file.name.ends_with(".syso") {
        return Ok(());
    }
    let path = folder.join(file.name);
    let is_go = file.name.ends_with(".go");
    let mut limit = if is_go { HEAD_BYTES } else { HEAD_BYTES_MAX };
    loop {
        let bytes = head(&path, limit).ok_or(None)?;
        let whole = (bytes.len() as u64) < limit;
        let header = if is_go {
            Header::read(&bytes, whole)
        } else {
            Header::read_other(&bytes)
        };
        return match (header, file.has_error) {
            (Err(Error::CutOff), _) if limit < HEAD_BYTES_MAX => {
                limit = HEAD_BYTES_MAX;
                continue;
            }
            // Both see an error: which, decides nothing.
            (Err(Error::Syntax), true) => Ok(()),
            (Err(_), _) | (Ok(_), true) => Err(None),
            (Ok(header), false) => match file.header.change(file.name, &header) {
                None => Ok(()),
                Some(change) => Err(Some(change)),
            },
        };
    }
}

/// Reads how a file begins.
fn head(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = opening::regular(path, Links::Followed).ok()?;
    file.take(limit).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_held_against_what_the_index_says_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| fs::write(folder.path().join("a.go"), text).unwrap();
        let file = |has_error| File {
            name: "a.go",
            path: None,
            has_error,
            header: Header {
                go_build: "//go:build foo",
                package: "p",
                ..Header::default()
            },
            cgo: "",
            embeds: Vec::new(),
        };
        let compare = |has_error| compare_file(&file(has_error), folder.path());
        assert_eq!(compare(false), Err(None), "there is no file");
        write("//go:build foo\n\npackage p\n\nfunc f() {}\n");
        assert_eq!(compare(false), Ok(()));
        assert_eq!(compare(true), Err(None));
        write("//go:build bar\n\npackage p\n\nfunc f() {}\n");
        let change = compare(false).unwrap_err().unwrap();
        assert_eq!(
            (change.what, change.b.as_str()),
            ("//go:build", "//go:build bar")
        );
        // A comment longer than what is read at first.
        let comment = format!("/*{}*/\n", "x".repeat(20_000));
        write(&format!("{comment}//go:build foo\n\npackage p\n"));
        assert_eq!(compare(false), Ok(()));
        write("packag p\n");
        assert_eq!(compare(false), Err(None));
        assert_eq!(compare(true), Ok(()));
    }
}
