//! Accepting connections, and speaking HTTP on them.
//!
//! What is answered is the business of a handler that comes from above: nothing
//! here knows of modules.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Request, Response, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::clients::Clients;
use super::listener::{Listener, Stream};
use super::peer::{ClientAddress, Peer};
use super::per_address::{PerAddress, Place};
use super::pulse::Pulse;
use super::tls::Acceptor;
use super::unreadable::OnUnreadable;
use super::{proxy_protocol, slow};
use crate::config;
use crate::metrics::{Metrics, Refused};

mod ending;

use ending::until;

/// What all endpoints of a server share.
#[derive(Clone)]
pub(crate) struct Shared {
    /// What clients may not exceed.
    pub(crate) limits: config::Limits,
    /// Which addresses speak for clients.
    pub(crate) clients: Clients,
    /// Where connections are counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Open connections.
    pub(crate) connections: TaskTracker,
    /// Asks whether connections are still accepted.
    pub(crate) pulse: Pulse,
}

/// A bound address and how connections to it begin.
pub(crate) struct Endpoint<R> {
    /// Where connections come in.
    pub(crate) listener: Listener,
    /// Which endpoint it is, for the handler.
    pub(crate) role: R,
    /// Plain HTTP when `None`.
    pub(crate) tls: Option<Acceptor>,
    /// Open connections; more wait to be accepted.
    pub(crate) connections_max: usize,
    /// Whether connections begin with a header of the PROXY protocol. Only trusted
    /// proxies may then connect, and whoever may open a unix socket.
    pub(crate) proxy_protocol: bool,
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
    let Endpoint {
        listener,
        role,
        tls,
        connections_max,
        proxy_protocol,
    } = endpoint;
    let places = Arc::new(Semaphore::new(connections_max));
    // Those of this endpoint, which may have requests open when it ends.
    let open = TaskTracker::new();
    let mut asked = shared.pulse.join();
    let of_one = shared.limits.connections_of_one(connections_max);
    // The rest is for others, whoever waits.
    let waiting_of_one = WAITING_OF_ONE_MAX.min(connections_max.saturating_sub(of_one) / 2);
    let opening = Opening {
        builder: builder(&shared.limits),
        per_address: PerAddress::new(of_one),
        waiting: PerAddress::new(waiting_of_one),
        shared,
        tls,
        role,
        proxy_protocol,
        handler,
    };
    let opening = Arc::new(opening);
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => break,
            () = asked.answer() => continue,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            () = asked.answer() => continue,
            accepted = listener.accept() => accepted,
        };
        let (stream, hop) = match accepted {
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
        let opening = Arc::clone(&opening);
        let (token, stop) = (open.token(), stop.clone());
        let connections = opening.shared.connections.clone();
        connections.spawn(async move {
            let _held = (place, token);
            if let Some(_own_place) = opening.admit(hop).await {
                opening.run(stream, hop, stop).await;
            }
        });
    }
    drop(listener);
    open.close();
    open.wait().await;
}

/// How long a connection waits for another one of its address to end. A client that
/// closes one and opens the next at once is seen to do so in any order.
const HANDOVER: Duration = Duration::from_millis(250);

/// Connections of one address that wait so.
const WAITING_OF_ONE_MAX: usize = 16;

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

/// How the connections of one endpoint begin and what is spoken on them.
struct Opening<R, H> {
    shared: Shared,
    builder: auto::Builder<TokioExecutor>,
    per_address: Arc<PerAddress>,
    /// Connections that wait for a place of their address.
    waiting: Arc<PerAddress>,
    tls: Option<Acceptor>,
    role: R,
    proxy_protocol: bool,
    handler: H,
}

impl<R, H> Opening<R, H> {
    /// Gives a new connection one of the places of its address. `None` closes it.
    ///
    /// A trusted proxy has as many as it likes: behind it are many clients. Where it
    /// says who they are before anything else, each has places of its own.
    async fn admit(&self, hop: ClientAddress) -> Option<Option<Place>> {
        let is_proxy = self.shared.clients.trusts(hop);
        if self.proxy_protocol && !is_proxy && hop != ClientAddress::Unix {
            self.refuse(Refused::NotAProxy);
            tracing::debug!(peer = %hop, "connection refused: it is not from a trusted proxy");
            return None;
        }
        if is_proxy {
            return Some(None);
        }
        self.place(hop).await.map(Some)
    }

