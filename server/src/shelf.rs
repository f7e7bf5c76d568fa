//! The one owner of what is stored and why: files, their records, answers in
//! memory, refusals that are remembered.
//!
//! Until it is purged, a name once taken never gets other content. What is taken
//! back is gone from memory, disk and ledger before [`Shelf::remove`] returns. A
//! fact that no file tells is in the journal before it is in the ledger.

pub(crate) mod absent;
pub(crate) mod answer;
mod changing;
pub(crate) mod evict;
pub(crate) mod hot;
pub(crate) mod missing;
pub(crate) mod negative;
pub(crate) mod purge;
mod records;
pub(crate) mod stock;
pub(crate) mod turns;
pub(crate) mod used;
pub(crate) mod verified;

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use proto::module::{ModuleVersion, Version};

use crate::blocking;
use crate::journal::{self, Journal};
use crate::ledger::{Change, FileRecord, Ledger, Table};
use crate::store::{Blob, Blobs, If, Key, Published, Staged};
use absent::Absences;
use answer::Answer;
use hot::{Hot, Since};
use missing::Missing;
use negative::Negative;
use turns::Turns;
use used::Used;
use verified::Verified;

/// What is stored and why. `E` is what a remembered refusal holds.
#[derive(Debug)]
pub(crate) struct Shelf<E> {
    blobs: Arc<dyn Blobs>,
    ledger: Arc<dyn Ledger>,
    journal: Journal,
    hot: Hot,
    negative: Negative<E>,
    absences: Absences,
    missing: Missing,
    verified: Verified,
    used: Used,
    turns: Turns,
    /// Whether the ledger has refused a record: it has not all that the journal tells.
    is_behind: AtomicBool,
}

/// What a shelf is made of.
pub(crate) struct Parts {
    /// Where files lie.
    pub(crate) blobs: Arc<dyn Blobs>,
    /// Where their records lie.
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Where facts are written that no file tells.
    pub(crate) journal: Journal,
    /// Who else changes files: a remake of the ledger.
    pub(crate) turns: Turns,
}

/// A file as it was found, and what is recorded of it.
#[derive(Debug)]
pub(crate) struct Found {
    /// The file.
    pub(crate) blob: Blob,
    /// Its record; `None` after a crash between the two, for files that somebody put
    /// there, and where the ledger fails.
    pub(crate) record: Option<FileRecord>,
    /// When it was begun to be read.
    pub(crate) since: Since,
}

/// What became of a file that was to be kept.
#[derive(Debug)]
pub(crate) enum Kept {
    /// It has its name and its record. This is it, read back.
    Stored(Box<Found>),
    /// Another file has the name already; nothing was changed.
    Taken,
}

impl<E: Clone> Shelf<E> {
    /// Puts a shelf together.
    pub(crate) fn new(
        parts: Parts,
        cache: &crate::config::Cache,
        usage: &crate::config::Usage,
    ) -> Self {
        Self {
            missing: Missing::new(Arc::clone(&parts.ledger)),
            absences: Absences::new(Arc::clone(&parts.ledger), cache.absences_max),
            blobs: parts.blobs,
            ledger: parts.ledger,
            journal: parts.journal,
            hot: Hot::new(cache.hot_bytes_max),
            negative: Negative::new(cache.negative_entries_max),
            verified: Verified::default(),
            used: Used::new(usage),
            turns: parts.turns,
            is_behind: AtomicBool::new(false),
        }
    }

    /// Returns the answer to a request path that is in memory, need not be asked for
    /// again and is still what it was.
    pub(crate) fn ready(&self, path: &str) -> Option<Arc<Answer>> {
        let answer = self.hot.get(path).filter(|answer| answer.is_fresh())?;
        if answer.is_sound() {
            return Some(answer);
        }
        tracing::warn!(
            path,
            "a stored file was changed or removed since it was read: it is looked for anew"
        );
        if let Some(key) = Key::parse(path) {
            self.hot.remove(&key);
        }
        None
    }

    /// Keeps an answer at hand that was read after `since`.
    pub(crate) fn put_hot(&self, key: &Key, answer: &Arc<Answer>, since: Since) {
        self.hot.put(key, answer, since);
    }

