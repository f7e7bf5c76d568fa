//! `sumward warm FILE…`: fetches and proves ahead of use.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use proto::quantity;

use super::bundle::create::{asked, runtime};
use crate::args::Warm;
use crate::bundle::gather::{Inputs, gather};
use crate::bundle::warm::warm;
use crate::config::Config;
use crate::output::{complain, print};
use crate::progress;

/// Fetches what the files name, by the running server or here. What cannot be had is said,
/// and ends it with 1.
///
/// # Errors
/// A file that cannot be read, or what the disk answers.
pub(crate) fn run(config: &Config, wanted: &Warm) -> Result<ExitCode> {
    let warmed = runtime()?.block_on(async {
        let bar = progress::files("fetching");
        let mut count = |bytes| bar.inc(bytes);
        let (ask, app) = asked(config).await?;
        let inputs = Inputs {
            files: &wanted.from,
            toolchains: &wanted.toolchain,
            with_tests: !wanted.no_tests,
        };
        let wanted = gather(&*ask, &inputs).await?;
        let warmed = warm(&*ask, &wanted, &mut count).await;
        bar.finish();
        if let Some(app) = app {
            app.end().await.context("writing the last records")?;
        }
        anyhow::Ok(warmed)
    })?;
    print(&format!(
        "{} files are stored here and proved as the settings say, {}\n",
        warmed.files,
        quantity::size(warmed.bytes)
    ))
    .context("printing what was fetched")?;
    if warmed.missing.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for missing in &warmed.missing {
        complain(format!("sumward: cannot be had: {missing}"));
    }
    Ok(ExitCode::FAILURE)
}
