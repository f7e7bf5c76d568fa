//! What a decision is made from: files as they lie there, none of them believed.

use super::closure::Closure;
use super::digest::Digest;

/// The most observations of one decision.
pub const OBSERVATIONS_MAX: usize = 1024;

/// The most lists of packages, and the most answers of a checksum database.
pub const OTHERS_MAX: usize = 4096;

/// One observation's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// The file's name: for people, and never a path.
    pub name: String,
    /// The envelope, as it was signed and logged: without the line end of its file.
    pub envelope: Vec<u8>,
    /// The proof that it is in the log, where there is one.
    pub proof: Option<Vec<u8>>,
}

impl Filed {
    /// Takes the bytes of an observation's file.
    pub fn new(name: &str, file: &[u8], proof: Option<Vec<u8>>) -> Self {
        let envelope = file.strip_suffix(b"\n").unwrap_or(file);
        Self {
            name: name.to_owned(),
            envelope: envelope.to_vec(),
            proof,
        }
    }

    /// Returns the digest by which decisions name it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.envelope)
    }
}

/// An answer of a checksum database, with the tiles that prove it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recorded {
    /// The module that was asked for.
    pub module: String,
    /// Its version.
    pub version: String,
    /// The database's answer to a lookup.
    pub answer: Vec<u8>,
    /// The tiles that its proof needs, in the order that a lookup plan names them.
    pub tiles: Vec<Vec<u8>>,
}

/// All that a decision is made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Observations.
    pub observations: Vec<Filed>,
    /// Lists of packages, by the digests that observations name.
    pub closures: Vec<Closure>,
    /// Answers of a checksum database.
    pub records: Vec<Recorded>,
}

impl Evidence {
    /// Puts everything in one order and takes equal things once, so that a decision does
    /// not depend on the order of files.
    pub fn sort(&mut self) {
        self.observations
            .sort_by_cached_key(|filed| (filed.digest(), filed.name.clone(), filed.proof.clone()));
        self.observations.dedup_by(|later, first| {
            later.envelope == first.envelope && {
                if first.proof.is_none() {
                    first.proof = later.proof.take();
                }
                true
            }
        });
        self.closures
            .sort_by_cached_key(|closure| closure.summary().list);
        self.closures.dedup();
        self.records.sort();
        self.records.dedup();
    }
}
