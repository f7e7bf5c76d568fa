//! Disks, ledgers and upstreams that fail.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::ask::Access;
use crate::config;
use crate::ledger::failing as failing_ledger;
use crate::ledger::memory::Memory;

use crate::source::upstream::tests::kit::nowhere;
use crate::store::durable::Staging;
use crate::store::failing::{self, Call, Fault};
use crate::store::local::Local;

const KEY: &str = "m.example/x/@v/v1.0.0.mod";
const TEXT: &str = "module m.example/x\n";

/// A server whose files fail on command.
async fn on_failing_disk(list: &str) -> (Server, Arc<failing::Failing<Local>>) {
    let data = tempfile::tempdir().unwrap();
    let staging = Staging::open(data.path()).unwrap();
    let local = Local::open(data.path(), &staging).unwrap();
    let blobs = Arc::new(failing::Failing::new(local));
    let mounted = Arc::clone(&blobs);
    let no_memory = |config: &mut config::Config| config.cache.hot_bytes_max = 0;
    let mount = move |folder: &mut crate::app::folder::Folder| {
        folder.blobs = mounted;
        // Its files are those that the others are staged in.
        folder.staging = staging;
    };
    let server = Server::start_on(data, list, no_memory, mount, Access::Open).await;
    (server, blobs)
}

/// A server on a ledger, which keeps no answers in memory.
async fn on_ledger(
    origin: &Origin,
    ledger: &Arc<failing_ledger::Failing<Memory>>,
    change: impl FnOnce(&mut config::Config),
) -> Server {
    let mounted = Arc::clone(ledger);
    let no_memory = |config: &mut config::Config| {
        config.cache.hot_bytes_max = 0;
        change(config);
    };
    let mount = move |folder: &mut crate::app::folder::Folder| folder.ledger = mounted;
    let data = tempfile::tempdir().unwrap();
    Server::start_on(data, &origin.url(), no_memory, mount, Access::Open).await
}

