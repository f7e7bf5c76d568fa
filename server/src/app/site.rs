//! What requests are answered from, put together.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::folder::Folder;
use super::own;
use crate::ask::Access;
use crate::bundle::import::Mirror;
use crate::config::Config;
use crate::config::live::Live;
use crate::http::Site;
use crate::http::databases::Growths;
use crate::http::reload::Reloads;
use crate::metrics::Metrics;
use crate::modules::proof::Prover;
use crate::modules::{Modules, Parts, Shelf};
use crate::own::keys::Keys;
use crate::shelf;
use crate::source::Sources;
use crate::source::upstream::Upstreams;
use crate::sumdb::{Databases, FromSources, Parts as DatabaseParts, RecordedHeads};

/// Wires what requests are answered from.
///
/// # Errors
/// What stands in the way, with what to do about it.
pub(super) fn wire(
    config: Config,
    folder: &Folder,
    stop: CancellationToken,
    fills: TaskTracker,
) -> Result<Site> {
    let instance = format!("{:032x}", rand::random::<u128>());
    let hosts = Upstreams::host_names(&config.upstream);
    let live = Live::new(&config);
    let own = own::keys(&config)?;
    let followed = config.databases.iter().map(|database| &*database.name);
    let metrics = Metrics::new(
        hosts.iter().map(String::as_str),
        followed.chain(own.as_ref().map(Keys::name)),
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
    if let Some(keys) = own {
        let around = own::Around {
            shelf: Arc::clone(&shelf),
            sources: Arc::clone(&sources),
            followed: Arc::clone(&databases),
            tasks: fills.clone(),
        };
        let own = own::open(&config, folder, keys, around)?;
        databases = Arc::new(databases.with_own(own));
    }
    let prover = Prover::new(
        Arc::clone(&databases),
        live.clone(),
        folder.evidence.clone(),
        Arc::clone(&metrics),
    );
    let parts = Parts {
        shelf: Arc::clone(&shelf),
        sources: Arc::clone(&sources),
        live: live.clone(),
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
        live,
        standing: Arc::default(),
        reloads: Reloads::default(),
        growths: Growths::default(),
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
