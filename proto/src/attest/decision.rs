//! Decisions: what an owner concludes from observations.
//!
//! A decision is a function of the quorum file's bytes, the evidence and what was asked,
//! the time among it. It is the predicate of a statement of the type [`PREDICATE_TYPE`]
//! about the program, signed by the owner. It names every observation and every list of
//! packages by digest, so that none can be added to it or taken away, and whoever has the
//! evidence makes it again. Proofs of the log and answers of a checksum database are not
//! named: they prove themselves, and without one that counts less is concluded.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::dsse::Envelope;
use super::key::PrivateKey;
use super::observation::{Mode, Tool};
use super::quorum::{Level, Mark};
use super::statement::{self, Statement, Subject};

/// The kind of statement that a decision is.
pub const PREDICATE_TYPE: &str = "urn:verify-build:decision:v1";

/// Why a decision was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not a statement, or one of another kind or form.
    #[error(transparent)]
    Statement(#[from] statement::Error),
    /// The statement is about another file than the decision.
    #[error("the statement is not about what was decided on, or not in its one text")]
    NotCanonical,
}

/// What is concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// What the quorum file demands is shown.
    Reproducible,
    /// It is not, and something speaks against it.
    Differs,
    /// It is not, and nothing speaks against it: evidence is missing.
    Undecided,
}

impl Verdict {
    /// Returns the word that decisions have.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reproducible => "reproducible",
            Self::Differs => "differs",
            Self::Undecided => "undecided",
        }
    }
}

/// What was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The program; null where the hosts' own is taken.
    pub artifact: Option<Digest>,
    /// The nonce that was given out.
    pub nonce: Option<String>,
    /// When, in seconds since 1970.
    pub time_s: u64,
}

/// A quorum file inside a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuorumFile {
    /// SHA-256 of its text.
    pub sha256: Digest,
    /// Its version number.
    pub version: u64,
    /// Its text.
    pub text: String,
}

/// A level, or a mark, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State<T> {
    /// Which.
    pub of: T,
    /// What is missing, in a sentence each; nothing where it is shown.
    pub missing: Vec<String>,
}

impl<T> State<T> {
    /// Whether it is shown.
    pub fn is_shown(&self) -> bool {
        self.missing.is_empty()
    }
}

/// How a host or a group stands to the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stand {
    /// It built the program, and nothing else.
    For,
    /// It built another one.
    Against,
    /// It built two different ones, or its hosts built different ones: no vote, until a
    /// person has looked.
    Void,
    /// Its builds failed.
    Failed,
    /// Nothing of it counts here.
    Silent,
}

/// A group and its vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupStand {
    /// The names of its hosts.
    pub hosts: Vec<String>,
    /// Its vote.
    pub stand: Stand,
}

/// An observation that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// SHA-256 of the envelope.
    pub observation: Digest,
    /// Whose it is.
    pub host: String,
    /// How the build found its cache.
    pub mode: Mode,
    /// SHA-256 of what was built; null for a failed build.
    pub product: Option<Digest>,
}

/// Somebody who built something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dissent {
    /// Who.
    pub host: String,
    /// SHA-256 of what it built: the program itself for a host that built both.
    pub product: Digest,
    /// `identical`, `masked` (equal after masking), `different`.
    pub comparison: Comparison,
    /// Why it differs, as far as the observations tell.
    pub causes: Vec<String>,
}

/// How two products compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// The same bytes.
    Identical,
    /// The same but for stamps: build IDs, signatures, what version control said. That
    /// is no vote for the program.
    Masked,
    /// Other bytes.
    Different,
}

impl Comparison {
    /// Says what somebody built who does not agree: `built another program`.
    pub fn built(self) -> &'static str {
        match self {
            Self::Identical => "the program, and another one",
            Self::Masked => "a program that is equal but for stamps",
            Self::Different => "another program",
        }
    }
}

/// What was not counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aside {
    /// SHA-256 of the envelope.
    pub observation: Digest,
    /// The file's name.
    pub name: String,
    /// Whose it is; null where no key of the quorum file has signed it.
    pub host: Option<String>,
    /// Why, in one word.
    pub reason: Reason,
    /// Why, in a sentence.
    pub detail: String,
}

/// Why an observation does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The file is not an envelope.
    NotAnEnvelope,
    /// No known key has signed it.
    NotSigned,
    /// Keys of two hosts have signed it, and a build has one host.
    TwoSigners,
    /// It is signed, and is something else than an observation.
    OtherKind,
    /// It says it is an observation, and has not the form of one.
    Malformed,
    /// The host's key is revoked.
    Revoked,
    /// The host's key was no longer valid, or may not have been.
    Expired,
    /// Somebody else may have had the key.
    Compromised,
    /// Its time has not come yet.
    Future,
    /// It is too old.
    Stale,
    /// It is about other inputs.
    OtherInputs,
}

