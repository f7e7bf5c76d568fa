//! Asking for what goes into a bundle, as a client of this server would.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use http::HeaderValue;
use proto::dirhash::H1;
use proto::goproxy::Request;
use proto::goproxy::sumdb::SumdbRequest;
use proto::module::ModuleVersion;

use super::Error;
use crate::ask::Asked;
use crate::blocking::{self, CALL_MAX};
use crate::modules::Modules;
use crate::modules::error::Error as ModuleError;
use crate::serve::peer::ClientAddress;
use crate::shelf::answer::{Pieces, Reply};
use crate::store::Content;
use crate::sumdb::{Databases, Hops, LookupError};

/// Gives the answer to a request path, without its leading slash and not
/// percent-encoded. What it gives was proved by whoever gives it.
pub(crate) trait Ask: Send + Sync {
    /// Asks for a path.
    fn get<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Pieces, Error>>;

    /// Returns the h1 that a module's zip with this SHA-256, in hex, was found to have when
    /// it was proved; `None` where that is not known.
    fn proved_h1<'a>(
        &'a self,
        version: &'a ModuleVersion,
        sha256: &'a str,
    ) -> BoxFuture<'a, Option<H1>>;
}

/// Asks this very process.
pub(crate) struct Here {
    pub(crate) modules: Arc<Modules>,
    pub(crate) databases: Arc<Databases>,
}

/// Reads a whole answer of at most `bytes_max` bytes.
///
/// # Errors
/// That there is none, or that it is longer.
pub(crate) async fn whole(ask: &dyn Ask, path: &str, bytes_max: usize) -> Result<Vec<u8>, Error> {
    let mut pieces = ask.get(path).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| not_had(path, error.to_string()))?);
        if bytes.len() > bytes_max {
            return Err(not_had(path, format!("it has more than {bytes_max} bytes")));
        }
    }
    Ok(bytes)
}

pub(crate) fn not_had(what: &str, reason: String) -> Error {
    Error::NotHad {
        what: what.to_owned(),
        reason,
        absent: false,
    }
}

impl Ask for Here {
    fn get<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Pieces, Error>> {
        Box::pin(async move {
            if let Some(rest) = path.strip_prefix("sumdb/") {
                return Ok(one(self.database(path, rest).await?));
            }
            let request = Request::parse(path).map_err(proto::bundle::Error::from)?;
            let reply = self.modules.answer(&request, asked()).await;
            let reply = reply.map_err(|error| Error::NotHad {
                absent: matches!(error, ModuleError::NotFound { .. }),
                what: path.to_owned(),
                reason: error.to_string(),
            })?;
            Ok(match reply {
                Reply::Whole(answer) => content(answer.content.clone()),
                Reply::Arriving { pieces, .. } => pieces,
            })
        })
    }

    fn proved_h1<'a>(
        &'a self,
        version: &'a ModuleVersion,
        sha256: &'a str,
    ) -> BoxFuture<'a, Option<H1>> {
        Box::pin(self.modules.proved_h1(version, sha256))
    }
}

impl Here {
    async fn database(&self, path: &str, rest: &str) -> Result<Bytes, Error> {
        let none = || not_had(path, "there is no such database here".to_owned());
        let (database, rest) = self.databases.resolve(rest).ok_or_else(none)?;
        let request = SumdbRequest::parse(rest).map_err(proto::bundle::Error::from)?;
        let hops = Hops::default();
        let answer = match &request {
            SumdbRequest::Supported => Ok(Bytes::new()),
            SumdbRequest::Latest => database.latest(&hops).await,
            SumdbRequest::Tile(tile) => database.tile(tile, &hops).await,
            SumdbRequest::Lookup(module) => {
                let answer = database.lookup(module, &hops).await;
                answer.map(|answer| answer.bytes.clone())
            }
        };
        answer.map_err(|error| Error::NotHad {
            absent: matches!(error, LookupError::NotFound { .. }),
            what: path.to_owned(),
            reason: error.to_string(),
        })
    }
}

/// How this process asks itself.
fn asked() -> Asked {
    Asked {
        client: ClientAddress::Unix,
        cached_only: false,
        relayed: false,
        via: HeaderValue::from_static(""),
    }
}

fn one(bytes: Bytes) -> Pieces {
    Box::pin(stream::once(std::future::ready(Ok(bytes))))
}

/// Bytes of a stored file that are read at once.
const PIECE_BYTES: usize = 256 << 10;

fn content(content: Content) -> Pieces {
    match content {
        Content::Memory(bytes) => one(bytes),
        Content::File(file) => Box::pin(stream::try_unfold((file, 0), async |(file, at)| {
            let length = file.len().saturating_sub(at);
            let length = usize::try_from(length).map_or(PIECE_BYTES, |it| it.min(PIECE_BYTES));
            if length == 0 {
                return Ok(None);
            }
            let reader = file.clone();
            let piece = blocking::run_within(CALL_MAX, move || reader.read_at(at, length));
            let piece = piece.await?;
            let next = at + piece.len() as u64;
            Ok(Some((piece, (file, next))))
        })),
    }
}
