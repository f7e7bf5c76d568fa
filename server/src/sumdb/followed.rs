//! One followed database.

mod examine;
mod find;
mod keep;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use proto::module::ModuleVersion;
use proto::module::pattern::Patterns;
use proto::note::VerifierKey;
use proto::sumdb::client::LookupPlan;
use proto::sumdb::{Error, Head, LookupAnswer, Record, TILE_HEIGHT};
use proto::tlog::{Hash, Node, Tile};
use tokio::time::Instant;

mod held;

use super::fault::Faults;
use super::remote::{Fetch, Remote};
use super::store::Store;
use super::tiles::{self, blocking};
use super::{Answer, LookupError};
use crate::config;
use crate::evidence::Evidence;
use crate::flight::Flights;
use crate::source::upstream::Upstreams;
use crate::store::durable::Staging;

/// A followed database: what is stored of it, and the way to it.
pub(crate) struct Database<F = Upstreams> {
    key: VerifierKey,
    modules: Option<Patterns>,
    store: Store,
    /// Absent where only what is stored is looked at.
    remote: Option<Arc<Remote<F>>>,
    faults: Option<Arc<Faults>>,
    /// Held for a look or a change, never while waiting or writing.
    state: Mutex<State>,
    /// Held by a blocking thread while it writes a head and makes it the current
    /// one, so that heads move forward one at a time.
    committing: Mutex<()>,
    lookups: Flights<ModuleVersion, Result<Arc<Answer>, LookupError>>,
    heads: Flights<(), Result<(), LookupError>>,
    tiles: Flights<Tile, Result<Bytes, LookupError>>,
}

#[derive(Debug, Default)]
struct State {
    /// The newest accepted head.
    current: Option<Head>,
    /// When upstream was last asked for its newest head, and whether it answered.
    refreshed: Option<(Instant, bool)>,
    stopped: Option<Stopped>,
}

/// A database that a fork has stopped.
#[derive(Debug, Clone)]
struct Stopped {
    reason: String,
    /// Whether the marker is on disk. When it is gone again, a person has resumed.
    marked: bool,
}

impl<F> fmt::Debug for Database<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.key.name())
    }
}

/// What an open database works with.
pub(super) struct Around<F> {
    pub(super) staging: Staging,
    pub(super) evidence: Evidence,
    pub(super) fetch: Arc<F>,
}

/// How old the answer to `latest` may be before upstream is asked again.
const HEAD_FRESH: Duration = Duration::from_secs(60);
/// How long upstream is left alone about it after it failed.
const HEAD_RETRY: Duration = Duration::from_secs(10);
/// How long after a head was fetched a client that asks beyond it is told so.
const HEAD_SETTLED: Duration = Duration::from_secs(5);

impl<F: Fetch> Database<F> {
    /// Opens what is stored of a database; with `around`, to go on following it.
    /// Blocks.
    ///
    /// # Errors
    /// What the file system answers, or a newest head that the key has not signed.
    pub(super) fn open(
        settings: &config::Database,
        data: &Path,
        around: Option<Around<F>>,
    ) -> io::Result<Self> {
        let (staging, rest) = match around {
            Some(around) => (Some(around.staging), Some((around.evidence, around.fetch))),
            None => (None, None),
        };
        let store = Store::new(data, &settings.key, staging);
        let state = State {
            current: store.newest_head()?,
            refreshed: None,
            stopped: store.fork().map(|evidence| Stopped {
                reason: stopped_by(&evidence),
                marked: true,
            }),
        };
        let (faults, remote) = match rest {
            Some((evidence, fetch)) => {
                let remote = Remote::new(settings.key.name(), settings.url.as_deref(), fetch);
                (
                    Some(Arc::new(Faults::new(evidence))),
                    Some(Arc::new(remote)),
                )
            }
            None => (None, None),
        };
        Ok(Self {
            key: settings.key.clone(),
            modules: settings.modules.clone(),
            store,
            remote,
            faults,
            state: Mutex::new(state),
            committing: Mutex::new(()),
            lookups: Flights::default(),
            heads: Flights::default(),
            tiles: Flights::default(),
        })
    }

    /// The database's name, which is also its key's.
    pub(crate) fn name(&self) -> &str {
        self.key.name()
    }

    /// Whether this is the database to prove a module in.
    pub(crate) fn covers(&self, module: &str) -> bool {
        self.modules
            .as_ref()
            .is_none_or(|modules| modules.matches(module))
    }

    /// Records under the newest accepted head.
    pub(crate) fn head_size(&self) -> Option<u64> {
        self.current().map(|head| head.tree.size)
    }

    /// Whether a fork has stopped the database.
    pub(crate) fn is_stopped(&self) -> bool {
        self.check_stopped().is_err()
    }

