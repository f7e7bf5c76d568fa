//! The module proxy: stored answers, and upstream's where there are none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use proto::goproxy::Request;
use proto::module::ModuleVersion;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::ask::Asked;
use crate::config::live::Live;
use crate::config::{self, Config};
use crate::flight::Joined;
use crate::metrics::{self, InFlight, Metrics};
use crate::serve::per_address::{PerAddress, Place};
use crate::shelf::answer::{Answer, Kind, Reply};
use crate::source::upstream::Want;
use crate::source::{Class, Sources};
use crate::store::Key;

pub(crate) mod admission;
pub(crate) mod changing;
pub(crate) mod drift;
pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod fill;
pub(crate) mod intake;
pub(crate) mod module;
mod offline;
mod private;
pub(crate) mod proof;
mod received;
pub(crate) mod refused;
pub(crate) mod room;
pub(crate) mod stored;
pub(crate) mod suspect;
pub(crate) mod transfer;
mod withheld;

use changing::Changing;
use error::{Error, Remember};
use file::{Part, VersionFile};
use fill::{Fills, Flow, Watcher};
use proof::Prover;
use room::Room;

/// What is stored, and the refusals of modules that are remembered.
pub(crate) type Shelf = crate::shelf::Shelf<Error>;

/// Answers module requests.
#[derive(Debug)]
pub(crate) struct Modules {
    shelf: Arc<Shelf>,
    sources: Arc<Sources>,
    prover: Prover,
    fills: Arc<Fills>,
    metrics: Arc<Metrics>,
    limits: config::Limits,
    /// Tells which modules are private.
    private: config::Upstream,
    room: Room,
    is_read_only: bool,
    live: Live,
    waiting: Arc<AtomicUsize>,
    /// The same, by client address.
    per_address: Arc<PerAddress>,
    /// Large files that are unpacked or hashed at once: work for cores, and a hostile
    /// zip costs some 80 MB.
    measuring: Arc<Semaphore>,
    /// What is still to be written down for an answer that has been given.
    tasks: TaskTracker,
    /// How many records of the log of our own were compared with their upstreams.
    rechecked: AtomicU64,
}

/// What the module proxy is made of.
pub(crate) struct Parts {
    /// What is stored.
    pub(crate) shelf: Arc<Shelf>,
    /// Where files come from.
    pub(crate) sources: Arc<Sources>,
    /// The settings that may change.
    pub(crate) live: Live,
    /// What must be proved.
    pub(crate) prover: Prover,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Fills, which go on when clients leave.
    pub(crate) tasks: TaskTracker,
    /// Whether nothing can be written.
    pub(crate) is_read_only: bool,
}

impl Modules {
    /// Puts the module proxy together.
    pub(crate) fn new(config: &Config, parts: Parts) -> Self {
        let limits = config.limits.clone();
        let at_once = limits.fetches_max.saturating_add(limits.text_fetches_max);
        let bounds = fill::Bounds {
            begun_max: at_once.saturating_add(limits.waiting_max),
            unwatched_max: limits.unwatched_max,
        };
        Self {
            shelf: parts.shelf,
            sources: parts.sources,
            prover: parts.prover,
            fills: Arc::new(Fills::new(bounds, parts.tasks.clone())),
            tasks: parts.tasks,
            metrics: parts.metrics,
            private: config.upstream.clone(),
            room: Room::new(&config.data, parts.live.clone()),
            is_read_only: parts.is_read_only,
            live: parts.live,
            rechecked: AtomicU64::new(0),
            waiting: Arc::default(),
            per_address: PerAddress::new(limits.waiting_of_one()),
            measuring: Arc::new(Semaphore::new(
                std::thread::available_parallelism().map_or(1, usize::from) + 1,
            )),
            limits,
        }
    }

