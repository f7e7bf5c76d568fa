//! Letting go of files that can be had again, where room is short.
//!
//! Unlike a purge this takes nothing back: what is recorded of a file stays, with a
//! note that its bytes were let go, and whatever is fetched under its name later must
//! be those bytes. The note is durable before the first file goes, so that a crash at
//! any point leaves a file, or a record that says why there is none.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, UNIX_EPOCH};

use super::Shelf;
use crate::blocking;
use crate::journal::{self, Entry};
use crate::ledger::{self, Change, FileRecord, Pages, Standing, Table, Use};
use crate::store::Key;

mod step;

pub(crate) use step::end_after;
use step::{STEPS, Step};

/// A stored file, as far as letting it go is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Its place.
    pub(crate) key: Key,
    /// Its bytes.
    pub(crate) bytes: u64,
    /// When it was last used, as far as is known, in seconds since 1970: else when it
    /// was stored.
    pub(crate) last_used: u64,
    /// Whether a database proves it; `None` where nothing is recorded.
    pub(crate) is_proved: Option<bool>,
}

/// What became of files that were to go. What was taken back meanwhile is in neither.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evicted {
    /// Files that are gone.
    pub(crate) gone: Vec<Stored>,
    /// Files that somebody was changing, and that stay.
    pub(crate) busy: Vec<Stored>,
}

/// Files let go at once: the ledger is flushed once for all of them.
pub(crate) const BATCH: usize = 2000;

/// Files that are looked at; each takes some 200 bytes of memory meanwhile.
const FILES_MAX: usize = 20_000_000;

/// How long all files may be looked for.
const WALK_MAX: Duration = Duration::from_secs(3600);

impl<E: Clone> Shelf<E> {
    /// Lists all stored files, version lists and the like included.
    ///
    /// # Errors
    /// What disk or ledger answer; that the ledger is being made anew, so that nobody
    /// knows when files were used.
    pub(crate) async fn survey(&self) -> io::Result<Vec<Stored>> {
        if self.ledger.may_lack_records() {
            let text = "the index is being made anew: nothing is removed until that is done (`sumward index rebuild` without a server)";
            return Err(io::Error::other(text));
        }
        // What was used a moment ago counts.
        self.flush_use().await?;
        let mut files = self.files().await?;
        let mut pages = Pages::of(&*self.ledger, Table::Files, "");
        while let Some(page) = pages.next().await? {
            for (key, value) in page {
                let record = serde_json::from_slice::<FileRecord>(&value);
                if let (Some(stored), Ok(record)) = (files.get_mut(&*key), record) {
                    let is_proved = matches!(record.standing, Standing::Proved { .. });
                    stored.is_proved = Some(is_proved);
                    stored.last_used = record.stored_at;
                }
            }
        }
        let mut pages = Pages::of(&*self.ledger, Table::Used, "");
        while let Some(page) = pages.next().await? {
            for (key, value) in page {
                let used = serde_json::from_slice::<Use>(&value);
                if let (Some(stored), Ok(used)) = (files.get_mut(&*key), used) {
                    stored.last_used = stored.last_used.max(used.last);
                }
            }
        }
        Ok(files.into_values().collect())
    }

    /// Lists the files as the disk has them.
    async fn files(&self) -> io::Result<HashMap<Key, Stored>> {
        let walk = self.blobs.walk();
        blocking::run_within(WALK_MAX, move || {
            let mut files = HashMap::new();
            for found in walk {
                let found = match found {
                    Ok(found) => found,
                    Err(error) => {
                        tracing::warn!(%error, "a folder is passed over that cannot be read");
                        continue;
                    }
                };
                let Some(key) = found.key else { continue };
                if files.len() >= FILES_MAX {
                    let text = format!("there are more than {FILES_MAX} files");
                    return Err(io::Error::other(text));
                }
                let since = found.modified.duration_since(UNIX_EPOCH);
                let stored = Stored {
                    key: key.clone(),
                    bytes: found.bytes,
                    last_used: since.map_or(0, |since| since.as_secs()),
                    is_proved: None,
                };
                files.insert(key, stored);
            }
            Ok(files)
        })
        .await
    }

    /// Lets go of the bytes of at most [`BATCH`] recorded files.
    ///
    /// # Errors
    /// What disk, journal or ledger answer; some of the files may then be gone.
    pub(crate) async fn evict(&self, files: &[Stored]) -> io::Result<Evicted> {
        let now = journal::seconds_now();
        let mut evicted = Evicted::default();
        let (mut taken, mut keys) = (Vec::new(), Vec::new());
        for stored in files {
            match self.turns.try_take(&stored.key) {
                Some(turn) => {
                    keys.push(stored.key.clone());
                    taken.push((stored, turn));
                }
                None => evicted.busy.push(stored.clone()),
            }
        }
        let records = ledger::files(&*self.ledger, &keys).await?;
        let (mut going, mut turns) = (Vec::new(), Vec::new());
        let (mut changes, mut unproved) = (Vec::new(), Vec::new());
        for ((stored, turn), record) in taken.into_iter().zip(records) {
            let key = &stored.key;
            // It was taken back meanwhile.
            let Some(record) = record else { continue };
            if !matches!(record.standing, Standing::Proved { .. }) {
                unproved.push(key.to_string());
            }
            let record = FileRecord {
                evicted_at: Some(now),
                ..record
            };
            changes.push(Change::put(Table::Files, key.as_str(), &record)?);
            changes.push(Change::remove(Table::Used, key.as_str()));
            going.push(key.clone());
            evicted.gone.push(stored.clone());
            turns.push(turn);
        }
        if going.is_empty() {
            return Ok(evicted);
        }
        if !unproved.is_empty() {
            // The records of the others are not made anew from the journal.
            let entry = Entry::Evicted {
                keys: unproved,
                at: now,
            };
            self.journal.append(entry).await?;
            STEPS.reach(Step::Journaled);
        }
        self.ledger.apply(changes).await?;
        STEPS.reach(Step::Recorded);
        self.ledger.flush().await?;
        STEPS.reach(Step::Flushed);
        self.forget_all(&going);
        let half = going.len() / 2;
        self.blobs.evict(going[..half].to_vec()).await?;
        STEPS.reach(Step::HalfRemoved);
        self.blobs.evict(going[half..].to_vec()).await?;
        STEPS.reach(Step::Removed);
        // Whoever read one while it was being removed has not put it back.
        self.forget_all(&going);
        for turn in &turns {
            turn.note_change();
        }
        Ok(evicted)
    }

    fn forget_all(&self, keys: &[Key]) {
        for key in keys {
            self.hot.remove(key);
            self.verified.forget(key);
        }
    }
}

#[cfg(test)]
mod tests;
