//! Stored files: the trait, and its implementation by local files.
//!
//! The module tree is a plain GOPROXY file tree that works without this program
//! (`GOPROXY=file://DATA/modules`).

use std::fmt::Debug;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use async_trait::async_trait;

pub(crate) mod content;
pub(crate) mod durable;
#[cfg(test)]
pub(crate) mod failing;
pub(crate) mod folder;
pub(crate) mod key;
mod lazy;
pub(crate) mod local;
pub(crate) mod map;
mod walk;

pub(crate) use content::{Content, StoredFile};
pub(crate) use durable::Staged;
pub(crate) use key::Key;

/// Where files are stored. A name once taken never gets other content, unless
/// it was removed first or is one whose content changes ([`If::Any`]).
///
/// Every call ends, with `TimedOut` where the storage does not answer. Iterating a walk
/// and reading what a large file holds may not.
#[async_trait]
pub(crate) trait Blobs: Send + Sync + Debug {
    /// Returns the file `key`, or `None` where there is none.
    ///
    /// # Errors
    /// What the storage answers, but for a missing file.
    async fn read(&self, key: &Key) -> io::Result<Option<Blob>>;

    /// Makes an empty file to write to. It is local, whatever the storage is.
    ///
    /// # Errors
    /// What the file system answers.
    async fn stage(&self) -> io::Result<Staged>;

    /// Takes a whole file into staging, from wherever it lies. It is no longer there then.
    ///
    /// # Errors
    /// What the file system answers.
    async fn stage_from(&self, from: &std::path::Path) -> io::Result<Staged>;

    /// Gives a staged file its name. On return it is durable, or nothing was
    /// changed.
    ///
    /// # Errors
    /// What the storage answers. The file may then be stored or not: publishing it
    /// again is safe.
    async fn publish(&self, staged: Staged, key: &Key, condition: If) -> io::Result<Published>;

    /// Removes a file. Returns whether there was one.
    ///
    /// # Errors
    /// What the storage answers, but for a missing file.
    async fn remove(&self, key: &Key) -> io::Result<bool>;

    /// Removes files that can be had again. Those that come back with the power after a
    /// cut do no harm, so nothing is waited for.
    ///
    /// # Errors
    /// What the storage answers, but for missing files. Some may then be gone.
    async fn evict(&self, keys: Vec<Key>) -> io::Result<()>;

    /// Notes that upstream still says what the file says: its `modified` is now.
    ///
    /// # Errors
    /// What the storage answers.
    async fn touch(&self, key: &Key) -> io::Result<()>;

    /// Returns all files, in no order that is promised. Iterating blocks.
    fn walk(&self) -> Walk {
        self.walk_prefix("")
    }

    /// Returns the files whose place begins with `prefix`: those of one module for
    /// [`Key::module_prefix`]. Iterating blocks.
    fn walk_prefix(&self, prefix: &str) -> Walk;
}

/// Files met on a walk. A folder that cannot be read is an error among them, and
/// the walk goes on behind it.
pub(crate) type Walk = Box<dyn Iterator<Item = io::Result<Found>> + Send>;

/// A file met on a walk.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its place; `None` where no request leads to it.
    pub(crate) key: Option<Key>,
    /// Where it lies, for messages.
    pub(crate) path: PathBuf,
    /// Its bytes.
    pub(crate) bytes: u64,
    /// When it was last written.
    pub(crate) modified: SystemTime,
}

/// On what condition a file gets its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum If {
    /// Nothing is there, or the same bytes: files of versions.
    Absent,
    /// In any case, replacing what is there: lists and answers to queries.
    Any,
}

/// What became of a file that was to get a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Published {
    /// It is stored.
    Stored,
    /// The same bytes were there already.
    Same,
    /// Other bytes are there. Nothing was changed.
    Taken,
}

/// A stored file.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    /// What it holds.
    pub(crate) content: Content,
    /// When it was last written, or upstream last said the same.
    pub(crate) modified: SystemTime,
    /// How the file looked to the file system; `None` where storage has no such thing.
    pub(crate) stamp: Option<Stamp>,
}

/// What changes when a file is written to or replaced: its identity, length and time of
/// last change, which no program can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Tells whether the file has the bytes that it had at `then`, as far as length and
    /// time of writing tell. Another link to it, as a backup makes them, changes
    /// neither.
    fn has_bytes_of(self, then: Self) -> bool {
        let changed = then.changed;
        Self { changed, ..self } == then
    }
}

/// Tells whether an error means that no such file can be there: a name longer
/// than the file system allows included.
fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}
