//! Taking back all that is stored of a module, or of one of its versions.

use std::io;

use proto::module::{ModulePath, Version};

use super::Shelf;
use crate::ledger::{Pages, Table};
use crate::store::Key;

/// What is to be purged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Purge {
    /// `golang.org/x/text/@`
    module_prefix: String,
    /// The escaped version; the whole module when `None`.
    version: Option<String>,
}

/// What was purged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Purged {
    /// Files, gone from disk, memory and ledger.
    pub(crate) files: Vec<Key>,
    /// Remembered refusals and absences.
    pub(crate) refusals: usize,
}

impl Purge {
    /// Reads `MODULE` or `MODULE@VERSION`, as the go command writes them.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (module, version) = match text.split_once('@') {
            Some((module, version)) => (module, Some(version)),
            None => (text, None),
        };
        let path = ModulePath::parse(module).map_err(|error| error.to_string())?;
        let version = version
            .map(|version| Version::parse(version).map_err(|error| error.to_string()))
            .transpose()?;
        Ok(Self {
            module_prefix: format!("{}/@", path.escaped()),
            version: version.map(|version| version.escaped()),
        })
    }

    fn covers(&self, key: &Key) -> bool {
        match &self.version {
            None => key.as_str().starts_with(&self.module_prefix),
            Some(_) => key.as_str().starts_with(&self.key_prefix()),
        }
    }

    /// Tells whether a key is that of a lookup of what is purged.
    fn is_looked_up(&self, key: &Key) -> bool {
        let module = self.module_prefix.trim_end_matches("/@");
        let Some((database, looked_up)) = key.as_str().split_once("/lookup/") else {
            return false;
        };
        let version = looked_up.strip_prefix(module);
        let version = version.and_then(|rest| rest.strip_prefix('@'));
        let is_it = |found: &str| self.version.as_deref().is_none_or(|it| it == found);
        database.starts_with("sumdb/") && version.is_some_and(is_it)
    }

    fn key_prefix(&self) -> String {
        match &self.version {
            None => self.module_prefix.clone(),
            Some(version) => format!("{}v/{version}.", self.module_prefix),
        }
    }
}

impl<E: Clone> Shelf<E> {
    /// Takes everything of a module, or of one of its versions, out of memory, disk
    /// and ledger, remembered refusals included. Returns what was removed.
    ///
    /// # Errors
    /// What disk, journal or ledger answer; what was removed until then stays removed.
    pub(crate) async fn purge(&self, what: &Purge) -> io::Result<Purged> {
        let mut purged = Purged::default();
        for key in self.list(&what.module_prefix).await? {
            if what.covers(&key) && self.remove(&key).await? {
                purged.files.push(key);
            }
        }
        self.forget_lost(what).await?;
        // What somebody has removed by hand may still be in memory.
        self.hot.remove_all(|key| what.covers(key));
        purged.refusals = self
            .negative
            .remove(|key| what.covers(key) || what.is_looked_up(key));
        purged.refusals += self.absences.forget_all(&what.key_prefix()).await?;
        self.ledger.flush().await?;
        Ok(purged)
    }

