//! `sumward own …`: what a person decides about the database of one's own.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use http::Method;
use proto::module::ModuleVersion;

use super::server::{Server, connect, escaped};
use crate::app::folder::Folder;
use crate::args::{self, EXIT_USAGE};
use crate::config::Config;
use crate::output::{complain, print};
use crate::own;

/// Denies a version, or serves it again: in the running server, or in the data folder
/// itself where none runs.
///
/// # Errors
/// There is no database of one's own, or what server or disk answer.
pub(crate) fn run(config: &Config, command: &args::Own) -> Result<ExitCode> {
    let (what, reason) = match command {
        args::Own::Deny { what, reason } => (what, Some(reason.clone())),
        args::Own::Allow { what } => (what, None),
    };
    let parsed = ModuleVersion::parse(what).map_err(|error| error.to_string());
    let checked = reason.as_deref().map_or(Ok(()), own::check_reason);
    let module = match parsed.and_then(|module| checked.map(|()| module)) {
        Ok(module) => module,
        Err(error) => {
            complain(format!("sumward: {what}: {error}"));
            return Ok(ExitCode::from(EXIT_USAGE));
        }
    };
    let Some(key) = &config.own.key else {
        bail!("no checksum database of its own is configured (--own-database, own.key)");
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the async runtime")?;
    runtime.block_on(async {
        match connect(config).await? {
            Some(server) => by(server, what, reason.as_deref()).await,
            None => {
                let name = own::key::read(key)
                    .context("reading the key")?
                    .name()
                    .to_owned();
                let folder = Folder::open(config)?;
                let denied = own::Denied::open(&config.data, folder.journal.clone(), name)?;
                let set = denied.set(&module, reason.clone()).await;
                set.context("noting it in the journal")
            }
        }
    })?;
    let told = match reason {
        Some(reason) => format!("{what} is not served any more: {reason}\n"),
        None => format!("{what} is served again\n"),
    };
    print(&told).context("printing what was done")?;
    Ok(ExitCode::SUCCESS)
}

async fn by(mut server: Server, what: &str, reason: Option<&str>) -> Result<()> {
    let (method, query) = match reason {
        Some(reason) => (Method::PUT, format!("?reason={}", escaped(reason))),
        None => (Method::DELETE, String::new()),
    };
    server.ask(method, "deny", what, &query).await?;
    Ok(())
}
