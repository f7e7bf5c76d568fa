//! When records were logged, for `/index`.
//!
//! The ledger has an entry a batch, by time; the journal has the same, as no file tells
//! it. Records of one batch are a microsecond apart, so that a reader who goes on from the
//! time of the last one he has seen misses none.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::journal::{Entry, Journal};
use crate::ledger::{Change, Ledger, Pages, Table};

/// The times of one log's batches.
#[derive(Debug)]
pub(super) struct Times {
    ledger: Arc<dyn Ledger>,
    journal: Journal,
    log: String,
    /// The time after the last record that has one, in microseconds since 1970.
    next: AtomicU64,
}

/// Records that were logged together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Batch {
    first: u64,
    count: u64,
}

/// The most records of a batch, and so the microseconds that it spans.
const SPAN_MAX: u64 = 1 << 20;

impl Times {
    pub(super) fn new(ledger: Arc<dyn Ledger>, journal: Journal, log: String) -> Self {
        Self {
            ledger,
            journal,
            log,
            next: AtomicU64::new(0),
        }
    }

    /// Notes that a batch is about to be logged. One that fails is noted again with the
    /// same first number, which takes its place.
    ///
    /// # Errors
    /// What journal or ledger answer.
    pub(super) async fn note(&self, first: u64, count: u64) -> io::Result<()> {
        let at = now_micros().max(self.next.load(Ordering::Relaxed));
        self.next.store(at.saturating_add(count), Ordering::Relaxed);
        let entry = Entry::Sequenced {
            database: self.log.clone(),
            first,
            count,
            at_micros: at,
        };
        self.journal.append(entry).await?;
        let change = change(&self.log, first, count, at)?;
        self.ledger.apply(vec![change]).await
    }

    /// Returns at most `limit` records of a log of `size` that were logged at `since` or
    /// later: number and time, both in the order of time.
    ///
    /// # Errors
    /// What the ledger answers, and `InvalidData` for an entry that is not a batch: a reader who
    /// goes on behind it would never learn of its records.
    pub(super) async fn since(
        &self,
        since: u64,
        limit: usize,
        size: u64,
    ) -> io::Result<Vec<(u64, u64)>> {
        let prefix = prefix(&self.log);
        // A batch that began before may reach beyond.
        let before = since.checked_sub(SPAN_MAX);
        let after = before.map(|before| format!("{prefix}{before:020}"));
        let mut pages = Pages::of(&*self.ledger, Table::Logged, &prefix).behind(after);
        let mut found = Vec::new();
        // Each batch waits for the one that follows it, which may take its place.
        let mut waiting: Option<Timed> = None;
        while let Some(page) = pages.next().await? {
            for (key, value) in page {
                let next = Timed::parse(&prefix, &key, &value)?;
                let first = next.batch.first;
                if let Some(timed) = waiting.replace(next) {
                    let end = if first < timed.batch.first {
                        size
                    } else {
                        first
                    };
                    found.extend(timed.records(since, end.min(size)));
                }
                if found.len() >= limit {
                    found.truncate(limit);
                    return Ok(found);
                }
            }
        }
        found.extend(waiting.iter().flat_map(|timed| timed.records(since, size)));
        found.truncate(limit);
        Ok(found)
    }
}

impl Times {
    /// Returns how many records a log that has `size` now had when, at `points` times since
    /// the first: seconds since 1970 and records.
    ///
    /// # Errors
    /// As [`since`](Self::since).
    pub(super) async fn growth(&self, points: u32, size: u64) -> io::Result<Vec<(u64, u64)>> {
        let Some(first) = self.first_after(None).await? else {
            return Ok(Vec::new());
        };
        let step = now_micros().saturating_sub(first.at) / u64::from(points.max(1));
        let mut found = vec![(first.at / 1_000_000, first.batch.first)];
        for point in 1..=u64::from(points) {
            let at = first.at.saturating_add(step.saturating_mul(point));
            let after = self.first_after(Some(at)).await?;
            let had = after.map_or(size, |timed| timed.batch.first);
            found.push((at / 1_000_000, had.min(size)));
        }
        Ok(found)
    }

    /// Returns the first batch, or the first after a time.
    async fn first_after(&self, after: Option<u64>) -> io::Result<Option<Timed>> {
        let prefix = prefix(&self.log);
        let after = after.map(|at| format!("{prefix}{at:020}"));
        let scanned = self
            .ledger
            .scan(Table::Logged, &prefix, after.as_deref(), 1);
        let found = scanned.await?.pop();
        let timed = found.map(|(key, value)| Timed::parse(&prefix, &key, &value));
        timed.transpose()
    }
}

