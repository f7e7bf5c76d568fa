//! A scripted HTTP server, and upstreams that are quick to give up.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use proto::goproxy::list::ProxyList;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::config;
use crate::metrics::Metrics;
use crate::source::upstream::walk::Walk;
use crate::source::upstream::{Broken, Entry, FetchError, Fetched, Upstreams, Want};

pub(crate) const INSTANCE: &str = "test-instance";

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What stands between the method and the version.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("ASCII"))
    }
}

/// What the server does with a request, step by step; then it closes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    /// Keeps the connection open for ever.
    pub(crate) hangs: bool,
    /// How long nothing is sent.
    pub(crate) delay: Duration,
}

impl Reply {
    pub(crate) fn raw(text: &str) -> Self {
        Self {
            bytes: text.into(),
            ..Self::default()
        }
    }

    pub(crate) fn new(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Content-Length") {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        Self {
            bytes,
            ..Self::default()
        }
    }

    pub(crate) fn ok(body: &str) -> Self {
        Self::new(200, &[], body.as_bytes())
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::new(
            status,
            &[("Content-Type", "text/plain; charset=utf-8")],
            b"why not",
        )
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::new(302, &[("Location", to)], b"")
    }

    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(crate) fn then_hang(mut self) -> Self {
        self.hangs = true;
        self
    }
}

/// A server on a port of its own. Stops when dropped.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    accepting: JoinHandle<()>,
}

impl Origin {
    pub(crate) async fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(None, answer).await
    }

    pub(crate) async fn start_tls(
        acceptor: TlsAcceptor,
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(acceptor), answer).await
    }

    async fn serve(
        acceptor: Option<TlsAcceptor>,
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                let acceptor = acceptor.clone();
                connections.spawn(async move {
                    match acceptor {
                        None => converse(stream, &log, &*answer).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                converse(stream, &log, &*answer).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            seen,
            accepting,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("not poisoned").clone()
    }

    pub(crate) fn targets(&self) -> Vec<String> {
        self.seen()
            .into_iter()
            .map(|request| request.target)
            .collect()
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    log: &Mutex<Vec<Request>>,
    answer: &(impl Fn(&Request) -> Reply + ?Sized),
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let request = parse(&String::from_utf8(head).expect("ASCII"));
    log.lock().expect("not poisoned").push(request.clone());
    let reply = answer(&request);
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    let _ = stream.write_all(&reply.bytes).await;
    let _ = stream.flush().await;
    if reply.hangs {
        std::future::pending::<()>().await;
    }
    let _ = stream.shutdown().await;
}

fn parse(head: &str) -> Request {
    let mut lines = head.lines();
    let first = lines.next().expect("a request line");
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let name: HeaderName = name.parse().expect("a name");
        headers.append(name, HeaderValue::from_str(value).expect("a value"));
    }
    Request {
        target: first.split(' ').nth(1).expect("a target").to_owned(),
        headers,
    }
}

pub(crate) fn settings(list: &str) -> config::Upstream {
    config::Upstream {
        list: ProxyList::parse(list).expect("a list"),
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(4),
        breaker: config::Breaker {
            failures_max: 1000,
            open_min: Duration::from_secs(60),
            open_max: Duration::from_secs(60),
            transfers_min: 1000,
            ..config::Breaker::default()
        },
        ..config::Upstream::default()
    }
}

pub(crate) fn open(settings: &config::Upstream) -> Upstreams {
    let hosts = Upstreams::host_names(settings);
    let metrics = Metrics::new(hosts.iter().map(String::as_str), []);
    Upstreams::new(settings, INSTANCE, metrics).expect("good settings")
}

/// What [`Asking`](crate::source::Asking) does beside taking room: asking without it
/// shows what each request comes to.
impl Upstreams {
    /// Asks the entries of the list for a file, in order.
    pub(super) async fn fetch(&self, path: &str, want: &Want) -> Result<Fetched, FetchError> {
        let mut walk = Walk::default();
        for entry in &*self.entries {
            match self.ask(entry, path, want).await {
                Ok(fetched) => return Ok(fetched),
                Err(error) => {
                    if walk.failed(error, entry.then).is_break() {
                        break;
                    }
                }
            }
        }
        Err(walk.answer())
    }

    /// Asks one entry of the list, by its place.
    pub(super) async fn fetch_from(
        &self,
        index: usize,
        path: &str,
        want: &Want,
    ) -> Result<Fetched, FetchError> {
        let entry = self.entries.get(index).ok_or(FetchError::Off)?;
        self.ask(entry, path, want).await
    }

    /// Asks a database's own address.
    pub(super) async fn fetch_url(
        &self,
        base: &str,
        path: &str,
        want: &Want,
    ) -> Result<Fetched, FetchError> {
        let entry = self.database(base)?;
        self.ask(&entry, path, want).await
    }

    async fn ask(&self, entry: &Entry, path: &str, want: &Want) -> Result<Fetched, FetchError> {
        self.ask_again(entry, path, want, &Broken::default()).await
    }
}

pub(crate) async fn get(upstreams: &Upstreams, path: &str) -> Result<Fetched, FetchError> {
    upstreams.fetch(path, &upstreams.want(1 << 20)).await
}

pub(crate) async fn text(upstreams: &Upstreams, path: &str) -> String {
    let fetched = get(upstreams, path).await.expect("a file");
    let bytes = fetched.bytes().await.expect("a whole file");
    String::from_utf8(bytes.into()).expect("text")
}

/// The error in few words: its kind, and the status it carries.
pub(crate) fn brief(error: &FetchError) -> String {
    match error {
        FetchError::NotFound { status, .. } => format!("not found {status}"),
        FetchError::Refused { status, .. } => format!("refused {status}"),
        FetchError::Unavailable {
            status: Some(status),
            ..
        } => format!("unavailable {status}"),
        FetchError::Unavailable { status: None, .. } => "unavailable".to_owned(),
        FetchError::BadAnswer { .. } => "bad".to_owned(),
        FetchError::TooLarge { .. } => "too large".to_owned(),
        FetchError::Path { .. } => "path".to_owned(),
        FetchError::Private { .. } => "private".to_owned(),
        FetchError::Off => "off".to_owned(),
    }
}

/// An address where nothing listens.
pub(crate) async fn nowhere() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("bound")
}