/// What an owner concludes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The program that concluded.
    pub tool: Tool,
    /// What was asked.
    pub asked: Asked,
    /// Whom the owner believes, and what is demanded.
    pub quorum: QuorumFile,
    /// What is concluded.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub summary: String,
    /// What was demanded: `L3+T`.
    pub wanted: String,
    /// The highest level that is shown, with all marks that are; null for none.
    pub reached: Option<String>,
    /// The program that is decided on; null where the hosts agree on none.
    pub product: Option<Digest>,
    /// The name that hosts have for it.
    pub product_name: Option<String>,
    /// The inputs that it was built from; null where the hosts agree on none.
    pub inputs: Option<Digest>,
    /// Groups that built it.
    pub votes: u64,
    /// Groups that must have.
    pub needed: u64,
    /// Every level, the lowest first.
    pub levels: Vec<State<Level>>,
    /// Every mark.
    pub marks: Vec<State<Mark>>,
    /// All groups of the quorum file.
    pub groups: Vec<GroupStand>,
    /// The observations that count.
    pub counted: Vec<Counted>,
    /// Who built something else.
    pub dissent: Vec<Dissent>,
    /// What speaks against the evidence itself: packages that differ, damaged caches, a
    /// log with two histories.
    pub contradictions: Vec<String>,
    /// What leaves room for something held back: gaps in a key's chain.
    pub gaps: Vec<String>,
    /// What was not counted.
    pub set_aside: Vec<Aside>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
    /// SHA-256 of every observation's envelope that was at hand, sorted.
    pub observations: Vec<Digest>,
    /// SHA-256 of every list of packages, sorted.
    pub closures: Vec<Digest>,
}

/// The parts of a decision that every version must conclude alike; sentences may change.
#[derive(Debug, PartialEq, Eq)]
pub struct Essence<'a> {
    asked: &'a Asked,
    quorum: &'a QuorumFile,
    verdict: Verdict,
    wanted: &'a str,
    reached: Option<&'a str>,
    product: Option<Digest>,
    inputs: Option<Digest>,
    votes: (u64, u64),
    groups: &'a [GroupStand],
    counted: &'a [Counted],
    dissent: BTreeSet<(&'a str, Digest)>,
    set_aside: BTreeSet<(Digest, Reason)>,
    evidence: (&'a [Digest], &'a [Digest]),
}

impl Decision {
    /// Returns what must be concluded alike from the same evidence.
    pub fn essence(&self) -> Essence<'_> {
        let dissent = self.dissent.iter();
        let aside = self.set_aside.iter();
        Essence {
            asked: &self.asked,
            quorum: &self.quorum,
            verdict: self.verdict,
            wanted: &self.wanted,
            reached: self.reached.as_deref(),
            product: self.product,
            inputs: self.inputs,
            votes: (self.votes, self.needed),
            groups: &self.groups,
            counted: &self.counted,
            dissent: dissent
                .map(|one| (one.host.as_str(), one.product))
                .collect(),
            set_aside: aside.map(|one| (one.observation, one.reason)).collect(),
            evidence: (&self.observations, &self.closures),
        }
    }

    /// Returns the highest level that is shown.
    pub fn level(&self) -> Option<Level> {
        let shown = self.levels.iter().filter(|state| state.is_shown());
        shown.map(|state| state.of).max()
    }

    /// Returns the marks that are shown.
    pub fn marks(&self) -> Vec<Mark> {
        let shown = self.marks.iter().filter(|state| state.is_shown());
        shown.map(|state| state.of).collect()
    }

    /// Returns what the decision is about: the program that was asked for, else the one
    /// that the hosts agree on, else the quorum file.
    pub fn subject(&self) -> Subject {
        match self.asked.artifact.or(self.product) {
            Some(product) => {
                let name = self.product_name.as_deref().unwrap_or("artifact");
                Subject::new(name, product)
            }
            None => Subject::new("quorum.yaml", self.quorum.sha256),
        }
    }

    /// Returns the statement.
    ///
    /// # Errors
    /// [`Error::Statement`] when it cannot be written.
    pub fn statement(&self) -> Result<Statement, Error> {
        Ok(Statement::new(PREDICATE_TYPE, self.subject(), self)?)
    }

    /// Signs the decision.
    ///
    /// # Errors
    /// As [`Decision::statement`].
    pub fn sign(&self, owner: &PrivateKey) -> Result<Envelope, Error> {
        Ok(self.statement()?.sign(&[owner])?)
    }

    /// Takes a decision out of an envelope. Who has signed it must have been asked before.
    ///
    /// # Errors
    /// [`enum@Error`].
    pub fn of(envelope: &Envelope) -> Result<Self, Error> {
        let decision: Self = Statement::of(envelope)?.said(PREDICATE_TYPE)?;
        if decision.statement()?.bytes()? != envelope.payload {
            return Err(Error::NotCanonical);
        }
        Ok(decision)
    }
}
