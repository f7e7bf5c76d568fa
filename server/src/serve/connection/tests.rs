use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::config::Limits;

/// A server on a port of its own; stops when dropped.
struct Server {
    address: SocketAddr,
    metrics: Arc<Metrics>,
    _stop: tokio_util::sync::DropGuard,
}

/// How a server differs from one that anybody may connect to.
#[derive(Default)]
struct Setup {
    limits: Limits,
    /// Whether this machine is a trusted proxy.
    trusts_local: bool,
    proxy_protocol: bool,
}

impl Setup {
    async fn start<F>(
        self,
        handler: impl Fn(Peer<()>, Request<Incoming>) -> F + Send + Sync + 'static,
    ) -> Server
    where
        F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let metrics = Metrics::new([], []);
        let mut clients = config::Clients::default();
        if self.trusts_local {
            clients.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        }
        let shared = Shared {
            limits: self.limits,
            clients: Clients::new(&clients),
            metrics: Arc::clone(&metrics),
            connections: TaskTracker::new(),
            pulse: Pulse::default(),
        };
        let endpoint = Endpoint {
            listener: Listener::Tcp(listener),
            role: (),
            tls: None,
            connections_max: shared.limits.connections_max,
            proxy_protocol: self.proxy_protocol,
        };
        let stop = CancellationToken::new();
        tokio::spawn(serve(shared, endpoint, handler, stop.clone()));
        Server {
            address,
            metrics,
            _stop: stop.drop_guard(),
        }
    }

    /// A server that tells each client where it is.
    async fn start_mirror(self) -> Server {
        let mirror = |peer: Peer<()>, _| {
            let text = peer.address.to_string();
            std::future::ready(Response::new(Full::new(Bytes::from(text))))
        };
        self.start(mirror).await
    }
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `text` on a new connection and returns everything that comes back.
    async fn say(&self, text: &str) -> Vec<u8> {
        let mut stream = self.connect().await;
        let _ = stream.write_all(text.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    }

    /// Sends `before` and one request with `headers`; returns the answer's last line.
    async fn ask(&self, before: &str, headers: &str) -> String {
        let request =
            format!("{before}GET / HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n");
        let answer = String::from_utf8(self.say(&request).await).unwrap();
        answer.lines().last().unwrap_or_default().to_owned()
    }

    #[track_caller]
    fn assert_refused(&self, reason: &str, count: u32) {
        let line = format!(r#"sumward_refused_connections_total{{reason="{reason}"}} {count}"#);
        let page = self.metrics.encode(crate::metrics::Format::Text);
        assert!(page.lines().any(|held| held == line), "{line}\n\n{page}");
    }
}

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_map_of_a_file_that_was_cut_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.zip");
    let mut file = File::create(&path).unwrap();
    file.write_all(&vec![b'x'; 1 << 20]).unwrap();
    let map = crate::store::map::map(&File::open(&path).unwrap()).unwrap();
    let told = Arc::new(AtomicUsize::new(0));
    let server = {
        let told = Arc::clone(&told);
        let setup = Setup::default();
        setup
            .start(move |peer, _| {
                assert!(peer.writes_to_kernel);
                let mut response = Response::new(Full::new(map.clone()));
                let told = Arc::clone(&told);
                let count = move || {
                    told.fetch_add(1, Ordering::Relaxed);
                };
                response.extensions_mut().insert(OnUnreadable::new(count));
                std::future::ready(response)
            })
            .await
    };
    assert!(server.say(REQUEST).await.len() > 1 << 20);
    assert_eq!(told.load(Ordering::Relaxed), 0);
    // Somebody cuts it to nothing.
    File::create(&path).unwrap();
    assert!(server.say(REQUEST).await.len() < 1 << 20);
    assert_eq!(told.load(Ordering::Relaxed), 1);
}

/// Keeps connections open until each was seen by the server.
async fn open(server: &Server, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = server.connect().await;
        let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        assert!(stream.read(&mut [0; 512]).await.unwrap() > 0);
        streams.push(stream);
    }
    streams
}

fn few_per_address() -> Limits {
    Limits {
        connections_per_address_max: 3,
        ..Limits::default()
    }
}

