//! The log: where it goes, in which form, and what is left out of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::kind::{Kind, OFF, Part, Said};
use super::ratio::{PartOfAll, Ratio};
use super::schema::Schema;
use super::section::{at, section};
use super::word::Path;

/// What is logged and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// Where lines go and in which form.
    pub format: Format,
    /// A level or `tracing` filter directives.
    pub level: String,
    /// What the lines call this server.
    pub service_name: String,
    /// How much of what requests log is kept.
    pub sample: Sample,
    /// Where the journal takes entries.
    pub journal_socket: PathBuf,
    /// The device and inode of the journal's stream, which systemd sets in
    /// `JOURNAL_STREAM`. No key says it.
    pub journal_stream: Option<String>,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Entries of the journal where standard error is the journal, else text.
    Auto,
    /// For people, on standard error.
    Text,
    /// For machines, on standard error.
    Json,
    /// Entries of systemd's journal.
    Journal,
}

/// Which part of the traces is logged at a level. Errors always are.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Of warnings.
    pub warn: Ratio,
    /// Of information.
    pub info: Ratio,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: Format::Auto,
            level: "info".to_owned(),
            service_name: "sumward".to_owned(),
            sample: Sample {
                warn: Ratio::ALL,
                info: Ratio::ALL,
            },
            journal_socket: PathBuf::from("/run/systemd/journal/socket"),
            journal_stream: None,
        }
    }
}

section!(LogSection of Log {
    format: Said<FormatWord>,
    level: Said<Level>,
    service_name: Said<ServiceName>,
    sample: SampleSection,
    journal_socket: Said<Path>,
});

section!(SampleSection of Sample {
    warn: Said<PartOfAll>,
    info: Said<PartOfAll>,
});

/// `auto`, `text`, `json` or `journal`.
pub(super) struct FormatWord;

impl Kind for FormatWord {
    type Setting = Format;

    fn parse(text: &str) -> Result<Format, String> {
        match text {
            "auto" => Ok(Format::Auto),
            "text" => Ok(Format::Text),
            "json" => Ok(Format::Json),
            "journal" => Ok(Format::Journal),
            _ => Err(format!(
                "`{text}` is not one of auto, text, json and journal"
            )),
        }
    }

    fn print(format: &Format) -> String {
        match format {
            Format::Auto => "auto",
            Format::Text => "text",
            Format::Json => "json",
            Format::Journal => "journal",
        }
        .to_owned()
    }
}

/// A level or filter directives. A word alone must be a level: the filter would take
/// a misspelt one for the name of a module, and log nothing.
pub(super) struct Level;

impl Kind for Level {
    type Setting = String;

    fn parse(text: &str) -> Result<String, String> {
        let is_level = |word: &str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word));
        for part in text.split(',') {
            if !part.contains('=') && !is_level(part) {
                return Err(format!(
                    "`{part}` is neither one of {} nor a filter such as server::source::upstream=debug",
                    LEVELS.join(", ")
                ));
            }
        }
        if is_level(text) {
            return Ok(text.to_ascii_lowercase());
        }
        EnvFilter::builder()
            .parse(text)
            .map(|_| text.to_owned())
            .map_err(|error| format!("`{text}`: {error}"))
    }

    fn print(level: &String) -> String {
        level.clone()
    }
}

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", OFF];

/// What a server is called in logs, traces and reports.
pub(super) struct ServiceName;

impl Kind for ServiceName {
    type Setting = String;

    fn parse(text: &str) -> Result<String, String> {
        let is_good = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        if text.is_empty() || text.len() > SERVICE_NAME_BYTES_MAX || !text.chars().all(is_good) {
            return Err(format!(
                "`{text}` cannot be the name; write 1 to {SERVICE_NAME_BYTES_MAX} letters, digits and ._-/"
            ));
        }
        Ok(text.to_owned())
    }

    fn print(name: &String) -> String {
        name.clone()
    }
}

const SERVICE_NAME_BYTES_MAX: usize = 128;
