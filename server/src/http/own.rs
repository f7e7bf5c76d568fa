//! `/sumdb/<name>/…` of a database of our own, in the form of Go's databases, and in that
//! of c2sp.org/tlog-tiles for witnesses and monitors.

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use proto::goproxy::sumdb::SumdbRequest;
use proto::module::ModuleVersion;
use proto::tlog::{Level, Tile, c2sp};
use serde_json::json;

use super::Site;
use super::body::Body;
use super::refusal::Refusal;
use super::response::{self, To};
use crate::ask::Asked;
use crate::modules::error::Error as ModuleError;
use crate::own::{Error, Own, TileBody};
use crate::shelf::answer::{Answer, Kind};
use crate::store::Key;
use crate::sumdb::LookupError;

/// Answers what follows the database's name.
pub(super) async fn answer(
    site: &Arc<Site>,
    own: &Arc<Own>,
    rest: &str,
    asked: &Asked,
    to: To<'_>,
) -> Result<Response<Body>, Refusal> {
    let refused = |error: Error| Refusal::from_database(own.name(), &error.into());
    match c2sp::Request::parse(rest) {
        Some(c2sp::Request::Checkpoint) => {
            return Ok(whole(Kind::Head, own.checkpoint().map_err(refused)?, to));
        }
        Some(c2sp::Request::Tile(tile)) => {
            return sent(&tile, own.tile(&tile).await.map_err(refused)?, to);
        }
        Some(c2sp::Request::Entries(tile)) => {
            return sent(&tile, own.entries(&tile).await.map_err(refused)?, to);
        }
        None => {}
    }
    let wanted =
        SumdbRequest::parse(rest).map_err(|error| Refusal::bad_request(format!("{error}\n")))?;
    match wanted {
        // Always yes: with any other answer clients would go around us.
        SumdbRequest::Supported => Ok(response::text(StatusCode::OK, Bytes::new(), to.method)),
        SumdbRequest::Latest => Ok(whole(Kind::Head, own.latest().map_err(refused)?, to)),
        SumdbRequest::Tile(tile) => sent(&tile, own.tile(&tile).await.map_err(refused)?, to),
        SumdbRequest::Lookup(version) => {
            let bytes = lookup(site, own, &version, asked).await?;
            Ok(whole(Kind::Lookup, bytes, to))
        }
    }
}

async fn lookup(
    site: &Arc<Site>,
    own: &Arc<Own>,
    version: &ModuleVersion,
    asked: &Asked,
) -> Result<Vec<u8>, Refusal> {
    let refused = |error: Error| Refusal::from_lookup(own.name(), version, &error.into());
    if let Some(reason) = own.denied(version) {
        return Err(Refusal::denied_version(version, &reason));
    }
    // What is logged needs no place among those that wait for upstream.
    if let Some(answered) = own.logged(version).await.map_err(refused)? {
        return Ok(answered.bytes);
    }
    let module = version.path.as_str();
    if site.live.now().proof.is_exempt(module) && !site.databases.proves_itself(module) {
        return Err(Refusal::exempt(module));
    }
    if asked.cached_only {
        return Err(not_logged(own, version));
    }
    let key = Key::of_database(own.name(), &SumdbRequest::Lookup(version.clone()));
    if let Some(error) = site.shelf.refused(&key) {
        return Err(error.into());
    }
    site.modules.check_room().await?;
    let _waiting = site.modules.waiting(asked)?;
    site.modules.check_ring(asked).await?;
    let answered = own.lookup(version, Some(asked.via.clone())).await;
    answered.map(|answered| answered.bytes).map_err(|error| {
        remember(site, own, version, &key, &error);
        refused(error)
    })
}

/// Remembers for a while that something is not admitted: a name that nobody knows must not
/// be asked for at each request.
fn remember(site: &Site, own: &Own, version: &ModuleVersion, key: &Key, error: &Error) {
    let error = match error {
        Error::Denied { .. } => ModuleError::Lookup {
            version: version.clone(),
            database: own.name().to_owned(),
            error: error.clone().into(),
        },
        Error::NotFound { status, text } => ModuleError::NotFound {
            upstream: own.name().into(),
            status: *status,
            text: text.clone(),
        },
        Error::Unsigned { .. } | Error::Unreachable { .. } | Error::Internal { .. } => return,
    };
    if !error.is_timeout_in_disguise() {
        site.shelf.refuse(key, error, site.live.now().negative_ttl);
    }
}

