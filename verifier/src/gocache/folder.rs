//! Reading a cache that is a folder.
//!
//! Files are opened for reading only, links never followed, pipes and devices
//! never opened. The one thing a run can leave behind is a later access time,
//! where the file system keeps one.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context as _, bail};
use proto::gocache::name::{Entry, Own, Top};
use proto::gocache::{Id, Index};
use rayon::prelude::*;

use super::program::{self, Program};
use super::reading::{Read, Reading};
use super::survey::{FILES_MAX, Line, Output, Stray, Survey, Unread};
use crate::opening::{self, Links};
use crate::progress::{Bar, Progress};

/// Bytes read and hashed at a time, while they are still in the processor's
/// cache.
const PIECE_BYTES: usize = 128 << 10;

/// The most names of stray files kept.
const STRAYS_MAX: usize = 1000;

/// What lies in the folder, before any output was read.
#[derive(Debug, Default)]
struct Listing {
    actions: Vec<(Id, PathBuf)>,
    outputs: Vec<Listed>,
    strays: Vec<Stray>,
    has_fuzz: bool,
    open: usize,
}

#[derive(Debug)]
struct Listed {
    id: Id,
    path: PathBuf,
    size: u64,
}

/// Reads all of a cache.
///
/// # Errors
/// When the folder can't be listed, is not a build cache, or holds more than
/// [`FILES_MAX`] files.
pub fn survey(folder: &Path, progress: Progress) -> anyhow::Result<Survey> {
    let listing = list(folder)?;
    let total = listing.outputs.iter().map(|output| output.size).sum();
    let bar = progress.bytes("hashing", total);
    let mut outputs = listing.outputs;
    // The largest first: the last one to finish is then a small one.
    outputs.sort_by_key(|output| std::cmp::Reverse(output.size));
    // One program at a time is held whole; the lock bounds the memory.
    let programs = Mutex::new(());
    let outputs: Vec<(Id, Output)> = outputs
        .par_iter()
        .map(|listed| {
            let output = match read_output(listed, &programs, &bar) {
                Ok(output) => output,
                Err(error) => Some(Output::Unread(Unread::Refused(error.to_string()))),
            };
            (listed.id, output)
        })
        // What a `go` that is running deletes meanwhile was trimmed, not lost.
        .filter_map(|(id, output)| Some((id, output?)))
        .collect();
    let actions: Vec<(Id, Line)> = listing
        .actions
        .par_iter()
        .filter_map(|(id, path)| Some((*id, read_line(id, path)?)))
        .collect();
    bar.finish();
    let bytes = outputs.iter().filter_map(|(_, output)| output.size()).sum();
    Ok(Survey {
        actions: actions.into_iter().collect(),
        outputs: outputs.into_iter().collect(),
        strays: listing.strays,
        has_fuzz: listing.has_fuzz,
        open: open_to_others(folder, listing.open),
        bytes,
    })
}

/// Opens a regular file for reading, and nothing else.
///
/// # Errors
/// What the system says; `Ok(Err)` when it is not a regular file.
pub(super) fn open(path: &Path) -> io::Result<Result<(File, Metadata), &'static str>> {
    let metadata = fs::symlink_metadata(path)?;
    if let Some(what) = not_a_file(&metadata) {
        return Ok(Err(what));
    }
    // Against a file that is replaced between the look and the opening.
    let (file, metadata) = opening::open(path, Links::Refused)?;
    Ok(match not_a_file(&metadata) {
        Some(what) => Err(what),
        None => Ok((file, metadata)),
    })
}

fn list(folder: &Path) -> anyhow::Result<Listing> {
    let entries = fs::read_dir(folder).with_context(|| {
        format!(
            "{}: the build cache can't be listed; name the folder that `go env GOCACHE` prints",
            folder.display()
        )
    })?;
    let mut tops = Vec::new();
    let mut listing = Listing::default();
    for entry in entries {
        let entry = entry.with_context(|| format!("listing {}", folder.display()))?;
        match Top::parse(entry.file_name().as_encoded_bytes()) {
            Top::Folder(byte) if is_folder(&entry) => tops.push((byte, entry.path())),
            Top::Folder(_) => listing.stray(folder, &entry.path()),
            Top::Own(Own::Fuzz) => listing.has_fuzz = true,
            Top::Own(Own::Readme | Own::Trim | Own::TestExpire | Own::Log) => {}
            Top::Foreign => listing.stray(folder, &entry.path()),
        }
    }
    let folders = tops.len();
    let parts: Vec<anyhow::Result<Listing>> = tops
        .par_iter()
        .map(|(byte, path)| list_one(folder, *byte, path))
        .collect();
    for part in parts {
        listing.join(part?)?;
    }
    // An empty cache has all of them. One folder called `fd` makes none.
    if folders < 256 && listing.actions.is_empty() && listing.outputs.is_empty() {
        bail!(
            "{}: is not a Go build cache, no entry lies in folders 00 to ff; name the folder that `go env GOCACHE` prints",
            folder.display()
        );
    }
    listing.strays.sort();
    Ok(listing)
}

