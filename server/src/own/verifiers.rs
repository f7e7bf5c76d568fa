//! By which keys the heads of a log are known.

use proto::note::VerifierKey;
use proto::sumdb::{self, Head};

/// The public halves of the keys that sign a log: one at least, all of one name.
#[derive(Clone, Debug)]
pub(crate) struct Verifiers(Vec<VerifierKey>);

impl Verifiers {
    /// Takes the key that the log is known by, and what other there is.
    pub(super) fn new(keys: Vec<VerifierKey>) -> Self {
        Self(keys)
    }

    /// The key that the log is known by.
    pub(super) fn first(&self) -> &VerifierKey {
        &self.0[0]
    }

    /// The log's name.
    pub(super) fn name(&self) -> &str {
        self.first().name()
    }

    /// All of them.
    pub(super) fn all(&self) -> &[VerifierKey] {
        &self.0
    }

    /// Opens a head that one of them has signed.
    ///
    /// # Errors
    /// As [`Head::open`].
    pub(super) fn open(&self, note: &[u8]) -> Result<Head, sumdb::Error> {
        Head::open_by_any(note, &self.0)
    }
}
