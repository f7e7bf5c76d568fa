//! The ledger as a sled database, `DATA/index`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use super::{Change, Conflict, Ledger, Table};
use crate::blocking;

/// The open database. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Sled {
    open: Arc<Open>,
}

#[derive(Debug)]
struct Open {
    db: ::sled::Db,
    /// In the order of [`Table::ALL`].
    trees: Vec<::sled::Tree>,
}

/// sled's page cache. What is asked often is in the hot cache, so a small one
/// does; the default of 1 GiB would be the server's whole memory.
const PAGE_CACHE_BYTES: u64 = 8 << 20;

impl Sled {
    /// Opens `DATA/index`, making it where absent. Blocks.
    ///
    /// # Errors
    /// What sled answers.
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        let db = ::sled::Config::new()
            .path(folder(data))
            .cache_capacity(PAGE_CACHE_BYTES)
            .flush_every_ms(None)
            .open()
            .map_err(io::Error::other)?;
        let trees = Table::ALL
            .iter()
            .map(|table| db.open_tree(table.name()))
            .collect::<Result<_, _>>()
            .map_err(io::Error::other)?;
        Ok(Self {
            open: Arc::new(Open { db, trees }),
        })
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Open) -> Result<T, ::sled::Error> + Send + 'static,
    ) -> io::Result<T> {
        let open = Arc::clone(&self.open);
        blocking::run(move || work(&open).map_err(io::Error::other)).await
    }
}

/// Returns the database's folder in a data folder.
pub(crate) fn folder(data: &Path) -> PathBuf {
    data.join("index")
}

#[async_trait]
impl Ledger for Sled {
    async fn get(&self, table: Table, key: &str) -> io::Result<Option<Vec<u8>>> {
        let key = key.to_owned();
        self.with(move |open| open.get(table, &key)).await
    }

    async fn apply(&self, changes: Vec<Change>) -> io::Result<()> {
        self.with(move |open| open.apply(&changes)).await
    }

    async fn flush(&self) -> io::Result<()> {
        self.with(|open| open.db.flush().map(|_| ())).await
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> io::Result<Vec<(String, Vec<u8>)>> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.with(move |open| open.scan(table, &prefix, after.as_deref(), limit))
            .await
    }

    async fn advance(
        &self,
        log: &str,
        old: Option<&[u8]>,
        new: &[u8],
    ) -> io::Result<Result<(), Conflict>> {
        let (log, old, new) = (log.to_owned(), old.map(<[u8]>::to_vec), new.to_vec());
        self.with(move |open| open.advance(&log, old.as_deref(), &new))
            .await
    }
}

impl Open {
    fn tree(&self, table: Table) -> &::sled::Tree {
        &self.trees[table as usize]
    }

    fn get(&self, table: Table, key: &str) -> Result<Option<Vec<u8>>, ::sled::Error> {
        let value = self.tree(table).get(key)?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn apply(&self, changes: &[Change]) -> Result<(), ::sled::Error> {
        use ::sled::transaction::{ConflictableTransactionError, TransactionError, Transactional};
        let result = self.trees.as_slice().transaction(|trees| {
            for change in changes {
                let tree = &trees[change.table as usize];
                match &change.value {
                    Some(value) => tree.insert(change.key.as_bytes(), value.as_slice())?,
                    None => tree.remove(change.key.as_bytes())?,
                };
            }
            Ok::<(), ConflictableTransactionError<std::convert::Infallible>>(())
        });
        match result {
            Ok(()) => Ok(()),
            Err(TransactionError::Storage(error)) => Err(error),
            Err(TransactionError::Abort(never)) => match never {},
        }
    }

    fn scan(
        &self,
        table: Table,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, ::sled::Error> {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let first = match after {
            Some(after) if after >= prefix => Excluded(after.as_bytes()),
            _ => Included(prefix.as_bytes()),
        };
        self.tree(table)
            .range::<&[u8], _>((first, Unbounded))
            .take_while(|item| {
                item.as_ref()
                    .map_or(true, |(key, _)| key.starts_with(prefix.as_bytes()))
            })
            .take(limit)
            .map(|item| {
                let (key, value) = item?;
                Ok((String::from_utf8_lossy(&key).into_owned(), value.to_vec()))
            })
            .collect()
    }

    fn advance(
        &self,
        log: &str,
        old: Option<&[u8]>,
        new: &[u8],
    ) -> Result<Result<(), Conflict>, ::sled::Error> {
        let swapped = self
            .tree(Table::Heads)
            .compare_and_swap(log, old, Some(new))?;
        self.db.flush()?;
        Ok(swapped.map_err(|error| Conflict {
            current: error.current.map(|current| current.to_vec()),
        }))
    }
}
