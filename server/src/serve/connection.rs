//! Accepting connections, and speaking HTTP on them.
//!
//! What is answered is the business of a handler that comes from above: nothing
//! here knows of modules.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::peer::{ClientAddress, Peer};
use super::slow;
use super::tls::Acceptor;
use super::unreadable::OnUnreadable;
use crate::config;
use crate::metrics::{Metrics, Refused};

/// What all endpoints of a server share.
#[derive(Clone)]
pub(crate) struct Shared {
    /// What clients may not exceed.
    pub(crate) limits: config::Limits,
    /// Where connections are counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Open connections.
    pub(crate) connections: TaskTracker,
}

/// A bound address and how connections to it begin.
pub(crate) struct Endpoint<R> {
    /// Where connections come in.
    pub(crate) listener: TcpListener,
    /// Which endpoint it is, for the handler.
    pub(crate) role: R,
    /// Plain HTTP when `None`.
    pub(crate) tls: Option<Acceptor>,
}

/// Accepts connections until `stop`, then lets open requests finish.
///
/// `handler` answers one request: `Fn(Peer<R>, Request<Incoming>) -> Response<B>`. The
/// extensions of its response may hold an [`OnUnreadable`].
pub(crate) async fn serve<R, H, F, B>(
    shared: Shared,
    endpoint: Endpoint<R>,
    handler: H,
    stop: CancellationToken,
) where
    R: Copy + Send + Sync + 'static,
    H: Fn(Peer<R>, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn StdError + Send + Sync>>> + Send + Unpin + 'static,
{
    let builder = builder(&shared.limits);
    let handler = Arc::new(handler);
    let places = Arc::new(Semaphore::new(shared.limits.connections_max));
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
        let (stream, address) = match accepted {
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
        let connection = Connection {
            shared: shared.clone(),
            builder: builder.clone(),
            watcher: graceful.watcher(),
            tls: endpoint.tls.clone(),
            address,
            role: endpoint.role,
            handler: Arc::clone(&handler),
        };
        shared.connections.spawn(async move {
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

struct Connection<R, H> {
    shared: Shared,
    builder: auto::Builder<TokioExecutor>,
    watcher: Watcher,
    tls: Option<Acceptor>,
    address: SocketAddr,
    role: R,
    handler: Arc<H>,
}

impl<R, H, F, B> Connection<R, H>
where
    R: Copy + Send + Sync + 'static,
    H: Fn(Peer<R>, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn StdError + Send + Sync>>> + Send + Unpin + 'static,
{
    async fn run(self, stream: TcpStream) {
        let _counted = self.shared.metrics.connection();
        // Answers are written in one piece: waiting for more would only delay them.
        let _ = stream.set_nodelay(true);
        // Without it the kernel takes megabytes at a time and then nothing for minutes
        // from who reads slowly, which `slow` could not tell from reading nothing.
        let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES_MAX);
        match &self.tls {
            Some(tls) => match tls.accept(stream).await {
                Ok(stream) => self.speak(stream, false).await,
                Err(error) => {
                    self.shared.metrics.refused_connection(Refused::Tls);
                    tracing::debug!(peer = %self.address, %error, "TLS handshake failed");
                }
            },
            None => self.speak(stream, true).await,
        }
    }

    /// Answers requests on `stream`, which `is_plain` says is what the client writes
    /// and reads itself.
    async fn speak<S>(self, stream: S, is_plain: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self {
            shared,
            builder,
            watcher,
            tls: _,
            address,
            role,
            handler,
        } = self;
        let watch = slow::Watch::new();
        let stream = TokioIo::new(watch.guard(stream));
        let requests = watch.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let open = requests.request();
            let peer = Peer {
                address: ClientAddress::Ip(address.ip().to_canonical()),
                role,
                writes_to_kernel: is_plain && request.version() < Version::HTTP_2,
            };
            let answer = handler(peer, request);
            async move {
                let mut response = answer.await;
                let on_unreadable = response.extensions_mut().remove::<OnUnreadable>();
                Ok::<_, Infallible>(response.map(|body| open.until_sent(body, on_unreadable)))
            }
        });
        let connection = builder.serve_connection(stream, service);
        tokio::select! {
            result = watcher.watch(connection.into_owned()) => if let Err(error) = result {
                tracing::debug!(peer = %address, %error, "connection ended");
            },
            why = watch.too_slow(&shared.limits) => {
                tracing::debug!(peer = %address, ?why, "connection cut: the client is too slow");
            }
        }
    }
}

#[cfg(test)]
mod tests;
