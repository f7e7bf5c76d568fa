//! Proving what upstream answers, while the followed head may move.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proto::module::ModuleVersion;
use proto::sumdb::client::{HeadPlan, LookupPlan, Merged, Proved, Relation};
use proto::sumdb::{Error, Head};
use proto::tlog::Tile;
use tokio::time::Instant;

use super::accept::{Accepted, Outcome};
use super::{Followed, HEAD_RETRY, HEAD_SETTLED};
use crate::sumdb::fetch::Hops;
use crate::sumdb::tiles::{ReadFrom, ReadTile, blocking};
use crate::sumdb::{LookupError, ProvedAnswer};

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

impl Followed {
    pub(super) async fn look_up(
        self: &Arc<Self>,
        module: &ModuleVersion,
        hops: &Hops,
    ) -> Result<Arc<ProvedAnswer>, LookupError> {
        let path = format!("lookup/{}", module.escaped());
        let bytes = self.remote.read(&path, ANSWER_BYTES_MAX, hops).await?;
        let key = self.archive.key();
        let plan = |current: Option<&Head>| LookupPlan::new(current, &bytes, module, key);
        let asked = Query {
            path: &path,
            bytes: &bytes,
            module: Some(module),
            hops,
        };
        let proved = self.examine(asked, plan).await?;
        let answer = ProvedAnswer::new(proved.id, proved.record, key, bytes.clone());
        Ok(Arc::new(answer))
    }

    /// Asks upstream for its newest head, once for all who want it.
    pub(super) async fn refresh(self: &Arc<Self>, hops: &Hops) -> Result<(), LookupError> {
        self.check_stopped()?;
        let (this, way) = (Arc::clone(self), hops.clone());
        let work = async move {
            let refreshed = this.take_newest(&way).await;
            if let Err(error) = &refreshed {
                let (database, error) = (this.name(), error.to_string());
                tracing::warn!(database, error, "no newer head of a checksum database");
            }
            this.state().refreshed = Some((Instant::now(), refreshed.is_ok()));
            this.tell_age();
            refreshed
        };
        self.refreshes.join((), work).await
    }

    /// Asks upstream for its newest head unless it has just answered.
    pub(super) async fn refresh_unless_settled(
        self: &Arc<Self>,
        hops: &Hops,
    ) -> Result<(), LookupError> {
        if self.is_due(HEAD_SETTLED) {
            return self.refresh(hops).await;
        }
        match self.state().refreshed {
            Some((_, false)) => Err(LookupError::Unreachable {
                reason: "it gave no newer head a moment ago".to_owned(),
                retry_after: Some(HEAD_RETRY),
            }),
            None | Some((_, true)) => Ok(()),
        }
    }

    async fn take_newest(self: &Arc<Self>, hops: &Hops) -> Result<(), LookupError> {
        let path = "latest";
        let note = self.remote.read(path, NOTE_BYTES_MAX, hops).await?;
        let plan = |current: Option<&Head>| {
            let head = Head::open(&note, self.archive.key())?;
            HeadPlan::new(current, head)
        };
        let asked = Query {
            path,
            bytes: &note,
            module: None,
            hops,
        };
        self.examine(asked, plan).await.map(|_| ())
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

    /// Proves an answer and keeps it. The answer is examined once, and again when
    /// tiles on disk turn out to be damaged, or when the head it was compared with is
    /// not the newest any more.
    async fn examine<P: Plan>(
        self: &Arc<Self>,
        asked: Query<'_>,
        plan: impl Fn(Option<&Head>) -> Result<P, Error>,
    ) -> Result<P::Proved, LookupError> {
        for _ in 0..EXAMINED_MAX {
            let (proved, accepted) = self.prove(&asked, &plan).await?;
            match self.accept(accepted).await? {
                Outcome::Kept => return Ok(proved),
                Outcome::Outpaced => {}
                Outcome::OutpacedBy(conflict) => {
                    self.adopt_newest(&conflict.newest, asked.hops).await?;
                }
            }
        }
        Err(outpaced())
    }

    /// Proves an answer under the followed head as it is now.
    async fn prove<P: Plan>(
        self: &Arc<Self>,
        asked: &Query<'_>,
        plan: &impl Fn(Option<&Head>) -> Result<P, Error>,
    ) -> Result<(P::Proved, Accepted), LookupError> {
        let Query { path, bytes, .. } = asked;
        let mut from = ReadFrom::DiskFirst;
        loop {
            let current = self.current();
            let plan = match plan(current.as_ref()) {
                Ok(plan) => plan,
                Err(error) => return Err(self.refuse(path, bytes, current, vec![], error).await),
            };
            let wanted = plan.tiles().to_vec();
            let read = self.read_tiles(&wanted, from, asked.hops).await;
            let read = read.map_err(lacking)?;
            let any_stored = read.iter().any(ReadTile::is_stored);
            let (finished, tiles) = compute(read, move |data| plan.finish(data)).await?;
            let proved = match finished {
                Ok(proved) => proved,
                Err(Error::Tree(_)) if any_stored => {
                    from = ReadFrom::Upstream;
                    continue;
                }
                Err(error) => return Err(self.refuse(path, bytes, current, tiles, error).await),
            };
            let (head, relation) = P::head(&proved);
            let accepted = Accepted {
                tiles,
                from,
                before: current,
                head: head.clone(),
                relation,
                lookup: asked
                    .module
                    .map(|module| (module.clone(), (*bytes).clone())),
            };
            return Ok((proved, accepted));
        }
    }

    /// Proves the head that another process has accepted, and follows it when it is
    /// newer than ours.
    async fn adopt_newest(self: &Arc<Self>, note: &[u8], hops: &Hops) -> Result<(), LookupError> {
        let note = Bytes::copy_from_slice(note);
        let plan =
            |current: Option<&Head>| HeadPlan::new(current, Head::open(&note, self.archive.key())?);
        let asked = Query {
            path: "the newest head that another node has accepted",
            bytes: &note,
            module: None,
            hops,
        };
        for _ in 0..EXAMINED_MAX {
            let (_, accepted) = self.prove(&asked, &plan).await?;
            let adopted = self.adopt(accepted).await;
            match adopted.map_err(|error| LookupError::from_io("keeping a head", &error))? {
                Outcome::Kept => return Ok(()),
                Outcome::Outpaced | Outcome::OutpacedBy(_) => {}
            }
        }
        Err(outpaced())
    }
}

/// An answer of upstream that is to be examined.
struct Query<'a> {
    /// What was asked for.
    path: &'a str,
    bytes: &'a Bytes,
    /// The module version that it is about, if it is a lookup's.
    module: Option<&'a ModuleVersion>,
    hops: &'a Hops,
}

fn outpaced() -> LookupError {
    LookupError::Unreachable {
        reason: "its head moves faster than answers can be proved".to_owned(),
        retry_after: Some(Duration::from_secs(1)),
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
    mut read: Vec<ReadTile>,
    finish: impl FnOnce(&[Vec<u8>]) -> T + Send + 'static,
) -> Result<(T, Vec<ReadTile>), LookupError> {
    blocking("proving", move || {
        let data: Vec<_> = read
            .iter_mut()
            .map(|read| std::mem::take(&mut read.bytes))
            .collect();
        let finished = finish(&data);
        for (read, bytes) in read.iter_mut().zip(data) {
            read.bytes = bytes;
        }
        Ok((finished, read))
    })
    .await
}
