//! Taking back all that is stored of a module, or of one of its versions.

use std::io;

use proto::module::{ModulePath, Version};

use super::Shelf;
use crate::ledger::Table;
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
        let subject = match &self.version {
            None => format!("/lookup/{module}@"),
            Some(version) => format!("/lookup/{module}@{version}"),
        };
        key.as_str().starts_with("sumdb/") && key.as_str().contains(&subject)
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
        let mut after: Option<String> = None;
        loop {
            let page = self
                .ledger
                .scan(Table::Files, &prefix, after.as_deref(), RECORDS_AT_ONCE)
                .await?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = Some(last.clone());
            for key in page.iter().filter_map(|(key, _)| Key::parse(key)) {
                self.remove(&key).await?;
            }
        }
    }
}

/// Records that are read at once.
const RECORDS_AT_ONCE: usize = 1000;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config;
    use crate::journal::{self, Entry, Journal, Line};
    use crate::ledger::memory::Memory;
    use crate::ledger::{FileRecord, Standing};
    use crate::shelf::Parts;
    use crate::store::Blobs;
    use crate::store::durable::Staging;
    use crate::store::failing::{Call, Failing, Fault};
    use crate::store::local::Local;

    fn shelf(data: &std::path::Path, blobs: Arc<dyn Blobs>) -> Shelf<()> {
        let parts = Parts {
            blobs,
            ledger: Arc::new(Memory::default()),
            journal: Journal::open(data).unwrap(),
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
        }
    }

    #[tokio::test]
    async fn what_was_judged_while_it_was_taken_back_is_not_recorded_again() {
        let data = tempfile::tempdir().unwrap();
        let shelf = shelf(data.path(), Arc::new(local(data.path())));
        let key = Key::parse("m.example/x/@v/v1.0.0.mod").unwrap();
        shelf.keep_first(&key, b"abc", &record()).await.unwrap();
        assert!(shelf.recorded(&key).await.is_some());

        let what = Purge::parse("m.example/x@v1.0.0").unwrap();
        let purged = shelf.purge(&what).await.unwrap();
        assert_eq!(purged.files, std::slice::from_ref(&key));
        let error = shelf.record(&key, &record()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);

        assert_eq!(shelf.recorded(&key).await, None);
        let lines: Vec<_> = journal::read(data.path()).map(Result::unwrap).collect();
        let last = lines.last();
        assert!(
            matches!(last, Some(Line::Entry(Entry::Removed { .. }))),
            "{last:?}"
        );
    }

    #[tokio::test]
    async fn storage_that_hangs_at_one_file_holds_up_few_others() {
        let data = tempfile::tempdir().unwrap();
        let blobs = Arc::new(Failing::new(local(data.path())));
        let shelf = shelf(data.path(), Arc::clone(&blobs) as Arc<dyn Blobs>);
        let key = |number| Key::parse(&format!("m.example/x/@v/v1.0.{number}.mod")).unwrap();
        shelf.keep_first(&key(0), b"abc", &record()).await.unwrap();
        blobs.fail(|call| (call == Call::Remove).then_some(Fault::Hang));
        let stuck = key(0);
        let hangs = shelf.remove(&stuck);
        let others = (1..=32).map(key);
        let waits = |other: &Key| std::ptr::eq(shelf.turns.of(other), shelf.turns.of(&stuck));
        let free: Vec<Key> = others.filter(|other| !waits(other)).collect();
        let others = async {
            let mut kept = 0;
            for key in &free {
                shelf.keep_first(key, b"abc", &record()).await.unwrap();
                kept += 1;
            }
            kept
        };
        tokio::select! {
            // It has its turn before any other.
            biased;
            removed = hangs => panic!("it ended: {removed:?}"),
            kept = others => assert!(kept >= 24, "{kept} of 32"),
        }
    }
}
