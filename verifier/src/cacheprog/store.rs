//! The folder of a record: a build cache as the go command lays it out, and
//! three folders of ours beside it.
//!
//! Several children may use one folder at once, on several machines too. Every
//! file is written under another name, flushed and renamed, so that a reader
//! finds the old file or the new one, whole. Entries have no locks: two writers of
//! one output write the same bytes, and of two writers of one action the later
//! one stands, as with the go command's own cache.
//!
//! The index lines lie beside the outputs: whoever can write to the folder can change
//! both, so that they fit.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use proto::digest::Digest;
use proto::gocache::name::Entry;
use proto::gocache::{Id, Index};
use tempfile::NamedTempFile;

use crate::durable;
use crate::gocache::reading::{Read, Reading};

/// A folder in the layout of GOCACHE.
#[derive(Debug)]
pub(super) struct Store {
    /// Absolute, and text: it goes to the go command in JSON.
    root: String,
}

/// What the record says of an action.
#[derive(Debug)]
pub(super) enum Recorded {
    /// Nothing.
    Nothing,
    /// This output.
    Output(Index),
    /// The index line is not one.
    Damaged(String),
}

/// What became of a body handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It was new.
    New,
    /// The same file was there.
    Present,
    /// A file of that name with other bytes was there; it was moved aside.
    Replaced,
}

impl Store {
    /// Opens a folder that may not be there yet.
    pub(super) fn create(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let store = Self::open(folder)?;
        for name in ["tmp", "sessions"] {
            fs::create_dir_all(store.own(name))?;
        }
        Ok(store)
    }

    /// Opens a folder that must be there, and need not be ours to write to.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        let folder = std::path::absolute(folder)?;
        anyhow::ensure!(folder.is_dir(), "it is not a folder");
        let root = folder
            .to_str()
            .context("its path is not UTF-8, which the go command needs; use another path")?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// Opens a folder in the same layout below this one.
    pub(super) fn below(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        Self::open(folder)
    }

    pub(super) fn root(&self) -> &str {
        &self.root
    }

    /// Returns the path of one of the folders beside the cache.
    pub(super) fn own(&self, name: &str) -> PathBuf {
        Path::new(&self.root).join(name)
    }

    /// Returns where an output lies.
    pub(super) fn output_path(&self, output: Id) -> String {
        format!("{}/{}", self.root, Entry::Output(output).path())
    }

    fn action_path(&self, action: Id) -> String {
        format!("{}/{}", self.root, Entry::Action(action).path())
    }

    /// Looks an action up.
    pub(super) fn recorded(&self, action: Id) -> Recorded {
        let path = self.action_path(action);
        let mut line = Vec::with_capacity(Index::LEN + 1);
        let read = fs::File::open(&path)
            .and_then(|file| file.take(Index::LEN as u64 + 1).read_to_end(&mut line));
        match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Recorded::Nothing,
            Err(error) => return Recorded::Damaged(format!("{path}: {error}")),
            Ok(_) => {}
        }
        match Index::parse(&line) {
            Ok(index) if index.action == action => Recorded::Output(index),
            Ok(index) => Recorded::Damaged(format!("{path} is about action {}", index.action)),
            Err(error) => Recorded::Damaged(format!("{path}: {error}")),
        }
    }

    /// Keeps a body whose SHA-256 is `output` under its name. A file of that
    /// name with other bytes is moved to the folder `aside`, which is evidence.
    pub(super) fn keep(
        &self,
        body: NamedTempFile,
        output: Id,
        size: u64,
        aside: &Path,
    ) -> io::Result<Kept> {
        let path = PathBuf::from(self.output_path(output));
        let kept = match fs::metadata(&path) {
            Ok(there) if there.len() == size && hash_file(&path)? == output => {
                return Ok(Kept::Present);
            }
            Ok(_) => {
                fs::create_dir_all(aside)?;
                fs::rename(&path, aside.join(format!("{output}-d")))?;
                Kept::Replaced
            }
            Err(_) => Kept::New,
        };
        durable::persist(body, &path)?;
        Ok(kept)
    }

    /// Writes the index line that joins an action to its output.
    pub(super) fn index(&self, action: Id, output: Id, size: u64) -> io::Result<()> {
        let since = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let index = Index {
            action,
            output,
            size,
            // Fits until the year 2262.
            time_ns: u64::try_from(since.as_nanos()).unwrap_or(0),
        };
        let mut file = self.temporary()?;
        file.write_all(index.to_string().as_bytes())?;
        durable::persist(file, Path::new(&self.action_path(action)))
    }

    /// Makes a file that becomes part of the cache when it is renamed.
    pub(super) fn temporary(&self) -> io::Result<NamedTempFile> {
        let folder = self.own("tmp");
        let made = durable::temporary(&folder);
        match made {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&folder)?;
                durable::temporary(&folder)
            }
            made => made,
        }
    }
}

/// Reads a file and returns what its bytes tell: the SHA-256, and of a package the
/// action that made it.
pub(super) fn read_file(path: &Path) -> io::Result<Read> {
    let mut file = fs::File::open(path)?;
    let mut reading = Reading::new();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(reading.finish()),
            Ok(len) => reading.update(&piece[..len]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Bytes read and hashed at a time.
const PIECE_BYTES: usize = 128 << 10;

/// Returns the SHA-256 of a file.
pub(super) fn hash_file(path: &Path) -> io::Result<Id> {
    Ok(Id(Digest::of(fs::File::open(path)?)?.sha256))
}
