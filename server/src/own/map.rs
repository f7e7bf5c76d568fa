//! Which record is about which module version, in the ledger.
//!
//! The records of the log tell the same: what the ledger lacks after a crash, or because
//! it was begun anew, is read from their tiles before anything is looked up in it.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use proto::module::ModuleVersion;
use proto::module::lookalike::skeleton;
use proto::sumdb::own;
use proto::tlog::batch::HEIGHT;
use proto::tlog::entries::Entries;
use proto::tlog::{Level, Tile};
use quick_cache::sync::Cache;

use super::files::Files;
use crate::blocking::{self, CALL_MAX};
use crate::ledger::{Change, Ledger, Table};

/// The records of one log by module version.
#[derive(Debug)]
pub(crate) struct Map {
    ledger: Arc<dyn Ledger>,
    files: Files,
    /// The log's name: no name has a space, so no two logs share a key.
    log: String,
    /// Paths that were compared with the others already.
    compared: Cache<String, ()>,
}

/// A module that came into the log, and an earlier one whose name looks like its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alike {
    /// The path that is new.
    pub(super) path: String,
    /// The path that was there.
    pub(super) earlier: String,
}

/// Paths that are remembered as compared; the others are compared again.
const COMPARED_MAX: usize = 100_000;

impl Map {
    pub(super) fn new(ledger: Arc<dyn Ledger>, files: Files, log: String) -> Self {
        Self {
            ledger,
            files,
            log,
            compared: Cache::new(COMPARED_MAX),
        }
    }

    /// Returns the number of a module version's record in a log of `size` records.
    ///
    /// # Errors
    /// What ledger or disk answer.
    pub(super) async fn get(&self, module: &ModuleVersion, size: u64) -> io::Result<Option<u64>> {
        let key = self.key(module);
        if let Some(id) = self.number(&key).await? {
            return Ok(Some(id));
        }
        // That it lacks one means something only when it has all.
        if self.mapped().await? >= size {
            return Ok(None);
        }
        self.catch_up(size).await?;
        self.number(&key).await
    }

    /// Returns the number of a module version's record as far as it is written down.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(super) async fn recorded(&self, module: &ModuleVersion) -> io::Result<Option<u64>> {
        self.number(&self.key(module)).await
    }

    /// Writes down records from number `first` on. Returns which of their modules look like
    /// others of the log.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(super) async fn add(&self, first: u64, records: &[Vec<u8>]) -> io::Result<Vec<Alike>> {
        let mut changes = Vec::with_capacity(records.len() + 1);
        let (mut alike, mut compared) = (Vec::new(), Vec::new());
        // By skeleton: they are not in the ledger yet.
        let mut new = BTreeMap::<String, String>::new();
        for (id, record) in (first..).zip(records) {
            let Some(module) = own::parts(record) else {
                continue;
            };
            changes.push(Change::put(Table::Logged, self.key(&module), &id)?);
            let path = module.path.as_str();
            if self.compared.get(path).is_some() {
                continue;
            }
            compared.push(path.to_owned());
            let key = self.skeleton_key(path);
            let earlier = match new.get(&key) {
                Some(earlier) => Some(earlier.clone()),
                None => crate::ledger::typed(&*self.ledger, Table::Logged, &key).await?,
            };
            match earlier {
                None => {
                    changes.push(Change::put(Table::Logged, &*key, &path)?);
                    new.insert(key, path.to_owned());
                }
                Some(earlier) if earlier == path => {}
                Some(earlier) => alike.push(Alike {
                    path: path.to_owned(),
                    earlier,
                }),
            }
        }
        let mapped = first + records.len() as u64;
        changes.push(Change::put(Table::Logged, &*self.log, &mapped)?);
        self.ledger.apply(changes).await?;
        for path in compared {
            self.compared.insert(path, ());
        }
        Ok(alike)
    }

    /// Reads the records that are not written down yet from their tiles.
    ///
    /// # Errors
    /// What ledger or disk answer.
    pub(super) async fn catch_up(&self, size: u64) -> io::Result<()> {
        let mut at = self.mapped().await?;
        if at < size {
            tracing::info!(
                database = self.log,
                from = at,
                to = size,
                "reading which modules are in the log from its records"
            );
        }
        while at < size {
            let index = at >> HEIGHT;
            let Some(tile) = Tile::widest(HEIGHT, Level::Data, index, size) else {
                break;
            };
            let files = self.files.clone();
            let records = blocking::run_within(CALL_MAX, move || {
                let mut data = files.tiles(&[tile])?;
                let bytes = data.pop().unwrap_or_default();
                let split = Entries::Lines.split(&bytes).map_err(io::Error::other)?;
                if split.len() as u64 != u64::from(tile.width) {
                    return Err(io::Error::other(format!("{tile} has other records")));
                }
                Ok(split.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>())
            })
            .await?;
            let first = index << HEIGHT;
            self.add(first, &records).await?;
            at = first + records.len() as u64;
            // sled holds what is not flushed in memory.
            if index.is_multiple_of(16) {
                self.ledger.flush().await?;
            }
        }
        Ok(())
    }

    async fn mapped(&self) -> io::Result<u64> {
        Ok(self.number(&self.log).await?.unwrap_or(0))
    }

    async fn number(&self, key: &str) -> io::Result<Option<u64>> {
        crate::ledger::typed(&*self.ledger, Table::Logged, key).await
    }

    /// Where the first path with a skeleton stands: behind two spaces, with which no module
    /// version begins.
    fn skeleton_key(&self, path: &str) -> String {
        format!("{}  {}", self.log, skeleton(path))
    }

    fn key(&self, module: &ModuleVersion) -> String {
        format!("{} {}", self.log, module.escaped())
    }
}
