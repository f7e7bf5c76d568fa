//! Writing files so that a crash leaves either nothing or the whole file.
//!
//! A write is: temporary file in the staging folder, fsync, rename, fsync of
//! the folder that now holds the name. Staging lies on the same file system as
//! what it feeds, so the rename is atomic. A crash before the rename leaves a
//! file in staging, which the next start removes; a crash after it leaves a whole
//! file under its name.
//!
//! Folders that are made on the way are not synced one by one. ext4, xfs and
//! btrfs make a new folder's own name durable when the folder is synced; on
//! others a crash may lose a file in a folder just made, which is then absent and
//! fetched again.
//!
//! Everything here blocks: call it off the async threads.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::RenameFlags;
use rustix::io::Errno;

use super::Published;
use super::folder::{make_folder_of, sync_folder};
use super::lazy::Lazy;

/// The folder of half-written files. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Staging {
    folder: Arc<Path>,
    next: Arc<AtomicU64>,
    lazy: Arc<Lazy>,
}

impl Staging {
    /// Opens `DATA/staging`, making it where absent and removing what an
    /// earlier run left half-written. Only one who holds the data folder's lock may.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        Self::open_in(&data.join("staging"))
    }

    /// Stages nothing: for a data folder that is only read.
    pub(crate) fn read_only() -> Self {
        Self::of(Path::new("/dev/null/staging"))
    }

    fn of(folder: &Path) -> Self {
        Self {
            folder: folder.into(),
            next: Arc::new(AtomicU64::new(0)),
            lazy: Arc::new(Lazy::new()),
        }
    }

    /// Opens a staging folder of any name.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn open_in(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                fs::remove_dir_all(&path)?;
            } else {
                fs::remove_file(&path)?;
            }
        }
        Ok(Self::of(folder))
    }

    /// Tells whether a staged file can get a name in `folder`. Tried, since two mounts
    /// of one file system have one number and it cannot.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn feeds(&self, folder: &Path) -> io::Result<bool> {
        let probe = folder.join(".probe");
        match self.create()?.rename(&probe) {
            Ok(_) => fs::remove_file(&probe).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => Ok(false),
            Err(error) => Err(error),
        }
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
            is_synced: false,
        })
    }

    /// Makes an empty folder to unpack into. Whoever makes it removes it; the next start
    /// removes what is left.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn subfolder(&self) -> io::Result<PathBuf> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{number:08x}.d"));
        fs::create_dir(&path)?;
        Ok(path)
    }

    /// Takes a whole file into staging: moved, or copied from another file system.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn adopt(&self, from: &Path) -> io::Result<Staged> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{number:08x}"));
        match fs::rename(from, &path) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                fs::copy(from, &path)?;
                fs::remove_file(from)?;
            }
            moved => moved?,
        }
        let file = File::options().read(true).write(true).open(&path)?;
        Ok(Staged {
            file: Arc::new(file),
            path: Some(path),
            is_synced: false,
        })
    }

    fn create_with(&self, bytes: &[u8]) -> io::Result<Staged> {
        let staged = self.create()?;
        (&*staged.file).write_all(bytes)?;
        Ok(staged)
    }

    /// Writes `bytes` durably under the name `to`, replacing what was there.
    ///
    /// # Errors
    /// What the file system answers; `to` is then as it was.
    pub(crate) fn write(&self, to: &Path, bytes: &[u8]) -> io::Result<()> {
        self.create_with(bytes)?.publish(to)
    }

    /// Writes `bytes` under the name `to`, replacing what was there. The name
    /// appears whole at once; it is durable within about a second, or after
    /// [`flush`](Self::flush). A power failure before that may leave the old file,
    /// none, or one that is empty or cut: only for what is proved again whenever it
    /// is read, and can be fetched again.
    ///
    /// # Errors
    /// What the file system answers; `to` is then as it was.
    pub(crate) fn write_lazily(&self, to: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut staged = self.create_with(bytes)?;
        staged.rename(to)?;
        self.lazy.add(to.to_owned())
    }

    /// Makes durable what was written lazily.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.lazy.flush()
    }
}

