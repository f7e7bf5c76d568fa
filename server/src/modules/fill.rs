//! One upstream transfer per file, however many clients wait for it.
//!
//! A fill is a task of its own: clients watch it and may leave. It goes on without
//! them for `limits.unwatched_max`, so that what one impatient client began serves the
//! next one, and ends then.

use std::collections::HashMap;
use std::fs::File;
use std::future::Future;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::error::Error;
use crate::blocking;
use crate::shelf::answer::{Answer, Reply};
use crate::store::{Content, Key};

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

    /// Returns when nobody has watched for `unwatched_max`.
    async fn is_abandoned(&self, unwatched_max: Duration) {
        loop {
            self.0.closed().await;
            tokio::time::sleep(unwatched_max).await;
            if self.0.receiver_count() == 0 {
                return;
            }
        }
    }
}

/// A client's side of a fill.
pub(crate) type Watcher = watch::Receiver<Progress>;

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
    /// What is filled. Held only to look and to note, never across a wait.
    running: Mutex<HashMap<Key, Arc<Flow>>>,
    bounds: Bounds,
    tasks: TaskTracker,
}

/// What joining came to.
pub(crate) struct Joined {
    /// Where to watch.
    pub(crate) watcher: Watcher,
    /// Whether this call began the fill.
    pub(crate) began: bool,
}

impl Fills {
    /// Begins without any; each is a task of `tasks`.
    pub(crate) fn new(bounds: Bounds, tasks: TaskTracker) -> Self {
        Self {
            running: Mutex::default(),
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
    ) -> Result<Joined, Error>
    where
        W: Future<Output = Result<Arc<Answer>, Error>> + Send + 'static,
    {
        let mut running = self.running();
        if let Some(flow) = running.get(key) {
            return Ok(Joined {
                watcher: flow.0.subscribe(),
                began: false,
            });
        }
        if running.len() >= self.bounds.begun_max {
            return Err(Error::Busy { who: "downloads" });
        }
        let (sender, watcher) = watch::channel(Progress::Waiting);
        let flow = Arc::new(Flow(sender));
        running.insert(key.clone(), Arc::clone(&flow));
        drop(running);
        let place = Place {
            fills: Arc::clone(self),
            key: key.clone(),
        };
        let work = work(Arc::clone(&flow));
        let unwatched_max = self.bounds.unwatched_max;
        self.tasks.spawn(async move {
            let end = tokio::select! {
                end = work => end,
                () = flow.is_abandoned(unwatched_max) => Err(Error::Abandoned),
            };
            // Whoever joins from here on begins anew, or finds it stored.
            let key = place.key.clone();
            drop(place);
            flow.end(&key, end);
        });
        Ok(Joined {
            watcher,
            began: true,
        })
    }

    /// Returns how many are under way.
    #[cfg(test)]
    pub(super) fn under_way(&self) -> usize {
        self.running().len()
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<Flow>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
}

impl Drop for Place {
    fn drop(&mut self) {
        self.fills.running().remove(&self.key);
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
    blocking::run(move || {
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
            blocking::run(move || file.read_at(at, length)).await
        }
    }
}

fn piece_length(left: u64) -> usize {
    usize::try_from(left.min(PIECE_BYTES_MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
