//! A checksum database of our own: what is admitted is logged, numbered and signed.
//!
//! One key then speaks for public modules, whose lines are copied from the public
//! database once they are proved there, and for private ones, which are hashed here. The
//! sequencer that gives numbers is `proto::tlog::sequencer`; here are the files, the
//! ledger and the clients around it.
//!
//! Absent here: who decides what is admitted ([`Admit`]; `app` hands it down), and any
//! way to change or withdraw a record.

mod admit;
mod archive;
mod asking;
mod denied;
mod error;
mod files;
pub(crate) mod high_water;
mod history;
pub(crate) mod key;
pub(crate) mod keys;
mod log;
mod map;
mod queue;
mod read;
mod settings;
mod step;
mod times;
mod verifiers;
mod witnessed;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;
use proto::module::{ModulePath, ModuleVersion};
use proto::note::VerifierKey;
use proto::sumdb::own;
use proto::tlog::Tile;
use proto::tlog::entries::Entries;
use quick_cache::sync::Cache;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

pub(crate) use admit::{Admit, Admitted, Logged};
pub(crate) use archive::Archive;
pub(crate) use denied::{Denied, check_reason};
pub(crate) use error::Error;
pub(crate) use read::TileBody;
pub(crate) use settings::{check, high_water_of};
pub(crate) use times::change as time_of_batch;
pub(crate) use witnessed::WitnessStanding;

use crate::config;
use crate::flight::Flights;
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::source::Sources;
use crate::store::durable::Staging;
use files::Files;
use high_water::Mark;
use keys::Keys;
use log::Log;
use map::Map;
use queue::Queue;
use read::Reader;
use times::Times;
use witnessed::Witnessed;

/// The longest record: two lines, each with a module path, a version and a hash.
const RECORD_BYTES_MAX: usize = 8 << 10;

/// Records that are kept at hand; some 3 MB.
const LATELY_MAX: usize = 8192;

/// The number of a record, and the record.
type Record = (u64, Arc<[u8]>);

/// A database that is kept and signed here.
pub(crate) struct Own {
    log: Arc<Log>,
    queue: Arc<Queue>,
    reader: Reader,
    journal: Journal,
    denied: Denied,
    admit: Arc<dyn Admit>,
    /// Says which modules are private: those are proved here.
    upstream: config::Upstream,
    /// Records that were asked for lately: they never change.
    lately: Cache<ModuleVersion, Record>,
    /// What is being admitted.
    admissions: Flights<ModuleVersion, Result<Record, Error>>,
}

/// What a database is kept with.
pub(crate) struct Parts {
    /// The keys that sign.
    pub(crate) keys: Keys,
    /// Where the high-water mark lies.
    pub(crate) high_water: PathBuf,
    /// The size with which a person says to go on.
    pub(crate) accepted: Option<u64>,
    /// The settings, for the witnesses.
    pub(crate) settings: config::Own,
    /// By which witnesses are sent heads.
    pub(crate) sources: Arc<Sources>,
    /// The step after which the process ends, in tests.
    pub(crate) end_after: Option<String>,
    /// The files that are being written.
    pub(crate) staging: Staging,
    /// Heads, and which module is where.
    pub(crate) ledger: Arc<dyn Ledger>,
    /// First uses.
    pub(crate) journal: Journal,
    /// Who decides what is admitted.
    pub(crate) admit: Arc<dyn Admit>,
    /// Batches that are being written.
    pub(crate) tasks: TaskTracker,
    /// Whether nothing can be written.
    pub(crate) is_read_only: bool,
}

/// A record of the log, and the answer that has it.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// The record's number.
    pub(crate) id: u64,
    /// The record.
    pub(crate) record: Vec<u8>,
    /// Number, record and signed head, as clients get them.
    pub(crate) bytes: Vec<u8>,
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Own({})", self.name())
    }
}

