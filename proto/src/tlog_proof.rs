//! Proofs that a record is in a log, in one file that is checked without asking anybody.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! index 1
//! PH6byTDck/AfppmF7yQtn56GHzxTVaokzl70tLinDMs=
//! NVPrNRraxwz1yqT++hyvjOxyZAP+SzTBTxu42YDCC5U=
//!
//! log.example.com/builds
//! 3
//! pvJ9os+vE0vP+7hh6qZiLfVRE/3x0ykeoq2hInDrjfw=
//!
//! — log.example.com/builds ZIo8wWmzjmekNOurjsyVJhfcjIxZomm+T4vQwQL9aKCDJuJaaSDzcck2zVZC1W7V2Py24qQB1mpVvpowB/Um2mop3AQ=
//! — witness.example.com/w1 GpJzrgAAAABrB3aAw7DCISHqh6r24eYQtQ2OF4Jm/4zRhV/A/ex5XMeuQ0PoTRqFSOGH7UPlKy3gw9cYOo1GDjk7gGgYgjOOX/TpDw==
//! ```
//!
//! The record itself is not in it. Files end in `.tlog-proof`.
//!
//! Source: c2sp.org/tlog-proof

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::note::{self, VerifierKey};
use crate::tlog::checkpoint::{Checkpoint, parse_decimal};
use crate::tlog::{self, Hash};
use crate::witness::{Policy, Standing};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// The most hashes that a proof can have: one for each halving of the largest tree.
pub const HASHES_MAX: usize = 62;

/// The longest extra data, in bytes.
pub const EXTRA_LEN_MAX: usize = 64 << 10;

/// The longest proof, in bytes.
pub const LEN_MAX: usize = note::LEN_MAX + (128 << 10);

/// Why a proof was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes have not the shape of a proof.
    #[error("malformed proof: {0}")]
    Malformed(&'static str),
    /// The proof is longer than any can be.
    #[error("proof of {len} bytes is longer than {max}")]
    TooLong {
        /// Bytes in the proof.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// The checkpoint is another log's.
    #[error("proof is about the log {got:?}, not {want:?}")]
    OtherLog {
        /// The origin that was expected.
        want: String,
        /// The checkpoint's.
        got: String,
    },
    /// The checkpoint's signature or a cosignature is bad.
    #[error(transparent)]
    Note(#[from] note::Error),
    /// The checkpoint is none, or the record is not in its tree.
    #[error(transparent)]
    Tree(#[from] tlog::Error),
    /// Too few witnesses have cosigned the checkpoint.
    #[error("checkpoint has {got} cosignatures that count, not {needed}")]
    Witnesses {
        /// Those that count.
        got: usize,
        /// How many must.
        needed: usize,
    },
}

/// A proof as a file has it. [`TlogProof::parse`] and `Display` are inverses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Data of the application's own, which nobody vouches for.
    pub extra: Option<Vec<u8>>,
    /// Number of the record.
    pub index: u64,
    /// The inclusion proof, from the leaf upwards.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: String,
}

/// What a proof proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The checkpoint that has the record under it.
    pub checkpoint: Checkpoint,
    /// Who cosigned it.
    pub witnesses: Standing,
}

impl TlogProof {
    /// Parses a proof. Nothing is believed yet.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::TooLong`], [`Error::Tree`] for a hash that is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > LEN_MAX {
            return Err(Error::TooLong {
                len: bytes.len(),
                max: LEN_MAX,
            });
        }
        let text = str::from_utf8(bytes).map_err(|_| Error::Malformed("not UTF-8"))?;
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or(Error::Malformed("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(Error::Malformed("first line is not c2sp.org/tlog-proof@v1"));
        }
        let extra = lines.next_if(|line| line.starts_with("extra "));
        let extra = extra.map(parse_extra).transpose()?;
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(parse_decimal)
            .ok_or(Error::Malformed("no index"))?;
        let mut hashes = Vec::new();
        for line in lines {
            if hashes.len() == HASHES_MAX {
                return Err(Error::Malformed("more hashes than any tree has levels"));
            }
            hashes.push(Hash::parse(line)?);
        }
        Ok(Self {
            extra,
            index,
            hashes,
            checkpoint: checkpoint.to_owned(),
        })
    }

    /// Checks that the record with the hash `record` ([`tlog::record_hash`]) is in the
    /// log with the origin `origin`, whose head one of `keys` has signed and enough
    /// witnesses have cosigned, at `now_s` in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`enum@Error`].
    pub fn verify(
        &self,
        record: Hash,
        origin: &str,
        keys: &[VerifierKey],
        policy: &Policy,
        now_s: u64,
    ) -> Result<Proved, Error> {
        let opened = note::open(self.checkpoint.as_bytes(), keys)?;
        let checkpoint = Checkpoint::parse(&opened.text)?;
        if checkpoint.origin != origin {
            return Err(Error::OtherLog {
                want: origin.to_owned(),
                got: checkpoint.origin,
            });
        }
        tlog::check_record(&self.hashes, &checkpoint.tree, self.index, record)?;
        let witnesses = policy.judge(&opened, now_s)?;
        if !witnesses.is_met() {
            return Err(Error::Witnesses {
                got: witnesses.fresh.len(),
                needed: witnesses.needed,
            });
        }
        Ok(Proved {
            checkpoint,
            witnesses,
        })
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

fn parse_extra(line: &str) -> Result<Vec<u8>, Error> {
    let data = line.strip_prefix("extra ").unwrap_or_default();
    let extra = STANDARD
        .decode(data)
        .map_err(|_| Error::Malformed("extra data is not base64"))?;
    if extra.len() > EXTRA_LEN_MAX {
        return Err(Error::Malformed("extra data is too long"));
    }
    Ok(extra)
}

#[cfg(test)]
mod tests;
