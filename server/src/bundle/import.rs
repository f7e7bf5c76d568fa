//! Taking a bundle in: unpacked and checked in the staging folder, then made visible.
//!
//! Nothing has a name before everything is checked. A crash before that leaves the old
//! state; after it, files may be there that no head vouches for yet: they are judged when
//! they are asked for, and taking the bundle in again finishes what was begun. The order:
//! tiles, records, files, heads, the journal's entry.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use proto::note::VerifierKey;

use super::check::{Checked, Log, check};
use super::files::Carried;
use super::history::{self, day, imported};
use super::proofs::{check_not_older, follow, keep_proofs};
use super::report::{Report, signer};
use super::step::{TAKING, Taking};
use super::underway::Underway;
use super::unpack::{Unpack, Unpacking};
use super::{Error, archive, lists};
use crate::blocking;
use crate::journal::{Entry, Imported, Journal};
use crate::modules::Shelf;
use crate::shelf::Kept;
use crate::store::durable::Staging;
use crate::sumdb::{self, Databases};

/// What bundles are taken into.
pub(crate) struct Mirror {
    shelf: Arc<Shelf>,
    databases: Arc<Databases>,
    journal: Journal,
    staging: Staging,
    data: PathBuf,
    /// Held while a bundle is taken in.
    turn: tokio::sync::Mutex<()>,
    underway: Underway,
    /// The bundles that were taken in last, at most [`REMEMBERED_MAX`], oldest first. Held
    /// for a look or a push only.
    imported: Mutex<VecDeque<Imported>>,
}

/// Bundles that are remembered beside the journal, for the page.
const REMEMBERED_MAX: usize = 20;
/// Files that are given their names at once: each waits for the disk.
const KEPT_AT_ONCE: usize = 8;

