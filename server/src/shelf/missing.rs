//! What was asked for and could not be had: no upstream may be asked, or none answers.
//! A person reads it as the list of what to bring next.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use proto::module::{ModulePath, ModuleVersion};
use serde::{Deserialize, Serialize};

use super::Shelf;
use crate::ledger::{self, Change, FileRecord, Ledger, Pages, Table};
use crate::store::Key;

/// What was asked for, bounded by count: what was not asked for longest is forgotten
/// first.
#[derive(Debug)]
pub(crate) struct Missing {
    ledger: Arc<dyn Ledger>,
    /// What was asked for since it was last written down. Held to add to it or to take
    /// it.
    pending: Mutex<BTreeMap<String, Miss>>,
    /// Held by the one who adds to what is written down.
    writing: tokio::sync::Mutex<()>,
    /// What the last look found, and when that was. Held by whoever looks: a look goes into
    /// as many as ten thousand folders, and is enough at a time.
    looked: tokio::sync::Mutex<Option<(Instant, Arc<Vec<Missed>>)>>,
}

/// How one thing was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Miss {
    /// How often, as far as it was counted.
    pub(crate) count: u64,
    /// When it was last asked for, in seconds since 1970.
    pub(crate) last: u64,
    /// Which files of a version: `mod`, `zip`. None of what is not a version.
    pub(crate) parts: BTreeSet<String>,
}

/// Something that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missed {
    /// `path@version`, as go.mod writes them; `path@latest` and the like where no version
    /// was named, and the path may then be none of a module.
    pub(crate) name: String,
    /// The module's path.
    pub(crate) module: String,
    /// Whether a version was named.
    pub(crate) is_version: bool,
    /// How it was asked for.
    pub(crate) miss: Miss,
}

/// Things that are remembered.
const ENTRIES_MAX: usize = 10_000;

impl Missing {
    /// Remembers in a ledger.
    pub(crate) fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self {
            ledger,
            pending: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            looked: tokio::sync::Mutex::default(),
        }
    }

    /// Notes that something was asked for: `part` of a version, or an answer where it is
    /// `None`.
    pub(crate) fn note(&self, name: &str, part: Option<&str>, now: u64) {
        let mut pending = self.pending();
        if pending.len() >= ENTRIES_MAX && !pending.contains_key(name) {
            return;
        }
        let miss = pending.entry(name.to_owned()).or_insert_with(Miss::none);
        miss.count = miss.count.saturating_add(1);
        miss.last = now;
        miss.parts.extend(part.map(str::to_owned));
    }

    /// Writes down what was noted since the last call.
    ///
    /// # Errors
    /// What the ledger answers; what was noted is then forgotten.
    pub(crate) async fn flush(&self) -> io::Result<()> {
        let _writing = self.writing.lock().await;
        let pending = std::mem::take(&mut *self.pending());
        if pending.is_empty() {
            return Ok(());
        }
        let mut all: BTreeMap<String, Miss> = self.list().await?.into_iter().collect();
        let mut changes = Vec::new();
        for (name, noted) in pending {
            let miss = all.entry(name.clone()).or_insert_with(Miss::none);
            miss.count = miss.count.saturating_add(noted.count);
            miss.last = miss.last.max(noted.last);
            miss.parts.extend(noted.parts);
            changes.push(Change::put(Table::Missing, name, miss)?);
        }
        self.ledger.apply(changes).await?;
        self.drop_oldest(all).await
    }

    /// Returns what was written down, in the order of names.
    async fn list(&self) -> io::Result<Vec<(String, Miss)>> {
        let mut all = Vec::new();
        let mut pages = Pages::of(&*self.ledger, Table::Missing, "");
        while let Some(page) = pages.next().await? {
            for (name, value) in page {
                let miss = serde_json::from_slice(&value);
                all.push((name, miss.unwrap_or_else(|_| Miss::none())));
            }
        }
        Ok(all)
    }

    async fn forget(&self, names: Vec<String>) -> io::Result<()> {
        let changes = names.into_iter();
        let changes = changes.map(|name| Change::remove(Table::Missing, name));
        self.ledger.apply(changes.collect()).await
    }

    /// Forgets what was not asked for longest, and a tenth more, where there is too much.
    async fn drop_oldest(&self, all: BTreeMap<String, Miss>) -> io::Result<()> {
        let excess = all.len().saturating_sub(ENTRIES_MAX);
        if excess == 0 {
            return Ok(());
        }
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_by_key(|(_, miss)| miss.last);
        let going = all.into_iter().take(excess + ENTRIES_MAX / 10);
        self.forget(going.map(|(name, _)| name).collect()).await
    }

    fn pending(&self) -> MutexGuard<'_, BTreeMap<String, Miss>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Miss {
    fn none() -> Self {
        Self {
            count: 0,
            last: 0,
            parts: BTreeSet::new(),
        }
    }
}