/// An upstream that sends the file, and another one when the number is not 0.
async fn changing_origin() -> (Origin, Arc<AtomicUsize>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let now = Arc::clone(&sent);
    let origin = Origin::start(move |_| match now.load(Ordering::Relaxed) {
        0 => Reply::ok(TEXT),
        _ => Reply::ok("module m.example/y\n"),
    });
    (origin.await, sent)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_what_is_new_until_it_has_room() {
    let origin = Origin::start(|_| Reply::ok(TEXT)).await;
    let (server, blobs) = on_failing_disk(&origin.url()).await;
    assert_eq!(server.get(KEY).await.0, 200);
    blobs.fill_disk();
    assert_eq!(server.get(KEY).await.0, 200, "stored");
    let new = "m.example/x/@v/v1.1.0.mod";
    let (status, text) = server.get(new).await;
    assert_eq!(status, 503, "{text}");
    blobs.heal();
    assert_eq!(server.get(new).await, (200, TEXT.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_file_that_the_disk_has_lost_is_fetched_again() {
    let origin = Origin::start(|_| Reply::ok(TEXT)).await;
    let (server, blobs) = on_failing_disk(&origin.url()).await;
    assert_eq!(server.get(KEY).await.0, 200);
    for (kind, fails, want) in [
        // Nothing is wrong with the file: it must stay. What brings the records up to
        // date after the start may read it, too.
        (io::ErrorKind::PermissionDenied, i32::MAX, 500),
        // The one who asks looks, and so does the fill.
        (io::ErrorKind::InvalidData, 2, 200),
    ] {
        let mut left = fails;
        blobs.fail(move |call| {
            let fails = call == Call::Read && left > 0;
            left -= i32::from(fails);
            fails.then_some(Fault::NotDone(kind))
        });
        assert_eq!(server.get(KEY).await.0, want, "{kind}");
        assert!(server.path(KEY).exists());
        blobs.heal();
    }
    assert_eq!(asked(&origin).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_read_is_asked_for_and_stored_anew() {
    let origin = Origin::start(|_| Reply::ok("v1.0.0\n")).await;
    let (server, blobs) = on_failing_disk(&origin.url()).await;
    let key = "m.example/x/@v/list";
    assert_eq!(server.get(key).await.0, 200);
    let read = Fault::NotDone(io::ErrorKind::InvalidData);
    blobs.fail(move |call| (call == Call::Read).then_some(read));
    assert_eq!(server.get(key).await, (200, "v1.0.0\n".to_owned()));
    blobs.heal();
    assert_eq!(fs::read(server.path(key)).unwrap(), b"v1.0.0\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_fails_costs_records_and_no_answers() {
    let origin = Origin::start(|_| Reply::ok(TEXT)).await;
    let ledger = Arc::new(failing_ledger::Failing::new(Memory::default()));
    let kind = io::ErrorKind::StorageFull;
    ledger.fail(move |_| Some(Fault::NotDone(kind)));
    let server = on_ledger(&origin, &ledger, |_| {}).await;
    for _ in 0..2 {
        assert_eq!(server.get(KEY).await, (200, TEXT.to_owned()));
    }
    ledger.heal();
    assert_eq!(server.get(KEY).await, (200, TEXT.to_owned()));
    let key = crate::store::Key::parse(KEY).unwrap();
    let recorded = server.app.site.shelf.recorded(&key).await;
    assert!(recorded.unwrap().is_some());
    assert_eq!(asked(&origin).len(), 1);
}

/// What nothing proves is the first under its name, whatever fails: with a ledger that
/// fails, one that lost the record, and one that is begun anew.
#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_are_no_first_use_because_the_ledger_cannot_tell() {
    let (origin, sent) = changing_origin().await;
    let ledger = Arc::new(failing_ledger::Failing::new(Memory::bounded(1)));
    let at_once = |config: &mut config::Config| config.proof.pause = Duration::ZERO;
    let server = on_ledger(&origin, &ledger, at_once).await;
    assert_eq!(server.get(KEY).await, (200, TEXT.to_owned()));
    sent.store(1, Ordering::Relaxed);
    let fault = Fault::NotDone(io::ErrorKind::TimedOut);
    let get_fails = move |call| (call == failing_ledger::Call::Get).then_some(fault);
    for way in ["fails", "is begun anew"] {
        match way {
            "fails" => ledger.fail(get_fails),
            // It holds one record, and this is another one.
            _ => {
                ledger.heal();
                let other = Change::put(Table::Files, "n.example/x", &1);
                ledger.apply(vec![other.unwrap()]).await.unwrap();
            }
        }
        fs::write(server.path(KEY), b"module m.example/z\n").unwrap();
        assert_eq!(
            server.get(KEY).await.0,
            403,
            "changed on disk; ledger {way}"
        );
        assert!(!server.path(KEY).exists());
        assert_eq!(server.get(KEY).await.0, 403, "lost on disk; ledger {way}");
        sent.store(0, Ordering::Relaxed);
        assert_eq!(server.get(KEY).await, (200, TEXT.to_owned()), "{way}");
        sent.store(1, Ordering::Relaxed);
    }
    assert_eq!(server.journaled("first-use"), 1);
    ledger.fail(get_fails);
    server.purge("m.example/x@v1.0.0").await;
    assert_eq!(server.get(KEY).await.0, 200, "it was taken back");
    assert_eq!(server.journaled("first-use"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_ledger_does_not_take_is_known_all_the_same() {
    let (origin, sent) = changing_origin().await;
    let ledger = Arc::new(failing_ledger::Failing::new(Memory::default()));
    let fault = Fault::NotDone(io::ErrorKind::StorageFull);
    ledger.fail(move |call| (call == failing_ledger::Call::Apply).then_some(fault));
    let server = on_ledger(&origin, &ledger, |_| {}).await;
    assert_eq!(server.get(KEY).await, (200, TEXT.to_owned()));
    ledger.heal();
    fs::remove_file(server.path(KEY)).unwrap();
    sent.store(1, Ordering::Relaxed);
    let (status, text) = server.get(KEY).await;
    assert_eq!(status, 403, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_what_was_asked_for_leads_on_behind_a_bar() {
    let page = Origin::start(|_| {
        Reply::new(
            200,
            &[("Content-Type", "text/html")],
            b"<html>sign in</html>",
        )
    })
    .await;
    let good = Origin::start(|request| match request.target.ends_with("/list") {
        true => Reply::ok("v1.0.0\n"),
        false => Reply::ok(TEXT),
    })
    .await;
    for (separator, want) in [("|", 200), (",", 502)] {
        let list = format!("{}{separator}{}", page.url(), good.url());
        let server = Server::start(&list, |_| {}).await;
        for path in [KEY, "m.example/x/@v/list"] {
            let (status, text) = server.get(path).await;
            assert_eq!(status, want, "{path} after {separator}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_that_says_not_found_is_not_remembered() {
    let count = AtomicUsize::new(0);
    let origin = Origin::start(move |request| match request.target.ends_with(".mod") {
        true if count.fetch_add(1, Ordering::Relaxed) == 0 => Reply::new(
            404,
            &PLAIN,
            b"not found: m.example/x@v1.0.0: fetch timed out",
        ),
        _ => Reply::ok(TEXT),
    })
    .await;
    let server = Server::start(&origin.url(), |_| {}).await;
    let first = server.ask(KEY, &[]).await;
    assert_eq!(first.status(), 404);
    assert_eq!(first.headers()["cache-control"], "no-store");
    assert_eq!(server.get(KEY).await, (200, TEXT.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn proving_in_vain_again_and_again_is_journaled_once() {
    let origin = Origin::start(|_| Reply::ok(TEXT)).await;
    let dead = format!("http://{}", nowhere().await);
    let server = Server::start(&origin.url(), |config| {
        let url = Some(dead);
        config.databases = vec![config::Database {
            url,
            ..config::Database::public()
        }];
        config.proof.mode = Mode::Report;
        config.cache.hot_bytes_max = 0;
    })
    .await;
    for _ in 0..3 {
        assert_eq!(server.get(KEY).await, (200, TEXT.to_owned()));
    }
    assert_eq!(server.journaled("first-use"), 1);
    assert_eq!(asked(&origin).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn cached_only_asks_no_database_either() {
    let database = Origin::start(|_| Reply::status(500)).await;
    let url = Some(database.url());
    let data = tempfile::tempdir().unwrap();
    store(data.path(), KEY, TEXT.as_bytes(), HOUR);
    let server = Server::start_in(data, "off", |config| {
        config.databases = vec![config::Database {
            url,
            ..config::Database::public()
        }];
        config.proof.mode = Mode::Require;
    })
    .await;
    let (status, text) = server.get(&format!("cached-only/{KEY}")).await;
    assert_eq!(status, 404, "{text}");
    assert!(asked(&database).is_empty(), "{:?}", asked(&database));
    assert!(server.path(KEY).exists());
    assert_eq!(server.get(KEY).await.0, 503);
    assert!(!asked(&database).is_empty());
}
