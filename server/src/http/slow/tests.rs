use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::{sleep, timeout};

use super::*;

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
    let watch = Watch::new(&limits());
    let (client, server) = duplex(buffer);
    let guarded = watch.guard(server);
    (watch, guarded, client)
}

/// How long until the connection is to be cut, in seconds, rounded down.
async fn cut(watch: &Watch) -> (Slow, u64) {
    let start = Instant::now();
    let slow = watch.too_slow().await;
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
    let body = open.until_sent(http_body_util::Empty::<bytes::Bytes>::new());
    timeout(3600 * SECOND, watch.too_slow()).await.unwrap_err();
    drop(body);
    assert_eq!(cut(&watch).await.0, Slow::Idle);
}

#[tokio::test(start_paused = true)]
async fn frames_of_http2_are_no_head() {
    let (watch, mut server, mut client) = connection(64);
    client.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    let mut bytes = [0; 16];
    server.read_exact(&mut bytes).await.unwrap();
    drop(watch.request());
    client.write_all(b"0123456789abcdef").await.unwrap();
    server.read_exact(&mut bytes).await.unwrap();
    let (slow, seconds) = cut(&watch).await;
    assert_eq!(slow, Slow::Idle);
    assert!(seconds >= 119, "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_cut() {
    let (_watch, mut server, _client) = connection(64);
    let start = Instant::now();
    let error = server.write_all(&[0; 1000]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_drips_is_cut() {
    let (_watch, mut server, mut client) = connection(64);
    let drip = tokio::spawn(async move {
        while client.read_u8().await.is_ok() {
            sleep(SECOND).await;
        }
    });
    let start = Instant::now();
    let error = server.write_all(&[0; 100_000]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!((30..=32).contains(&start.elapsed().as_secs()));
    drip.abort();
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_that_keeps_on_is_served() {
    let (_watch, mut server, mut client) = connection(4096);
    let read = tokio::spawn(async move {
        let mut bytes = vec![0; 2048];
        let mut total = 0;
        // 2 KiB a second, twice what is asked.
        while total < 400_000 {
            total += client.read(&mut bytes).await.unwrap();
            sleep(SECOND).await;
        }
        client
    });
    server.write_all(&vec![0; 400_000]).await.unwrap();
    read.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_for_ourselves_is_not_held_against_the_client() {
    let (_watch, mut server, mut client) = connection(4096);
    let read = tokio::spawn(async move {
        let mut bytes = vec![0; 4096];
        while client.read(&mut bytes).await.is_ok_and(|n| n > 0) {
            sleep(Duration::from_millis(100)).await;
        }
    });
    // Small pieces with long pauses, as from a slow upstream.
    for _ in 0..1000 {
        server.write_all(&[0; 10]).await.unwrap();
        sleep(20 * SECOND).await;
    }
    server.write_all(&vec![0; 20_000]).await.unwrap();
    drop(server);
    read.await.unwrap();
}
