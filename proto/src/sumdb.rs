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
mod setting;

use crate::note::{self, VerifierKey};
use crate::tlog::{self, Tree, checkpoint};

pub use answer::{LookupAnswer, Record, split_records};
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
    /// text is no tree head.
    pub fn open(note: &[u8], key: &VerifierKey) -> Result<Self, Error> {
        let opened = note::open(note, std::slice::from_ref(key))?;
        Ok(Self {
            tree: checkpoint::parse(&opened.text)?,
            note: note.to_vec(),
        })
    }
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
