//! The module proxy: stored answers, and upstream's where there are none.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proto::goproxy::Request;
use proto::module::ModuleVersion;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::ask::Asked;
use crate::config::{self, Config};
use crate::http::refusal::Refusal;
use crate::ledger::Index;
use crate::metrics::{InFlight, Metrics};
use crate::shelf::hot::Hot;
use crate::source::upstream::Upstreams;
use crate::store::Store;

pub(crate) mod changing;
pub(crate) mod file;
pub(crate) mod fill;
mod kept;
mod mismatch;
pub(crate) mod module;
pub(crate) mod proof;
pub(crate) mod stored;
pub(crate) mod transfer;

use crate::shelf::answer::{Answer, Kind, Reply};
use crate::shelf::negative::Negative;
use file::{Part, VersionFile};
use fill::Fills;
use proof::Prover;

/// Answers module requests.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) store: Store,
    pub(crate) index: Index,
    pub(crate) hot: Arc<Hot>,
    pub(crate) negative: Negative,
    upstreams: Arc<Upstreams>,
    prover: Prover,
    fills: Arc<Fills>,
    metrics: Arc<Metrics>,
    limits: config::Limits,
    data: PathBuf,
    disk_free_min: u64,
    list_fresh: Duration,
    negative_ttl: Duration,
    pause: Duration,
    waiting: Arc<AtomicUsize>,
    /// Large files that are unpacked or hashed at once: work for cores, and a hostile
    /// zip costs some 80 MB.
    measuring: Semaphore,
}

/// What a proxy is made of.
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) index: Index,
    pub(crate) hot: Arc<Hot>,
    pub(crate) upstreams: Arc<Upstreams>,
    pub(crate) prover: Prover,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tasks: TaskTracker,
}

impl Proxy {
    /// Puts a proxy together.
    pub(crate) fn new(config: &Config, parts: Parts) -> Self {
        let limits = config.limits.clone();
        Self {
            store: parts.store,
            index: parts.index,
            hot: parts.hot,
            negative: Negative::new(config.cache.negative_entries_max),
            upstreams: parts.upstreams,
            prover: parts.prover,
            fills: Arc::new(Fills::new(
                limits.fetches_max,
                limits.waiting_max,
                parts.tasks,
            )),
            metrics: parts.metrics,
            data: config.data.clone(),
            disk_free_min: config.cache.disk_free_min,
            list_fresh: config.cache.list_fresh,
            negative_ttl: config.cache.negative_ttl,
            pause: config.proof.pause,
            waiting: Arc::default(),
            measuring: Semaphore::new(
                std::thread::available_parallelism().map_or(1, usize::from) + 1,
            ),
            limits,
        }
    }

    /// Answers a module request.
    ///
    /// # Errors
    /// A refusal.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        request: &Request,
        asked: Asked,
    ) -> Result<Reply, Refusal> {
        let key = request.path();
        if let Some(answer) = self.ready(&key) {
            return Ok(Reply::Whole(answer));
        }
        match request {
            Request::List(_) => self.changing(key, Kind::List, asked).await,
            Request::Latest(_) => self.changing(key, Kind::Latest, asked).await,
            Request::Info { path, query } => {
                // `v2.0.0` of a path without `/v2` is a question, to which
                // `v2.0.0+incompatible` may be the answer.
                let exact = query
                    .version()
                    .and_then(|version| ModuleVersion::new(path.clone(), version).ok());
                match exact {
                    Some(version) => self.file(version, Part::Info, key, asked).await,
                    None => self.changing(key, Kind::Query, asked).await,
                }
            }
            Request::Mod(version) => self.file(version.clone(), Part::Mod, key, asked).await,
            Request::Zip(version) => self.file(version.clone(), Part::Zip, key, asked).await,
        }
    }

    /// Returns the answer that is in memory and need not be asked for again.
    pub(crate) fn ready(&self, key: &str) -> Option<Arc<Answer>> {
        self.hot.get(key).filter(|answer| answer.is_fresh())
    }

    /// Tells whether a module's name is to be kept from databases.
    pub(crate) fn is_exempt(&self, module: &str) -> bool {
        self.prover.is_exempt(module)
    }

    async fn file(
        self: &Arc<Self>,
        version: ModuleVersion,
        part: Part,
        key: String,
        asked: Asked,
    ) -> Result<Reply, Refusal> {
        let file = VersionFile { version, part, key };
        self.version_file(file, asked).await
    }

    /// Refuses new fetches while the disk is nearly full; what is stored is
    /// served on.
    ///
    /// # Errors
    /// A refusal.
    pub(crate) fn check_disk(&self) -> Result<(), Refusal> {
        let free = free_bytes(&self.data)
            .map_err(|error| Refusal::internal("asking for the free space on disk", &error))?;
        self.metrics.disk_free(free);
        if free >= self.disk_free_min {
            return Ok(());
        }
        Err(Refusal {
            log: Some(format!(
                "{free} bytes are free below {}, the floor is {}",
                self.data.display(),
                self.disk_free_min
            )),
            ..Refusal::disk_full()
        })
    }

    /// Counts a client that waits for a transfer, while the guard is kept.
    ///
    /// # Errors
    /// A refusal when too many wait.
    pub(crate) fn waiting(&self) -> Result<Waiting, Refusal> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.limits.waiting_max {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Refusal::unavailable(
                "too many clients wait for downloads already\n",
                None,
            ));
        }
        Ok(Waiting {
            count: Arc::clone(&self.waiting),
            _gauge: self.metrics.waiting(),
        })
    }
}

/// A client that waits for bytes from upstream, for as long as this is kept.
pub(crate) struct Waiting {
    count: Arc<AtomicUsize>,
    _gauge: InFlight,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns the bytes that an unprivileged process may still write there.
fn free_bytes(folder: &std::path::Path) -> std::io::Result<u64> {
    let stat = rustix::fs::statvfs(folder)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Runs blocking work off the async threads.
async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(std::io::Error::other)
        .flatten()
        .map_err(|error| Refusal::storage(what, &error))
}
