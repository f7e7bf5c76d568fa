//! What can go wrong on the way to an upstream and back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;

/// Why the upstreams cannot be set up as configured.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// An entry of the list, or the URL of a database, cannot be asked.
    #[error("upstream {url}: {reason}")]
    Url {
        /// The URL without its userinfo.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file of extra certificates.
    #[error("certificates of {}: {reason}", path.display())]
    CaFile { path: PathBuf, reason: String },
    /// The file of credentials.
    #[error("credentials of {}: {reason}", path.display())]
    Netrc { path: PathBuf, reason: String },
    /// A host that redirects may lead to.
    #[error("redirect host {host}: {reason}")]
    RedirectHost { host: String, reason: String },
    /// The proxy on the way.
    #[error("HTTP proxy {url}: {reason}")]
    HttpProxy { url: String, reason: String },
    /// The TLS and HTTP machinery.
    #[error("setting up the HTTP client: {0}")]
    Client(String),
}

/// Why a file did not come.
///
/// The families stay apart because they are answered apart: "not here" is the
/// only one that may become 404 or 410, a refusal is passed on, all others are
/// 5xx. `text` is the upstream's own explanation, verbatim, when it sent one
/// as plain text: at most [`TEXT_BYTES_MAX`] bytes, else empty.
#[derive(Debug, Clone, Error)]
pub(crate) enum FetchError {
    /// The upstream does not have it.
    #[error("{upstream} answered {status}")]
    NotFound {
        upstream: Arc<str>,
        /// 404 or 410.
        status: u16,
        text: Bytes,
    },
    /// The upstream has decided: a status of 400 to 499 that is not about
    /// absence or haste.
    #[error("{upstream} answered {status}")]
    Refused {
        upstream: Arc<str>,
        status: u16,
        text: Bytes,
    },
    /// The upstream is out of reach, failing, or left alone for a while.
    #[error("{upstream}: {reason}")]
    Unavailable {
        upstream: Arc<str>,
        /// For the log; holds no secrets.
        reason: String,
        /// The status it answered with, if it answered.
        status: Option<u16>,
        text: Bytes,
        /// When to try again, if known.
        retry_after: Option<Duration>,
    },
    /// The upstream answered with something it must not answer: a redirect out
    /// of bounds, a compressed body, 206. Trying again will not help.
    #[error("{upstream}: {reason}")]
    BadAnswer { upstream: Arc<str>, reason: String },
    /// The file is declared to be longer than the caller takes.
    #[error("{upstream}: answer of {length} bytes where at most {max} are taken")]
    TooLarge {
        upstream: Arc<str>,
        length: u64,
        max: u64,
    },
    /// The path cannot be asked for: our own mistake, or a client's that was not
    /// caught where it should have been.
    #[error("not a path to ask an upstream for: {path:?}")]
    Path { path: String },
    /// The module is private and no list is named that may be told its name: nobody
    /// was asked.
    #[error("{module} is private, and upstream.private names no list for it")]
    Private { module: String },
    /// The list is `off` or empty: no upstream was asked.
    #[error("module lookup disabled by GOPROXY=off")]
    Off,
}

impl FetchError {
    /// Returns the upstream's own words for people: lines without control characters,
    /// cut so that the go command shows them whole behind `upstream <label> refused: `.
    /// Empty where it said nothing.
    ///
    /// Source: cmd/go/internal/web, `errorDetailBuffer`: 8 lines, 648 bytes.
    pub(crate) fn words(&self) -> String {
        let (upstream, text) = match self {
            Self::NotFound { upstream, text, .. }
            | Self::Refused { upstream, text, .. }
            | Self::Unavailable { upstream, text, .. } => (upstream, text),
            Self::BadAnswer { .. }
            | Self::TooLarge { .. }
            | Self::Private { .. }
            | Self::Path { .. }
            | Self::Off => return String::new(),
        };
        let room = SHOWN_BYTES_MAX.saturating_sub("upstream  refused: \n".len() + upstream.len());
        clean(&String::from_utf8_lossy(text), room)
    }
}

/// Says whether the text of a 404 tells that the upstream only failed to come by the file
/// in time. The public mirror answers 404 `not found: … fetch timed out` after a minute,
/// and others put the errors of git into a 404.
pub(crate) fn is_timeout_in_disguise(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    // A word of its own, and no part of a module's path.
    let word = |c: char| c.is_whitespace() || matches!(c, ':' | ',' | ';' | '(' | ')');
    FAILURES.iter().any(|failure| text.contains(failure))
        || text
            .split(word)
            .any(|word| word.trim_end_matches('.') == "timeout")
}

/// What a 404 says that is none. All hold a space, which no module path does.
const FAILURES: [&str; 10] = [
    "timed out",
    "i/o timeout",
    "deadline exceeded",
    "handshake timeout",
    "gateway time",
    "bad gateway",
    "service unavailable",
    "connection refused",
    "connection reset",
    "temporary failure",
];

