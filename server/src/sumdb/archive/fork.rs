//! The evidence of a fork, whose being there stops a database.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Archive, folder};

impl Archive {
    /// Where the evidence of a fork is, while the database is stopped by one.
    pub(crate) fn fork(&self) -> Option<PathBuf> {
        marker_in(&self.folder)
    }

    /// The folder that stops the database while it is there.
    pub(in crate::sumdb) fn fork_folder(&self) -> PathBuf {
        fork_folder(&self.folder)
    }

    /// The file that says, by being there, that the database is stopped.
    pub(in crate::sumdb) fn fork_marker(&self) -> PathBuf {
        marker(&self.folder)
    }

    /// The folder with a marker that is kept ready.
    pub(in crate::sumdb) fn ready_folder(&self) -> PathBuf {
        self.folder.join("fork.ready")
    }
}

/// Moves the evidence of a fork aside, so that the database `name` is followed again,
/// from the head that was followed before. Returns where the evidence is now, or
/// `None` when the database is not stopped.
///
/// # Errors
/// What the file system answers.
pub(in crate::sumdb) fn resume(data: &Path, name: &str) -> io::Result<Option<PathBuf>> {
    let folder = folder(data, name);
    if marker_in(&folder).is_none() {
        return Ok(None);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.unwrap_or_default().as_secs();
    let aside = folder.join(format!("fork.seen-{seconds}"));
    fs::rename(fork_folder(&folder), &aside)?;
    fs::File::open(&folder)?.sync_all()?;
    Ok(Some(aside))
}

fn marker_in(folder: &Path) -> Option<PathBuf> {
    // A marker that cannot be seen for another reason than its absence stops, too.
    let marker = marker(folder);
    let absent = matches!(marker.try_exists(), Ok(false));
    (!absent).then_some(marker)
}

fn marker(folder: &Path) -> PathBuf {
    fork_folder(folder).join("evidence.txt")
}

fn fork_folder(folder: &Path) -> PathBuf {
    folder.join("fork")
}
