//! What was judged and what was found: the words that every command and every
//! printer shares.
//!
//! A check asks one thing of one subject and has an answer. A finding says what is
//! wrong, how sure that is, what can be checked by hand and what to change.

use serde::Serialize;

/// One thing that was judged: a pair of files, a requirement, a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was asked: `same bytes`, `require static`, …
    pub name: String,
    /// Of what: paths, mostly.
    pub subject: String,
    /// The answer.
    pub status: Status,
    /// Why it could not be told, or what the answer rests on.
    pub reason: Option<String>,
    /// What was found, strongest first.
    pub findings: Vec<Finding>,
}

/// The answer to a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// That can't be told.
    Undecided,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its stable name, in kebab case.
    pub rule: String,
    /// How bad it is.
    pub level: Level,
    /// How sure it is, where that is asked.
    pub confidence: Option<Confidence>,
    /// The path of the file it is about.
    pub artifact: String,
    /// What was found, in one sentence.
    pub summary: String,
    /// What can be checked by hand.
    pub evidence: Vec<Evidence>,
    /// What to change; empty for nothing.
    pub fix: String,
}

/// How bad a finding is; the worst sorts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Somebody must act.
    Error,
    /// Somebody should look.
    Warning,
    /// Good to know.
    Note,
}

/// How sure a finding is; the surest sorts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The files themselves show it.
    Proven,
    /// Nothing else known would leave these traces.
    Likely,
    /// It would leave these traces, and so would others.
    Possible,
}

/// One thing to look at: a place and what both files have there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// A field, a region or an offset.
    #[serde(rename = "where")]
    pub place: String,
    /// What the first file has there; null for nothing.
    pub a: Option<String>,
    /// What the second file has there; null for nothing.
    pub b: Option<String>,
}

impl Check {
    /// Says whether it holds and nothing was found, so that its name says all of it.
    pub fn is_plain_pass(&self) -> bool {
        self.status == Status::Passed && self.findings.is_empty()
    }
}

impl Finding {
    /// Returns how sure it is, in a word; where nobody need be sure, how bad.
    pub fn weight(&self) -> &'static str {
        self.confidence
            .map_or_else(|| self.level.as_str(), Confidence::as_str)
    }

    /// Adds what one file has at a place.
    #[must_use]
    pub fn seen(mut self, place: impl Into<String>, value: impl Into<String>) -> Self {
        self.evidence
            .push(Evidence::sides(place, Some(value), None::<String>));
        self
    }

    /// Says what to change.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }
}

impl Level {
    /// Returns the word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl Confidence {
    /// Returns the word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}

impl Evidence {
    /// Shows what both sides have at a place.
    pub fn new(place: impl Into<String>, a: impl Into<String>, b: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            a: Some(a.into()),
            b: Some(b.into()),
        }
    }

    /// Shows what each side has at a place, if it has anything there.
    pub fn sides(
        place: impl Into<String>,
        a: Option<impl Into<String>>,
        b: Option<impl Into<String>>,
    ) -> Self {
        Self {
            place: place.into(),
            a: a.map(Into::into),
            b: b.map(Into::into),
        }
    }
}
