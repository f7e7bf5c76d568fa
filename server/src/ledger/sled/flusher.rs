//! Making changes durable soon, many at once, and freeing what they left behind.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A thread that flushes a database a little after it was changed. Dropping this
/// flushes once more and waits for it.
#[derive(Debug)]
pub(super) struct Flusher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Held for a look or a change, never while flushing.
    state: Mutex<Flushing>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Flushing {
    dirty: bool,
    ends: bool,
    /// When the flush began that is not yet done.
    flushing: Option<Instant>,
    /// What the last flush ended with.
    error: Option<String>,
}

/// How long a change may wait for others.
const WAIT: Duration = Duration::from_millis(200);

impl Flusher {
    pub(super) fn new(db: ::sled::Db) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let builder = std::thread::Builder::new().name("index-flush".into());
        let thread = builder.spawn(move || own.run(&db))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Has what was changed flushed soon.
    pub(super) fn wake(&self) {
        self.shared.state().dirty = true;
        self.shared.changed.notify_one();
    }

    /// Returns what is wrong: the last flush failed, or one goes on for longer
    /// than `max`.
    pub(super) fn trouble(&self, max: Duration) -> Option<String> {
        let state = self.shared.state();
        if let Some(error) = &state.error {
            return Some(error.clone());
        }
        let hangs = state.flushing.is_some_and(|began| began.elapsed() > max);
        hangs.then(|| format!("a flush is not done after {max:?}"))
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.shared.state().ends = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of it is printed already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Flushing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, db: &::sled::Db) {
        loop {
            let state = self.state();
            let is_idle = |state: &mut Flushing| !state.dirty && !state.ends;
            let state = self.changed.wait_while(state, is_idle);
            let state = state.unwrap_or_else(PoisonError::into_inner);
            let waited = self
                .changed
                .wait_timeout_while(state, WAIT, |state| !state.ends);
            let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            let ends = state.ends;
            if std::mem::take(&mut state.dirty) {
                state.flushing = Some(Instant::now());
                drop(state);
                let flushed = flush(db);
                let mut state = self.state();
                state.flushing = None;
                state.error = flushed.err().map(|error| error.to_string());
            }
            if ends {
                return;
            }
        }
    }
}

/// Makes all changes of a database durable.
pub(super) fn flush(db: &::sled::Db) -> Result<(), ::sled::Error> {
    let flushed = db.flush();
    free_garbage();
    flushed.map(|_| ())
}

/// Frees what sled let go of in this thread, once no other thread can see it. Left to sled, each
/// thread keeps up to 64 pieces until it lets go of more, which it may never do; some of them are
/// buffers of half a MiB.
pub(super) fn free_garbage() {
    crossbeam_epoch::pin().flush();
}
