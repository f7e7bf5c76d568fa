//! `sumward backup FOLDER`: a copy of the data folder, of a running server too.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::config::Config;
use crate::maintain::backup::backup;
use crate::output::print;
use crate::progress;

/// Copies the configured data folder to `to`.
///
/// # Errors
/// What the file system answers.
pub(crate) fn run(config: &Config, to: &Path) -> Result<ExitCode> {
    let mut bar = progress::files("copying");
    let copied = backup(&config.data, to, &mut bar);
    bar.finish();
    let report =
        copied.with_context(|| format!("copying {} to {}", config.data.display(), to.display()))?;
    print(&format!(
        "{}: {} files linked, {} copied; the index is not copied, `sumward index rebuild --data {}` makes it\n",
        to.display(),
        report.linked,
        report.copied,
        to.display()
    ))
    .context("printing what was copied")?;
    Ok(ExitCode::SUCCESS)
}