    /// Returns the present moment, for [`Self::put_hot`].
    pub(crate) fn now(&self) -> Since {
        self.hot.now()
    }

    /// Returns the bytes of answers in memory.
    pub(crate) fn hot_bytes(&self) -> u64 {
        self.hot.bytes()
    }

    /// Looks for a file and its record.
    ///
    /// # Errors
    /// What the disk answers. A ledger that fails is as good as one without a record:
    /// the file is judged again.
    pub(crate) async fn look(&self, key: &Key) -> io::Result<Option<Found>> {
        let since = self.hot.now();
        let Some(blob) = self.blobs.read(key).await? else {
            return Ok(None);
        };
        let record = self.record_at_hand(key).await;
        Ok(Some(Found {
            blob,
            record,
            since,
        }))
    }

    /// Tells whether a found file was hashed since the start and has not been touched
    /// since.
    pub(crate) fn is_verified(&self, key: &Key, found: &Found) -> bool {
        let record = found.record.as_ref();
        record.is_some_and(|record| self.verified.has(key, &record.sha256, found.blob.stamp))
    }

    /// Tells whether a found file has the bytes that its record says; one that cannot be
    /// read has not. A file that [is verified](Self::is_verified) is not hashed again.
    /// `turn` is kept until the hashing ends, which is not when its caller leaves.
    pub(crate) async fn is_as_recorded(
        &self,
        key: &Key,
        found: &Found,
        turn: impl Send + 'static,
    ) -> bool {
        let Some(record) = &found.record else {
            return false;
        };
        if record.size != found.blob.content.len() {
            return false;
        }
        if self.is_verified(key, found) {
            return true;
        }
        let (content, want) = (found.blob.content.clone(), record.sha256.clone());
        let same = blocking::run(move || {
            let _turn = turn;
            Ok(content.sha256()? == want)
        });
        let same = same.await;
        let same = same.unwrap_or_else(|error| {
            tracing::error!(%key, %error, "a stored file cannot be read");
            false
        });
        if same {
            self.verified.note(key, &record.sha256, found.blob.stamp);
        }
        same
    }

    /// Makes an empty file to receive into.
    ///
    /// # Errors
    /// What the disk answers.
    pub(crate) async fn stage(&self) -> io::Result<Staged> {
        self.blobs.stage().await
    }

    /// Takes a whole file into staging, from wherever it lies. It is no longer there then.
    ///
    /// # Errors
    /// What the disk answers.
    pub(crate) async fn stage_from(&self, from: &std::path::Path) -> io::Result<Staged> {
        self.blobs.stage_from(from).await
    }

    /// Gives a judged file its name and its record.
    ///
    /// # Errors
    /// What disk or journal answer. A ledger that fails costs the record only: the
    /// file is judged again when it is asked for.
    pub(crate) async fn keep(
        &self,
        key: &Key,
        staged: Staged,
        record: &FileRecord,
    ) -> io::Result<Kept> {
        // Whoever takes it back does so before it is there, or when it is recorded.
        let turn = self.turns.take(key).await;
        if let Published::Taken = self.blobs.publish(staged, key, If::Absent).await? {
            return Ok(Kept::Taken);
        }
        let (blob, since) = self.record_in_turn(&turn, key, record).await?;
        // It was hashed as it came; what lies there is what was written.
        self.verified.note(key, &record.sha256, blob.stamp);
        let record = Some(record.clone());
        Ok(Kept::Stored(Box::new(Found {
            blob,
            record,
            since,
        })))
    }

    /// Returns the versions of a module of which a file is stored, in no order.
    ///
    /// # Errors
    /// What the disk answers.
    pub(crate) async fn versions(&self, module_prefix: &str) -> io::Result<Vec<Version>> {
        let keys = self.list(module_prefix).await?;
        let versions = keys.iter().filter_map(Key::of_version);
        Ok(versions
            .filter_map(|(_, version, _)| Version::from_escaped(version).ok())
            .collect())
    }

