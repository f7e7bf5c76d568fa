//! Proofs that observations are in the log.

use super::taken::Taken;
use crate::attest::evidence::Filed;
use crate::attest::quorum::Quorum;
use crate::note::Cosignature;
use crate::tlog::{Tree, record_hash};
use crate::tlog_proof::TlogProof;

/// What the log proves of an observation.
#[derive(Debug, Clone)]
pub(super) struct Logged {
    /// The head that it is under.
    head: Tree,
    /// The head itself.
    checkpoint: String,
    /// The cosignatures of the head that count.
    cosigned: Vec<Cosignature>,
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
    Ok(Logged {
        head: proved.checkpoint.tree,
        checkpoint: proof.checkpoint,
        is_witnessed: proved.witnesses.needed > 0,
        cosigned: proved.witnesses.fresh,
    })
}

impl Logged {
    /// Returns when the last of the witnesses that count has cosigned the head, in seconds
    /// since 1970: the observation was in the log by then, though all of them but one lie.
    /// `None` without witnesses: nobody's clock but the log's own is to be had.
    pub(super) fn time_s(&self) -> Option<u64> {
        self.cosigned.iter().map(|one| one.time_s).max()
    }

    /// Whether one witness cosigned this head after the other one, which is larger. Of two
    /// witnesses one may lag behind.
    fn is_rewound_from(&self, larger: &Self) -> bool {
        let is_before = |before: &Cosignature, after: &Cosignature| {
            let is_same = before.key_hash == after.key_hash && before.name == after.name;
            is_same && before.time_s < after.time_s
        };
        self.head.size < larger.head.size
            && self.cosigned.iter().any(|after| {
                let mut cosigned = larger.cosigned.iter();
                cosigned.any(|before| is_before(before, after))
            })
    }
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
            if is_fork {
                return Some(format!(
                    "the log has signed two heads of {} records:\n{}{}",
                    a.size, one.checkpoint, other.checkpoint
                ));
            }
            if one.is_rewound_from(other) || other.is_rewound_from(one) {
                return Some(format!(
                    "a witness has cosigned a smaller head of the log after a larger one:\n{}{}",
                    one.checkpoint, other.checkpoint
                ));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::Signature;

    fn logged(size: u64, cosigned: &[(u32, u64)]) -> Logged {
        let cosigned = cosigned.iter().map(|&(key_hash, time_s)| Cosignature {
            name: "witness.example.com".to_owned(),
            key_hash,
            time_s,
            signature: Signature {
                name: "witness.example.com".to_owned(),
                key_hash,
                base64: String::new(),
            },
        });
        Logged {
            head: Tree {
                size,
                hash: record_hash(&size.to_be_bytes()),
            },
            checkpoint: String::new(),
            is_witnessed: true,
            cosigned: cosigned.collect(),
        }
    }

    #[test]
    fn a_head_is_rewound_where_one_witness_cosigned_the_larger_one_before() {
        type Row<'a> = (u64, &'a [(u32, u64)], bool);
        let larger = logged(9, &[(1, 100), (2, 200)]);
        let rows: [Row<'_>; 7] = [
            (8, &[(1, 101), (2, 150)], true),
            (8, &[(1, 100), (2, 200)], false),
            (8, &[(1, 50), (2, 199)], false),
            // Another witness lags behind.
            (8, &[(3, 300)], false),
            (9, &[(1, 300)], false),
            (10, &[(1, 300)], false),
            (8, &[], false),
        ];
        for (size, cosigned, want) in rows {
            let other = logged(size, cosigned);
            assert_eq!(other.is_rewound_from(&larger), want, "{size} {cosigned:?}");
        }
        assert_eq!(larger.time_s(), Some(200));
        assert_eq!(logged(9, &[]).time_s(), None);
    }
}
