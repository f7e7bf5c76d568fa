//! When files were last used, and how often each module version was fetched on which
//! day.
//!
//! A request adds to one counter of its answer, without a lock or a look-up. What was
//! counted is written down from time to time.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::config;
use crate::journal;
use crate::ledger::{Change, Ledger, Table, Use};
use crate::store::Key;

/// How often an answer was given since it was last written down.
#[derive(Debug)]
pub(crate) struct Uses {
    key: Key,
    count: AtomicU32,
    /// The round in which it was last noted as used.
    round: AtomicU32,
}

/// What was used since it was last written down.
#[derive(Debug)]
pub(crate) struct Used {
    /// Counts the times that uses were written down.
    round: AtomicU32,
    /// Answers given in this round. Held to add one or to take them all.
    pending: Mutex<Vec<Arc<Uses>>>,
    /// What was fetched today, by version and, where configured, client address.
    /// Held while uses are written down and, where addresses are noted, for an
    /// addition.
    today: Mutex<Today>,
    client_addresses: bool,
    entries_per_day_max: usize,
}

#[derive(Debug, Default)]
struct Today {
    day: u64,
    /// The versions that have entries of their own today.
    names: HashSet<String>,
    /// What was fetched since it was last written down.
    counts: BTreeMap<String, u64>,
}

/// What is to be written down.
#[derive(Debug)]
pub(crate) struct Noted {
    now: u64,
    day: u64,
    /// What was fetched since the last time.
    pub(crate) counts: BTreeMap<String, u64>,
    files: Vec<Key>,
}

/// Counts together what is beyond the limit of a day.
const OTHERS: &str = "(others)";

impl Uses {
    /// Makes the counter of a file's answers.
    pub(crate) fn of(key: &Key) -> Arc<Self> {
        Arc::new(Self {
            key: key.clone(),
            count: AtomicU32::new(0),
            round: AtomicU32::new(0),
        })
    }
}

impl Used {
    /// Begins to count.
    pub(crate) fn new(settings: &config::Usage) -> Self {
        Self {
            // A counter that was never noted has round 0.
            round: AtomicU32::new(1),
            pending: Mutex::default(),
            today: Mutex::default(),
            client_addresses: settings.client_addresses,
            entries_per_day_max: settings.entries_per_day_max,
        }
    }

    /// Counts that an answer was given to a client.
    pub(crate) fn count(&self, uses: &Arc<Uses>, client: Option<IpAddr>) {
        if self.client_addresses
            && let Some(client) = client
            && let Some(version) = version_of_zip(&uses.key)
        {
            let name = format!("{version}/{client}");
            self.today().add(name, 1, self.entries_per_day_max);
        } else {
            uses.count.fetch_add(1, Ordering::Relaxed);
        }
        // After the count: if it is taken in between, it is taken again.
        let round = self.round.load(Ordering::Relaxed);
        if uses.round.load(Ordering::Relaxed) != round
            && uses.round.swap(round, Ordering::Relaxed) != round
        {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.push(Arc::clone(uses));
        }
    }

    /// Takes what was counted since the last call; `None` when nothing was.
    ///
    /// `now` is in seconds since 1970.
    pub(crate) fn take(&self, now: u64) -> Option<Noted> {
        self.round.fetch_add(1, Ordering::Relaxed);
        let pending = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *pending)
        };
        let mut today = self.today();
        today.begin(now / DAY_SECONDS);
        let mut files = Vec::with_capacity(pending.len());
        for uses in pending {
            let count = uses.count.swap(0, Ordering::Relaxed);
            if count > 0
                && let Some(version) = version_of_zip(&uses.key)
            {
                today.add(version, count.into(), self.entries_per_day_max);
            }
            files.push(uses.key.clone());
        }
        let counts = std::mem::take(&mut today.counts);
        let day = today.day;
        (!files.is_empty() || !counts.is_empty()).then_some(Noted {
            now,
            day,
            counts,
            files,
        })
    }

    /// Takes back what could not be written down.
    pub(crate) fn put_back(&self, noted: Noted) {
        let mut today = self.today();
        for (name, count) in noted.counts {
            today.add(name, count, self.entries_per_day_max);
        }
    }

    fn today(&self) -> std::sync::MutexGuard<'_, Today> {
        self.today.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seconds of a day.
const DAY_SECONDS: u64 = 86_400;

impl Today {
    /// Begins a day, unless it has begun. What is not written down yet counts for it.
    fn begin(&mut self, day: u64) {
        if self.day != day {
            self.day = day;
            self.names.clear();
        }
    }

    fn add(&mut self, name: String, count: u64, entries_max: usize) {
        let name = if self.names.contains(&name) {
            name
        } else if self.names.len() < entries_max {
            self.names.insert(name.clone());
            name
        } else {
            OTHERS.to_owned()
        };
        *self.counts.entry(name).or_default() += count;
    }
}

