//! Files of versions as they lie in the tree, and the judging of those that lie
//! there without a record.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proto::dirhash::H1;
use proto::goproxy::Request;
use proto::module::ModuleVersion;
use rustix::io::Errno;
use tokio::sync::OwnedSemaphorePermit;

use super::Modules;
use super::error::Error;
use super::file::{Measured, Misfit, VersionFile, measure, new_record};
use super::suspect::{Suspect, SuspectBytes};
use crate::blocking;
use crate::ledger::{FileRecord, Standing};
use crate::shelf::Found;
use crate::shelf::answer::{Answer, Lasting};
use crate::shelf::hot::Since;
use crate::shelf::used::Uses;
use crate::store::{Content, Key};
use crate::sumdb::Hops;

/// What a look into the tree found.
pub(crate) enum Seen {
    /// A file that may be served.
    Good(Arc<Answer>),
    /// A file that must be judged first: a crash came between it and its record,
    /// somebody put it there, it is not what its record says, or the policy has
    /// become stricter.
    Unjudged(Found),
    /// A file that cannot be read: a bad sector, say.
    Unreadable(Error),
    /// Nothing.
    Absent,
}

/// Why a file that lies in the tree is not served.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// It is not what it should be.
    Wrong(Error),
    /// Nobody can say what it should be, or not now.
    Unknown(Error),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Wrong(error) | Rejection::Unknown(error) => error,
        }
    }
}

/// Files from this size on take turns at being hashed, so that after a start
/// those who ask for one wait, without holding a thread, for the first of them
/// instead of all hashing it.
const LARGE_BYTES_MIN: u64 = 1 << 20;

/// After this time a file that was let through unproved is judged again: its proof may
/// be had by then.
const PROVE_AGAIN: Duration = Duration::from_secs(3600);

impl Modules {
    /// Looks into the tree.
    ///
    /// What the ledger says was proved are bytes of a certain hash: that these are
    /// those is seen when they come from disk and have changed, as far as the file
    /// system tells, since they were hashed last.
    ///
    /// # Errors
    /// What the disk answers.
    pub(super) async fn look(&self, file: &VersionFile) -> Result<Seen, Error> {
        let found = match self.shelf.look(&file.key).await {
            Err(error) if is_damage(&error) => {
                tracing::error!(key = %file.key, %error, "a stored file cannot be read");
                return Ok(Seen::Unreadable(Error::storage("reading a stored file")(
                    error,
                )));
            }
            found => found.map_err(Error::storage("reading a stored file"))?,
        };
        let Some(found) = found else {
            return Ok(Seen::Absent);
        };
        let Some(record) = found.record.clone() else {
            return Ok(Seen::Unjudged(found));
        };
        let is_large = found.blob.content.len() >= LARGE_BYTES_MIN;
        let turn = if is_large && !self.shelf.is_verified(&file.key, &found) {
            let turn = self.turn().await?;
            if let Some(answer) = self.shelf.ready(file.key.as_str()) {
                return Ok(Seen::Good(answer));
            }
            Some(turn)
        } else {
            None
        };
        let as_recorded = self.shelf.is_as_recorded(&file.key, &found, turn).await;
        if !as_recorded {
            tracing::error!(key = %file.key, "a stored file is not what was stored");
            return Ok(Seen::Unjudged(found));
        }
        if self.prover.accepts(file.module(), &record.standing) {
            return Ok(Seen::Good(self.good(
                file,
                found.blob.content,
                &record,
                found.since,
            )));
        }
        Ok(Seen::Unjudged(found))
    }

    /// Judges a file that lies in the tree, and records it when it is good.
    /// Touches nothing when it is not. Without `hops` no database is asked.
    ///
    /// # Errors
    /// Whether it is wrong, for which evidence is kept, or cannot be judged.
    pub(super) async fn judge_stored(
        &self,
        file: &VersionFile,
        found: Found,
        hops: Option<&Hops>,
    ) -> Result<Arc<Answer>, Rejection> {
        let content = found.blob.content.clone();
        let size = content.len();
        let (sha256, measured) = self.measure_stored(file, content.clone()).await?;
        let suspect = Suspect {
            bytes: SuspectBytes::Stored(content.clone()),
            url: format!("file {} of the module tree", file.key),
            sha256: sha256.clone(),
        };
        let h1 = match measured {
            Ok(measured) => measured.h1,
            // A bad sector is as good as a wrong file, as the right one can be fetched;
            // but nobody broke a rule.
            Err(misfit @ Misfit::Unread(_)) => return Err(Rejection::Wrong(misfit.into())),
            Err(Misfit::Unfit(reason) | Misfit::Rules(reason)) => {
                self.prover
                    .keep_misfit(&file.version, &reason, suspect)
                    .await;
                return Err(Rejection::Wrong(Error::Rules { reason }));
            }
        };
        let standing = match (file.part.covered(), h1) {
            (Some(covered), Some(got)) => {
                let expected = self.prover.expected(&file.version, hops).await;
                let expected = expected.map_err(Rejection::Unknown)?;
                let judged = self
                    .prover
                    .judge(&file.version, covered, got, expected, suspect.clone())
                    .await;
                judged.map_err(|error| match error {
                    error @ Error::Mismatch(_) => Rejection::Wrong(error),
                    error => Rejection::Unknown(error),
                })?
            }
            _ => Standing::Uncovered,
        };
        if !matches!(standing, Standing::Proved { .. }) {
            let before = self.first_use(file, found.record).await;
            if let Some(before) = before.map_err(Rejection::Unknown)?
                && has_changed(&before, &sha256, h1)
            {
                return Err(Rejection::Wrong(self.changed(file, &before, suspect).await));
            }
        }
        let record = new_record(sha256, size, h1, standing);
        self.shelf
            .record(&file.key, &record)
            .await
            .map_err(Error::storage("recording a stored file"))
            .map_err(Rejection::Unknown)?;
        Ok(self.good(file, content, &record, found.since))
    }

