//! The check, at the start, that no upstream is this very server.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Result, bail};

use super::App;
use crate::config;

/// Says that the server is ready, after it looked for itself among its upstreams, or
/// while it does where that takes long.
pub(super) async fn run(
    app: &App,
    address: &config::Address,
    ready: impl FnOnce(&App, &config::Address),
) -> Result<()> {
    let here: Vec<_> = match address {
        config::Address::Tcp(address) => vec![*address],
        // No upstream is reached over a unix socket.
        config::Address::Unix(_) | config::Address::Inherited(_) => Vec::new(),
    };
    let check = refuse_self(app, &here);
    tokio::pin!(check);
    let early = tokio::select! {
        checked = tokio::time::timeout(SELF_CHECK_BEFORE_READY, &mut check) => checked,
        () = app.stop.cancelled() => return Ok(()),
    };
    if let Ok(checked) = early {
        checked?;
        app.site.ready.store(true, Ordering::Relaxed);
        ready(app, address);
        return Ok(());
    }
    app.site.ready.store(true, Ordering::Relaxed);
    ready(app, address);
    tokio::select! {
        checked = check => checked,
        () = app.stop.cancelled() => Ok(()),
    }
}

/// How long the start waits for the check of the upstreams.
const SELF_CHECK_BEFORE_READY: Duration = Duration::from_millis(80);

/// Fails when an upstream of the list is this very server.
async fn refuse_self(app: &App, here: &[SocketAddr]) -> Result<()> {
    let selves = app.site.sources.upstreams().find_self(here).await;
    let Some(upstream) = selves.first() else {
        return Ok(());
    };
    bail!(
        "the upstream {upstream} is this very server: it would ask itself for ever\n\
         it comes from --upstream, the configuration or GOPROXY in the environment, which is often \
         set to the proxy for the go command's sake; give --upstream https://proxy.golang.org, or \
         unset GOPROXY for this process"
    );
}
