//! `/sumdb/<name>/…`: checksum databases, for clients.

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use proto::goproxy::sumdb::SumdbRequest;
use proto::module::ModuleVersion;
use proto::tlog::Level;

use super::Site;
use super::body::Body;
use super::refusal::Refusal;
use super::response::{self, To};
use crate::ask::Asked;
use crate::modules::error::{Error, Remember};
use crate::shelf::answer::{Answer, Kind};
use crate::store::Key;
use crate::sumdb::{Database, Hops, LookupError};

/// Answers what follows `/sumdb/`.
pub(crate) async fn answer(
    site: &Arc<Site>,
    path: &str,
    asked: &Asked,
    to: To<'_>,
) -> Result<Response<Body>, Refusal> {
    let Some((database, rest)) = site.databases.resolve(path) else {
        return Err(Refusal::not_found(
            404,
            Bytes::from_static(b"not found: this proxy does not relay that checksum database\n"),
        ));
    };
    if let Database::Own(own) = database {
        return super::own::answer(site, own, rest, asked, to).await;
    }
    let wanted =
        SumdbRequest::parse(rest).map_err(|error| Refusal::bad_request(format!("{error}\n")))?;
    let Some(kind) = kind(&wanted) else {
        // Always answered here and always yes: with any other answer clients
        // would go around us.
        return Ok(response::text(StatusCode::OK, Bytes::new(), to.method));
    };
    let key = Key::of_database(database.name(), &wanted);
    let since = site.shelf.now();
    let full = site.modules.check_room().await.err();
    let bytes = if asked.cached_only || full.is_some() {
        let stored = database.stored(&wanted).await;
        stored.map_err(|error| match (full, error) {
            (Some(full), LookupError::NotFound { .. }) if !asked.cached_only => full.into(),
            (_, error) => Refusal::from_database(database.name(), &error),
        })?
    } else {
        ask(site, database, &wanted, &key, asked).await?
    };
    let answer = Arc::new(Answer::of_bytes(kind, bytes, None));
    if kind != Kind::Head {
        site.shelf.put_hot(&key, &answer, since);
    }
    Ok(response::whole(&answer, to))
}

/// Returns the kind of answer; `None` for the empty one to `supported`.
fn kind(wanted: &SumdbRequest) -> Option<Kind> {
    Some(match wanted {
        SumdbRequest::Supported => return None,
        SumdbRequest::Latest => Kind::Head,
        SumdbRequest::Lookup(_) => Kind::Lookup,
        SumdbRequest::Tile(tile) => match (tile.level, tile.is_full()) {
            (Level::Hashes(_), true) => Kind::Tile,
            (Level::Hashes(_), false) => Kind::PartialTile,
            (Level::Data, true) => Kind::Records,
            (Level::Data, false) => Kind::PartialRecords,
        },
    })
}

/// Asks the database, as one of a bounded number of clients that wait, and
/// remembers what it does not have.
async fn ask(
    site: &Arc<Site>,
    database: &Database,
    wanted: &SumdbRequest,
    key: &Key,
    asked: &Asked,
) -> Result<Bytes, Refusal> {
    // The name of a private module must not leave.
    if let SumdbRequest::Lookup(version) = wanted
        && site.live.now().proof.is_exempt(version.path.as_str())
    {
        return Err(Refusal::exempt(version.path.as_str()));
    }
    // What is stored needs no place among those that wait for upstream.
    if let SumdbRequest::Lookup(_) | SumdbRequest::Tile(_) = wanted {
        match database.stored(wanted).await {
            Err(LookupError::NotFound { .. }) => {}
            stored => {
                return stored.map_err(|error| Refusal::from_database(database.name(), &error));
            }
        }
    }
    if let Some(error) = site.shelf.refused(key) {
        return Err(error.into());
    }
    let _waiting = site.modules.waiting(asked)?;
    site.modules.check_ring(asked).await?;
    let hops = Hops::from(asked);
    let result = match wanted {
        SumdbRequest::Supported => Ok(Bytes::new()),
        SumdbRequest::Latest => database.latest(&hops).await,
        SumdbRequest::Tile(tile) => database.tile(tile, &hops).await,
        SumdbRequest::Lookup(version) => return lookup(site, database, version, key, asked).await,
    };
    match result {
        Ok(bytes) => Ok(bytes),
        Err(LookupError::NotFound { status, text }) => {
            // Remembered in memory alone: a tile or record will be there.
            Err(absent(site, database, key, status, text))
        }
        Err(error) => Err(Refusal::from_database(database.name(), &error)),
    }
}

async fn lookup(
    site: &Arc<Site>,
    database: &Database,
    version: &ModuleVersion,
    key: &Key,
    asked: &Asked,
) -> Result<Bytes, Refusal> {
    match database.lookup(version, &Hops::from(asked)).await {
        Ok(answer) => Ok(answer.bytes.clone()),
        Err(LookupError::NotFound { status, text }) => {
            Err(absent(site, database, key, status, text))
        }
        Err(error) => {
            let mut refusal = Refusal::from_lookup(database.name(), version, &error);
            if let (LookupError::Unreachable { .. }, Some(day)) =
                (&error, site.mirror.last_import())
            {
                let words = format!("not in this mirror; last import {day}\n");
                refusal.text = [&refusal.text[..], words.as_bytes()].concat().into();
            }
            Err(refusal)
        }
    }
}

/// Passes on that a database does not have something, and remembers it, unless it only
/// failed to come by it in time.
fn absent(site: &Site, database: &Database, key: &Key, status: u16, text: Bytes) -> Refusal {
    let error = Error::NotFound {
        upstream: database.name().into(),
        status,
        text,
    };
    if error.remember() == Remember::Briefly {
        let duration = site.live.now().negative_ttl;
        site.shelf.refuse(key, error.clone(), duration);
    }
    error.into()
}