/// Lists one of the 256 folders.
fn list_one(cache: &Path, byte: u8, folder: &Path) -> anyhow::Result<Listing> {
    let mut listing = Listing::default();
    let shown = || format!("listing {}", folder.display());
    if fs::symlink_metadata(folder).is_ok_and(|metadata| is_open(&metadata)) {
        listing.open += 1;
    }
    for entry in fs::read_dir(folder).with_context(shown)? {
        let entry = entry.with_context(shown)?;
        let path = entry.path();
        match Entry::parse(byte, entry.file_name().as_encoded_bytes()) {
            Some(Entry::Action(id)) => listing.actions.push((id, path)),
            Some(Entry::Output(id)) => {
                let metadata = fs::symlink_metadata(&path);
                if metadata.as_ref().is_ok_and(is_open) {
                    listing.open += 1;
                }
                let size = metadata.map_or(0, |metadata| metadata.len());
                listing.outputs.push(Listed { id, path, size });
            }
            None => listing.stray(cache, &path),
        }
    }
    Ok(listing)
}

impl Listing {
    fn stray(&mut self, cache: &Path, path: &Path) {
        if self.strays.len() >= STRAYS_MAX {
            return;
        }
        let what = match fs::symlink_metadata(path) {
            Ok(metadata) => not_a_file(&metadata).unwrap_or("file"),
            Err(_) => "unknown",
        };
        let path = path.strip_prefix(cache).unwrap_or(path);
        let path = path.to_string_lossy().into_owned();
        self.strays.push(Stray { path, what });
    }

    fn join(&mut self, other: Self) -> anyhow::Result<()> {
        self.actions.extend(other.actions);
        self.outputs.extend(other.outputs);
        self.strays.extend(other.strays);
        self.strays.truncate(STRAYS_MAX);
        self.open += other.open;
        let files = self.actions.len() + self.outputs.len();
        if files > FILES_MAX {
            bail!("the cache holds more than {FILES_MAX} files, the most that are looked at");
        }
        Ok(())
    }
}

/// Reads an index file; `None` when it is gone by now.
fn read_line(action: &Id, path: &Path) -> Option<Line> {
    let mut bytes = Vec::with_capacity(Index::LEN + 1);
    let read = open(path).and_then(|opened| {
        let Ok((file, _)) = opened else {
            return Ok(opened.err());
        };
        // One byte more than a line shows that there is more.
        file.take(Index::LEN as u64 + 1).read_to_end(&mut bytes)?;
        Ok(None)
    });
    match read {
        Ok(None) => Some(Line::read(action, &bytes)),
        Ok(Some(what)) => Some(Line::Unread(Unread::NotAFile(what))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(Line::Unread(Unread::Refused(error.to_string()))),
    }
}

/// Reads an output; `None` when it is gone by now.
fn read_output(listed: &Listed, programs: &Mutex<()>, bar: &Bar) -> io::Result<Option<Output>> {
    let metadata = match fs::symlink_metadata(&listed.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata?,
    };
    if metadata.is_dir() {
        return read_program(&listed.path, programs).map(Some);
    }
    Ok(match open(&listed.path)? {
        Err(what) => Some(Output::Unread(Unread::NotAFile(what))),
        Ok((file, _)) => Some(Output::File(read_file(file, bar)?)),
    })
}

fn read_file(mut file: File, bar: &Bar) -> io::Result<Read> {
    let mut reading = Reading::new();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(reading.finish()),
            Ok(len) => {
                reading.update(&piece[..len]);
                bar.add(len as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Reads the folder that holds one program.
fn read_program(folder: &Path, programs: &Mutex<()>) -> io::Result<Output> {
    let mut entries = fs::read_dir(folder)?;
    let first = entries.next().transpose()?;
    let files = usize::from(first.is_some()) + entries.take(STRAYS_MAX).count();
    let (1, Some(first)) = (files, first) else {
        return Ok(Output::Folder { files });
    };
    let (file, metadata) = match open(&first.path())? {
        Ok(opened) => opened,
        Err(what) => return Ok(Output::Unread(Unread::NotAFile(what))),
    };
    let name = first.file_name();
    let _held = programs.lock();
    if metadata.len() > program::SIZE_MAX {
        return Ok(Output::Program(hashed_only(&name, file)?));
    }
    let mut bytes = Vec::new();
    file.take(program::SIZE_MAX).read_to_end(&mut bytes)?;
    Ok(Output::Program(Program::read(
        name.to_string_lossy().into_owned(),
        &bytes,
    )))
}

fn hashed_only(name: &OsStr, file: File) -> io::Result<Program> {
    let read = read_file(file, &Progress::new(false).bytes("", 0))?;
    Ok(Program::hashed(name.to_string_lossy().into_owned(), &read))
}

/// Says what something is that is not a regular file.
fn not_a_file(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        None
    } else if kind.is_symlink() {
        Some("link")
    } else if kind.is_dir() {
        Some("folder")
    } else {
        Some("device, pipe or socket")
    }
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir())
}

/// Says whether every user may change it.
#[cfg(unix)]
fn is_open(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    // A link's own mode says nothing.
    !metadata.is_symlink() && metadata.permissions().mode() & 0o002 != 0
}

#[cfg(not(unix))]
fn is_open(_: &Metadata) -> bool {
    false
}

fn open_to_others(folder: &Path, within: usize) -> Vec<String> {
    let mut open = Vec::new();
    if fs::metadata(folder).is_ok_and(|metadata| is_open(&metadata)) {
        open.push(
            "every user of this machine may add and replace entries: the folder is writable by all"
                .to_owned(),
        );
    }
    if within > 0 {
        open.push(format!(
            "{within} files and folders in it are writable by every user"
        ));
    }
    open
}