impl Noted {
    /// Returns the day as `2026-11-26`, in UTC.
    fn day_text(&self) -> String {
        let since = Duration::from_secs(self.day * DAY_SECONDS);
        journal::day(SystemTime::UNIX_EPOCH + since)
    }

    /// Returns the journal's line.
    pub(crate) fn entry(&self) -> journal::Entry {
        journal::Entry::Fetched {
            day: self.day_text(),
            counts: self.counts.clone(),
        }
    }

    /// Writes each file's last use and each version's count of the day.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(crate) async fn write(&self, ledger: &dyn Ledger) -> io::Result<()> {
        let last = Use { last: self.now };
        let mut changes = Vec::new();
        for key in &self.files {
            changes.push(Change::put(Table::Used, key.as_str(), &last)?);
        }
        for (name, count) in &self.counts {
            let key = format!("{}/{name}", self.day_text());
            let before = ledger.get(Table::Fetched, &key).await?;
            let before: u64 = before
                .and_then(|value| serde_json::from_slice(&value).ok())
                .unwrap_or(0);
            let total = before.saturating_add(*count);
            changes.push(Change::put(Table::Fetched, &key, &total)?);
        }
        ledger.apply(changes).await
    }
}

/// Returns `module@version`, escaped, of a zip; `None` of other files.
pub(crate) fn version_of_zip(key: &Key) -> Option<String> {
    let (module, version, "zip") = key.of_version()? else {
        return None;
    };
    Some(format!("{module}@{version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(client_addresses: bool, entries_per_day_max: usize) -> Used {
        Used::new(&config::Usage {
            client_addresses,
            entries_per_day_max,
        })
    }

    fn uses(version: &str) -> Arc<Uses> {
        Uses::of(&Key::parse(&format!("a.example/x/@v/{version}.zip")).unwrap())
    }

    fn counts(noted: &Noted) -> Vec<(&str, u64)> {
        noted
            .counts
            .iter()
            .map(|(name, count)| (name.as_str(), *count))
            .collect()
    }

    #[test]
    fn fetches_of_a_day_add_up_and_the_next_day_begins_anew() {
        let used = used(false, 10);
        let zip = uses("v1.0.0");
        assert!(used.take(5).is_none());
        used.count(&zip, None);
        used.count(&zip, None);
        let first = used.take(6).unwrap();
        assert_eq!(counts(&first), [("a.example/x@v1.0.0", 2)]);
        assert_eq!(first.files.len(), 1);
        used.count(&zip, None);
        assert_eq!(counts(&used.take(7).unwrap()), [("a.example/x@v1.0.0", 1)]);
        used.count(&zip, None);
        let next = used.take(DAY_SECONDS + 1).unwrap();
        assert_eq!(counts(&next), [("a.example/x@v1.0.0", 1)]);
        assert_eq!(next.day, 1);
    }

    #[test]
    fn beyond_the_limit_of_a_day_fetches_are_counted_together() {
        let used = used(false, 2);
        for number in 0..5 {
            used.count(&uses(&format!("v1.0.{number}")), None);
        }
        let noted = used.take(1).unwrap();
        assert_eq!(noted.counts.len(), 3);
        assert_eq!(noted.counts[OTHERS], 3);
    }

    #[test]
    fn addresses_are_noted_only_when_configured() {
        let client = Some("192.0.2.7".parse().unwrap());
        let without = used(false, 10);
        without.count(&uses("v1.0.0"), client);
        assert_eq!(
            counts(&without.take(1).unwrap()),
            [("a.example/x@v1.0.0", 1)]
        );
        let with = used(true, 10);
        with.count(&uses("v1.0.0"), client);
        let noted = with.take(1).unwrap();
        assert_eq!(counts(&noted), [("a.example/x@v1.0.0/192.0.2.7", 1)]);
    }

    #[tokio::test]
    async fn counts_lie_where_an_index_rebuild_puts_them() {
        let used = used(true, 10);
        used.count(&uses("v1.0.0"), None);
        used.count(&uses("v1.0.0"), Some("192.0.2.7".parse().unwrap()));
        let ledger = crate::ledger::memory::Memory::default();
        used.take(1).unwrap().write(&ledger).await.unwrap();
        // As `Table::Fetched` says, and `maintain::remake` writes.
        for key in [
            "1970-01-01/a.example/x@v1.0.0",
            "1970-01-01/a.example/x@v1.0.0/192.0.2.7",
        ] {
            let count = ledger.get(Table::Fetched, key).await.unwrap();
            assert_eq!(count.as_deref(), Some(&b"1"[..]), "{key}");
        }
    }

    #[test]
    fn what_could_not_be_written_is_written_next_time() {
        let used = used(false, 10);
        used.count(&uses("v1.0.0"), None);
        let noted = used.take(1).unwrap();
        used.put_back(noted);
        assert_eq!(counts(&used.take(2).unwrap()), [("a.example/x@v1.0.0", 1)]);
    }
}
