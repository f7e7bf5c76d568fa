//! `verify-build matrix`: the observations of several hosts side by side.
//!
//! ```text
//! reading  observations and programs from folders
//! outcome  what they show, for the printers
//! ```
//!
//! What is in a table, and what tells groups apart, is [`proto::matrix`].

pub mod outcome;
pub mod reading;

use proto::matrix::table;

use crate::args::matrix::Matrix;
use crate::args::output::{Format, Target};
use crate::host::Host;
use crate::output;
use crate::report::printed::Printed;
use crate::report::text::Style;
use outcome::Outcome;
use reading::Reading;

/// Runs the command.
///
/// # Errors
/// When a file can't be read, or there is no observation at all.
pub fn run(args: &Matrix, host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    let bar = host.progress.work("reading observations");
    let reading = Reading::of(&args.paths)?;
    bar.say("comparing");
    let tables = table::of(reading.entries);
    let outcome = Outcome::of(tables, &reading.programs, reading.refused)?;
    bar.finish();
    if let Some(path) = &args.html {
        let target = Target {
            format: Format::Html,
            path: path.clone(),
        };
        output::file(&outcome, &target, Style::default())?;
    }
    Ok(Box::new(outcome))
}