    /// Answers a module request.
    ///
    /// # Errors
    /// Why it is not answered.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        request: &Request,
        asked: Asked,
    ) -> Result<Reply, Error> {
        let key = Key::of(request);
        if let Some(answer) = self.ready(key.as_str()) {
            return Ok(Reply::Whole(answer));
        }
        let module = request.module().clone();
        let (kind, version) = match request {
            Request::List(_) => (Kind::List, None),
            Request::Latest(_) => (Kind::Latest, None),
            // `v2.0.0` of a path without `/v2` is a question, to which
            // `v2.0.0+incompatible` may be the answer.
            Request::Info { path, query } => (
                Kind::Query,
                query
                    .version()
                    .and_then(|version| ModuleVersion::new(path.clone(), version).ok())
                    .map(|version| (version, Part::Info)),
            ),
            Request::Mod(version) => (Kind::Mod, Some((version.clone(), Part::Mod))),
            Request::Zip(version) => (Kind::Zip, Some((version.clone(), Part::Zip))),
        };
        if let Some((version, _)) = &version
            && let Some(reason) = self.prover.denied(version)
        {
            let version = version.clone();
            return Err(Error::Denied { version, reason });
        }
        let path = module.as_str().to_owned();
        let answered = match version {
            Some((version, part)) => {
                let file = VersionFile { version, part, key };
                self.version_file(file, asked.clone()).await
            }
            None => {
                let wanted = Changing { module, kind, key };
                self.changing(wanted, asked.clone()).await
            }
        };
        match answered {
            Err(error) => {
                if error.is_for_want_of_upstream() {
                    self.note_missing(request);
                }
                Err(self.as_private(&path, error, &asked).await)
            }
            Ok(reply) => self.without_denied(request, reply, &asked).await,
        }
    }

    /// Notes that somebody asked for what could not be had.
    fn note_missing(&self, request: &Request) {
        let (query, part) = match request {
            Request::List(_) | Request::Latest(_) => ("latest".to_owned(), None),
            Request::Info { query, .. } => {
                let part = query.version().map(|_| Part::Info);
                (query.to_string(), part)
            }
            Request::Mod(version) => (version.version.to_string(), Some(Part::Mod)),
            Request::Zip(version) => (version.version.to_string(), Some(Part::Zip)),
        };
        let name = format!("{}@{query}", request.module());
        let now = crate::journal::seconds_now();
        self.shelf.missing().note(&name, part.map(Part::name), now);
    }

    /// Returns the answer that is in memory and need not be asked for again.
    pub(crate) fn ready(&self, path: &str) -> Option<Arc<Answer>> {
        let answer = self.shelf.ready(path)?;
        (!self.may_withhold(&answer, path)).then_some(answer)
    }

    /// Counts a client that waits for a transfer, while the guard is kept.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait.
    pub(crate) fn waiting(&self, asked: &Asked) -> Result<Waiting, Error> {
        let place = self.per_address.enter(asked.client);
        let place = place.map_err(|_| Error::Busy {
            who: "requests from your address",
        })?;
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.limits.waiting_max {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::Busy { who: "clients" });
        }
        Ok(Waiting {
            count: Arc::clone(&self.waiting),
            _place: place,
            _gauge: self.metrics.waiting(),
        })
    }

    /// Refuses new fetches where they could not be stored; what is stored is served
    /// on.
    ///
    /// # Errors
    /// [`Error::DiskNearlyFull`], [`Error::ReadOnly`].
    pub(crate) async fn check_room(&self) -> Result<(), Error> {
        if self.is_read_only {
            return Err(Error::ReadOnly);
        }
        self.room.check().await
    }

    /// Remembers what will not change soon: that a thing does not exist, and
    /// that upstream's bytes are wrong.
    pub(crate) async fn remember<T>(
        &self,
        key: &Key,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        let Err(error) = &result else { return result };
        match error.remember() {
            Remember::No => {}
            Remember::Briefly => {
                self.shelf
                    .refuse(key, error.clone(), self.live.now().negative_ttl)
            }
            Remember::Pause => self
                .shelf
                .refuse(key, error.clone(), self.live.now().proof.pause),
        }
        if let Error::NotFound {
            upstream,
            status,
            text,
        } = error
            && !self.is_read_only
            && !error.is_timeout_in_disguise()
        {
            let absence = crate::ledger::Absence::now(upstream, *status, text);
            self.shelf.absences().put(key, &absence).await;
        }
        result
    }

    /// Returns of which version a file was held against a database last, since the start,
    /// and was what that says, and how long ago.
    pub(crate) fn last_judged(&self, database: &str) -> Option<(ModuleVersion, Duration)> {
        self.prover.last(database)
    }

    /// Brings gauges that nobody counts up to date.
    pub(crate) async fn measure(&self) {
        self.metrics.hot_bytes(self.shelf.hot_bytes());
        if let Ok(disk) = self.room.disk().await {
            self.metrics.disk_free(disk.free);
        }
    }

    /// Looks at the data disk.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) async fn disk(&self) -> std::io::Result<room::Disk> {
        self.room.disk().await
    }

    /// Tells whether somebody may be asked for a module.
    fn may_fetch(&self, module: &str) -> bool {
        !self.is_read_only && !self.sources.is_off_for(module)
    }

    /// Refuses a request that has passed a server to which our upstream list leads
    /// back. Asked before the request may wait for a fill: in a ring of servers two
    /// fills would else wait for each other.
    ///
    /// # Errors
    /// [`Error::Ring`].
    pub(crate) async fn check_ring(&self, asked: &Asked) -> Result<(), Error> {
        if asked.relayed && self.sources.leads_back(&asked.via).await {
            return Err(Error::Ring);
        }
        Ok(())
    }

    /// Returns what is wanted of upstream on a client's behalf.
    fn want(&self, asked: &Asked, body_max: u64, class: Class) -> Want {
        Want {
            body_max,
            via: asked.via.clone(),
            class,
        }
    }

    /// Joins the fill of `key` as one of its clients, or begins it with `work`. The
    /// place of the client that begins a fill is taken until the fill ends, so that one
    /// who begins many and leaves has his places taken all the same.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait; nothing is begun then.
    fn join<W>(
        &self,
        key: &Key,
        asked: &Asked,
        work: impl FnOnce(Arc<Flow>) -> W,
    ) -> Result<Watching, Error>
    where
        W: Future<Output = Result<Arc<Answer>, Error>> + Send + 'static,
    {
        let place = Arc::new(self.waiting(asked)?);
        let of_fill = Arc::clone(&place);
        let joined = self.fills.join(key, move |flow| {
            let work = work(flow);
            async move {
                let _place = of_fill;
                work.await
            }
        })?;
        Ok(Watching { joined, place })
    }

    /// Waits for a fill as one of its clients.
    async fn wait_for(&self, kind: metrics::Kind, watching: Watching) -> Result<Reply, Error> {
        let Watching { joined, place } = watching;
        let found = match joined.began {
            true => metrics::Lookup::Miss,
            false => metrics::Lookup::Joined,
        };
        self.metrics.lookup(kind, found);
        fill::reply(joined.seat, place).await
    }
}

/// A fill, and the place of a client among those who wait.
struct Watching {
    joined: Joined<Watcher>,
    place: Arc<Waiting>,
}

/// What is held for requests at a moment.
#[cfg(test)]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Held {
    fills: usize,
    waiting: usize,
    addresses: usize,
    measuring_free: usize,
}

#[cfg(test)]
impl Modules {
    /// Returns what is held for requests now.
    pub(crate) fn held(&self) -> Held {
        Held {
            fills: self.fills.under_way(),
            waiting: self.waiting.load(Ordering::Relaxed),
            addresses: self.per_address.addresses(),
            measuring_free: self.measuring.available_permits(),
        }
    }
}

/// A client that waits for bytes from upstream, for as long as this is kept.
pub(crate) struct Waiting {
    count: Arc<AtomicUsize>,
    _place: Place,
    _gauge: InFlight,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
