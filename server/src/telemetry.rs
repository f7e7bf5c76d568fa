//! The log: one event a line on standard error, or an entry of the journal.
//!
//! As text for people:
//!
//! ```text
//! 2026-11-22T16:00:00.000000Z  INFO server::modules: proved module.path=rsc.io/quote version=v1.5.2
//! ```
//!
//! or as JSON for machines, fields beside the message:
//!
//! ```text
//! {"timestamp":"…","level":"INFO","message":"proved","module.path":"rsc.io/quote","version":"v1.5.2","target":"server::modules"}
//! ```
//!
//! or as entries of systemd's journal (`journal`). Each line of a request tells its trace
//! and its span (`context`), and some may be left out (`sample`).
//!
//! A message reads alone; the fields are `module.path`, `version`,
//! `upstream.host`, `database` and `duration_ms`. `error` means that someone must
//! act.

use std::io::{self, IsTerminal as _, stderr};
use std::sync::OnceLock;
use std::time::Duration;

use tracing::Subscriber;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, registry, reload};

use crate::config::{Format, Log};
use form::Added;
use journal::Journal;
use lines::Lines;
use queue::Queue;
use sample::Sampling;
pub use sample::{SampledOut, sampled_out};

pub(crate) mod context;
pub(crate) mod errors;
pub(crate) mod events;
mod form;
mod journal;
mod lines;
mod queue;
mod sample;
mod scrub;
pub(crate) mod traces;

/// Why logging did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The level is neither a level nor filter directives.
    #[error("log level: {0}")]
    Level(#[from] ParseError),
    /// Another log is already in place.
    #[error("starting the log: {0}")]
    Start(#[from] TryInitError),
    /// There is no thread to be had.
    #[error("starting the thread that writes the log: {0}")]
    Thread(#[from] io::Error),
}

/// Keeps the log going; when it is dropped, waits a moment for the last lines.
#[derive(Debug)]
#[must_use = "the last lines are written when it is dropped"]
pub struct Started(());

impl Drop for Started {
    fn drop(&mut self) {
        // What they have to say of it goes to the log.
        traces::flush(FLUSH_MAX);
        errors::flush(FLUSH_MAX);
        events::flush(FLUSH_MAX);
        if let Some(queue) = QUEUE.get() {
            queue.flush(FLUSH_MAX);
        }
    }
}

/// What the log of this process goes through, once it is started.
static QUEUE: OnceLock<Queue<Vec<u8>>> = OnceLock::new();

/// How long the end of the process waits for a reader of the log.
const FLUSH_MAX: Duration = Duration::from_secs(1);

/// Starts logging to standard error for the whole process.
///
/// # Errors
///
/// [`Error::Level`], which [`Config::load`](crate::config::Config::load) has
/// ruled out, [`Error::Thread`], and [`Error::Start`] when called twice.
pub fn start(log: &Log) -> Result<Started, Error> {
    let (sink, queue) = sink(log)?;
    let (subscriber, replace) = subscriber(log, sink)?;
    subscriber.try_init()?;
    let _ = FILTER.set(replace);
    let _ = QUEUE.set(queue);
    // The library's own hook writes to standard error itself, and waits for its reader.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(%panic, "a part of the program failed; this is a bug");
    }));
    Ok(Started(()))
}

/// Takes the level of the settings over for the log that runs.
///
/// # Errors
///
/// [`Error::Level`].
pub fn set_level(log: &Log) -> Result<(), Error> {
    let filter = filter(log)?;
    if let Some(replace) = FILTER.get()
        && !replace(filter)
    {
        tracing::error!("the level of the log could not be changed; this is a bug");
    }
    Ok(())
}

/// Replaces the filter of the log; says whether it could.
type Replace = Box<dyn Fn(EnvFilter) -> bool + Send + Sync>;

static FILTER: OnceLock<Replace> = OnceLock::new();

/// Returns how many log lines were dropped because standard error, or the journal, did not
/// take them.
pub fn dropped() -> u64 {
    QUEUE.get().map_or(0, Queue::lost)
}

