//! What is kept and said of an answer that does not hold.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto::sumdb::Head;
use proto::tlog::Tile;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::evidence::Evidence;
use crate::telemetry::events;

/// An answer that was refused, with all it was held against.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) database: String,
    /// What was asked for: `lookup/…`, `latest`, `tile/…`.
    pub(super) path: String,
    /// Why it was refused.
    pub(super) reason: String,
    /// The answer; for a tile, empty.
    pub(super) answer: Vec<u8>,
    /// The newest head, under which it was examined.
    pub(super) head: Option<Head>,
    /// The tiles it was examined with, as they came.
    pub(super) tiles: Vec<(Tile, Vec<u8>)>,
}

/// Writes faults down. One that was written lately is not written again: an upstream
/// may go on giving the same bad answer for long.
#[derive(Debug)]
pub(super) struct Faults {
    evidence: Evidence,
    /// Hashes of what was written lately. Held for an insertion.
    lately: Mutex<HashSet<[u8; 32]>>,
}

/// Faults that are remembered as written. Beyond, all are forgotten: each is then
/// written once more, but none is ever passed over that is new.
const LATELY_MAX: usize = 256;

impl Faults {
    pub(super) fn new(evidence: Evidence) -> Self {
        Self {
            evidence,
            lately: Mutex::default(),
        }
    }

    /// Keeps a fault and logs it. Blocks. A fault that can't be kept is still
    /// refused, and the log says both.
    pub(super) fn keep(&self, fault: &Fault) {
        let (database, asked, reason) = (&fault.database, &fault.path, &fault.reason);
        if !self.is_new(fault) {
            tracing::warn!(
                database,
                asked,
                reason,
                security = true,
                "refused an answer of a checksum database again"
            );
            return;
        }
        events::tell(
            events::Kind::Refused,
            || json!({ "database": database, "asked": asked, "reason": reason }),
        );
        let subject = format!("{database}/{asked}");
        let mut attachments: Vec<(&str, &[u8])> = Vec::new();
        if !fault.answer.is_empty() {
            attachments.push(("answer", &fault.answer));
        }
        if let Some(head) = &fault.head {
            attachments.push(("head", &head.note));
        }
        let kept = self
            .evidence
            .keep("database-answer", &subject, fault.facts(), &attachments);
        match kept {
            Ok(path) => {
                let evidence = path.display().to_string();
                tracing::error!(
                    database,
                    asked,
                    reason,
                    evidence,
                    "refused an answer of a checksum database"
                );
            }
            Err(error) => {
                let error = error.to_string();
                tracing::error!(
                    database,
                    asked,
                    reason,
                    error,
                    "refused an answer of a checksum database, and its evidence is not kept"
                );
            }
        }
    }

    fn is_new(&self, fault: &Fault) -> bool {
        let mut hasher = Sha256::new();
        for part in [
            fault.path.as_bytes(),
            fault.reason.as_bytes(),
            &fault.answer,
        ] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        let fault: [u8; 32] = hasher.finalize().into();
        if lately.contains(&fault) {
            return false;
        }
        if lately.len() >= LATELY_MAX {
            lately.clear();
        }
        lately.insert(fault)
    }
}

impl Fault {
    fn facts(&self) -> Value {
        let tiles: serde_json::Map<String, Value> = self
            .tiles
            .iter()
            .map(|(tile, bytes)| (tile.path(), STANDARD.encode(bytes).into()))
            .collect();
        json!({
            "database": self.database,
            "asked": self.path,
            "reason": self.reason,
            "tiles_base64": tiles,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::durable::Staging;

    #[test]
    fn many_faults_blind_it_for_none() {
        let data = tempfile::tempdir().unwrap();
        let staging = Staging::open(data.path()).unwrap();
        let faults = Faults::new(Evidence::open(data.path(), staging).unwrap());
        let fault = |number: usize| Fault {
            database: "sum.example.com".to_owned(),
            path: format!("lookup/example.com/m@v0.0.{number}"),
            reason: "bad".to_owned(),
            answer: Vec::new(),
            head: None,
            tiles: Vec::new(),
        };
        let kept = || {
            std::fs::read_dir(data.path().join("evidence"))
                .unwrap()
                .count()
        };
        for number in 0..LATELY_MAX + 20 {
            faults.keep(&fault(number));
            faults.keep(&fault(number));
        }
        assert_eq!(kept(), LATELY_MAX + 20);
    }
}
