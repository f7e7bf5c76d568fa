//! What is wanted of an upstream, and what comes.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;

use super::{Body, TransferError};
use crate::source::Class;

/// What a caller wants of a file.
#[derive(Debug, Clone)]
pub(crate) struct Want {
    /// Bytes it takes at most.
    pub(crate) body_max: u64,
    /// The `Sumward-Via` value to send; see [`super::via::via_appended`].
    pub(crate) via: HeaderValue,
    /// Which pool of permits the transfer takes one of.
    pub(crate) class: Class,
}

/// A file that an upstream has and is sending.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// The entry it comes from: its base URL without userinfo.
    pub(crate) upstream: Arc<str>,
    /// What was asked for, without userinfo.
    pub(crate) url: String,
    /// The declared length in bytes. The body is held to it.
    pub(crate) length: Option<u64>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Body,
}

impl Fetched {
    /// Says whether the upstream calls this a page for people: a sign-in page or a
    /// portal that answers 200 to everything.
    pub(crate) fn is_html(&self) -> bool {
        self.content_type.as_deref().is_some_and(is_html)
    }

    /// Collects the whole body.
    ///
    /// # Errors
    /// See [`TransferError`].
    pub(crate) async fn bytes(self) -> Result<Bytes, TransferError> {
        self.body.bytes().await
    }
}

/// Says whether a content type is that of a page for people.
pub(in crate::source) fn is_html(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
}
