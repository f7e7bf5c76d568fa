//! The body of `add-checkpoint`.

use std::fmt;

use super::Error;
use crate::note;
use crate::tlog::Hash;
use crate::tlog::checkpoint::{Checkpoint, parse_decimal};

/// The most hashes in a consistency proof.
pub const PROOF_LEN_MAX: usize = 63;

/// The longest request, in bytes.
pub const REQUEST_LEN_MAX: usize = 32 + PROOF_LEN_MAX * 45 + note::LEN_MAX;

/// A request to cosign a checkpoint. [`AddCheckpoint::parse`] and `Display` are
/// inverses. Nothing in it has been checked but its form.
///
/// ```text
/// old 2
/// PH6byTDck/AfppmF7yQtn56GHzxTVaokzl70tLinDMs=
///
/// log.example.com/builds
/// 3
/// pvJ9os+vE0vP+7hh6qZiLfVRE/3x0ykeoq2hInDrjfw=
///
/// — log.example.com/builds ZIo8wWmzjmekNOurjsyVJhfcjIxZomm+T4vQwQL9aKCDJuJaaSDzcck2zVZC1W7V2Py24qQB1mpVvpowB/Um2mop3AQ=
/// ```
///
/// Source: c2sp.org/tlog-witness
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Records under the head that the witness is thought to have cosigned last.
    pub old_size: u64,
    /// The consistency proof from there.
    pub proof: Vec<Hash>,
    /// The signed note, verbatim.
    pub note: String,
    /// What the note's text says.
    pub checkpoint: Checkpoint,
}

impl AddCheckpoint {
    /// Makes the request to cosign a signed note.
    ///
    /// # Errors
    ///
    /// [`Error::Note`] and [`Error::Tree`] when the note is not a checkpoint,
    /// [`Error::Request`] when the proof is too long.
    pub fn new(old_size: u64, proof: Vec<Hash>, note: &[u8]) -> Result<Self, Error> {
        if proof.len() > PROOF_LEN_MAX {
            return Err(Error::Request("more than 63 hashes"));
        }
        let (text, _) = note::parse(note)?;
        Ok(Self {
            old_size,
            proof,
            checkpoint: Checkpoint::parse(&text)?,
            note: String::from_utf8(note.to_vec()).map_err(|_| Error::Request("not UTF-8"))?,
        })
    }

    /// Parses a body.
    ///
    /// # Errors
    ///
    /// [`Error::Request`], [`Error::TooLong`], [`Error::Note`], [`Error::Tree`]: all of
    /// them answered with 400.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        if body.len() > REQUEST_LEN_MAX {
            return Err(Error::TooLong {
                len: body.len(),
                max: REQUEST_LEN_MAX,
            });
        }
        let text = str::from_utf8(body).map_err(|_| Error::Request("not UTF-8"))?;
        let (head, note) = text
            .split_once("\n\n")
            .ok_or(Error::Request("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old_size = lines
            .next()
            .and_then(|line| line.strip_prefix("old "))
            .and_then(parse_decimal)
            .ok_or(Error::Request("first line is not the old size"))?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == PROOF_LEN_MAX {
                return Err(Error::Request("more than 63 hashes"));
            }
            proof.push(Hash::parse(line)?);
        }
        Self::new(old_size, proof, note.as_bytes())
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.note)
    }
}
