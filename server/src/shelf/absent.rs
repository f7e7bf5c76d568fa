//! What upstream said does not exist, stored so that it can be said again when
//! upstream is dead.
//!
//! `go install example.com/tools/cmd/hello@v1.0.0` asks for every prefix of the
//! path; without these answers it would fail offline beside a stored module.

use std::io;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::journal::seconds_now;
use crate::ledger::{Absence, Change, Ledger, Pages, Table};
use crate::store::Key;

/// Answers "does not exist", bounded by count: the oldest go first.
#[derive(Debug)]
pub(crate) struct Absences {
    ledger: Arc<dyn Ledger>,
    entries_max: usize,
    /// Entries in the ledger, once they have been counted. Held while one is
    /// added or old ones are removed.
    count: Mutex<Option<usize>>,
}

impl Absences {
    /// Keeps at most `entries_max` answers in a ledger.
    pub(crate) fn new(ledger: Arc<dyn Ledger>, entries_max: usize) -> Self {
        Self {
            ledger,
            entries_max,
            count: Mutex::new(None),
        }
    }

    /// Returns what upstream said about `key`, if it said that it does not exist.
    pub(crate) async fn get(&self, key: &Key) -> Option<Absence> {
        let value = self.ledger.get(Table::Absences, key.as_str()).await;
        match value {
            Ok(value) => serde_json::from_slice(&value?).ok(),
            Err(error) => {
                tracing::warn!(%key, %error, "a stored absence cannot be read");
                None
            }
        }
    }

    /// Stores that upstream said `key` does not exist. A ledger that fails costs this
    /// answer only.
    pub(crate) async fn put(&self, key: &Key, absence: &Absence) {
        if let Err(error) = self.try_put(key, absence).await {
            tracing::warn!(%key, %error, "an absence is not stored");
        }
    }

    async fn try_put(&self, key: &Key, absence: &Absence) -> io::Result<()> {
        if self.entries_max == 0 {
            return Ok(());
        }
        let mut count = self.count.lock().await;
        let entries = match *count {
            Some(entries) => entries,
            None => self.count_stored().await?,
        };
        let is_new = self
            .ledger
            .get(Table::Absences, key.as_str())
            .await?
            .is_none();
        let mut entries = entries + usize::from(is_new);
        let change = Change::put(Table::Absences, key.as_str(), absence)?;
        self.ledger.apply(vec![change]).await?;
        if entries > self.entries_max {
            entries = self.drop_oldest().await?;
        }
        *count = Some(entries);
        Ok(())
    }

    async fn count_stored(&self) -> io::Result<usize> {
        let mut entries = 0;
        self.each(|_, _| entries += 1).await?;
        Ok(entries)
    }

    /// Removes the older tenth where there are too many; returns how many there are
    /// then.
    async fn drop_oldest(&self) -> io::Result<usize> {
        let mut all = Vec::new();
        self.each(|key, absence| all.push((absence.map_or(0, |it| it.seen_at), key)))
            .await?;
        all.sort();
        let there = all.len();
        let excess = there.saturating_sub(self.entries_max);
        if excess == 0 {
            return Ok(there);
        }
        let going = excess + self.entries_max / 10;
        let changes: Vec<_> = all
            .into_iter()
            .take(going)
            .map(|(_, key)| Change::remove(Table::Absences, &key))
            .collect();
        let count = changes.len();
        self.ledger.apply(changes).await?;
        tracing::info!(count, "the oldest answers \"does not exist\" were dropped");
        Ok(there - count)
    }

    /// Forgets what was said about a key, which exists now.
    pub(crate) async fn forget(&self, key: &Key) {
        // Where it cannot be read it may be there.
        if let Ok(None) = self.ledger.get(Table::Absences, key.as_str()).await {
            return;
        }
        let change = Change::remove(Table::Absences, key.as_str());
        match self.ledger.apply(vec![change]).await {
            Ok(()) => {
                let mut count = self.count.lock().await;
                *count = count.map(|entries| entries.saturating_sub(1));
            }
            Err(error) => tracing::warn!(%key, %error, "a stored absence is not removed"),
        }
    }

    /// Forgets what was said about the keys that start with `prefix`; returns how many.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(crate) async fn forget_all(&self, prefix: &str) -> io::Result<usize> {
        let mut forgotten = 0;
        let mut pages = Pages::of(&*self.ledger, Table::Absences, prefix);
        while let Some(page) = pages.next().await? {
            forgotten += page.len();
            let changes = page
                .iter()
                .map(|(key, _)| Change::remove(Table::Absences, key));
            self.ledger.apply(changes.collect()).await?;
        }
        let mut count = self.count.lock().await;
        *count = count.map(|entries| entries.saturating_sub(forgotten));
        Ok(forgotten)
    }

    async fn each(&self, mut take: impl FnMut(String, Option<Absence>)) -> io::Result<()> {
        let mut pages = Pages::of(&*self.ledger, Table::Absences, "");
        while let Some(page) = pages.next().await? {
            for (key, value) in page {
                take(key, serde_json::from_slice(&value).ok());
            }
        }
        Ok(())
    }
}

impl Absence {
    /// Makes the record of an answer that upstream gave now.
    pub(crate) fn now(upstream: &str, status: u16, text: &[u8]) -> Self {
        Self {
            status,
            text: String::from_utf8_lossy(text).into_owned(),
            upstream: upstream.to_owned(),
            seen_at: seconds_now(),
        }
    }
}
