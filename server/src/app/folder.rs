//! The data folder as the server opens it: to change it, or to read alone.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};

use crate::config::Config;
use crate::data::{self, Data, Mode};
use crate::evidence::Evidence;
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::ledger::memory::Memory;
use crate::ledger::sled::Sled;
use crate::maintain::remake::{Remade, Remake};
use crate::own::Archive;
use crate::shelf::turns::Turns;
use crate::store::Blobs;
use crate::store::durable::Staging;
use crate::store::local::Local;
use crate::sumdb::Archives;

/// An open data folder.
pub(crate) struct Folder {
    pub(crate) data: Data,
    pub(crate) staging: Staging,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) journal: Journal,
    pub(crate) evidence: Evidence,
    /// The ledger, where it may have to be made anew.
    pub(super) sled: Option<Sled>,
    /// Who changes which file.
    pub(crate) turns: Turns,
}

/// Records that are kept in memory where none can be written.
const MEMORY_RECORDS_MAX: usize = 100_000;

impl Folder {
    /// Opens the configured folder. One on a file system that is read-only is opened
    /// for reading: what is stored there is served. Blocks.
    ///
    /// # Errors
    /// What stands in the way, with what to do about it.
    pub(crate) fn open(config: &Config) -> Result<Self> {
        let at = || format!("opening the data folder {}", config.data.display());
        match Data::open(&config.data, Mode::Exclusive) {
            Ok(data) => Self::to_change(data).with_context(at),
            Err(error @ data::Error::ReadOnly { .. }) => {
                tracing::warn!(%error, "what is stored is served, and nothing new is fetched");
                let data = Data::open(&config.data, Mode::ReadOnly).with_context(at)?;
                Self::to_read(data).with_context(at)
            }
            Err(error) => Err(error).with_context(at),
        }
    }

    fn to_change(data: Data) -> Result<Self> {
        let path = data.path();
        let sled = Sled::open(path)?;
        let staging = Staging::open(path)?;
        check_file_systems(path, &staging)?;
        Ok(Self {
            blobs: Arc::new(Local::open(path, &staging)?),
            ledger: Arc::new(sled.clone()),
            journal: Journal::open(path)?,
            evidence: Evidence::open(path, staging.clone())?,
            sled: Some(sled),
            turns: Turns::default(),
            staging,
            data,
        })
    }

    /// Nothing is ever staged: new files are refused before.
    fn to_read(data: Data) -> Result<Self> {
        Ok(Self {
            staging: Staging::read_only(),
            blobs: Arc::new(Local::read_only(data.path())),
            ledger: Arc::new(Memory::bounded(MEMORY_RECORDS_MAX)),
            journal: Journal::read_only(data.path()),
            evidence: Evidence::read_only(),
            sled: None,
            turns: Turns::default(),
            data,
        })
    }

    /// Returns what brings the records up to date while the server answers: a folder
    /// of an older format is converted, and a ledger that had to be begun anew is
    /// filled from files and journal. A file without a record is judged when it is
    /// asked for, so nobody waits for it.
    pub(crate) fn catch_up(
        self,
        config: &Config,
    ) -> Result<impl Future<Output = ()> + Send + use<>> {
        let archives = Archives::open(&config.databases, &config.upstream, &config.data)?;
        let ledger = Arc::clone(&self.ledger);
        let own = Archive::open(&config.own, &config.upstream, &config.data, ledger, None);
        let own = own.unwrap_or_else(|error| {
            // The database itself says what is wrong with it.
            tracing::error!(%error, "the log of our own is not read for the index");
            None
        });
        let remake = Remake {
            own: own.map(Arc::new),
            config: config.clone(),
            databases: Arc::new(archives),
            blobs: Arc::clone(&self.blobs),
            ledger: Arc::clone(&self.ledger),
            turns: self.turns.clone(),
        };
        Ok(catch_up(self, remake))
    }
}

/// Checks that what is written at once lies on the file system of the staged files: of
/// the folders in the data folder `modules` alone may be elsewhere.
fn check_file_systems(data: &Path, staging: &Staging) -> Result<()> {
    for folder in ["", "sumdb", "evidence", "log"].map(|inner| data.join(inner)) {
        let at = || format!("writing to {}", folder.display());
        if folder.exists() && !staging.feeds(&folder).with_context(at)? {
            bail!(
                "{} is on another file system than {}; only {} may be: move it, or the whole data \
                 folder",
                folder.display(),
                data.join("staging").display(),
                data.join("modules").display()
            );
        }
    }
    Ok(())
}

async fn catch_up(mut folder: Folder, remake: Remake) {
    if let Err(error) = folder.data.convert(&*folder.ledger, &folder.journal).await {
        tracing::error!(%error, "the data folder keeps its old format; the next start tries again");
    }
    let Some(sled) = &folder.sled else {
        return std::future::pending().await;
    };
    match remake.recent_first_uses().await {
        Ok(0) => {}
        Ok(count) => tracing::warn!(count, "files are recorded of which only the journal told"),
        Err(error) => {
            tracing::error!(%error, "what the journal told last is not looked for in the ledger");
        }
    }
    let mut emptied = sled.emptied();
    let mut remade = 0;
    loop {
        let times = *emptied.borrow_and_update();
        if times > remade {
            remade = times;
            let report = remake.clone().beside_server().await;
            let report = match report {
                // Else another one was begun meanwhile, and is made anew next.
                Ok(report) if !emptied.has_changed().unwrap_or(false) => {
                    sled.remade().await.map(|()| report)
                }
                report => report,
            };
            match report {
                // A new folder.
                Ok(report) if report == Remade::default() => {}
                Ok(report) => tracing::info!(
                    recorded = report.recorded,
                    unproved = report.unproved,
                    damaged = report.damaged,
                    "the ledger is made anew from files and journal"
                ),
                Err(error) => tracing::error!(%error, "the ledger is not made anew"),
            }
        }
        if emptied.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}
