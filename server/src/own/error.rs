//! Why a record is not answered.

use std::io;
use std::time::Duration;

use bytes::Bytes;

/// Why a record is not answered, or not logged.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The public database does not have it either.
    #[error("not found")]
    NotFound {
        /// 404 or 410.
        status: u16,
        /// The public database's own words.
        text: Bytes,
    },
    /// It is not admitted, and no other database may be asked instead.
    #[error("{reason}")]
    Denied {
        /// Why.
        reason: String,
    },
    /// It is not in the log, and nothing is signed now.
    #[error("{reason}")]
    Unsigned {
        /// Why.
        reason: String,
    },
    /// Nobody could be asked about it.
    #[error("{reason}")]
    Unreachable {
        /// Why.
        reason: String,
        /// When asking again is worth it.
        retry_after: Option<Duration>,
    },
    /// Our own trouble: disk or index.
    #[error("{reason}")]
    Internal {
        /// What was done, and what came of it.
        reason: String,
        /// Of the error: a full disk is a matter of time.
        kind: io::ErrorKind,
    },
}

impl Error {
    /// Returns what the disk or the index answered while `doing` something.
    pub(crate) fn io(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::Internal {
            reason: format!("{doing}: {error}"),
            kind: error.kind(),
        }
    }

    /// Returns what is wrong with what lies on the disk.
    pub(crate) fn damaged(doing: &'static str, error: impl std::fmt::Display) -> Self {
        Self::Internal {
            reason: format!("{doing}: {error}"),
            kind: io::ErrorKind::InvalidData,
        }
    }
}
