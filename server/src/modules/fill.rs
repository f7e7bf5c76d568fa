//! One upstream transfer per file, however many clients wait for it.
//!
//! A fill is a task of its own: clients watch it and may leave. It goes on without
//! them for `limits.unwatched_max`, so that what one impatient client began serves the
//! next one, and ends then. Who joins and who begins is decided in `flight.rs`.

use std::fs::File;
use std::future::Future;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::error::Error;
use crate::blocking::{self, CALL_MAX};
use crate::flight::{Joined, UnderWay, Work};
use crate::shelf::answer::{Answer, Reply};
use crate::store::{Content, Key};
use crate::telemetry::context::carried;

/// How far a fill has come.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    /// Nothing may leave yet.
    Waiting,
    /// The first `available` bytes of `file` may leave.
    Flowing {
        file: Arc<File>,
        length: Option<u64>,
        available: u64,
    },
    /// All there, stored and judged.
    Done(Arc<Answer>),
    /// Nothing more will come.
    Failed(Error),
}

/// The task's side of a fill.
#[derive(Debug)]
pub(crate) struct Flow(watch::Sender<Progress>);

impl Flow {
    /// Returns a fill's side that nobody watches.
    pub(crate) fn unwatched() -> Self {
        Self(watch::Sender::new(Progress::Waiting))
    }

    /// Lets the first `available` bytes of `file` leave.
    pub(crate) fn advance(&self, file: &Arc<File>, length: Option<u64>, available: u64) {
        self.0.send_replace(Progress::Flowing {
            file: Arc::clone(file),
            length,
            available,
        });
    }

    /// Tells whether bytes have been let go, so that the file can no longer
    /// become another one.
    pub(crate) fn has_begun(&self) -> bool {
        matches!(*self.0.borrow(), Progress::Flowing { .. })
    }
}

/// A client's side of a fill.
pub(crate) type Watcher = watch::Receiver<Progress>;

impl Work for Arc<Flow> {
    type Seat = Watcher;

    fn join(&self) -> Option<Watcher> {
        Some(self.0.subscribe())
    }

    /// It is joined as long as it is in the table: its task takes it out.
    fn is_over(&self) -> bool {
        false
    }
}

/// How many fills there may be, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Fills begun and not ended.
    pub(crate) begun_max: usize,
    /// How long one goes on that nobody watches.
    pub(crate) unwatched_max: Duration,
}

/// The fills under way.
#[derive(Debug)]
pub(crate) struct Fills {
    under_way: UnderWay<Key, Arc<Flow>>,
    bounds: Bounds,
    tasks: TaskTracker,
}

impl Fills {
    /// Begins without any; each is a task of `tasks`.
    pub(crate) fn new(bounds: Bounds, tasks: TaskTracker) -> Self {
        Self {
            under_way: UnderWay::default(),
            bounds,
            tasks,
        }
    }

    /// Joins the fill of `key`, or begins it with `work`.
    ///
    /// # Errors
    /// [`Error::Busy`] when there are too many already.
    pub(crate) fn join<W>(
        self: &Arc<Self>,
        key: &Key,
        work: impl FnOnce(Arc<Flow>) -> W,
    ) -> Result<Joined<Watcher>, Error>
    where
        W: Future<Output = Result<Arc<Answer>, Error>> + Send + 'static,
    {
        let mut begun = None;
        let joined = self.under_way.join(key, |under_way| {
            if under_way >= self.bounds.begun_max {
                return Err(Error::Busy { who: "downloads" });
            }
            let (sender, watcher) = watch::channel(Progress::Waiting);
            let flow = Arc::new(Flow(sender));
            begun = Some(Arc::clone(&flow));
            Ok((flow, watcher))
        })?;
        if let Some(flow) = begun {
            let place = Place {
                fills: Arc::clone(self),
                key: key.clone(),
                flow: Arc::clone(&flow),
            };
            self.tasks.spawn(carried(run(place, work(flow))));
        }
        Ok(joined)
    }

    /// Returns how many are under way.
    #[cfg(test)]
    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }
}

/// Does the work of a fill, until nobody waits for it any more.
async fn run(place: Place, work: impl Future<Output = Result<Arc<Answer>, Error>>) {
    let end = tokio::select! {
        end = work => end,
        () = place.is_abandoned() => Err(Error::Abandoned),
    };
    // Whoever joins from here on begins anew, or finds it stored.
    let (flow, key) = (Arc::clone(&place.flow), place.key.clone());
    drop(place);
    flow.end(&key, end);
}

