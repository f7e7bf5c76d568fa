//! The data folder: whose it is, who has it open, and what version its format is.
//!
//! ```text
//! lock      held by the one process that may write
//! format    the version of the layout, a number; absent in version 1
//! ```
//!
//! Opening takes the lock before anything is changed. It stays taken while the
//! index is closed and made anew.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::store::folder::{read_small, sync_folder};

mod convert;
mod rights;

/// The file that every data folder has: the layout's version.
pub(crate) const FORMAT_FILE: &str = "format";

/// Bytes that are read of it; one that was not damaged has two.
pub(crate) const FORMAT_BYTES_MAX: u64 = 64;

/// The version of the layout that is written.
pub(crate) const FORMAT: u32 = 2;

/// An open data folder. Dropping it lets go of the lock.
#[derive(Debug)]
pub(crate) struct Data {
    folder: PathBuf,
    /// Held while this lives; absent where nothing is written.
    lock: Option<File>,
    /// The version that was found.
    found: u32,
}

/// What is to be done with a data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is changed, by this process alone.
    Exclusive,
    /// It is read, and nothing of it is changed or locked.
    ReadOnly,
}

/// Why a data folder does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something else is in its place.
    #[error("the data folder {} is not a folder", path.display())]
    NotAFolder {
        /// Its path, or that of a folder in it.
        path: PathBuf,
    },
    /// A link leads nowhere.
    #[error("the data folder {} is a link to {}, which does not exist", path.display(), target.display())]
    Dangling {
        /// Its path, or that of a folder in it.
        path: PathBuf,
        /// Where the link leads.
        target: PathBuf,
    },
    /// It is not there, and nothing is to be made.
    #[error("the data folder {} does not exist", path.display())]
    Absent {
        /// Its path.
        path: PathBuf,
    },
    /// The user may not do with it what is needed.
    #[error("{user} may not {right} {}: give it to this user, or start as another", path.display())]
    Forbidden {
        /// Its path, or that of a folder in it.
        path: PathBuf,
        /// The user's name and number.
        user: String,
        /// What may not be done.
        right: &'static str,
    },
    /// Its file system is read-only.
    #[error("{} is on a read-only file system", path.display())]
    ReadOnly {
        /// Its path, or that of a folder in it.
        path: PathBuf,
    },
    /// Another process has it open.
    #[error("{} is in use: another sumward runs on this data folder; stop it, or give this one another --data", path.display())]
    InUse {
        /// Its path.
        path: PathBuf,
    },
    /// A newer program has written it.
    #[error("the data folder {} has format {found}, and this program knows formats up to {FORMAT}: start the newer program that wrote it", path.display())]
    TooNew {
        /// Its path.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
    /// Its format cannot be told.
    #[error("{} should hold the number of the data folder's format, and holds {text:?}", path.display())]
    Format {
        /// The file `format`.
        path: PathBuf,
        /// What it holds.
        text: String,
    },
    /// The file system answers something else.
    #[error("{what} {}: {error}", path.display())]
    Io {
        /// What was done.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// What the file system answers.
        error: io::Error,
    },
}

impl Data {
    /// Opens a data folder; one to be changed is made where absent. Blocks.
    ///
    /// One of an older format is prepared for [`convert`](Self::convert): what that
    /// changes is copied first.
    ///
    /// # Errors
    /// What stands in the way, with the path, the user and the missing right.
    pub(crate) fn open(folder: &Path, mode: Mode) -> Result<Self, Error> {
        let mut data = Self {
            folder: folder.to_owned(),
            lock: None,
            found: FORMAT,
        };
        if mode == Mode::ReadOnly {
            rights::check_readable(folder)?;
            data.found = data.read_format()?.unwrap_or(1);
            return Ok(data);
        }
        rights::make(folder)?;
        data.lock = Some(lock(folder)?);
        rights::check_writable(folder)?;
        match data.read_format()? {
            Some(found) => data.found = found,
            None if convert::is_version_1(folder) => data.found = 1,
            None => data.write_format()?,
        }
        if data.found == 1 {
            convert::copy_index(folder)?;
        }
        Ok(data)
    }

    /// Brings a folder of an older format to the present one. Does nothing where it
    /// has it.
    ///
    /// # Errors
    /// What ledger, journal or file system answer. The folder then has its old
    /// format, and the next start tries again.
    pub(crate) async fn convert(
        &mut self,
        ledger: &dyn Ledger,
        journal: &Journal,
    ) -> io::Result<()> {
        if !self.is_old() || self.is_read_only() {
            return Ok(());
        }
        convert::journal_first_uses(ledger, journal).await?;
        convert::journal_heads(&self.folder, journal).await?;
        self.write_format().map_err(io::Error::other)?;
        tracing::info!(
            data = %self.folder.display(),
            from = self.found,
            to = FORMAT,
            "the data folder is converted; a copy of its index is kept in index.v1"
        );
        self.found = FORMAT;
        Ok(())
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// Tells whether it has an older format: [`convert`](Self::convert) it.
    pub(crate) fn is_old(&self) -> bool {
        self.found != FORMAT
    }

    /// Tells whether nothing of it may be changed.
    pub(crate) fn is_read_only(&self) -> bool {
        self.lock.is_none()
    }

    /// Returns the version of its layout, where it says one.
    fn read_format(&self) -> Result<Option<u32>, Error> {
        let path = self.folder.join(FORMAT_FILE);
        let read = read_small(&path, FORMAT_BYTES_MAX);
        let Some(bytes) = read.map_err(|error| failed("reading", &path, error))? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes);
        match text.trim_end().parse::<u64>() {
            Ok(found) if found > u64::from(FORMAT) => Err(Error::TooNew {
                path: self.folder.clone(),
                found,
            }),
            Ok(found @ 1..) => Ok(u32::try_from(found).ok()),
            Ok(0) | Err(_) => Err(Error::Format {
                path,
                text: text.chars().take(40).collect(),
            }),
        }
    }

    fn write_format(&self) -> Result<(), Error> {
        let path = self.folder.join(FORMAT_FILE);
        let part = self.folder.join("format.new");
        let write = || {
            let mut file = File::create(&part)?;
            file.write_all(format!("{FORMAT}\n").as_bytes())?;
            file.sync_all()?;
            fs::rename(&part, &path)?;
            sync_folder(&self.folder)
        };
        write().map_err(|error| failed("writing", &path, error))
    }
}

fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let opened = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let file = opened.map_err(|error| rights::explain("opening", folder, &path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse {
            path: folder.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(failed("locking", &path, error)),
    }
}

fn failed(what: &'static str, path: &Path, error: io::Error) -> Error {
    Error::Io {
        what,
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests;