/// What is not logged, when only what is there is wanted. Of a private module that is not
/// said as "not found", after which the name would be told to others.
fn not_logged(own: &Own, version: &ModuleVersion) -> Refusal {
    if own.proves(version.path.as_str()) {
        let reason = format!("{version} is private here and not in the log");
        return Refusal::from_lookup(own.name(), version, &LookupError::Denied { reason });
    }
    Refusal::not_stored()
}

fn whole(kind: Kind, bytes: Vec<u8>, to: To<'_>) -> Response<Body> {
    response::whole(&Answer::of_bytes(kind, bytes.into(), None), to)
}

fn sent(tile: &Tile, body: Option<TileBody>, to: To<'_>) -> Result<Response<Body>, Refusal> {
    let kind = match (tile.level, tile.is_full()) {
        (Level::Hashes(_), true) => Kind::Tile,
        (Level::Hashes(_), false) => Kind::PartialTile,
        (Level::Data, true) => Kind::Records,
        (Level::Data, false) => Kind::PartialRecords,
    };
    match body {
        Some(TileBody::Whole(bytes)) => {
            Ok(response::whole(&Answer::of_bytes(kind, bytes, None), to))
        }
        Some(TileBody::Pieces { length, pieces }) => {
            Ok(response::streamed(kind, length, pieces, to.method))
        }
        None => Err(Refusal::not_found(
            404,
            Bytes::from_static(b"not found: the log has not all of that tile\n"),
        )),
    }
}

/// Entries of `/index` in one answer, as the public index has it.
const INDEX_MAX: usize = 2000;

/// Answers `/index?since=TIME&limit=N`: one JSON object a line, for each module version
/// that was logged at that time or later.
///
/// Source: index.golang.org
pub(super) async fn index(
    site: &Arc<Site>,
    query: Option<&str>,
    to: To<'_>,
) -> Result<Response<Body>, Refusal> {
    let Some(own) = site.databases.own() else {
        return Err(Refusal::not_here());
    };
    let (since, limit) = read_query(query.unwrap_or_default())?;
    let found = own.index(since, limit).await;
    let found = found.map_err(|error| Refusal::from_database(own.name(), &error.into()))?;
    let mut text = String::new();
    for (module, at) in found {
        let time = i64::try_from(at).ok();
        let time = time.and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
        let line = json!({
            "Path": module.path.as_str(),
            "Version": module.version.as_str(),
            "Timestamp": time.map(|time| time.to_string()),
        });
        text.push_str(&format!("{line}\n"));
    }
    Ok(whole(Kind::Latest, text.into_bytes(), to))
}

/// Reads the query: microseconds since 1970, and how many entries.
fn read_query(query: &str) -> Result<(u64, usize), Refusal> {
    let bad = |text: &'static str| Refusal::bad_request(text);
    let (mut since, mut limit) = (0, INDEX_MAX);
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "since" => {
                let time: jiff::Timestamp = value
                    .parse()
                    .map_err(|_| bad("since is not a time such as 2026-11-26T17:00:00Z\n"))?;
                since = u64::try_from(time.as_microsecond()).unwrap_or(0);
            }
            "limit" => {
                let number: usize = value.parse().map_err(|_| bad("limit is not a number\n"))?;
                limit = number.min(INDEX_MAX);
            }
            // As the public index does.
            _ => {}
        }
    }
    Ok((since, limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_the_public_index_is_read() {
        let microseconds = 1_554_923_332_997_264;
        for (query, want) in [
            ("", (0, INDEX_MAX)),
            (
                "since=2019-04-10T19:08:52.997264Z",
                (microseconds, INDEX_MAX),
            ),
            (
                "since=2019-04-10T19%3A08%3A52.997264Z&limit=3",
                (microseconds, 3),
            ),
            ("limit=100000", (0, INDEX_MAX)),
            ("since=1969-01-01T00:00:00Z&include=all", (0, INDEX_MAX)),
        ] {
            assert_eq!(read_query(query).unwrap(), want, "{query}");
        }
        for query in ["since=", "since=yesterday", "limit=-1", "limit="] {
            assert_eq!(read_query(query).unwrap_err().status, 400, "{query}");
        }
    }
}
