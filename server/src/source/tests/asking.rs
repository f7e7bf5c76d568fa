use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use proto::goproxy::list::Fallback;

use super::kit::{config, not_bad, open, text, want};
use crate::metrics::Breaker;
use crate::source::Class;
use crate::source::upstream::FetchError;
use crate::source::upstream::tests::kit::{Origin, Reply, brief};
use crate::source::{Origin as From, Relay};

/// The answers that entries of lists give here, by the first part of the path.
fn scripted(target: &str) -> Reply {
    match target.split('/').nth(1) {
        Some("good") => Reply::ok("good"),
        Some("bad") => Reply::ok("bad"),
        Some("page") => Reply::new(200, &[("Content-Type", "text/html; charset=x")], b"hello"),
        Some("cut") => Reply::new(200, &[("Content-Length", "9")], b"half"),
        Some("long") => Reply::new(200, &[], &vec![b'x'; (1 << 20) + 1]),
        Some(status) => Reply::status(status.parse().expect("a status")),
        None => unreachable!("paths begin with a slash"),
    }
}

fn list(origin: &Origin, names: &str) -> String {
    names
        .split_inclusive([',', '|'])
        .map(|name| format!("{}/{name}", origin.url()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn after_a_bar_the_next_entry_is_asked_whatever_went_wrong() {
    let origin = Origin::start(|request| scripted(&request.target)).await;
    for (names, want) in [
        ("bad|good", "good"),
        ("page|good", "good"),
        ("cut|good", "good"),
        ("long|good", "good"),
        ("503|cut|bad|good", "good"),
        ("bad,good", "bad"),
        ("page,good", "bad"),
        ("cut,good", "unavailable"),
        ("long,good", "too large"),
        ("404,good", "good"),
        ("404,bad,good", "bad"),
        // "Not here" never hides a failure.
        ("bad|404", "bad"),
        ("cut|404", "unavailable"),
        ("bad|503", "unavailable 503"),
        ("404|410", "not found 410"),
    ] {
        let sources = open(&config(&list(&origin, names)));
        let got = match text(&sources, "x").await {
            Ok(text) => text,
            Err(error) => brief(&error),
        };
        assert_eq!(got, want, "{names}");
    }
}

#[tokio::test]
async fn the_words_of_a_check_are_the_answer() {
    let origin = Origin::start(|_| Reply::ok("bad")).await;
    let error = text(&open(&config(&origin.url())), "x").await;
    let FetchError::BadAnswer { reason, upstream } = error.expect_err("bad") else {
        panic!("another error")
    };
    assert_eq!((&*reason, &*upstream), ("it is bad", &*origin.url()));
}

#[tokio::test]
async fn says_where_an_answer_comes_from() {
    let origin = Origin::start(|_| Reply::ok("good")).await;
    let sources = open(&config(&format!("{}/go/", origin.url())));
    assert_eq!(sources.fall_through(0), Some(Fallback::NotFound));
    assert_eq!(sources.fall_through(1), None);
    let asking = sources.ask("m", "m/@v/list", want(Class::Text));
    let answer = asking.expect("a list").text(not_bad).await;
    let (_, bytes, from) = answer.expect("an answer");
    assert_eq!(bytes, "good");
    let expected = From {
        upstream: format!("{}/go", origin.url()).into(),
        url: format!("{}/go/m/@v/list", origin.url()),
    };
    assert_eq!(from, expected);
}

/// A server that breaks off so many times, then answers with `then`.
async fn breaking(times: usize, then: Reply) -> Origin {
    let count = AtomicUsize::new(0);
    Origin::start(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        n if n < times => Reply::new(200, &[("Content-Length", "9")], b"half"),
        _ => then.clone(),
    })
    .await
}

#[tokio::test]
async fn what_breaks_off_is_asked_again_three_times() {
    let origin = breaking(3, Reply::ok("whole")).await;
    assert_eq!(
        text(&open(&config(&origin.url())), "x")
            .await
            .expect("at last"),
        "whole"
    );
    assert_eq!(origin.seen().len(), 4);
    let origin = breaking(4, Reply::ok("whole")).await;
    let error = text(&open(&config(&origin.url())), "x").await;
    assert_eq!(brief(&error.expect_err("cut for good")), "unavailable");
    assert_eq!(origin.seen().len(), 4);
}

#[tokio::test]
async fn what_had_begun_to_come_is_never_absent_afterwards() {
    let origin = breaking(1, Reply::status(404)).await;
    let other = Origin::start(|_| Reply::ok("other")).await;
    let list = format!("{},{}", origin.url(), other.url());
    let error = text(&open(&config(&list)), "x").await;
    assert_eq!(brief(&error.expect_err("gone half way")), "unavailable");
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn unfit_tells_whether_there_is_another_entry() {
    let origin = Origin::start(|request| scripted(&request.target)).await;
    for (names, another) in [("good", false), ("good,good", false), ("good|good", true)] {
        let sources = open(&config(&list(&origin, names)));
        let asking = sources.ask("m", "x", want(Class::Zip));
        let mut asking = asking.expect("a list");
        drop(asking.next().await.expect("an answer"));
        assert_eq!(asking.unfit("a wrong hash".into()), another, "{names}");
        assert_eq!(asking.next().await.is_ok(), another, "{names}");
    }
}

#[tokio::test]
async fn the_clients_via_is_sent_on_whatever_is_asked() {
    let origin = Origin::start(|_| Reply::ok("good")).await;
    let sources = open(&config(&origin.url()));
    text(&sources, "x").await.expect("an answer");
    for relay in [Relay::Entry(0), Relay::Url(origin.url())] {
        let asking = sources.ask_database(&relay, "latest", want(Class::Database));
        let answer = asking.expect("a place").text(not_bad).await;
        answer.expect("an answer");
    }
    assert_eq!(origin.seen().len(), 3);
    for request in origin.seen() {
        assert_eq!(request.header("sumward-via"), Some("client, test-instance"));
    }
}

#[tokio::test]
async fn a_transfer_keeps_its_room_until_it_ends() {
    let origin = Origin::start(|_| Reply::new(200, &[], &vec![0; 1 << 19])).await;
    let mut config = config(&origin.url());
    config.limits.fetches_max = 1;
    let sources = open(&config);
    let ask = || sources.ask("m", "x", want(Class::Zip)).expect("a list");
    let mut first = ask();
    let held = first.next().await.expect("a beginning");
    let mut second = ask();
    let mut second = std::pin::pin!(second.next());
    let waits = tokio::time::timeout(std::time::Duration::from_millis(50), &mut second).await;
    assert!(waits.is_err(), "two transfers where one is allowed");
    // Lists do not wait for zips.
    text(&sources, "list").await.expect("a text");
    assert_eq!(held.bytes().await.expect("whole").len(), 1 << 19);
    second.await.expect("its turn");
}

#[tokio::test]
async fn a_transfer_counts_once_for_the_breaker_however_often_it_broke() {
    let counts = Mutex::new(HashMap::new());
    let origin = Origin::start(move |request| {
        let mut counts = counts.lock().expect("not poisoned");
        let count = counts.entry(request.target.clone()).or_insert(0);
        *count += 1;
        let whole = *count > 2 && !request.target.contains("never");
        match whole {
            true => Reply::ok("whole"),
            false => Reply::new(200, &[("Content-Length", "9")], b"half"),
        }
    })
    .await;
    let mut config = config(&origin.url());
    config.upstream.breaker.failures_max = 2;
    let sources = open(&config);
    let paths: Vec<_> = (0..10).map(|path| format!("m{path}")).collect();
    let all = paths.iter().map(|path| text(&sources, path));
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer.expect("whole in the end"), "whole");
    }
    for (path, breaker) in [("never1", Breaker::Closed), ("never2", Breaker::Open)] {
        text(&sources, path).await.expect_err("never whole");
        assert_eq!(sources.health()[0].breaker, breaker);
    }
}
