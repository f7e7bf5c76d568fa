//! Two hashes that should be one.

use proto::dirhash::H1;

use crate::http::refusal::{Refusal, Remember};

/// What a file hashes to, and what its record says.
pub(super) struct Mismatch {
    /// The words of go.sum for the file.
    pub(super) line: String,
    pub(super) database: String,
    pub(super) want: H1,
    pub(super) got: H1,
}

impl Mismatch {
    /// Words the refusal. It follows the go command's own text for a mismatch,
    /// as people search for its words.
    pub(super) fn refusal(&self) -> Refusal {
        let Self {
            line,
            database,
            want,
            got,
        } = self;
        Refusal::denied(format!(
            "verifying {line}: checksum mismatch\n\
             \tupstream sent: {got}\n\
             \t{database}: {want}\n\
             SECURITY ERROR: the file upstream sent is not the one the checksum database has.\n\
             This proxy refused it and kept the evidence; it will ask upstream again in a while.\n"
        ))
        .remembered(Remember::Pause)
    }
}
