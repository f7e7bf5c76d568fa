//! Entries of systemd's journal: fields that it can be asked for.
//!
//! ```text
//! journalctl -u sumward TRACE_ID=4bf92f3577b34da6a3ce929d0e0e4736
//! journalctl -u sumward HTTP_STATUS=403 -o json
//! ```
//!
//! Beside `MESSAGE`, `PRIORITY`, `CODE_FILE`, `CODE_LINE`, `TARGET`, `SERVICE_NAME` and,
//! on lines of a request, `TRACE_ID` and `SPAN_ID`, each field of an event is one of the
//! entry, in upper case: `module.path` is `MODULE_PATH`. `MESSAGE` ends with the same fields
//! as lines of text have them: `journalctl` alone shows nothing else.
//!
//! An entry is made where the event happens and sent by a thread of its own: the socket
//! blocks while the journal is stopped. The crates that speak the protocol send where
//! they are called.
//!
//! Source: systemd's documentation of the native journal protocol.

use std::fmt::{Debug, Write as _};
use std::io;
use std::path::Path;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context as LayerContext;

use super::context::Context;
use super::queue::{Queue, Sink};
use socket::Socket;

mod socket;

/// Entries that wait to be sent, at the most.
const QUEUE_ENTRIES_MAX: usize = 4096;
/// Bytes of one field; the rest is cut off.
const FIELD_BYTES_MAX: usize = 64 << 10;
/// Bytes of a field's name that the journal takes.
const NAME_BYTES_MAX: usize = 64;

/// Makes entries of events.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    queue: Queue<Vec<u8>>,
    service_name: String,
}

impl Journal {
    /// Starts the thread that sends to the socket at `path`.
    ///
    /// # Errors
    /// There is no socket or no thread to be had.
    pub(crate) fn start(path: &Path, service_name: &str) -> io::Result<Self> {
        let sender = EntrySender(Socket::new(path)?);
        Ok(Self {
            queue: Queue::start("journal", QUEUE_ENTRIES_MAX, sender)?,
            service_name: service_name.to_owned(),
        })
    }

    /// Returns the queue of entries.
    pub(crate) fn queue(&self) -> &Queue<Vec<u8>> {
        &self.queue
    }

    fn entry(&self, event: &Event<'_>) -> Vec<u8> {
        let metadata = event.metadata();
        let mut entry = Entry::new();
        entry.add("PRIORITY", priority(*metadata.level()));
        entry.add("SYSLOG_IDENTIFIER", env!("CARGO_PKG_NAME"));
        entry.add("SERVICE_NAME", &self.service_name);
        entry.add("TARGET", metadata.target());
        if let Some(file) = metadata.file() {
            entry.add("CODE_FILE", file);
        }
        if let Some(line) = metadata.line() {
            entry.add("CODE_LINE", &line.to_string());
        }
        Context::with(|of| {
            if let Some(of) = of {
                entry.add("TRACE_ID", &of.trace_id.to_string());
                entry.add("SPAN_ID", &of.span_id.to_string());
            }
        });
        event.record(&mut entry);
        entry.end()
    }
}

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        self.queue.put(self.entry(event));
    }
}

/// The levels of syslog.
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        _ => "7",
    }
}

/// The fields of an entry, as they are sent.
struct Entry {
    bytes: Vec<u8>,
    message: String,
    /// The fields of the event, as they stand behind the message.
    told: String,
}

/// Bytes of a field behind the message; the field itself has all of it.
const TOLD_BYTES_MAX: usize = 512;

impl Entry {
    fn new() -> Self {
        Self {
            bytes: Vec::with_capacity(512),
            message: String::new(),
            told: String::new(),
        }
    }

    fn add(&mut self, name: &str, value: &str) {
        let value = &value.as_bytes()[..value.len().min(FIELD_BYTES_MAX)];
        let bytes = &mut self.bytes;
        bytes.extend_from_slice(name.as_bytes());
        if value.contains(&b'\n') {
            bytes.push(b'\n');
            let length = u64::try_from(value.len()).unwrap_or(u64::MAX);
            bytes.extend_from_slice(&length.to_le_bytes());
        } else {
            bytes.push(b'=');
        }
        bytes.extend_from_slice(value);
        bytes.push(b'\n');
    }

    /// Adds a field of the event; `told` is how a line of text has it.
    fn field(&mut self, field: &Field, value: &str, told: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
            return;
        }
        let told = &told[..told.floor_char_boundary(TOLD_BYTES_MAX)];
        // Writing to a String cannot fail.
        let _ = write!(self.told, " {}={}", field.name(), told.replace('\n', " "));
        self.add(&name(field.name()), value);
    }

    fn end(mut self) -> Vec<u8> {
        let message = std::mem::take(&mut self.message) + &self.told;
        self.add("MESSAGE", &message);
        self.bytes
    }
}

impl Visit for Entry {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, value, &format!("{value:?}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // A value that cannot print itself is worth no line.
        let _ = write!(text, "{value:?}");
        self.field(field, &text, &text);
    }
}

/// What a field is called in an entry. The journal takes upper-case letters, digits and
/// `_`, which is not first; a field of an event never passes for one of ours.
fn name(field: &str) -> String {
    let upper = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => c.to_ascii_uppercase(),
        _ => '_',
    };
    let name: String = field.chars().map(upper).take(NAME_BYTES_MAX).collect();
    let is_plain = name.starts_with(|c: char| c.is_ascii_uppercase());
    if is_plain && !OURS.contains(&&*name) {
        return name;
    }
    let mut named = format!("FIELD_{}", name.trim_start_matches('_'));
    named.truncate(NAME_BYTES_MAX);
    named
}

/// Names that say something else in every entry.
const OURS: [&str; 9] = [
    "MESSAGE",
    "PRIORITY",
    "SYSLOG_IDENTIFIER",
    "SERVICE_NAME",
    "TARGET",
    "CODE_FILE",
    "CODE_LINE",
    "TRACE_ID",
    "SPAN_ID",
];

struct EntrySender(Socket);

impl Sink<Vec<u8>> for EntrySender {
    fn take(&mut self, entry: Vec<u8>) -> u64 {
        u64::from(self.0.send(&entry).is_err())
    }

    fn flush(&mut self) -> u64 {
        0
    }

    fn recovered(&mut self, entries: u64) {
        tracing::warn!(
            entries,
            "log entries were dropped: the journal did not take them"
        );
    }
}

/// Says whether standard error is the journal: systemd tells the device and the inode of
/// what it made of it.
pub(crate) fn is_stderr(stream: Option<&str>) -> bool {
    let told = stream.and_then(|stream| {
        let (device, inode) = stream.split_once(':')?;
        Some((device.parse().ok()?, inode.parse().ok()?))
    });
    let found = rustix::fs::fstat(rustix::stdio::stderr());
    match (told, found) {
        (Some((device, inode)), Ok(stat)) => (stat.st_dev, stat.st_ino) == (device, inode),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
