//! What every command hands to the printers.
//!
//! JSON and text are each command's own. The other formats know nothing of
//! commands: they are made from checks and findings alone.

use std::io::{self, Write};

use super::figure::Figure;
use super::text::Style;
use crate::cause::{Confidence, Evidence};
use crate::exit::Exit;

/// The outcome of a command, in all the ways it can be shown.
pub trait Printed {
    /// Returns the command's name: `compare`, `lint`, `cache audit`, …
    fn command(&self) -> &'static str;

    /// Returns how the run ends.
    fn exit(&self) -> Exit;

    /// Returns the answer in one sentence.
    fn summary(&self) -> String;

    /// Returns what a reader should know beside the answer.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns everything that was judged, in order.
    fn checks(&self) -> Vec<Check>;

    /// Writes the command's JSON form and a line end.
    ///
    /// # Errors
    /// What the writer returns.
    fn json(&self, out: &mut dyn Write) -> io::Result<()>;

    /// Writes text for people.
    ///
    /// # Errors
    /// What the writer returns.
    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()>;

    /// Returns the comparison or inspection behind it, which pages draw in full.
    fn report(&self) -> Option<&super::Report> {
        None
    }

    /// Returns what the HTML page shows beside the checks.
    fn figures(&self) -> Vec<Figure> {
        self.report().map_or_else(Vec::new, super::Report::figures)
    }

    /// Returns the answer in one word, as pages show it.
    fn verdict(&self) -> &'static str {
        match self.exit() {
            Exit::Same => "PASSED",
            Exit::Different => "FAILED",
            Exit::Unreadable => "UNREADABLE",
            Exit::Inconclusive => "UNDECIDED",
        }
    }

    /// Returns what the two sides of a check's evidence are called, by the
    /// check's place in [`Self::checks`]; `None` where there may be one side.
    fn sides(&self, check: usize) -> Option<[String; 2]> {
        let _ = check;
        None
    }
}

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Somebody must act.
    Error,
    /// Somebody should look.
    Warning,
    /// Good to know.
    Note,
}
