//! Reading files from upstreams, as databases need it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::HeaderValue;
use proto::goproxy::list::Fallback;

use crate::ask::Asked;
use crate::source::upstream::{FetchError, Want};
use crate::source::{Class, Relay, Sources};

/// The servers of our kind that a request has passed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hops {
    /// The `Sumward-Via` value to send on, this server included; `None` for what this
    /// server asks on its own behalf.
    pub(crate) via: Option<HeaderValue>,
}

impl From<&Asked> for Hops {
    fn from(asked: &Asked) -> Self {
        Self {
            via: Some(asked.via.clone()),
        }
    }
}

/// Reads files from the upstream list and from other addresses.
pub(crate) trait Fetch: fmt::Debug + Send + Sync {
    /// What comes after entry `index` of the upstream list when it fails, or `None`
    /// when there is no such entry.
    fn fall_through(&self, index: usize) -> Option<Fallback>;

    /// Reads a file of at most `bytes_max` bytes from whoever relays the database.
    fn read<'a>(
        &'a self,
        relay: &'a Relay,
        path: &'a str,
        bytes_max: u64,
        hops: &'a Hops,
    ) -> BoxFuture<'a, Result<Bytes, FetchError>>;
}

/// Reads through the sources that the settings name, which bound how many transfers
/// there are at once and ask again when one breaks off.
#[derive(Debug)]
pub(crate) struct FromSources(pub(crate) Arc<Sources>);

impl Fetch for FromSources {
    fn fall_through(&self, index: usize) -> Option<Fallback> {
        self.0.fall_through(index)
    }

    fn read<'a>(
        &'a self,
        relay: &'a Relay,
        path: &'a str,
        bytes_max: u64,
        hops: &'a Hops,
    ) -> BoxFuture<'a, Result<Bytes, FetchError>> {
        Box::pin(async move {
            let own = self.0.upstreams().want(bytes_max);
            let want = Want {
                via: hops.via.clone().unwrap_or(own.via),
                class: Class::Database,
                ..own
            };
            let asking = self.0.ask_database(relay, path, want)?;
            let ((), bytes, _) = asking.text(|_, _| Ok(())).await?;
            Ok(bytes)
        })
    }
}
