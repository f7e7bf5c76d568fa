//! The database of our own, put together with what it is asked about.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::folder::Folder;
use crate::config::Config;
use crate::modules::Shelf;
use crate::modules::admission::Admission;
use crate::own::keys::Keys;
use crate::own::{self, Own};
use crate::source::Sources;
use crate::sumdb::Databases;

/// What the database works with.
pub(super) struct Around {
    pub(super) shelf: Arc<Shelf>,
    pub(super) sources: Arc<Sources>,
    /// The followed databases.
    pub(super) followed: Arc<Databases>,
    pub(super) tasks: TaskTracker,
}

/// Reads the keys of the configured database; `None` where there is none. Blocks.
///
/// # Errors
/// A file cannot be read or holds no key.
pub(super) fn keys(config: &Config) -> Result<Option<Keys>> {
    let files = [&config.own.key, &config.own.second_key];
    for path in files.into_iter().flatten() {
        if own::key::is_open_to_all(path) {
            let path = path.display();
            tracing::warn!(%path, "every user of this machine can read the key and sign with it");
        }
    }
    let keys = Keys::read(&config.own);
    keys.map_err(|(key, error)| anyhow::Error::from(error).context(format!("reading {key}")))
}

/// Opens the database. Blocks, on a thread of the runtime that may.
///
/// # Errors
/// What disk or ledger answer.
pub(super) fn open(config: &Config, folder: &Folder, keys: Keys, around: Around) -> Result<Own> {
    let key = config.own.key.as_deref().unwrap_or(&config.data);
    let name = keys.name().to_owned();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let admission = Admission {
        shelf: around.shelf,
        sources: Arc::clone(&around.sources),
        followed: around.followed,
        upstream: config.upstream.clone(),
        limits: config.limits.clone(),
        measuring: Semaphore::new(cores),
    };
    let parts = own::Parts {
        keys,
        high_water: own::high_water_of(&config.own, key),
        accepted: config.own.accept_head,
        settings: config.own.clone(),
        sources: around.sources,
        end_after: config.own.end_after.clone(),
        staging: folder.staging.clone(),
        ledger: Arc::clone(&folder.ledger),
        journal: folder.journal.clone(),
        admit: Arc::new(admission),
        tasks: around.tasks,
        is_read_only: folder.data.is_read_only(),
    };
    Own::open(&config.data, &config.upstream, parts)
        .with_context(|| format!("opening the checksum database {name}"))
}
