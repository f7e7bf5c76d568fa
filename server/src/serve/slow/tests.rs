use std::pin::Pin;
use std::task::Context;

use bytes::Bytes;
use http_body::Body as _;
use http_body_util::{Empty, Full};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::{sleep, timeout};

use super::*;

mod whole;

const SECOND: Duration = Duration::from_secs(1);

fn limits() -> config::Limits {
    config::Limits {
        idle_timeout: 120 * SECOND,
        header_read_timeout: 10 * SECOND,
        write_stall_timeout: 30 * SECOND,
        ..config::Limits::default()
    }
}

fn connection(buffer: usize) -> (Watch, Guarded<DuplexStream>, DuplexStream) {
    let watch = Watch::new();
    let (client, server) = duplex(buffer);
    let guarded = watch.guard(server);
    (watch, guarded, client)
}

/// How long until the connection is to be cut, in seconds, rounded down.
async fn cut(watch: &Watch) -> (Slow, u64) {
    let start = Instant::now();
    let slow = watch.too_slow(&limits()).await;
    (slow, start.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_at_first_has_the_time_of_a_head() {
    let (watch, _server, _client) = connection(64);
    let (slow, seconds) = cut(&watch).await;
    assert_eq!(slow, Slow::Head);
    assert!((10..=13).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_in_is_cut() {
    let (watch, mut server, mut client) = connection(64);
    drop(watch.request());
    sleep(60 * SECOND).await;
    let drip = tokio::spawn(async move {
        while client.write_all(b"G").await.is_ok() {
            sleep(SECOND).await;
        }
    });
    let read = tokio::spawn(async move {
        let mut bytes = [0; 16];
        while server.read(&mut bytes).await.is_ok_and(|n| n > 0) {}
    });
    let (slow, seconds) = cut(&watch).await;
    assert_eq!(slow, Slow::Head);
    assert!((9..=13).contains(&seconds), "{seconds}");
    drip.abort();
    read.abort();
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept_for_a_while() {
    let (watch, _server, _client) = connection(64);
    drop(watch.request());
    let (slow, seconds) = cut(&watch).await;
    assert_eq!(slow, Slow::Idle);
    assert!((119..=123).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn an_open_request_is_never_too_slow() {
    let (watch, _server, _client) = connection(64);
    let open = watch.request();
    let body = open.until_sent(Empty::<Bytes>::new(), None);
    timeout(3600 * SECOND, watch.too_slow(&limits()))
        .await
        .unwrap_err();
    drop(body);
    assert_eq!(cut(&watch).await.0, Slow::Idle);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_taken_is_cut() {
    let (watch, _server, _client) = connection(64);
    let body = watch
        .request()
        .until_sent(Full::new(Bytes::from("text")), None);
    let (slow, seconds) = cut(&watch).await;
    assert_eq!(slow, Slow::Answer);
    assert!((30..=33).contains(&seconds), "{seconds}");
    drop(body);
    assert_eq!(watch.0.waiting.load(Ordering::Relaxed), 0);
}

/// A body that never gives anything.
struct Never;

impl http_body::Body for Never {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        std::task::Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_for_ourselves_is_not_held_against_the_client() {
    let (watch, _server, _client) = connection(64);
    let mut body = watch.request().until_sent(Never, None);
    let mut context = Context::from_waker(std::task::Waker::noop());
    assert!(Pin::new(&mut body).poll_frame(&mut context).is_pending());
    timeout(3600 * SECOND, watch.too_slow(&limits()))
        .await
        .unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn frames_of_http2_are_no_head() {
    // However the preface comes.
    for split in [1, 2, 23, 24] {
        let (watch, mut server, mut client) = connection(64);
        let (one, two) = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".split_at(split);
        let mut bytes = [0; 24];
        for part in [one, two] {
            client.write_all(part).await.unwrap();
            server.read_exact(&mut bytes[..part.len()]).await.unwrap();
        }
        drop(watch.request());
        client.write_all(b"0123456789abcdef").await.unwrap();
        server.read_exact(&mut bytes[..16]).await.unwrap();
        let (slow, seconds) = cut(&watch).await;
        assert_eq!(slow, Slow::Idle);
        assert!(seconds >= 119, "{seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_preface_is_a_slow_head() {
    let (watch, mut server, mut client) = connection(64);
    client.write_all(b"PRI").await.unwrap();
    server.read_exact(&mut [0; 3]).await.unwrap();
    let (slow, seconds) = cut(&watch).await;
    assert_eq!(slow, Slow::Head);
    assert!((10..=13).contains(&seconds), "{seconds}");
}
