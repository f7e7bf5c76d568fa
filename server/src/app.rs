//! The server as a whole: how it is wired, how it starts and stops.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::blocking;
use crate::config::{self, Config};
use crate::http::{self, Role, Site};
use crate::ledger::Ledger;
use crate::serve::clients::Clients;
use crate::serve::connection::{self, Endpoint, Shared};
use crate::serve::descriptors::ADMIN_CONNECTIONS_MAX;
use crate::serve::inherited::Inherited;
use crate::serve::listener::Listener;
use crate::serve::peer::Peer;
use crate::serve::pulse::Pulse;
use crate::serve::tls::Acceptor;
use crate::store::durable::Staging;

pub(crate) mod alive;
pub(crate) mod control;
pub(crate) mod folder;
mod gc;
mod own;
mod rounds;
mod self_check;
mod site;
mod standing;
pub(crate) mod starting;
mod witnesses;

use alive::Alive;
use folder::Folder;

/// A server that is put together, and not yet listening.
pub(crate) struct App {
    pub(crate) site: Arc<Site>,
    pub(crate) tls: Option<Acceptor>,
    /// Set when the server is to stop.
    pub(crate) stop: CancellationToken,
    /// Open connections.
    pub(crate) connections: TaskTracker,
    /// Fills, which go on when clients leave.
    fills: TaskTracker,
    ledger: Arc<dyn Ledger>,
    staging: Staging,
    is_read_only: bool,
    /// Asks whether connections are still accepted.
    pulse: Pulse,
    /// Brings the records up to date while the server answers. Taken once.
    catch_up: Mutex<Option<BoxFuture<'static, ()>>>,
}

/// A server that is listening, and not yet answering.
pub(crate) struct Bound {
    pub(crate) app: Arc<App>,
    endpoints: Vec<Endpoint<Role>>,
    /// Where modules are served.
    pub(crate) address: config::Address,
}

impl App {
    /// Opens the data folder and puts the server together. Blocks.
    ///
    /// # Errors
    /// What stands in the way, with what to do about it.
    pub(crate) fn build(config: Config) -> Result<Arc<Self>> {
        let folder = Folder::open(&config)?;
        Self::of(config, folder)
    }

    /// As [`App::build`], on a thread that may be blocked.
    ///
    /// # Errors
    /// What stands in the way, with what to do about it.
    pub(crate) async fn open(config: Config) -> Result<Arc<Self>> {
        let built = tokio::task::spawn_blocking(move || Self::build(config)).await;
        built.context("opening the data folder")?
    }

    /// Puts the server together around what files and records are kept by.
    ///
    /// # Errors
    /// What stands in the way, with what to do about it.
    pub(crate) fn of(config: Config, folder: Folder) -> Result<Arc<Self>> {
        let at = || format!("opening the data folder {}", config.data.display());
        let (staging, ledger) = (folder.staging.clone(), Arc::clone(&folder.ledger));
        let is_read_only = folder.data.is_read_only();
        let (stop, fills) = (CancellationToken::new(), TaskTracker::new());
        let tls = config
            .tls
            .as_ref()
            .map(|files| Acceptor::open(files, config.limits.header_read_timeout))
            .transpose()?;
        let site = site::wire(config.clone(), &folder, stop.clone(), fills.clone())?;
        let catch_up = folder.catch_up(&config).with_context(at)?;
        Ok(Arc::new(Self {
            catch_up: Mutex::new(Some(Box::pin(catch_up))),
            staging,
            is_read_only,
            pulse: Pulse::default(),
            site: Arc::new(site),
            tls,
            stop,
            connections: TaskTracker::new(),
            fills,
            ledger,
        }))
    }

    /// The settings.
    pub(crate) fn config(&self) -> &Config {
        &self.site.config
    }

    /// Binds the addresses and checks that no upstream leads back to them.
    ///
    /// # Errors
    /// An address that is taken, or an upstream that is this very server.
    pub(crate) async fn bind(self: Arc<Self>, inherited: &mut Inherited) -> Result<Bound> {
        let config = self.config();
        let listener = Listener::bind(&config.listen, inherited).await?;
        let address = listener.address()?;
        let mut endpoints = vec![Endpoint {
            listener,
            role: Role::Main {
                with_admin: config.admin.is_none(),
            },
            tls: self.tls.clone(),
            connections_max: config.limits.connections_max,
            proxy_protocol: config.clients.proxy_protocol,
        }];
        if let Some(admin) = &config.admin {
            endpoints.push(Endpoint {
                listener: Listener::bind(admin, inherited).await?,
                role: Role::Admin,
                tls: None,
                connections_max: ADMIN_CONNECTIONS_MAX,
                proxy_protocol: false,
            });
        }
        if !self.is_read_only
            && let Some(listener) = control::listen(config, &self.staging).await
        {
            endpoints.push(Endpoint {
                listener,
                role: Role::Control,
                tls: None,
                connections_max: ADMIN_CONNECTIONS_MAX,
                proxy_protocol: false,
            });
        }
        Ok(Bound {
            app: self,
            endpoints,
            address,
        })
    }
}

