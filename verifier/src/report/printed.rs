//! What every command hands to the printers.
//!
//! JSON and text are each command's own. The other formats know nothing of
//! commands: they are made from checks and findings alone.

use std::io::{self, Write};

use proto::finding::Check;
use proto::report::figure::{Figure, Table};
use proto::report::html::Shown;
use proto::report::{Answer, Tone};

use super::rules;
use super::text::Style;
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

    /// Returns the tables that are the answer itself, which pages and summaries show
    /// before the checks.
    fn tables(&self) -> Vec<Table> {
        Vec::new()
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

    /// Returns how the answer is meant.
    fn tone(&self) -> Tone {
        match self.exit() {
            Exit::Same => Tone::Good,
            Exit::Different => Tone::Bad,
            Exit::Unreadable | Exit::Inconclusive => Tone::Open,
        }
    }

    /// Returns what the two sides of a check's evidence are called, by the
    /// check's place in [`Self::checks`]; `None` where there may be one side.
    fn sides(&self, check: usize) -> Option<[String; 2]> {
        let _ = check;
        None
    }

    /// Returns what tells what the name of a finding stands for.
    fn meaning(&self) -> fn(&str) -> Option<&'static str> {
        rules::meaning
    }

    /// Returns what printers that know nothing of commands are made from.
    fn answer(&self) -> Answer {
        let checks = self.checks();
        Answer {
            is_comparison: (0..checks.len()).any(|check| self.sides(check).is_some()),
            program: "verify-build",
            version: env!("CARGO_PKG_VERSION"),
            command: self.command(),
            exit_code: self.exit().code(),
            verdict: self.verdict(),
            tone: self.tone(),
            summary: self.summary(),
            notes: self.notes(),
            tables: self.tables(),
            checks,
            meaning: self.meaning(),
        }
    }

    /// Returns what a page shows beside the answer.
    fn shown(&self, checks: usize) -> Shown {
        Shown {
            figures: self.figures(),
            sides: (0..checks).map(|check| self.sides(check)).collect(),
        }
    }
}
