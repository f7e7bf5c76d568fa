//! `/sumdb/<name>/…`: the followed checksum databases, for clients.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use proto::goproxy::sumdb::SumdbRequest;
use proto::module::ModuleVersion;

use super::body::Body;
use super::refusal::Refusal;
use super::response;
use crate::app::App;
use crate::ask::Asked;
use crate::shelf::answer::{Answer, Kind};
use crate::sumdb::{Database, Hops, LookupError};

/// Answers what follows `/sumdb/`.
pub(crate) async fn answer(
    app: &Arc<App>,
    path: &str,
    asked: &Asked,
    request: &Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let Some((database, rest)) = app.databases.resolve(path) else {
        return Err(Refusal::not_found(
            404,
            Bytes::from_static(b"not found: this proxy does not relay that checksum database\n"),
        ));
    };
    let wanted =
        SumdbRequest::parse(rest).map_err(|error| Refusal::bad_request(format!("{error}\n")))?;
    let Some(kind) = kind(&wanted) else {
        // Always answered here and always yes: with any other answer clients
        // would go around us.
        let method = request.method();
        return Ok(response::text(StatusCode::OK, Bytes::new(), method));
    };
    let key = format!("sumdb/{}/{}", database.name(), wanted.path());
    let full = app.proxy.check_disk().err();
    let bytes = if asked.cached_only || full.is_some() {
        let stored = database.stored(&wanted).await;
        stored.map_err(|error| match (full, error) {
            (Some(full), LookupError::NotFound { .. }) if !asked.cached_only => full,
            (_, error) => Refusal::from_database(database.name(), &error),
        })?
    } else {
        ask(app, database, &wanted, &key, asked).await?
    };
    let answer = Arc::new(Answer::new(kind, bytes, None));
    if kind != Kind::Head {
        app.proxy.hot.put(&key, &answer);
    }
    Ok(response::whole(
        &answer,
        request.method(),
        request.headers(),
    ))
}

/// Returns the kind of answer; `None` for the empty one to `supported`.
fn kind(wanted: &SumdbRequest) -> Option<Kind> {
    Some(match wanted {
        SumdbRequest::Supported => return None,
        SumdbRequest::Latest => Kind::Head,
        SumdbRequest::Lookup(_) => Kind::Lookup,
        SumdbRequest::Tile(tile) if tile.width == 1 << tile.height => Kind::Tile,
        SumdbRequest::Tile(_) => Kind::PartialTile,
    })
}

/// Asks the database, as one of a bounded number of clients that wait, and
/// remembers what it does not have.
async fn ask(
    app: &Arc<App>,
    database: &Database,
    wanted: &SumdbRequest,
    key: &str,
    asked: &Asked,
) -> Result<Bytes, Refusal> {
    let hops = Hops {
        via: Some(asked.via.clone()),
        relayed: asked.relayed,
    };
    if let Some(refusal) = app.proxy.negative.get(key, Instant::now()) {
        return Err(refusal);
    }
    let _waiting = app.proxy.waiting()?;
    let refused = |error: &LookupError| Refusal::from_database(database.name(), error);
    let result = match wanted {
        SumdbRequest::Supported => Ok(Bytes::new()),
        SumdbRequest::Latest => database
            .latest(&hops)
            .await
            .map_err(|error| refused(&error)),
        SumdbRequest::Tile(tile) => database
            .tile(tile, &hops)
            .await
            .map_err(|error| refused(&error)),
        SumdbRequest::Lookup(version) => lookup(app, database, version, &hops).await,
    };
    if let Err(refusal) = &result {
        app.proxy.remember(key, refusal);
    }
    result
}

async fn lookup(
    app: &Arc<App>,
    database: &Database,
    version: &ModuleVersion,
    hops: &Hops,
) -> Result<Bytes, Refusal> {
    let module = version.path.as_str();
    // The name of a private module must not leave: the go command is told so,
    // and why, instead of "not found", after which it would ask elsewhere.
    if app.proxy.is_exempt(module) {
        return Err(Refusal::denied(format!(
            "{module} is exempt from proof here (GONOSUMDB), so its name is not told to {}\n\
             set GONOSUMDB={module} (or GOPRIVATE) where you build, too\n",
            database.name()
        )));
    }
    match database.lookup(version, hops).await {
        Ok(answer) => Ok(answer.bytes.clone()),
        Err(error @ LookupError::NotFound { .. }) => {
            Err(Refusal::from_database(database.name(), &error))
        }
        Err(error) => Err(Refusal::from_lookup(database.name(), version, &error)),
    }
}