impl<E: Clone> Shelf<E> {
    /// What was asked for and could not be had.
    pub(crate) fn missing(&self) -> &Missing {
        &self.missing
    }

    /// Returns what was asked for and is still not here, the latest first.
    ///
    /// # Errors
    /// What disk or ledger answer.
    pub(crate) async fn missed(&self) -> io::Result<Arc<Vec<Missed>>> {
        let mut looked = self.missing.looked.lock().await;
        self.look_now(&mut looked).await
    }

    /// Does the same, and takes what was found before when that is not longer ago than
    /// `age_max`: anybody may open the page, as often as they like.
    ///
    /// # Errors
    /// What disk or ledger answer.
    pub(crate) async fn missed_lately(&self, age_max: Duration) -> io::Result<Arc<Vec<Missed>>> {
        let mut looked = self.missing.looked.lock().await;
        match &*looked {
            Some((at, missed)) if at.elapsed() <= age_max => Ok(Arc::clone(missed)),
            _ => self.look_now(&mut looked).await,
        }
    }

    async fn look_now(
        &self,
        looked: &mut Option<(Instant, Arc<Vec<Missed>>)>,
    ) -> io::Result<Arc<Vec<Missed>>> {
        *looked = None;
        let missed = Arc::new(self.still_missing().await?);
        *looked = Some((Instant::now(), Arc::clone(&missed)));
        Ok(missed)
    }

    async fn still_missing(&self) -> io::Result<Vec<Missed>> {
        self.missing.flush().await?;
        let all = self.missing.list().await?;
        let places = all.iter().map(|(name, miss)| {
            let version = ModuleVersion::parse(name).ok()?;
            Some(places(&version, miss))
        });
        let places: Vec<Option<Vec<String>>> = places.collect();
        let keys = places.iter().flatten().flatten();
        let keys: Vec<Key> = keys.filter_map(|place| Key::parse(place)).collect();
        let records = ledger::files(&*self.ledger, &keys).await?;
        let is_there = |record: &FileRecord| record.evicted_at.is_none();
        let stored = keys.iter().zip(records);
        let stored = stored.filter(|(_, record)| record.as_ref().is_some_and(is_there));
        let stored: BTreeSet<&str> = stored.map(|(key, _)| key.as_str()).collect();
        let (mut missed, mut here) = (Vec::new(), Vec::new());
        for ((name, miss), places) in all.into_iter().zip(&places) {
            let Some((path, _)) = name.split_once('@') else {
                continue;
            };
            let module = path.to_owned();
            let is_here = match places {
                Some(places) => places.iter().all(|place| stored.contains(place.as_str())),
                None => self.has_any(&module).await?,
            };
            match is_here {
                true => here.push(name),
                false => missed.push(Missed {
                    name,
                    module,
                    is_version: places.is_some(),
                    miss,
                }),
            }
        }
        if !here.is_empty() {
            self.missing.forget(here).await?;
        }
        missed.sort_by(|a, b| (b.miss.last, &a.name).cmp(&(a.miss.last, &b.name)));
        Ok(missed)
    }

    async fn has_any(&self, module: &str) -> io::Result<bool> {
        let Ok(path) = ModulePath::parse(module) else {
            return Ok(false);
        };
        let versions = self.versions(&format!("{}/@", path.escaped())).await?;
        Ok(!versions.is_empty())
    }
}

