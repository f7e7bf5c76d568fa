//! Reading files from upstreams, as databases need it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::HeaderValue;
use proto::goproxy::list::Fallback;

use crate::ask::Asked;
use crate::source::upstream::{FetchError, Fetched, Upstreams, Want};

/// The servers of our kind that a request has passed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hops {
    /// The `Sumward-Via` value to send on, this server included; `None` for what this
    /// server asks on its own behalf.
    pub(crate) via: Option<HeaderValue>,
    /// Whether it came through another server. Such requests share no work with
    /// others: in a ring of servers two could else wait for each other.
    pub(crate) relayed: bool,
}

impl From<&Asked> for Hops {
    fn from(asked: &Asked) -> Self {
        Self {
            via: Some(asked.via.clone()),
            relayed: asked.relayed,
        }
    }
}

/// Reads files from the upstream list and from other addresses.
pub(crate) trait Fetch: fmt::Debug + Send + Sync {
    /// What comes after entry `index` of the upstream list when it fails, or `None`
    /// when there is no such entry.
    fn fall_through(&self, index: usize) -> Option<Fallback>;

    /// Reads a file of at most `bytes_max` bytes from entry `index`.
    fn read_entry<'a>(
        &'a self,
        index: usize,
        path: &'a str,
        bytes_max: u64,
        hops: &'a Hops,
    ) -> BoxFuture<'a, Result<Bytes, FetchError>>;

    /// Reads a file of at most `bytes_max` bytes from under the URL `base`.
    fn read_url<'a>(
        &'a self,
        base: &'a str,
        path: &'a str,
        bytes_max: u64,
        hops: &'a Hops,
    ) -> BoxFuture<'a, Result<Bytes, FetchError>>;
}

/// How often a file is asked for whose transfer breaks off.
const TRANSFERS_MAX: usize = 2;

impl Fetch for Upstreams {
    fn fall_through(&self, index: usize) -> Option<Fallback> {
        Self::fall_through(self, index)
    }

    fn read_entry<'a>(
        &'a self,
        index: usize,
        path: &'a str,
        bytes_max: u64,
        hops: &'a Hops,
    ) -> BoxFuture<'a, Result<Bytes, FetchError>> {
        Box::pin(async move {
            let want = want(self, bytes_max, hops);
            let want = &want;
            collect(move || Box::pin(self.fetch_from(index, path, want))).await
        })
    }

    fn read_url<'a>(
        &'a self,
        base: &'a str,
        path: &'a str,
        bytes_max: u64,
        hops: &'a Hops,
    ) -> BoxFuture<'a, Result<Bytes, FetchError>> {
        Box::pin(async move {
            let want = want(self, bytes_max, hops);
            let want = &want;
            collect(move || Box::pin(self.fetch_url(base, path, want))).await
        })
    }
}

fn want(upstreams: &Upstreams, bytes_max: u64, hops: &Hops) -> Want {
    let own = upstreams.want(bytes_max);
    match &hops.via {
        Some(via) => Want {
            via: via.clone(),
            ..own
        },
        None => own,
    }
}

/// Fetches a file and collects its body; once more when the body breaks off.
async fn collect<'a>(
    fetch: impl Fn() -> BoxFuture<'a, Result<Fetched, FetchError>> + Send,
) -> Result<Bytes, FetchError> {
    let mut transfer = 1;
    loop {
        let fetched = fetch().await?;
        let upstream = Arc::clone(&fetched.upstream);
        if fetched.is_html() {
            let reason = "answered with a web page".to_owned();
            return Err(FetchError::BadAnswer { upstream, reason });
        }
        match fetched.bytes().await {
            Ok(bytes) => return Ok(bytes),
            Err(error) if error.retryable() && transfer < TRANSFERS_MAX => transfer += 1,
            Err(error) => {
                return Err(FetchError::Unavailable {
                    upstream,
                    reason: error.to_string(),
                    status: None,
                    text: Bytes::new(),
                    retry_after: None,
                });
            }
        }
    }
}
