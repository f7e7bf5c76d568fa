//! A bounded queue to a thread of its own: how anything leaves the process that nobody
//! may wait for.
//!
//! Who puts something in never waits: what finds the queue full is lost and counted. The
//! thread alone writes or sends, and may be blocked for ever by a pipe that nobody
//! empties, a journal that is stopped, a collector that does not answer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

/// What the thread does with what comes.
pub(crate) trait Sink<T>: Send + 'static {
    /// Takes one. Returns how many were lost by it.
    fn take(&mut self, item: T) -> u64;

    /// Writes out what it holds back. Returns how many were lost by it.
    fn flush(&mut self) -> u64;

    /// How long it waits for more before it is flushed; for ever when `None`.
    fn patience(&self) -> Option<Duration> {
        None
    }

    /// Something got through after `lost` others did not.
    fn recovered(&mut self, _lost: u64) {}
}

/// The end where things are put in.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    messages: SyncSender<Message<T>>,
    lost: Arc<AtomicU64>,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self {
            messages: self.messages.clone(),
            lost: Arc::clone(&self.lost),
        }
    }
}

#[derive(Debug)]
enum Message<T> {
    Item(T),
    /// Asks for a sign that everything before it is dealt with.
    Flush(SyncSender<()>),
}

impl<T: Send + 'static> Queue<T> {
    /// Starts a thread of this name. `items_max` wait at the most.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(crate) fn start(name: &str, items_max: usize, sink: impl Sink<T>) -> io::Result<Self> {
        let (messages, receiver) = sync_channel(items_max);
        let lost = Arc::new(AtomicU64::new(0));
        let worker = Worker {
            sink,
            messages: receiver,
            lost: Arc::clone(&lost),
        };
        // It ends with the last `Queue`, or with the process when it is blocked.
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || worker.run())?;
        Ok(Self { messages, lost })
    }

    /// Puts one in, or loses it.
    pub(crate) fn put(&self, item: T) {
        if self.messages.try_send(Message::Item(item)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns how many were lost, ever.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits until what was put in before is dealt with, `wait` at the longest.
    pub(crate) fn flush(&self, wait: Duration) {
        let (sign, done) = sync_channel(1);
        // A full queue with a reader that reads empties fast; one without never does.
        let began = Instant::now();
        let mut message = Message::Flush(sign);
        while let Err(TrySendError::Full(back)) = self.messages.try_send(message) {
            if began.elapsed() >= wait {
                return;
            }
            message = back;
            std::thread::sleep(FLUSH_PAUSE);
        }
        let _ = done.recv_timeout(wait.saturating_sub(began.elapsed()));
    }
}

/// How often a flush looks for room in a full queue.
const FLUSH_PAUSE: Duration = Duration::from_millis(2);

struct Worker<T, S> {
    sink: S,
    messages: Receiver<Message<T>>,
    lost: Arc<AtomicU64>,
}

impl<T, S: Sink<T>> Worker<T, S> {
    fn run(mut self) {
        let mut told = 0;
        loop {
            let message = match self.sink.patience() {
                None => self.messages.recv().map_err(RecvTimeoutError::from),
                Some(patience) => self.messages.recv_timeout(patience),
            };
            let lost = match message {
                Ok(Message::Item(item)) => self.sink.take(item),
                Ok(Message::Flush(sign)) => {
                    self.add(|sink| sink.flush());
                    let _ = sign.try_send(());
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => self.sink.flush(),
                Err(RecvTimeoutError::Disconnected) => {
                    self.sink.flush();
                    return;
                }
            };
            let in_all = self.lost.fetch_add(lost, Ordering::Relaxed) + lost;
            if lost == 0 && in_all > told {
                self.sink.recovered(in_all - told);
                told = in_all;
            }
        }
    }

    fn add(&mut self, lose: impl FnOnce(&mut S) -> u64) {
        let lost = lose(&mut self.sink);
        self.lost.fetch_add(lost, Ordering::Relaxed);
    }
}
