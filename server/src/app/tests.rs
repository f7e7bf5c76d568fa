//! The server as a whole, in this process, against scripted upstreams.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::config::{Address, Mode};
use crate::ledger::{Change, Ledger as _, Table};
use crate::source::upstream::tests::kit::{Origin, Reply};

mod faults;
mod kit;
mod offline;
mod private;
mod purge;
mod reload;
mod soak;
mod waiting;

use kit::{HOUR, PLAIN, Server, asked, store};

#[tokio::test(flavor = "multi_thread")]
async fn stored_lists_are_served_with_goproxy_off() {
    let data = tempfile::tempdir().unwrap();
    store(data.path(), "m.example/x/@v/list", b"v1.0.0\n", HOUR);
    let server = Server::start_in(data, "off", |_| {}).await;
    assert_eq!(
        server.get("m.example/x/@v/list").await,
        (200, "v1.0.0\n".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_lists_are_served_when_the_queue_is_full() {
    let data = tempfile::tempdir().unwrap();
    store(data.path(), "m.example/x/@v/list", b"v1.0.0\n", HOUR);
    let origin = Origin::start(|_| Reply::ok("v1.0.0\nv1.1.0\n")).await;
    let server = Server::start_in(data, &origin.url(), |config| {
        config.limits.fetches_max = 0;
        config.limits.waiting_max = 0;
    })
    .await;
    assert_eq!(
        server.get("m.example/x/@v/list").await,
        (200, "v1.0.0\n".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_cannot_prove_deletes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let key = "corp.example/x/@v/v1.0.0.mod";
    store(data.path(), key, b"module corp.example/x\n", HOUR);
    let server = Server::start_in(data, "off", |config| config.proof.mode = Mode::Require).await;
    let (status, text) = server.get(key).await;
    assert!(
        server.data.path().join("modules").join(key).exists(),
        "deleted after {status} {text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_cut_short_is_asked_for_again() {
    let count = AtomicUsize::new(0);
    let origin = Origin::start(move |request| {
        let is_list = request.target.ends_with("/list");
        match if is_list {
            count.fetch_add(1, Ordering::Relaxed)
        } else {
            1
        } {
            0 => Reply::new(200, &[("Content-Length", "7")], b"v1."),
            _ => Reply::ok("v1.0.0\n"),
        }
    })
    .await;
    let server = Server::start(&origin.url(), |_| {}).await;
    assert_eq!(
        server.get("m.example/x/@v/list").await,
        (200, "v1.0.0\n".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn upstreams_refusal_of_our_credentials_is_not_a_refusal_of_the_clients() {
    let origin = Origin::start(|_| Reply::status(401)).await;
    let server = Server::start(&origin.url(), |_| {}).await;
    let (status, text) = server.get("m.example/x/@v/list").await;
    assert_eq!(status, 502, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_zip_is_upstreams_failure_and_not_a_denial() {
    for reply in [
        Reply::new(
            200,
            &[("Content-Type", "text/html")],
            b"<html>sign in</html>",
        ),
        Reply::raw("HTTP/1.1 200 OK\r\n\r\nPK\x03\x04 and then the connection broke"),
    ] {
        let origin = Origin::start(move |_| reply.clone()).await;
        let server = Server::start(&origin.url(), |_| {}).await;
        let (status, text) = server.get("m.example/x/@v/v1.0.0.zip").await;
        assert!(status >= 500, "{status} {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cached_only_serves_databases_too() {
    let server = Server::start("off", |config| {
        config.databases = vec![crate::config::Database::public()];
    })
    .await;
    let (status, text) = server
        .get("cached-only/sumdb/sum.golang.org/supported")
        .await;
    assert_eq!(status, 200, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_meet_a_bad_stored_file_get_the_same_answer() {
    for _ in 0..20 {
        let data = tempfile::tempdir().unwrap();
        let key = "corp.example/x/@v/v1.0.0.mod";
        store(data.path(), key, b"module corp.example/x\n", HOUR);
        let server =
            Server::start_in(data, "off", |config| config.proof.mode = Mode::Require).await;
        let all = futures_util::future::join_all((0..8).map(|_| server.get(key))).await;
        assert!(all.iter().all(|it| *it == all[0]), "{all:?}");
        assert_ne!(all[0].0, 500, "{all:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_of_two_ends_soon() {
    // Two servers, each the other's upstream, asked for one thing at once.
    let hold = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other = hold.local_addr().unwrap();
    drop(hold);
    let a = Server::start(&format!("http://{other}"), |_| {}).await;
    let list = format!("http://{}", a.address);
    let b = Server::start(&list, |config| config.listen = Address::Tcp(other)).await;
    let both =
        futures_util::future::join(a.get("m.example/x/@v/list"), b.get("m.example/x/@v/list"));
    let (one, two) = tokio::time::timeout(Duration::from_secs(5), both)
        .await
        .expect("they wait for each other");
    assert!(one.0 >= 500 && two.0 >= 500, "{one:?} {two:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_transfer_however_they_come() {
    let origin = Origin::start(|_| Reply::ok("module m.example/x\n")).await;
    let server = Server::start(&origin.url(), |_| {}).await;
    for round in 0..40 {
        let key = format!("m.example/x/@v/v1.0.{round}.mod");
        let clients = (0..64u64).map(|n| {
            let (server, key) = (&server, &key);
            async move {
                tokio::time::sleep(Duration::from_micros(n * 150)).await;
                server.get(key).await
            }
        });
        futures_util::future::join_all(clients).await;
        let asked = origin
            .targets()
            .iter()
            .filter(|target| target.ends_with(&key))
            .count();
        assert_eq!(asked, 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_file_whose_bytes_changed_is_not_served() {
    let origin = Origin::start(|_| Reply::ok("module m.example/x\n")).await;
    let server = Server::start(&origin.url(), |config| config.cache.hot_bytes_max = 0).await;
    let key = "m.example/x/@v/v1.0.0.mod";
    let good = (200, "module m.example/x\n".to_owned());
    assert_eq!(server.get(key).await, good);
    // The size is the same, and nothing but the index says what it was.
    fs::write(
        server.data.path().join("modules").join(key),
        b"module m.example/y\n",
    )
    .unwrap();
    let cached_only = format!("cached-only/{key}");
    for _ in 0..3 {
        assert_eq!(server.get(&cached_only).await.0, 403);
    }
    let evidence = fs::read_dir(server.data.path().join("evidence")).unwrap();
    assert_eq!(evidence.count(), 2, "one incident, and its file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_file_whose_bytes_changed_is_fetched_again() {
    let origin = Origin::start(|_| Reply::ok("module m.example/x\n")).await;
    let server = Server::start(&origin.url(), |config| config.cache.hot_bytes_max = 0).await;
    let key = "m.example/x/@v/v1.0.0.mod";
    let good = (200, "module m.example/x\n".to_owned());
    assert_eq!(server.get(key).await, good);
    let path = server.data.path().join("modules").join(key);
    fs::write(&path, b"module m.example/y\n").unwrap();
    assert_eq!(server.get(key).await, good);
    assert_eq!(fs::read(&path).unwrap(), b"module m.example/x\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nearly_full_disk_takes_no_answers_of_databases() {
    let setting = crate::config::Database::public();
    let server = Server::start("off", |config| {
        config.databases = vec![setting];
        config.cache.disk_free_min = u64::MAX;
    })
    .await;
    let (status, text) = server
        .get("sumdb/sum.golang.org/lookup/m.example/x@v1.0.0")
        .await;
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("disk is nearly full"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proof_of_a_database_that_is_not_followed_counts_for_nothing() {
    let data = tempfile::tempdir().unwrap();
    let key = "corp.example/x/@v/v1.0.0.mod";
    let bytes = b"module corp.example/x\n";
    store(data.path(), key, bytes, HOUR);
    let standing = crate::ledger::Standing::Proved {
        database: "sum.corp.example".into(),
        record: 7,
        key: String::new(),
        record_hash: String::new(),
    };
    let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(bytes));
    let record = crate::modules::file::new_record(sha256, bytes.len() as u64, None, standing);
    let ledger = crate::ledger::sled::Sled::open(data.path()).unwrap();
    let change = Change::put(Table::Files, key, &record).unwrap();
    ledger.apply(vec![change]).await.unwrap();
    ledger.flush().await.unwrap();
    drop(ledger);
    let server = Server::start_in(data, "off", |config| config.proof.mode = Mode::Require).await;
    let (status, text) = server.get(key).await;
    assert_eq!(status, 403, "{text}");
}
