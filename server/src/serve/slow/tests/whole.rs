//! Whole connections, with hyper on both sides and a paused clock.

use std::convert::Infallible;

use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::client::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::task::JoinHandle;

use super::*;

/// More than the pipe and HTTP/2's windows hold.
const BODY_BYTES: usize = 1 << 20;

/// A connection that answers each request with [`BODY_BYTES`], all in one piece.
struct Connection {
    client: DuplexStream,
    watch: Watch,
    /// Why the connection was cut; `None` when it ended.
    end: JoinHandle<Option<Slow>>,
}

impl Connection {
    fn start() -> Self {
        let (client, server) = duplex(4096);
        let watch = Watch::new();
        let (requests, looked_at) = (watch.clone(), watch.clone());
        let stream = TokioIo::new(watch.guard(server));
        let service = service_fn(move |_| {
            let body = Full::new(Bytes::from(vec![b'x'; BODY_BYTES]));
            let body = requests.request().until_sent(body, None);
            async move { Ok::<_, Infallible>(Response::new(body)) }
        });
        let end = tokio::spawn(async move {
            let limits = limits();
            let builder = crate::serve::connection::builder(&limits);
            tokio::select! {
                _ = builder.serve_connection(stream, service) => None,
                slow = looked_at.too_slow(&limits) => Some(slow),
            }
        });
        Self { client, watch, end }
    }

    /// How the connection ends, and after how many seconds.
    async fn end(self) -> (Option<Slow>, u64) {
        let start = Instant::now();
        let end = self.end.await.unwrap();
        let seconds = start.elapsed().as_secs();
        // What the connection's tasks held is given back.
        sleep(SECOND).await;
        assert_eq!(self.watch.0.waiting.load(Ordering::Relaxed), 0);
        assert_eq!(self.watch.0.open.load(Ordering::Relaxed), 0);
        (end, seconds)
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_steady_download_is_not_idle() {
    let mut connection = Connection::start();
    let (start, client) = (Instant::now(), &mut connection.client);
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    client.write_all(request).await.unwrap();
    let (mut got, mut bytes) = (0, [0; 2048]);
    loop {
        match client.read(&mut bytes).await.unwrap() {
            0 => break,
            count => got += count,
        }
        sleep(SECOND).await;
    }
    assert!(got > BODY_BYTES, "cut after {got} bytes");
    assert!(start.elapsed() > 2 * limits().idle_timeout);
    assert_eq!(connection.end().await.0, None);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_kept_and_then_idle_after_a_download() {
    let mut connection = Connection::start();
    let client = &mut connection.client;
    let mut bytes = vec![0; BODY_BYTES];
    for _ in 0..3 {
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        client.read_exact(&mut bytes).await.unwrap();
        // The head's length of the body is left.
        while timeout(SECOND, client.read(&mut bytes)).await.is_ok() {}
        sleep(100 * SECOND).await;
    }
    // A second and a hundred are gone.
    let (slow, seconds) = connection.end().await;
    assert_eq!(slow, Some(Slow::Idle));
    assert!((17..=25).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn an_http1_client_that_takes_nothing_is_cut() {
    let mut connection = Connection::start();
    let client = &mut connection.client;
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    client.read_u8().await.unwrap();
    let (slow, seconds) = connection.end().await;
    assert_eq!(slow, Some(Slow::Answer));
    assert!((30..=35).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn an_http1_client_that_drips_is_cut() {
    let mut connection = Connection::start();
    let (fresh, _) = duplex(1);
    let mut client = std::mem::replace(&mut connection.client, fresh);
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let drip = tokio::spawn(async move {
        while client.read_u8().await.is_ok() {
            sleep(SECOND / 10).await;
        }
    });
    let (slow, seconds) = connection.end().await;
    assert_eq!(slow, Some(Slow::Answer));
    assert!((30..=35).contains(&seconds), "{seconds}");
    drip.abort();
}

type Sender = http2::SendRequest<Empty<Bytes>>;

async fn http2_client(connection: &mut Connection) -> Sender {
    let (fresh, _) = duplex(1);
    let client = std::mem::replace(&mut connection.client, fresh);
    let (sender, driver) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(65_535)
        .keep_alive_interval(SECOND)
        .keep_alive_while_idle(true)
        .handshake(TokioIo::new(client))
        .await
        .unwrap();
    tokio::spawn(driver);
    sender
}

fn get() -> Request<Empty<Bytes>> {
    Request::get("http://x/").body(Empty::new()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_slow_steady_http2_download_is_not_idle() {
    let mut connection = Connection::start();
    let mut sender = http2_client(&mut connection).await;
    let start = Instant::now();
    let mut answer = sender.send_request(get()).await.unwrap();
    let mut got = 0;
    while let Some(frame) = answer.frame().await {
        got += frame.unwrap().into_data().unwrap().len();
        sleep(4 * SECOND).await;
    }
    assert_eq!(got, BODY_BYTES);
    assert!(start.elapsed() > 2 * limits().idle_timeout);
    drop((sender, answer));
    assert_eq!(connection.end().await.0, None);
}

#[tokio::test(start_paused = true)]
async fn an_http2_client_that_takes_nothing_is_cut_whatever_it_pings() {
    let mut connection = Connection::start();
    let mut sender = http2_client(&mut connection).await;
    let held = sender.send_request(get()).await.unwrap();
    let (slow, seconds) = connection.end().await;
    assert_eq!(slow, Some(Slow::Answer));
    assert!((30..=35).contains(&seconds), "{seconds}");
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn an_http2_client_that_asks_nothing_is_idle_whatever_it_pings() {
    let mut connection = Connection::start();
    let mut sender = http2_client(&mut connection).await;
    let answer = sender.send_request(get()).await.unwrap();
    answer.into_body().collect().await.unwrap();
    let (slow, seconds) = connection.end().await;
    assert_eq!(slow, Some(Slow::Idle));
    assert!((119..=125).contains(&seconds), "{seconds}");
}
