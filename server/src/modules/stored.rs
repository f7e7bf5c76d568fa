//! Files of versions as they lie in the tree, and the judging of those that lie
//! there without a record.

use std::io::Cursor;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::file::{VersionFile, measure, new_record};
use super::proof::{Origin, Rejection};
use super::{Proxy, blocking};
use crate::http::refusal::{Refusal, Remember};
use crate::ledger::{FileRecord, Standing};
use crate::shelf::answer::Answer;
use crate::store::Stored;

/// What a look into the tree found.
pub(crate) enum Seen {
    /// A file that may be served.
    Good(Arc<Answer>),
    /// A file that must be judged first: a crash came between it and its record,
    /// somebody put it there, it is not what its record says, or the policy has
    /// become stricter.
    Unjudged(Unjudged),
    /// Nothing.
    Absent,
}

/// A file that lies in the tree and must be judged.
pub(crate) struct Unjudged {
    stored: Stored,
    /// What the index says of it.
    record: Option<FileRecord>,
}

/// Files from this size on take turns at being hashed, so that after a start
/// those who ask for one wait, without holding a thread, for the first of them
/// instead of all hashing it.
const LARGE_BYTES_MIN: usize = 1 << 20;

impl Proxy {
    /// Looks into the tree.
    ///
    /// What the index says was proved are bytes of a certain hash: that these are
    /// those is seen each time they come from disk and not from memory.
    ///
    /// # Errors
    /// A refusal when disk or index fail.
    pub(super) async fn look(self: &Arc<Self>, file: &VersionFile) -> Result<Seen, Refusal> {
        let (proxy, key) = (Arc::clone(self), file.key.clone());
        let found = blocking("reading a stored file", move || {
            let Some(stored) = proxy.store.read(&key)? else {
                return Ok(None);
            };
            Ok(Some((stored, proxy.index.file(&key)?)))
        })
        .await?;
        let (stored, record) = match found {
            None => return Ok(Seen::Absent),
            Some((stored, Some(record))) => (stored, record),
            Some((stored, None)) => {
                let record = None;
                return Ok(Seen::Unjudged(Unjudged { stored, record }));
            }
        };
        let is_large = stored.bytes.len() >= LARGE_BYTES_MIN;
        let _turn = if is_large {
            let turn = self.measuring.acquire().await;
            if let Some(answer) = self.ready(&file.key) {
                return Ok(Seen::Good(answer));
            }
            Some(turn)
        } else {
            None
        };
        let (bytes, want) = (stored.bytes.clone(), record.sha256.clone());
        let same_size = record.size == stored.bytes.len() as u64;
        let as_recorded = same_size
            && blocking("hashing a stored file", move || {
                Ok(hex::encode(Sha256::digest(&bytes)) == want)
            })
            .await?;
        if !as_recorded {
            tracing::error!(key = file.key, "a stored file is not what was stored");
        }
        let module = file.version.path.as_str();
        if as_recorded && self.prover.accepts(module, &record.standing) {
            return Ok(Seen::Good(self.good(file, stored, &record)));
        }
        let record = Some(record);
        Ok(Seen::Unjudged(Unjudged { stored, record }))
    }

    /// Judges a file that lies in the tree, and records it when it is good.
    /// Touches nothing when it is not.
    ///
    /// # Errors
    /// Whether it is wrong, for which evidence is kept, or cannot be judged.
    pub(super) async fn adopt(
        self: &Arc<Self>,
        file: &VersionFile,
        unjudged: Unjudged,
    ) -> Result<Arc<Answer>, Rejection> {
        let Unjudged {
            stored,
            record: before,
        } = unjudged;
        let turn = self.measuring.acquire().await;
        let (bytes, subject) = (stored.bytes.clone(), file.clone());
        let (sha256, measured) = blocking("hashing a stored file", move || {
            let sha256 = hex::encode(Sha256::digest(&bytes));
            let size = bytes.len() as u64;
            Ok((sha256, measure(&subject, Cursor::new(&bytes), size)))
        })
        .await
        .map_err(Rejection::Unknown)?;
        drop(turn);
        let origin = Origin {
            bytes: stored.bytes.clone(),
            url: format!("file {} of the module tree", file.key),
            sha256: sha256.clone(),
        };
        let h1 = match measured {
            Ok(h1) => h1,
            Err(misfit) => {
                let refusal = misfit.refusal().remembered(Remember::Pause);
                self.prover
                    .keep_misfit(&file.version, &refusal, origin)
                    .await;
                return Err(Rejection::Wrong(refusal));
            }
        };
        let standing = match (file.part.covered(), h1) {
            (Some(covered), Some(got)) => {
                let expected = self
                    .prover
                    .expected(&file.version)
                    .await
                    .map_err(Rejection::Unknown)?;
                self.prover
                    .judge(&file.version, covered, got, expected, origin.clone())
                    .await?
            }
            _ => Standing::Uncovered,
        };
        if let Some(before) = before
            && !matches!(standing, Standing::Proved { .. })
            && before.h1 != h1.map(|h1| h1.to_string())
        {
            return Err(self.changed(file, &before, origin).await);
        }
        let record = new_record(sha256, stored.bytes.len() as u64, h1, standing);
        let (proxy, key, kept) = (Arc::clone(self), file.key.clone(), record.clone());
        blocking("writing the index", move || proxy.index.put(&key, &kept))
            .await
            .map_err(Rejection::Unknown)?;
        Ok(self.good(file, stored, &record))
    }

    /// Where no database can tell which bytes are right, those that were served
    /// first are.
    async fn changed(&self, file: &VersionFile, before: &FileRecord, origin: Origin) -> Rejection {
        let refusal = Refusal::denied(format!(
            "{}: the {} stored here is not the one that was stored, which had {}\n",
            file.version,
            file.part.name(),
            before.h1.as_deref().unwrap_or(&before.sha256),
        ))
        .remembered(Remember::Pause);
        self.prover
            .keep_misfit(&file.version, &refusal, origin)
            .await;
        Rejection::Wrong(refusal)
    }

    /// Takes a wrong file out of the tree, so that the truth can be fetched.
    ///
    /// # Errors
    /// A refusal when disk or index fail.
    pub(super) async fn discard(self: &Arc<Self>, key: &str) -> Result<(), Refusal> {
        tracing::error!(key, "removing a stored file that is not what it should be");
        let (proxy, key) = (Arc::clone(self), key.to_owned());
        blocking("removing a stored file", move || {
            proxy.index.remove(&key)?;
            proxy.store.remove(&key)
        })
        .await
    }

    /// Makes a file's answer, and keeps it at hand.
    pub(super) fn good(
        &self,
        file: &VersionFile,
        stored: Stored,
        record: &FileRecord,
    ) -> Arc<Answer> {
        let mut answer = Answer::new(file.part.kind(), stored.bytes, Some(&record.sha256));
        if matches!(record.standing, Standing::Unproved { .. }) {
            answer = answer.unproved();
        }
        let answer = Arc::new(answer);
        self.hot.put(&file.key, &answer);
        answer
    }
}
