//! The ledger as a sled database, `DATA/index`.
//!
//! sled keeps its first I/O error for ever, and after one some of its calls never
//! return. So each call has a bound, and a database that failed is closed and
//! opened again: when the disk has room again, it goes on without a restart. One
//! that cannot be read is moved aside, and an empty one is begun: what it lacks
//! is made anew from files and journal, and until then each file without a record
//! is judged when it is asked for.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::watch;

use super::{Change, Conflict, Ledger, Table};
use crate::blocking::{self, CALL_MAX};

mod aside;
mod flusher;
mod open;

use open::{Error, Open};

/// The database. Cheap to clone. Dropping the last clone makes all changes
/// durable.
#[derive(Clone, Debug)]
pub(crate) struct Sled {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    limits: Limits,
    /// Held for a look or a change, never while sled works.
    state: Mutex<State>,
    /// Held while the database is opened again.
    opening: Mutex<()>,
    /// How often an empty database was begun.
    emptied: watch::Sender<u64>,
    /// For which of those times it has been made anew.
    remade: AtomicU64,
    /// What the next call ends with.
    #[cfg(test)]
    fault: Mutex<Option<tests::Fault>>,
}

#[derive(Debug)]
enum State {
    Open(Arc<Open>),
    Closed {
        /// Since when.
        since: Instant,
        /// Before this nobody tries to open it again.
        next: Instant,
    },
}

/// What waits how long.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// The longest a call of sled may take. A healthy one takes micro- to
    /// milliseconds, and a flush as long as the disk needs for it.
    call: Duration,
    /// How long a closed database may be held by a call that hangs, before it is
    /// moved aside.
    leftover: Duration,
    /// Between two tries to open it.
    retry: Duration,
}

const LIMITS: Limits = Limits {
    call: Duration::from_secs(30),
    leftover: Duration::from_secs(5),
    retry: Duration::from_secs(1),
};
/// How long the start waits for a database that is in use.
const IN_USE_MAX: Duration = Duration::from_secs(1);
/// Between two tries then.
const IN_USE_PAUSE: Duration = Duration::from_millis(20);
/// The longest that the end of the process waits for the last flush.
const CLOSE_MAX: Duration = Duration::from_secs(10);
/// Returns the database's folder in a data folder.
pub(crate) fn folder(data: &Path) -> PathBuf {
    data.join("index")
}

