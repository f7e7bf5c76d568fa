//! Watching a drop folder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::future::BoxFuture;
use proto::note::VerifierKey;

use super::super::signal::Signals;
use super::create::runtime;
use super::take::{take_in, told};
use crate::bundle::failed::Failed;
use crate::bundle::watch::{Drops, turn};
use crate::config::Config;
use crate::output::{complain, print};

/// Takes in what appears in a folder, until a signal; or, with `once`, what is there.
///
/// # Errors
/// The folder cannot be read, or a bundle not moved.
pub(super) fn run(
    config: &Config,
    folder: &Path,
    trusted: &[VerifierKey],
    settle: Duration,
    once: bool,
) -> Result<ExitCode> {
    runtime()?.block_on(async {
        let mut signals = Signals::take().context("taking over signals")?;
        let drops = Drops::begin(folder).await;
        let mut drops = drops.with_context(|| format!("looking into {}", folder.display()))?;
        loop {
            tokio::select! {
                () = tokio::time::sleep(settle) => {}
                _ = signals.stop() => return Ok(ExitCode::SUCCESS),
            }
            let (config, trusted) = (config.clone(), trusted.to_vec());
            let take = move |bundle: PathBuf| -> BoxFuture<'static, Result<(), Failed>> {
                let (config, trusted) = (config.clone(), trusted.clone());
                Box::pin(async move {
                    let report = take_in(&config, &bundle, &trusted).await?;
                    // Nobody may be reading.
                    let _ = print(&format!("{}: {}", bundle.display(), told(&report)));
                    Ok(())
                })
            };
            let turned = turn(&mut drops, folder, take, |text| {
                complain(format!("sumward: {text}"))
            });
            let troubles = turned
                .await
                .with_context(|| format!("looking after {}", folder.display()))?;
            if once {
                return Ok(ExitCode::from(u8::from(troubles > 0)));
            }
        }
    })
}
