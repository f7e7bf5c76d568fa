//! The log: one event a line on standard error.
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
//! A message reads alone; the fields are `module.path`, `version`,
//! `upstream.host`, `database` and `duration_ms`. `error` means that someone must
//! act.

use std::io::{IsTerminal as _, stderr};

use tracing::Subscriber;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Format, Log};

/// Why logging did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The level is neither a level nor filter directives.
    #[error("log level: {0}")]
    Level(#[from] ParseError),
    /// Another log is already in place.
    #[error("starting the log: {0}")]
    Start(#[from] TryInitError),
}

/// Starts logging to standard error for the whole process.
///
/// # Errors
///
/// [`Error::Level`], which [`Config::load`](crate::config::Config::load) has
/// ruled out, and [`Error::Start`] when called twice.
pub fn start(log: &Log) -> Result<(), Error> {
    let colours = stderr().is_terminal();
    match log.format {
        Format::Text => text(log, stderr, colours)?.try_init()?,
        Format::Json => json(log, stderr)?.try_init()?,
    }
    Ok(())
}

fn text<W>(
    log: &Log,
    writer: W,
    colours: bool,
) -> Result<impl Subscriber + Send + Sync + 'static, Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let subscriber = fmt()
        .with_writer(writer)
        .with_ansi(colours)
        .with_env_filter(filter(log)?);
    Ok(subscriber.finish())
}

fn json<W>(log: &Log, writer: W) -> Result<impl Subscriber + Send + Sync + 'static, Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let subscriber = fmt()
        .json()
        .flatten_event(true)
        .with_writer(writer)
        .with_env_filter(filter(log)?);
    Ok(subscriber.finish())
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
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log(format: Format, level: &str) -> Log {
        Log {
            format,
            level: level.to_owned(),
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
        let lines = Lines::default();
        let writer = lines.clone();
        let log = log(Format::Json, "info");
        with_default(json(&log, move || writer.clone()).unwrap(), event);
        let value: serde_json::Value = serde_json::from_str(lines.text().trim_end()).unwrap();
        assert_eq!(value["message"], "proved");
        assert_eq!(value["module.path"], "rsc.io/quote");
        assert_eq!(value["version"], "v1.5.2");
        assert_eq!(value["duration_ms"], 12);
        assert_eq!(value["level"], "INFO");
    }

    #[test]
    fn text_is_one_plain_line() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = log(Format::Text, "info");
        with_default(text(&log, move || writer.clone(), false).unwrap(), event);
        let text = lines.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("proved"), "{text}");
        assert!(text.contains("module.path=\"rsc.io/quote\""), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn a_level_alone_keeps_libraries_quiet() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = log(Format::Text, "trace");
        with_default(text(&log, move || writer.clone(), false).unwrap(), || {
            event();
            tracing::debug!(target: "sled::pagecache", "inner workings");
            tracing::error!(target: "sled::pagecache", "worth knowing");
        });
        assert_eq!(lines.text().lines().count(), 3, "{}", lines.text());
    }

    #[test]
    fn off_is_off_for_libraries_too() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = log(Format::Text, "off");
        with_default(text(&log, move || writer.clone(), false).unwrap(), || {
            event();
            tracing::error!(target: "sled::pagecache", "worth knowing");
        });
        assert_eq!(lines.text(), "");
    }

    #[test]
    fn filters_choose_by_part_of_the_program() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = log(Format::Text, "warn,server::telemetry=debug");
        with_default(text(&log, move || writer.clone(), false).unwrap(), event);
        assert_eq!(lines.text().lines().count(), 2);
    }
}
