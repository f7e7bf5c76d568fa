//! One followed database.

mod accept;
mod age;
mod carried;
mod examine;
mod find;
mod refuse;
mod stored;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use proto::module::ModuleVersion;
use proto::sumdb::{Fork, Head, TILE_HEIGHT};
use proto::tlog::Tile;
use tokio::time::Instant;

use super::archive::{Archive, DamagedHead};
use super::fault::Faults;
use super::fetch::{Fetch, Hops};
use super::heads::Heads;
use super::keeper::Keeper;
use super::remote::Remote;
use super::tiles::blocking;
use super::{LookupError, ProvedAnswer};
use crate::config;
use crate::evidence::Evidence;
use crate::flight::Flights;
use crate::store::durable::Staging;

/// A database that is asked upstream and proved here: what is stored of it, and the
/// way to it.
pub(crate) struct Followed {
    archive: Archive,
    keeper: Arc<Keeper>,
    remote: Arc<Remote>,
    heads: Arc<dyn Heads>,
    faults: Arc<Faults>,
    head_age_max: Option<Duration>,
    /// Held for a look or a change, never while waiting or writing.
    state: Mutex<State>,
    /// Held while a head is written and made the current one, so that heads move
    /// forward one at a time.
    committing: tokio::sync::Mutex<()>,
    /// What is under way, by what is asked for. Requests that come round through other
    /// servers are refused before they may wait here.
    lookups: Flights<ModuleVersion, Result<Arc<ProvedAnswer>, LookupError>>,
    refreshes: Flights<(), Result<(), LookupError>>,
    tiles: Flights<Tile, Result<Bytes, LookupError>>,
}

#[derive(Debug, Default)]
struct State {
    /// The newest accepted head.
    current: Option<Head>,
    /// When it was accepted.
    accepted_at: Option<SystemTime>,
    /// Whether the log has been told that it stands still.
    told_still: bool,
    /// Records of a newer head that was followed, and whose file was damaged.
    lost_size: Option<u64>,
    /// When upstream was last asked for its newest head, and whether it answered.
    refreshed: Option<(Instant, bool)>,
    stopped: Option<Stopped>,
}

/// A database that a fork has stopped.
#[derive(Debug, Clone)]
struct Stopped {
    reason: String,
    /// What is still to be written down, the marker included.
    unwritten: Option<Box<Fork>>,
    /// Whether the marker is on disk. When it is gone again, a person has resumed.
    marked: bool,
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Followed({})", self.name())
    }
}

/// What a followed database works with.
#[derive(Clone)]
pub(super) struct Around {
    pub(super) staging: Staging,
    pub(super) evidence: Evidence,
    pub(super) fetch: Arc<dyn Fetch>,
    pub(super) heads: Arc<dyn Heads>,
    pub(super) upstream: Arc<config::Upstream>,
}

/// How old the answer to `latest` may be before upstream is asked again.
const HEAD_FRESH: Duration = Duration::from_secs(60);
/// How long upstream is left alone about it after it failed.
const HEAD_RETRY: Duration = Duration::from_secs(10);
/// How long after a head was fetched a client that asks beyond it is told so.
const HEAD_SETTLED: Duration = Duration::from_secs(5);

impl Followed {
    /// Opens what is stored of a database, to go on following it. A newest head whose
    /// file is damaged is moved aside, and the one before it is followed. Blocks.
    ///
    /// # Errors
    /// What the file system answers, or that the folder belongs to another key.
    pub(super) fn open(
        settings: &config::Database,
        data: &Path,
        around: Around,
    ) -> io::Result<Self> {
        let (archive, damaged) = Archive::open(settings, &around.upstream, data)?;
        let keeper = Keeper::new(archive.clone(), around.staging);
        for bad in &damaged {
            put_aside(&keeper, &around.evidence, bad)?;
        }
        let size = archive.head_size();
        let state = State {
            current: archive.newest().cloned(),
            accepted_at: size.and_then(|size| archive.head_accepted_at(size)),
            told_still: false,
            lost_size: archive.lost_size().filter(|lost| Some(*lost) > size),
            refreshed: None,
            stopped: archive.fork().map(|evidence| Stopped {
                reason: stopped_by(&evidence),
                unwritten: None,
                marked: true,
            }),
        };
        if let Some(lost) = state.lost_size {
            tell_lost(archive.name(), size, lost);
        }
        if let Err(error) = keeper.prepare_fork() {
            tell_unprepared(archive.name(), &error);
        }
        Ok(Self {
            keeper: Arc::new(keeper),
            remote: Arc::new(Remote::new(settings, &around.upstream, around.fetch)),
            heads: around.heads,
            faults: Arc::new(Faults::new(around.evidence)),
            head_age_max: settings.head_age_max,
            state: Mutex::new(state),
            committing: tokio::sync::Mutex::default(),
            lookups: Flights::default(),
            refreshes: Flights::default(),
            tiles: Flights::default(),
            archive,
        })
    }

    /// The database's name, which is also its key's.
    pub(crate) fn name(&self) -> &str {
        self.archive.name()
    }

    /// Whether this is a database to prove a module in.
    pub(super) fn covers(&self, module: &str) -> bool {
        self.archive.audience().covers(module)
    }

    /// Records under the newest accepted head.
    pub(crate) fn head_size(&self) -> Option<u64> {
        self.state().current.as_ref().map(|head| head.tree.size)
    }

    /// Records under the newest head that was ever followed, when that is newer than
    /// the present one: its file was damaged, and no head as new has come since.
    pub(crate) fn lost_head_size(&self) -> Option<u64> {
        self.state().lost_size
    }

