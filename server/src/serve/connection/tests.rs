use std::fs::File;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::config::Limits;

/// A server on a port of its own; stops when dropped.
struct Server {
    address: SocketAddr,
    _stop: tokio_util::sync::DropGuard,
}

impl Server {
    async fn start<F>(
        limits: Limits,
        handler: impl Fn(Peer<()>, Request<Incoming>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared {
            limits,
            metrics: Metrics::new([], []),
            connections: TaskTracker::new(),
        };
        let endpoint = Endpoint {
            listener,
            role: (),
            tls: None,
        };
        let stop = CancellationToken::new();
        tokio::spawn(serve(shared, endpoint, handler, stop.clone()));
        Self {
            address,
            _stop: stop.drop_guard(),
        }
    }

    /// Sends one request and returns everything that comes back.
    async fn ask(&self) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    }
}

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
        Server::start(Limits::default(), move |peer, _| {
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
    assert!(server.ask().await.len() > 1 << 20);
    assert_eq!(told.load(Ordering::Relaxed), 0);
    // Somebody cuts it to nothing.
    File::create(&path).unwrap();
    assert!(server.ask().await.len() < 1 << 20);
    assert_eq!(told.load(Ordering::Relaxed), 1);
}
