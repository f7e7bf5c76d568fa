use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::kit::{Origin, Reply, brief, get, nowhere, open, settings, text};
use crate::config;
use crate::metrics::Breaker;
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

#[tokio::test]
async fn time_is_limited_before_an_answer() {
    let origin = Origin::start(|_| Reply::default().then_hang()).await;
    let mut settings = settings(&origin.url());
    settings.connect_timeout = Duration::from_millis(50);
    settings.read_timeout = Duration::from_millis(50);
    let error = get(&open(&settings), "x").await.expect_err("silence");
    assert_eq!(brief(&error), "unavailable");
    assert_eq!(origin.seen().len(), 1);
}

fn fragile(list: &str, open_min: Duration) -> config::Upstream {
    config::Upstream {
        attempts: 1,
        breaker: config::Breaker {
            failures_max: 3,
            open_min,
            open_max: open_min,
        },
        ..settings(list)
    }
}

#[tokio::test]
async fn a_failing_host_is_left_alone() {
    let origin = Origin::start(|_| Reply::status(503)).await;
    let other = Origin::start(|_| Reply::ok("other")).await;
    let list = format!("{}/p|{}", origin.url(), other.url());
    let upstreams = open(&fragile(&list, Duration::from_secs(60)));
    for _ in 0..5 {
        assert_eq!(text(&upstreams, "x").await, "other");
    }
    assert_eq!(origin.seen().len(), 3);
    let error = upstreams
        .fetch_from(0, "x", &upstreams.want(9))
        .await
        .expect_err("open");
    let FetchError::Unavailable {
        retry_after: Some(wait),
        status: None,
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert!(wait <= Duration::from_secs(60));
    let [first, second] = &upstreams.health()[..] else {
        panic!("two entries")
    };
    assert_eq!(
        (first.breaker, second.breaker),
        (Breaker::Open, Breaker::Closed)
    );
    assert_eq!(
        first.last_failure.as_ref().map(|(_, why)| why.as_str()),
        Some("answered 503")
    );
    let page = upstreams.metrics.encode();
    let host = origin.address;
    for want in [
        format!("host=\"{host}\",outcome=\"server_error\"}} 3\n"),
        format!("host=\"{host}\",outcome=\"breaker_open\"}} 3\n"),
        format!("host=\"{}\",outcome=\"ok\"}} 5\n", other.address),
    ] {
        assert!(page.contains(&want), "{want} in {page}");
    }
    // By host: a database at the same place is left alone, too.
    let database = format!("{}/sumdb", origin.url());
    let error = upstreams
        .fetch_url(&database, "x", &upstreams.want(9))
        .await;
    assert_eq!(brief(&error.expect_err("open")), "unavailable");
    assert_eq!(origin.seen().len(), 3);
}

#[tokio::test]
async fn answers_about_one_file_leave_the_breaker_closed() {
    for status in [404, 403, 206] {
        let origin = Origin::start(move |_| Reply::status(status)).await;
        let upstreams = open(&fragile(&origin.url(), Duration::from_secs(60)));
        for _ in 0..10 {
            get(&upstreams, "x").await.expect_err("an error");
        }
        assert_eq!(origin.seen().len(), 10, "{status}");
    }
}

#[tokio::test]
async fn a_host_that_is_back_is_asked_again() {
    let up = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&up);
    let origin = Origin::start(move |_| {
        if state.load(Ordering::Relaxed) {
            Reply::ok("back")
        } else {
            Reply::status(503)
        }
    })
    .await;
    let upstreams = open(&fragile(&origin.url(), Duration::ZERO));
    for _ in 0..3 {
        get(&upstreams, "x").await.expect_err("down");
    }
    assert_eq!(upstreams.health()[0].breaker, Breaker::Open);
    get(&upstreams, "x").await.expect_err("a probe that fails");
    assert_eq!(upstreams.health()[0].breaker, Breaker::Open);
    up.store(true, Ordering::Relaxed);
    // Held, not read: the answer's beginning is enough.
    let held = get(&upstreams, "x").await.expect("a probe that succeeds");
    assert_eq!(upstreams.health()[0].breaker, Breaker::Closed);
    drop(held);
}

#[tokio::test]
async fn a_dropped_probe_makes_room_for_the_next() {
    let origin = Origin::start(|request| match request.target.as_str() {
        "/hang" => Reply::default().then_hang(),
        "/good" => Reply::ok("good"),
        _ => Reply::status(503),
    })
    .await;
    let upstreams = open(&fragile(&origin.url(), Duration::ZERO));
    for _ in 0..3 {
        get(&upstreams, "bad").await.expect_err("down");
    }
    {
        let mut probe = std::pin::pin!(get(&upstreams, "hang"));
        while !origin.targets().contains(&"/hang".to_owned()) {
            tokio::select! {
                _ = &mut probe => panic!("it hangs"),
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
        let error = get(&upstreams, "good").await.expect_err("one at a time");
        assert_eq!(brief(&error), "unavailable");
    }
    assert_eq!(text(&upstreams, "good").await, "good");
}

#[tokio::test]
async fn broken_transfers_open_the_breaker_too() {
    let origin =
        Origin::start(|_| Reply::new(200, &[("Content-Length", "100")], b"half of it")).await;
    let upstreams = open(&fragile(&origin.url(), Duration::from_secs(60)));
    for _ in 0..3 {
        let fetched = get(&upstreams, "x").await.expect("a beginning");
        fetched.bytes().await.expect_err("half");
    }
    let error = get(&upstreams, "x").await.expect_err("open");
    assert_eq!(brief(&error), "unavailable");
    assert_eq!(origin.seen().len(), 3);
}

#[tokio::test]
async fn nobody_home_is_unavailable_and_says_why() {
    let address = nowhere().await;
    let error = get(&open(&settings(&format!("http://{address}"))), "x").await;
    let error = error.expect_err("nobody").to_string();
    assert!(error.contains("refused"), "{error}");
    assert!(!error.contains("/x"), "{error}");
}
