//! Heads: kept, never gone back on, served stale.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::fake::Says;
use super::*;
use crate::sumdb::heads::{Conflict, Heads};

#[tokio::test(start_paused = true)]
async fn latest_is_asked_for_once_a_minute_and_served_stale() {
    let bench = Bench::new();
    bench.serve(300);
    let latest = || async { bench.database.latest(&Hops::default()).await.unwrap() };
    assert_eq!(latest().await, head_note(&LOG, 300));
    bench.serve(400);
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(latest().await, head_note(&LOG, 300));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(latest().await, head_note(&LOG, 400));
    bench.fake.go_down();
    bench.fake.asked();
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(latest().await, head_note(&LOG, 400));
    assert!(!bench.fake.asked().is_empty());
    assert_eq!(latest().await, head_note(&LOG, 400));
    assert_eq!(
        bench.fake.asked(),
        Vec::<String>::new(),
        "left alone a while"
    );
    bench.serve(500);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(latest().await, head_note(&LOG, 500));
}

#[tokio::test]
async fn without_any_head_latest_says_why() {
    let bench = Bench::new();
    let error = bench.database.latest(&Hops::default()).await.unwrap_err();
    assert!(matches!(error, LookupError::Unreachable { .. }), "{error}");
    bench.fake.serve(|_| Says::File(b"nonsense".to_vec()));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    tokio::time::resume();
    let error = bench.database.latest(&Hops::default()).await.unwrap_err();
    assert!(matches!(error, LookupError::Invalid { .. }), "{error}");
}

#[tokio::test]
async fn heads_are_kept_and_never_gone_back_on() {
    let mut bench = Bench::new();
    for size in [300, 500, 400, 200] {
        bench.serve_old_answers(size);
        bench.lookup(size - 1).await.unwrap();
    }
    assert_eq!(bench.database.head_size(), Some(500));
    assert_eq!(bench.stored_files("heads"), 4);
    bench.restart();
    assert_eq!(bench.database.head_size(), Some(500));
    // Yesterday's head again.
    bench.serve(200);
    assert_eq!(
        bench.database.latest(&Hops::default()).await.unwrap(),
        head_note(&LOG, 500)
    );
    assert_eq!(bench.database.head_size(), Some(500));
    let folder = bench.data.path().join("sumdb/sum.example.com/heads");
    assert_eq!(
        std::fs::read(folder.join("400")).unwrap(),
        head_note(&LOG, 400)
    );
}

#[tokio::test]
async fn a_folder_of_another_key_is_not_opened() {
    let bench = Bench::new();
    bench.serve(300);
    bench.lookup(1).await.unwrap();
    let other = SignerKey::from_seed("sum.example.com", [8; 32]).unwrap();
    let error = open(&bench.data, &bench.fake, &other.verifier()).unwrap_err();
    assert!(error.to_string().contains("heads/300"), "{error}");
}

fn head_file(bench: &Bench, size: u64) -> std::path::PathBuf {
    let folder = bench.data.path().join("sumdb/sum.example.com/heads");
    folder.join(size.to_string())
}

#[tokio::test]
async fn a_damaged_newest_head_is_moved_aside_and_the_one_before_it_followed() {
    let truth = head_note(&LOG, 500);
    for (way, bad) in [
        Vec::new(),
        vec![0; truth.len()],
        truth[..60].to_vec(),
        head_note(&LOG, 501),
        String::from_utf8(truth.clone())
            .unwrap()
            .replace("500", "50")
            .into_bytes(),
    ]
    .into_iter()
    .enumerate()
    {
        let mut bench = Bench::new();
        for size in [300, 500] {
            bench.serve(size);
            bench.lookup(size - 1).await.unwrap();
        }
        std::fs::write(head_file(&bench, 500), &bad).unwrap();
        bench.restart();
        let database = &bench.database;
        assert_eq!(database.head_size(), Some(300), "way {way}");
        assert_eq!(database.lost_head_size(), Some(500), "way {way}");
        assert_eq!(bench.evidence_files(), 2, "way {way}");
        assert!(!head_file(&bench, 500).exists());
        assert_eq!(
            std::fs::read(head_file(&bench, 500).with_file_name("../heads.damaged/500")).unwrap(),
            bad
        );
        // It is said until a head as new has come, across restarts.
        bench.restart();
        assert_eq!(bench.database.lost_head_size(), Some(500));
        assert_eq!(bench.evidence_files(), 2);
        bench.serve(400);
        bench.database.latest(&Hops::default()).await.unwrap();
        assert_eq!(bench.database.lost_head_size(), Some(500));
        bench.restart();
        bench.serve(600);
        bench.database.latest(&Hops::default()).await.unwrap();
        assert_eq!(bench.database.lost_head_size(), None);
        bench.restart();
        assert_eq!(bench.database.lost_head_size(), None);
    }
}

