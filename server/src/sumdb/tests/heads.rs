//! Heads: kept, never gone back on, served stale.

use std::time::Duration;

use super::fake::Says;
use super::*;

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
