//! Answers of the real database, recorded (`proto/testdata/sumdb/README.md`).

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sumdb")
}

fn public_key() -> VerifierKey {
    VerifierKey::parse(PUBLIC_KEY).unwrap()
}

fn recorded_lookups() -> Vec<(ModuleVersion, Vec<u8>)> {
    [
        "golang.org/toolchain@v0.0.1-go1.21.13.linux-amd64",
        "github.com/BurntSushi/toml@v1.4.0",
        "github.com/dgrijalva/jwt-go@v3.2.0+incompatible",
        "golang.org/x/mod@v0.42.0",
        "gopkg.in/yaml.v3@v3.0.1",
        "rsc.io/quote@v1.5.2",
    ]
    .map(|module| {
        let module = ModuleVersion::parse(module).unwrap();
        let path = folder().join("lookup").join(module.escaped());
        (module, fs::read(path).unwrap())
    })
    .into()
}

/// All recorded heads, oldest first, and at last the answer to `latest`.
fn recorded_heads() -> Vec<Head> {
    let mut heads: Vec<Head> = recorded_lookups()
        .iter()
        .map(|(_, answer)| LookupAnswer::parse(answer).unwrap().note)
        .chain([fs::read(folder().join("latest")).unwrap()])
        .map(|note| Head::open(&note, &public_key()).unwrap())
        .collect();
    heads.sort_by_key(|head| head.tree.size);
    heads
}

/// Reads a tile; where it was recorded only wider, it is cut.
fn read_tile(tile: &Tile) -> Vec<u8> {
    let mut path = folder();
    path.push(tile.path());
    if let Ok(bytes) = fs::read(path) {
        return bytes;
    }
    for width in tile.width + 1..=256 {
        let wider = Tile { width, ..*tile };
        if let Ok(bytes) = fs::read(folder().join(wider.path())) {
            return tile.cut(&wider, &bytes).unwrap().to_vec();
        }
    }
    panic!("{tile} is not recorded");
}

fn read_tiles(tiles: &[Tile]) -> Vec<Vec<u8>> {
    tiles.iter().map(read_tile).collect()
}

#[test]
fn every_answer_is_proved_whatever_head_is_followed() {
    let heads = recorded_heads();
    for (module, answer) in recorded_lookups() {
        for current in heads.iter().map(Some).chain([None]) {
            let plan = LookupPlan::new(current, &answer, &module, &public_key()).unwrap();
            let proved = plan.clone().finish(&read_tiles(plan.tiles())).unwrap();
            assert!(proved.record.h1(&module).is_some(), "{module}");
            assert!(proved.record.go_mod_h1(&module).is_some(), "{module}");
        }
    }
    let (module, answer) = recorded_lookups().pop().unwrap();
    let record = Record::parse(&LookupAnswer::parse(&answer).unwrap().record).unwrap();
    assert_eq!(
        record.h1(&module).unwrap().to_string(),
        "h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y="
    );
}

#[test]
fn every_head_is_consistent_with_every_other() {
    let heads = recorded_heads();
    assert_eq!(heads.first().map(|head| head.tree.size), Some(51_929_436));
    assert_eq!(heads.last().map(|head| head.tree.size), Some(71_909_756));
    for current in &heads {
        for offered in &heads {
            let plan = HeadPlan::new(Some(current), offered.clone()).unwrap();
            let merged = plan.clone().finish(&read_tiles(plan.tiles())).unwrap();
            assert_eq!(
                merged.relation.moves_forward(),
                offered.tree.size > current.tree.size
            );
        }
    }
}

#[test]
fn no_byte_of_an_answer_can_be_changed() {
    let heads = recorded_heads();
    for (module, answer) in recorded_lookups() {
        // Another record number would ask for tiles that are not recorded; the tests'
        // own database covers that.
        let after_id = answer.iter().position(|&byte| byte == b'\n').unwrap();
        for at in after_id..answer.len() {
            let mut bad = answer.clone();
            bad[at] ^= 1;
            let refused = LookupPlan::new(heads.last(), &bad, &module, &public_key())
                .and_then(|plan| plan.clone().finish(&read_tiles(plan.tiles())));
            assert!(refused.is_err(), "{module} {at}");
            assert!(!matches!(refused, Err(Error::Fork(_))), "{module} {at}");
        }
    }
}

#[test]
fn no_hash_of_a_recorded_tile_can_be_changed() {
    let heads = recorded_heads();
    let (module, answer) = recorded_lookups().pop().unwrap();
    let plan = LookupPlan::new(heads.last(), &answer, &module, &public_key()).unwrap();
    let mut data = read_tiles(plan.tiles());
    for tile in 0..data.len() {
        for offset in (0..data[tile].len()).step_by(32) {
            data[tile][offset] ^= 1;
            let refused = plan.clone().finish(&data);
            assert!(matches!(refused, Err(Error::Tree(_))), "{refused:?}");
            data[tile][offset] ^= 1;
        }
    }
}
