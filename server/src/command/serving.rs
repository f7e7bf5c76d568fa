//! What serves: with logging, on a runtime that fits this machine, until a signal.

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::app::RUNTIME_STOP;
use crate::args::EXIT_USAGE;
use crate::config::load::Loaded;
use crate::config::signed::Signed;
use crate::config::{Address, Config};
use crate::output::complain;
use crate::serve::descriptors;
use crate::serve::inherited::Inherited;
use crate::source::upstream::reporting;
use crate::telemetry;

/// Runs what `open` makes of the settings, whose limits are fitted to the machine. `open`
/// may block.
///
/// # Errors
/// What keeps it from starting, or from going on.
pub(super) fn run<F>(
    loaded: Loaded,
    open: impl FnOnce(Config, Inherited) -> Result<F>,
) -> Result<ExitCode>
where
    F: Future<Output = Result<ExitCode>>,
{
    // Before there are threads.
    let inherited = inherited(&loaded.config).context("taking over the sockets of systemd")?;
    if let Err(problems) = loaded.refuse(not_handed_down(&loaded.config, &inherited)) {
        complain(problems.to_string());
        return Ok(ExitCode::from(EXIT_USAGE));
    }
    let mut config = loaded.config;
    let _log = telemetry::start(&config.log)?;
    for warning in loaded.warnings.iter().chain(&config.warn_of_files()) {
        tracing::warn!("{warning}");
    }
    export(&config)?;
    let fitted = descriptors::fit(&config.limits, descriptors::raise());
    if let Some(warning) = &fitted.warning {
        tracing::warn!("{warning}");
    }
    config.limits = fitted.limits;
    let serving = open(config, inherited)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(fitted.reading_threads)
        .build()
        .context("starting the async runtime")?;
    let result = runtime.block_on(serving);
    runtime.shutdown_timeout(RUNTIME_STOP);
    result
}

/// Remembers which signed configuration is in use. Where that cannot be written, serving
/// goes on: a disk that is full is no reason to refuse clients. Blocks.
pub(super) fn remember(signed: &Signed) {
    let serial = signed.signed.manifest.serial;
    match signed.take_into_use() {
        Ok(()) => tracing::info!(serial, "the signed configuration is in use"),
        Err(error) => {
            let state = signed.state.display();
            tracing::error!(serial, %error, %state, "the serial number of the signed configuration cannot be remembered: an older one would be taken at the next start");
        }
    }
}

/// Sets up what leaves for collectors, Sentry servers and web hooks, where the settings name one.
/// Before there is a runtime: their client blocks.
fn export(config: &Config) -> Result<()> {
    let is_asked_for = config.traces.endpoint.is_some()
        || config.errors.sentry_dsn.is_some()
        || config.events.webhook.is_some();
    if !is_asked_for {
        return Ok(());
    }
    let client = reporting::client(&config.upstream)
        .context("setting up the client for traces, reports and events")?;
    telemetry::traces::start(&config.traces, &config.log.service_name, &client)?;
    telemetry::errors::start(&config.errors, &config.log.service_name, &client)
        .context("starting the thread that reports errors")?;
    telemetry::events::start(&config.events, &client)
        .context("starting to tell events (events.secret)")
}

/// Returns pairs of a key and a message: addresses that name a socket which systemd has not
/// opened. Starting again would not help, so it is said like any wrong setting.
fn not_handed_down(config: &Config, inherited: &Inherited) -> Vec<(String, String)> {
    let addresses = [
        ("listen", Some(&config.listen)),
        ("admin", config.admin.as_ref()),
    ];
    let mut found = Vec::new();
    for (key, address) in addresses {
        if let Some(Address::Inherited(name)) = address
            && let Err(error) = inherited.find(name)
        {
            let way = format!(
                "start the socket unit that has FileDescriptorName={name} before the service, or write an address"
            );
            found.push((key.to_owned(), format!("{error}; {way}")));
        }
    }
    found
}

/// Sockets of systemd, where the settings name one.
fn inherited(config: &Config) -> std::io::Result<Inherited> {
    let addresses = [Some(&config.listen), config.admin.as_ref()];
    let is_named = |address: &Address| matches!(address, Address::Inherited(_));
    if addresses.into_iter().flatten().any(is_named) {
        Inherited::from_environment()
    } else {
        Ok(Inherited::none())
    }
}
