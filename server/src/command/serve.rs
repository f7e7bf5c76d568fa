//! `sumward` and `sumward serve`: from settings to a server, until it is stopped.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use super::serving;
use super::signal::Signals;
use crate::app::{App, Bound};
use crate::args;
use crate::config::load::Loaded;
use crate::config::signed::Signed;
use crate::config::{Address, Config};
use crate::http::page::go_env_lines;
use crate::output::complain;
use crate::serve::inherited::Inherited;
use crate::systemd;

/// Serves until a signal.
///
/// # Errors
/// What keeps the server from starting, or from going on.
pub(crate) fn run(loaded: Loaded) -> Result<ExitCode> {
    if let Err(problems) = super::config::check_named(&loaded) {
        complain(problems.to_string());
        return Ok(ExitCode::from(args::EXIT_USAGE));
    }
    let signed = loaded.signed.clone();
    serving::run(loaded, |config, inherited| {
        Ok(serve(config, inherited, signed))
    })
}

/// A signal before the server is up ends it there and then: what a start does to the
/// data folder may be interrupted at any point. The first one after that drains, the
/// second ends without waiting.
async fn serve(config: Config, inherited: Inherited, signed: Option<Signed>) -> Result<ExitCode> {
    let mut signals = Signals::take().context("taking over signals")?;
    let bound = tokio::select! {
        bound = start(config, inherited) => bound?,
        signal = signals.stop() => {
            tracing::info!(?signal, "stopped before serving");
            return Ok(ExitCode::SUCCESS);
        }
    };
    remember(signed).await;
    let app = Arc::clone(&bound.app);
    // On the threads that serve: see `watchdog`.
    let mut tasks = JoinSet::new();
    tasks.spawn(systemd::watchdog());
    let run = bound.run(announce);
    tokio::pin!(run);
    tokio::select! {
        ended = &mut run => return ended.map(|()| ExitCode::SUCCESS),
        // Stop first: nothing that goes wrong with telling it may keep us.
        signal = signals.stop() => {
            app.stop.cancel();
            tracing::info!(?signal, "stopping: no new connections, open requests may finish");
        }
    }
    let drain = app.config().limits.drain_timeout;
    // On a thread that may be blocked: the reader of the socket may not read.
    tokio::task::spawn_blocking(move || systemd::stopping(drain));
    tokio::select! {
        ended = &mut run => ended.map(|()| ExitCode::SUCCESS),
        signal = signals.stop() => {
            tracing::warn!(?signal, "stopping at once: a second signal came");
            Ok(signal.exit_code())
        }
    }
}

async fn start(config: Config, mut inherited: Inherited) -> Result<Bound> {
    let app = tokio::task::spawn_blocking(move || App::build(config))
        .await
        .context("opening the data folder")??;
    app.bind(&mut inherited).await
}

/// Remembers on a thread that may be blocked which signed configuration is in use.
async fn remember(signed: Option<Signed>) {
    if let Some(signed) = signed {
        // It has said itself what went wrong.
        let _ = tokio::task::spawn_blocking(move || serving::remember(&signed)).await;
    }
}

/// Says where the server is: to people on standard output, to the log, and to
/// systemd.
fn announce(app: &App, address: &Address) {
    let (url, text) = match address {
        Address::Tcp(address) => {
            let scheme = if app.tls.is_some() { "https" } else { "http" };
            let url = format!("{scheme}://{address}");
            let lines = go_env_lines(&url, &app.config().databases, &app.site.databases);
            let hint = format!("point the go command at it with\n\n{lines}\n");
            (url, hint)
        }
        // The go command speaks to no unix socket: that is for a proxy before us.
        Address::Unix(_) | Address::Inherited(_) => (address.to_string(), String::new()),
    };
    let text = format!("sumward serves on {url}\n{text}");
    // Nobody may be listening, or somebody who does not read; the log says it too.
    tokio::task::spawn_blocking(move || {
        let _ = std::io::stdout().write_all(text.as_bytes());
        let _ = std::io::stdout().flush();
    });
    tracing::info!(
        url,
        data = %app.config().data.display(),
        "serving"
    );
    systemd::ready(&format!("serving on {url}"));
}