#[tokio::test]
async fn the_only_head_damaged_is_no_reason_not_to_start() {
    let mut bench = Bench::new();
    bench.serve(300);
    bench.lookup(1).await.unwrap();
    std::fs::write(head_file(&bench, 300), "").unwrap();
    bench.restart();
    assert_eq!(bench.database.head_size(), None);
    assert_eq!(bench.database.lost_head_size(), Some(300));
    bench.lookup(2).await.unwrap();
}

#[tokio::test]
async fn a_folder_of_another_key_is_not_opened_because_its_newest_head_is_damaged() {
    let bench = Bench::new();
    for size in [300, 500] {
        bench.serve(size);
        bench.lookup(size - 1).await.unwrap();
    }
    std::fs::write(head_file(&bench, 500), "").unwrap();
    let other = SignerKey::from_seed("sum.example.com", [8; 32]).unwrap();
    let error = open(&bench.data, &bench.fake, &other.verifier()).unwrap_err();
    assert!(error.to_string().contains("heads/300"), "{error}");
    assert!(head_file(&bench, 500).exists(), "nothing was moved");
}

#[tokio::test]
async fn a_proof_is_believed_while_its_key_is_followed_and_its_record_is_in_the_log() {
    let mut bench = Bench::new();
    bench.serve(300);
    let module = module(299);
    let lookup = async |bench: &Bench| {
        let answer = bench.database.lookup(&module, &Hops::default()).await;
        answer.unwrap()
    };
    let old = lookup(&bench).await;
    assert_eq!(old.key_hash, signer().verifier().key_hash());
    assert_eq!(old.record_hash, record_hash(record(299).as_bytes()));
    assert!(bench.database.holds(old.key_hash, 299));
    assert!(!bench.database.holds(old.key_hash, 300), "beyond the log");
    assert!(!bench.database.holds(old.key_hash ^ 1, 299), "another key");
    let again = lookup(&bench).await;
    assert_eq!(again.record_hash, old.record_hash);

    // The key is changed, and the folder moved away as the error says.
    let other = SignerKey::from_seed("sum.example.com", [8; 32]).unwrap();
    bench.key = other.verifier();
    open(&bench.data, &bench.fake, &bench.key).unwrap_err();
    let folder = bench.data.path().join("sumdb/sum.example.com");
    std::fs::rename(&folder, bench.data.path().join("sumdb/old")).unwrap();
    bench.restart();
    assert!(!bench.database.holds(old.key_hash, 299));
    assert!(!bench.database.holds(bench.key.key_hash(), 299));

    // A stored answer of the old key among the new one's is not served either.
    std::fs::create_dir_all(folder.join("lookup/example.com")).unwrap();
    let file = "lookup/example.com/m@v0.0.299";
    std::fs::write(folder.join(file), &old.bytes).unwrap();
    bench.fake.go_down();
    let error = bench.lookup(299).await.unwrap_err();
    assert!(matches!(error, LookupError::Unreachable { .. }), "{error}");
}

/// Opens the database of `bench` with a bound for its head's age of an hour; its
/// newest head was accepted `ago`.
fn aged(bench: &Bench, ago: Duration, upstream: &config::Upstream) -> Arc<Followed> {
    let file = std::fs::File::options()
        .append(true)
        .open(head_file(bench, 300))
        .unwrap();
    file.set_modified(std::time::SystemTime::now() - ago)
        .unwrap();
    let settings = config::Database {
        head_age_max: Some(Duration::from_secs(3600)),
        ..settings(bench.key.clone())
    };
    open_with(&bench.data, &bench.fake, &settings, upstream).unwrap()
}

#[tokio::test]
async fn a_head_that_stands_still_too_long_is_told_until_it_moves() {
    let bench = Bench::new();
    bench.serve(300);
    bench.lookup(1).await.unwrap();
    assert!(bench.database.head_age().unwrap() < Duration::from_secs(60));
    let young = aged(&bench, Duration::from_secs(3000), &upstream());
    assert!(!young.is_standing_still());
    let old = aged(&bench, Duration::from_secs(4000), &upstream());
    assert!(old.head_age().unwrap() >= Duration::from_secs(4000));
    assert!(old.is_standing_still());
    // The same head again is no newer one.
    old.tick().await;
    assert!(old.is_standing_still());
    let old = aged(&bench, Duration::from_secs(4000), &upstream());
    bench.serve(301);
    old.tick().await;
    assert!(!old.is_standing_still(), "no client had asked");
    assert_eq!(old.head_size(), Some(301));
}

#[tokio::test]
async fn where_nobody_can_be_asked_no_head_stands_still() {
    let bench = Bench::with(signer().verifier(), Fake::default());
    bench.serve(300);
    bench.lookup(1).await.unwrap();
    let off = config::Upstream {
        list: proto::goproxy::list::ProxyList::parse("off").unwrap(),
        ..upstream()
    };
    let nobody = Bench {
        fake: Arc::new(Fake::with_entries(vec![])),
        ..bench
    };
    let database = aged(&nobody, Duration::from_secs(4000), &off);
    database.tick().await;
    assert!(!database.is_standing_still());
    assert_eq!(nobody.fake.asked(), Vec::<String>::new());
}

