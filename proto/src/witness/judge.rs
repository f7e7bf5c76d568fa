//! What a witness decides about a request.

use std::fmt;

use super::{AddCheckpoint, Answer, Error};
use crate::note::{self, Cosigner, Signature, VerifierKey};
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::{self, Hash, Tree};

/// A log that a witness vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Its origin, as its checkpoints have it. The databases of Go all have one
    /// origin, so a witness can know only one of them by it.
    pub origin: String,
    /// The keys that it signs with. One good signature is enough.
    pub keys: Vec<VerifierKey>,
}

/// The head of a log that a witness cosigned last, or was about to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedHead {
    /// The log's origin.
    pub origin: String,
    /// Size and hash.
    pub tree: Tree,
    /// The checkpoint with the log's signature, and the witness's own where it got so
    /// far.
    pub note: Vec<u8>,
}

impl RememberedHead {
    /// Reads back the note that was remembered. Signatures are not checked again: the
    /// log may have other keys by now.
    ///
    /// # Errors
    ///
    /// [`Error::Note`], [`Error::Tree`] when it is not a checkpoint.
    pub fn parse(note: &[u8]) -> Result<Self, Error> {
        let (text, _) = note::parse(note)?;
        let checkpoint = Checkpoint::parse(&text)?;
        Ok(Self {
            origin: checkpoint.origin,
            tree: checkpoint.tree,
            note: note.to_vec(),
        })
    }
}

/// Why a witness does not cosign. It has not changed what it remembers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 400: the request can't be understood.
    #[error(transparent)]
    Malformed(#[from] Error),
    /// 404: no log of this origin is known.
    #[error("no log with the origin {origin:?} is witnessed here")]
    UnknownOrigin {
        /// The origin.
        origin: String,
    },
    /// 403: no known key of the log has signed, or a signature in its name is bad.
    #[error("checkpoint is not signed by the log: {0}")]
    Unsigned(note::Error),
    /// 400: the old size is greater than the new one.
    #[error("old size {old} is greater than the checkpoint's {new}")]
    Backwards {
        /// The old size.
        old: u64,
        /// The checkpoint's.
        new: u64,
    },
    /// 409: the head cosigned last has another size than the request says.
    #[error("the last checkpoint cosigned has {size} records")]
    Conflict {
        /// Its size.
        size: u64,
    },
    /// 422: the log signed a hash over no records that is not the hash of nothing.
    #[error("a tree of nothing has a hash")]
    EmptyTree,
    /// 422: the proof does not lead from the remembered head to the new one. Whether
    /// the log or who sent the request is to blame can't be told.
    #[error("consistency proof does not hold: {0}")]
    Proof(tlog::Error),
    /// 422: the log signed two heads of one size. This is evidence against it.
    #[error("{0}")]
    TwoHeads(Box<Contradiction>),
}

impl Refusal {
    /// What the witness answers.
    pub fn answer(&self) -> Answer {
        let status = match self {
            Self::Malformed(_) | Self::Backwards { .. } => 400,
            Self::UnknownOrigin { .. } => 404,
            Self::Unsigned(_) => 403,
            Self::Conflict { size } => return Answer::Conflict { size: *size },
            Self::EmptyTree | Self::Proof(_) | Self::TwoHeads(_) => 422,
        };
        let text = match self {
            Self::TwoHeads(_) => "another checkpoint of this size was cosigned".to_owned(),
            other => other.to_string(),
        };
        Answer::Refused { status, text }
    }
}

/// Two heads of one size and different hashes, both signed by the log. `Display` prints
/// both notes: anybody with the log's public key can check them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The head that was cosigned.
    pub remembered: Vec<u8>,
    /// The head that was offered.
    pub offered: Vec<u8>,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the log has signed two heads of one size")?;
        for (name, note) in [("first", &self.remembered), ("second", &self.offered)] {
            writeln!(f, "\n----- {name} head -----")?;
            f.write_str(&String::from_utf8_lossy(note))?;
        }
        write!(
            f,
            "----- end of heads -----\n\n\
             A log of so many records has one hash. Check both signatures with the\n\
             log's public key: if both are good, it has signed two logs.\n"
        )
    }
}

