//! `verify-build lint`: why a build will not reproduce elsewhere, and whether it
//! is what it is required to be.
//!
//! ```text
//! facts        what rules ask of one file
//! smell        values that tell of a clock, a host, a person or a folder
//! rules        each turns facts into findings
//! requirement  what the command line asks for, checked
//! outcome      every file judged
//! printed      the same as printers take it; json and text write it
//! ```

pub mod facts;
mod json;
pub mod outcome;
mod printed;
pub mod requirement;
pub mod rules;
pub mod smell;
mod text;

use proto::finding::Level;

use crate::args::lint::{FailOn, Lint};
use crate::artifact::{Artifact, read_all};
use crate::host::Host;
use crate::input;
use crate::report::printed::Printed;
use facts::Facts;
use outcome::{Judged, Outcome};
use requirement::Requirement;

/// Runs the command.
///
/// # Errors
/// When a file can't be read, or a requirement can't be understood.
pub fn run(args: &Lint, host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    let requirements = requirement::of(args)?;
    rules::check_names(&args.allow)?;
    let bar = host.progress.items("judging", args.files.len() as u64);
    let mut files = Vec::new();
    let read = |path: &std::path::Path| {
        let artifact = Artifact::read(path)?;
        Ok(judge(&Facts::of(&artifact), &requirements, &args.allow))
    };
    read_all(&args.files, read, |_, judged| -> Result<(), input::Error> {
        files.push(judged);
        bar.add(1);
        Ok(())
    })?;
    bar.finish();
    Ok(Box::new(Outcome {
        files,
        fail_on: match args.fail_on {
            FailOn::Error => Some(Level::Error),
            FailOn::Warning => Some(Level::Warning),
            FailOn::Note => Some(Level::Note),
            FailOn::Never => None,
        },
    }))
}

fn judge(facts: &Facts<'_>, requirements: &[Requirement], allow: &[String]) -> Judged {
    let mut findings = rules::all(facts);
    findings.retain(|found| !allow.iter().any(|name| *name == found.rule));
    // Stable, so that rules of one level stay in the order they are asked.
    findings.sort_by_key(|found| found.level);
    Judged {
        path: facts.path(),
        sha256: facts.artifact.input.sha256,
        go_version: facts.go_version().map(str::to_owned),
        obstacle: facts.obstacle(),
        findings,
        requirements: requirements
            .iter()
            .map(|requirement| requirement.check(facts))
            .collect(),
    }
}

#[cfg(test)]
mod tests;