#[tokio::test]
async fn one_client_address_has_its_share_of_connections() {
    let setup = Setup {
        limits: few_per_address(),
        ..Setup::default()
    };
    let server = setup.start_mirror().await;
    let mut streams = open(&server, 3).await;
    for n in 1..=5 {
        assert_eq!(server.ask("", "").await, "");
        server.assert_refused("per_address", n);
    }
    // Another address of this machine is another client.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(server.address).await.unwrap();
    other.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut answer = String::new();
    other.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("127.0.0.2"), "{answer}");
    // A place that is given back is free for the next.
    streams.pop();
    while server.ask("", "").await != "127.0.0.1" {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_trusted_proxy_has_as_many_connections_as_it_likes_and_names_clients() {
    let setup = Setup {
        limits: few_per_address(),
        trusts_local: true,
        ..Setup::default()
    };
    let server = setup.start_mirror().await;
    let _streams = open(&server, 10).await;
    let client = server
        .ask("", "X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\n")
        .await;
    assert_eq!(client, "192.0.2.7");
}

#[tokio::test]
async fn what_others_say_of_their_address_is_ignored() {
    let server = Setup::default().start_mirror().await;
    let client = server.ask("", "X-Forwarded-For: 192.0.2.7\r\n").await;
    assert_eq!(client, "127.0.0.1");
}

#[tokio::test]
async fn a_proxy_names_the_client_before_its_first_request() {
    let setup = Setup {
        limits: few_per_address(),
        trusts_local: true,
        proxy_protocol: true,
    };
    let server = setup.start_mirror().await;
    let one = "PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n";
    assert_eq!(server.ask(one, "").await, "192.0.2.7");
    assert_eq!(server.ask("PROXY UNKNOWN\r\n", "").await, "127.0.0.1");
    // It is not the header that a client is believed.
    let client = server.ask(one, "X-Forwarded-For: 6.6.6.6\r\n").await;
    assert_eq!(client, "192.0.2.7");
    // Nothing but a header begins a connection.
    assert_eq!(server.ask("", "").await, "");
    server.assert_refused("proxy_header", 1);
    // Each client has its share of connections.
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = server.connect().await;
        let start = format!("{one}GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(start.as_bytes()).await.unwrap();
        assert!(stream.read(&mut [0; 512]).await.unwrap() > 0);
        streams.push(stream);
    }
    assert_eq!(server.ask(one, "").await, "");
    server.assert_refused("per_address", 1);
    let other = "PROXY TCP4 192.0.2.8 192.0.2.1 1 2\r\n";
    assert_eq!(server.ask(other, "").await, "192.0.2.8");
}

#[tokio::test]
async fn only_trusted_proxies_speak_the_proxy_protocol() {
    let setup = Setup {
        proxy_protocol: true,
        ..Setup::default()
    };
    let server = setup.start_mirror().await;
    let header = "PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n";
    assert_eq!(server.ask(header, "").await, "");
    server.assert_refused("not_a_proxy", 1);
}

#[tokio::test]
async fn http2_bytes_are_not_written_by_the_kernel_from_where_they_lie() {
    let (seen, mut peers) = tokio::sync::mpsc::unbounded_channel();
    let handler = move |peer: Peer<()>, _| {
        seen.send(peer.writes_to_kernel).unwrap();
        std::future::ready(Response::new(Full::default()))
    };
    let server = Setup::default().start(handler).await;
    server.ask("", "").await;
    assert_eq!(peers.recv().await, Some(true));
    let stream = TokioIo::new(server.connect().await);
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://x/")
        .body(Full::<Bytes>::default())
        .unwrap();
    sender.send_request(request).await.unwrap();
    assert_eq!(peers.recv().await, Some(false));
}

#[tokio::test]
async fn a_client_that_closes_one_connection_and_opens_another_is_not_refused() {
    let setup = Setup {
        limits: Limits {
            connections_max: 8,
            ..Limits::default()
        },
        ..Setup::default()
    };
    let server = setup.start_mirror().await;
    // Three quarters of all places.
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(server.connect().await);
    }
    for round in 0..20 {
        drop(held.pop());
        let mut stream = server.connect().await;
        let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = [0; 1024];
        let count = stream.read(&mut answer).await.unwrap();
        assert!(answer[..count].starts_with(b"HTTP/1.1 200"), "{round}");
        held.push(stream);
    }
    let page = server.metrics.encode(crate::metrics::Format::Text);
    let refused = |line: &&str| line.starts_with("sumward_refused_connections_total{");
    for line in page.lines().filter(refused) {
        assert!(line.ends_with(" 0"), "{line}");
    }
}
