//! The server as a whole: how it is wired, how it starts and stops.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::BoxFuture;
use proto::note::SignerKey;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ask::Access;
use crate::blocking;
use crate::bundle::failed::Failed;
use crate::bundle::import::Mirror;
use crate::bundle::watch::{self, Drops};
use crate::config::{self, Config};
use crate::http::{self, Role, Site};
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::modules::proof::Prover;
use crate::modules::{Modules, Parts, Shelf};
use crate::serve::clients::Clients;
use crate::serve::connection::{self, Endpoint, Shared};
use crate::serve::descriptors::ADMIN_CONNECTIONS_MAX;
use crate::serve::inherited::Inherited;
use crate::serve::listener::Listener;
use crate::serve::peer::Peer;
use crate::serve::tls::Acceptor;
use crate::shelf;
use crate::source::Sources;
use crate::source::upstream::Upstreams;
use crate::store::durable::Staging;
use crate::sumdb::{Databases, FromSources, Parts as DatabaseParts, RecordedHeads};

pub(crate) mod control;
pub(crate) mod folder;
mod gc;
mod own;
mod self_check;
mod witnesses;

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
        let site = site(config.clone(), &folder, stop.clone(), fills.clone())?;
        let catch_up = folder.catch_up(&config).with_context(at)?;
        Ok(Arc::new(Self {
            catch_up: Mutex::new(Some(Box::pin(catch_up))),
            staging,
            is_read_only,
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

/// Wires what requests are answered from.
fn site(
    config: Config,
    folder: &Folder,
    stop: CancellationToken,
    fills: TaskTracker,
) -> Result<Site> {
    let instance = format!("{:032x}", rand::random::<u128>());
    let hosts = Upstreams::host_names(&config.upstream);
    let own = own::signer(&config)?;
    let followed = config.databases.iter().map(|database| &*database.name);
    let metrics = Metrics::new(
        hosts.iter().map(String::as_str),
        followed.chain(own.as_ref().map(SignerKey::name)),
    );
    let sources = Arc::new(Sources::new(&config, &instance, Arc::clone(&metrics))?);
    let mut databases = Arc::new(databases(&config, folder, &sources)?);
    let parts = shelf::Parts {
        blobs: Arc::clone(&folder.blobs),
        ledger: Arc::clone(&folder.ledger),
        journal: folder.journal.clone(),
        turns: folder.turns.clone(),
    };
    let shelf = Arc::new(Shelf::new(parts, &config.cache, &config.usage));
    if let Some(signer) = own {
        let around = own::Around {
            shelf: Arc::clone(&shelf),
            sources: Arc::clone(&sources),
            followed: Arc::clone(&databases),
            tasks: fills.clone(),
        };
        let own = own::open(&config, folder, signer, around)?;
        databases = Arc::new(databases.with_own(own));
    }
    let prover = Prover::new(
        Arc::clone(&databases),
        config.proof.clone(),
        folder.evidence.clone(),
        Arc::clone(&metrics),
    );
    let parts = Parts {
        shelf: Arc::clone(&shelf),
        sources: Arc::clone(&sources),
        prover,
        metrics: Arc::clone(&metrics),
        tasks: fills,
        is_read_only: folder.data.is_read_only(),
    };
    let mirror = Mirror::open(
        Arc::clone(&shelf),
        Arc::clone(&databases),
        folder.journal.clone(),
        folder.staging.clone(),
        config.data.clone(),
    )
    .context("reading which bundles were imported")?;
    Ok(Site {
        mirror: Arc::new(mirror),
        modules: Arc::new(Modules::new(&config, parts)),
        databases,
        sources,
        shelf,
        metrics,
        access: Access::Open,
        instance,
        ready: AtomicBool::new(false),
        gc: tokio::sync::Mutex::new(()),
        stop,
        config,
    })
}

fn databases(config: &Config, folder: &Folder, sources: &Arc<Sources>) -> Result<Databases> {
    let heads = RecordedHeads::new(
        config.data.clone(),
        folder.staging.clone(),
        folder.journal.clone(),
        Arc::clone(&folder.ledger),
        &config.databases,
    );
    if !folder.data.is_read_only()
        && let Err(error) = heads.restore()
    {
        tracing::error!(%error, "heads that a crash has lost are not restored from the journal");
    }
    let parts = DatabaseParts {
        heads: Arc::new(heads),
        staging: folder.staging.clone(),
        evidence: folder.evidence.clone(),
        fetch: Arc::new(FromSources(Arc::clone(sources))),
    };
    Databases::open(&config.databases, &config.upstream, &config.data, parts)
        .with_context(|| format!("opening the data folder {}", config.data.display()))
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
            // It ends with the server, not by itself.
            serving.spawn(app.stop.clone().run_until_cancelled_owned(tls.watch()));
        }
        serving.spawn(
            app.stop
                .clone()
                .run_until_cancelled_owned(keep_up(Arc::clone(&app.site))),
        );
        serving.spawn(
            app.stop
                .clone()
                .run_until_cancelled_owned(recheck(Arc::clone(&app.site))),
        );
        if !app.is_read_only {
            serving.spawn(
                app.stop
                    .clone()
                    .run_until_cancelled_owned(gc::tend(Arc::clone(&app.site))),
            );
            serving.spawn(
                app.stop
                    .clone()
                    .run_until_cancelled_owned(witnesses::tend(Arc::clone(&app.site))),
            );
        }
        let catch_up = app.catch_up.lock().ok().and_then(|mut it| it.take());
        if let Some(catch_up) = catch_up {
            serving.spawn(app.stop.clone().run_until_cancelled_owned(catch_up));
        }
        if app.site.config.bundle.watch.is_some() && !app.is_read_only {
            let watching = watch_bundles(Arc::clone(&app.site));
            serving.spawn(app.stop.clone().run_until_cancelled_owned(watching));
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
        let deadline = self.config().limits.drain_timeout;
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
        write_use(&self.site).await;
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

/// How often what was used is written down.
const KEEP_UP: Duration = Duration::from_secs(60);

/// Does what is to be done from time to time.
async fn keep_up(site: Arc<Site>) {
    let mut ticks = tokio::time::interval(KEEP_UP);
    loop {
        ticks.tick().await;
        write_use(&site).await;
        for database in site.databases.all() {
            database.tick().await;
        }
    }
}

/// Compares what is logged of private modules with what upstreams send, one at a time.
async fn recheck(site: Arc<Site>) {
    let (Some(own), Some(pause)) = (site.databases.own(), site.config.own.recheck) else {
        return;
    };
    loop {
        tokio::time::sleep(pause).await;
        site.modules.recheck_next(own).await;
    }
}

/// Takes in what appears in the drop folder for bundles.
async fn watch_bundles(site: Arc<Site>) {
    let settings = &site.config.bundle;
    let Some(folder) = &settings.watch else {
        return;
    };
    let mut drops = Drops::default();
    loop {
        let take = |bundle: PathBuf| -> BoxFuture<'static, Result<(), Failed>> {
            let site = Arc::clone(&site);
            Box::pin(async move {
                let trusted = &site.config.bundle.trust;
                site.mirror.import(&bundle, trusted, |_| {}).await?;
                Ok(())
            })
        };
        let turned = watch::turn(&mut drops, folder, take, |text| tracing::warn!("{text}"));
        if let Err(error) = turned.await {
            let folder = folder.display();
            tracing::error!(%folder, %error, "the drop folder for bundles is not looked after");
        }
        tokio::time::sleep(settings.settle).await;
    }
}

async fn write_use(site: &Site) {
    if let Err(error) = site.shelf.flush_use().await {
        tracing::warn!(%error, "what was used is not written down");
    }
    if let Err(error) = site.shelf.missing().flush().await {
        tracing::warn!(%error, "what was asked for and missing is not written down");
    }
}

/// How long a worker thread may need to end after the drain.
pub(crate) const RUNTIME_STOP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
