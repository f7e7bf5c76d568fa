use std::io::Write as _;
use std::time::Duration;

use super::kit::{Origin, Reply, brief, get, open, settings};
use crate::source::upstream::{FetchError, TransferError};

/// Fetches one file from a server that answers so.
async fn transfer(reply: Reply, max: u64) -> Result<Vec<u8>, TransferError> {
    let origin = Origin::start(move |_| reply.clone()).await;
    let upstreams = open(&settings(&origin.url()));
    let fetched = upstreams.fetch("x", &upstreams.want(max)).await;
    fetched.expect("a beginning").bytes().await.map(Vec::from)
}

#[tokio::test]
async fn bodies_come_whole_or_not_at_all() {
    let long = vec![7u8; 300_000];
    let reply = Reply::new(200, &[], &long);
    assert_eq!(transfer(reply, 300_000).await.expect("whole"), long);
    assert_eq!(transfer(Reply::ok(""), 0).await.expect("empty"), b"");

    let reply = Reply::new(200, &[("Content-Length", "300001")], &long);
    let error = transfer(reply, 1 << 20).await.expect_err("cut");
    assert!(
        matches!(
            error,
            TransferError::Truncated {
                got: 300_000,
                want: Some(300_001)
            }
        ),
        "{error}"
    );
    assert!(error.retryable());
}

