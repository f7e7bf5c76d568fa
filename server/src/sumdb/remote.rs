//! Where a database is asked, and what its answers can be.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use proto::goproxy::list::Fallback;
use tokio::time::Instant;

use super::LookupError;
use crate::flight::Flights;
use crate::source::upstream::{FetchError, Upstreams};

/// A place that may relay a database, or is it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// An entry of the upstream list, by number.
    Entry(usize),
    /// The database's own address.
    Own,
}

/// Reads files from the upstream list and from other addresses.
pub(crate) trait Fetch: Send + Sync + 'static {
    /// What comes after entry `index` of the upstream list when it fails, or `None`
    /// when there is no such entry.
    fn fall_through(&self, index: usize) -> Option<Fallback>;

    /// Reads a file of at most `bytes_max` bytes from entry `index`.
    fn read_entry(
        &self,
        index: usize,
        path: &str,
        bytes_max: u64,
    ) -> impl Future<Output = Result<Bytes, FetchError>> + Send;

    /// Reads a file of at most `bytes_max` bytes from under the URL `base`.
    fn read_url(
        &self,
        base: &str,
        path: &str,
        bytes_max: u64,
    ) -> impl Future<Output = Result<Bytes, FetchError>> + Send;
}

/// How often a file is asked for whose transfer breaks off.
const TRANSFERS_MAX: usize = 2;

impl Fetch for Upstreams {
    fn fall_through(&self, index: usize) -> Option<Fallback> {
        Self::fall_through(self, index)
    }

    async fn read_entry(
        &self,
        index: usize,
        path: &str,
        bytes_max: u64,
    ) -> Result<Bytes, FetchError> {
        let want = self.want(bytes_max);
        let mut transfer = 1;
        loop {
            let fetched = self.fetch_from(index, path, &want).await?;
            match collect(fetched, transfer).await {
                Some(answer) => return answer,
                None => transfer += 1,
            }
        }
    }

    async fn read_url(&self, base: &str, path: &str, bytes_max: u64) -> Result<Bytes, FetchError> {
        let want = self.want(bytes_max);
        let mut transfer = 1;
        loop {
            let fetched = self.fetch_url(base, path, &want).await?;
            match collect(fetched, transfer).await {
                Some(answer) => return answer,
                None => transfer += 1,
            }
        }
    }
}

/// Collects a body, or returns `None` when it is worth asking for it again.
async fn collect(
    fetched: crate::source::upstream::Fetched,
    transfer: usize,
) -> Option<Result<Bytes, FetchError>> {
    let upstream = Arc::clone(&fetched.upstream);
    if fetched.is_html() {
        let reason = "answered with a web page".to_owned();
        return Some(Err(FetchError::BadAnswer { upstream, reason }));
    }
    match fetched.bytes().await {
        Ok(bytes) => Some(Ok(bytes)),
        Err(error) if error.retryable() && transfer < TRANSFERS_MAX => None,
        Err(error) => Some(Err(FetchError::Unavailable {
            upstream,
            reason: error.to_string(),
            status: None,
            text: Bytes::new(),
            retry_after: None,
        })),
    }
}

/// A database as it is reached through the upstreams.
///
/// A database with an address of its own in the settings is asked there and nowhere
/// else, so that its modules' names are told to nobody. Any other is asked as the
/// go command does: at the first entry of the upstream list that relays it, else at
/// `https://<name>`.
pub(super) struct Remote<F> {
    name: String,
    /// The address in the settings.
    url: Option<String>,
    fetch: Arc<F>,
    /// Where the database was found last, and when. Held for a look at a time.
    found: Mutex<Option<(Source, Instant)>>,
    searches: Flights<(), Result<Source, LookupError>>,
}

/// How long a place is taken for the right one without asking again.
const FOUND_FRESH: Duration = Duration::from_secs(600);

impl<F: Fetch> Remote<F> {
    pub(super) fn new(name: &str, url: Option<&str>, fetch: Arc<F>) -> Self {
        Self {
            name: name.to_owned(),
            url: url.map(|url| url.trim_end_matches('/').to_owned()),
            fetch,
            found: Mutex::new(None),
            searches: Flights::default(),
        }
    }