    /// Returns the files whose places start with `prefix`.
    async fn list(&self, prefix: &str) -> io::Result<Vec<Key>> {
        let walk = self.blobs.walk_prefix(prefix);
        blocking::run_within(LIST_MAX, move || {
            let keys = walk.filter_map(|found| match found {
                Ok(found) => found.key.map(Ok),
                Err(error) => Some(Err(error)),
            });
            let keys: Vec<Key> = keys.take(FILES_MAX + 1).collect::<io::Result<_>>()?;
            if keys.len() > FILES_MAX {
                let text = format!("one module has more than {FILES_MAX} files");
                return Err(io::Error::other(text));
            }
            Ok(keys)
        })
        .await
    }

    /// Takes a file out of memory, disk and ledger. Tells whether it was on disk.
    ///
    /// # Errors
    /// What disk, journal or ledger answer. The file is then no longer in memory.
    pub(crate) async fn remove(&self, key: &Key) -> io::Result<bool> {
        let turn = self.turns.take(key).await;
        self.hot.remove(key);
        self.verified.forget(key);
        self.journal.append(removed(key)).await?;
        let removed = self.blobs.remove(key).await?;
        let mut changes = vec![
            Change::remove(Table::Files, key.as_str()),
            Change::remove(Table::Used, key.as_str()),
        ];
        if let Some(version) = used::version_of_zip(key) {
            changes.push(Change::remove(Table::Contents, version));
        }
        let applied = self.ledger.apply(changes).await;
        turn.note_change();
        applied?;
        // Whoever read it while it was being removed has not put it back.
        self.hot.remove(key);
        self.absences.forget(key).await;
        Ok(removed)
    }

    /// Takes a file that is not what it should be out of memory and disk. What is
    /// recorded of it stays: other bytes do not get its name by the way.
    ///
    /// # Errors
    /// What the disk answers. The file is then no longer in memory.
    pub(crate) async fn remove_damaged(&self, key: &Key) -> io::Result<()> {
        self.hot.remove(key);
        self.verified.forget(key);
        self.blobs.remove(key).await?;
        // Whoever read it while it was being removed has not put it back.
        self.hot.remove(key);
        Ok(())
    }

    /// Forgets what is in memory of a version. Whoever reads it now does not put it back.
    pub(crate) fn forget(&self, version: &ModuleVersion) {
        let (module, version) = (version.path.escaped(), version.version.escaped());
        let of = |key: &Key| {
            let parts = key.of_version();
            parts.is_some_and(|(path, of, _)| (path, of) == (&*module, &*version))
        };
        self.hot.remove_all(of);
    }

    /// Forgets all answers and refusals in memory: what may be served, and for how long, is
    /// judged by other rules now.
    pub(crate) fn forget_answers(&self) {
        self.hot.remove_all(|_| true);
        self.negative.remove(|_| true);
    }

    /// Remembers a refusal for a while, in memory.
    pub(crate) fn refuse(&self, key: &Key, error: E, duration: Duration) {
        self.negative.put(key, error, duration, Instant::now());
    }

    /// Returns a remembered refusal that still stands.
    pub(crate) fn refused(&self, key: &Key) -> Option<E> {
        self.negative.get(key, Instant::now())
    }

    /// Stored answers "does not exist".
    pub(crate) fn absences(&self) -> &Absences {
        &self.absences
    }

    /// Counts that an answer was given.
    pub(crate) fn used(&self) -> &Used {
        &self.used
    }

    /// Writes down what was used since the last call.
    ///
    /// # Errors
    /// What journal or ledger answer; what was not written is written next time.
    pub(crate) async fn flush_use(&self) -> io::Result<()> {
        let Some(noted) = self.used.take(journal::seconds_now()) else {
            return Ok(());
        };
        if !noted.counts.is_empty()
            && let Err(error) = self.journal.append(noted.entry()).await
        {
            self.used.put_back(noted);
            return Err(error);
        }
        // What the journal has, a rebuilt ledger will have.
        noted.write(&*self.ledger).await
    }
}

/// How long the files of one module are looked for.
const LIST_MAX: Duration = Duration::from_secs(60);

/// Files of one module that are looked at: versions by the ten thousand are many.
const FILES_MAX: usize = 1_000_000;

fn removed(key: &Key) -> journal::Entry {
    journal::Entry::Removed {
        key: key.to_string(),
        at: journal::seconds_now(),
    }
}