/// Returns where the files are that were asked for.
fn places(version: &ModuleVersion, miss: &Miss) -> Vec<String> {
    let (path, name) = (version.path.escaped(), version.version.escaped());
    let place = |part: &String| format!("{path}/@v/{name}.{part}");
    miss.parts.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::journal::Journal;
    use crate::ledger::Standing;
    use crate::ledger::memory::Memory;
    use crate::shelf::Parts;
    use crate::shelf::turns::Turns;
    use crate::store::durable::Staging;
    use crate::store::local::Local;

    fn shelf(data: &std::path::Path) -> Shelf<()> {
        let staging = Staging::open(data).unwrap();
        let parts = Parts {
            blobs: Arc::new(Local::open(data, &staging).unwrap()),
            ledger: Arc::new(Memory::default()),
            journal: Journal::open(data).unwrap(),
            turns: Turns::default(),
        };
        let settings = config::Config::new(data.to_owned());
        Shelf::new(parts, &settings.cache, &settings.usage)
    }

    #[tokio::test]
    async fn what_came_meanwhile_is_not_missing_any_more() {
        let data = tempfile::tempdir().unwrap();
        let shelf = shelf(data.path());
        let name = "m.example/X@v1.0.0";
        shelf.missing().note(name, Some("mod"), 7);
        shelf.missing().note(name, Some("zip"), 8);
        shelf.missing().note("m.example/y@latest", None, 9);
        let missed = shelf.missed().await.unwrap();
        let names: Vec<_> = missed.iter().map(|it| (&*it.name, it.is_version)).collect();
        assert_eq!(names, [("m.example/y@latest", false), (name, true)]);
        assert_eq!((missed[1].miss.count, missed[1].miss.last), (2, 8));
        let record = FileRecord {
            sha256: "00".repeat(32),
            size: 3,
            h1: None,
            standing: Standing::Exempt,
            stored_at: 9,
            evicted_at: None,
        };
        for ending in ["mod", "zip"] {
            assert_eq!(shelf.missed().await.unwrap().len(), 2, "{ending}");
            let key = Key::parse(&format!("m.example/!x/@v/v1.0.0.{ending}")).unwrap();
            shelf.keep_first(&key, b"abc", &record).await.unwrap();
        }
        let missed = shelf.missed().await.unwrap();
        assert_eq!(missed.len(), 1);
        let list = Key::parse("m.example/y/@v/v1.0.0.mod").unwrap();
        shelf.keep_first(&list, b"abc", &record).await.unwrap();
        assert!(shelf.missed().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_was_found_lately_is_not_looked_for_again() {
        let data = tempfile::tempdir().unwrap();
        let shelf = shelf(data.path());
        let hour = Duration::from_secs(3600);
        assert!(shelf.missed_lately(hour).await.unwrap().is_empty());
        shelf.missing().note("m.example/y@latest", None, 9);
        assert!(shelf.missed_lately(hour).await.unwrap().is_empty());
        // Whoever wants the list itself gets it as it is now, and others then do too.
        assert_eq!(shelf.missed().await.unwrap().len(), 1);
        assert_eq!(shelf.missed_lately(hour).await.unwrap().len(), 1);
        shelf.missing().note("m.example/z@latest", None, 9);
        assert_eq!(shelf.missed_lately(Duration::ZERO).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn what_was_asked_for_longest_ago_is_forgotten_first() {
        let missing = Missing::new(Arc::new(Memory::default()));
        for number in 0..ENTRIES_MAX as u64 {
            missing.note(&format!("m.example/x{number}@v1.0.0"), Some("zip"), number);
        }
        missing.note("m.example/beyond@v1.0.0", Some("zip"), 0);
        missing.flush().await.unwrap();
        assert_eq!(missing.list().await.unwrap().len(), ENTRIES_MAX);
        missing.note("m.example/one@v1.0.0", Some("zip"), u64::MAX);
        missing.flush().await.unwrap();
        let left = missing.list().await.unwrap();
        assert_eq!(left.len(), ENTRIES_MAX - ENTRIES_MAX / 10);
        let names: BTreeSet<_> = left.into_iter().map(|(name, _)| name).collect();
        assert!(names.contains("m.example/one@v1.0.0"));
        assert!(!names.contains("m.example/x0@v1.0.0"));
    }
}