    /// Returns what is recorded of a file's first use, for which `record` is taken where it
    /// is there.
    ///
    /// # Errors
    /// When neither ledger nor journal can be read: then nobody knows which bytes were the
    /// first under the name.
    pub(super) async fn first_use(
        &self,
        file: &VersionFile,
        record: Option<FileRecord>,
    ) -> Result<Option<FileRecord>, Error> {
        if record.is_some() {
            return Ok(record);
        }
        let recorded = self.shelf.recorded(&file.key).await;
        recorded.map_err(Error::storage("reading what is recorded of a file"))
    }

    /// Returns the h1 under which a zip was proved and stored, where it had these very
    /// bytes then; `None` where no record says so.
    pub(crate) async fn proved_h1(&self, version: &ModuleVersion, sha256: &str) -> Option<H1> {
        let key = Key::of(&Request::Zip(version.clone()));
        // What nobody can read proves nothing.
        let record = self.shelf.recorded(&key).await.ok()??;
        let is_proved = self.prover.believes(&record.standing);
        record.h1_of(sha256).filter(|_| is_proved)
    }

    async fn measure_stored(
        &self,
        file: &VersionFile,
        content: Content,
    ) -> Result<(String, Result<Measured, Misfit>), Rejection> {
        let turn = self.turn().await.map_err(Rejection::Unknown)?;
        let subject = file.clone();
        let measured = blocking::run(move || {
            let _turn = turn;
            let size = content.len();
            let sha256 = match content.sha256() {
                Ok(sha256) => sha256,
                Err(error) => return Ok((String::new(), Err(Misfit::Unread(error)))),
            };
            Ok((sha256, measure(&subject, content.reader(), size)))
        })
        .await;
        measured
            .map_err(Error::storage("hashing a stored file"))
            .map_err(Rejection::Unknown)
    }

    /// Where no database can tell which bytes are right, those that were served
    /// first are.
    pub(super) async fn changed(
        &self,
        file: &VersionFile,
        before: &FileRecord,
        suspect: Suspect,
    ) -> Error {
        let before = before.h1.as_deref().unwrap_or(&before.sha256).to_owned();
        let reason = format!("{file}: stored with {before}, and is another file now");
        self.prover
            .keep_misfit(&file.version, &reason, suspect)
            .await;
        let file = file.to_string();
        Error::Changed { file, before }
    }

    /// Waits for a turn among those who hash or unpack large files. It is kept by the
    /// thread that does so: a client who leaves does not end its work.
    ///
    /// # Errors
    /// [`Error::Stopping`].
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let turn = Arc::clone(&self.measuring).acquire_owned().await;
        turn.map_err(|_| Error::Stopping)
    }

    /// Takes a wrong file out of the tree, so that the truth can be fetched. What is
    /// recorded of it stays: it says which bytes were the first under the name.
    ///
    /// # Errors
    /// What disk or ledger answer.
    pub(super) async fn discard(&self, file: &VersionFile) -> Result<(), Error> {
        tracing::error!(key = %file.key, "removing a stored file that is not what it should be");
        self.shelf
            .remove_damaged(&file.key)
            .await
            .map_err(Error::storage("removing a stored file"))
    }

    /// Makes a file's answer, and keeps it at hand unless the settings have become
    /// stricter since its judging began: memory is not judged again.
    pub(super) fn good(
        &self,
        file: &VersionFile,
        content: Content,
        record: &FileRecord,
        since: Since,
    ) -> Arc<Answer> {
        let mut answer = Answer::new(file.part.kind(), content, Some(&record.sha256))
            .counted(Uses::of(&file.key));
        if matches!(record.standing, Standing::Unproved { .. }) {
            answer = answer
                .lasting(Lasting::Unproved)
                .fresh_until(Instant::now() + PROVE_AGAIN);
        }
        let answer = Arc::new(answer);
        if self.prover.may_stay(file.module(), &record.standing) {
            self.shelf.put_hot(&file.key, &answer, since);
        }
        answer
    }
}

/// Tells whether the disk has lost what a file held. Too few descriptors or missing
/// rights, say, leave it as good as it was.
fn is_damage(error: &io::Error) -> bool {
    let lost = [Errno::IO, Errno::BADMSG, Errno::UCLEAN];
    let errno = error.raw_os_error();
    lost.iter().any(|lost| errno == Some(lost.raw_os_error()))
        || error.kind() == io::ErrorKind::InvalidData
}

/// Tells whether a file is another one than its record says: by its hash where it has
/// one, which other packing does not change.
pub(super) fn has_changed(before: &FileRecord, sha256: &str, h1: Option<H1>) -> bool {
    match (&before.h1, h1) {
        (Some(before), Some(now)) => *before != now.to_string(),
        (None, None) => before.sha256 != sha256,
        _ => true,
    }
}