/// What the go command shows of an error's text.
const SHOWN_BYTES_MAX: usize = 648;
const SHOWN_LINES_MAX: usize = 8;

/// Returns a text's lines without control characters and empty lines, at which the go
/// command ends; at most `room` bytes.
fn clean(text: &str, room: usize) -> String {
    let line = |line: &str| {
        let shown = line.chars().map(|c| if c == '\t' { ' ' } else { c });
        let shown: String = shown.filter(|c| !c.is_control()).collect();
        shown.trim_end().to_owned()
    };
    let lines = text
        .lines()
        .map(line)
        .filter(|line| !line.trim().is_empty());
    let mut all = lines.take(SHOWN_LINES_MAX).collect::<Vec<_>>().join("\n");
    let mut end = room.min(all.len());
    while !all.is_char_boundary(end) {
        end -= 1;
    }
    all.truncate(end);
    all
}

/// Bytes of an upstream's error text that are kept. The go command shows 648.
pub(super) const TEXT_BYTES_MAX: usize = 4096;

/// Why a body that had begun to flow did not arrive whole.
#[derive(Debug, Clone, Error)]
pub(crate) enum TransferError {
    /// It ended early.
    #[error("transfer ended after {got} bytes{}", of(*.want))]
    Truncated {
        got: u64,
        /// The declared length, if one was declared.
        want: Option<u64>,
    },
    /// Nothing came for too long.
    #[error("nothing came for {} ms after {got} bytes", after.as_millis())]
    Stalled { got: u64, after: Duration },
    /// The connection or the file failed.
    #[error("transfer failed after {got} bytes: {reason}")]
    Broken { got: u64, reason: String },
    /// More came than the caller takes.
    #[error("more than {max} bytes came")]
    TooLarge { max: u64 },
}

impl TransferError {
    /// Says whether asking for the whole file again can help.
    pub(crate) fn retryable(&self) -> bool {
        match self {
            Self::Truncated { .. } | Self::Stalled { .. } | Self::Broken { .. } => true,
            Self::TooLarge { .. } => false,
        }
    }
}

/// Returns why a file did not come whose transfer failed for good.
pub(in crate::source) fn error_of_transfer(
    upstream: Arc<str>,
    error: &TransferError,
) -> FetchError {
    match error {
        // Its length was not declared: this much came at least.
        TransferError::TooLarge { max } => FetchError::TooLarge {
            upstream,
            length: max.saturating_add(1),
            max: *max,
        },
        TransferError::Truncated { .. }
        | TransferError::Stalled { .. }
        | TransferError::Broken { .. } => FetchError::Unavailable {
            upstream,
            reason: error.to_string(),
            status: None,
            text: Bytes::new(),
            retry_after: None,
        },
    }
}

/// Joins an error and its causes, leaving out repetitions.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    // Chains are short; the bound is for a source that names itself.
    for _ in 0..16 {
        let Some(error) = next else { break };
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}

fn of(want: Option<u64>) -> String {
    want.map(|want| format!(" of {want}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absent(text: &str) -> FetchError {
        FetchError::NotFound {
            upstream: "https://proxy.example".into(),
            status: 404,
            text: Bytes::copy_from_slice(text.as_bytes()),
        }
    }

    #[test]
    fn tells_timeouts_from_absence() {
        for (text, want) in [
            ("not found: fetch timed out", true),
            ("not found: m@v1.0.0: fetch timed out\n", true),
            ("not found: dial tcp 192.0.2.1:443: i/o timeout", true),
            ("Get \"https://x/\": context deadline exceeded", true),
            ("not found: fatal: unable to access: 502 Bad Gateway", true),
            ("504 Gateway Time-out", true),
            ("upstream error: timeout.", true),
            (
                "not found: m@v9: invalid version: unknown revision v9",
                false,
            ),
            (
                "not found: github.com/x/timeout@v1.0.0: unknown revision",
                false,
            ),
            (
                "not found: timeout.example/x: unrecognized import path",
                false,
            ),
            (
                "not found: x/connection-refused@v1: unknown revision",
                false,
            ),
            ("", false),
        ] {
            assert_eq!(is_timeout_in_disguise(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn words_are_shown_whole_by_the_go_command() {
        for (text, want) in [
            (
                "This module version is not available.\r\n",
                "This module version is not available.",
            ),
            ("one\n\n  \ntwo\x1b[31m\tred\0", "one\ntwo[31m red"),
            ("", ""),
        ] {
            assert_eq!(absent(text).words(), want);
        }
        let error = absent(&"\u{e9}\n".repeat(20));
        assert_eq!(error.words().lines().count(), 8);
        let long = absent(&"\u{e9}".repeat(1000)).words();
        let shown = format!("upstream https://proxy.example refused: {long}\n");
        assert!((646..=648).contains(&shown.len()), "{}", shown.len());
    }
}
