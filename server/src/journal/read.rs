//! Reading the journal back.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::{Entry, LINE_BYTES_MAX, folder};
use crate::ledger::FileRecord;

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// An entry.
    Entry(Entry),
    /// No entry: a crash left it unfinished, somebody damaged it, or a newer
    /// version wrote it.
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line's number, from 1 on.
        number: u64,
    },
}

/// Reads all lines of the journal, those of one kind of entries in the order in
/// which they were written. A journal that is absent has none. Memory is bounded
/// by the longest line. Iterating blocks.
pub(crate) fn read(data: &Path) -> impl Iterator<Item = io::Result<Line>> + use<> {
    lines_of(files(&folder(data)))
}

/// Reads all lines of one kind of entries, as [`read`] does.
pub(crate) fn of_kind(data: &Path, kind: &str) -> impl Iterator<Item = io::Result<Line>> + use<> {
    lines_of(files_of(data, kind))
}

fn lines_of(files: io::Result<Vec<PathBuf>>) -> impl Iterator<Item = io::Result<Line>> + use<> {
    let (files, error) = match files {
        Ok(files) => (files, None),
        Err(error) => (Vec::new(), Some(Err(error))),
    };
    let lines = files.into_iter().flat_map(|path| match File::open(&path) {
        Ok(file) => Lines::new(path, BufReader::new(file), None),
        Err(error) => Lines::new(path, BufReader::new(empty()), Some(error)),
    });
    error.into_iter().chain(lines)
}

/// Reads the last lines of the newest file of one kind of entries, oldest first. Blocks.
///
/// # Errors
/// What the file system answers.
pub(crate) fn recent(data: &Path, kind: &str) -> io::Result<Vec<Line>> {
    let Some(path) = files_of(data, kind)?.pop() else {
        return Ok(Vec::new());
    };
    let mut file = File::open(&path)?;
    let start = file.metadata()?.len().saturating_sub(RECENT_BYTES);
    file.seek(SeekFrom::Start(start))?;
    // The first line may have lost its start; it is then no entry.
    Lines::new(path, BufReader::new(file), None).collect()
}

/// Reads which bytes were the first under a name, unless it was taken back since.
/// Blocks.
pub(super) fn first_use(data: &Path, key: &str) -> io::Result<Option<FileRecord>> {
    let mut first = None;
    let names_it = memchr::memmem::Finder::new(key);
    for path in files_of(data, "files")? {
        let file = File::open(&path)?;
        let mut lines = Lines::new(path, BufReader::new(file), None);
        while let Some(line) = lines.bytes()? {
            if names_it.find(&line).is_none() {
                continue;
            }
            match parse(&line) {
                Some(Entry::Removed { key: of, .. }) if of == key => first = None,
                Some(entry) => match entry.into_first_use() {
                    Some((of, record)) if of == key => first = Some(record),
                    _ => {}
                },
                None => {}
            }
        }
    }
    Ok(first)
}

/// Returns the files of one kind of entries, oldest first.
fn files_of(data: &Path, kind: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = files(&folder(data))?;
    let prefix = format!("{kind}-");
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        name.as_encoded_bytes().starts_with(prefix.as_bytes())
    });
    Ok(files)
}

/// What is read of a file's end.
const RECENT_BYTES: u64 = 256 << 10;

type Source = BufReader<Box<dyn Read + Send>>;

fn empty() -> Box<dyn Read + Send> {
    Box::new(io::empty())
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "jsonl") {
            files.push(path);
        }
    }
    // Kind first, then month.
    files.sort();
    Ok(files)
}

/// The lines of one file.
struct Lines {
    path: PathBuf,
    source: Source,
    number: u64,
    error: Option<io::Error>,
}

impl Lines {
    fn new<R: Read + Send + 'static>(
        path: PathBuf,
        source: BufReader<R>,
        error: Option<io::Error>,
    ) -> Self {
        Self {
            path,
            source: BufReader::new(Box::new(source)),
            number: 0,
            error,
        }
    }

    /// Returns the next line without its end; one that is too long is cut.
    fn bytes(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let max = LINE_BYTES_MAX as u64 + 1;
        if self
            .source
            .by_ref()
            .take(max)
            .read_until(b'\n', &mut bytes)?
            == 0
        {
            return Ok(None);
        }
        self.number += 1;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        } else {
            self.source.skip_until(b'\n')?;
        }
        Ok(Some(bytes))
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        let Some(bytes) = self.bytes()? else {
            return Ok(None);
        };
        Ok(Some(match parse(&bytes) {
            Some(entry) => Line::Entry(entry),
            None => Line::Damaged {
                path: self.path.clone(),
                number: self.number,
            },
        }))
    }
}

impl Iterator for Lines {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = match self.error.take() {
            Some(error) => Err(error),
            None => self.line(),
        };
        let at = |error: io::Error| {
            let text = format!("reading {}: {error}", self.path.display());
            io::Error::new(error.kind(), text)
        };
        if let Err(error) = result {
            let error = at(error);
            // What follows in this file cannot be read either.
            self.source = BufReader::new(empty());
            return Some(Err(error));
        }
        result.transpose()
    }
}

/// Reads a line without its end; `None` where it is not an entry.
pub(super) fn parse(line: &[u8]) -> Option<Entry> {
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    serde_json::from_slice(line).ok()
}
