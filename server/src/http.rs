//! Answering HTTP requests.

use std::sync::Arc;
use std::time::Instant;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::app::App;
use crate::metrics;

pub(crate) mod admin;
pub(crate) mod body;
pub(crate) mod database;
pub(crate) mod page;
pub(crate) mod refusal;
pub(crate) mod response;
pub(crate) mod route;

use crate::ask::{Asked, Caller, Role};
use body::Body;
use refusal::Refusal;
use route::Route;

/// Answers one request.
pub(crate) async fn answer(
    app: Arc<App>,
    caller: Caller,
    request: Request<Incoming>,
) -> Response<Body> {
    let started = Instant::now();
    let path = request.uri().path();
    // What is asked most is in memory under its own path: no parsing, no copy.
    if let Some(key) = path.strip_prefix('/')
        && matches!(caller.role, Role::Main { .. })
        && (request.method() == Method::GET || request.method() == Method::HEAD)
        && let Some(answer) = app.proxy.ready(key)
    {
        app.metrics.lookup(metrics::Lookup::Hot);
        let response = response::whole(&answer, request.method(), request.headers());
        count(&app, answer.kind.metric(), &response, started);
        return response;
    }
    let (kind, response) = dispatch(&app, caller, &request).await;
    count(&app, kind, &response, started);
    tracing::debug!(
        method = %request.method(),
        path = request.uri().path(),
        status = response.status().as_u16(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        peer = %caller.peer,
        "request"
    );
    response
}

fn count(app: &App, kind: metrics::Kind, response: &Response<Body>, started: Instant) {
    use http_body::Body as _;
    let bytes = response.body().size_hint().exact().unwrap_or(0);
    let status = response.status().as_u16();
    app.metrics.request(kind, status, started.elapsed(), bytes);
}

/// Routes a request and turns a refusal into a response; the one place where
/// refusals are logged.
async fn dispatch(
    app: &Arc<App>,
    caller: Caller,
    request: &Request<Incoming>,
) -> (metrics::Kind, Response<Body>) {
    let method = request.method();
    let route = match Route::parse(request.uri().path()) {
        Ok(route) => route,
        Err(text) => {
            let refusal = Refusal::bad_request(text);
            return (metrics::Kind::Other, response::refused(&refusal, method));
        }
    };
    if admin::is_purge(method, &route) && caller.may_administer(request.headers()) {
        return (metrics::Kind::Other, admin::purge(app, &route, method));
    }
    if method != Method::GET && method != Method::HEAD {
        return (metrics::Kind::Other, response::method_not_allowed());
    }
    let kind = route.metric();
    let answered = match &route {
        Route::Module {
            request: wanted,
            cached_only,
        } if caller.serves_modules() => {
            let asked = Asked::of(app, request.headers(), *cached_only);
            match asked {
                Ok(asked) => module(app, wanted, asked, request).await,
                Err(refusal) => Err(refusal),
            }
        }
        Route::Database { rest, cached_only } if caller.serves_modules() => {
            match Asked::of(app, request.headers(), *cached_only) {
                Ok(asked) => database::answer(app, rest, &asked, request).await,
                Err(refusal) => Err(refusal),
            }
        }
        Route::Page if caller.serves_modules() => Ok(page::answer(app, request)),
        Route::Instance => Ok(response::text(
            StatusCode::OK,
            app.instance.clone().into(),
            method,
        )),
        Route::Health | Route::Ready | Route::Metrics if caller.role.has_admin() => {
            Ok(admin::answer(app, &route, method))
        }
        _ => Err(Refusal::not_here()),
    };
    let response = answered.unwrap_or_else(|refusal| {
        log(&refusal, request, caller);
        response::refused(&refusal, method)
    });
    (kind, response)
}

async fn module(
    app: &Arc<App>,
    wanted: &proto::goproxy::Request,
    asked: Asked,
    request: &Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    use crate::shelf::answer::Reply;
    let reply = app.proxy.answer(wanted, asked).await?;
    Ok(match reply {
        Reply::Whole(answer) => response::whole(&answer, request.method(), request.headers()),
        Reply::Arriving { length, pieces } => response::arriving(length, pieces, request.method()),
    })
}

fn log(refusal: &Refusal, request: &Request<Incoming>, caller: Caller) {
    let path = request.uri().path();
    let status = refusal.status;
    let text = String::from_utf8_lossy(&refusal.text);
    let reason = refusal.log.as_deref().unwrap_or_else(|| text.trim_end());
    // Where evidence was kept, whoever kept it has logged the error.
    match status {
        500 => tracing::error!(path, status, reason, peer = %caller.peer, "refused"),
        403 | 501.. => tracing::info!(path, status, reason, peer = %caller.peer, "refused"),
        _ => tracing::debug!(path, status, reason, peer = %caller.peer, "refused"),
    }
}
