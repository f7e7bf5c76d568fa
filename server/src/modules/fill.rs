//! One upstream transfer per file, however many clients wait for it.
//!
//! A fill is a task of its own: clients watch it and may leave, the fill goes
//! on to its end, so what one impatient client began serves the next one.

use std::collections::HashMap;
use std::fs::File;
use std::future::Future;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;

use crate::http::refusal::Refusal;
use crate::shelf::answer::{Answer, Reply};

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
    /// All there, stored and proved.
    Done(Arc<Answer>),
    /// Nothing more will come.
    Failed(Refusal),
}

/// The task's side of a fill.
#[derive(Debug)]
pub(crate) struct Flow(watch::Sender<Progress>);

impl Flow {
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

/// The fills under way.
#[derive(Debug)]
pub(crate) struct Fills {
    /// Who fills what. Held only to look and to note, never across a wait.
    running: Mutex<HashMap<String, Watcher>>,
    /// Transfers at once.
    permits: Semaphore,
    /// Fills begun, running or waiting for a permit.
    begun: AtomicUsize,
    begun_max: usize,
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
    /// Allows `at_once` transfers, and `queue_max` more that wait for them.
    pub(crate) fn new(at_once: usize, queue_max: usize, tasks: TaskTracker) -> Self {
        Self {
            running: Mutex::default(),
            permits: Semaphore::new(at_once),
            begun: AtomicUsize::new(0),
            begun_max: at_once.saturating_add(queue_max),
            tasks,
        }
    }

    /// Joins the fill of `key`, or begins it with `work`.
    ///
    /// # Errors
    /// A refusal when too many fills wait already.
    pub(crate) fn join<W>(
        self: &Arc<Self>,
        key: &str,
        work: impl FnOnce(Arc<Flow>) -> W,
    ) -> Result<Joined, Refusal>
    where
        W: Future<Output = Result<Arc<Answer>, Refusal>> + Send + 'static,
    {
        let mut running = self.running();
        if let Some(watcher) = running.get(key) {
            return Ok(Joined {
                watcher: watcher.clone(),
                began: false,
            });
        }
        if self.begun.fetch_add(1, Ordering::Relaxed) >= self.begun_max {
            self.begun.fetch_sub(1, Ordering::Relaxed);
            return Err(Refusal::unavailable(
                "too many downloads wait for upstream already\n",
                None,
            ));
        }
        let (sender, watcher) = watch::channel(Progress::Waiting);
        running.insert(key.to_owned(), watcher.clone());
        drop(running);
        let flow = Arc::new(Flow(sender));
        let work = work(Arc::clone(&flow));
        let place = Place {
            fills: Arc::clone(self),
            key: key.to_owned(),
        };
        self.tasks.spawn(async move {
            let end = match place.fills.permits.acquire().await {
                Ok(_permit) => work.await,
                Err(_) => Err(Refusal::unavailable("this server is stopping\n", None)),
            };
            flow.0.send_replace(match end {
                Ok(answer) => Progress::Done(answer),
                Err(refusal) => Progress::Failed(refusal),
            });
            drop(place);
        });
        Ok(Joined {
            watcher,
            began: true,
        })
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, Watcher>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fill's entry among the running ones; gone when the task ends, however it
/// ends.
struct Place {
    fills: Arc<Fills>,
    key: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.fills.running().remove(&self.key);
        self.fills.begun.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits until something of a fill may leave. `place` is kept until the last
/// byte has been taken: it bounds how many pieces lie in memory.
///
/// # Errors
/// The fill's refusal.
pub(crate) async fn reply(
    mut watcher: Watcher,
    place: impl Send + 'static,
) -> Result<Reply, Refusal> {
    let progress = watcher
        .wait_for(|progress| !matches!(progress, Progress::Waiting))
        .await
        .map(|progress| progress.clone());
    match progress {
        Ok(Progress::Done(answer)) => Ok(Reply::Whole(answer)),
        Ok(Progress::Failed(refusal)) => Err(refusal),
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
        Ok(Progress::Waiting) | Err(_) => Err(Refusal::internal(
            "a download ended without a result",
            &"its task is gone",
        )),
    }
}

/// Bytes read from the staged file at once: what a client that stalls holds.
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
                let start = usize::try_from(reader.at).unwrap_or(usize::MAX);
                if start >= answer.body.len() {
                    return Ok(None);
                }
                answer.body.slice(start..)
            }
            Progress::Failed(refusal) => {
                let text = String::from_utf8_lossy(&refusal.text).into_owned();
                return Err(io::Error::other(text));
            }
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
    let length = usize::try_from(left.min(PIECE_BYTES_MAX)).unwrap_or(0);
    tokio::task::spawn_blocking(move || {
        let mut piece = vec![0; length];
        file.read_exact_at(&mut piece, at)?;
        Ok(Bytes::from(piece))
    })
    .await
    .map_err(io::Error::other)?
}

#[cfg(test)]
mod tests;
