//! Settings that are one word of a few.

use tracing_subscriber::EnvFilter;

use super::{Format, Mode};

pub(super) fn parse_mode(text: &str) -> Result<Mode, String> {
    match text {
        "require" => Ok(Mode::Require),
        "report" => Ok(Mode::Report),
        "off" => Ok(Mode::Off),
        _ => Err(format!("`{text}` is none of require, report and off")),
    }
}

pub(super) fn print_mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Require => "require",
        Mode::Report => "report",
        Mode::Off => "off",
    }
}

pub(super) fn parse_format(text: &str) -> Result<Format, String> {
    match text {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err(format!("`{text}` is neither text nor json")),
    }
}

pub(super) fn print_format(format: Format) -> &'static str {
    match format {
        Format::Text => "text",
        Format::Json => "json",
    }
}

/// Checks a level or filter directives. A word alone must be a level: the filter
/// would take a misspelt one for the name of a module, and log nothing.
pub(super) fn parse_level(text: &str) -> Result<String, String> {
    let is_level = |word: &str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word));
    for part in text.split(',') {
        if !part.contains('=') && !is_level(part) {
            return Err(format!(
                "`{part}` is none of {}, nor a filter such as server::source::upstream=debug",
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

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
