//! Answers: what kind they are, and their content.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use futures_util::Stream;
use http::HeaderMap;

use super::used::Uses;
use crate::metrics;
use crate::store::Content;

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
    /// A full tile of hashes.
    Tile,
    /// A tile of hashes that will grow.
    PartialTile,
    /// A full tile of records.
    Records,
    /// A tile of records that will grow.
    PartialRecords,
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
            Self::Tile | Self::PartialTile | Self::Records | Self::PartialRecords => {
                metrics::Kind::SumdbTile
            }
        }
    }
}

/// How long an answer stays true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// For as long as its kind does.
    AsKind,
    /// It was served unproved: a stricter policy must be able to take it back soon.
    Unproved,
}

/// An answer that is all there.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The whole body.
    pub(crate) content: Content,
    /// What it is.
    pub(crate) kind: Kind,
    /// A digest of the content, for the ETag.
    pub(crate) tag: Option<Box<str>>,
    /// How long others may keep it.
    pub(crate) lasting: Lasting,
    /// Until when it is given without asking upstream; `None` for ever.
    pub(crate) fresh_until: Option<Instant>,
    /// Counts how often it was given; `None` where nobody wants to know.
    pub(crate) uses: Option<Arc<Uses>>,
    headers: OnceLock<HeaderMap>,
}

impl Answer {
    /// Makes an answer that never goes stale.
    pub(crate) fn new(kind: Kind, content: Content, tag: Option<&str>) -> Self {
        Self {
            content,
            kind,
            tag: tag.map(Into::into),
            lasting: Lasting::AsKind,
            fresh_until: None,
            uses: None,
            headers: OnceLock::new(),
        }
    }

    /// Makes an answer of bytes in memory.
    pub(crate) fn of_bytes(kind: Kind, bytes: Bytes, tag: Option<&str>) -> Self {
        Self::new(kind, Content::Memory(bytes), tag)
    }

    /// Notes that the answer was served unproved.
    pub(crate) fn lasting(self, lasting: Lasting) -> Self {
        Self { lasting, ..self }
    }

    /// Makes an answer that is good until `fresh_until`.
    pub(crate) fn fresh_until(self, fresh_until: Instant) -> Self {
        Self {
            fresh_until: Some(fresh_until),
            ..self
        }
    }

    /// Counts how often the answer is given.
    pub(crate) fn counted(self, uses: Arc<Uses>) -> Self {
        Self {
            uses: Some(uses),
            ..self
        }
    }

    /// Tells whether upstream need not be asked.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh_until
            .is_none_or(|fresh_until| Instant::now() < fresh_until)
    }

    /// Tells whether the content can still be what it was when it was checked: the
    /// length of a file on disk is looked at.
    pub(crate) fn is_sound(&self) -> bool {
        match &self.content {
            Content::Memory(_) => true,
            Content::File(file) => file.is_sound(),
        }
    }

    /// Returns the headers of a 200, made once by `make`.
    pub(crate) fn headers(&self, make: impl FnOnce(&Self) -> HeaderMap) -> &HeaderMap {
        self.headers.get_or_init(|| make(self))
    }

    /// Returns what keeping the answer at hand costs, in bytes of memory. An open file
    /// costs more than its few bytes: descriptors are few.
    pub(crate) fn memory_bytes(&self) -> u64 {
        match &self.content {
            Content::Memory(bytes) => bytes.len() as u64,
            Content::File(_) => OPEN_FILE_BYTES,
        }
    }
}

/// What an open file counts for: with the default of 32 MiB some 500 are open.
const OPEN_FILE_BYTES: u64 = 64 << 10;

/// Pieces of a body on their way.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// What a request comes to: an answer that is there or one that is arriving.
pub(crate) enum Reply {
    /// All there.
    Whole(Arc<Answer>),
    /// A zip on its way; its end waits for the proof.
    Arriving {
        /// Bytes in all, where upstream has said so.
        length: Option<u64>,
        /// The pieces.
        pieces: Pieces,
    },
}