    /// Whether a fork has stopped the database.
    pub(crate) fn is_stopped(&self) -> bool {
        self.check_stopped().is_err()
    }

    /// Whether a proof that record `id` is in the log, made under the key with this
    /// hash, is still believed: the key is the one that is followed, and the record is
    /// not beyond the newest head that was. The record's own hash is the caller's to
    /// compare, where it has an answer about it.
    pub(crate) fn holds(&self, key_hash: u32, id: u64) -> bool {
        let state = self.state();
        let size = state.current.as_ref().map(|head| head.tree.size);
        self.archive.key().key_hash() == key_hash && size.max(state.lost_size) > Some(id)
    }

    /// The proved answer about a module version: the stored one, or upstream's.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn lookup(
        self: &Arc<Self>,
        module: &ModuleVersion,
        hops: &Hops,
    ) -> Result<Arc<ProvedAnswer>, LookupError> {
        if !self.archive.audience().may_be_told(module.path.as_str()) {
            return Err(LookupError::Private);
        }
        if let Some(answer) = self.stored_answer(module).await? {
            return Ok(Arc::new(answer));
        }
        self.check_stopped()?;
        let (this, wanted, way) = (Arc::clone(self), module.clone(), hops.clone());
        let work = async move { this.look_up(&wanted, &way).await };
        self.lookups.join(module.clone(), work).await
    }

    /// The newest signed head, verbatim: asked of upstream when it is more than a
    /// minute old, and stale when upstream has none to give.
    ///
    /// # Errors
    /// See [`LookupError`]; only when no head has ever been accepted.
    pub(crate) async fn latest(self: &Arc<Self>, hops: &Hops) -> Result<Bytes, LookupError> {
        let refreshed = if self.is_due(HEAD_FRESH) {
            self.refresh(hops).await
        } else {
            Ok(())
        };
        match (self.current(), refreshed) {
            (Some(head), _) => Ok(head.note.into()),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(LookupError::Unreachable {
                reason: "no signed head has been seen yet".to_owned(),
                retry_after: Some(HEAD_RETRY),
            }),
        }
    }

    /// A tile, from disk or proved under an accepted head.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn tile(
        self: &Arc<Self>,
        tile: &Tile,
        hops: &Hops,
    ) -> Result<Bytes, LookupError> {
        if tile.height != TILE_HEIGHT {
            return Err(not_here(format!(
                "not found: tiles have height {TILE_HEIGHT} here\n"
            )));
        }
        if let Some(bytes) = self.stored_tile(tile).await? {
            return Ok(bytes.into());
        }
        self.check_stopped()?;
        let (this, wanted, way) = (Arc::clone(self), *tile, hops.clone());
        let work = async move { this.find_tile(&wanted, &way).await };
        self.tiles.join(*tile, work).await
    }

    /// Does what is to be done from time to time: writes down a fork that could not be,
    /// and looks whether the head stands still.
    pub(crate) async fn tick(self: &Arc<Self>) {
        self.check_age().await;
        let this = Arc::clone(self);
        let written = blocking("writing down a fork", move || {
            this.write_fork();
            Ok(())
        });
        if let Err(error) = written.await {
            let (database, error) = (self.name(), error.to_string());
            tracing::warn!(database, error, "the evidence of a fork is not written");
        }
    }

    /// A person may have told another process to resume: then the marker is gone.
    fn check_stopped(&self) -> Result<(), LookupError> {
        let mut state = self.state();
        let Some(stopped) = &state.stopped else {
            return Ok(());
        };
        // Looked at and forgotten at once: another fork may come in between.
        if stopped.marked && self.archive.fork().is_none() {
            state.stopped = None;
            return Ok(());
        }
        let reason = stopped.reason.clone();
        Err(LookupError::Stopped { reason })
    }

    fn current(&self) -> Option<Head> {
        self.state().current.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Moves a damaged head aside. What it held is kept as evidence.
fn put_aside(keeper: &Keeper, evidence: &Evidence, bad: &DamagedHead) -> io::Result<()> {
    let (database, file) = (keeper.archive().name(), bad.path.display().to_string());
    let facts = serde_json::json!({
        "database": database,
        "file": file,
        "records": bad.size,
        "reason": bad.reason,
    });
    let kept = evidence.keep("damaged-head", database, facts, &[("head", &bad.bytes)]);
    let evidence = kept.map_or_else(
        |error| format!("not kept: {error}"),
        |path| path.display().to_string(),
    );
    tracing::error!(
        database,
        file,
        reason = bad.reason,
        evidence,
        "a stored head of a checksum database is damaged and was moved aside"
    );
    keeper.put_aside(bad)
}

fn tell_lost(database: &str, size: Option<u64>, lost: u64) {
    tracing::error!(
        database,
        followed_records = size.unwrap_or(0),
        lost_records = lost,
        "a newer head of a checksum database was lost; an older one is followed until a head \
         as new comes, so a fork between the two would not be seen"
    );
}

fn tell_unprepared(database: &str, error: &io::Error) {
    let error = error.to_string();
    tracing::warn!(
        database,
        error,
        "the marker that stops a checksum database cannot be kept ready"
    );
}

fn stopped_by(evidence: &Path) -> String {
    format!(
        "it has signed two heads that contradict each other, see {}; after looking at it, \
         `sumward database resume` follows the first log again",
        evidence.display()
    )
}

fn not_here(text: String) -> LookupError {
    LookupError::NotFound {
        status: 404,
        text: text.into(),
    }
}