    /// The proved answer about a module version: the stored one, or upstream's.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn lookup(
        self: &Arc<Self>,
        module: &ModuleVersion,
    ) -> Result<Arc<Answer>, LookupError> {
        let (store, wanted) = (self.store.clone(), module.clone());
        let stored = blocking("reading a stored answer", move || {
            read_stored(&store, &wanted)
        });
        if let Some(answer) = stored.await? {
            return Ok(Arc::new(answer));
        }
        self.check_stopped()?;
        let (this, wanted) = (Arc::clone(self), module.clone());
        let work = async move { this.look_up(&wanted).await };
        self.lookups.join(module.clone(), work).await
    }

    /// The stored answer about a module version, proved again from what is stored
    /// alone. Blocks.
    ///
    /// # Errors
    /// [`LookupError::Invalid`] when the proof does not hold, [`LookupError::Internal`].
    pub(crate) fn stored(&self, module: &ModuleVersion) -> Result<Option<Answer>, LookupError> {
        let internal = |error: io::Error| LookupError::from_io("reading a stored answer", &error);
        let Some(bytes) = self.store.lookup(module).map_err(internal)? else {
            return Ok(None);
        };
        let invalid = |error: Error| LookupError::Invalid {
            reason: error.to_string(),
        };
        let current = self.current();
        let plan = LookupPlan::new(current.as_ref(), &bytes, module, &self.key).map_err(invalid)?;
        let mut data = Vec::new();
        for tile in plan.tiles() {
            let bytes = self.store.tile(tile).map_err(internal)?;
            data.push(bytes.ok_or_else(|| LookupError::Invalid {
                reason: format!("{tile}, which proves it, is not stored"),
            })?);
        }
        let proved = plan.finish(&data).map_err(invalid)?;
        Ok(Some(Answer {
            id: proved.id,
            record: proved.record,
            bytes: bytes.into(),
        }))
    }

    /// The newest signed head, verbatim: asked of upstream when it is more than a
    /// minute old, and stale when upstream has none to give.
    ///
    /// # Errors
    /// See [`LookupError`]; only when no head has ever been accepted.
    pub(crate) async fn latest(self: &Arc<Self>) -> Result<Bytes, LookupError> {
        let refreshed = if self.is_due(HEAD_FRESH) {
            self.refresh().await
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
    pub(crate) async fn tile(self: &Arc<Self>, tile: &Tile) -> Result<Bytes, LookupError> {
        if tile.height != TILE_HEIGHT {
            return Err(not_here(format!(
                "not found: tiles have height {TILE_HEIGHT} here\n"
            )));
        }
        if let Some(bytes) = tiles::held_one(&self.store, *tile).await? {
            return Ok(bytes.into());
        }
        self.check_stopped()?;
        let (this, wanted) = (Arc::clone(self), *tile);
        let work = async move { this.find_tile(&wanted).await };
        self.tiles.join(*tile, work).await
    }

    /// A person may have told another process to resume: then the marker is gone.
    fn check_stopped(&self) -> Result<(), LookupError> {
        let Some(stopped) = self.state().stopped.clone() else {
            return Ok(());
        };
        if stopped.marked && self.store.fork().is_none() {
            self.state().stopped = None;
            return Ok(());
        }
        let reason = stopped.reason;
        Err(LookupError::Stopped { reason })
    }

    fn current(&self) -> Option<Head> {
        self.state().current.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remote(&self) -> Result<&Arc<Remote<F>>, LookupError> {
        self.remote
            .as_ref()
            .ok_or_else(|| LookupError::Unreachable {
                reason: "only what is stored is looked at".to_owned(),
                retry_after: None,
            })
    }
}

/// Reads an answer that was proved before it was written. It is not proved again,
/// only held against its hash in the tile beside it: a file that was damaged since
/// is as good as none, and is fetched again.
fn read_stored(store: &Store, module: &ModuleVersion) -> io::Result<Option<Answer>> {
    let Some(bytes) = store.lookup(module)? else {
        return Ok(None);
    };
    let Some((id, hash, record)) = parse_stored(&bytes, module) else {
        return Ok(None);
    };
    let leaf = Node::record(id);
    let tile = Tile::holding(TILE_HEIGHT, leaf, id.saturating_add(1));
    let held = tile.map(|tile| store.tile(&tile)).transpose()?.flatten();
    if held.is_none_or(|held| !held.ends_with(&hash.0)) {
        let module = module.to_string();
        tracing::warn!(
            module,
            "a stored answer is not the one that was proved; asking again"
        );
        return Ok(None);
    }
    Ok(Some(Answer {
        id,
        record,
        bytes: bytes.into(),
    }))
}

fn parse_stored(bytes: &[u8], module: &ModuleVersion) -> Option<(u64, Hash, Record)> {
    let answer = LookupAnswer::parse(bytes).ok()?;
    let record = Record::parse(&answer.record).ok()?;
    record
        .is_about(module)
        .then(|| (answer.id, answer.record_hash(), record))
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
