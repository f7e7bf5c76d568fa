//! What every command hands to the printers.
//!
//! JSON and text are each command's own. The other formats know nothing of
//! commands: they are made from checks and findings alone.

use std::io::{self, Write};

use proto::finding::Check;

use super::figure::Figure;
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
