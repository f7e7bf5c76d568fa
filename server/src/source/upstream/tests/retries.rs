use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::kit::{Origin, Reply, brief, get, nowhere, open, settings, text};
use crate::source::upstream::FetchError;

/// A server that gives `bad` so many times, then "good".
async fn recovering(times: usize, bad: Reply) -> Origin {
    let count = AtomicUsize::new(0);
    Origin::start(move |_| {
        if count.fetch_add(1, Ordering::Relaxed) < times {
            bad.clone()
        } else {
            Reply::ok("good")
        }
    })
    .await
}

#[tokio::test]
async fn repairs_what_passes() {
    for (why, bad) in [
        ("500", Reply::status(500)),
        ("502", Reply::status(502)),
        ("503", Reply::new(503, &[("Retry-After", "0")], b"")),
        ("504", Reply::status(504)),
        ("429", Reply::status(429)),
        ("408", Reply::status(408)),
        ("closed before an answer", Reply::default()),
        ("no HTTP", Reply::raw("garbage\r\n\r\n")),
        (
            "cut before the first byte",
            Reply::new(200, &[("Content-Length", "9")], b""),
        ),
    ] {
        let origin = recovering(2, bad.clone()).await;
        assert_eq!(
            text(&open(&settings(&origin.url())), "x").await,
            "good",
            "{why}"
        );
        assert_eq!(origin.seen().len(), 3, "{why}");
        let origin = recovering(3, bad).await;
        let error = get(&open(&settings(&origin.url())), "x")
            .await
            .expect_err(why);
        assert!(brief(&error).starts_with("unavailable"), "{why}: {error}");
        assert_eq!(origin.seen().len(), 3, "{why}");
    }
}

#[tokio::test]
async fn asks_once_where_asking_again_is_of_no_use() {
    for status in [400, 401, 403, 404, 410, 451, 501, 505, 508, 206] {
        let origin = Origin::start(move |_| Reply::status(status)).await;
        get(&open(&settings(&origin.url())), "x")
            .await
            .expect_err("an error");
        assert_eq!(origin.seen().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_long_wait_is_told_and_not_waited() {
    for status in [429, 503] {
        let origin = Origin::start(move |_| {
            let headers = [("Retry-After", "120"), ("Content-Type", "text/plain")];
            Reply::new(status, &headers, b"busy")
        })
        .await;
        let error = get(&open(&settings(&origin.url())), "x")
            .await
            .expect_err("busy");
        let FetchError::Unavailable {
            status: got,
            retry_after,
            text,
            ..
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!(
            (got, retry_after),
            (Some(status), Some(Duration::from_secs(120)))
        );
        assert_eq!(text, "busy");
        assert_eq!(origin.seen().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn short_waits_are_kept_and_add_up_to_two_seconds() {
    for (seconds, want) in [("1", 3), ("2", 2), ("3", 1)] {
        let origin =
            Origin::start(move |_| Reply::new(503, &[("Retry-After", seconds)], b"")).await;
        let mut settings = settings(&origin.url());
        settings.backoff_max = Duration::from_secs(5);
        let begun = tokio::time::Instant::now();
        get(&open(&settings), "x").await.expect_err("busy");
        assert_eq!(origin.seen().len(), want, "{seconds} s");
        assert!(begun.elapsed() < Duration::from_secs(3), "{seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_end_with_the_time_for_a_head() {
    let minute = Duration::from_secs(60);
    let origin = Origin::start(move |_| Reply::status(504).after(minute)).await;
    let mut settings = settings(&origin.url());
    settings.backoff_min = Duration::from_secs(20);
    settings.backoff_max = Duration::from_secs(40);
    settings.head_timeout = Duration::from_secs(65);
    let error = get(&open(&settings), "x").await.expect_err("busy");
    assert_eq!(brief(&error), "unavailable 504");
    assert_eq!(origin.seen().len(), 1);
}

#[tokio::test]
async fn time_is_limited_before_an_answer() {
    let origin = Origin::start(|_| Reply::default().then_hang()).await;
    let mut settings = settings(&origin.url());
    settings.head_timeout = Duration::from_millis(50);
    let error = get(&open(&settings), "x").await.expect_err("silence");
    assert_eq!(brief(&error), "unavailable");
    assert_eq!(origin.seen().len(), 1);
}

#[tokio::test]
async fn nobody_home_is_unavailable_and_says_why() {
    let address = nowhere().await;
    let error = get(&open(&settings(&format!("http://{address}"))), "x").await;
    let error = error.expect_err("nobody").to_string();
    assert!(error.contains("refused"), "{error}");
    assert!(!error.contains("/x"), "{error}");
}