#[tokio::test]
async fn chunked_bodies_are_held_to_the_same() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let whole = Reply::raw(&format!("{head}4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n"));
    assert_eq!(transfer(whole.clone(), 6).await.expect("whole"), b"abcdef");
    let error = transfer(whole, 5).await.expect_err("too long");
    assert!(
        matches!(error, TransferError::TooLarge { max: 5 }),
        "{error}"
    );
    assert!(!error.retryable());
    let cut = Reply::raw(&format!("{head}4\r\nabcd\r\n2\r\ne"));
    let error = transfer(cut, 6).await.expect_err("cut");
    assert!(
        matches!(error, TransferError::Truncated { want: None, .. }),
        "{error}"
    );
    let broken = Reply::raw(&format!("{head}4\r\nabcd\r\nzz\r\n"));
    let error = transfer(broken, 6).await.expect_err("no chunk");
    assert!(
        matches!(error, TransferError::Broken { got: 4, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn silence_ends_a_transfer() {
    let reply = Reply::new(200, &[("Content-Length", "10")], b"abc").then_hang();
    let origin = Origin::start(move |_| reply.clone()).await;
    let mut settings = settings(&origin.url());
    settings.read_timeout = Duration::from_millis(100);
    let fetched = get(&open(&settings), "x").await.expect("a beginning");
    let error = fetched.bytes().await.expect_err("silence");
    assert!(
        matches!(error, TransferError::Stalled { got: 3, .. }),
        "{error}"
    );
    assert!(error.retryable());
}

#[tokio::test]
async fn a_broken_body_stays_broken() {
    let reply = Reply::new(200, &[("Content-Length", "10")], b"abc");
    let origin = Origin::start(move |_| reply.clone()).await;
    let upstreams = open(&settings(&origin.url()));
    let mut body = get(&upstreams, "x").await.expect("a beginning").body;
    assert_eq!(
        body.chunk().await.expect("a chunk").as_deref(),
        Some(&b"abc"[..])
    );
    body.chunk().await.expect_err("cut");
    assert!(body.chunk().await.expect("nothing more").is_none());
}

#[tokio::test]
async fn what_is_declared_too_long_is_not_begun() {
    let origin = Origin::start(|_| Reply::ok("0123456789")).await;
    let upstreams = open(&settings(&origin.url()));
    let error = upstreams
        .fetch("x", &upstreams.want(9))
        .await
        .expect_err("too long");
    assert_eq!(brief(&error), "too large");
    assert_eq!(origin.seen().len(), 1);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn coded(status: u16, coding: &str, body: &[u8]) -> Reply {
    let headers = [("Content-Encoding", coding), ("Content-Type", "text/plain")];
    Reply::new(status, &headers, body)
}

#[tokio::test]
async fn what_comes_compressed_is_inflated() {
    let long: Vec<u8> = (0..500_000u32).flat_map(u32::to_le_bytes).collect();
    for coding in ["gzip", "X-GZip"] {
        let whole = transfer(coded(200, coding, &gzip(&long)), 2_000_000).await;
        assert_eq!(whole.expect("whole"), long);
    }
    let plain = transfer(coded(200, "Identity", b"plain"), 9).await;
    assert_eq!(plain.expect("whole"), b"plain");
    let empty = transfer(coded(200, "gzip", b""), 9).await;
    assert_eq!(empty.expect("whole"), b"");
    // Two members after each other are one body.
    let two = [gzip(b"one "), gzip(b"two")].concat();
    let both = transfer(coded(200, "gzip", &two), 9).await;
    assert_eq!(both.expect("whole"), b"one two");
}

#[tokio::test]
async fn compressed_bodies_are_held_to_their_bounds() {
    let bomb = gzip(&vec![0; 50_000_000]);
    let origin = Origin::start(move |_| coded(200, "gzip", &bomb)).await;
    let upstreams = open(&settings(&origin.url()));
    // All of it comes out of the first few bytes.
    let error = upstreams.fetch("x", &upstreams.want(100_000)).await;
    assert_eq!(brief(&error.expect_err("a bomb")), "too large");
    assert_eq!(origin.seen().len(), 1);
}

#[tokio::test]
async fn broken_compression_is_a_broken_transfer() {
    let good = gzip(&vec![7; 300_000]);
    let (mut cut, mut changed) = (good.clone(), good.clone());
    cut.truncate(good.len() - 9);
    let last = changed.len() - 6;
    changed[last] ^= 1;
    for bad in [cut, changed, b"no gzip at all".to_vec()] {
        let origin = Origin::start(move |_| coded(200, "gzip", &bad)).await;
        let upstreams = open(&settings(&origin.url()));
        // It shows before the first byte or after it.
        if let Ok(fetched) = get(&upstreams, "x").await {
            fetched.bytes().await.expect_err("broken");
        }
    }
}

#[tokio::test]
async fn words_whose_compression_is_broken_are_left_out() {
    // More than is inflated at once.
    for bad in [
        vec![b'x'; 100_000],
        [gzip(b"words"), vec![b'x'; 100_000]].concat(),
    ] {
        let origin = Origin::start(move |_| coded(404, "gzip", &bad)).await;
        let upstreams = open(&settings(&origin.url()));
        let error = get(&upstreams, "x").await.expect_err("no file");
        assert_eq!(brief(&error), "not found 404");
    }
}

#[tokio::test]
async fn other_codings_are_bad_answers() {
    let origin = Origin::start(|_| coded(200, "br", b"and so on")).await;
    let upstreams = open(&settings(&origin.url()));
    assert_eq!(brief(&get(&upstreams, "x").await.expect_err("br")), "bad");
}

#[tokio::test]
async fn the_words_of_an_upstream_may_come_compressed() {
    let words = gzip(b"not found: m@v1: gone");
    let origin = Origin::start(move |_| coded(404, "gzip", &words)).await;
    let error = get(&open(&settings(&origin.url())), "x").await;
    let FetchError::NotFound { text, .. } = error.expect_err("absent") else {
        panic!("another error")
    };
    assert_eq!(text, "not found: m@v1: gone");
}

#[tokio::test]
async fn pages_for_people_are_marked() {
    let origin = Origin::start(|request| match request.target.as_str() {
        "/page" => Reply::new(
            200,
            &[("Content-Type", "Text/HTML; charset=utf-8")],
            b"<p>sign in",
        ),
        _ => Reply::new(200, &[("Content-Type", "application/json")], b"{}"),
    })
    .await;
    let upstreams = open(&settings(&origin.url()));
    assert!(get(&upstreams, "page").await.expect("a page").is_html());
    let fetched = get(&upstreams, "file").await.expect("a file");
    assert!(!fetched.is_html());
}
