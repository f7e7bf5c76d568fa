use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::kit::{INSTANCE, Origin, Reply, brief, get, nowhere, open, settings, text};
use crate::config;
use crate::metrics::Breaker;
use crate::source::Class;
use crate::source::upstream::{FetchError, Want};

fn fragile(list: &str, open_min: Duration) -> config::Upstream {
    config::Upstream {
        attempts: 1,
        breaker: config::Breaker {
            failures_max: 3,
            open_min,
            open_max: open_min,
            ..config::Breaker::default()
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
    for path in ["a", "b", "c", "d", "e"] {
        assert_eq!(text(&upstreams, path).await, "other");
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
    let page = upstreams.metrics.encode(crate::metrics::Format::Text);
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
    for status in [404, 403, 206, 500, 501, 504, 508] {
        let origin = Origin::start(move |_| Reply::status(status)).await;
        let upstreams = open(&fragile(&origin.url(), Duration::from_secs(60)));
        for path in 0..10 {
            let path = path.to_string();
            get(&upstreams, &path).await.expect_err("an error");
        }
        assert_eq!(origin.seen().len(), 10, "{status}");
    }
}

#[tokio::test]
async fn a_parent_whose_own_upstream_fails_is_asked_for_what_it_has() {
    for status in [502, 503] {
        let up = Arc::new(AtomicBool::new(true));
        let state = Arc::clone(&up);
        // A server of our kind, or for a while nobody behind a gateway.
        let parent = Origin::start(move |request| {
            match (state.load(Ordering::Relaxed), request.target.as_str()) {
                (false, _) => Reply::status(503),
                (true, "/stored") => Reply::ok("good"),
                (true, _) => Reply::new(status, &[("Retry-After", "5")], b"upstream is dead"),
            }
        })
        .await;
        let upstreams = open(&fragile(&parent.url(), Duration::ZERO));
        for path in 0..10 {
            let error = get(&upstreams, &path.to_string()).await;
            let want = format!("unavailable {status}");
            assert_eq!(brief(&error.expect_err("its upstream fails")), want);
        }
        assert_eq!(upstreams.health()[0].breaker, Breaker::Closed);
        assert_eq!(text(&upstreams, "stored").await, "good");
        // It is back although its upstream is not.
        up.store(false, Ordering::Relaxed);
        for path in ["a", "b", "c"] {
            get(&upstreams, path).await.expect_err("down");
        }
        assert_eq!(upstreams.health()[0].breaker, Breaker::Open);
        up.store(true, Ordering::Relaxed);
        get(&upstreams, "d").await.expect_err("its upstream fails");
        assert_eq!(upstreams.health()[0].breaker, Breaker::Closed);
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
    for path in ["a", "b", "c"] {
        get(&upstreams, path).await.expect_err("down");
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
    for path in ["a", "b", "c"] {
        get(&upstreams, path).await.expect_err("down");
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
    for path in ["a", "b", "c"] {
        let fetched = get(&upstreams, path).await.expect("a beginning");
        fetched.bytes().await.expect_err("half");
    }
    let error = get(&upstreams, "x").await.expect_err("open");
    assert_eq!(brief(&error), "unavailable");
    assert_eq!(origin.seen().len(), 3);
}

#[tokio::test]
async fn failures_that_attempts_repair_cost_nobody_a_refusal() {
    let counts = Mutex::new(HashMap::new());
    let origin = Origin::start(move |request| {
        let mut counts = counts.lock().expect("not poisoned");
        let count = counts.entry(request.target.clone()).or_insert(0);
        *count += 1;
        match *count {
            1 | 2 => Reply::status(503),
            _ => Reply::ok("good"),
        }
    })
    .await;
    let mut settings = settings(&origin.url());
    settings.attempts = 3;
    settings.breaker.failures_max = 5;
    let upstreams = open(&settings);
    let paths: Vec<_> = (0..50).map(|path| format!("m{path}/@v/list")).collect();
    let answers = paths.iter().map(|path| text(&upstreams, path));
    let answers = futures_util::future::join_all(answers).await;
    assert!(answers.iter().all(|answer| answer == "good"));
    assert_eq!(origin.seen().len(), 150);
}

#[tokio::test]
async fn one_file_that_cannot_be_had_does_not_close_its_host() {
    let half = Reply::new(200, &[("Content-Length", "100")], b"half of it");
    for bad in [
        Reply::status(500),
        Reply::status(502),
        Reply::status(503),
        Reply::status(429),
        half,
    ] {
        let origin = Origin::start(move |request| match request.target.as_str() {
            "/bad" => bad.clone(),
            _ => Reply::ok("good"),
        })
        .await;
        let upstreams = open(&fragile(&origin.url(), Duration::from_secs(60)));
        for _ in 0..10 {
            if let Ok(fetched) = get(&upstreams, "bad").await {
                fetched.bytes().await.expect_err("half");
            }
        }
        assert_eq!(text(&upstreams, "good").await, "good");
    }
}

#[tokio::test]
async fn a_host_out_of_reach_is_closed_by_one_file() {
    let address = nowhere().await;
    let list = format!("http://{address}");
    let upstreams = open(&fragile(&list, Duration::from_secs(60)));
    for _ in 0..3 {
        get(&upstreams, "x").await.expect_err("nobody");
    }
    assert_eq!(upstreams.health()[0].breaker, Breaker::Open);
}

#[tokio::test]
async fn no_via_of_a_client_closes_a_host() {
    // A parent of our kind, which answers so to its own name and to long chains.
    let parent = Origin::start(|request| {
        let via = request.header("sumward-via").unwrap_or_default();
        if via.contains("parent") || via.split(',').count() > 16 {
            Reply::status(508)
        } else {
            Reply::ok("good")
        }
    })
    .await;
    let upstreams = open(&fragile(&parent.url(), Duration::from_secs(60)));
    let long = vec!["x"; 16].join(", ");
    for path in 0..10 {
        for via in ["parent", &long] {
            let want = Want {
                body_max: 9,
                via: format!("{via}, {INSTANCE}").parse().expect("a value"),
                class: Class::Text,
            };
            let error = upstreams.fetch(&format!("m{path}"), &want).await;
            assert_eq!(brief(&error.expect_err("a loop")), "unavailable 508");
        }
    }
    assert_eq!(text(&upstreams, "victim").await, "good");
}

#[tokio::test(start_paused = true)]
async fn slow_beginnings_close_nothing() {
    let slow = Duration::from_secs(45);
    let origin = Origin::start(move |request| match request.target.as_str() {
        "/sixth" => Reply::ok("good"),
        _ => Reply::ok("large").after(slow),
    })
    .await;
    let mut settings = fragile(&origin.url(), Duration::from_secs(60));
    settings.head_timeout = config::Upstream::default().head_timeout;
    let upstreams = open(&settings);
    let paths = ["a", "b", "c", "d", "e"];
    let answers = paths.map(|path| text(&upstreams, path));
    let answers = futures_util::future::join_all(answers).await;
    assert!(answers.iter().all(|answer| answer == "large"));
    assert_eq!(text(&upstreams, "sixth").await, "good");
}

#[tokio::test]
async fn a_host_that_answers_others_is_not_closed_by_late_beginnings() {
    let origin = Origin::start(|request| match request.target.as_str() {
        "/small" => Reply::status(404).after(Duration::from_millis(100)),
        _ => Reply::default().then_hang(),
    })
    .await;
    let mut settings = fragile(&origin.url(), Duration::from_secs(60));
    settings.head_timeout = Duration::from_millis(300);
    let upstreams = open(&settings);
    let paths = ["a", "b", "c", "d", "e"].map(|path| get(&upstreams, path));
    let late = futures_util::future::join_all(paths);
    let (late, small) = futures_util::join!(late, get(&upstreams, "small"));
    for error in late {
        assert_eq!(brief(&error.expect_err("late")), "unavailable");
    }
    assert_eq!(brief(&small.expect_err("absent")), "not found 404");
    assert_eq!(upstreams.health()[0].breaker, Breaker::Closed);
    // Silent to everybody, it is.
    let paths = ["a", "b", "c"].map(|path| get(&upstreams, path));
    futures_util::future::join_all(paths).await;
    assert_eq!(upstreams.health()[0].breaker, Breaker::Open);
}

#[tokio::test]
async fn clients_that_leave_close_nothing() {
    let origin = Origin::start(|request| match request.target.as_str() {
        "/good" => Reply::ok("good"),
        "/half" => Reply::new(200, &[("Content-Length", "100")], b"half").then_hang(),
        _ => Reply::default().then_hang(),
    })
    .await;
    let upstreams = open(&fragile(&origin.url(), Duration::from_secs(60)));
    for path in ["a", "b", "c", "d", "e"] {
        let asked = tokio::time::timeout(Duration::from_millis(20), get(&upstreams, path));
        assert!(asked.await.is_err(), "it hangs");
        drop(get(&upstreams, "half").await.expect("a beginning"));
    }
    assert_eq!(text(&upstreams, "good").await, "good");
}
