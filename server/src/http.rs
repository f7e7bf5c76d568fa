//! Answering HTTP requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use http::{HeaderMap, HeaderValue, Method, Request, Response};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use crate::ask::{Access, Asked, Caller};
use crate::bundle::import::Mirror;
use crate::config::{self, live::Live};
use crate::maintain::gc;
use crate::metrics::{self, Metrics};
use crate::modules::error::Error;
use crate::modules::{Modules, Shelf};
use crate::serve::peer::{ClientAddress, Peer};
use crate::shelf::answer::Reply;
use crate::shelf::used::Uses;
use crate::source::Sources;
use crate::source::upstream::via;
use crate::standing::{Condition, Standing};
use crate::store::Key;
use crate::sumdb::Databases;
use crate::telemetry::context::Context;
use crate::telemetry::traces;

pub(crate) mod admin;
pub(crate) mod body;
mod bundle;
mod bundles;
mod by_address;
pub(crate) mod database;
pub(crate) mod databases;
mod growth;
mod html;
mod missing;
mod own;
pub(crate) mod page;
mod record;
pub(crate) mod refusal;
pub(crate) mod reload;
pub(crate) mod response;
pub(crate) mod route;
mod told;
mod upkeep;
pub(crate) mod witness;

use body::Body;
use refusal::Refusal;
use response::To;
use route::Route;
use told::{count, log, told};

/// Everything requests are answered from.
pub(crate) struct Site {
    /// Module files and lists.
    pub(crate) modules: Arc<Modules>,
    /// Checksum databases.
    pub(crate) databases: Arc<Databases>,
    /// Upstreams, of which the page tells.
    pub(crate) sources: Arc<Sources>,
    /// What is stored.
    pub(crate) shelf: Arc<Shelf>,
    /// What bundles are taken into.
    pub(crate) mirror: Arc<Mirror>,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// What callers may have.
    pub(crate) access: Access,
    /// The settings of the start.
    pub(crate) config: config::Config,
    /// Those of them that may have changed since.
    pub(crate) live: Live,
    /// What is wrong that is served in spite of.
    pub(crate) standing: Arc<Standing>,
    /// Those who ask for the settings to be read again.
    pub(crate) reloads: reload::Reloads,
    /// How the databases have grown, for the page.
    pub(crate) growths: databases::Growths,
    /// This process among others of its kind.
    pub(crate) instance: String,
    /// Whether the server has begun to answer. Once set it stays set.
    pub(crate) ready: AtomicBool,
    /// Set when the server is to stop.
    pub(crate) stop: CancellationToken,
    /// Held by the one who lets files go.
    pub(crate) gc: tokio::sync::Mutex<()>,
}

impl Site {
    /// Returns what is looked at when files are let go.
    pub(crate) fn around_gc(&self) -> gc::Around<'_> {
        gc::Around {
            shelf: &self.shelf,
            sources: &self.sources,
            databases: &self.databases,
        }
    }

    /// Tells whether the server answers, has its files at hand, and is not about to stop.
    pub(crate) fn is_ready(&self) -> bool {
        let has_files = !self.standing.holds(Condition::StorageSilent);
        self.ready.load(Ordering::Relaxed) && has_files && !self.stop.is_cancelled()
    }
}

/// Which requests an endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Modules and databases, and, where no admin address is set, health and metrics.
    /// Nothing is changed through it.
    Main {
        /// Whether health and metrics are told here.
        with_admin: bool,
    },
    /// Health, metrics, purging.
    Admin,
    /// All of that and modules, for commands of this machine that have the data folder.
    Control,
}

impl Role {
    fn serves_modules(self) -> bool {
        matches!(self, Self::Main { .. } | Self::Control)
    }

    fn may_change(self) -> bool {
        matches!(self, Self::Admin | Self::Control)
    }

    /// Tells whether it is a command of this machine that asks for something to be done.
    fn commands(self, method: &Method) -> bool {
        self == Self::Control && method == Method::PUT
    }

    fn tells_health(self) -> bool {
        matches!(
            self,
            Self::Admin | Self::Control | Self::Main { with_admin: true }
        )
    }
}

/// Answers one request, as a span of its client's trace or of a new one.
pub(crate) async fn answer(
    site: Arc<Site>,
    peer: Peer<Role>,
    request: Request<Incoming>,
) -> Response<Body> {
    let context = Context::of_request(request.headers(), traces::sample());
    context.scope(answer_within(site, peer, request)).await
}

async fn answer_within(
    site: Arc<Site>,
    peer: Peer<Role>,
    request: Request<Incoming>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let request = Request::from_parts(head, ());
    let started = Instant::now();
    let path = request.uri().path();
    let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
    let caller = Caller::Anybody;
    // Whoever may not have it is told so before anything is looked for.
    let permitted = site.access.permits(caller, path);
    // What is asked most is in memory under its own path: no parsing, no copy.
    if let Some(key) = path.strip_prefix('/')
        && permitted
        && peer.role.serves_modules()
        && is_read
        && let Some(answer) = site.modules.ready(key)
    {
        site.metrics
            .lookup(answer.kind.metric(), metrics::Lookup::Hot);
        if let Some(uses) = &answer.uses {
            site.shelf.used().count(uses, ip(peer.address));
        }
        let response = response::whole(&answer, To::of(&peer, &request));
        let kind = answer.kind.metric();
        let response = count(&site, kind, response, started);
        told(&peer, &request, kind, &response, started);
        return response;
    }
    let (kind, response) = if permitted {
        // In a box of its own: whatever holds the answers that are not in memory has some
        // kilobytes, which would be moved about for each of those that are.
        Box::pin(dispatch(&site, &peer, &request, body)).await
    } else {
        let refusal = Refusal::not_permitted();
        let response = response::refused(&refusal, request.method());
        (metrics::Kind::Other, response)
    };
    let response = count(&site, kind, response, started);
    told(&peer, &request, kind, &response, started);
    response
}