impl Own {
    /// Opens the database, and finishes what a crash has left. Blocks, on a thread of the
    /// runtime that may.
    ///
    /// # Errors
    /// What disk or ledger answer.
    pub(crate) fn open(data: &Path, upstream: &config::Upstream, parts: Parts) -> io::Result<Self> {
        let verifiers = parts.keys.verifiers();
        let name = verifiers.name().to_owned();
        let files = Files::at(data, &name, parts.staging.clone());
        let witnessed = Witnessed::open(
            &parts.settings,
            verifiers.clone(),
            files.clone(),
            parts.sources,
        );
        let log = Arc::new(Log {
            map: Map::open(
                Arc::clone(&parts.ledger),
                files.clone(),
                name.clone(),
                (!parts.is_read_only).then_some(parts.staging),
            ),
            times: Times::new(
                Arc::clone(&parts.ledger),
                parts.journal.clone(),
                name.clone(),
            ),
            witnessed: witnessed.map_err(io::Error::other)?,
            keys: parts.keys,
            verifiers,
            mark: Mark::at(&parts.high_water, settings::other_mark(&parts.settings)),
            files: files.clone(),
            ledger: parts.ledger,
            is_read_only: parts.is_read_only,
            alike: AtomicU64::new(0),
        });
        let standing = Handle::current().block_on(log.stand_or_serve(parts.accepted))?;
        // Only now: a start that finishes a batch takes the same last steps.
        if let Some(step) = &parts.end_after
            && !step::STEPS.end_after(step)
        {
            return Err(io::Error::other(format!(
                "{step} is not a step of logging a record"
            )));
        }
        if let Some(reason) = &standing.unsigned {
            tracing::error!(
                database = log.verifiers.name(),
                records = standing.head.tree.size,
                reason,
                "nothing is signed; what is in the log is served"
            );
        }
        let queue = Arc::new(Queue::new(Arc::clone(&log), standing, parts.tasks));
        Ok(Self {
            reader: Reader::new(files, Arc::clone(&queue)),
            log,
            queue,
            denied: Denied::open(data, parts.journal.clone(), name)?,
            journal: parts.journal,
            admit: parts.admit,
            upstream: upstream.clone(),
            lately: Cache::new(LATELY_MAX),
            admissions: Flights::default(),
        })
    }

    /// The database's name, which is also its key's.
    pub(crate) fn name(&self) -> &str {
        self.log.verifiers.name()
    }

    /// The key that it is known by; its heads are signed with it.
    pub(crate) fn key(&self) -> &VerifierKey {
        self.log.verifiers.first()
    }

    /// Whether a module is proved here before it is served: every private one is.
    pub(crate) fn proves(&self, module: &str) -> bool {
        self.upstream.private_entry(module).is_some()
    }

    /// Records in the log.
    pub(crate) fn size(&self) -> u64 {
        self.queue.standing().head.tree.size
    }

    /// Why nothing is signed; `None` where signing goes on.
    pub(crate) fn unsigned(&self) -> Option<String> {
        let unsigned = self.queue.standing().unsigned.clone();
        unsigned.or_else(|| self.log.witnessed.ahead())
    }

    /// The newest signed head, as the go command reads it.
    ///
    /// # Errors
    /// [`Error::Unsigned`] when the log was lost, and its first head would be given out
    /// a second time.
    pub(crate) fn latest(&self) -> Result<Vec<u8>, Error> {
        self.given_out().map(|head| head.note)
    }

    /// The newest signed head, as witnesses and monitors read it, with the cosignatures
    /// that there are of it.
    ///
    /// # Errors
    /// As [`latest`](Self::latest).
    pub(crate) fn checkpoint(&self) -> Result<Vec<u8>, Error> {
        let head = self.given_out()?;
        Ok(self.log.witnessed.attach(&head))
    }

    fn given_out(&self) -> Result<own::SignedHead, Error> {
        let standing = self.queue.standing();
        match &standing.unsigned {
            Some(reason) if standing.head.tree.size == 0 => Err(Error::Unsigned {
                reason: reason.clone(),
            }),
            _ => Ok(standing.head.clone()),
        }
    }

    /// Returns the record of a module version where it is logged.
    ///
    /// # Errors
    /// What disk or ledger answer.
    pub(crate) async fn logged(&self, module: &ModuleVersion) -> Result<Option<Answered>, Error> {
        if let Some((id, record)) = self.lately.get(module) {
            return self.answer(id, &record).map(Some);
        }
        // The map knows of a batch before the others are told of its head.
        let tree = self.queue.standing().head.tree;
        let found = self.log.map.record(module, &tree).await;
        let found = found.map_err(Error::io("looking a module up in the log"))?;
        let Some((id, record)) = found else {
            return Ok(None);
        };
        let (id, record) = self.remember(module.clone(), id, record);
        self.answer(id, &record).map(Some)
    }

