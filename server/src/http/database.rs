//! `/sumdb/<name>/…`: the followed checksum databases, for clients.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use proto::goproxy::sumdb::SumdbRequest;
use proto::module::ModuleVersion;

use super::body::Body;
use super::refusal::Refusal;
use super::response;
use crate::app::App;
use crate::proxy::answer::{Answer, Kind};
use crate::sumdb::{Database, LookupError};

/// Answers what follows `/sumdb/`.
pub(crate) async fn answer(
    app: &Arc<App>,
    path: &str,
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
    let answer = match &wanted {
        // Always answered here and always yes: with any other answer clients
        // would go around us.
        SumdbRequest::Supported => {
            return Ok(response::text(
                StatusCode::OK,
                Bytes::new(),
                request.method(),
            ));
        }
        SumdbRequest::Latest => {
            let note = database
                .latest()
                .await
                .map_err(|error| Refusal::from_database(database.name(), &error))?;
            Answer::new(Kind::Head, note, None)
        }
        SumdbRequest::Lookup(version) => {
            let bytes = lookup(app, database, version).await?;
            Answer::new(Kind::Lookup, bytes, None)
        }
        SumdbRequest::Tile(tile) => {
            let bytes = database
                .tile(tile)
                .await
                .map_err(|error| Refusal::from_database(database.name(), &error))?;
            let full = tile.width == 1 << tile.height;
            let kind = if full { Kind::Tile } else { Kind::PartialTile };
            Answer::new(kind, bytes, None)
        }
    };
    let answer = Arc::new(answer);
    if answer.kind != Kind::Head
        && let Some(key) = request.uri().path().strip_prefix('/')
    {
        app.proxy.hot.put(key, &answer);
    }
    Ok(response::whole(
        &answer,
        request.method(),
        request.headers(),
    ))
}

async fn lookup(
    app: &Arc<App>,
    database: &Arc<Database>,
    version: &ModuleVersion,
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
    match database.lookup(version).await {
        Ok(answer) => Ok(answer.bytes.clone()),
        Err(error @ LookupError::NotFound { .. }) => {
            Err(Refusal::from_database(database.name(), &error))
        }
        Err(error) => Err(Refusal::from_lookup(database.name(), version, &error)),
    }
}