impl Flow {
    fn end(&self, key: &Key, end: Result<Arc<Answer>, Error>) {
        if let Err(error) = &end {
            if self.has_begun() {
                // Clients see a cut connection and no word.
                tracing::warn!(%key, %error, "a download was cut off that clients had begun to receive");
            } else if matches!(error, Error::Abandoned) {
                tracing::info!(%key, "a download ended that no client waited for");
            }
        }
        self.0.send_replace(match end {
            Ok(answer) => Progress::Done(answer),
            Err(error) => Progress::Failed(error),
        });
    }
}

/// A fill's entry among the running ones; gone when the task ends, however it
/// ends.
struct Place {
    fills: Arc<Fills>,
    key: Key,
    flow: Arc<Flow>,
}

impl Place {
    /// Returns when nobody has watched for `unwatched_max`. Nobody can join then: who
    /// comes begins another fill, and does not get the end of this one.
    async fn is_abandoned(&self) {
        let sender = &self.flow.0;
        loop {
            sender.closed().await;
            tokio::time::sleep(self.fills.bounds.unwatched_max).await;
            if self.leave_if(|| sender.receiver_count() == 0) {
                return;
            }
        }
    }

    /// Takes the fill out of the running ones, if it is there and `is_so`.
    fn leave_if(&self, is_so: impl FnOnce() -> bool) -> bool {
        let is_it = |flow: &Arc<Flow>| Arc::ptr_eq(flow, &self.flow) && is_so();
        self.fills.under_way.remove_if(&self.key, is_it)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave_if(|| true);
    }
}

/// Waits until something of a fill may leave. `place` is kept until the last
/// byte has been taken: it bounds how many pieces lie in memory.
///
/// # Errors
/// The fill's error.
pub(crate) async fn reply(
    mut watcher: Watcher,
    place: impl Send + 'static,
) -> Result<Reply, Error> {
    let progress = watcher
        .wait_for(|progress| !matches!(progress, Progress::Waiting))
        .await
        .map(|progress| progress.clone());
    match progress {
        Ok(Progress::Done(answer)) => Ok(Reply::Whole(answer)),
        Ok(Progress::Failed(error)) => Err(error),
        Ok(Progress::Flowing { length, .. }) => Ok(Reply::Arriving {
            length,
            pieces: Box::pin(futures_util::stream::try_unfold(
                Reader {
                    watcher,
                    at: 0,
                    _place: place,
                },
                next_piece,
            )),
        }),
        Ok(Progress::Waiting) | Err(_) => Err(Error::Stopping),
    }
}

/// Bytes read at once: what a client that stalls holds.
const PIECE_BYTES_MAX: u64 = 64 << 10;

/// A client that takes a file as it arrives.
struct Reader<P> {
    watcher: Watcher,
    /// Bytes taken.
    at: u64,
    _place: P,
}

async fn next_piece<P>(mut reader: Reader<P>) -> io::Result<Option<(Bytes, Reader<P>)>> {
    loop {
        let progress = reader.watcher.borrow_and_update().clone();
        let piece = match progress {
            Progress::Flowing {
                file, available, ..
            } if reader.at < available => {
                read_piece(file, reader.at, available - reader.at).await?
            }
            Progress::Done(answer) => {
                let left = answer.content.len().saturating_sub(reader.at);
                if left == 0 {
                    return Ok(None);
                }
                read_content(answer.content.clone(), reader.at, left).await?
            }
            Progress::Failed(error) => return Err(io::Error::other(error)),
            Progress::Waiting | Progress::Flowing { .. } => {
                reader.watcher.changed().await.map_err(io::Error::other)?;
                continue;
            }
        };
        reader.at += piece.len() as u64;
        return Ok(Some((piece, reader)));
    }
}

async fn read_piece(file: Arc<File>, at: u64, left: u64) -> io::Result<Bytes> {
    let length = piece_length(left);
    blocking::run_within(CALL_MAX, move || {
        let mut piece = vec![0; length];
        file.read_exact_at(&mut piece, at)?;
        Ok(Bytes::from(piece))
    })
    .await
}

async fn read_content(content: Content, at: u64, left: u64) -> io::Result<Bytes> {
    match content {
        Content::Memory(bytes) => {
            let start = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            Ok(bytes.slice(start..))
        }
        Content::File(file) => {
            let length = piece_length(left);
            blocking::run_within(CALL_MAX, move || file.read_at(at, length)).await
        }
    }
}

fn piece_length(left: u64) -> usize {
    usize::try_from(left.min(PIECE_BYTES_MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