    /// Returns the record of a module version, which is admitted where it is not logged.
    ///
    /// # Errors
    /// Why it is neither.
    pub(crate) async fn lookup(
        self: &Arc<Self>,
        module: &ModuleVersion,
        via: Option<HeaderValue>,
    ) -> Result<Answered, Error> {
        if let Some(answered) = self.logged(module).await? {
            return Ok(answered);
        }
        if let Some(reason) = self.unsigned() {
            return Err(Error::Unsigned { reason });
        }
        if let Some(reason) = self.log.witnessed.stopped() {
            return Err(Error::Unsigned { reason });
        }
        let (this, wanted) = (Arc::clone(self), module.clone());
        let work = async move {
            // Another may have had it admitted after it was looked for.
            if let Some(logged) = this.lately.get(&wanted) {
                return Ok(logged);
            }
            let id = this.admit(wanted.clone(), via).await?;
            let record = this.reader.record(id).await?;
            Ok(this.remember(wanted, id, record))
        };
        let (id, record) = self.admissions.join(module.clone(), work).await?;
        self.answer(id, &record)
    }

    /// Looks again where the log stands while nothing is signed: the ledger may answer now,
    /// or a person has put the high-water mark back.
    pub(crate) async fn tick(&self) {
        self.queue.look_again().await;
    }

    /// Returns a record of the log by its number.
    ///
    /// # Errors
    /// What the disk answers, or that it is beyond the log.
    pub(crate) async fn record(&self, id: u64) -> Result<Vec<u8>, Error> {
        self.reader.record(id).await
    }

    /// Returns how many modules have come since the start whose names look like those of
    /// others in the log.
    pub(crate) fn look_alikes(&self) -> u64 {
        self.log.alike.load(Ordering::Relaxed)
    }

    /// Returns why a logged version is not served any more; `None` where it is.
    pub(crate) fn denied(&self, module: &ModuleVersion) -> Option<String> {
        self.denied.reason(module)
    }

    /// Returns the versions of a module that are not served any more.
    pub(crate) fn denied_of(&self, module: &ModulePath) -> BTreeSet<String> {
        self.denied.versions_of(module)
    }

    /// Tells whether any version is not served any more.
    pub(crate) fn denies_any(&self) -> bool {
        self.denied.has_any()
    }

    /// Stops serving a version, for a reason, or serves it again. Its record stays.
    ///
    /// # Errors
    /// What the disk answers; nothing is changed then.
    pub(crate) async fn deny(
        &self,
        module: &ModuleVersion,
        reason: Option<String>,
    ) -> Result<(), Error> {
        let set = self.denied.set(module, reason).await;
        set.map_err(Error::io("noting that a version is denied"))
    }

    /// Returns a tile of any height; `None` when the log has not all of it.
    ///
    /// # Errors
    /// What the disk answers.
    pub(crate) async fn tile(&self, tile: &Tile) -> Result<Option<TileBody>, Error> {
        self.reader.tile(tile, Entries::Lines).await
    }

    /// Returns a tile of records, each with its length before it.
    ///
    /// # Errors
    /// What the disk answers.
    pub(crate) async fn entries(&self, tile: &Tile) -> Result<Option<TileBody>, Error> {
        self.reader.tile(tile, Entries::Sized).await
    }

    /// Keeps a record at hand.
    fn remember(&self, module: ModuleVersion, id: u64, record: Vec<u8>) -> Record {
        let logged: Record = (id, record.into());
        self.lately.insert(module, logged.clone());
        logged
    }

    /// Puts the answer with a record together, under the newest head.
    fn answer(&self, id: u64, record: &[u8]) -> Result<Answered, Error> {
        let note = self.latest()?;
        Ok(Answered {
            id,
            record: record.to_vec(),
            bytes: own::lookup_answer(id, record, &note),
        })
    }
}

#[cfg(test)]
mod tests;