/// Routes a request and turns a refusal into a response; the one place where
/// refusals are logged.
async fn dispatch(
    site: &Arc<Site>,
    peer: &Peer<Role>,
    request: &Request<()>,
    body: Incoming,
) -> (metrics::Kind, Response<Body>) {
    let method = request.method();
    let route = match Route::parse(request.uri().path()) {
        Ok(route) => route,
        Err(text) => {
            let refusal = Refusal::bad_request(text);
            return (metrics::Kind::Other, response::refused(&refusal, method));
        }
    };
    let kind = route.metric();
    let answered = match &route {
        Route::Purge { what } if peer.role.may_change() && method == Method::DELETE => {
            admin::purge(site, what, request.headers()).await
        }
        Route::Deny { what }
            if peer.role.may_change() && [Method::PUT, Method::DELETE].contains(method) =>
        {
            admin::deny(site, what, request).await
        }
        Route::Gc if peer.role.may_change() && method == Method::PUT => {
            upkeep::gc(site, request, body).await
        }
        Route::Import { request: wanted }
            if peer.role.may_change() && [Method::PUT, Method::GET].contains(method) =>
        {
            upkeep::import(site, wanted, request, body).await
        }
        Route::ImportBundle if peer.role.commands(method) => {
            bundle::import(site, request.uri().query()).await
        }
        Route::Reload if peer.role.commands(method) => reload::answer(site).await,
        _ if method != Method::GET && method != Method::HEAD => {
            return (kind, response::method_not_allowed());
        }
        Route::ImportBundle if peer.role == Role::Control => bundle::underway(site, request),
        Route::Module {
            request: wanted,
            cached_only,
        } if peer.role.serves_modules() => {
            match asked(site, peer, request.headers(), *cached_only) {
                Ok(asked) => module(site, wanted, asked, To::of(peer, request)).await,
                Err(refusal) => Err(refusal),
            }
        }
        Route::Database { rest, cached_only } if peer.role.serves_modules() => {
            match asked(site, peer, request.headers(), *cached_only) {
                Ok(asked) => database::answer(site, rest, &asked, To::of(peer, request)).await,
                Err(refusal) => Err(refusal),
            }
        }
        Route::Index if peer.role.serves_modules() => {
            own::index(site, request.uri().query(), To::of(peer, request)).await
        }
        Route::Page => Ok(page::answer(site, peer.role, request).await),
        Route::Record { is_file } => record::answer(site, peer.role, request, *is_file).await,
        Route::Missing if peer.role.tells_health() => missing::text(site, peer.role, request).await,
        Route::Instance => Ok(admin::instance(site, method)),
        Route::Health | Route::Ready | Route::Metrics if peer.role.tells_health() => {
            Ok(admin::answer(site, &route, request).await)
        }
        _ => Err(Refusal::not_here()),
    };
    let response = answered.unwrap_or_else(|refusal| {
        log(&refusal, request, peer.address);
        response::refused(&refusal, method)
    });
    (kind, response)
}

async fn module(
    site: &Arc<Site>,
    wanted: &proto::goproxy::Request,
    asked: Asked,
    to: To<'_>,
) -> Result<Response<Body>, Refusal> {
    let client = asked.client;
    let reply = site.modules.answer(wanted, asked).await;
    let reply = reply.map_err(|error| match (site.mirror.last_import(), error) {
        (Some(day), Error::Off) => Refusal::not_in_mirror(&day),
        (_, error) => error.into(),
    })?;
    Ok(match reply {
        Reply::Whole(answer) => {
            if let Some(uses) = &answer.uses {
                site.shelf.used().count(uses, ip(client));
            }
            response::whole(&answer, to)
        }
        Reply::Arriving { length, pieces } => {
            let uses = Uses::of(&Key::of(wanted));
            site.shelf.used().count(&uses, ip(client));
            response::arriving(length, pieces, to.method)
        }
    })
}

/// Reads how a client asks.
///
/// # Errors
/// A refusal when the request has been here before.
fn asked(
    site: &Site,
    peer: &Peer<Role>,
    headers: &HeaderMap,
    cached_only: bool,
) -> Result<Asked, Refusal> {
    if via::via_contains(headers, &site.instance) {
        return Err(Refusal::looped());
    }
    let disabled = headers
        .get("disable-module-fetch")
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
    Ok(Asked {
        client: peer.address,
        cached_only: cached_only || disabled,
        relayed: headers.contains_key(via::HEADER),
        via: via::via_appended(headers, &site.instance).unwrap_or(HeaderValue::from_static("")),
    })
}

fn ip(address: ClientAddress) -> Option<std::net::IpAddr> {
    match address {
        ClientAddress::Ip(address) => Some(address),
        ClientAddress::Unix => None,
    }
}
