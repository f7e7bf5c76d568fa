//! The one owner of what is stored and why: files, their records, answers in
//! memory, refusals that are remembered.
//!
//! Until it is purged, a name once taken never gets other content. What is taken
//! back is gone from memory, disk and ledger before [`Shelf::remove`] returns. A
//! fact that no file tells is in the journal before it is in the ledger.

pub(crate) mod absent;
pub(crate) mod answer;
pub(crate) mod hot;
pub(crate) mod negative;
pub(crate) mod used;
pub(crate) mod verified;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use proto::module::Version;

use crate::blocking;
use crate::journal::{self, Journal};
use crate::ledger::{self, Change, FileRecord, Ledger, Table};
use crate::store::{Blob, Blobs, If, Key, Published, Staged};
use absent::Absences;
use answer::Answer;
use hot::{Hot, Since};
use negative::Negative;
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
    verified: Verified,
    used: Used,
}

/// What a shelf is made of.
pub(crate) struct Parts {
    /// Where files lie.
    pub(crate) blobs: Arc<dyn Blobs>,
    /// Where their records lie.
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Where facts are written that no file tells.
    pub(crate) journal: Journal,
}

/// A file as it was found, and what is recorded of it.
#[derive(Debug)]
pub(crate) struct Found {
    /// The file.
    pub(crate) blob: Blob,
    /// Its record; `None` after a crash between the two, and for files that somebody
    /// put there.
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
            absences: Absences::new(Arc::clone(&parts.ledger), cache.absences_max),
            blobs: parts.blobs,
            ledger: parts.ledger,
            journal: parts.journal,
            hot: Hot::new(cache.hot_bytes_max),
            negative: Negative::new(cache.negative_entries_max),
            verified: Verified::default(),
            used: Used::new(usage),
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
        let record = self.recorded(key).await;
        Ok(Some(Found {
            blob,
            record,
            since,
        }))
    }

    /// Looks for a file that no record speaks for: a list, `@latest`, a query.
    ///
    /// # Errors
    /// What the disk answers.
    pub(crate) async fn look_changing(&self, key: &Key) -> io::Result<Option<(Blob, Since)>> {
        let since = self.hot.now();
        Ok(self.blobs.read(key).await?.map(|blob| (blob, since)))
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
        if let Published::Taken = self.blobs.publish(staged, key, If::Absent).await? {
            return Ok(Kept::Taken);
        }
        self.record(key, record).await?;
        let gone = || io::Error::new(io::ErrorKind::NotFound, "a file just stored is gone");
        let found = self.look(key).await?.ok_or_else(gone)?;
        // It was hashed as it came; what lies there is what was written.
        self.verified.note(key, &record.sha256, found.blob.stamp);
        let record = Some(record.clone());
        Ok(Kept::Stored(Box::new(Found { record, ..found })))
    }

    /// Returns what is recorded of a file, be it there or lost.
    pub(crate) async fn recorded(&self, key: &Key) -> Option<FileRecord> {
        let record = ledger::file(&*self.ledger, key).await;
        record.unwrap_or_else(|error| {
            tracing::warn!(%key, %error, "the record of a file cannot be read");
            None
        })
    }

    /// Records a file that lies in the tree.
    ///
    /// # Errors
    /// What the journal answers, where the record is a fact that no file tells.
    pub(crate) async fn record(&self, key: &Key, record: &FileRecord) -> io::Result<()> {
        if let Some(entry) = journal::Entry::first_use(key.as_str(), record)
            && !self.journal.is_read_only()
            && !self.recorded(key).await.is_some_and(|it| it.tells(record))
        {
            self.journal.append(entry).await?;
        }
        self.absences.forget(key).await;
        let change = Change::put(Table::Files, key.as_str(), record)?;
        if let Err(error) = self.ledger.apply(vec![change]).await {
            tracing::error!(%key, %error, "the ledger takes no record; the file is judged again when it is asked for");
        }
        Ok(())
    }

    /// Writes something that changes: a list, `@latest`, a query. The same bytes
    /// again only renew its time.
    ///
    /// # Errors
    /// What the disk answers.
    pub(crate) async fn keep_changing(&self, key: &Key, bytes: &[u8]) -> io::Result<()> {
        if self.has_bytes(key, bytes).await {
            return self.blobs.touch(key).await;
        }
        let staged = self.stage_bytes(bytes).await?;
        let (Published::Stored | Published::Same | Published::Taken) =
            self.blobs.publish(staged, key, If::Any).await?;
        self.absences.forget(key).await;
        Ok(())
    }

    /// Tells whether a file has these bytes, as far as it can be read.
    async fn has_bytes(&self, key: &Key, bytes: &[u8]) -> bool {
        let Ok(Some(stored)) = self.blobs.read(key).await else {
            return false;
        };
        let length = bytes.len();
        if stored.content.len() != length as u64 {
            return false;
        }
        let there = blocking::run(move || stored.content.bytes(length)).await;
        there.is_ok_and(|there| there == bytes)
    }

    /// Gives small bytes a name that nothing has yet; other bytes that have it stay.
    ///
    /// # Errors
    /// What disk or journal answer.
    pub(crate) async fn keep_first(
        &self,
        key: &Key,
        bytes: &[u8],
        record: &FileRecord,
    ) -> io::Result<()> {
        if self.blobs.read(key).await?.is_some() {
            return Ok(());
        }
        let staged = self.stage_bytes(bytes).await?;
        match self.blobs.publish(staged, key, If::Absent).await? {
            Published::Taken => Ok(()),
            Published::Stored | Published::Same => self.record(key, record).await,
        }
    }

    async fn stage_bytes(&self, bytes: &[u8]) -> io::Result<Staged> {
        let staged = self.blobs.stage().await?;
        let (file, bytes) = (Arc::clone(staged.file()), bytes.to_vec());
        blocking::run(move || std::os::unix::fs::FileExt::write_all_at(&*file, &bytes, 0)).await?;
        Ok(staged)
    }

    /// Returns the versions of a module of which a file is stored, in no order.
    ///
    /// # Errors
    /// What the disk answers.
    pub(crate) async fn versions(&self, module_prefix: &str) -> io::Result<Vec<Version>> {
        let keys = self.list(module_prefix).await?;
        Ok(keys.iter().filter_map(version_of).collect())
    }

    /// Returns the files whose places start with `prefix`.
    async fn list(&self, prefix: &str) -> io::Result<Vec<Key>> {
        let walk = self.blobs.walk_prefix(prefix);
        blocking::run(move || {
            let keys = walk.filter_map(|found| match found {
                Ok(found) => found.key.map(Ok),
                Err(error) => Some(Err(error)),
            });
            keys.take(FILES_MAX).collect()
        })
        .await
    }

    /// Takes a file out of memory, disk and ledger. Tells whether it was on disk.
    ///
    /// # Errors
    /// What disk, journal or ledger answer. The file is then no longer in memory.
    pub(crate) async fn remove(&self, key: &Key) -> io::Result<bool> {
        self.hot.remove(key);
        self.verified.forget(key);
        self.journal.append(removed(key)).await?;
        let removed = self.blobs.remove(key).await?;
        let mut changes = vec![
            Change::remove(Table::Files, key.as_str()),
            Change::remove(Table::Used, key.as_str()),
        ];
        if used::is_zip(key)
            && let Some(version) = used::version_of(key)
        {
            changes.push(Change::remove(Table::Contents, version));
        }
        self.ledger.apply(changes).await?;
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

    /// Writes the hashes of a proved zip's files down.
    pub(crate) async fn keep_contents(&self, contents: journal::Entry, change: Change) {
        let written = async {
            self.journal.append(contents).await?;
            self.ledger.apply(vec![change]).await
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, "the hashes of a zip's files are not kept");
        }
    }

    /// Writes down what was used since the last call.
    ///
    /// # Errors
    /// What journal or ledger answer; what was not written is written next time.
    pub(crate) async fn flush_use(&self) -> io::Result<()> {
        let Some(noted) = self.used.take(seconds_now()) else {
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

/// Files of one module that are looked at: versions by the ten thousand are many.
const FILES_MAX: usize = 1_000_000;

/// Records that are read at once.
const RECORDS_AT_ONCE: usize = 1000;

/// Returns the version of a version's file.
fn version_of(key: &Key) -> Option<Version> {
    let (_, file) = key.as_str().rsplit_once("/@v/")?;
    let (version, _) = file.rsplit_once('.')?;
    let version = Version::from_escaped(version).ok()?;
    Some(version)
}

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
        let path = proto::module::ModulePath::parse(module).map_err(|error| error.to_string())?;
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

fn removed(key: &Key) -> journal::Entry {
    journal::Entry::Removed {
        key: key.to_string(),
        at: seconds_now(),
    }
}

/// Returns the seconds since 1970.
pub(crate) fn seconds_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
