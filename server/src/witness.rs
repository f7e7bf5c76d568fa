//! A witness: it cosigns the heads of logs that go on from those it cosigned before.
//!
//! The decision is `proto::witness`; here are the files of the remembered heads, the
//! clock and the clients. A head is on disk before it is signed. Each log has a lock
//! that is held from the comparison to the signature, on a thread that goes on when the
//! client leaves: so no two heads are ever compared with the same one.
//!
//! Absent here: any way to make a witness forget a head. A data folder that is restored
//! from a backup makes it sign a second history; a new data folder needs a new key.

mod heads;
pub(crate) mod key;
pub(crate) mod settings;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use proto::note::Cosigner;
use proto::witness::{
    AddCheckpoint, Admitted, Answer, Contradiction, Log, Refusal, RememberedHead, admit,
    origin_hash,
};
use serde_json::json;

use heads::Heads;

use crate::blocking::{self, CALL_MAX};
use crate::evidence::Evidence;
use crate::store::durable::Staging;

/// A witness of some logs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Witness {
    inner: Arc<Inner>,
}

struct Inner {
    cosigner: Cosigner,
    /// By origin.
    logs: BTreeMap<String, Watched>,
    heads: Heads,
    evidence: Evidence,
}

struct Watched {
    log: Log,
    /// Held from the comparison with a head to the signature of the next. Files are
    /// written meanwhile, so only on threads that may block.
    memory: Mutex<Memory>,
}

/// What is remembered of one log.
#[derive(Default)]
struct Memory {
    /// The head on disk; `None` when it is to be read: at the start, and after a write
    /// that failed and may have been made or not.
    head: Option<Option<RememberedHead>>,
    /// The newest cosigned head, for monitors.
    cosigned: Option<Vec<u8>>,
}

impl Witness {
    /// Opens a witness on a data folder whose lock is held. Blocks.
    ///
    /// # Errors
    /// What the disk answers, or that the file of a remembered head is damaged: a witness
    /// that has forgotten may not sign.
    pub(crate) fn open(
        data: &Path,
        staging: Staging,
        cosigner: Cosigner,
        logs: Vec<Log>,
    ) -> io::Result<Self> {
        let evidence = Evidence::open(data, staging.clone())?;
        let heads = Heads::at(data, staging);
        let mut watched = BTreeMap::new();
        for log in logs {
            let memory = Memory {
                head: Some(heads.read(&log.origin)?),
                cosigned: heads.read_cosigned(&log, &cosigner.verifier()),
            };
            let memory = Mutex::new(memory);
            watched.insert(log.origin.clone(), Watched { log, memory });
        }
        let inner = Inner {
            cosigner,
            logs: watched,
            heads,
            evidence,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Answers a request to cosign a head.
    ///
    /// # Errors
    /// What the disk answers; nothing is signed then.
    pub(crate) async fn add_checkpoint(&self, body: Vec<u8>) -> io::Result<Answer> {
        let inner = Arc::clone(&self.inner);
        // It goes on to its end when the client leaves, or has waited for long enough.
        blocking::run_within(CALL_MAX, move || inner.add_checkpoint(&body)).await
    }

    /// Returns the newest cosigned head of the log whose origin has this hash; `None`
    /// where none was cosigned.
    ///
    /// # Errors
    /// That the disk does not answer, while a newer one is written to it.
    pub(crate) async fn checkpoint(&self, hash: &str) -> io::Result<Option<Vec<u8>>> {
        let inner = Arc::clone(&self.inner);
        let hash = hash.to_owned();
        blocking::run_within(CALL_MAX, move || {
            let mut logs = inner.logs.iter();
            let found = logs.find(|(origin, _)| origin_hash(origin) == hash);
            Ok(found.and_then(|(_, watched)| watched.memory().cosigned.clone()))
        })
        .await
    }
}

impl Watched {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn add_checkpoint(&self, body: &[u8]) -> io::Result<Answer> {
        let request = match AddCheckpoint::parse(body) {
            Ok(request) => request,
            Err(error) => return Ok(Refusal::from(error).answer()),
        };
        let origin = &request.checkpoint.origin;
        let Some(watched) = self.logs.get(origin) else {
            let origin = origin.clone();
            return Ok(Refusal::UnknownOrigin { origin }.answer());
        };
        let mut memory = watched.memory();
        let remembered = match memory.head.take() {
            Some(head) => head,
            None => self.heads.read(origin)?,
        };
        let admitted = admit(&watched.log, remembered.as_ref(), &request);
        memory.head = Some(remembered);
        match admitted {
            Ok(admitted) => self.cosign(origin, admitted, &mut memory),
            Err(refusal) => {
                self.note(origin, &refusal);
                Ok(refusal.answer())
            }
        }
    }

    /// Remembers a head and signs it, in this order.
    fn cosign(&self, origin: &str, admitted: Admitted, memory: &mut Memory) -> io::Result<Answer> {
        let head = admitted.head().map_err(io::Error::other)?;
        let is_known = |known: &RememberedHead| known.tree == head.tree;
        let known = memory.head.take();
        if known
            .as_ref()
            .and_then(Option::as_ref)
            .is_some_and(is_known)
        {
            memory.head = known;
        } else {
            self.heads.write(origin, &head)?;
            memory.head = Some(Some(head));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_s = now.unwrap_or_default().as_secs();
        let cosigner = std::slice::from_ref(&self.cosigner);
        let (answer, cosigned) = admitted
            .persisted()
            .cosign(cosigner, now_s)
            .map_err(io::Error::other)?;
        tracing::info!(origin, records = cosigned.tree.size, "cosigned a head");
        if let Err(error) = self.heads.write_cosigned(origin, &cosigned) {
            tracing::warn!(origin, %error, "the cosigned head is not kept for monitors");
        }
        memory.cosigned = Some(cosigned.note);
        Ok(answer)
    }

    fn note(&self, origin: &str, refusal: &Refusal) {
        let Refusal::TwoHeads(evidence) = refusal else {
            tracing::info!(origin, reason = %refusal, security = true, "a head is not cosigned");
            return;
        };
        let Contradiction {
            remembered,
            offered,
        } = &**evidence;
        let facts = json!({ "reason": refusal.to_string() });
        let notes = [("offered", &**offered), ("remembered", &**remembered)];
        match self.evidence.keep("two-heads", origin, facts, &notes) {
            Ok(path) => tracing::error!(
                origin,
                evidence = %path.display(),
                "the log has signed two heads of one size"
            ),
            Err(error) => tracing::error!(
                origin, %error, text = %refusal,
                "the log has signed two heads of one size, and the evidence is not kept"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
