//! Files of versions as they lie in the tree, and the judging of those that lie
//! there without a record.

use std::io::Cursor;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::file::{VersionFile, measure, new_record};
use super::proof::{Origin, Rejection};
use super::{Proxy, blocking};
use crate::http::refusal::Refusal;
use crate::index::{FileRecord, Standing};
use crate::store::Stored;

/// What a look into the tree found.
pub(crate) enum Seen {
    /// A file that may be served.
    Good(Arc<Answer>),
    /// A file that must be judged first: a crash came between it and its record,
    /// somebody put it there, or the policy has become stricter.
    Unjudged(Stored),
    /// Nothing.
    Absent,
}

impl Proxy {
    /// Looks into the tree.
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
        let module = file.version.path.as_str();
        Ok(match found {
            None => Seen::Absent,
            Some((stored, Some(record)))
                if record.size == stored.bytes.len() as u64
                    && self.prover.accepts(module, &record.standing) =>
            {
                Seen::Good(self.good(file, stored, &record))
            }
            Some((stored, _)) => Seen::Unjudged(stored),
        })
    }

    /// Judges a file that lies in the tree, and records it when it is good.
    /// Touches nothing when it is not.
    ///
    /// # Errors
    /// Whether it is wrong, for which evidence is kept, or cannot be judged.
    pub(super) async fn adopt(
        self: &Arc<Self>,
        file: &VersionFile,
        stored: Stored,
    ) -> Result<Arc<Answer>, Rejection> {
        let (bytes, subject) = (stored.bytes.clone(), file.clone());
        let (sha256, measured) = blocking("hashing a stored file", move || {
            let sha256 = hex::encode(Sha256::digest(&bytes));
            let size = bytes.len() as u64;
            Ok((sha256, measure(&subject, Cursor::new(&bytes), size)))
        })
        .await
        .map_err(Rejection::Unknown)?;
        let origin = Origin {
            bytes: stored.bytes.clone(),
            url: format!("file {} of the module tree", file.key),
            sha256: sha256.clone(),
        };
        let h1 = match measured {
            Ok(h1) => h1,
            Err(misfit) => {
                let refusal = misfit.refusal();
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
                    .judge(&file.version, covered, got, expected, origin)
                    .await?
            }
            _ => Standing::Uncovered,
        };
        let record = new_record(sha256, stored.bytes.len() as u64, h1, standing);
        let (proxy, key, kept) = (Arc::clone(self), file.key.clone(), record.clone());
        blocking("writing the index", move || proxy.index.put(&key, &kept))
            .await
            .map_err(Rejection::Unknown)?;
        Ok(self.good(file, stored, &record))
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
