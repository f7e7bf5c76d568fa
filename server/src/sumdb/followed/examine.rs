//! Proving what upstream answers, while the followed head may move.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proto::module::ModuleVersion;
use proto::sumdb::client::{HeadPlan, LookupPlan, Merged, Proved, Relation};
use proto::sumdb::{Error, Head};
use proto::tlog::Tile;
use tokio::time::Instant;

use super::keep::Accepted;
use super::{Database, HEAD_RETRY, HEAD_SETTLED};
use crate::sumdb::remote::Fetch;
use crate::sumdb::tiles::{self, From, blocking};
use crate::sumdb::{Answer, LookupError};

/// How often an answer is examined anew because the followed head moved meanwhile.
/// It moves only forward, so each time another answer has come to its end.
const EXAMINED_MAX: usize = 64;
/// Bytes of a lookup answer: the limits of a record and of a note.
const ANSWER_BYTES_MAX: u64 = 2 << 20;
/// Bytes of a signed head.
const NOTE_BYTES_MAX: u64 = 1_000_000;

/// What lookups and heads are proved by.
trait Plan: Send + 'static {
    type Proved: Send + 'static;

    fn tiles(&self) -> &[Tile];
    fn finish(self, data: &[Vec<u8>]) -> Result<Self::Proved, Error>;
    /// The head that came with what was proved, and how it stands to the followed one.
    fn head(proved: &Self::Proved) -> (&Head, Relation);
}

impl Plan for LookupPlan {
    type Proved = Proved;

    fn tiles(&self) -> &[Tile] {
        self.tiles()
    }

    fn finish(self, data: &[Vec<u8>]) -> Result<Proved, Error> {
        self.finish(data)
    }

    fn head(proved: &Proved) -> (&Head, Relation) {
        (&proved.head, proved.relation)
    }
}

impl Plan for HeadPlan {
    type Proved = Merged;

    fn tiles(&self) -> &[Tile] {
        self.tiles()
    }

    fn finish(self, data: &[Vec<u8>]) -> Result<Merged, Error> {
        self.finish(data)
    }

    fn head(merged: &Merged) -> (&Head, Relation) {
        (&merged.head, merged.relation)
    }
}

impl<F: Fetch> Database<F> {
    pub(super) async fn look_up(
        self: &Arc<Self>,
        module: &ModuleVersion,
    ) -> Result<Arc<Answer>, LookupError> {
        let path = format!("lookup/{}", module.escaped());
        let bytes = self.remote()?.read(&path, ANSWER_BYTES_MAX).await?;
        let plan = |current: Option<&Head>| LookupPlan::new(current, &bytes, module, &self.key);
        let proved = self.examine(&path, &bytes, plan, Some(module)).await?;
        Ok(Arc::new(Answer {
            id: proved.id,
            record: proved.record,
            bytes,
        }))
    }

    /// Asks upstream for its newest head, once for all who want it.
    pub(super) async fn refresh(self: &Arc<Self>) -> Result<(), LookupError> {
        self.check_stopped()?;
        let this = Arc::clone(self);
        let work = async move {
            let refreshed = this.take_newest().await;
            if let Err(error) = &refreshed {
                let (database, error) = (this.name(), error.to_string());
                tracing::warn!(database, error, "no newer head of a checksum database");
            }
            this.state().refreshed = Some((Instant::now(), refreshed.is_ok()));
            refreshed
        };
        self.heads.join((), work).await
    }

    /// Asks upstream for its newest head unless it has just answered.
    pub(super) async fn refresh_unless_settled(self: &Arc<Self>) -> Result<(), LookupError> {
        if self.is_due(HEAD_SETTLED) {
            return self.refresh().await;
        }
        match self.state().refreshed {
            Some((_, false)) => Err(LookupError::Unreachable {
                reason: "it gave no newer head a moment ago".to_owned(),
                retry_after: Some(HEAD_RETRY),
            }),
            None | Some((_, true)) => Ok(()),
        }
    }

    async fn take_newest(self: &Arc<Self>) -> Result<(), LookupError> {
        let path = "latest";
        let note = self.remote()?.read(path, NOTE_BYTES_MAX).await?;
        let plan = |current: Option<&Head>| {
            let head = Head::open(&note, &self.key)?;
            HeadPlan::new(current, head)
        };
        self.examine(path, &note, plan, None).await.map(|_| ())
    }

    /// Whether upstream should be asked for a head again, given how old an answer
    /// may be.
    pub(super) fn is_due(&self, fresh: Duration) -> bool {
        match self.state().refreshed {
            None => true,
            Some((when, true)) => when.elapsed() >= fresh,
            Some((when, false)) => when.elapsed() >= fresh.min(HEAD_RETRY),
        }
    }

    /// Proves an answer and keeps it, under `module` if it is a lookup's. The answer
    /// is examined once, and again when tiles on disk turn out to be damaged, or when
    /// the head it was compared with is not the newest any more.
    async fn examine<P: Plan>(
        self: &Arc<Self>,
        path: &str,
        bytes: &Bytes,
        plan: impl Fn(Option<&Head>) -> Result<P, Error>,
        module: Option<&ModuleVersion>,
    ) -> Result<P::Proved, LookupError> {
        let mut from = From::DiskFirst;
        for _ in 0..EXAMINED_MAX {
            let current = self.current();
            let plan = match plan(current.as_ref()) {
                Ok(plan) => plan,
                Err(error) => return Err(self.refuse(path, bytes, current, vec![], error).await),
            };
            let wanted = plan.tiles().to_vec();
            let read = self.read_tiles(&wanted, from).await.map_err(lacking)?;
            let (finished, read) = compute(read, move |data| plan.finish(data)).await?;
            let tiles = wanted.into_iter().zip(read.bytes).collect();
            let proved = match finished {
                Ok(proved) => proved,
                Err(Error::Tree(_)) if read.any_held => {
                    from = From::Upstream;
                    continue;
                }
                Err(error) => return Err(self.refuse(path, bytes, current, tiles, error).await),
            };
            let (head, relation) = P::head(&proved);
            let accepted = Accepted {
                tiles,
                before: current,
                head: head.clone(),
                relation,
                lookup: module.map(|module| (module.clone(), bytes.clone())),
            };
            if self.accept(accepted).await? {
                return Ok(proved);
            }
        }
        Err(LookupError::Unreachable {
            reason: "its head moves faster than answers can be proved".to_owned(),
            retry_after: Some(Duration::from_secs(1)),
        })
    }
}

/// A tile that upstream lacks leaves an answer unproved. It does not say that what was
/// asked for does not exist.
fn lacking(error: LookupError) -> LookupError {
    match error {
        LookupError::NotFound { status, text } => {
            let text = String::from_utf8_lossy(&text);
            LookupError::Unreachable {
                reason: format!("a tile that proves its answer is missing ({status}): {text}"),
                retry_after: None,
            }
        }
        error => error,
    }
}

/// Hashes and compares on a thread that may block.
pub(super) async fn compute<T: Send + 'static>(
    read: tiles::Read,
    finish: impl FnOnce(&[Vec<u8>]) -> T + Send + 'static,
) -> Result<(T, tiles::Read), LookupError> {
    blocking("proving", move || {
        let finished = finish(&read.bytes);
        Ok((finished, read))
    })
    .await
}
