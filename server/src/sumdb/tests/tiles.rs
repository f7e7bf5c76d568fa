//! Tiles that clients ask for.

use super::fake::{Says, log_says};
use super::*;

async fn tile(bench: &Bench, path: &str) -> Result<Bytes, LookupError> {
    bench
        .database
        .tile(&Tile::parse(path).unwrap(), &Hops::default())
        .await
}

fn truth(path: &str) -> Vec<u8> {
    LOG.tile(&Tile::parse(path).unwrap()).unwrap()
}

#[tokio::test]
async fn an_unknown_tile_is_fetched_proved_and_kept() {
    let bench = Bench::new();
    bench.serve(SIZE);
    for path in [
        "tile/8/0/077",
        "tile/8/0/100.p/9",
        "tile/8/1/000",
        "tile/8/0/257.p/208",
    ] {
        assert_eq!(tile(&bench, path).await.unwrap(), truth(path), "{path}");
    }
    bench.fake.go_down();
    // Kept as wide as they are, whatever width was asked for.
    for path in [
        "tile/8/0/077.p/1",
        "tile/8/0/100",
        "tile/8/1/000.p/255",
        "tile/8/0/257.p/207",
    ] {
        assert_eq!(tile(&bench, path).await.unwrap(), truth(path), "{path}");
    }
}

#[tokio::test]
async fn a_changed_tile_is_not_handed_on() {
    let bench = Bench::new();
    bench.serve(SIZE);
    bench.lookup(3).await.unwrap();
    bench.fake.serve(|path| match log_says(&LOG, SIZE, path) {
        Says::File(mut bytes) if path == "tile/8/0/077" => {
            bytes[5] ^= 1;
            Says::File(bytes)
        }
        says => says,
    });
    let error = tile(&bench, "tile/8/0/077").await.unwrap_err();
    assert!(matches!(error, LookupError::Invalid { .. }), "{error}");
    assert!(bench.evidence_files() > 0);
    bench.serve(SIZE);
    assert_eq!(
        tile(&bench, "tile/8/0/077").await.unwrap(),
        truth("tile/8/0/077")
    );
}

#[tokio::test]
async fn beyond_the_newest_head_upstream_is_asked_for_a_newer_one() {
    let bench = Bench::new();
    bench.serve(1_000);
    bench.lookup(3).await.unwrap();
    let path = "tile/8/0/003.p/240";
    let error = tile(&bench, path).await.unwrap_err();
    let LookupError::NotFound { status: 404, text } = error else {
        panic!("{error}");
    };
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.contains("beyond the 1000 records"), "{text}");
    // A client has seen a newer head elsewhere, a while later.
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(6)).await;
    tokio::time::resume();
    bench.serve(1_200);
    assert_eq!(tile(&bench, path).await.unwrap(), truth(path));
    assert_eq!(bench.database.head_size(), Some(1_200));
    bench.fake.go_down();
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    tokio::time::resume();
    for _ in 0..2 {
        let error = tile(&bench, "tile/8/0/004.p/255").await.unwrap_err();
        assert!(matches!(error, LookupError::Unreachable { .. }), "{error}");
    }
}

#[tokio::test]
async fn other_heights_are_not_here() {
    let bench = Bench::new();
    bench.serve(SIZE);
    let error = tile(&bench, "tile/4/0/000").await.unwrap_err();
    assert!(matches!(error, LookupError::NotFound { .. }), "{error}");
    assert_eq!(bench.fake.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn partial_tiles_that_upstream_gave_up_are_cut_from_full_ones() {
    let bench = Bench::new();
    bench.fake.serve(|path| match path.contains(".p/") {
        true => match Tile::parse(path).unwrap().to_full() {
            full if LOG.tile(&full).is_some() => Says::NotFound,
            _ => log_says(&LOG, 1_000, path),
        },
        false => match path.starts_with("tile/") {
            true => log_says(&LOG, SIZE, path),
            false => log_says(&LOG, 1_000, path),
        },
    });
    bench.lookup(3).await.unwrap();
    assert_eq!(
        tile(&bench, "tile/8/0/003.p/232").await.unwrap(),
        truth("tile/8/0/003.p/232")
    );
}

#[tokio::test]
async fn a_recording_without_the_newest_tiles_is_proved_under_older_heads() {
    let bench = Bench::new();
    for size in [700, 1_000, 1_300] {
        bench.serve(size);
        bench.lookup(3).await.unwrap();
        bench.lookup(size - 1).await.unwrap();
    }
    // Upstream has this tile only as wide as the first head had it.
    bench.fake.serve(|path| match path {
        "tile/8/0/001" => Says::NotFound,
        path => log_says(&LOG, 700, path),
    });
    // Under every head it is a full tile, and nobody has it.
    let error = tile(&bench, "tile/8/0/001").await.unwrap_err();
    assert!(matches!(error, LookupError::NotFound { .. }), "{error}");
    let folder = bench.data.path().join("sumdb/sum.example.com/tile/8/0");
    std::fs::remove_file(folder.join("002")).unwrap();
    bench.fake.serve(|path| match path {
        "tile/8/0/002" => Says::NotFound,
        path => log_says(&LOG, 700, path),
    });
    let path = "tile/8/0/002.p/188";
    assert_eq!(tile(&bench, path).await.unwrap(), truth(path));
}

#[tokio::test]
async fn a_tile_damaged_on_disk_is_fetched_again() {
    let bench = Bench::new();
    bench.serve(700);
    bench.lookup(600).await.unwrap();
    let folder = bench.data.path().join("sumdb/sum.example.com/tile/8");
    for path in ["0/002.p/188", "1/000.p/2"] {
        let mut bytes = std::fs::read(folder.join(path)).unwrap();
        bytes[9] ^= 1;
        std::fs::write(folder.join(path), bytes).unwrap();
    }
    bench.serve(700);
    bench.lookup(5).await.unwrap();
    assert_eq!(bench.evidence_files(), 0, "not upstream's fault");
    assert!(bench.prove(&module(600)).unwrap().is_some());
}

#[tokio::test]
async fn wider_tiles_replace_narrower_ones() {
    let bench = Bench::new();
    for size in [600, 700, 768, 5_000] {
        bench.serve(size);
        bench.lookup(size - 1).await.unwrap();
    }
    let folder = bench.data.path().join("sumdb/sum.example.com/tile/8/0");
    assert!(folder.join("002").is_file());
    assert!(!folder.join("002.p").exists());
    assert_eq!(count_files(&folder), 2, "002 and the last one");
}

#[tokio::test]
async fn tiles_of_records_are_proved_too() {
    let bench = Bench::new();
    let text = |count: u64| {
        (256..256 + count)
            .map(|id| record(id) + "\n")
            .collect::<String>()
    };
    bench.fake.serve(move |path| match path {
        "tile/8/data/001" => Says::NotFound,
        "tile/8/data/001.p/44" => Says::File(text(44).into_bytes()),
        path => log_says(&LOG, 300, path),
    });
    assert_eq!(
        tile(&bench, "tile/8/data/001.p/44").await.unwrap(),
        text(44)
    );
    bench.fake.go_down();
    assert_eq!(tile(&bench, "tile/8/data/001.p/3").await.unwrap(), text(3));
}
