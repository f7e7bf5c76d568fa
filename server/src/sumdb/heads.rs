//! Where it is written which head of a database is the newest.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use proto::sumdb::Head;
use proto::tlog::checkpoint;

use super::archive;
use crate::blocking::{self, CALL_MAX};
use crate::config;
use crate::journal::{self, Entry, Journal, Line};
use crate::ledger::{self, Ledger};
use crate::store::durable::Staging;
use crate::store::folder::read_small;

/// Keeps the newest accepted heads, and moves them forward one at a time.
///
/// This is the one way that a head becomes the followed one: it is proved before, and
/// believed after.
pub(crate) trait Heads: fmt::Debug + Send + Sync {
    /// Makes `new` the newest head of the database `name`, durably, if `old` is it
    /// until now. Where the newest that is kept is older than `old`, because what
    /// keeps it was restored, `new` takes its place as well.
    ///
    /// Never called twice at once for one database by one process.
    ///
    /// # Errors
    /// What the disk or the ledger answers: `new` is then not followed, though it may
    /// have been written.
    fn advance<'a>(
        &'a self,
        name: &'a str,
        old: Option<&'a Head>,
        new: &'a Head,
    ) -> BoxFuture<'a, io::Result<Result<(), Conflict>>>;
}

/// Another process has moved the head forward.
#[derive(Debug)]
pub(crate) struct Conflict {
    /// The newest head: its signed note.
    pub(crate) newest: Vec<u8>,
}

/// Heads in journal, files and ledger.
///
/// The ledger compares and swaps, for servers that share one: a head that another has
/// outpaced is written nowhere else. The journal then has each head with the time of its
/// acceptance, durably, before it is believed; the file is written behind, and made again
/// from the journal where a crash came between ([`RecordedHeads::restore`]). A crash
/// between ledger and journal leaves a head in the ledger that this server does not
/// follow yet: it is met as that of another server is.
#[derive(Debug)]
pub(crate) struct RecordedHeads {
    data: PathBuf,
    staging: Staging,
    journal: Journal,
    ledger: Arc<dyn Ledger>,
    /// Hashes of the databases' keys, by name.
    keys: BTreeMap<String, u32>,
}

impl RecordedHeads {
    /// Keeps the heads of these databases.
    pub(crate) fn new(
        data: PathBuf,
        staging: Staging,
        journal: Journal,
        ledger: Arc<dyn Ledger>,
        databases: &[config::Database],
    ) -> Self {
        let keys = databases
            .iter()
            .map(|database| (database.name.clone(), database.key.key_hash()))
            .collect();
        Self {
            data,
            staging,
            journal,
            ledger,
            keys,
        }
    }

    /// Writes the newest heads of the journal as files, where a crash has lost these.
    /// Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn restore(&self) -> io::Result<()> {
        let mut newest: BTreeMap<String, (u64, String)> = BTreeMap::new();
        for line in journal::recent(&self.data, "heads")? {
            let Line::Entry(Entry::HeadAccepted {
                database,
                key_hash,
                size,
                note,
                ..
            }) = line
            else {
                continue;
            };
            // Heads of another key are of another log.
            let key = self.keys.get(&database).map(|key| format!("{key:08x}"));
            if key != Some(key_hash) || newest.get(&database).is_some_and(|(it, _)| *it > size) {
                continue;
            }
            newest.insert(database, (size, note));
        }
        for (database, (size, note)) in newest {
            let path = self.path(&database, size);
            let stored = read_small(&path, note.len() as u64 + 1).ok().flatten();
            if stored.as_deref() != Some(note.as_bytes()) {
                tracing::warn!(database, size, "a head is restored from the journal");
                self.staging.write(&path, note.as_bytes())?;
            }
        }
        Ok(())
    }

    fn key_hash(&self, name: &str) -> u32 {
        self.keys.get(name).copied().unwrap_or_default()
    }

    fn path(&self, name: &str, size: u64) -> PathBuf {
        let folder = archive::folder(&self.data, name);
        folder.join("heads").join(size.to_string())
    }

    async fn swap(
        &self,
        name: &str,
        old: Option<&Head>,
        new: &Head,
    ) -> io::Result<Result<(), Conflict>> {
        // Under another key a name is that of another log.
        let log = format!("{name}+{:08x}", self.key_hash(name));
        let old_size = old.map(|head| head.tree.size);
        let mut expected = old.map(|head| head.note.clone());
        for _ in 0..SWAPS_MAX {
            let swapped = self
                .ledger
                .advance(&log, expected.as_deref(), &new.note)
                .await?;
            let Err(ledger::Conflict { current }) = swapped else {
                return Ok(Ok(()));
            };
            match current {
                Some(newest) if size_of(&newest) > old_size => {
                    return Ok(Err(Conflict { newest }));
                }
                // It was restored, or begun anew: ours takes its place.
                current => expected = current,
            }
        }
        Err(io::Error::other(
            "the newest head moves faster than it can be swapped",
        ))
    }
}

/// How often a swap is tried with what the ledger has.
const SWAPS_MAX: usize = 8;

/// Returns the size that a signed note tells, unchecked: whoever wrote it checked it.
fn size_of(note: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(note).ok()?;
    checkpoint::parse(text).ok().map(|tree| tree.size)
}

impl Heads for RecordedHeads {
    fn advance<'a>(
        &'a self,
        name: &'a str,
        old: Option<&'a Head>,
        new: &'a Head,
    ) -> BoxFuture<'a, io::Result<Result<(), Conflict>>> {
        Box::pin(async move {
            match self.swap(name, old, new).await {
                Ok(Ok(())) => {}
                Ok(Err(conflict)) => return Ok(Err(conflict)),
                // One process alone has nobody to compare with, and the journal will have
                // the head.
                Err(error) => {
                    tracing::error!(database = name, %error, "the ledger does not take a head");
                }
            }
            let entry = Entry::HeadAccepted {
                database: name.to_owned(),
                key_hash: format!("{:08x}", self.key_hash(name)),
                size: new.tree.size,
                root: new.tree.hash.to_string(),
                note: String::from_utf8_lossy(&new.note).into_owned(),
                at: journal::seconds_now(),
            };
            self.journal.append(entry).await?;
            let path = self.path(name, new.tree.size);
            let (staging, note) = (self.staging.clone(), new.note.clone());
            let write = move || staging.write_lazily(&path, &note);
            blocking::run_within(CALL_MAX, write).await.map(Ok)
        })
    }
}

/// Heads as files of the databases' folders alone.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct HeadFiles {
    data: PathBuf,
    staging: Staging,
}

#[cfg(test)]
impl HeadFiles {
    pub(crate) fn new(data: PathBuf, staging: Staging) -> Self {
        Self { data, staging }
    }
}

#[cfg(test)]
impl Heads for HeadFiles {
    fn advance<'a>(
        &'a self,
        name: &'a str,
        _: Option<&'a Head>,
        new: &'a Head,
    ) -> BoxFuture<'a, io::Result<Result<(), Conflict>>> {
        let folder = archive::folder(&self.data, name);
        let path = folder.join("heads").join(new.tree.size.to_string());
        Box::pin(async move { self.staging.write(&path, &new.note).map(Ok) })
    }
}
