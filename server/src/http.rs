//! Serving HTTP: accepting connections, bounding them, and answering requests.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::HOST;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config;
use crate::metrics;

pub(crate) mod admin;
pub(crate) mod body;
pub(crate) mod database;
pub(crate) mod page;
pub(crate) mod refusal;
pub(crate) mod response;
pub(crate) mod route;
pub(crate) mod slow;
pub mod tls;

use body::Body;
use refusal::Refusal;
use route::Route;

/// A bound address and what is answered there.
pub(crate) struct Endpoint {
    /// Where connections come in.
    pub(crate) listener: TcpListener,
    /// Which requests are answered.
    pub(crate) role: Role,
}

/// Which requests an address answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Modules and databases, and the rest where no admin address is set.
    Main { with_admin: bool },
    /// Health, metrics, purging.
    Admin,
}

/// Accepts connections until `stop`, then lets open requests finish.
pub(crate) async fn serve(app: Arc<App>, endpoint: Endpoint, stop: CancellationToken) {
    let limits = app.config.limits.clone();
    let builder = builder(&limits);
    let places = Arc::new(Semaphore::new(limits.connections_max));
    let graceful = GracefulShutdown::new();
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = endpoint.listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_one_connection(&error) => {
                tracing::debug!(%error, "a connection ended before it was accepted");
                continue;
            }
            Err(error) => {
                // Out of file descriptors, mostly: serving on is what frees them.
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let caller = Caller {
            peer,
            role: endpoint.role,
        };
        let connection = Connection {
            app: Arc::clone(&app),
            builder: builder.clone(),
            watcher: graceful.watcher(),
            caller,
        };
        let tasks = app.connections.clone();
        tasks.spawn(async move {
            let _place = place;
            connection.run(stream).await;
        });
    }
    drop(endpoint.listener);
    graceful.shutdown().await;
}

/// How long accepting pauses when it fails.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Returns whether accepting failed for this one connection and the next may do
/// better. Linux hands on what went wrong on the new socket; see accept(2).
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionAborted
            | Kind::ConnectionReset
            | Kind::HostUnreachable
            | Kind::Interrupted
            | Kind::NetworkDown
            | Kind::NetworkUnreachable
            | Kind::TimedOut
    )
}

/// Bytes that the kernel keeps of a connection's answers beyond what is on its way.
const UNSENT_BYTES_MAX: u32 = 256 << 10;
/// Streams of one HTTP/2 connection.
const HTTP2_STREAMS_MAX: u32 = 128;

fn builder(limits: &config::Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // No `pipeline_flush`: with it hyper copies each body whole into a buffer of its
    // own before it writes, a mapped zip of 500 MB too.
    builder
        .http1()
        .timer(TokioTimer::new())
        // `slow` limits heads, without a timer for each request.
        .header_read_timeout(None)
        .max_buf_size(limits.header_bytes_max.max(8 << 10));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.idle_timeout)
        .keep_alive_timeout(limits.header_read_timeout);
    builder
}

/// Who asks, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    peer: SocketAddr,
    role: Role,
}

struct Connection {
    app: Arc<App>,
    builder: auto::Builder<TokioExecutor>,
    watcher: hyper_util::server::graceful::Watcher,
    caller: Caller,
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        let _counted = self.app.metrics.connection();
        // Answers are written in one piece: waiting for more would only delay them.
        let _ = stream.set_nodelay(true);
        // Without it the kernel takes megabytes at a time and then nothing for minutes
        // from who reads slowly, which `slow` could not tell from reading nothing.
        let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES_MAX);
        match (&self.app.tls, self.caller.role) {
            (Some(tls), Role::Main { .. }) => match tls.accept(stream).await {
                Ok(stream) => self.speak(stream).await,
                Err(error) => {
                    tracing::debug!(peer = %self.caller.peer, %error, "TLS handshake failed")
                }
            },
            _ => self.speak(stream).await,
        }
    }

    async fn speak<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self {
            app,
            builder,
            watcher,
            caller,
        } = self;
        let watch = slow::Watch::new();
        let limits = app.config.limits.clone();
        let stream = TokioIo::new(watch.guard(stream));
        let requests = watch.clone();
        let service = service_fn(move |request| {
            let app = Arc::clone(&app);
            let open = requests.request();
            async move {
                let response = answer(app, caller, request).await;
                Ok::<_, Infallible>(response.map(|body| open.until_sent(body)))
            }
        });
        let connection = builder.serve_connection(stream, service);
        tokio::select! {
            result = watcher.watch(connection.into_owned()) => if let Err(error) = result {
                tracing::debug!(peer = %caller.peer, %error, "connection ended");
            },
            why = watch.too_slow(&limits) => {
                tracing::debug!(peer = %caller.peer, ?why, "connection cut: the client is too slow");
            }
        }
    }
}

/// Answers one request.
async fn answer(app: Arc<App>, caller: Caller, request: Request<Incoming>) -> Response<Body> {
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
        Route::Page if caller.serves_modules() => {
            Ok(page::answer(app, request.headers().get(HOST), method))
        }
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
    use crate::proxy::answer::Reply;
    let reply = app.proxy.answer(wanted, asked).await?;
    Ok(match reply {
        Reply::Whole(answer) => response::whole(&answer, request.method(), request.headers()),
        Reply::Arriving { length, pieces } => response::arriving(length, pieces, request.method()),
    })
}

/// How a client asks, beside for what.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Only stored things are wanted.
    pub(crate) cached_only: bool,
    /// Another server of our kind asks.
    pub(crate) relayed: bool,
    /// The servers of our kind that the request has passed, ourselves included.
    pub(crate) via: http::HeaderValue,
}

impl Asked {
    /// Returns under which name a fill for this client is shared. Those that come
    /// through another server of our kind share their own: in a ring of servers
    /// two fills could else wait for each other.
    pub(crate) fn fill_key(&self, key: &str) -> String {
        if self.relayed {
            format!("{key} relayed")
        } else {
            key.to_owned()
        }
    }

    /// Returns what is to be asked of upstream on this client's behalf.
    pub(crate) fn want(&self, body_max: u64) -> crate::upstream::Want {
        crate::upstream::Want {
            body_max,
            via: self.via.clone(),
        }
    }

    fn of(app: &App, headers: &HeaderMap, cached_only: bool) -> Result<Self, Refusal> {
        use crate::upstream::via;
        if via::via_contains(headers, &app.instance) {
            return Err(Refusal::looped());
        }
        let disabled = headers
            .get("disable-module-fetch")
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
        Ok(Self {
            cached_only: cached_only || disabled,
            relayed: headers.contains_key(via::HEADER),
            via: via::via_appended(headers, &app.instance)
                .unwrap_or(http::HeaderValue::from_static("")),
        })
    }
}

impl Caller {
    fn serves_modules(self) -> bool {
        matches!(self.role, Role::Main { .. })
    }

    /// The admin address is for administrators; on the main one this machine is,
    /// but not whoever comes through a proxy that runs on it.
    fn may_administer(self, headers: &HeaderMap) -> bool {
        let forwarded = ["forwarded", "x-forwarded-for", "via"]
            .iter()
            .any(|name| headers.contains_key(*name));
        self.role == Role::Admin
            || (self.role.has_admin() && self.peer.ip().is_loopback() && !forwarded)
    }
}

impl Role {
    fn has_admin(self) -> bool {
        matches!(self, Self::Admin | Self::Main { with_admin: true })
    }
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