    async fn place(&self, client: ClientAddress) -> Option<Place> {
        let full = match self.per_address.enter(client) {
            Ok(place) => return Some(place),
            Err(full) => full,
        };
        let entered = match self.waiting.enter(client) {
            Ok(_waits) => self.per_address.enter_within(client, HANDOVER).await.ok(),
            Err(_) => None,
        };
        if entered.is_none() {
            self.refuse(Refused::PerAddress);
            if full.is_news {
                tracing::debug!(
                    peer = %client,
                    max = full.max,
                    "connections refused: their address has too many open"
                );
            }
        }
        entered
    }

    fn refuse(&self, why: Refused) {
        self.shared.metrics.refused_connection(why);
    }
}

impl<R, H, F, B> Opening<R, H>
where
    R: Copy + Send + Sync + 'static,
    H: Fn(Peer<R>, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn StdError + Send + Sync>>> + Send + Unpin + 'static,
{
    async fn run(self: Arc<Self>, stream: Stream, hop: ClientAddress, stop: CancellationToken) {
        let _counted = self.shared.metrics.connection();
        match stream {
            Stream::Tcp(stream) => {
                // Answers are written in one piece: waiting for more would only delay
                // them.
                let _ = stream.set_nodelay(true);
                // Without it the kernel takes megabytes at a time and then nothing for
                // minutes from who reads slowly, which `slow` could not tell from
                // reading nothing.
                let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES_MAX);
                self.open(stream, hop, stop).await;
            }
            Stream::Unix(stream) => self.open(stream, hop, stop).await,
        }
    }

    /// Reads what comes before HTTP.
    async fn open<S>(
        self: Arc<Self>,
        mut stream: S,
        mut hop: ClientAddress,
        stop: CancellationToken,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut _place = None;
        if self.proxy_protocol {
            let within = self.shared.limits.header_read_timeout;
            match proxy_protocol::read(&mut stream, within).await {
                Ok(None) => {}
                Ok(Some(client)) => {
                    hop = ClientAddress::Ip(client.to_canonical());
                    if !self.shared.clients.trusts(hop) {
                        let Some(place) = self.place(hop).await else {
                            return;
                        };
                        _place = Some(place);
                    }
                }
                Err(error) => {
                    self.refuse(Refused::ProxyHeader);
                    tracing::debug!(peer = %hop, %error, "connection refused");
                    return;
                }
            }
        }
        match &self.tls {
            Some(tls) => match tls.accept(stream).await {
                Ok(stream) => self.speak(stream, false, hop, stop).await,
                Err(error) => {
                    self.refuse(Refused::Tls);
                    tracing::debug!(peer = %hop, %error, "TLS handshake failed");
                }
            },
            None => self.speak(stream, true, hop, stop).await,
        }
    }

    /// Answers requests on `stream`. Where it `is_plain`, the client itself writes and
    /// reads its bytes.
    async fn speak<S>(
        self: &Arc<Self>,
        stream: S,
        is_plain: bool,
        hop: ClientAddress,
        stop: CancellationToken,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let watch = slow::Watch::new();
        let stream = TokioIo::new(watch.guard(stream));
        let requests = watch.clone();
        let opening = Arc::clone(self);
        let service = service_fn(move |request: Request<Incoming>| {
            let open = requests.request();
            let peer = Peer {
                address: opening.shared.clients.of_request(hop, request.headers()),
                role: opening.role,
                writes_to_kernel: is_plain && request.version() < Version::HTTP_2,
            };
            let span = span(&request, peer.address);
            let answer = (opening.handler)(peer, request).instrument(span);
            async move {
                let mut response = answer.await;
                let on_unreadable = response.extensions_mut().remove::<OnUnreadable>();
                Ok::<_, Infallible>(response.map(|body| open.until_sent(body, on_unreadable)))
            }
        });
        let connection = self.builder.serve_connection(stream, service);
        tokio::select! {
            result = until(stop, &watch, connection.into_owned()) => if let Err(error) = result {
                tracing::debug!(peer = %hop, %error, "connection ended");
            },
            why = watch.too_slow(&self.shared.limits) => {
                tracing::debug!(peer = %hop, ?why, "connection cut: the client is too slow");
            }
        }
    }
}

/// What is logged while a request is answered belongs to it. With the default filter
/// there is no such span, and it costs a comparison.
fn span(request: &Request<Incoming>, client: ClientAddress) -> tracing::Span {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    tracing::debug_span!(
        "request",
        id = COUNT.fetch_add(1, Ordering::Relaxed),
        method = %request.method(),
        path = request.uri().path(),
        client = %client,
    )
}

#[cfg(test)]
mod tests;
