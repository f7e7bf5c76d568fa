//! Answers: what kind they are, their bytes, and the headers that go with both.

use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};

use crate::http::body::Pieces;
use crate::metrics;

/// What is answered: the kind of thing decides type and caching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `@v/list`.
    List,
    /// `@latest`.
    Latest,
    /// `.info` of a branch, a tag or a commit.
    Query,
    /// `.info` of a version.
    Info,
    /// `.mod`.
    Mod,
    /// `.zip`.
    Zip,
    /// `/sumdb/<name>/latest`.
    Head,
    /// `/sumdb/<name>/lookup/…`.
    Lookup,
    /// A full tile.
    Tile,
    /// A tile that will grow.
    PartialTile,
}

impl Kind {
    /// Returns under which name requests for it are counted.
    pub(crate) fn metric(self) -> metrics::Kind {
        match self {
            Self::List => metrics::Kind::List,
            Self::Latest => metrics::Kind::Latest,
            Self::Query | Self::Info => metrics::Kind::Info,
            Self::Mod => metrics::Kind::Mod,
            Self::Zip => metrics::Kind::Zip,
            Self::Head => metrics::Kind::SumdbLatest,
            Self::Lookup => metrics::Kind::SumdbLookup,
            Self::Tile | Self::PartialTile => metrics::Kind::SumdbTile,
        }
    }

    /// Returns the media type.
    pub(crate) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::List | Self::Mod | Self::Head | Self::Lookup => "text/plain; charset=utf-8",
            Self::Latest | Self::Query | Self::Info => "application/json",
            Self::Zip => "application/zip",
            Self::Tile | Self::PartialTile => "application/octet-stream",
        })
    }

    /// Returns how long others may keep the answer. What is proved never
    /// changes; what only upstream says is kept a minute at the most.
    pub(crate) fn cache_control(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::List | Self::Latest | Self::Query | Self::Head => "public, max-age=60",
            Self::Lookup | Self::PartialTile => "public, max-age=3600",
            // It never changes, and nothing proves it.
            Self::Info => "public, max-age=86400",
            Self::Mod | Self::Zip | Self::Tile => "public, max-age=31536000, immutable",
        })
    }
}

/// An answer that is all there, with its headers ready.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The whole body.
    pub(crate) body: Bytes,
    /// What it is.
    pub(crate) kind: Kind,
    /// Headers of a 200, without length and date.
    pub(crate) headers: HeaderMap,
    /// Until when it is given without asking upstream; `None` for ever.
    pub(crate) fresh_until: Option<Instant>,
    mapped: bool,
}

/// Bodies above this are mapped files, which cost no memory of ours.
const MAPPED_BYTES_MIN: usize = 64 << 10;

impl Answer {
    /// Makes an answer that never goes stale. `tag` is a digest of the body
    /// for the ETag.
    pub(crate) fn new(kind: Kind, body: Bytes, tag: Option<&str>) -> Self {
        let mapped = kind == Kind::Zip && body.len() > MAPPED_BYTES_MIN;
        Self {
            headers: headers(kind, tag),
            body,
            kind,
            fresh_until: None,
            mapped,
        }
    }

    /// Lets others keep the answer an hour only: it was served unproved, and a
    /// stricter policy must be able to take it back.
    pub(crate) fn unproved(mut self) -> Self {
        let hour = HeaderValue::from_static("public, max-age=3600");
        self.headers.insert(CACHE_CONTROL, hour);
        self
    }

    /// Makes an answer that is good until `fresh_until`.
    pub(crate) fn fresh_until(self, fresh_until: Instant) -> Self {
        Self {
            fresh_until: Some(fresh_until),
            ..self
        }
    }

    /// Tells whether upstream need not be asked.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh_until
            .is_none_or(|fresh_until| Instant::now() < fresh_until)
    }

    /// Returns what the body costs in memory that cannot be dropped.
    pub(crate) fn memory_bytes(&self) -> u64 {
        if self.mapped {
            4096
        } else {
            self.body.len() as u64
        }
    }
}

/// Returns the headers of a 200 of this kind.
pub(crate) fn headers(kind: Kind, tag: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, kind.content_type());
    headers.insert(CACHE_CONTROL, kind.cache_control());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(tag) = tag
        && let Ok(value) = HeaderValue::from_str(&format!("\"{tag}\""))
    {
        headers.insert(ETAG, value);
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    headers
}

/// What a request comes to: an answer that is there or one that is arriving.
pub(crate) enum Reply {
    /// All there.
    Whole(std::sync::Arc<Answer>),
    /// A zip on its way; its last piece waits for the proof.
    Arriving {
        /// Bytes in all, where upstream has said so.
        length: Option<u64>,
        /// The pieces.
        pieces: Pieces,
    },
}
