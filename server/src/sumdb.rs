//! Checksum databases.
//!
//! A [`Database`] answers lookups, heads and tiles. A followed one answers from disk
//! or from upstream, and believes nothing of what upstream says: every answer is
//! proved under the newest signed head that was seen, and that head only ever moves
//! forward, to heads whose logs begin with ours (`proto::sumdb::client`). What was
//! proved is kept ([`archive`]), so that it is answered again with upstream gone,
//! along with all the tiles that a client may ask for after any head that it was
//! given.
//!
//! Absent here: what to do about a module that is not proved (`modules::proof`), and
//! any cache of "not found".

mod archive;
mod audience;
mod databases;
mod fault;
mod fetch;
mod followed;
mod growth;
mod heads;
mod inclusion;
mod keeper;
pub(crate) mod monitor;
mod remote;
#[cfg(test)]
mod tests;
mod tiles;

use std::io;
use std::time::Duration;

use bytes::Bytes;
use proto::note::VerifierKey;
use proto::tlog::{Hash, record_hash};

use crate::own;

pub(crate) use audience::Audience;
pub(crate) use databases::{Archives, Database, Databases, Parts};
pub(crate) use fetch::{FromSources, Hops};
pub(crate) use followed::Followed;
pub(crate) use growth::Point;
#[cfg(test)]
pub(crate) use heads::HeadFiles;
pub(crate) use heads::RecordedHeads;
pub(crate) use inclusion::Inclusion;
pub(crate) use proto::sumdb::Record;

/// An answer to a lookup that has been proved.
#[derive(Debug, Clone)]
pub(crate) struct ProvedAnswer {
    /// Number of the record in the log.
    pub(crate) id: u64,
    /// The proved record.
    pub(crate) record: Record,
    /// The record's hash as a leaf of the log.
    pub(crate) record_hash: Hash,
    /// Hash of the key that the database has signed its head with.
    pub(crate) key_hash: u32,
    /// The whole answer with its signed head, verbatim.
    pub(crate) bytes: Bytes,
}

impl ProvedAnswer {
    fn new(id: u64, record: Record, key: &VerifierKey, bytes: Bytes) -> Self {
        Self {
            id,
            record_hash: record_hash(record.as_str().as_bytes()),
            record,
            key_hash: key.key_hash(),
            bytes,
        }
    }
}

/// Why a database gave no answer that can be believed.
///
/// Only `NotFound` says that something does not exist.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum LookupError {
    /// The database, or what relays it, does not have it.
    #[error("not found")]
    NotFound {
        /// 404 or 410.
        status: u16,
        /// Its own words, verbatim.
        text: Bytes,
    },
    /// The module is private, and the database is not named for it: nobody was asked.
    #[error("it is not named for this module, which is private, and is not told its name")]
    Private,
    /// A database of our own does not admit it, and no other may be asked instead.
    #[error("{reason}")]
    Denied { reason: String },
    /// It is not in a database of our own, which signs nothing now.
    #[error("it signs nothing now: {reason}")]
    Unsigned { reason: String },
    /// Nobody could be asked, or gave an answer at all.
    #[error("cannot be reached: {reason}")]
    Unreachable {
        reason: String,
        retry_after: Option<Duration>,
    },
    /// The answer is not what the database has signed. It alone is refused; the next
    /// may be good.
    #[error("{reason}")]
    Invalid { reason: String },
    /// The database has signed two logs. It is asked nothing until a person says so.
    #[error("{reason}")]
    Stopped { reason: String },
    /// Our own trouble: the disk.
    #[error("{reason}")]
    Internal {
        reason: String,
        /// Of the error: a full disk is a matter of time.
        kind: io::ErrorKind,
    },
}

impl From<own::Error> for LookupError {
    fn from(error: own::Error) -> Self {
        match error {
            own::Error::NotFound { status, text } => Self::NotFound { status, text },
            own::Error::Denied { reason } => Self::Denied { reason },
            own::Error::Unsigned { reason } => Self::Unsigned { reason },
            own::Error::Unreachable {
                reason,
                retry_after,
            } => Self::Unreachable {
                reason,
                retry_after,
            },
            own::Error::Internal { reason, kind } => Self::Internal { reason, kind },
        }
    }
}

impl LookupError {
    fn from_io(what: &str, error: &io::Error) -> Self {
        Self::Internal {
            reason: format!("{what}: {error}"),
            kind: error.kind(),
        }
    }
}
