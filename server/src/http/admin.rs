//! Health, readiness, metrics, and purging remembered refusals.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};
use serde_json::json;

use super::body::Body;
use super::response;
use super::route::Route;
use crate::app::App;
use crate::metrics;

/// Answers a request of the admin kind.
pub(crate) fn answer(app: &Arc<App>, route: &Route, method: &Method) -> Response<Body> {
    match route {
        Route::Ready => ready(app, method),
        Route::Metrics => {
            app.measure();
            let text = Bytes::from(app.metrics.encode());
            typed(
                response::text(StatusCode::OK, text, method),
                metrics::CONTENT_TYPE,
            )
        }
        _ => response::text(StatusCode::OK, Bytes::from_static(b"ok\n"), method),
    }
}

/// Tells whether a request wants refusals forgotten: `DELETE` of a module path
/// forgets what is remembered of that one thing.
pub(crate) fn is_purge(method: &Method, route: &Route) -> bool {
    method == Method::DELETE && matches!(route, Route::Module { .. })
}

/// Forgets the remembered refusals of the module that the path names.
pub(crate) fn purge(app: &Arc<App>, route: &Route, method: &Method) -> Response<Body> {
    let Route::Module { request, .. } = route else {
        return response::method_not_allowed();
    };
    let module = format!("{}/@", request.module().escaped());
    let purged = app.proxy.negative.purge(&module);
    let text = format!("forgot {purged} refusals of {}\n", request.module());
    response::text(StatusCode::OK, text.into(), method)
}

/// Ready means: it can serve what it has. Failing upstreams and stopped
/// databases are told, not counted as unready: another replica would have the
/// same, and taking this one out would also stop what is stored from being served.
fn ready(app: &Arc<App>, method: &Method) -> Response<Body> {
    let ready = !app.stop.is_cancelled();
    let databases: Vec<_> = app
        .databases
        .all()
        .iter()
        .map(|database| {
            json!({
                "name": database.name(),
                "head": database.head_size(),
                "stopped": database.is_stopped(),
            })
        })
        .collect();
    let upstreams: Vec<_> = app
        .upstreams
        .health()
        .iter()
        .map(|health| json!({"upstream": &*health.label, "state": health.state()}))
        .collect();
    let body = json!({"ready": ready, "databases": databases, "upstreams": upstreams});
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let text = Bytes::from(format!("{body:#}\n"));
    typed(response::text(status, text, method), "application/json")
}

fn typed(mut response: Response<Body>, media_type: &'static str) -> Response<Body> {
    let value = HeaderValue::from_static(media_type);
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}
