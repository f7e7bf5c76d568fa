//! `/sumdb/<name>/…` of a database of our own, in the form of Go's databases, and in that
//! of c2sp.org/tlog-tiles for witnesses and monitors.

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use proto::goproxy::sumdb::SumdbRequest;
use proto::module::ModuleVersion;
use proto::tlog::{Level, Tile, c2sp};

use super::Site;
use super::body::Body;
use super::refusal::Refusal;
use super::response::{self, To};
use crate::ask::Asked;
use crate::own::{Error, Own, TileBody};
use crate::shelf::answer::{Answer, Kind};
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
    // What is logged needs no place among those that wait for upstream.
    if let Some(answered) = own.logged(version).await.map_err(refused)? {
        return Ok(answered.bytes);
    }
    let module = version.path.as_str();
    if site.config.is_exempt(module) {
        return Err(Refusal::denied(format!(
            "{module} is exempt from proof here (proof.exempt, GONOSUMDB), so its name is told to no database\n\
             set GONOSUMDB={module} (or GOPRIVATE) where you build, too\n"
        )));
    }
    if asked.cached_only {
        return Err(not_logged(own, version));
    }
    site.modules.check_room().await?;
    let _waiting = site.modules.waiting(asked)?;
    site.modules.check_ring(asked).await?;
    let answered = own.lookup(version, Some(asked.via.clone())).await;
    answered.map(|answered| answered.bytes).map_err(refused)
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
