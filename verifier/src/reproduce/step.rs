//! One build, and how far it is from the given program.

use std::time::Duration;

use super::plan::Plan;
use crate::artifact::Artifact;
use crate::diff::Diff;

/// One build, and what it brought.
#[derive(Debug)]
pub struct Step {
    /// What was changed.
    pub what: String,
    /// What told it.
    pub why: String,
    /// How it was built.
    pub plan: Plan,
    /// How far it is from the given program; or what go complained.
    pub result: Result<Measure, String>,
    /// Whether it is nearer than everything before.
    pub is_nearer: bool,
    /// How long it took.
    pub duration: Duration,
    /// Whether an earlier run had built it.
    pub is_old: bool,
}

/// How far a build is from the given program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size: usize,
    /// Bytes that differ.
    pub differing: usize,
    /// Those of them in build IDs, build information and signatures.
    pub stamped: usize,
    /// Lines of build information that differ.
    pub fields: Vec<String>,
    /// Build-ID parts A, B, C, D: `=` where they agree, `X` where not.
    pub pattern: Option<String>,
}

impl Measure {
    /// Takes the measure of a build.
    pub fn of(built: &Artifact, diff: &Diff) -> Self {
        let fields = diff.fields.iter().map(|field| field.name.to_string());
        Self {
            sha256: hex::encode(built.input.sha256),
            size: built.bytes().len(),
            differing: diff.accounting.differing,
            stamped: diff.accounting.stamped,
            fields: fields.collect(),
            pattern: diff.pattern.map(|pattern| pattern.to_string()),
        }
    }

    /// Says whether fewer lines of build information, or as many and fewer bytes, differ
    /// than in a build before.
    pub fn is_nearer_than(&self, best: &Diff) -> bool {
        let before = (best.fields.len(), best.accounting.differing);
        (self.fields.len(), self.differing) < before
    }
}
