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
    #[error("reading certificates of {}: {reason}", path.display())]
    CaFile { path: PathBuf, reason: String },
    /// The file of credentials.
    #[error("reading credentials of {}: {reason}", path.display())]
    Netrc { path: PathBuf, reason: String },
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

fn of(want: Option<u64>) -> String {
    want.map(|want| format!(" of {want}")).unwrap_or_default()
}
