//! Log lines on their way to standard error.
//!
//! Nobody who logs ever waits for who reads the log: lines go through a bounded
//! queue to a thread of their own, which alone writes and may be blocked for ever
//! by a pipe that nobody empties. Lines that find the queue full, and lines that
//! cannot be written (the reader is gone, its disk is full), are dropped and counted.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written, at the most.
const QUEUE_LINES_MAX: usize = 4096;
/// Bytes of one line; the rest is cut off. With [`QUEUE_LINES_MAX`] it bounds what a
/// blocked reader costs.
const LINE_BYTES_MAX: usize = 16 << 10;

/// The writing end of the queue; one line a `write`.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    /// Asks for a sign that everything before it was written.
    Flush(SyncSender<()>),
}

impl Lines {
    /// Starts the thread that writes to `target`.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(crate) fn start(target: impl Write + Send + 'static) -> io::Result<Self> {
        let (queue, messages) = sync_channel(QUEUE_LINES_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let writer = Writer {
            target,
            messages,
            dropped: Arc::clone(&dropped),
        };
        // It ends with the last `Lines`, or with the process when it is blocked.
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writer.run())?;
        Ok(Self { queue, dropped })
    }

    /// Returns how many lines were dropped, ever.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until what was logged before is written, `wait` at the longest.
    pub(crate) fn flush(&self, wait: Duration) {
        let (sign, written) = sync_channel(1);
        // A full queue with a reader that reads empties fast; one without never does.
        let began = std::time::Instant::now();
        let mut message = Message::Flush(sign);
        while let Err(TrySendError::Full(back)) = self.queue.try_send(message) {
            if began.elapsed() >= wait {
                return;
            }
            message = back;
            std::thread::sleep(FLUSH_PAUSE);
        }
        let _ = written.recv_timeout(wait.saturating_sub(began.elapsed()));
    }
}

/// How often a flush looks for room in a full queue.
const FLUSH_PAUSE: Duration = Duration::from_millis(2);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut line = bytes[..bytes.len().min(LINE_BYTES_MAX)].to_vec();
        if line.len() < bytes.len() {
            line.push(b'\n');
        }
        if self.queue.try_send(Message::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        // All of it is dealt with, one way or the other.
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

struct Writer<W> {
    target: W,
    messages: Receiver<Message>,
    dropped: Arc<AtomicU64>,
}

impl<W: Write> Writer<W> {
    fn run(mut self) {
        let mut told = 0;
        while let Ok(message) = self.messages.recv() {
            match message {
                Message::Flush(sign) => {
                    let _ = self.target.flush();
                    let _ = sign.try_send(());
                }
                Message::Line(line) => {
                    if self.target.write_all(&line).is_err() {
                        self.dropped.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    let dropped = self.dropped.load(Ordering::Relaxed);
                    if dropped > told {
                        tracing::warn!(
                            lines = dropped - told,
                            "log lines were dropped: standard error did not take them"
                        );
                        told = dropped;
                    }
                }
            }
        }
    }
}

/// The log of this process, once it is started.
pub(super) static STDERR: OnceLock<Lines> = OnceLock::new();

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use super::*;

    /// Takes nothing until it is let.
    struct Blocked(Receiver<()>);

    impl Write for Blocked {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stopped_costs_lines_and_no_time() {
        let (go, blocked) = channel();
        let mut lines = Lines::start(Blocked(blocked)).unwrap();
        let count = QUEUE_LINES_MAX + 100;
        for _ in 0..count {
            lines.write_all(b"line\n").unwrap();
        }
        // The thread may hold one line.
        assert!((99..=100).contains(&lines.dropped()), "{}", lines.dropped());
        lines.flush(Duration::from_millis(10));
        drop(go);
        lines.flush(Duration::from_secs(10));
        assert!(lines.dropped() <= 100);
    }

    #[derive(Clone, Default)]
    struct Text(Arc<Mutex<Vec<u8>>>);

    impl Write for Text {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn flush_waits_for_every_line() {
        let text = Text::default();
        let mut lines = Lines::start(text.clone()).unwrap();
        for n in 0..1000 {
            lines.write_all(format!("{n}\n").as_bytes()).unwrap();
        }
        lines.flush(Duration::from_secs(10));
        let written = String::from_utf8(text.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 1000);
        assert_eq!(lines.dropped(), 0);
    }

    #[test]
    fn a_line_is_cut_at_its_limit() {
        let text = Text::default();
        let mut lines = Lines::start(text.clone()).unwrap();
        let mut long = vec![b'x'; LINE_BYTES_MAX + 5];
        long.push(b'\n');
        lines.write_all(&long).unwrap();
        lines.flush(Duration::from_secs(10));
        let written = text.0.lock().unwrap().clone();
        assert_eq!(written.len(), LINE_BYTES_MAX + 1);
        assert_eq!(written.last(), Some(&b'\n'));
    }

    /// A full disk, a reader that went away.
    struct Failing;

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let mut lines = Lines::start(Failing).unwrap();
        for _ in 0..5 {
            lines.write_all(b"line\n").unwrap();
        }
        lines.flush(Duration::from_secs(10));
        assert_eq!(lines.dropped(), 5);
    }
}
