//! Writing files so that a crash leaves either nothing or the whole file.
//!
//! A write is: temporary file in the staging folder, fsync, rename, fsync of
//! the folder that now holds the name. Staging lies on the same file system as
//! what it feeds (both are under the data folder), so the rename is atomic. A
//! crash before the rename leaves a file in staging, which the next start
//! removes; a crash after it leaves a whole file under its name.
//!
//! Everything here blocks: call it off the async threads.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The folder of half-written files. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Staging {
    folder: Arc<Path>,
    next: Arc<AtomicU64>,
}

impl Staging {
    /// Opens `DATA/staging`, making it where absent and removing what an
    /// earlier run left half-written.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        let folder = data.join("staging");
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                fs::remove_dir_all(&path)?;
            } else {
                fs::remove_file(&path)?;
            }
        }
        Ok(Self {
            folder: folder.into(),
            next: Arc::new(AtomicU64::new(0)),
        })
    }

    /// Makes an empty file to write to.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn create(&self) -> io::Result<Staged> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{number:08x}"));
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        Ok(Staged {
            file: Arc::new(file),
            path: Some(path),
        })
    }

    /// Writes `bytes` durably under the name `to`, replacing what was there.
    ///
    /// # Errors
    /// What the file system answers; `to` is then as it was.
    pub(crate) fn write(&self, to: &Path, bytes: &[u8]) -> io::Result<()> {
        let staged = self.create()?;
        (&*staged.file).write_all(bytes)?;
        staged.publish(to)
    }

    /// Writes `bytes` under the name `to`, replacing what was there. Readers see the
    /// whole file or none, but nothing is waited for: after a power cut the file may
    /// be missing, empty or damaged. For what is checked when it is read.
    ///
    /// # Errors
    /// What the file system answers; `to` is then as it was.
    pub(crate) fn write_soon(&self, to: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut staged = self.create()?;
        (&*staged.file).write_all(bytes)?;
        let Some(path) = staged.path.take() else {
            return Ok(());
        };
        let mut renamed = fs::rename(&path, to);
        if let (Err(error), Some(folder)) = (&renamed, to.parent())
            && error.kind() == io::ErrorKind::NotFound
        {
            renamed = fs::create_dir_all(folder).and_then(|()| fs::rename(&path, to));
        }
        if renamed.is_err() {
            staged.path = Some(path);
        }
        renamed
    }
}

/// A file in staging. Dropped without `publish`, it is removed.
#[derive(Debug)]
pub(crate) struct Staged {
    file: Arc<File>,
    path: Option<PathBuf>,
}

impl Staged {
    /// Gives the file its name: fsync, rename over `to`, fsync of the folder.
    /// Folders that are missing on the way are made, and made durable.
    ///
    /// # Errors
    /// What the file system answers; `to` is then as it was, unless only the
    /// last fsync failed, when it is the whole new file or the old one.
    pub(crate) fn publish(mut self, to: &Path) -> io::Result<()> {
        let folder = to.parent().ok_or(io::ErrorKind::InvalidInput)?;
        self.file.sync_all()?;
        make_folders(folder)?;
        if let Some(path) = self.path.take()
            && let Err(error) = fs::rename(&path, to)
        {
            self.path = Some(path);
            return Err(error);
        }
        sync_folder(folder)
    }

    /// The open file, for writing and for those who read what has arrived.
    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Best effort: what stays is removed at the next start.
            let _ = fs::remove_file(path);
        }
    }
}

/// Makes `folder` and its missing parents, each one durable in its parent.
fn make_folders(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().ok_or(io::ErrorKind::InvalidInput)?;
    make_folders(parent)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(parent),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishes_whole_files_in_new_folders() {
        let data = tempfile::tempdir().unwrap();
        let staging = Staging::open(data.path()).unwrap();
        let to = data.path().join("modules/a/b/@v/v1.0.0.mod");
        staging.write(&to, b"module a/b\n").unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"module a/b\n");
        staging.write(&to, b"again").unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"again");
        assert_eq!(
            fs::read_dir(data.path().join("staging")).unwrap().count(),
            0
        );
    }

    #[test]
    fn dropped_files_and_leavings_of_a_crash_are_removed() {
        let data = tempfile::tempdir().unwrap();
        let staging = Staging::open(data.path()).unwrap();
        drop(staging.create().unwrap());
        assert_eq!(
            fs::read_dir(data.path().join("staging")).unwrap().count(),
            0
        );
        let kept = staging.create().unwrap();
        std::mem::forget(kept);
        Staging::open(data.path()).unwrap();
        assert_eq!(
            fs::read_dir(data.path().join("staging")).unwrap().count(),
            0
        );
    }

    #[test]
    fn a_failed_rename_leaves_the_old_name_alone() {
        let data = tempfile::tempdir().unwrap();
        let staging = Staging::open(data.path()).unwrap();
        let to = data.path().join("taken");
        fs::create_dir(&to).unwrap();
        fs::write(to.join("inside"), b"x").unwrap();
        assert!(staging.write(&to, b"new").is_err());
        assert_eq!(fs::read(to.join("inside")).unwrap(), b"x");
    }
}
