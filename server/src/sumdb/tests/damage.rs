//! Files that are not what they were when they were written.

use std::path::PathBuf;

use proto::goproxy::sumdb::SumdbRequest;

use super::fake::{Says, log_says};
use super::*;

type Damage = fn(&[u8]) -> Vec<u8>;

/// Ways that a file is damaged: by a bad disk, by a power cut, by a person.
const WAYS: [Damage; 6] = [
    |_| Vec::new(),
    |bytes| vec![0; bytes.len()],
    |bytes| bytes[..bytes.len() / 2].to_vec(),
    |bytes| flip(bytes, bytes.len() - 20),
    |bytes| flip(bytes, bytes.len() / 3),
    // More than is read of a file.
    |bytes| [bytes, &[0; 5 << 20]].concat(),
];

fn flip(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

fn file(bench: &Bench, path: &str) -> PathBuf {
    bench.data.path().join("sumdb/sum.example.com").join(path)
}

async fn stored(bench: &Bench, path: &str) -> Result<Bytes, LookupError> {
    let request = SumdbRequest::parse(path).unwrap();
    bench.database.stored(&request).await
}

async fn asked(bench: &Bench, path: &str) -> Result<Bytes, LookupError> {
    let hops = Hops::default();
    match SumdbRequest::parse(path).unwrap() {
        SumdbRequest::Lookup(module) => {
            let answer = bench.database.lookup(&module, &hops).await?;
            Ok(answer.bytes.clone())
        }
        SumdbRequest::Tile(tile) => bench.database.tile(&tile, &hops).await,
        SumdbRequest::Latest | SumdbRequest::Supported => unreachable!("not asked here"),
    }
}

fn records(first: u64, count: u64) -> Vec<u8> {
    let records = (first..first + count).map(|id| record(id) + "\n");
    records.collect::<String>().into_bytes()
}

#[tokio::test]
async fn no_damaged_file_is_served_and_all_are_healed() {
    let mut bench = Bench::new();
    let serve = |bench: &Bench| {
        bench.fake.serve(|path| match path {
            "tile/8/data/001" => Says::File(records(256, 256)),
            path => log_says(&LOG, SIZE, path),
        });
    };
    serve(&bench);
    let paths = [
        "lookup/example.com/m@v0.0.300",
        "tile/8/0/001",
        "tile/8/0/257.p/208",
        "tile/8/1/001.p/1",
        "tile/8/data/001",
    ];
    for path in paths {
        asked(&bench, path).await.unwrap();
    }
    for path in paths {
        let truth = std::fs::read(file(&bench, path)).unwrap();
        for (way, damage) in WAYS.iter().enumerate() {
            for restart in [false, true] {
                let case = format!("{path}, way {way}, restarted: {restart}");
                std::fs::write(file(&bench, path), damage(&truth)).unwrap();
                if restart {
                    bench.restart();
                }
                bench.fake.go_down();
                let error = stored(&bench, path).await.unwrap_err();
                assert!(matches!(error, LookupError::NotFound { .. }), "{case}");
                let error = asked(&bench, path).await.unwrap_err();
                assert!(matches!(error, LookupError::Unreachable { .. }), "{case}");
                serve(&bench);
                assert_eq!(asked(&bench, path).await.unwrap(), truth, "{case}");
                let again = stored(&bench, path).await;
                assert_eq!(again.ok(), Some(Bytes::from(truth.clone())), "{case}");
                assert_eq!(std::fs::read(file(&bench, path)).unwrap(), truth, "{case}");
            }
        }
    }
    assert_eq!(bench.evidence_files(), 0, "not upstream's fault");
}

#[tokio::test]
async fn what_is_whole_is_served_after_a_restart_without_asking() {
    let mut bench = Bench::new();
    for size in [700, 1_000, SIZE] {
        bench.serve_old_answers(size);
        bench.lookup(size - 1).await.unwrap();
    }
    bench.restart();
    bench.fake.go_down();
    bench.fake.asked();
    let mut tiles = 0;
    for size in [700, 1_000, SIZE] {
        for tile in Tile::edge(8, size) {
            let bytes = stored(&bench, &tile.path()).await.unwrap();
            assert_eq!(bytes, LOG.tile(&tile).unwrap(), "{tile}");
            tiles += 1;
        }
    }
    assert!(tiles > 5);
    assert_eq!(bench.fake.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_missing_partial_tile_of_records_is_cut_from_the_full_one() {
    let bench = Bench::new();
    bench.fake.serve(|path| match path {
        "tile/8/data/001.p/44" => Says::NotFound,
        "tile/8/data/001" => Says::File(records(256, 256)),
        path => log_says(&LOG, 300, path),
    });
    let path = "tile/8/data/001.p/44";
    assert_eq!(asked(&bench, path).await.unwrap(), records(256, 44));
    assert_eq!(bench.evidence_files(), 0);
}
