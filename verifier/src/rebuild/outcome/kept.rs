//! What stays after a run: programs and records, where they were asked for.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Outcome, Verdict};
use crate::durable;
use crate::rebuild::lasting;

impl Outcome {
    /// Writes programs and records to `keep`, records to `records`.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn keep(&self, keep: Option<&Path>, records: Option<&Path>) -> anyhow::Result<()> {
        let folders = [keep, records].into_iter().flatten();
        folders.clone().try_for_each(lasting)?;
        for build in &self.found.builds {
            let Ok(built) = &build.result else {
                continue;
            };
            for folder in folders.clone() {
                let path = folder.join(format!("build-{}.json", build.number));
                let record = built.record.canonical()?;
                durable::write(&path, |out| out.write_all(&record))
                    .with_context(|| format!("writing {}", path.display()))?;
            }
            if let Some(keep) = keep {
                let path = keep.join(format!("build-{}", build.number));
                lasting(&path)?;
                copy(&built.program, &path.join(&self.name))?;
            }
        }
        Ok(())
    }

    /// Puts the program where `-o` says, if every build agrees.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn deliver(&self, output: &Path) -> anyhow::Result<()> {
        let first = self.found.builds.first();
        let built = first.and_then(|build| build.result.as_ref().ok());
        match (self.verdict, built) {
            (Verdict::Reproducible, Some(built)) => copy(&built.program, output),
            _ => Ok(()),
        }
    }
}

/// Makes the folders that `-o` asks for and returns the file to write: builds
/// that take an hour should not end with one that is missing.
///
/// # Errors
/// When they can't be made.
pub fn destination(output: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let file = if is_folder(output) {
        output.join(name)
    } else {
        output.to_owned()
    };
    file.parent().map_or(Ok(()), lasting)?;
    Ok(file)
}

/// Says whether `-o` names the folder for a program and not the program, as the
/// go command reads it: one that is there, or a name that ends in a slash.
pub fn is_folder(output: &Path) -> bool {
    let last = output.as_os_str().as_encoded_bytes().last();
    output.is_dir() || last.is_some_and(|last| std::path::is_separator(char::from(*last)))
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    durable::copy(from, to).with_context(|| format!("writing {}", to.display()))
}
