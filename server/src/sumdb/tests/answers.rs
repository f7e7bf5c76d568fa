//! Lookups, true and false.

use rand::{Rng as _, SeedableRng as _};

use super::fake::{Says, log_says};
use super::*;

#[tokio::test]
async fn every_tile_of_every_head_given_out_is_there_for_clients() {
    let mut bench = Bench::new();
    let mut random = rand::rngs::SmallRng::seed_from_u64(1);
    let mut answers = Vec::new();
    for _ in 0..24 {
        // Caches on the way give answers of any age.
        let size = match random.random_range(0..4) {
            0 => random.random_range(1..600),
            1 => random.random_range(65_530..65_540),
            _ => random.random_range(1..=SIZE),
        };
        let id = random.random_range(0..size);
        bench.serve_old_answers(size);
        answers.push((module(id), bench.lookup(id).await.unwrap()));
        if random.random_range(0..4) == 0 {
            bench.restart();
        }
    }
    assert_serves_clients_offline(&bench, &answers).await;
    bench.restart();
    assert_serves_clients_offline(&bench, &answers).await;
}

#[tokio::test]
async fn clients_are_served_while_the_log_grows() {
    let bench = Bench::new();
    let mut answers = Vec::new();
    for size in [1, 200, 256, 257, 300, 4_000, 65_536, 65_537, SIZE] {
        bench.serve(size);
        let id = size - 1;
        answers.push((module(id), bench.lookup(id).await.unwrap()));
        assert_eq!(bench.database.head_size(), Some(size));
        assert_serves_clients_offline(&bench, &answers).await;
    }
}