impl Mirror {
    /// Puts together what bundles are taken into. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn open(
        shelf: Arc<Shelf>,
        databases: Arc<Databases>,
        journal: Journal,
        staging: Staging,
        data: PathBuf,
    ) -> io::Result<Self> {
        let all = imported(&data)?;
        let old = all.len().saturating_sub(REMEMBERED_MAX);
        let last = all.into_iter().skip(old).collect();
        Ok(Self {
            shelf,
            databases,
            journal,
            staging,
            data,
            turn: tokio::sync::Mutex::default(),
            underway: Underway::default(),
            imported: Mutex::new(last),
        })
    }

    /// The day when a bundle was last taken in.
    pub(crate) fn last_import(&self) -> Option<String> {
        self.remembered().back().map(|last| day(last.at))
    }

    /// The bundles that were taken in last, newest first.
    pub(crate) fn imported(&self) -> Vec<Imported> {
        self.remembered().iter().rev().cloned().collect()
    }

    /// Bytes that were unpacked and checked of a bundle, each counted twice when all of it
    /// is done; `None` where it is not being taken in.
    pub(crate) fn done(&self, file: &Path) -> Option<u64> {
        self.underway.done(file)
    }

    fn remembered(&self) -> MutexGuard<'_, VecDeque<Imported>> {
        let imported = self.imported.lock();
        imported.unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down that a bundle was taken in.
    async fn note(&self, imported: Imported) -> Result<(), Error> {
        let written = self
            .journal
            .append(Entry::BundleImported(imported.clone()))
            .await;
        written.map_err(Error::io("writing the journal"))?;
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED_MAX {
            remembered.pop_front();
        }
        remembered.push_back(imported);
        Ok(())
    }

    /// Takes a bundle in that one of these keys must have signed.
    ///
    /// # Errors
    /// What is wrong with it, with nothing changed; or what disk or ledger answer, when
    /// taking it in again goes on.
    pub(crate) async fn import(
        self: &Arc<Self>,
        file: &Path,
        trusted: &[VerifierKey],
    ) -> Result<Report, Error> {
        let _one_at_a_time = self.turn.lock().await;
        let (_counting, done) = self.underway.begin(file);
        let progress = move |bytes| {
            done.fetch_add(bytes, Ordering::Relaxed);
        };
        let (this, file, trusted) = (Arc::clone(self), file.to_owned(), trusted.to_vec());
        let checked = blocking::run(move || Ok(this.unpack_and_check(&file, &trusted, progress)));
        let (checked, before, unpacking) = checked.await.map_err(Error::io("checking"))??;
        TAKING.reach(Taking::Checked);
        let applied = self.apply(checked, before).await;
        let removed = blocking::run(move || {
            drop(unpacking);
            Ok(())
        });
        // What stays is removed at the next start.
        let _ = removed.await;
        applied
    }

    /// Unpacks and checks. Returns as well when it was taken in before. Blocks.
    fn unpack_and_check(
        &self,
        file: &Path,
        trusted: &[VerifierKey],
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<(Checked, Option<u64>, Unpacking), Error> {
        if self.journal.is_read_only() {
            let text = "the data folder is read-only: nothing can be taken in";
            return Err(Error::Refused(text.to_owned()));
        }
        let folder = self.staging.subfolder().map_err(Error::io("staging"))?;
        let unpacking = Unpacking(folder.clone());
        let mut sink = Unpack::new(&folder, &mut progress);
        let sealed = archive::read(super::open(file)?, trusted, &mut sink)?;
        TAKING.reach(Taking::Unpacked);
        let known = imported(&self.data).map_err(Error::io("reading the journal"))?;
        let when = |sha256: &str| known.iter().rev().find(|it| it.sha256 == sha256);
        let before = when(&sealed.seal.digest()).map(|it| it.at);
        if let Some(base) = &sealed.manifest.base
            && when(&base.sha256).is_none()
        {
            return Err(Error::Gap(format!(
                "a gap: it adds to the bundle {}, which was not taken in here; take that in first",
                base.sha256
            )));
        }
        let covers = |module: &str| {
            let database = self.databases.covering(module)?;
            Some(database.name().to_owned())
        };
        let checked = check(sealed, folder, &self.logs(), &covers, &mut progress)?;
        for database in &checked.databases {
            check_not_older(database, before.is_some())?;
        }
        Ok((checked, before, unpacking))
    }

    fn logs(&self) -> Vec<Log> {
        let followed = |database: &sumdb::Database| match database {
            sumdb::Database::Followed(followed) => Some(Log {
                key: followed.key().clone(),
                followed: Some(Arc::clone(followed)),
            }),
            // Its log is kept here: nobody else's word moves it.
            sumdb::Database::Own(_) => None,
        };
        self.databases.all().iter().filter_map(followed).collect()
    }

    async fn apply(&self, checked: Checked, before: Option<u64>) -> Result<Report, Error> {
        let mut report = Report {
            bundle: checked.sealed.seal.digest(),
            signer: signer(&checked.sealed.signer),
            modules: checked.sealed.manifest.modules.len(),
            before,
            ..Report::default()
        };
        let checked = Arc::new(checked);
        let (proofs, staging) = (Arc::clone(&checked), self.staging.clone());
        let kept = blocking::run(move || Ok(keep_proofs(&proofs, &staging)));
        report.records = kept.await.map_err(Error::io("keeping proofs"))??;
        for together in checked.files.chunks(KEPT_AT_ONCE) {
            let mut keeps = Vec::with_capacity(together.len());
            for carried in together {
                keeps.push(self.keep(&checked.folder, carried));
            }
            // All to their end: none of them is left half done for the error of another.
            for kept in join_all(keeps).await {
                if let Some(bytes) = kept? {
                    report.files += 1;
                    report.bytes += bytes;
                }
            }
        }
        for module in &checked.lists {
            lists::add(&self.shelf, &checked.folder, module).await?;
        }
        TAKING.reach(Taking::FilesKept);
        for database in &checked.databases {
            if let Some(size) = follow(database).await? {
                report.heads.push((database.name.clone(), size));
            }
        }
        TAKING.reach(Taking::HeadsFollowed);
        if before.is_none() || !report.is_unchanged() {
            let (bundle, signer) = (report.bundle.clone(), report.signer.clone());
            let imported = history::now(&checked.sealed.manifest, bundle, signer);
            self.note(imported).await?;
        }
        TAKING.reach(Taking::Journaled);
        tracing::info!(
            bundle = report.bundle,
            signer = report.signer,
            files = report.files,
            bytes = report.bytes,
            records = report.records,
            "a bundle is taken in"
        );
        Ok(report)
    }

    /// Gives a file its name, unless that is taken, and returns its bytes where it was not.
    /// What is there was judged, or is when it is asked for.
    async fn keep(&self, folder: &Path, carried: &Carried) -> Result<Option<u64>, Error> {
        let Carried { key, record } = carried;
        let io = |error| Error::at(Path::new(key.as_str()))(error);
        if let Some(found) = self.shelf.look(key).await.map_err(io)? {
            let content = found.blob.content.clone();
            // After a crash between the two: what was checked just now is what lies there.
            if found.record.is_none()
                && blocking::run(move || content.sha256()).await.map_err(io)? == record.sha256
            {
                self.shelf.record(key, record).await.map_err(io)?;
            }
            return Ok(None);
        }
        let from = folder.join(key.as_str());
        let staged = self.shelf.stage_from(&from).await.map_err(io)?;
        let kept = self.shelf.keep(key, staged, record).await.map_err(io)?;
        TAKING.reach(Taking::FileKept);
        Ok(matches!(kept, Kept::Stored(_)).then_some(record.size))
    }
}