/// A ledger that somebody else writes to as well.
#[derive(Debug, Default)]
struct Shared {
    newest: std::sync::Mutex<Option<Vec<u8>>>,
    broken: AtomicBool,
}

impl Heads for Shared {
    fn advance<'a>(
        &'a self,
        _: &'a str,
        old: Option<&'a Head>,
        new: &'a Head,
    ) -> futures_util::future::BoxFuture<'a, std::io::Result<Result<(), Conflict>>> {
        Box::pin(async move {
            if self.broken.load(Ordering::Relaxed) {
                return Err(std::io::Error::other("the ledger is down"));
            }
            let mut newest = self.newest.lock().unwrap();
            match &*newest {
                Some(newest) if Some(newest) != old.map(|old| &old.note) => Ok(Err(Conflict {
                    newest: newest.clone(),
                })),
                _ => {
                    *newest = Some(new.note.clone());
                    Ok(Ok(()))
                }
            }
        })
    }
}

/// Heads that are written on a thread that may block.
#[derive(Debug)]
struct Writing;

impl Heads for Writing {
    fn advance<'a>(
        &'a self,
        _: &'a str,
        _: Option<&'a Head>,
        _: &'a Head,
    ) -> futures_util::future::BoxFuture<'a, std::io::Result<Result<(), Conflict>>> {
        Box::pin(crate::blocking::run(|| Ok(Ok(()))))
    }
}

#[test]
fn one_thread_that_may_block_is_enough_to_move_heads_forward() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let bench = Bench::new();
    let database = open_with_heads(&bench, Arc::new(Writing));
    bench.serve(300);
    let hops = Hops::default();
    let asked = runtime.block_on(async {
        let lookups = [1, 2, 3].map(module);
        let lookups = lookups.iter().map(|module| database.lookup(module, &hops));
        let all = futures_util::future::join_all(lookups);
        tokio::time::timeout(Duration::from_secs(20), all).await
    });
    runtime.shutdown_background();
    for answer in asked.expect("an answer before all threads wait for each other") {
        answer.unwrap();
    }
    assert_eq!(database.head_size(), Some(300));
}

fn open_with_heads(bench: &Bench, heads: Arc<dyn Heads>) -> Arc<Followed> {
    let staging = Staging::open(bench.data.path()).unwrap();
    let around = Around {
        evidence: Evidence::open(bench.data.path(), staging.clone()).unwrap(),
        heads,
        staging,
        fetch: Arc::clone(&bench.fake) as _,
        upstream: Arc::new(upstream()),
    };
    let settings = settings(bench.key.clone());
    Arc::new(Followed::open(&settings, bench.data.path(), around).unwrap())
}

#[tokio::test]
async fn a_head_that_another_process_accepted_is_proved_and_followed() {
    let bench = Bench::new();
    let ledger = Arc::new(Shared::default());
    let database = open_with_heads(&bench, Arc::clone(&ledger) as _);
    bench.serve(SIZE);
    let lookup = async |id| database.lookup(&module(id), &Hops::default()).await;
    bench.serve_old_answers(300);
    lookup(1).await.unwrap();
    *ledger.newest.lock().unwrap() = Some(head_note(&LOG, 5_000));
    // Ours would be newer than what we knew, and is older than what the other has.
    bench.serve_old_answers(400);
    lookup(2).await.unwrap();
    assert_eq!(database.head_size(), Some(5_000));
    bench.serve_old_answers(6_000);
    lookup(3).await.unwrap();
    assert_eq!(database.head_size(), Some(6_000));
    // Of one size with ours and another: a fork, whoever accepted it.
    *ledger.newest.lock().unwrap() = Some(head_note(&log(6_000, 50), 6_000));
    bench.serve_old_answers(7_000);
    let error = lookup(4).await.unwrap_err();
    assert!(matches!(error, LookupError::Stopped { .. }), "{error}");
    assert_eq!(database.head_size(), Some(6_000));
}

#[tokio::test]
async fn a_head_that_cannot_be_written_is_not_followed() {
    let bench = Bench::new();
    let ledger = Arc::new(Shared::default());
    let database = open_with_heads(&bench, Arc::clone(&ledger) as _);
    ledger.broken.store(true, Ordering::Relaxed);
    bench.serve(300);
    let error = database
        .lookup(&module(1), &Hops::default())
        .await
        .unwrap_err();
    assert!(matches!(error, LookupError::Internal { .. }), "{error}");
    assert_eq!(database.head_size(), None);
    assert_eq!(bench.stored_files("lookup"), 0);
    ledger.broken.store(false, Ordering::Relaxed);
    database.lookup(&module(1), &Hops::default()).await.unwrap();
    assert_eq!(database.head_size(), Some(300));
}
