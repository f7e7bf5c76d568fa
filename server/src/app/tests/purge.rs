//! Names that are taken, and what takes them back.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use super::*;
use crate::ask::Access;
use crate::shelf::answer::{Answer, Kind};
use crate::store::Key;

const KEY: &str = "m.example/x/@v/v1.0.0.mod";

/// An upstream that sends the first text until it is told to send the second.
async fn turncoat() -> (Origin, Arc<AtomicUsize>) {
    let turned = Arc::new(AtomicUsize::new(0));
    let now = Arc::clone(&turned);
    let origin = Origin::start(move |_| match now.load(Ordering::Relaxed) {
        0 => Reply::ok("module m.example/x\n"),
        _ => Reply::ok("module m.example/y\n"),
    });
    (origin.await, turned)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_or_damaged_gives_its_name_to_nothing_else_until_it_is_purged() {
    let (origin, turned) = turncoat().await;
    let server = Server::start(&origin.url(), |config| {
        config.cache.hot_bytes_max = 0;
        config.proof.pause = Duration::ZERO;
    })
    .await;
    let first = (200, "module m.example/x\n".to_owned());
    assert_eq!(server.get(KEY).await, first);
    turned.store(1, Ordering::Relaxed);
    fs::write(server.path(KEY), b"module m.example/z\n").unwrap();
    for _ in 0..2 {
        let (status, text) = server.get(KEY).await;
        assert_eq!(status, 403, "{text}");
        assert!(text.contains("stored here first"), "{text}");
    }
    turned.store(0, Ordering::Relaxed);
    assert_eq!(server.get(KEY).await, first, "healed by the same bytes");
    turned.store(1, Ordering::Relaxed);
    fs::remove_file(server.path(KEY)).unwrap();
    assert_eq!(server.get(KEY).await.0, 403, "lost");
    assert!(!server.path(KEY).exists());
    server.purge("m.example/x@v1.0.0").await;
    let second = (200, "module m.example/y\n".to_owned());
    assert_eq!(server.get(KEY).await, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_purged_is_gone_from_memory_however_it_went_from_disk() {
    let origin = Origin::start(|_| Reply::ok("module m.example/x\n")).await;
    let server = Server::start(&origin.url(), |_| {}).await;
    for by_hand in [false, true] {
        assert_eq!(server.get(KEY).await.0, 200);
        assert!(server.app.site.modules.ready(KEY).is_some());
        if by_hand {
            fs::remove_file(server.path(KEY)).unwrap();
        }
        server.purge("m.example/x").await;
        assert!(server.app.site.modules.ready(KEY).is_none(), "{by_hand}");
        let cached_only = format!("cached-only/{KEY}");
        assert_eq!(server.get(&cached_only).await.0, 404);
        let shelf = &server.app.site.shelf;
        let recorded = shelf.recorded(&Key::parse(KEY).unwrap()).await;
        assert_eq!(recorded.unwrap(), None);
    }
    assert_eq!(asked(&origin).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_forgets_what_upstream_did_not_have() {
    let found = Arc::new(AtomicUsize::new(0));
    let now = Arc::clone(&found);
    let origin = Origin::start(move |_| match now.load(Ordering::Relaxed) {
        0 => Reply::new(404, &PLAIN, b"not found: no such version"),
        _ => Reply::ok("module m.example/x\n"),
    })
    .await;
    let server = Server::start(&origin.url(), |_| {}).await;
    assert_eq!(server.get(KEY).await.0, 404);
    found.store(1, Ordering::Relaxed);
    assert_eq!(server.get(KEY).await.0, 404, "remembered");
    assert_eq!(server.purge("m.example/x").await.refusals, 2);
    assert_eq!(server.get(KEY).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_have_it_is_refused_before_memory_is_looked_at() {
    for (access, want) in [(Access::Open, 200), (Access::Closed, 403)] {
        let data = tempfile::tempdir().unwrap();
        let server = Server::start_on(data, "off", |_| {}, |_| {}, access).await;
        let shelf = &server.app.site.shelf;
        let answer = Answer::of_bytes(Kind::Mod, Bytes::from_static(b"module x\n"), None);
        shelf.put_hot(&Key::parse(KEY).unwrap(), &Arc::new(answer), shelf.now());
        assert_eq!(server.get(KEY).await.0, want);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_files_that_get_one_name_at_once_the_one_that_is_there_stays() {
    let origin =
        Origin::start(|_| Reply::ok("module m.example/x\n").after(Duration::from_millis(200)))
            .await;
    let server = Server::start(&origin.url(), |_| {}).await;
    let there = async {
        while asked(&origin).is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        store(server.data.path(), KEY, b"module m.example/there\n", HOUR);
    };
    let (answer, ()) = futures_util::future::join(server.get(KEY), there).await;
    assert_eq!(answer, (200, "module m.example/there\n".to_owned()));
    assert_eq!(
        fs::read(server.path(KEY)).unwrap(),
        b"module m.example/there\n"
    );
}
