//! Statements: of which files something is said, and what.
//!
//! ```
//! use proto::attest::statement::Statement;
//!
//! let text = r#"{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"https://example.com/v1","subject":[{"digest":{"sha256":"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"},"name":"a.bin"}]}"#;
//! let statement = Statement::parse(text.as_bytes())?;
//! assert_eq!(statement.subject[0].name.as_deref(), Some("a.bin"));
//! assert_eq!(statement.bytes()?, text.as_bytes());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A subject's name is for people: files are known by their SHA-256 alone. Members
//! that are not known are ignored, as the specification asks; what is concluded must
//! never rest on the absence of one.
//!
//! Source: in-toto attestation framework, Statement v1

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::digest::{self, Digest};
use super::dsse::{Envelope, LEN_MAX};
use super::json;
use super::key::PrivateKey;
use crate::canonical;

/// What says that JSON is a statement.
pub const TYPE: &str = "https://in-toto.io/Statement/v1";

/// The type of a statement in an envelope. It is compared byte by byte.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The most subjects that a statement may have.
pub const SUBJECTS_MAX: usize = 1024;

/// Why a statement was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The envelope's payload is of another type.
    #[error("payload of type {got:?}, want {PAYLOAD_TYPE:?}")]
    PayloadType {
        /// The envelope's type.
        got: String,
    },
    /// It is not JSON, or not with these members.
    #[error("not an in-toto statement: {0}")]
    Json(#[from] json::Error),
    /// It is of another type or version.
    #[error("statement of type {got:?}, want {TYPE:?}")]
    Type {
        /// What it says it is.
        got: String,
    },
    /// It is about nothing, or about too much.
    #[error("{len} subjects, want 1 to {SUBJECTS_MAX}")]
    Subjects {
        /// Subjects in it.
        len: usize,
    },
    /// A subject has no SHA-256, or none in 64 lower-case digits.
    #[error("subject {number}: {why}")]
    Subject {
        /// Its number, from 1.
        number: usize,
        /// What is wrong.
        why: String,
    },
    /// It is of another kind than the one asked for.
    #[error("statement of the kind {got:?}, want {want:?}")]
    PredicateType {
        /// Its kind.
        got: String,
        /// The kind asked for.
        want: &'static str,
    },
    /// What is said has not the members that its kind has.
    #[error("not of the form {kind}: {error}")]
    Predicate {
        /// The kind.
        kind: &'static str,
        /// Why.
        error: serde_json::Error,
    },
    /// It has no canonical text.
    #[error(transparent)]
    Canonical(#[from] canonical::Error),
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What it is about; at least one.
    pub subject: Vec<Subject>,
    /// What kind of thing is said.
    pub predicate_type: String,
    /// What is said.
    pub predicate: Value,
}

/// What a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// For people.
    pub name: Option<String>,
    /// Which file.
    pub sha256: Digest,
    /// Digests of other kinds, by their names.
    pub other: BTreeMap<String, String>,
}

impl Statement {
    /// Says something of one kind about one file.
    ///
    /// # Errors
    /// [`Error::Predicate`] when it cannot be written.
    pub fn new(
        kind: &'static str,
        subject: Subject,
        predicate: &impl Serialize,
    ) -> Result<Self, Error> {
        let predicate = serde_json::to_value(predicate);
        Ok(Self {
            subject: vec![subject],
            predicate_type: kind.to_owned(),
            predicate: predicate.map_err(|error| Error::Predicate { kind, error })?,
        })
    }

    /// Parses a statement.
    ///
    /// # Errors
    /// [`enum@Error`].
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        let form: Form = json::read(payload, LEN_MAX)?;
        if form.of_type != TYPE {
            return Err(Error::Type { got: form.of_type });
        }
        let len = form.subject.len();
        if len == 0 || len > SUBJECTS_MAX {
            return Err(Error::Subjects { len });
        }
        let subject = form.subject.into_iter().enumerate().map(|(index, form)| {
            Subject::of(form).map_err(|why| Error::Subject {
                number: index + 1,
                why,
            })
        });
        Ok(Self {
            subject: subject.collect::<Result<_, Error>>()?,
            predicate_type: form.predicate_type,
            predicate: form.predicate,
        })
    }

    /// Takes a statement out of an envelope. Whether anybody has signed it must have
    /// been asked before.
    ///
    /// # Errors
    /// [`Error::PayloadType`], and as [`Statement::parse`].
    pub fn of(envelope: &Envelope) -> Result<Self, Error> {
        if envelope.payload_type != PAYLOAD_TYPE {
            let got = envelope.payload_type.clone();
            return Err(Error::PayloadType { got });
        }
        Self::parse(&envelope.payload)
    }

    /// Returns what is said, where it is of this kind.
    ///
    /// # Errors
    /// [`Error::PredicateType`], [`Error::Predicate`].
    pub fn said<T: DeserializeOwned>(&self, kind: &'static str) -> Result<T, Error> {
        if self.predicate_type != kind {
            let got = self.predicate_type.clone();
            return Err(Error::PredicateType { got, want: kind });
        }
        T::deserialize(&self.predicate).map_err(|error| Error::Predicate { kind, error })
    }

    /// Returns the canonical text, without a line end.
    ///
    /// # Errors
    /// [`Error::Canonical`].
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let subject = self.subject.iter().map(|subject| {
            let mut digest = subject.other.clone();
            digest.insert(SHA256.to_owned(), subject.sha256.to_string());
            FormSubject {
                name: subject.name.clone(),
                digest,
            }
        });
        Ok(canonical::bytes(&Form {
            of_type: TYPE.to_owned(),
            subject: subject.collect(),
            predicate_type: self.predicate_type.clone(),
            predicate: self.predicate.clone(),
        })?)
    }

    /// Signs the statement with each of the keys; with none the envelope is unsigned.
    ///
    /// # Errors
    /// [`Error::Canonical`].
    pub fn sign(&self, keys: &[&PrivateKey]) -> Result<Envelope, Error> {
        Ok(Envelope::sign(PAYLOAD_TYPE, self.bytes()?, keys))
    }

    /// Whether one of the subjects is the file with this SHA-256, whichever its place
    /// and name.
    pub fn is_about(&self, sha256: &Digest) -> bool {
        let mut subjects = self.subject.iter();
        subjects.any(|subject| subject.sha256 == *sha256)
    }
}

impl Subject {
    /// Names a file.
    pub fn new(name: &str, sha256: Digest) -> Self {
        Self {
            name: Some(name.to_owned()),
            sha256,
            other: BTreeMap::new(),
        }
    }

    fn of(form: FormSubject) -> Result<Self, String> {
        let mut other = form.digest;
        let sha256 = other.remove(SHA256).ok_or("no sha256")?;
        let sha256 = Digest::parse(&sha256).map_err(|error: digest::Error| error.to_string())?;
        Ok(Self {
            name: form.name,
            sha256,
            other,
        })
    }
}

/// The name of the digest that files are known by.
const SHA256: &str = "sha256";

#[derive(Serialize, Deserialize)]
struct Form {
    #[serde(rename = "_type")]
    of_type: String,
    subject: Vec<FormSubject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: Value,
}

#[derive(Serialize, Deserialize)]
struct FormSubject {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    digest: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests;
