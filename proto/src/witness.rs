//! Witnesses: they vouch that a log has shown everybody one history.
//!
//! A log sends its signed head to a witness with the proof that it goes on from the head
//! that this witness cosigned last ([`AddCheckpoint`]). The witness checks that, remembers
//! the new head, and answers with a cosignature ([`admit`], [`Answer`]). Whoever reads
//! the log demands cosignatures of some of the witnesses, and fresh ones ([`Policy`]).
//!
//! What a witness must never do is to sign two heads that contradict each other. So the
//! head is remembered durably before it is signed, and replaced only if it still is the
//! one that was compared:
//!
//! 1. parse the request, and find the log by its origin;
//! 2. [`admit`] against the remembered head;
//! 3. replace that head by [`Admitted::head`], if it is still the same, and flush; else
//!    go back to 2 with what is remembered now;
//! 4. [`Admitted::persisted`], then [`Persisted::cosign`], and answer.
//!
//! Source: c2sp.org/tlog-witness

mod answer;
mod judge;
mod policy;
mod request;
mod sender;

use sha2::{Digest as _, Sha256};

pub use answer::{Answer, SIZE_TYPE};
pub use judge::{Admitted, Contradiction, Log, Persisted, Refusal, RememberedHead, admit};
pub use policy::{Policy, SKEW_MAX_S, Standing};
pub use request::{AddCheckpoint, PROOF_LEN_MAX, REQUEST_LEN_MAX};
pub use sender::{Next, Sender};

use crate::{note, tlog};

/// Why a request, an answer or a policy can't be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request has not the shape of one.
    #[error("malformed request: {0}")]
    Request(&'static str),
    /// The request is longer than any can be.
    #[error("request of {len} bytes is longer than {max}")]
    TooLong {
        /// Bytes in the request.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// The answer is none of a witness.
    #[error("unexpected answer of status {status}: {what}")]
    Answer {
        /// The status.
        status: u16,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A policy can't be what is meant.
    #[error("witness policy: {0}")]
    Policy(String),
    /// The note or a signature is malformed.
    #[error(transparent)]
    Note(#[from] note::Error),
    /// The note's text is not a checkpoint, or a hash is malformed.
    #[error(transparent)]
    Tree(#[from] tlog::Error),
}

/// Returns what a witness's monitoring address has for the log's origin in the path
/// `<origin hash>/checkpoint`: its SHA-256 in hexadecimal.
pub fn origin_hash(origin: &str) -> String {
    hex::encode(Sha256::digest(origin))
}

#[cfg(test)]
mod tests;
