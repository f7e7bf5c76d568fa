//! Health, readiness, metrics, and purging.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, HeaderValue, VARY};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use proto::module::ModuleVersion;
use serde_json::json;

use super::Site;
use super::body::Body;
use super::by_address;
use super::refusal::Refusal;
use super::response::{self, typed};
use super::route::Route;
use crate::blocking;
use crate::metrics::Format;
use crate::own;
use crate::shelf::purge::Purge;
use crate::telemetry::{errors, events, traces};

/// Answers a question of the admin kind.
pub(crate) async fn answer(
    site: &Arc<Site>,
    route: &Route,
    request: &Request<()>,
) -> Response<Body> {
    let method = request.method();
    match route {
        Route::Ready => ready(site, method),
        Route::Metrics => {
            measure(site).await;
            let format = format_for(request.headers());
            let text = Bytes::from(site.metrics.encode(format));
            let mut response = response::text(StatusCode::OK, text, method);
            let headers = response.headers_mut();
            headers.insert(VARY, HeaderValue::from_static("accept"));
            typed(response, format.content_type())
        }
        _ if wants_json(request.headers()) => {
            let text = Bytes::from_static(b"{\"status\": \"ok\"}\n");
            typed(
                response::text(StatusCode::OK, text, method),
                "application/json",
            )
        }
        _ => response::text(StatusCode::OK, Bytes::from_static(b"ok\n"), method),
    }
}

/// Answers with the name of this process, by which it knows its own requests.
pub(super) fn instance(site: &Site, method: &Method) -> Response<Body> {
    response::text(StatusCode::OK, site.instance.clone().into(), method)
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json"))
}

/// Takes back all that is stored and remembered of `MODULE` or `MODULE@VERSION`.
///
/// # Errors
/// A refusal when a browser may be made to ask, when nothing can be meant by the text,
/// or when the disk fails.
pub(crate) async fn purge(
    site: &Arc<Site>,
    what: &str,
    headers: &HeaderMap,
) -> Result<Response<Body>, Refusal> {
    by_address::check(headers)?;
    let purge =
        Purge::parse(what).map_err(|error| Refusal::bad_request(format!("{what}: {error}\n")))?;
    let purged = site
        .shelf
        .purge(&purge)
        .await
        .map_err(|error| Refusal::internal("purging", &error))?;
    tracing::warn!(
        what,
        files = purged.files.len(),
        refusals = purged.refusals,
        "purged"
    );
    response::json(&json!({
        "purged": what,
        "files": purged.files.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "refusals": purged.refusals,
    }))
}

/// Stops serving a version that is in the database of our own, for the `reason` of the
/// query, or serves it again.
///
/// # Errors
/// A refusal when a browser may be made to ask, when there is no such database, when
/// nothing can be meant by the text, or when the disk fails.
pub(crate) async fn deny<B>(
    site: &Arc<Site>,
    what: &str,
    request: &Request<B>,
) -> Result<Response<Body>, Refusal> {
    by_address::check(request.headers())?;
    let bad = |error: String| Refusal::bad_request(format!("{what}: {error}\n"));
    let Some(own) = site.databases.own() else {
        return Err(bad(
            "this server has no checksum database of its own (--own-database, own.key)".to_owned(),
        ));
    };
    let version = ModuleVersion::parse(what).map_err(|error| bad(error.to_string()))?;
    let reason = match *request.method() {
        Method::DELETE => None,
        _ => {
            let query = request.uri().query().unwrap_or_default();
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            let reason = pairs.find(|(key, _)| key == "reason");
            let reason = reason.map(|(_, reason)| reason.into_owned());
            let reason = reason.unwrap_or_default();
            own::check_reason(&reason).map_err(bad)?;
            Some(reason)
        }
    };
    let denied = own.deny(&version, reason.clone()).await;
    denied.map_err(|error| Refusal::internal("denying a version", &error))?;
    site.shelf.forget(&version);
    tracing::warn!(what, reason, "a logged version is denied, or allowed again");
    response::json(&json!({}))
}

/// Returns the format of metrics that a client asks for.
fn format_for(headers: &HeaderMap) -> Format {
    let accepts = headers.get_all(ACCEPT).iter();
    let accepts: Vec<_> = accepts.filter_map(|value| value.to_str().ok()).collect();
    Format::of_accept(&accepts.join(","))
}

/// Brings gauges that nobody counts up to date.
async fn measure(site: &Site) {
    site.modules.measure().await;
    site.metrics.degraded(&site.standing.held());
    let metrics = Arc::clone(&site.metrics);
    let read = blocking::run(move || {
        metrics.measure_process();
        Ok(())
    });
    if let Err(error) = read.await {
        tracing::warn!(%error, "what the kernel tells of the process is not read");
    }
    site.metrics.log_dropped(crate::telemetry::dropped());
    let sampled_out = crate::telemetry::sampled_out();
    site.metrics
        .log_sampled_out(sampled_out.warn, sampled_out.info);
    let lost = [traces::lost(), errors::lost(), events::lost()];
    site.metrics.export_dropped(lost);
    if let Some(own) = site.databases.own() {
        site.metrics
            .database_look_alikes(own.name(), own.look_alikes());
    }
    for database in site.databases.all() {
        let head = database.head_size().unwrap_or(0);
        site.metrics.database_head(database.name(), head);
        site.metrics.database_head_age(
            database.name(),
            database.head_age(),
            database.is_standing_still(),
        );
        site.metrics
            .database_stopped(database.name(), database.is_stopped());
    }
}

/// Ready means: it can serve what it has, so a data folder that does not answer is the
/// one thing that takes it away. Failing upstreams and stopped
/// databases are told, not counted as unready: another replica would have the
/// same, and taking this one out would also stop what is stored from being served.
fn ready(site: &Arc<Site>, method: &Method) -> Response<Body> {
    let ready = site.is_ready();
    let databases: Vec<_> = site
        .databases
        .all()
        .iter()
        .map(|database| {
            json!({
                "name": database.name(),
                "head": database.head_size(),
                "stopped": database.is_stopped(),
                "head_age_seconds": database.head_age().map(|age| age.as_secs()),
                "standing_still": database.is_standing_still(),
                "lost_head": database.lost_head_size(),
            })
        })
        .collect();
    let upstreams: Vec<_> = site
        .sources
        .health()
        .iter()
        .map(|health| json!({"upstream": &*health.label, "state": health.state()}))
        .collect();
    let degraded: Vec<_> = site
        .standing
        .held()
        .iter()
        .map(|(condition, reason)| json!({"condition": condition.label(), "reason": reason}))
        .collect();
    let body = json!({
        "ready": ready,
        "degraded": degraded,
        "databases": databases,
        "upstreams": upstreams,
    });
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let text = Bytes::from(format!("{body:#}\n"));
    typed(response::text(status, text, method), "application/json")
}
