//! Accepting connections, and speaking HTTP on them.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::slow;
use crate::app::App;
use crate::ask::{Caller, Role};
use crate::config;
use crate::http::answer;

/// A bound address and what is answered there.
pub(crate) struct Endpoint {
    /// Where connections come in.
    pub(crate) listener: TcpListener,
    /// Which requests are answered.
    pub(crate) role: Role,
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

pub(super) fn builder(limits: &config::Limits) -> auto::Builder<TokioExecutor> {
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