/// Decides whether `request` goes on from `remembered`, the head of `log` that was
/// cosigned last.
///
/// # Errors
///
/// [`Refusal`], in the order in which the protocol checks.
///
/// Source: c2sp.org/tlog-witness
pub fn admit(
    log: &Log,
    remembered: Option<&RememberedHead>,
    request: &AddCheckpoint,
) -> Result<Admitted, Refusal> {
    let new = request.checkpoint.tree;
    if request.checkpoint.origin != log.origin {
        return Err(Refusal::UnknownOrigin {
            origin: request.checkpoint.origin.clone(),
        });
    }
    let opened = note::open(request.note.as_bytes(), &log.keys).map_err(Refusal::Unsigned)?;
    if request.old_size > new.size {
        return Err(Refusal::Backwards {
            old: request.old_size,
            new: new.size,
        });
    }
    let old = remembered.map_or_else(Tree::empty, |head| head.tree);
    if request.old_size != old.size {
        return Err(Refusal::Conflict { size: old.size });
    }
    if new.size == 0 && new.hash != Hash::of_empty_tree() {
        return Err(Refusal::EmptyTree);
    }
    if let Some(remembered) = remembered
        && old.size == new.size
        && old.hash != new.hash
    {
        return Err(Refusal::TwoHeads(Box::new(Contradiction {
            remembered: remembered.note.clone(),
            offered: request.note.clone().into_bytes(),
        })));
    }
    tlog::check_consistency(&request.proof, &new, &old).map_err(Refusal::Proof)?;
    Ok(Admitted {
        origin: log.origin.clone(),
        tree: new,
        text: opened.text,
        signatures: opened.signatures,
    })
}

/// A head that may be cosigned once it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    origin: String,
    tree: Tree,
    text: String,
    /// The log's good signatures; others have been left out.
    signatures: Vec<Signature>,
}

impl Admitted {
    /// What to remember, durably, in the place of the head that was compared.
    ///
    /// # Errors
    ///
    /// [`note::Error`] when no note has this text: an opened note always can.
    pub fn head(&self) -> Result<RememberedHead, note::Error> {
        Ok(RememberedHead {
            origin: self.origin.clone(),
            tree: self.tree,
            note: note::assemble(&self.text, &self.signatures)?,
        })
    }

    /// Says that [`Admitted::head`] is on disk, flushed, and took the place of the head
    /// that was compared. Only then may it be signed: a witness that forgets what it
    /// signed can be made to sign a fork.
    pub fn persisted(self) -> Persisted {
        Persisted(self)
    }
}

/// A head that is remembered and may be cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persisted(Admitted);

impl Persisted {
    /// Cosigns the head with every key at `now_s`, in seconds since 1970. Returns the
    /// answer, and the head with these cosignatures, for the witness's monitoring
    /// address.
    ///
    /// # Errors
    ///
    /// [`note::Error`] when the time can't be that of a cosignature, or there is no key.
    pub fn cosign(
        &self,
        cosigners: &[Cosigner],
        now_s: u64,
    ) -> Result<(Answer, RememberedHead), note::Error> {
        let Self(admitted) = self;
        let cosigned: Vec<Signature> = cosigners
            .iter()
            .map(|cosigner| cosigner.cosign(&admitted.text, now_s))
            .collect::<Result<_, _>>()?;
        if cosigned.is_empty() {
            return Err(note::Error::Unverified);
        }
        let all = [&admitted.signatures[..], &cosigned].concat();
        let head = RememberedHead {
            origin: admitted.origin.clone(),
            tree: admitted.tree,
            note: note::assemble(&admitted.text, &all)?,
        };
        Ok((Answer::Cosigned(cosigned), head))
    }
}
