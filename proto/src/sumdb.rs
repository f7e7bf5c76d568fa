//! Checksum databases: logs of the hashes of every Go module version.
//!
//! A record of the log has the hashes of one module version:
//!
//! ```text
//! rsc.io/quote v1.5.2 h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=
//! rsc.io/quote v1.5.2/go.mod h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=
//! ```
//!
//! The database answers a lookup with the record's number, the record, and its
//! signed tree head ([`LookupAnswer`]). The record is true when it is proved to be
//! in the tree under a head that the database's key has signed; and that head is
//! the same for everybody only when it is proved consistent with every other head
//! that was seen. [`client`] plans both proofs; [`Fork`] is what is left when the
//! second fails.
//!
//! Source: golang.org/design/25530-sumdb, golang.org/x/mod/sumdb

mod answer;
pub mod client;
mod fork;
pub mod own;
mod setting;
pub mod table;

use crate::note::{self, VerifierKey};
use crate::tlog::{self, Tree, checkpoint};

pub use answer::{LookupAnswer, Record, cut_records, split_records};
pub use fork::Fork;
pub use setting::{PUBLIC_KEY, Setting};

/// The height of the tiles that the go command asks for.
pub const TILE_HEIGHT: u8 = 8;

/// A signed tree head whose signature has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What the head says.
    pub tree: Tree,
    /// The signed note, verbatim.
    pub note: Vec<u8>,
}

impl Head {
    /// Opens a signed tree head.
    ///
    /// # Errors
    ///
    /// [`Error::Note`] when `key` has not signed it, [`Error::Tree`] when the signed
    /// text is not a tree head, [`Error::HashInHead`] when a line after the head's own
    /// could be taken for one of go.sum.
    pub fn open(note: &[u8], key: &VerifierKey) -> Result<Self, Error> {
        Self::open_by_any(note, std::slice::from_ref(key))
    }

    /// Opens a tree head that one of several keys must have signed: while a database's key
    /// is changed, two do.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_by_any(note: &[u8], keys: &[VerifierKey]) -> Result<Self, Error> {
        let opened = note::open(note, keys)?;
        let tree = checkpoint::parse(&opened.text)?;
        let mut more = opened.text.lines().skip(checkpoint::LINES);
        if let Some(line) = more.find(|line| names_hash(line)) {
            return Err(Error::HashInHead {
                line: line.chars().take(SHOWN_MAX).collect(),
            });
        }
        Ok(Self {
            tree,
            note: note.to_vec(),
        })
    }
}

/// How much of a line an error shows, in characters.
const SHOWN_MAX: usize = 200;

/// Whether a word of the line begins as a hash of go.sum does: `h1:`, or another
/// number.
///
/// go commands older than August 2026 look for `<module> <version> h1:` in the whole
/// answer, the signed head included, and believe what they find there although no
/// proof is about it (CVE-2026-56864). They want the line exactly so; others may
/// trim it or split it at any space, so every place in the line counts.
fn names_hash(line: &str) -> bool {
    line.split_whitespace().any(|word| {
        let hash = word.strip_prefix('h').and_then(|rest| rest.split_once(':'));
        hash.is_some_and(|(number, _)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

/// Why a setting or an answer of a checksum database was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A GOSUMDB setting can't be understood.
    #[error("invalid GOSUMDB: {0}")]
    Setting(&'static str),
    /// A key or a signed note was refused.
    #[error(transparent)]
    Note(#[from] note::Error),
    /// A tree head, a tile or a proof was refused.
    #[error(transparent)]
    Tree(#[from] tlog::Error),
    /// A signed head carries a line that some clients take for a module's hash.
    #[error("signed head carries a hash, which no proof is about: {line:?}")]
    HashInHead {
        /// The line, cut to what an error can show.
        line: String,
    },
    /// A lookup answer or a tile of records has not the shape of one.
    #[error("malformed answer: {0}")]
    Malformed(&'static str),
    /// An answer is longer than any can be.
    #[error("answer of {len} bytes is longer than {max}")]
    TooLong {
        /// Bytes in the answer.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// The record says nothing of the module that was asked for.
    #[error("record {id} is not about {module}")]
    OtherModule {
        /// Number of the record.
        id: u64,
        /// The module version that was asked for.
        module: String,
    },
    /// The record is not in the tree whose head came with it.
    #[error("record {id} is beyond the {size} records of the signed head that came with it")]
    BeyondHead {
        /// Number of the record.
        id: u64,
        /// Records under the head.
        size: u64,
    },
    /// The log has another record at this place.
    #[error("record {id} has hash {got}, but the log has {want} there")]
    RecordMismatch {
        /// Number of the record.
        id: u64,
        /// The hash in the log.
        want: tlog::Hash,
        /// The hash of the record as answered.
        got: tlog::Hash,
    },
    /// The database has signed two heads that contradict each other.
    #[error("{0}")]
    Fork(Box<Fork>),
}

#[cfg(test)]
mod tests;
