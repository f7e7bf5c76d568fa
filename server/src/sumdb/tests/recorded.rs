//! Answers of the real database, which carry heads of different ages.

use std::path::Path;

use proto::sumdb::PUBLIC_KEY;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;

use super::fake::Says;
use super::*;

const MODULES: [&str; 6] = [
    "golang.org/toolchain@v0.0.1-go1.21.13.linux-amd64",
    "github.com/BurntSushi/toml@v1.4.0",
    "github.com/dgrijalva/jwt-go@v3.2.0+incompatible",
    "golang.org/x/mod@v0.42.0",
    "gopkg.in/yaml.v3@v3.0.1",
    "rsc.io/quote@v1.5.2",
];

/// Serves the recorded files; a tile that was recorded wider is cut, as the real
/// database does.
fn recorded(path: &str) -> Says {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/testdata/sumdb");
    if let Ok(bytes) = std::fs::read(folder.join(path)) {
        return Says::File(bytes);
    }
    let Ok(tile) = Tile::parse(path) else {
        return Says::NotFound;
    };
    for width in tile.width + 1..=256 {
        let wider = Tile { width, ..tile };
        if let Ok(bytes) = std::fs::read(folder.join(wider.path())) {
            return Says::File(tile.cut(&wider, &bytes).unwrap().to_vec());
        }
    }
    Says::NotFound
}

fn bench() -> Bench {
    let key = VerifierKey::parse(PUBLIC_KEY).unwrap();
    let bench = Bench::with(key, Fake::default());
    bench.fake.serve(recorded);
    bench
}

#[tokio::test]
async fn answers_in_any_order_are_proved_and_kept() {
    for seed in 0..4 {
        let mut bench = bench();
        let mut modules = MODULES.map(|module| ModuleVersion::parse(module).unwrap());
        let mut random = rand::rngs::SmallRng::seed_from_u64(seed);
        modules.shuffle(&mut random);
        let mut answers = Vec::new();
        for (number, module) in modules.iter().enumerate() {
            if number as u64 == seed % 7 {
                bench.database.latest(&Hops::default()).await.unwrap();
            }
            let answer = bench
                .database
                .lookup(module, &Hops::default())
                .await
                .unwrap();
            let h1 = answer.record.h1(module);
            assert!(h1.is_some(), "{module}");
            answers.push((module.clone(), answer.bytes.clone()));
        }
        assert_serves_clients_offline(&bench, &answers).await;
        bench.restart();
        assert_serves_clients_offline(&bench, &answers).await;
    }
}

#[tokio::test]
async fn answers_at_once_are_proved_and_kept() {
    let bench = bench();
    let modules = MODULES.map(|module| ModuleVersion::parse(module).unwrap());
    let hops = Hops::default();
    let lookups = modules
        .iter()
        .map(|module| bench.database.lookup(module, &hops));
    let found = futures_util::future::try_join_all(lookups).await.unwrap();
    let answers: Vec<_> = modules
        .iter()
        .cloned()
        .zip(found.iter().map(|answer| answer.bytes.clone()))
        .collect();
    assert_eq!(bench.database.head_size(), Some(69_959_272));
    assert_serves_clients_offline(&bench, &answers).await;
}
