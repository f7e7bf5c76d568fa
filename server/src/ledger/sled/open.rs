//! One opened sled database. Everything here blocks.

use std::io;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ::sled::transaction::{ConflictableTransactionError, TransactionError, Transactional};
use rustix::io::Errno;

use super::super::{Change, Conflict, Table};
use super::flusher::{Flusher, flush, free_garbage};

/// An opened database. Dropping it flushes what is not yet durable, which may
/// block, for ever even when sled hangs.
#[derive(Debug)]
pub(super) struct Open {
    // Dropped first: it flushes the database.
    pub(super) flusher: Flusher,
    /// In the order of [`Table::ALL`].
    trees: Vec<::sled::Tree>,
    db: ::sled::Db,
}

/// Why a database does not open.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// Another process has it open, or a part of this one that hangs.
    #[error("it is in use")]
    InUse,
    /// It cannot be opened now, and nothing is wrong with it: the disk is full.
    #[error("{0}")]
    Passing(io::Error),
    /// It cannot be read.
    #[error("{0}")]
    Damaged(String),
}

/// sled's page cache. What is asked often is in the hot cache, so a small one
/// does; the default of 1 GiB would be the server's whole memory.
const PAGE_CACHE_BYTES: u64 = 8 << 20;

/// In the database's own tree while it is made anew.
const UNFINISHED: &str = "unfinished";

/// A result of sled.
pub(super) type Result<T> = std::result::Result<T, ::sled::Error>;

impl Open {
    /// Opens the database in `folder`, making it where absent.
    pub(super) fn at(folder: &Path) -> std::result::Result<Self, Error> {
        // sled panics at some damages.
        let opened = catch_unwind(AssertUnwindSafe(|| Self::try_open(folder)));
        match opened {
            Ok(opened) => opened.map_err(Error::from),
            Err(_) => Err(Error::Damaged("sled panics when it opens it".into())),
        }
    }

    fn try_open(folder: &Path) -> Result<Self> {
        let db = ::sled::Config::new()
            .path(folder)
            .cache_capacity(PAGE_CACHE_BYTES)
            .flush_every_ms(None)
            .open()?;
        let trees = Table::ALL
            .iter()
            .map(|table| db.open_tree(table.name()))
            .collect::<Result<_>>()?;
        let flusher = Flusher::new(db.clone()).map_err(::sled::Error::Io)?;
        Ok(Self { flusher, trees, db })
    }

    /// Tells whether it is to be made anew: it holds no file's record, or a remake has
    /// begun and not ended. Then that is noted in it, as records will come meanwhile.
    pub(super) fn is_to_be_remade(&self) -> Result<bool> {
        if self.db.contains_key(UNFINISHED)? {
            return Ok(true);
        }
        let is_empty = self.tree(Table::Files).is_empty();
        if is_empty {
            self.db.insert(UNFINISHED, &[])?;
            self.db.flush()?;
        }
        Ok(is_empty)
    }

    /// Notes that it has been made anew.
    pub(super) fn set_remade(&self) -> Result<()> {
        self.db.remove(UNFINISHED)?;
        self.flush()
    }

    fn tree(&self, table: Table) -> &::sled::Tree {
        &self.trees[table as usize]
    }

    pub(super) fn get(&self, table: Table, key: &str) -> Result<Option<Vec<u8>>> {
        let value = self.tree(table).get(key)?;
        Ok(value.map(|value| value.to_vec()))
    }

    pub(super) fn apply(&self, changes: &[Change]) -> Result<()> {
        let changed = match changes {
            [change] => self.apply_one(change),
            _ => self.apply_all(changes),
        };
        // Also after an error: some of it may have been written.
        self.flusher.wake();
        free_garbage();
        changed
    }

    fn apply_one(&self, change: &Change) -> Result<()> {
        let tree = self.tree(change.table);
        match &change.value {
            Some(value) => tree.insert(&change.key, value.as_slice())?,
            None => tree.remove(&change.key)?,
        };
        Ok(())
    }

    fn apply_all(&self, changes: &[Change]) -> Result<()> {
        let applied = self.trees.as_slice().transaction(|trees| {
            for change in changes {
                let tree = &trees[change.table as usize];
                match &change.value {
                    Some(value) => tree.insert(change.key.as_bytes(), value.as_slice())?,
                    None => tree.remove(change.key.as_bytes())?,
                };
            }
            Ok::<(), ConflictableTransactionError<std::convert::Infallible>>(())
        });
        match applied {
            Ok(()) => Ok(()),
            Err(TransactionError::Storage(error)) => Err(error),
            Err(TransactionError::Abort(never)) => match never {},
        }
    }

    pub(super) fn flush(&self) -> Result<()> {
        flush(&self.db)
    }

    pub(super) fn scan(
        &self,
        table: Table,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>> {
        let first = match after {
            Some(after) if after >= prefix => Excluded(after.as_bytes()),
            _ => Included(prefix.as_bytes()),
        };
        let is_inside = |item: &Result<(::sled::IVec, ::sled::IVec)>| match item {
            Ok((key, _)) => key.starts_with(prefix.as_bytes()),
            Err(_) => true,
        };
        self.tree(table)
            .range::<&[u8], _>((first, Unbounded))
            .take_while(is_inside)
            .take(limit)
            .map(|item| {
                let (key, value) = item?;
                Ok((String::from_utf8_lossy(&key).into_owned(), value.to_vec()))
            })
            .collect()
    }

    pub(super) fn advance(
        &self,
        log: &str,
        old: Option<&[u8]>,
        new: &[u8],
    ) -> Result<std::result::Result<(), Conflict>> {
        let heads = self.tree(Table::Heads);
        if let Err(error) = heads.compare_and_swap(log, old, Some(new))? {
            let current = error.current.map(|current| current.to_vec());
            return Ok(Err(Conflict { current }));
        }
        self.flusher.wake();
        free_garbage();
        Ok(Ok(()))
    }
}

impl From<::sled::Error> for Error {
    fn from(error: ::sled::Error) -> Self {
        let text = error.to_string();
        // sled tells it by this text alone.
        if text.contains("could not acquire lock") {
            return Self::InUse;
        }
        match error {
            ::sled::Error::Io(error) if is_passing(&error) => Self::Passing(error),
            _ => Self::Damaged(text),
        }
    }
}

/// Tells whether an error says something of the machine and nothing of the
/// database.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{
        OutOfMemory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    let kinds = [
        OutOfMemory,
        PermissionDenied,
        QuotaExceeded,
        ReadOnlyFilesystem,
        StorageFull,
    ];
    let errno = Errno::from_io_error(error);
    kinds.contains(&error.kind()) || matches!(errno, Some(Errno::MFILE | Errno::NFILE))
}
