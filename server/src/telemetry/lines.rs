//! Log lines on their way to standard error.
//!
//! Nobody who logs ever waits for who reads the log: see [`queue`](super::queue). Lines
//! that find the queue full, and lines that cannot be written (the reader is gone, its
//! disk is full), are dropped and counted.

use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

use super::queue::{Queue, Sink};

/// Lines that wait to be written, at the most.
const QUEUE_LINES_MAX: usize = 4096;
/// Bytes of one line; the rest is cut off. With [`QUEUE_LINES_MAX`] it bounds what a
/// blocked reader costs.
const LINE_BYTES_MAX: usize = 16 << 10;

/// The writing end of the queue; one line a `write`.
#[derive(Clone, Debug)]
pub(crate) struct Lines(Queue<Vec<u8>>);

impl Lines {
    /// Starts the thread that writes to `target`.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(crate) fn start(target: impl Write + Send + 'static) -> io::Result<Self> {
        Queue::start("log", QUEUE_LINES_MAX, Writer(target)).map(Self)
    }

    /// Returns the queue of lines.
    pub(crate) fn queue(&self) -> &Queue<Vec<u8>> {
        &self.0
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut line = bytes[..bytes.len().min(LINE_BYTES_MAX)].to_vec();
        if line.len() < bytes.len() {
            line.push(b'\n');
        }
        self.0.put(line);
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

struct Writer<W>(W);

impl<W: Write + Send + 'static> Sink<Vec<u8>> for Writer<W> {
    fn take(&mut self, line: Vec<u8>) -> u64 {
        u64::from(self.0.write_all(&line).is_err())
    }

    fn flush(&mut self) -> u64 {
        let _ = self.0.flush();
        0
    }

    fn recovered(&mut self, lines: u64) {
        tracing::warn!(
            lines,
            "log lines were dropped: standard error did not take them"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

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
        assert!(
            (99..=100).contains(&lines.queue().lost()),
            "{}",
            lines.queue().lost()
        );
        lines.queue().flush(Duration::from_millis(10));
        drop(go);
        lines.queue().flush(Duration::from_secs(10));
        assert!(lines.queue().lost() <= 100);
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
        lines.queue().flush(Duration::from_secs(10));
        let written = String::from_utf8(text.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 1000);
        assert_eq!(lines.queue().lost(), 0);
    }

    #[test]
    fn a_line_is_cut_at_its_limit() {
        let text = Text::default();
        let mut lines = Lines::start(text.clone()).unwrap();
        let mut long = vec![b'x'; LINE_BYTES_MAX + 5];
        long.push(b'\n');
        lines.write_all(&long).unwrap();
        lines.queue().flush(Duration::from_secs(10));
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
        lines.queue().flush(Duration::from_secs(10));
        assert_eq!(lines.queue().lost(), 5);
    }
}
