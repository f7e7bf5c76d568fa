//! The server as a whole: what it is made of, how it starts and stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ask::{Caller, Role};
use crate::config::{self, Config, Database};
use crate::evidence::Evidence;
use crate::ledger::Index;
use crate::metrics::Metrics;
use crate::modules::proof::Prover;
use crate::modules::{Parts, Proxy};
use crate::serve::clients::Clients;
use crate::serve::connection::{self, Endpoint, Shared};
use crate::serve::descriptors::ADMIN_CONNECTIONS_MAX;
use crate::serve::inherited::Inherited;
use crate::serve::listener::Listener;
use crate::serve::peer::Peer;
use crate::serve::tls::Acceptor;
use crate::shelf::hot::Hot;
use crate::source::upstream::Upstreams;
use crate::store::Store;
use crate::store::durable::Staging;
use crate::sumdb::Databases;

/// Everything requests are answered from.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) databases: Arc<Databases>,
    pub(crate) upstreams: Arc<Upstreams>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tls: Option<Acceptor>,
    /// This process among others of its kind.
    pub(crate) instance: String,
    /// Whether the server answers. Once set it stays set; `stop` comes after it.
    pub(crate) ready: AtomicBool,
    /// Set when the server is to stop.
    pub(crate) stop: CancellationToken,
    /// Open connections.
    pub(crate) connections: TaskTracker,
    /// Fills, which go on when clients leave.
    fills: TaskTracker,
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
        let data = &config.data;
        let instance = format!("{:032x}", rand::random::<u128>());
        let at = || format!("opening the data folder {}", data.display());
        let index = Index::open(data).with_context(at)?;
        // Only whoever holds the index's lock may empty staging.
        let staging = Staging::open(data).with_context(at)?;
        let store = Store::open(data, staging.clone()).with_context(at)?;
        let evidence = Evidence::open(data, staging.clone()).with_context(at)?;
        let hosts = Upstreams::host_names(&config.upstream);
        let metrics = Metrics::new(
            hosts.iter().map(String::as_str),
            config.databases.iter().map(|database| &*database.name),
        );
        let upstreams = Upstreams::new(&config.upstream, &instance, Arc::clone(&metrics))?;
        let upstreams = Arc::new(upstreams);
        let databases = Databases::open(
            &config.databases,
            data,
            staging,
            evidence.clone(),
            Arc::clone(&upstreams),
        )
        .with_context(at)?;
        let databases = Arc::new(databases);
        let prover = Prover::new(
            Arc::clone(&databases),
            config.proof.clone(),
            evidence,
            Arc::clone(&metrics),
        );
        let fills = TaskTracker::new();
        let parts = Parts {
            store,
            index,
            hot: Arc::new(Hot::new(config.cache.hot_bytes_max)),
            upstreams: Arc::clone(&upstreams),
            prover,
            metrics: Arc::clone(&metrics),
            tasks: fills.clone(),
        };
        let tls = config
            .tls
            .as_ref()
            .map(|files| Acceptor::open(files, config.limits.header_read_timeout))
            .transpose()?;
        Ok(Arc::new(Self {
            proxy: Arc::new(Proxy::new(&config, parts)),
            databases,
            upstreams,
            metrics,
            tls,
            instance,
            ready: AtomicBool::new(false),
            stop: CancellationToken::new(),
            connections: TaskTracker::new(),
            fills,
            config,
        }))
    }

    /// Binds the addresses and checks that no upstream leads back to them.
    ///
    /// # Errors
    /// An address that is taken, or an upstream that is this very server.
    pub(crate) async fn bind(self: Arc<Self>, inherited: &mut Inherited) -> Result<Bound> {
        let listener = Listener::bind(&self.config.listen, inherited).await?;
        let address = listener.address()?;
        let mut endpoints = vec![Endpoint {
            listener,
            role: Role::Main {
                with_admin: self.config.admin.is_none(),
            },
            tls: self.tls.clone(),
            connections_max: self.config.limits.connections_max,
            proxy_protocol: self.config.clients.proxy_protocol,
        }];
        if let Some(admin) = &self.config.admin {
            endpoints.push(Endpoint {
                listener: Listener::bind(admin, inherited).await?,
                role: Role::Admin,
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

    /// Brings gauges that nobody counts up to date.
    pub(crate) fn measure(&self) {
        self.metrics.hot_bytes(self.proxy.hot.bytes());
        self.metrics.log_dropped(crate::telemetry::dropped());
        for database in self.databases.all() {
            let head = database.head_size().unwrap_or(0);
            self.metrics.database_head(database.name(), head);
            self.metrics
                .database_stopped(database.name(), database.is_stopped());
        }
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
                let app = Arc::clone(&app);
                move |peer: Peer<Role>, request| {
                    let caller = Caller {
                        peer: peer.address,
                        role: peer.role,
                    };
                    crate::http::answer(Arc::clone(&app), caller, request)
                }
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
            // It ends with the server, not by itself.
            serving.spawn(app.stop.clone().run_until_cancelled_owned(tls.watch()));
        }
        serving.close();
        // Asked while answering: it is our own answer that gives us away. Where
        // names are slow to resolve, as they are when the world is down, the
        // check goes on while we serve.
        let checked = self_check(&app, &address, ready).await;
        if checked.is_err() {
            app.stop.cancel();
        }
        app.stop.cancelled().await;
        app.drain(serving).await;
        checked
    }
}

/// Says that the server is ready, after it looked for itself among its upstreams, or
/// while it does where that takes long.
async fn self_check(
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
        app.ready.store(true, Ordering::Relaxed);
        ready(app, address);
        return Ok(());
    }
    app.ready.store(true, Ordering::Relaxed);
    ready(app, address);
    tokio::select! {
        checked = check => checked,
        () = app.stop.cancelled() => Ok(()),
    }
}

impl App {
    fn shared(&self) -> Shared {
        Shared {
            limits: self.config.limits.clone(),
            clients: Clients::new(&self.config.clients),
            metrics: Arc::clone(&self.metrics),
            connections: self.connections.clone(),
        }
    }

    async fn drain(&self, serving: TaskTracker) {
        let deadline = self.config.limits.drain_timeout;
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
    }
}

/// How long the start waits for the check of the upstreams.
const SELF_CHECK_BEFORE_READY: Duration = Duration::from_millis(80);

/// Fails when an upstream of the list is this very server.
async fn refuse_self(app: &App, here: &[SocketAddr]) -> Result<()> {
    let selves = app.upstreams.find_self(here).await;
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

/// Returns the two lines that point the go command here.
pub(crate) fn go_env_lines(url: &str, databases: &[Database]) -> String {
    let database = match databases.first() {
        None => "off".to_owned(),
        Some(database) if database.name == "sum.golang.org" => database.name.clone(),
        Some(database) => database.key.to_string(),
    };
    format!("go env -w GOPROXY={url}\ngo env -w GOSUMDB={database}\n")
}

/// How long a worker thread may need to end after the drain.
pub(crate) const RUNTIME_STOP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
