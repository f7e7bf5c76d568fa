//! What a command found, printed for other programs and for browsers: each format is a
//! function from one value to text.
//!
//! ```text
//! sarif      code scanning services (SARIF 2.1.0)
//! junit      test reports of CI services (JUnit XML)
//! markdown   comments on changes, summaries of steps
//! github     annotations of a GitHub workflow
//! html       one page for any browser; figure says what it shows beside the checks
//! ```
//!
//! What comes from files is cleaned and escaped by every printer.

pub mod figure;
pub mod github;
pub mod html;
pub mod junit;
pub mod markdown;
#[cfg(test)]
mod sample;
pub mod sarif;

use crate::finding::Check;
use figure::Table;

/// What a command found, as far as printers have to know it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The program: `verify-build`.
    pub program: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its command: `compare`, `lint`, `cache audit`, …
    pub command: &'static str,
    /// The number that the run ends with.
    pub exit_code: u8,
    /// The answer in one word.
    pub verdict: &'static str,
    /// How the answer is meant.
    pub tone: Tone,
    /// The answer in one sentence.
    pub summary: String,
    /// What a reader should know beside the answer.
    pub notes: Vec<String>,
    /// The tables that are the answer itself: they come before what was judged.
    pub tables: Vec<Table>,
    /// Everything that was judged, in order.
    pub checks: Vec<Check>,
    /// Whether two things were compared, so that evidence has two sides.
    pub is_comparison: bool,
    /// What the rule of a finding stands for, in a sentence or two, where that is
    /// written down.
    pub meaning: fn(&str) -> Option<&'static str>,
}

/// How an answer is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Something is wrong.
    Bad,
    /// Something differs, and that was good enough.
    Accepted,
    /// It can't be told.
    Open,
    /// Nothing was judged.
    Neutral,
}
