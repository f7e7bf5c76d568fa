//! Proofs that observations are in the log.

use super::taken::Taken;
use crate::attest::evidence::Filed;
use crate::attest::quorum::Quorum;
use crate::tlog::{Tree, record_hash};
use crate::tlog_proof::TlogProof;

/// What the log proves of an observation.
#[derive(Debug, Clone)]
pub(super) struct Logged {
    /// The head that it is under.
    head: Tree,
    /// The head itself.
    checkpoint: String,
    /// When the first of the witnesses that count has cosigned the head, in seconds since
    /// 1970: the observation was in the log by then. `None` without witnesses: nobody's
    /// clock but the log's own is to be had.
    pub(super) time_s: Option<u64>,
    /// When the last of them has.
    last_s: Option<u64>,
    /// Whether witnesses were asked for, and enough have cosigned.
    pub(super) is_witnessed: bool,
}

/// Checks an observation's proof. The leaf is made of the bytes that the signature was
/// checked in, so a proof of something else proves nothing.
pub(super) fn of(quorum: &Quorum, filed: &Filed, now_s: u64) -> Result<Logged, String> {
    let log = quorum
        .log
        .as_ref()
        .ok_or("no log is named in the quorum file")?;
    let proof = filed.proof.as_deref().ok_or("no proof lies beside it")?;
    let proof = TlogProof::parse(proof).map_err(|error| error.to_string())?;
    let (leaf, keys) = (record_hash(&filed.envelope), [log.key.clone()]);
    let proved = proof
        .verify(leaf, &log.origin, &keys, &quorum.witnesses, now_s)
        .map_err(|error| error.to_string())?;
    let times = proved.witnesses.fresh.iter().map(|one| one.time_s);
    Ok(Logged {
        head: proved.checkpoint.tree,
        checkpoint: proof.checkpoint,
        time_s: times.clone().min(),
        last_s: times.max(),
        is_witnessed: proved.witnesses.needed > 0,
    })
}

/// Says that the log has shown two histories, where the proofs at hand show that.
pub(super) fn fault(signed: &[Taken]) -> Option<String> {
    let logged: Vec<&Logged> = signed
        .iter()
        .filter_map(|one| one.logged.as_ref().ok())
        .collect();
    for (index, one) in logged.iter().enumerate() {
        for other in &logged[..index] {
            let (a, b) = (one.head, other.head);
            let is_fork = a.size == b.size && a.hash != b.hash;
            let is_rewound =
                (a.size < b.size && one.last_s > other.last_s && other.last_s.is_some())
                    || (b.size < a.size && other.last_s > one.last_s && one.last_s.is_some());
            if is_fork {
                return Some(format!(
                    "the log has signed two heads of {} records:\n{}{}",
                    a.size, one.checkpoint, other.checkpoint
                ));
            }
            if is_rewound {
                return Some(format!(
                    "witnesses have cosigned a smaller head of the log after a larger one:\n{}{}",
                    one.checkpoint, other.checkpoint
                ));
            }
        }
    }
    None
}
