//! Proofs that observations are in the log.

use std::cmp::Reverse;

use super::taken::Taken;
use crate::attest::evidence::Filed;
use crate::attest::quorum::Quorum;
use crate::note::Cosignature;
use crate::tlog::history::{self, History, Range};
use crate::tlog::{Tree, record_hash};
use crate::tlog_proof::TlogProof;

/// What the log proves of an observation.
#[derive(Debug, Clone)]
pub(super) struct Logged {
    /// The head that it is under.
    head: Tree,
    /// The head itself.
    checkpoint: String,
    /// What the proof tells of the log's records.
    told: Vec<Range>,
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
    let head = proved.checkpoint.tree;
    let told = history::told(&proof.hashes, &head, proof.index, leaf);
    Ok(Logged {
        told: told.map_err(|error| error.to_string())?,
        head,
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

    /// Whether one witness has cosigned both heads: it says that one goes on from the other.
    fn shares_witness(&self, other: &Self) -> bool {
        let mut cosigned = self.cosigned.iter();
        cosigned.any(|one| other.cosigned.iter().any(|other| is_same(one, other)))
    }

    /// Whether one witness cosigned this head after the other one, which is larger. Of two
    /// witnesses one may lag behind.
    fn is_rewound_from(&self, larger: &Self) -> bool {
        let is_before = |before: &Cosignature, after: &Cosignature| {
            is_same(before, after) && before.time_s < after.time_s
        };
        self.head.size < larger.head.size
            && self.cosigned.iter().any(|after| {
                let mut cosigned = larger.cosigned.iter();
                cosigned.any(|before| is_before(before, after))
            })
    }
}

fn is_same(one: &Cosignature, other: &Cosignature) -> bool {
    one.key_hash == other.key_hash && one.name == other.name
}

/// What the proofs at hand show of the log as a whole.
#[derive(Debug, Default)]
pub(super) struct Heads {
    /// That the log has shown two histories.
    pub(super) fault: Option<String>,
    /// Which heads may be of two histories: no proof joins them, and no witness that
    /// counts has cosigned both.
    pub(super) apart: Option<String>,
}

impl Heads {
    /// Holds all proofs against each other, those of the larger heads first.
    pub(super) fn of(signed: &[Taken]) -> Self {
        let logged = signed.iter().filter_map(|one| one.logged.as_ref().ok());
        let mut logged: Vec<&Logged> = logged.collect();
        logged.sort_by_key(|one| Reverse(one.head.size));
        let fault = fault(&logged);
        let apart = fault.is_none().then(|| apart(&logged)).flatten();
        Self { fault, apart }
    }
}

fn fault(logged: &[&Logged]) -> Option<String> {
    let mut history = History::default();
    for (index, one) in logged.iter().enumerate() {
        let larger = &logged[..index];
        let rewound = larger.iter().find(|larger| one.is_rewound_from(larger));
        if let Some(larger) = rewound {
            return Some(format!(
                "a witness has cosigned a smaller head of the log after a larger one:\n{}{}",
                one.checkpoint, larger.checkpoint
            ));
        }
        let size = one.head.size;
        let is_other = history.root(size).is_some_and(|root| root != one.head.hash);
        if is_other || one.told.iter().any(|range| history.differs(range)) {
            let other = other_history(one, larger);
            return Some(if other.head.size == size {
                format!(
                    "the log has signed two heads of {size} records:\n{}{}",
                    one.checkpoint, other.checkpoint
                )
            } else {
                format!(
                    "the log has two histories, by proofs under its heads of {size} and of {} records:\n{}{}",
                    other.head.size, one.checkpoint, other.checkpoint
                )
            });
        }
        one.told.iter().for_each(|range| history.add(*range));
    }
    None
}

/// Returns the larger head that has another history, or the largest where it takes
/// several to see that.
fn other_history<'a>(one: &Logged, larger: &[&'a Logged]) -> &'a Logged {
    let differs = |larger: &&&Logged| {
        let mut history = History::default();
        larger.told.iter().for_each(|range| history.add(*range));
        one.told.iter().any(|range| history.differs(range))
    };
    let found = larger.iter().find(differs);
    found
        .or_else(|| larger.first())
        .expect("nothing differs from no other head")
}

/// Says which two heads may be of two histories: each must be joined to the next larger
/// one, and so to all.
fn apart(logged: &[&Logged]) -> Option<String> {
    let mut history = History::default();
    let of_one_head = logged.chunk_by(|one, other| one.head == other.head);
    let mut larger: &[&Logged] = &[];
    for head in of_one_head {
        let (one, size) = (head.first()?, head.first()?.head.size);
        let is_cosigned = || {
            let mut pairs = head
                .iter()
                .flat_map(|one| larger.iter().map(move |other| (one, other)));
            pairs.any(|(one, other)| one.shares_witness(other))
        };
        if let Some(other) = larger.first()
            && history.root(size) != Some(one.head.hash)
            && !is_cosigned()
        {
            return Some(format!(
                "no proof here joins the log's heads of {size} and of {} records, and no witness that counts has cosigned both",
                other.head.size
            ));
        }
        let told = head.iter().flat_map(|one| &one.told);
        told.for_each(|range| history.add(*range));
        larger = head;
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
            told: Vec::new(),
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