impl Bound {
    /// Answers until the app is told to stop, then drains: open requests and
    /// fills have `limits.drain_timeout` to end.
    ///
    /// # Errors
    /// An upstream that is this very server.
    pub(crate) async fn run(self, ready: impl FnOnce(&App, &config::Address)) -> Result<()> {
        let Self {
            app,
            endpoints,
            address,
        } = self;
        let serving = TaskTracker::new();
        for endpoint in endpoints {
            let handler = {
                let site = Arc::clone(&app.site);
                move |peer: Peer<Role>, request| http::answer(Arc::clone(&site), peer, request)
            };
            let shared = app.shared();
            serving.spawn(connection::serve(
                shared,
                endpoint,
                handler,
                app.stop.clone(),
            ));
        }
        if let Some(tls) = app.tls.clone() {
            let metrics = Arc::clone(&app.site.metrics);
            let told = move |at| metrics.certificate_expiry(at);
            app.spawn_round(&serving, tls.watch(told));
        }
        app.spawn_rounds(&serving);
        app.spawn_round(&serving, app.tell_standing(&address));
        let catch_up = app.catch_up.lock().ok().and_then(|mut it| it.take());
        if let Some(catch_up) = catch_up {
            app.spawn_round(&serving, catch_up);
        }
        serving.close();
        // Asked while answering: it is our own answer that gives us away. Where
        // names are slow to resolve, as they are when the world is down, the
        // check goes on while we serve.
        let checked = self_check::run(&app, &address, ready).await;
        if checked.is_err() {
            app.stop.cancel();
        }
        app.stop.cancelled().await;
        if app.drain(serving, FLUSH_AT_STOP).await.is_err() {
            tracing::warn!(
                "the last records and proofs are not written; files without one are judged again"
            );
        }
        checked
    }
}

impl App {
    fn shared(&self) -> Shared {
        Shared {
            limits: self.config().limits.clone(),
            clients: Clients::new(&self.config().clients),
            metrics: Arc::clone(&self.site.metrics),
            connections: self.connections.clone(),
            pulse: self.pulse.clone(),
        }
    }

    /// Returns the line that says what is served, and where.
    pub(crate) fn served(&self, address: &config::Address) -> String {
        let config = self.config();
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let at = match address {
            config::Address::Tcp(address) => format!("{scheme}://{address}"),
            other @ (config::Address::Unix(_) | config::Address::Inherited(_)) => other.to_string(),
        };
        let admin = config.admin.as_ref();
        let admin = admin.map_or_else(String::new, |admin| format!(", health on {admin}"));
        let databases: Vec<_> = self
            .site
            .databases
            .all()
            .iter()
            .map(|it| it.name().to_owned())
            .collect();
        let proved = if databases.is_empty() {
            "without proofs".to_owned()
        } else {
            format!("proved by {}", databases.join(", "))
        };
        format!("serving modules {proved} on {at}{admin}")
    }

    /// Returns the status line of this moment.
    pub(crate) fn status(&self, address: &config::Address) -> String {
        standing::line(&self.served(address), &self.site.standing.held())
    }

    /// Keeps the status line up to date once the server answers.
    fn tell_standing(&self, address: &config::Address) -> impl Future<Output = ()> + use<> {
        standing::tell(Arc::clone(&self.site), self.served(address))
    }

    /// Returns what the watchdog is fed on.
    pub(crate) fn alive(&self) -> Alive {
        Alive {
            data: self.config().data.clone(),
            pulse: self.pulse.clone(),
            stop: self.stop.clone(),
            standing: Arc::clone(&self.site.standing),
        }
    }

    /// Brings the records up to date, for one who works without serving. Returns when they
    /// are, or when that takes longer than anybody waits.
    pub(crate) async fn catch_up(&self) {
        let catch_up = self.catch_up.lock().ok().and_then(|mut it| it.take());
        let Some(catch_up) = catch_up else { return };
        let caught_up = async {
            while self.ledger.may_lack_records() {
                tokio::time::sleep(CATCH_UP_LOOK).await;
            }
        };
        tokio::select! {
            // It goes on for ever, for another index that breaks.
            () = catch_up => {}
            () = tokio::time::sleep(CATCH_UP_MAX) => {}
            () = caught_up => {}
        }
    }

    /// Writes down what one who worked without serving has done.
    ///
    /// # Errors
    /// What ledger or disk answer, or that they do not.
    pub(crate) async fn end(&self) -> std::io::Result<()> {
        let serving = TaskTracker::new();
        serving.close();
        self.drain(serving, FLUSH_AT_END).await
    }

    /// Tells whether the data folder can only be read.
    pub(crate) fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    async fn drain(&self, serving: TaskTracker, flush_max: Duration) -> std::io::Result<()> {
        let deadline = self.site.live.now().drain_timeout;
        let drained = tokio::time::timeout(deadline, async {
            serving.wait().await;
            self.connections.close();
            self.connections.wait().await;
            self.fills.close();
            self.fills.wait().await;
        })
        .await;
        match drained {
            Ok(()) => tracing::info!("drained"),
            Err(_) => tracing::warn!(
                connections = self.connections.len(),
                downloads = self.fills.len(),
                deadline_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX),
                "stopping with requests still open"
            ),
        }
        rounds::write_use(&self.site).await;
        let staging = self.staging.clone();
        let flush = async {
            self.ledger.flush().await?;
            blocking::run(move || staging.flush()).await
        };
        tokio::time::timeout(flush_max, flush).await?
    }
}

/// How long the records may take to be brought up to date, and how often it is looked
/// whether they are.
const CATCH_UP_MAX: Duration = Duration::from_secs(3600);
const CATCH_UP_LOOK: Duration = Duration::from_millis(20);

/// How long the ledger may take to be written at the end.
const FLUSH_AT_STOP: Duration = Duration::from_secs(5);
/// The same for a command, which nobody ends for being slow.
const FLUSH_AT_END: Duration = Duration::from_secs(300);

/// How long a worker thread may need to end after the drain.
pub(crate) const RUNTIME_STOP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
