//! `sumward` and `sumward serve`: from settings to a server, until it is stopped.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::reload::Reload;
use super::serving;
use super::signal::{Demand, Signals};
use crate::app::{App, Bound, starting};
use crate::args;
use crate::config::load::Loaded;
use crate::config::signed::Signed;
use crate::config::{Address, Config};
use crate::http::page::go_env_lines;
use crate::journal::seconds_now;
use crate::output::complain;
use crate::serve::inherited::Inherited;
use crate::systemd;

/// Serves until a signal.
///
/// # Errors
/// What keeps the server from starting, or from going on.
pub(crate) fn run(loaded: Loaded, flags: args::Flags) -> Result<ExitCode> {
    if let Err(problems) = super::config::check_named(&loaded) {
        complain(problems.to_string());
        return Ok(ExitCode::from(args::EXIT_USAGE));
    }
    let signed = loaded.signed.clone();
    let reload = Reload::new(loaded.clone(), flags);
    serving::run(loaded, |config, inherited| {
        Ok(serve(config, inherited, signed, reload))
    })
}

/// A signal before the server is up ends it there and then: what a start does to the
/// data folder may be interrupted at any point. The first one after that drains, the
/// second ends without waiting.
async fn serve(
    config: Config,
    inherited: Inherited,
    signed: Option<Signed>,
    reload: Reload,
) -> Result<ExitCode> {
    let mut signals = Signals::take().context("taking over signals")?;
    // A SIGHUP of the start is kept: who sent it may have changed what was read already.
    let mut hung_up = false;
    let start = start(config, inherited);
    tokio::pin!(start);
    let bound = loop {
        tokio::select! {
            bound = &mut start => break bound?,
            asked = signals.next() => match asked {
                Demand::Reload => hung_up = true,
                Demand::Stop(signal) => {
                    tracing::info!(?signal, "stopped before serving");
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
    };
    remember(signed).await;
    let app = Arc::clone(&bound.app);
    if hung_up {
        app.site.reloads.ask();
    }
    // On the threads that serve: see `alive`.
    let mut tasks = JoinSet::new();
    tasks.spawn(app.alive().tend());
    let address = bound.address.clone();
    let (ready, is_ready) = oneshot::channel();
    tasks.spawn(reload.tend(Arc::clone(&app), address, is_ready));
    let run = bound.run(|app, address| {
        announce(app, address);
        let _ = ready.send(());
    });
    tokio::pin!(run);
    loop {
        tokio::select! {
            ended = &mut run => return ended.map(|()| ExitCode::SUCCESS),
            asked = signals.next() => match asked {
                Demand::Reload => app.site.reloads.ask(),
                // Stop first: nothing that goes wrong with telling it may keep us.
                Demand::Stop(signal) => {
                    app.stop.cancel();
                    tracing::info!(?signal, "stopping: no new connections, open requests may finish");
                    break;
                }
            }
        }
    }
    let drain = app.site.live.now().drain_timeout;
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
    let data = config.data.clone();
    let mut asking = JoinSet::new();
    asking.spawn(async move { starting::ask_for_time(&data).await });
    let opened = App::open(config).await;
    asking.abort_all();
    opened?.bind(&mut inherited).await
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
    app.site.metrics.settings_read(Some(seconds_now()));
    systemd::ready(&app.status(address));
}