/// Microseconds since 1970.
fn now_micros() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(now.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}

/// A batch and its time.
struct Timed {
    at: u64,
    batch: Batch,
}

impl Timed {
    /// # Errors
    /// `InvalidData` when it is not an entry of a batch.
    fn parse(prefix: &str, key: &str, value: &[u8]) -> io::Result<Self> {
        let damaged = || {
            let text = format!("the entry {key:?} of the ledger is not the time of a batch");
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        let at = key.strip_prefix(prefix).and_then(|at| at.parse().ok());
        let batch = serde_json::from_slice(value).map_err(|_| damaged())?;
        let at = at.ok_or_else(damaged)?;
        Ok(Self { at, batch })
    }

    /// Returns its records before number `end` that were logged at `since` or later.
    fn records(&self, since: u64, end: u64) -> impl Iterator<Item = (u64, u64)> + use<> {
        let Batch { first, count } = self.batch;
        let numbers = first..end.min(first.saturating_add(count));
        numbers.zip(self.at..).filter(move |(_, at)| *at >= since)
    }
}

/// Returns the entry of a batch in the ledger.
///
/// # Errors
/// When it cannot be written as JSON.
pub(crate) fn change(log: &str, first: u64, count: u64, at: u64) -> io::Result<Change> {
    let key = format!("{}{at:020}", prefix(log));
    Change::put(Table::Logged, key, &Batch { first, count })
}

/// No module version is called so: each has an `@`.
fn prefix(log: &str) -> String {
    format!("{log} at ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ledger::memory::Memory;

    async fn times(batches: &[(u64, u64, u64)]) -> Times {
        let ledger = Arc::new(Memory::default());
        let changes = batches
            .iter()
            .map(|(first, count, at)| change("log", *first, *count, *at).unwrap());
        ledger.apply(changes.collect()).await.unwrap();
        Times::new(ledger, Journal::read_only(Path::new("")), "log".to_owned())
    }

    #[tokio::test]
    async fn records_are_told_from_a_time_on_and_no_more_than_asked_for() {
        let day = 1_000_000 * 86_400;
        let times = times(&[(0, 2, day), (2, 3, 2 * day), (5, 1, 3 * day)]).await;
        let since = async |since, limit| times.since(since, limit, 6).await.unwrap();
        let all = [
            (0, day),
            (1, day + 1),
            (2, 2 * day),
            (3, 2 * day + 1),
            (4, 2 * day + 2),
            (5, 3 * day),
        ];
        assert_eq!(since(0, 10).await, all);
        assert_eq!(since(0, 4).await, all[..4]);
        assert_eq!(since(2 * day + 1, 10).await, all[3..]);
        assert_eq!(since(3 * day + 1, 10).await, []);
        // What is not told of yet is left out.
        assert_eq!(times.since(0, 10, 4).await.unwrap(), all[..4]);
    }

    #[tokio::test]
    async fn a_batch_that_failed_gives_way_to_the_one_that_was_logged() {
        let times = times(&[(0, 2, 100), (2, 5, 200), (2, 1, 300), (3, 1, 400)]).await;
        let found = times.since(0, 10, 4).await.unwrap();
        assert_eq!(found, [(0, 100), (1, 101), (2, 300), (3, 400)]);
    }

    #[tokio::test]
    async fn more_batches_than_are_read_at_once_are_all_told() {
        let batches: Vec<_> = (0..2500).map(|n| (n * 2, 2, 10 * n)).collect();
        let times = times(&batches).await;
        let found = times.since(0, 10_000, 5000).await.unwrap();
        let ids: Vec<_> = found.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, (0..5000).collect::<Vec<_>>());
    }
    #[tokio::test]
    async fn a_batch_that_cannot_be_read_is_not_passed_over() {
        let times = times(&[(0, 2, 100), (3, 1, 300)]).await;
        for key in [format!("log at {:020}", 200), "log at noon".to_owned()] {
            let bad = Change::put(Table::Logged, &*key, &"no batch").unwrap();
            times.ledger.apply(vec![bad]).await.unwrap();
            let error = times.since(0, 10, 4).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
            let gone = Change::remove(Table::Logged, key);
            times.ledger.apply(vec![gone]).await.unwrap();
        }
        assert_eq!(times.since(0, 10, 4).await.unwrap().len(), 3);
    }
}