/// Makes what events go to, and the queue on their way.
fn sink(log: &Log) -> io::Result<(Output, Queue<Vec<u8>>)> {
    let is_journal = match log.format {
        Format::Journal => true,
        Format::Auto => journal::is_stderr(log.journal_stream.as_deref()),
        Format::Text | Format::Json => false,
    };
    if is_journal {
        let journal = Journal::start(&log.journal_socket, &log.service_name)?;
        let queue = journal.queue().clone();
        return Ok((journal.boxed(), queue));
    }
    let lines = Lines::start(stderr())?;
    let queue = lines.queue().clone();
    Ok((form(log, lines, stderr().is_terminal()), queue))
}

/// Where events go.
type Output = Box<dyn Layer<Registry> + Send + Sync>;

/// Puts the filters of the settings before `sink`. Returns how to replace that of the level,
/// too.
fn subscriber(
    log: &Log,
    sink: Output,
) -> Result<(impl Subscriber + Send + Sync + 'static, Replace), Error> {
    let (level, handle) = reload::Layer::new(filter(log)?);
    let replace: Replace = Box::new(move |filter| handle.reload(filter).is_ok());
    // In this order: what the level leaves out is not counted as sampled.
    let filter = level.and(Sampling(log.sample.clone()));
    let reports = errors::Reporting.with_filter(LevelFilter::ERROR);
    let subscriber = registry().with(sink.with_filter(filter)).with(reports);
    Ok((subscriber, replace))
}

/// The layer that writes one event a line.
fn form<W>(log: &Log, writer: W, colours: bool) -> Output
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // Telling an error of the log's own on standard error, the library panics when
    // that is what failed.
    let layer = fmt::layer().log_internal_errors(false).with_writer(writer);
    let service_name = log.service_name.clone();
    match log.format {
        Format::Json => layer
            .fmt_fields(JsonFields::new())
            .event_format(Added::json(
                fmt::format().json().flatten_event(true),
                service_name,
            ))
            .boxed(),
        Format::Auto | Format::Text | Format::Journal => layer
            .with_ansi(colours)
            .event_format(Added::text(fmt::format().with_ansi(colours), service_name))
            .boxed(),
    }
}

/// Takes directives from the settings alone: `RUST_LOG` has been read with them.
/// A level alone is meant for this program; the libraries under it stay quiet.
fn filter(log: &Log) -> Result<EnvFilter, Error> {
    let mut directives = log.level.clone();
    // `error` and `off` are below what the libraries would be left.
    if matches!(&*directives, "info" | "debug" | "trace") {
        for library in LIBRARIES {
            directives = format!("{directives},{library}=warn");
        }
    }
    Ok(EnvFilter::builder().parse(directives)?)
}