#[tokio::test]
async fn asks_once_for_all_who_wait() {
    let bench = Bench::new();
    bench.serve(500);
    let lookups = (0..20).map(|_| bench.lookup(7));
    let answers = futures_util::future::try_join_all(lookups).await.unwrap();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    let asked = bench.fake.asked();
    let count = |end: &str| asked.iter().filter(|path| path.ends_with(end)).count();
    assert_eq!(count("lookup/example.com/m@v0.0.7"), 1);
    assert_eq!(count("supported"), 1);
    bench.lookup(7).await.unwrap();
    assert_eq!(bench.fake.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn one_who_leaves_does_not_stop_the_others() {
    let bench = Bench::new();
    bench.serve(500);
    let (database, seven) = (Arc::clone(&bench.database), module(7));
    let mut first = Box::pin(async move { database.lookup(&seven, &Hops::default()).await });
    // Begins the work, then leaves.
    let _ = futures_util::poll!(&mut first);
    let second = bench.lookup(7);
    drop(first);
    second.await.unwrap();
}

#[tokio::test]
async fn not_found_and_out_of_reach_stay_apart() {
    let bench = Bench::new();
    bench.serve(500);
    let error = bench.lookup(900).await.unwrap_err();
    let LookupError::NotFound { status: 404, text } = error else {
        panic!("{error}");
    };
    assert_eq!(text, "no lookup/example.com/m@v0.0.900 here\n");
    bench.fake.go_down();
    let error = bench.lookup(3).await.unwrap_err();
    assert!(matches!(error, LookupError::Unreachable { .. }), "{error}");
    // A tile that is missing is not a record that is missing.
    bench.fake.serve(|path| match path.starts_with("tile/") {
        true => Says::NotFound,
        false => log_says(&LOG, 500, path),
    });
    let error = bench.lookup(3).await.unwrap_err();
    assert!(matches!(error, LookupError::Unreachable { .. }), "{error}");
}

/// Serves one thing otherwise than it is, then the truth.
async fn assert_refused_then_served(bad: impl Fn(&str, Vec<u8>) -> Vec<u8> + Send + 'static) {
    let mut bench = Bench::new();
    bench.serve(700);
    bench.lookup(600).await.unwrap();
    let (heads, tiles) = (bench.stored_files("heads"), bench.stored_files("tile"));
    bench
        .fake
        .serve(move |path| match log_says(&LOG, SIZE, path) {
            Says::File(bytes) => Says::File(bad(path, bytes)),
            says => says,
        });
    for _ in 0..2 {
        let error = bench.lookup(5).await.unwrap_err();
        assert!(matches!(error, LookupError::Invalid { .. }), "{error}");
    }
    assert_eq!(bench.stored_files("lookup"), 1);
    assert_eq!(bench.stored_files("heads"), heads);
    assert_eq!(bench.stored_files("tile"), tiles);
    assert!((2..=3).contains(&bench.evidence_files()), "kept once");
    assert!(!bench.database.is_stopped());
    bench.restart();
    assert_eq!(bench.database.head_size(), Some(700));
    bench.serve(SIZE);
    bench.lookup(5).await.unwrap();
}

fn flip(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
    bytes[at] ^= 1;
    bytes
}

#[tokio::test]
async fn a_changed_record_is_refused_and_the_truth_is_served_later() {
    assert_refused_then_served(|path, bytes| match path.starts_with("lookup/") {
        true => flip(bytes, 40),
        false => bytes,
    })
    .await;
}

#[tokio::test]
async fn another_modules_record_is_refused() {
    assert_refused_then_served(|path, bytes| match path.starts_with("lookup/") {
        true => answer(&LOG, 6, SIZE),
        false => bytes,
    })
    .await;
}

#[tokio::test]
async fn a_changed_signature_is_refused() {
    assert_refused_then_served(|path, bytes| match path.starts_with("lookup/") {
        true => {
            let at = bytes.len() - 20;
            flip(bytes, at)
        }
        false => bytes,
    })
    .await;
}

#[tokio::test]
async fn a_changed_tile_is_refused() {
    assert_refused_then_served(|path, bytes| match path {
        "tile/8/1/000" => flip(bytes, 77),
        _ => bytes,
    })
    .await;
}

#[tokio::test]
async fn a_changed_edge_tile_is_refused() {
    assert_refused_then_served(|path, bytes| match path.contains(".p/") {
        true => flip(bytes, 0),
        false => bytes,
    })
    .await;
}

#[tokio::test]
async fn tiles_too_long_or_too_short_are_refused() {
    assert_refused_then_served(|path, mut bytes| {
        if path.starts_with("tile/") {
            bytes.push(0);
        }
        bytes
    })
    .await;
    assert_refused_then_served(|path, mut bytes| {
        if path.starts_with("tile/") {
            bytes.pop();
        }
        bytes
    })
    .await;
}

#[tokio::test]
async fn the_tiles_of_another_log_are_refused_and_are_no_fork() {
    let other = Arc::new(log(SIZE, 650));
    assert_refused_then_served(move |path, bytes| match log_says(&other, SIZE, path) {
        Says::File(other) if path.starts_with("tile/") => other,
        _ => bytes,
    })
    .await;
}

#[tokio::test]
async fn a_web_page_is_no_answer() {
    assert_refused_then_served(|path, bytes| match path.starts_with("lookup/") {
        true => b"<html>sign in</html>".to_vec(),
        false => bytes,
    })
    .await;
}

#[tokio::test]
async fn a_stored_answer_is_proved_again_from_disk_alone() {
    let bench = Bench::new();
    bench.serve(700);
    bench.lookup(600).await.unwrap();
    assert!(bench.prove(&module(600)).unwrap().is_some());
    assert!(bench.prove(&module(601)).unwrap().is_none());
    let folder = bench.data.path().join("sumdb/sum.example.com");
    let tile = folder.join("tile/8/0/002.p/188");
    let bytes = std::fs::read(&tile).unwrap();
    std::fs::write(&tile, flip(bytes, 3_000)).unwrap();
    let error = bench.prove(&module(600)).unwrap_err();
    assert!(matches!(error, LookupError::Invalid { .. }), "{error}");
    std::fs::remove_file(&tile).unwrap();
    let error = bench.prove(&module(600)).unwrap_err();
    assert!(matches!(error, LookupError::Invalid { .. }), "{error}");
}

#[tokio::test]
async fn a_stored_answer_damaged_on_disk_is_fetched_again() {
    let bench = Bench::new();
    bench.serve(700);
    let truth = bench.lookup(600).await.unwrap();
    let folder = bench.data.path().join("sumdb/sum.example.com/lookup");
    let file = folder.join("example.com/m@v0.0.600");
    for at in [0, 30, 60] {
        std::fs::write(&file, flip(truth.to_vec(), at)).unwrap();
        bench.fake.go_down();
        let error = bench.lookup(600).await.unwrap_err();
        assert!(matches!(error, LookupError::Unreachable { .. }), "{error}");
        bench.serve(700);
        assert_eq!(bench.lookup(600).await.unwrap(), truth);
        assert_eq!(std::fs::read(&file).unwrap(), truth);
    }
}

fn head_with(more: &str, size: u64) -> Vec<u8> {
    let text = checkpoint::format(&LOG.tree_at(size).unwrap());
    note::sign(&format!("{text}{more}"), &[&signer()]).unwrap()
}

#[tokio::test]
async fn an_answer_whose_head_carries_a_hash_is_refused() {
    // Old clients would take it from us for the record of another module.
    assert_refused_then_served(|path, bytes| match path.starts_with("lookup/") {
        true => {
            let mut bytes = format!("5\n{}\n", record(5)).into_bytes();
            bytes.extend_from_slice(&head_with(&record(6), SIZE));
            bytes
        }
        false => bytes,
    })
    .await;
}

#[tokio::test]
async fn a_newest_head_that_carries_a_hash_is_refused_with_evidence() {
    let bench = Bench::new();
    bench.fake.serve(|path| match path {
        "latest" => Says::File(head_with(&record(6), 900)),
        path => log_says(&LOG, 900, path),
    });
    let latest = bench.database.latest(&Hops::default()).await;
    let error = latest.unwrap_err();
    assert!(matches!(error, LookupError::Invalid { .. }), "{error}");
    assert!(bench.evidence_files() > 0);
    assert_eq!(bench.database.head_size(), None);
}
