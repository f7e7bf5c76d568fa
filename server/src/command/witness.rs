//! `sumward witness`: a key for a witness, and the witness itself.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use http::Request;
use hyper::body::Incoming;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::serving;
use super::signal::Signals;
use crate::app::alive::Alive;
use crate::args;
use crate::config::load::Loaded;
use crate::config::{Address, Config, file};
use crate::data::{Data, Mode};
use crate::http::witness::answer;
use crate::metrics::Metrics;
use crate::output::{complain, print};
use crate::serve::clients::Clients;
use crate::serve::connection::{self, Endpoint, Shared};
use crate::serve::inherited::Inherited;
use crate::serve::listener::Listener;
use crate::serve::peer::Peer;
use crate::serve::pulse::Pulse;
use crate::serve::tls::Acceptor;
use crate::store::durable::Staging;
use crate::systemd;
use crate::witness::settings::Settings;
use crate::witness::{Witness, key};

/// Makes a key and prints what the owners of logs are to be told.
///
/// # Errors
/// A name that no key can have, a file that is there already, and what the file system
/// answers.
pub(crate) fn keygen(name: &str, out: &Path) -> Result<ExitCode> {
    let verifier = key::create(out, name, rand::random()).context("making the key")?;
    print(&format!(
        "{verifier}\n\
         the key is in {}: whoever has it can cosign in the name of {name}\n",
        out.display()
    ))
    .context("printing the key")?;
    Ok(ExitCode::SUCCESS)
}

/// Cosigns until a signal.
///
/// # Errors
/// What keeps the witness from starting, or from going on.
pub(crate) fn serve(loaded: Loaded, file: &Path) -> Result<ExitCode> {
    let settings = match settings(file) {
        Ok(settings) => settings,
        Err(error) => {
            complain(format!("sumward: {}: {error}", file.display()));
            return Ok(ExitCode::from(args::EXIT_USAGE));
        }
    };
    let signed = loaded.signed.clone();
    serving::run(loaded, |config, inherited| {
        let opened = Opened::open(&config, settings)?;
        signed.iter().for_each(serving::remember);
        Ok(run(config, opened, inherited))
    })
}

fn settings(path: &Path) -> std::result::Result<Settings, String> {
    let bytes = file::read(path)?;
    let text = file::text(&bytes);
    let text = text.map_err(|line| format!("is not UTF-8 in line {line}"))?;
    Settings::parse(text)
}

/// What a witness works with. The lock of the data folder is held with it.
struct Opened {
    witness: Witness,
    key: String,
    tls: Option<Acceptor>,
    _data: Data,
}

impl Opened {
    fn open(config: &Config, settings: Settings) -> Result<Self> {
        let at = || format!("opening the data folder {}", config.data.display());
        let read = || format!("reading the key {}", settings.key.display());
        let cosigner = key::read(&settings.key).with_context(read)?;
        let key = cosigner.verifier().to_string();
        let data = Data::open(&config.data, Mode::Exclusive).with_context(at)?;
        let staging = Staging::open(data.path()).with_context(at)?;
        let witness = Witness::open(data.path(), staging, cosigner, settings.logs);
        let tls = config.tls.as_ref();
        let tls = tls.map(|files| Acceptor::open(files, config.limits.header_read_timeout));
        Ok(Self {
            witness: witness.with_context(at)?,
            key,
            tls: tls.transpose()?,
            _data: data,
        })
    }
}

async fn run(config: Config, opened: Opened, mut inherited: Inherited) -> Result<ExitCode> {
    let mut signals = Signals::take().context("taking over signals")?;
    let listener = Listener::bind(&config.listen, &mut inherited).await?;
    let url = match listener.address()? {
        Address::Tcp(address) => {
            let scheme = opened.tls.as_ref().map_or("http", |_| "https");
            format!("{scheme}://{address}")
        }
        other @ (Address::Unix(_) | Address::Inherited(_)) => other.to_string(),
    };
    let (stop, connections) = (CancellationToken::new(), TaskTracker::new());
    let pulse = Pulse::default();
    let shared = Shared {
        limits: config.limits.clone(),
        clients: Clients::new(&config.clients),
        metrics: Metrics::new([], []),
        connections: connections.clone(),
        pulse: pulse.clone(),
    };
    let serving = TaskTracker::new();
    if let Some(tls) = opened.tls.clone() {
        // It ends with the witness, not by itself.
        serving.spawn(stop.clone().run_until_cancelled_owned(tls.watch(|_| {})));
    }
    let endpoint = Endpoint {
        listener,
        role: (),
        tls: opened.tls,
        connections_max: config.limits.connections_max,
        proxy_protocol: config.clients.proxy_protocol,
    };
    let witness = Arc::new(opened.witness);
    let handler =
        move |_: Peer<()>, request: Request<Incoming>| answer(Witness::clone(&witness), request);
    serving.spawn(connection::serve(shared, endpoint, handler, stop.clone()));
    serving.close();
    let key = opened.key;
    print(&format!("sumward witness serves on {url}\n{key}\n")).context("printing the address")?;
    tracing::info!(url, key, "witnessing");
    systemd::ready(&format!("witnessing on {url}"));
    // On the threads that serve: see `alive`. It ends when this returns.
    let mut tasks = JoinSet::new();
    tasks.spawn(Alive::of(&config, pulse, stop.clone()).tend());
    let signal = signals.stop().await;
    tracing::info!(
        ?signal,
        "stopping: no new connections, open requests may finish"
    );
    stop.cancel();
    // On a thread that may be blocked: the reader of the socket may not read.
    let drain = config.limits.drain_timeout;
    tokio::task::spawn_blocking(move || systemd::stopping(drain));
    let drained = async {
        serving.wait().await;
        connections.close();
        connections.wait().await;
    };
    tokio::select! {
        ended = tokio::time::timeout(drain, drained) => {
            if ended.is_err() {
                tracing::warn!(connections = connections.len(), "stopping with requests still open");
            }
            Ok(ExitCode::SUCCESS)
        }
        signal = signals.stop() => Ok(signal.exit_code()),
    }
}