/// What writes of its inner workings at debug and trace.
const LIBRARIES: [&str; 8] = [
    "h2",
    "hyper",
    "hyper_util",
    "mio",
    "reqwest",
    "rustls",
    "sled",
    "tower",
];

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;

    use super::*;

    #[derive(Clone, Default)]
    struct Text(Arc<Mutex<Vec<u8>>>);

    impl Text {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Text {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn plain(log: &Log, writer: Text) -> impl Subscriber + Send + Sync + 'static {
        let layer = form(log, move || writer.clone(), false);
        subscriber(log, layer).unwrap().0
    }

    fn log(format: Format, level: &str) -> Log {
        Log {
            format,
            level: level.to_owned(),
            ..Log::default()
        }
    }

    fn event() {
        tracing::info!(
            module.path = "rsc.io/quote",
            version = "v1.5.2",
            duration_ms = 12_u64,
            "proved"
        );
        tracing::debug!("not asked for");
    }

    #[test]
    fn json_has_the_fields_beside_the_message() {
        let lines = Text::default();
        let writer = lines.clone();
        let log = log(Format::Json, "info");
        with_default(plain(&log, writer), event);
        let value: serde_json::Value = serde_json::from_str(lines.text().trim_end()).unwrap();
        assert_eq!(value["message"], "proved");
        assert_eq!(value["module.path"], "rsc.io/quote");
        assert_eq!(value["version"], "v1.5.2");
        assert_eq!(value["duration_ms"], 12);
        assert_eq!(value["level"], "INFO");
    }

    #[test]
    fn text_is_one_plain_line() {
        let lines = Text::default();
        let writer = lines.clone();
        let log = log(Format::Text, "info");
        with_default(plain(&log, writer), event);
        let text = lines.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("proved"), "{text}");
        assert!(text.contains("module.path=\"rsc.io/quote\""), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn a_level_alone_keeps_libraries_quiet() {
        let lines = Text::default();
        let writer = lines.clone();
        let log = log(Format::Text, "trace");
        with_default(plain(&log, writer), || {
            event();
            tracing::debug!(target: "sled::pagecache", "inner workings");
            tracing::error!(target: "sled::pagecache", "worth knowing");
        });
        assert_eq!(lines.text().lines().count(), 3, "{}", lines.text());
    }

    #[test]
    fn off_is_off_for_libraries_too() {
        let lines = Text::default();
        let writer = lines.clone();
        let log = log(Format::Text, "off");
        with_default(plain(&log, writer), || {
            event();
            tracing::error!(target: "sled::pagecache", "worth knowing");
        });
        assert_eq!(lines.text(), "");
    }

    #[test]
    fn filters_choose_by_part_of_the_program() {
        let lines = Text::default();
        let writer = lines.clone();
        let log = log(Format::Text, "warn,server::telemetry=debug");
        with_default(plain(&log, writer), event);
        assert_eq!(lines.text().lines().count(), 2);
    }

    /// Runs `work` as a request of a trace with this name.
    fn request(trace_id: u128, work: impl FnOnce()) {
        let parent = format!("00-{trace_id:032x}-00f067aa0ba902b7-00");
        let mut headers = http::HeaderMap::new();
        headers.insert("traceparent", parent.parse().unwrap());
        context::Context::of_request(&headers, None).scope_blocking(work);
    }

    #[test]
    fn lines_of_a_request_tell_its_trace_in_every_form() {
        for format in [Format::Text, Format::Json] {
            let lines = Text::default();
            let log = log(format, "info");
            with_default(plain(&log, lines.clone()), || {
                request(0xabc, event);
                event();
            });
            let text = lines.text();
            let (of_request, other) = text.trim_end().split_once('\n').unwrap();
            let id = format!("{:032x}", 0xabc);
            assert!(of_request.contains(&id), "{of_request}");
            assert!(!other.contains("trace_id"), "{other}");
            if format == Format::Text {
                let fields = format!(" trace_id={id} span_id=");
                assert!(of_request.contains(&fields), "{of_request}");
                assert!(
                    of_request.ends_with(" service_name=sumward"),
                    "{of_request}"
                );
                continue;
            }
            let value: serde_json::Value = serde_json::from_str(of_request).unwrap();
            assert_eq!(value["trace_id"], id);
            assert_eq!(value["span_id"].as_str().unwrap().len(), 16);
            assert_eq!(value["service_name"], "sumward");
            let value: serde_json::Value = serde_json::from_str(other).unwrap();
            assert_eq!(value["service_name"], "sumward");
        }
    }

    #[test]
    fn sampling_takes_traces_whole_and_never_errors_nor_security() {
        let lines = Text::default();
        let mut log = log(Format::Text, "info");
        log.sample.info = crate::config::Ratio::new(0.5).unwrap();
        let before = sampled_out();
        with_default(plain(&log, lines.clone()), || {
            let all = || {
                tracing::error!("an error");
                tracing::warn!("a warning");
                tracing::info!("one");
                tracing::info!("two");
                tracing::info!(security = true, "refused");
                tracing::debug!("not asked for");
            };
            request(u128::from(u64::MAX), all);
            request(1, all);
            tracing::info!("of no request");
        });
        let text = lines.text();
        let count = |what: &str| text.matches(what).count();
        assert_eq!(count("an error") + count("a warning"), 4, "{text}");
        assert_eq!((count(" one"), count(" two")), (1, 1), "{text}");
        assert_eq!(count("refused"), 2, "{text}");
        assert_eq!(count("of no request"), 1, "{text}");
        // Other tests may count beside this one.
        assert!(sampled_out().info >= before.info + 2);
    }
}