impl Sled {
    /// Opens `DATA/index`, making it where absent. One that cannot be read is moved
    /// aside. One that cannot be opened for want of room is opened later. Blocks.
    ///
    /// # Errors
    /// `WouldBlock` when another process has it open.
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        Self::open_within(data, LIMITS)
    }

    fn open_within(data: &Path, limits: Limits) -> io::Result<Self> {
        let now = Instant::now();
        let inner = Inner {
            folder: folder(data),
            limits,
            state: Mutex::new(State::Closed {
                since: now,
                next: now,
            }),
            opening: Mutex::new(()),
            emptied: watch::Sender::new(0),
            remade: AtomicU64::new(0),
            #[cfg(test)]
            fault: Mutex::default(),
        };
        let mut opened = Open::at(&inner.folder);
        // A thread of sled may still hold one that this process has just closed.
        while matches!(opened, Err(Error::InUse)) && now.elapsed() < IN_USE_MAX {
            std::thread::sleep(IN_USE_PAUSE);
            opened = Open::at(&inner.folder);
        }
        match opened {
            Ok(open) => {
                inner.accept(open);
            }
            Err(Error::InUse) => {
                let text = format!(
                    "{} is in use: another sumward runs on this data folder; stop it, or give \
                     this one another --data",
                    inner.folder.display()
                );
                return Err(io::Error::new(io::ErrorKind::WouldBlock, text));
            }
            Err(error) => {
                // Told in the log; what is stored is served without it.
                let _ = inner.recover(error, now);
            }
        }
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Tells how often a database was opened or begun that is to be made anew from what
    /// is stored: it has no file's record, or was not made anew to the end.
    pub(crate) fn emptied(&self) -> watch::Receiver<u64> {
        self.inner.emptied.subscribe()
    }

    /// Notes that it has been made anew: its records are flushed.
    ///
    /// # Errors
    /// What sled answers. Then it is made anew once more at the next start.
    pub(crate) async fn remade(&self) -> io::Result<()> {
        let times = *self.inner.emptied.borrow();
        self.with(Open::set_remade).await?;
        self.inner.remade.fetch_max(times, Ordering::Relaxed);
        Ok(())
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Open) -> open::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let open = self.opened().await?;
        let at_work = Arc::clone(&open);
        #[cfg(test)]
        let fault = self.inner.take_fault();
        let call = blocking::run(move || {
            #[cfg(test)]
            if let Some(fault) = fault {
                return Ok(fault.happen(|| work(&at_work)));
            }
            Ok(work(&at_work))
        });
        let error = match tokio::time::timeout(self.inner.limits.call, call).await {
            Ok(Ok(Ok(value))) => return Ok(value),
            Ok(Ok(Err(::sled::Error::Io(error)))) => error,
            Ok(Ok(Err(error))) => io::Error::other(error),
            Ok(Err(panic)) => panic,
            Err(_) => io::Error::new(io::ErrorKind::TimedOut, "sled does not answer"),
        };
        self.inner.fail(&open, &error);
        Err(error)
    }

    async fn opened(&self) -> io::Result<Arc<Open>> {
        if let Some(open) = self.inner.healthy() {
            return Ok(open);
        }
        let inner = Arc::clone(&self.inner);
        blocking::run_within(CALL_MAX, move || inner.reopen()).await
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the database where it is open and its flushes succeed.
    fn healthy(&self) -> Option<Arc<Open>> {
        let open = match &*self.state() {
            State::Open(open) => Arc::clone(open),
            State::Closed { .. } => return None,
        };
        let Some(trouble) = open.flusher.trouble(self.limits.call) else {
            return Some(open);
        };
        self.fail(&open, &io::Error::other(trouble));
        None
    }

    /// Closes a database that failed.
    fn fail(&self, open: &Arc<Open>, error: &io::Error) {
        let mut state = self.state();
        match &*state {
            State::Open(current) if Arc::ptr_eq(current, open) => {}
            // Another call has failed of the same and closed it.
            State::Open(_) | State::Closed { .. } => return,
        }
        let now = Instant::now();
        let closed = State::Closed {
            since: now,
            next: now,
        };
        let closed = std::mem::replace(&mut *state, closed);
        drop(state);
        tracing::error!(
            index = %self.folder.display(),
            %error,
            "the index fails; it is closed and opened again, and stored files are judged without it until then"
        );
        let _ = drop_apart(closed);
    }

    /// Opens the database again. One at a time tries; the others wait for it.
    fn reopen(&self) -> io::Result<Arc<Open>> {
        let _opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        let since = match &*self.state() {
            State::Open(open) => return Ok(Arc::clone(open)),
            State::Closed { next, .. } if Instant::now() < *next => {
                return Err(io::Error::other("the index is closed after a failure"));
            }
            State::Closed { since, .. } => *since,
        };
        let opened = Open::at(&self.folder).map(|open| self.accept(open));
        let opened = match opened {
            Ok(open) => {
                tracing::warn!(index = %self.folder.display(), "the index is open again");
                Ok(open)
            }
            Err(error) => self.recover(error, since),
        };
        if opened.is_err()
            && let State::Closed { next, .. } = &mut *self.state()
        {
            *next = Instant::now() + self.limits.retry;
        }
        opened
    }

    /// Begins an empty database where the one there is of no use any more.
    fn recover(&self, error: Error, since: Instant) -> io::Result<Arc<Open>> {
        let index = self.folder.display();
        let reason = match error {
            Error::InUse if since.elapsed() < self.limits.leftover => {
                return Err(io::Error::other("the index is still being closed"));
            }
            Error::Passing(error) => {
                tracing::error!(%index, %error, "the index does not open; it is tried again");
                return Err(error);
            }
            Error::InUse => "a call that does not return holds it".to_owned(),
            Error::Damaged(reason) => reason,
        };
        let aside = aside::move_aside(&self.folder).inspect_err(|error| {
            tracing::error!(%index, reason, %error, "the index does not open and cannot be moved aside");
        })?;
        tracing::error!(
            %index,
            reason,
            moved_to = %aside.display(),
            "the index does not open; it is moved aside and made anew from the stored files and the journal"
        );
        match Open::at(&self.folder) {
            Ok(open) => Ok(self.accept(open)),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn accept(&self, open: Open) -> Arc<Open> {
        // One that cannot even say so will fail again when it is used.
        if open.is_to_be_remade().unwrap_or(true) {
            self.emptied.send_modify(|times| *times += 1);
        }
        let open = Arc::new(open);
        *self.state() = State::Open(Arc::clone(&open));
        open
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let now = Instant::now();
        let closed = State::Closed {
            since: now,
            next: now,
        };
        let done = drop_apart(std::mem::replace(&mut *self.state(), closed));
        if let Err(mpsc::RecvTimeoutError::Timeout) = done.recv_timeout(CLOSE_MAX) {
            tracing::error!(index = %self.folder.display(), "the index is not closed in time");
        }
    }
}

/// Drops a state on a thread of its own, which is lost when sled hangs. What is
/// returned is closed when it is dropped.
fn drop_apart(state: State) -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    let work = move || {
        drop(state);
        drop(sender);
    };
    if let Err(error) = std::thread::Builder::new()
        .name("index-close".into())
        .spawn(work)
    {
        tracing::error!(%error, "no thread to close the index");
    }
    receiver
}

#[async_trait]
impl Ledger for Sled {
    async fn get(&self, table: Table, key: &str) -> io::Result<Option<Vec<u8>>> {
        let key = key.to_owned();
        self.with(move |open| open.get(table, &key)).await
    }

    async fn get_each(&self, table: Table, keys: Vec<String>) -> io::Result<Vec<Option<Vec<u8>>>> {
        self.with(move |open| {
            let found = keys.iter().map(|key| open.get(table, key));
            found.collect::<open::Result<Vec<_>>>()
        })
        .await
    }

    async fn apply(&self, changes: Vec<Change>) -> io::Result<()> {
        self.with(move |open| open.apply(&changes)).await
    }

    async fn flush(&self) -> io::Result<()> {
        self.with(Open::flush).await
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> io::Result<Vec<(String, Vec<u8>)>> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.with(move |open| open.scan(table, &prefix, after.as_deref(), limit))
            .await
    }

    async fn advance(
        &self,
        log: &str,
        old: Option<&[u8]>,
        new: &[u8],
    ) -> io::Result<Result<(), Conflict>> {
        let (log, old, new) = (log.to_owned(), old.map(<[u8]>::to_vec), new.to_vec());
        self.with(move |open| open.advance(&log, old.as_deref(), &new))
            .await
    }

    fn may_lack_records(&self) -> bool {
        *self.inner.emptied.borrow() > self.inner.remade.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
