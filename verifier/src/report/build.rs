//! From artifacts and outcomes to a report.

mod comparison;
pub(super) mod container;
mod contents;
mod file;

use std::path::{Path, PathBuf};

use super::debug::Debug;
use super::{File, Report, SCHEMA, Tool, facts};
use crate::artifact::{Artifact, read_all};
use crate::container::kind::Kind;
use crate::container::limits::Budget;
use crate::input;
use crate::members::root::{Carrier, Root};
use crate::progress::{Bar, Progress};
use crate::quantity::count;

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
        let budget = Budget::default();
        let mut carriers = Vec::new();
        let read = |path: &Path| Root::read_along(path, &budget, &bar);
        read_all(paths, read, |index, root| -> Result<(), input::Error> {
            report.files.push(match root {
                Root::File(artifact) => inspected(&artifact),
                Root::Carrier(carrier) => {
                    let file = carried(&carrier)?;
                    carriers.push((index, carrier));
                    file
                }
            });
            Ok(())
        })?;
        bar.finish();
        let work = if bar.is_hidden() || carriers.is_empty() {
            Bar::hidden()
        } else {
            progress.work("looking inside")
        };
        let mut insides = contents::Insides::default();
        for (index, carrier) in &carriers {
            insides.survey(*index, carrier, &budget)?;
        }
        work.finish();
        insides.put_into(&mut report);
        report.summary = match report.given() {
            [file] => report.described(file),
            files => format!("{} files", files.len()),
        };
        Ok(report)
    }

    /// The files that were given, without members of containers among them.
    fn given(&self) -> &[File] {
        let is_given = |file: &File| file.inside.is_none();
        let count = self.files.iter().take_while(|file| is_given(file)).count();
        &self.files[..count]
    }

    /// What one file is, in a sentence.
    fn described(&self, file: &File) -> String {
        let Some(contents) = self.contents.first() else {
            return format!("{}: {}", file.path, facts::describe(file));
        };
        let programs = self.files.iter().filter(|file| file.build_id.is_some());
        format!(
            "{}: {}, {}, {}",
            file.path,
            contents.kind,
            count(contents.count, "member", "members"),
            count(programs.count(), "Go build", "Go builds")
        )
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
            contents: Vec::new(),
        }
    }
}

/// Takes down all that one file tells.
fn inspected(artifact: &Artifact) -> File {
    let mut file = File::of(artifact);
    file.debug = Debug::of(artifact);
    file.functions = file::functions(artifact);
    file
}

/// Takes down a container. A universal Mach-O file is a program as well.
fn carried(carrier: &Carrier) -> Result<File, input::Error> {
    // A pipe can't be read twice.
    if carrier.container.kind == Kind::Fat && carrier.path.is_file() {
        return Ok(inspected(&Artifact::read(&carrier.path)?));
    }
    Ok(File::of_carrier(carrier))
}
