//! Observations: one build on one host, as the host saw it.
//!
//! An observation is the predicate of a [`Statement`] of the type [`PREDICATE_TYPE`],
//! in canonical JSON, signed by the host's key. Its parts are as firm as what they rest
//! on:
//!
//! ```text
//! inputs      what was built from: the same on every host that builds alike
//! result      built, differed from what was expected, or failed
//! product     the program that came out
//! cache       how much came from a build cache, and which packages
//! host        what is true of the host
//! chain       a nonce, and the digest of the key's observation before this one
//! observed    what was merely seen: times and folders
//! ```
//!
//! A failed build is signed as well as a good one. Each observation names the one
//! before it by the same key, so that one held back leaves a gap where a later one is
//! shown; that the newest is held back, nothing tells.
//!
//! Nothing here vouches for anything: a host says what it likes. What follows from
//! several observations is said elsewhere.

mod limits;
mod parts;

use serde::{Deserialize, Serialize};

pub use parts::{
    Audit, Cache, Cause, Chain, Evidence, Host, Mode, Module, Observed, Outcome, Product,
    SelfCheck, Tool,
};

use super::digest::Digest;
use super::dsse::Envelope;
use super::key::PrivateKey;
use super::statement::{self, Statement, Subject};
use crate::canonical;
use crate::inputs::Inputs;

/// The kind of statement that an observation is. The name and version of the form are
/// part of what is signed. It names no web page, since nobody fetches it.
pub const PREDICATE_TYPE: &str = "urn:verify-build:observation:v1";

/// The ending of a file that has an observation: an envelope, and a line end.
pub const FILE_ENDING: &str = ".observation.json";

/// The longest link preimage, in bytes.
pub const PREIMAGE_LEN_MAX: usize = 64 << 10;

/// The longest text in an observation, in bytes.
pub const TEXT_LEN_MAX: usize = 4096;

/// The longest nonce, in bytes.
pub const NONCE_LEN_MAX: usize = 128;

/// Why an observation was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not a statement, or one of another kind or form.
    #[error(transparent)]
    Statement(#[from] statement::Error),
    /// It is not in the one text that observations are signed in.
    #[error("the text is not canonical")]
    NotCanonical,
    /// Its parts contradict each other.
    #[error("the observation contradicts itself: {0}")]
    Contradiction(&'static str),
    /// A part is longer than it may be.
    #[error("{part} has {len} bytes, at most {max} are taken")]
    TooLong {
        /// Which part.
        part: &'static str,
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// It cannot be written.
    #[error(transparent)]
    Canonical(#[from] canonical::Error),
}

/// One build on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The program that wrote it.
    pub tool: Tool,
    /// What was built from, without a word about the host.
    pub inputs: Inputs,
    /// How the build ended.
    pub result: Outcome,
    /// What came out; null when the build failed.
    pub product: Option<Product>,
    /// How the build found its cache, and what it took from it.
    pub cache: Cache,
    /// The bytes that the go command hashed into part A of the program's build ID, at
    /// most [`PREIMAGE_LEN_MAX`]; null where they are not known, or hold what may not be
    /// published: the linker's flags are in them.
    #[serde(with = "super::json::base64")]
    pub link_preimage: Option<Vec<u8>>,
    /// The host.
    pub host: Host,
    /// What ties it to a request and to the observation before it.
    pub chain: Chain,
    /// What is true of this build alone.
    pub observed: Observed,
}

impl Observation {
    /// Returns the SHA-256 of the inputs' canonical text, which observations are grouped
    /// by.
    ///
    /// # Errors
    /// [`Error::Canonical`].
    pub fn inputs_digest(&self) -> Result<Digest, Error> {
        Ok(Digest::of(&self.inputs.bytes()?))
    }

    /// Returns the statement. Its subject is the product; of a failed build the file
    /// that was expected, or else the canonical text of the inputs, under the name
    /// `inputs`.
    ///
    /// # Errors
    /// [`enum@Error`]: whatever would not be read back.
    pub fn statement(&self) -> Result<Statement, Error> {
        limits::check(self)?;
        Ok(Statement::new(PREDICATE_TYPE, self.subject()?, self)?)
    }

    /// Returns the bytes that are signed.
    ///
    /// # Errors
    /// As [`Observation::statement`].
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(self.statement()?.bytes()?)
    }

    /// Returns the digest that the key's next observation names this one by: that of
    /// [`Observation::bytes`], so that it is the same however the envelope is written.
    ///
    /// # Errors
    /// As [`Observation::statement`].
    pub fn digest(&self) -> Result<Digest, Error> {
        Ok(Digest::of(&self.bytes()?))
    }

    /// Signs the observation. The same observation and key give the same bytes.
    ///
    /// # Errors
    /// As [`Observation::statement`].
    pub fn sign(&self, key: &PrivateKey) -> Result<Envelope, Error> {
        Ok(self.statement()?.sign(&[key])?)
    }

    /// Writes it down with no signature: it counts for nothing.
    ///
    /// # Errors
    /// As [`Observation::statement`].
    pub fn unsigned(&self) -> Result<Envelope, Error> {
        Ok(self.statement()?.sign(&[])?)
    }

    /// Parses the payload of an envelope. Who has signed it must have been asked before.
    ///
    /// # Errors
    /// [`enum@Error`].
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        Self::said(&Statement::parse(payload)?, payload)
    }

    /// Takes an observation out of an envelope, as [`Observation::parse`].
    ///
    /// # Errors
    /// [`enum@Error`].
    pub fn of(envelope: &Envelope) -> Result<Self, Error> {
        Self::said(&Statement::of(envelope)?, &envelope.payload)
    }

    fn said(statement: &Statement, payload: &[u8]) -> Result<Self, Error> {
        let observation: Self = statement.said(PREDICATE_TYPE)?;
        // Covers the subject, which is told by the predicate, and whatever else there
        // is more than one text of.
        if observation.bytes()? != payload {
            return Err(Error::NotCanonical);
        }
        Ok(observation)
    }

    fn subject(&self) -> Result<Subject, Error> {
        if let Some(product) = &self.product {
            return Ok(Subject::new(&product.name, product.sha256));
        }
        let expected = self.result.expected();
        Ok(match expected {
            Some(sha256) => Subject::new("expected", sha256),
            None => Subject::new("inputs", self.inputs_digest()?),
        })
    }
}

/// Returns an observation of a build that never was, for examples and tests.
#[doc(hidden)]
pub fn sample() -> Observation {
    parts::sample()
}

#[cfg(test)]
mod tests;