    /// Reads a file of the database: `latest`, `lookup/…` or `tile/…`.
    ///
    /// # Errors
    /// [`LookupError::NotFound`] and [`LookupError::Unreachable`].
    pub(super) async fn read(
        self: &Arc<Self>,
        path: &str,
        bytes_max: u64,
    ) -> Result<Bytes, LookupError> {
        let source = self.source().await?;
        let answer = self.read_at(&source, path, bytes_max).await;
        answer.map_err(|error| {
            // Whatever relays databases may stop to: look again next time.
            if !matches!(error, FetchError::NotFound { .. }) {
                self.remember(None);
            }
            into_lookup_error(error)
        })
    }

    async fn read_at(
        &self,
        source: &Source,
        path: &str,
        bytes_max: u64,
    ) -> Result<Bytes, FetchError> {
        match source {
            Source::Entry(index) => {
                let path = format!("sumdb/{}/{path}", self.name);
                self.fetch.read_entry(*index, &path, bytes_max).await
            }
            Source::Own => {
                let base = self.own_url();
                self.fetch.read_url(&base, path, bytes_max).await
            }
        }
    }

    fn own_url(&self) -> String {
        match &self.url {
            Some(url) => url.clone(),
            None => format!("https://{}", self.name),
        }
    }

    async fn source(self: &Arc<Self>) -> Result<Source, LookupError> {
        if self.url.is_some() {
            return Ok(Source::Own);
        }
        if let Some(source) = self.remembered() {
            return Ok(source);
        }
        let this = Arc::clone(self);
        self.searches
            .join((), async move { this.search().await })
            .await
    }

    /// Asks the upstream list, entry by entry, who relays the database.
    ///
    /// Source: cmd/go/internal/modfetch/sumdb.go, initBase
    async fn search(&self) -> Result<Source, LookupError> {
        let path = format!("sumdb/{}/supported", self.name);
        let mut failed = None;
        let mut index = 0;
        while let Some(then) = self.fetch.fall_through(index) {
            match self
                .fetch
                .read_entry(index, &path, SUPPORTED_BYTES_MAX)
                .await
            {
                Ok(_) => return Ok(self.remember(Some(Source::Entry(index)))),
                Err(FetchError::NotFound { .. }) => {}
                Err(error) => {
                    let error = into_lookup_error(error);
                    match then {
                        Fallback::NotFound => return Err(error),
                        Fallback::AnyError => failed = Some(error),
                    }
                }
            }
            index += 1;
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(self.remember(Some(Source::Own))),
        }
    }

    fn remembered(&self) -> Option<Source> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        match &*found {
            Some((source, when)) if when.elapsed() < FOUND_FRESH => Some(source.clone()),
            _ => None,
        }
    }

    fn remember(&self, source: Option<Source>) -> Source {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        *found = source.clone().map(|source| (source, Instant::now()));
        source.unwrap_or(Source::Own)
    }
}

/// The body of `supported` says nothing.
const SUPPORTED_BYTES_MAX: u64 = 64 << 10;

/// Only "not here" may become "not found"; all else is a database out of reach.
fn into_lookup_error(error: FetchError) -> LookupError {
    match error {
        FetchError::NotFound { status, text, .. } => LookupError::NotFound { status, text },
        FetchError::Unavailable {
            ref text,
            retry_after,
            ..
        } => LookupError::Unreachable {
            reason: with_text(&error, text),
            retry_after,
        },
        FetchError::Refused { ref text, .. } => LookupError::Unreachable {
            reason: with_text(&error, text),
            retry_after: None,
        },
        error => LookupError::Unreachable {
            reason: error.to_string(),
            retry_after: None,
        },
    }
}

fn with_text(error: &FetchError, text: &[u8]) -> String {
    match String::from_utf8_lossy(text).lines().next() {
        Some(line) if !line.trim().is_empty() => format!("{error}: {}", line.trim()),
        _ => error.to_string(),
    }
}
