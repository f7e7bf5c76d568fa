//! What stays after a run: programs and records, where they were asked for.

use std::path::Path;

use anyhow::Context as _;

use super::{Outcome, Verdict};
use crate::durable;
use crate::rebuild::destination::lasting;

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

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    durable::copy(from, to).with_context(|| format!("writing {}", to.display()))
}
