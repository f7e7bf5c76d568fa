//! From artifacts and outcomes to a report.

mod comparison;
pub(super) mod container;
mod file;

use std::path::PathBuf;

use super::debug::Debug;
use super::{File, Report, SCHEMA, Tool, text};
use crate::compare::{Artifact, read_all};
use crate::input;
use crate::progress::Progress;

/// The most parts listed for one file.
const SECTIONS_MAX: usize = 1000;

impl Report {
    /// Looks into files without comparing them.
    ///
    /// # Errors
    /// The first file that can't be read.
    pub fn inspect(paths: &[PathBuf], progress: Progress) -> Result<Self, input::Error> {
        let bar = progress.reading(paths);
        let mut report = Self::new();
        read_all(
            paths,
            |path| Artifact::read_along(path, &bar),
            |_, artifact| -> Result<(), input::Error> {
                let mut file = File::of(&artifact);
                file.debug = Debug::of(&artifact);
                file.functions = file::functions(&artifact);
                report.files.push(file);
                Ok(())
            },
        )?;
        bar.finish();
        report.summary = match report.files.as_slice() {
            [file] => format!("{}: {}", file.path, text::describe(file)),
            files => format!("{} files", files.len()),
        };
        Ok(report)
    }

    pub(super) fn new() -> Self {
        Self {
            schema: SCHEMA,
            tool: Tool::this(),
            verdict: None,
            accepted: None,
            summary: String::new(),
            notes: Vec::new(),
            files: Vec::new(),
            clusters: None,
            comparisons: Vec::new(),
            causes: Vec::new(),
        }
    }
}