    /// Removes what is recorded of files that are not there any more.
    async fn forget_lost(&self, what: &Purge) -> io::Result<()> {
        let prefix = what.key_prefix();
        let mut pages = Pages::of(&*self.ledger, Table::Files, &prefix);
        while let Some(page) = pages.next().await? {
            for key in page.iter().filter_map(|(key, _)| Key::parse(key)) {
                self.remove(&key).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proto::goproxy::sumdb::SumdbRequest;
    use proto::module::ModuleVersion;

    use super::*;
    use crate::config;
    use crate::journal::{self, Entry, Journal, Line};
    use crate::ledger::memory::Memory;
    use crate::ledger::{Absence, FileRecord, Ledger, Standing};
    use crate::shelf::absent::Absences;
    use crate::shelf::turns::Turns;
    use crate::shelf::{Kept, Parts};
    use crate::store::Blobs;
    use crate::store::durable::Staging;
    use crate::store::failing::{Call, Failing, Fault};
    use crate::store::local::Local;

    fn shelf(data: &std::path::Path, blobs: Arc<dyn Blobs>) -> Shelf<()> {
        let parts = Parts {
            blobs,
            ledger: Arc::new(Memory::default()),
            journal: Journal::open(data).unwrap(),
            turns: Turns::default(),
        };
        let settings = config::Config::new(data.to_owned());
        Shelf::new(parts, &settings.cache, &settings.usage)
    }

    fn local(data: &std::path::Path) -> Local {
        Local::open(data, &Staging::open(data).unwrap()).unwrap()
    }

    fn record() -> FileRecord {
        FileRecord {
            sha256: "00".to_owned(),
            size: 3,
            h1: None,
            standing: Standing::Unproved {
                reason: "proof is off".to_owned(),
            },
            stored_at: 7,
            evicted_at: None,
        }
    }

    #[test]
    fn lookups_of_another_version_or_module_stay_refused() {
        let (one, all) = ("m.example/x@v1.0.0", "m.example/x");
        for (looked_up, of_one, of_all) in [
            ("m.example/x@v1.0.0", true, true),
            ("m.example/x@v1.0.0-rc1", false, true),
            ("m.example/x/y@v1.0.0", false, false),
            ("a.example/m.example/x@v1.0.0", false, false),
        ] {
            let version = ModuleVersion::parse(looked_up).unwrap();
            let key = Key::of_database("sum.example/a", &SumdbRequest::Lookup(version));
            for (what, want) in [(one, of_one), (all, of_all)] {
                let what = Purge::parse(what).unwrap();
                assert_eq!(what.is_looked_up(&key), want, "{what:?}: {key}");
            }
        }
        let list = Key::parse("m.example/x/@v/list").unwrap();
        assert!(!Purge::parse(all).unwrap().is_looked_up(&list));
    }

    #[tokio::test]
    async fn what_was_judged_while_it_was_taken_back_is_not_recorded_again() {
        let data = tempfile::tempdir().unwrap();
        let shelf = shelf(data.path(), Arc::new(local(data.path())));
        let key = Key::parse("m.example/x/@v/v1.0.0.mod").unwrap();
        shelf.keep_first(&key, b"abc", &record()).await.unwrap();
        assert!(shelf.recorded(&key).await.unwrap().is_some());

        let what = Purge::parse("m.example/x@v1.0.0").unwrap();
        let purged = shelf.purge(&what).await.unwrap();
        assert_eq!(purged.files, std::slice::from_ref(&key));
        let error = shelf.record(&key, &record()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);

        assert_eq!(shelf.recorded(&key).await.unwrap(), None);
        let lines: Vec<_> = journal::read(data.path()).map(Result::unwrap).collect();
        let last = lines.last();
        assert!(
            matches!(last, Some(Line::Entry(Entry::Removed { .. }))),
            "{last:?}"
        );
    }

    #[tokio::test]
    async fn a_file_is_taken_back_before_it_is_stored_or_behind_and_its_client_has_it() {
        let data = tempfile::tempdir().unwrap();
        let shelf = shelf(data.path(), Arc::new(local(data.path())));
        let key = Key::parse("m.example/x/@v/v1.0.0.mod").unwrap();
        let staged = shelf.stage_bytes(b"abc").await.unwrap();
        let busy = shelf.turns.take(&key).await;
        let mut removed = Box::pin(shelf.remove(&key));
        assert!(futures_util::poll!(&mut removed).is_pending());
        let record = record();
        let kept = shelf.keep(&key, staged, &record);
        drop(busy);
        let (removed, kept) = futures_util::join!(removed, kept);
        assert!(!removed.unwrap());
        let Kept::Stored(found) = kept.unwrap() else {
            panic!("nothing else has the name");
        };
        assert_eq!(found.record, Some(record));
        assert!(shelf.look(&key).await.unwrap().is_some());
        assert!(shelf.remove(&key).await.unwrap());
        assert!(shelf.look(&key).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn an_absence_is_forgotten_though_it_cannot_be_read() {
        use crate::ledger::failing::{Call as LedgerCall, Failing as FailingLedger};
        let ledger = Arc::new(FailingLedger::new(Memory::default()));
        let absences = Absences::new(Arc::clone(&ledger) as Arc<dyn Ledger>, 10);
        let key = Key::parse("m.example/x/@v/v1.0.0.mod").unwrap();
        let absence = Absence::now("https://proxy.example", 404, b"not found");
        absences.put(&key, &absence).await;
        assert!(absences.get(&key).await.is_some());
        let fault = Fault::NotDone(io::ErrorKind::TimedOut);
        ledger.fail(move |call| (call == LedgerCall::Get).then_some(fault));
        absences.forget(&key).await;
        ledger.heal();
        assert_eq!(absences.get(&key).await, None);
    }

    #[tokio::test]
    async fn storage_that_hangs_at_one_file_holds_up_no_other() {
        let data = tempfile::tempdir().unwrap();
        let blobs = Arc::new(Failing::new(local(data.path())));
        let shelf = shelf(data.path(), Arc::clone(&blobs) as Arc<dyn Blobs>);
        let key = |number| Key::parse(&format!("m.example/x/@v/v1.0.{number}.mod")).unwrap();
        shelf.keep_first(&key(0), b"abc", &record()).await.unwrap();
        blobs.fail(|call| (call == Call::Remove).then_some(Fault::Hang));
        let stuck = key(0);
        let hangs = shelf.remove(&stuck);
        let others = (1..=32).map(key);
        let others = async {
            for key in others {
                shelf.keep_first(&key, b"abc", &record()).await.unwrap();
            }
        };
        tokio::select! {
            // It has its turn before any other.
            biased;
            removed = hangs => panic!("it ended: {removed:?}"),
            () = others => {}
        }
    }
}