/// A file in staging. Dropped without being published, it is removed.
#[derive(Debug)]
pub(crate) struct Staged {
    file: Arc<File>,
    path: Option<PathBuf>,
    /// Whether all that was written is on the disk.
    is_synced: bool,
}

impl Staged {
    /// Gives the file its name, replacing what was there.
    ///
    /// # Errors
    /// What the file system answers; `to` is then as it was, unless only the
    /// last fsync failed, when it is the whole new file or the old one.
    pub(crate) fn publish(mut self, to: &Path) -> io::Result<()> {
        self.sync()?;
        sync_folder(self.rename(to)?)
    }

    /// Gives the file its name where that is free. Nothing is ever replaced, also
    /// when two publish at once.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub(crate) fn publish_new(mut self, to: &Path) -> io::Result<Published> {
        self.sync()?;
        let folder = make_folder_of(to)?;
        let Some(path) = self.path.take() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let result = match rename_new(&path, to) {
            Ok(true) => {
                sync_folder(folder)?;
                return Ok(Published::Stored);
            }
            Ok(false) => self.compare(to),
            Err(error) => Err(error),
        };
        // Still in staging: dropping removes it.
        self.path = Some(path);
        let published = result?;
        if published == Published::Same {
            // Whoever stored it may have failed here.
            sync_folder(folder)?;
        }
        Ok(published)
    }

    /// The open file, for writing and for those who read what has arrived.
    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Notes that [`file`](Self::file) was synced after the last write: publishing then
    /// waits for the disk once less.
    pub(crate) fn note_synced(&mut self) {
        self.is_synced = true;
    }

    fn sync(&self) -> io::Result<()> {
        if self.is_synced {
            return Ok(());
        }
        self.file.sync_all()
    }

    /// Returns the folder of `to`, which is still to be synced.
    fn rename<'a>(&mut self, to: &'a Path) -> io::Result<&'a Path> {
        let folder = make_folder_of(to)?;
        if let Some(path) = self.path.take()
            && let Err(error) = fs::rename(&path, to)
        {
            self.path = Some(path);
            return Err(error);
        }
        Ok(folder)
    }

    fn compare(&self, to: &Path) -> io::Result<Published> {
        let there = File::open(to)?;
        let (length, metadata) = (self.file.metadata()?.len(), there.metadata()?);
        if !metadata.is_file() {
            let text = format!("{} is not a file", to.display());
            return Err(io::Error::other(text));
        }
        if metadata.len() != length {
            return Ok(Published::Taken);
        }
        let mut here = vec![0; COMPARE_BYTES];
        let mut other = vec![0; COMPARE_BYTES];
        let mut at = 0;
        while at < length {
            let count =
                usize::try_from(length - at).map_or(COMPARE_BYTES, |n| n.min(COMPARE_BYTES));
            self.file.read_exact_at(&mut here[..count], at)?;
            there.read_exact_at(&mut other[..count], at)?;
            if here[..count] != other[..count] {
                return Ok(Published::Taken);
            }
            at += count as u64;
        }
        Ok(Published::Same)
    }
}

/// Bytes of two files that are compared at once.
const COMPARE_BYTES: usize = 64 << 10;

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Best effort: what stays is removed at the next start.
            let _ = fs::remove_file(path);
        }
    }
}

/// Renames where `to` is free; returns whether it was.
fn rename_new(from: &Path, to: &Path) -> io::Result<bool> {
    let here = rustix::fs::CWD;
    match rustix::fs::renameat_with(here, from, here, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        // NFS and some others cannot do that, but link.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => link_new(from, to),
        Err(error) => Err(error.into()),
    }
}

/// As [`rename_new`], by a second name.
fn link_new(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
