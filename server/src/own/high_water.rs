//! The high-water mark: the newest head that was ever signed, kept outside the data
//! folder, so that a restored data folder cannot take it back.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use proto::note;
use proto::tlog::recovery::HighWater;

use super::verifiers::Verifiers;
use crate::store::folder::{read_small, sync_name};

/// Returns where the mark lies when no setting says it: `KEYFILE.head`.
pub(crate) fn beside(key: &Path) -> PathBuf {
    with_ending(key, ".head")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

/// The file that holds the mark: a signed head.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    path: PathBuf,
    /// Where it lay under the log's other key, while there are two.
    other: Option<PathBuf>,
}

impl Mark {
    pub(super) fn at(path: &Path, other: Option<PathBuf>) -> Self {
        let path = path.to_owned();
        Self { path, other }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the mark. Blocks.
    pub(super) fn read(&self, keys: &Verifiers) -> HighWater {
        let here = read(&self.path, keys);
        let other = self.other.as_deref().map(|path| read(path, keys));
        match (here, other) {
            (HighWater::Head(here), Some(HighWater::Head(other))) if other.size > here.size => {
                HighWater::Head(other)
            }
            (HighWater::Head(_), Some(HighWater::Unreadable)) => HighWater::Unreadable,
            (here, _) => here,
        }
    }

    /// Tells whether the mark is this head, signed as it is here. Blocks.
    pub(super) fn holds(&self, note: &[u8]) -> bool {
        let held = read_small(&self.path, note::LEN_MAX as u64 + 1);
        held.is_ok_and(|held| held.as_deref() == Some(note))
    }

    /// Writes the mark. It is durable on return. Blocks.
    ///
    /// # Errors
    /// What the file system answers; the mark is then as it was, or the new one.
    pub(super) fn write(&self, note: &[u8]) -> io::Result<()> {
        let staged = with_ending(&self.path, ".new");
        let mut file = File::create(&staged)?;
        file.write_all(note)?;
        file.sync_all()?;
        fs::rename(&staged, &self.path)?;
        sync_name(&self.path)
    }
}

fn read(path: &Path, keys: &Verifiers) -> HighWater {
    match read_small(path, note::LEN_MAX as u64 + 1) {
        Ok(None) => HighWater::Absent,
        Ok(Some(bytes)) => {
            let opened = keys.open(&bytes);
            opened.map_or(HighWater::Unreadable, |head| HighWater::Head(head.tree))
        }
        Err(_) => HighWater::Unreadable,
    }
}

/// Tries whether a mark can be written at `path`, and changes nothing there. Blocks.
///
/// # Errors
/// What the file system answers.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    let probe = with_ending(path, ".probe");
    File::create(&probe)?.write_all(b"0")?;
    fs::remove_file(&probe)
}
