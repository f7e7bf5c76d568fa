//! Writes a data folder with many stored zips, each small and recorded as proved.
//!
//! `gc FOLDER COUNT`. What the zips hold is of no use to anybody: they are removed, not
//! read.

use std::path::Path;

use serde_json::json;

/// Records written at once.
const BATCH: usize = 10_000;

fn main() {
    let mut words = std::env::args().skip(1);
    let (Some(folder), Some(count)) = (words.next(), words.next()) else {
        usage()
    };
    let count: usize = count.parse().unwrap_or_else(|_| usage());
    let folder = Path::new(&folder);
    let index = folder.join("index");
    std::fs::create_dir_all(&index).expect("make the index's folder");
    std::fs::write(folder.join("format"), "2\n").expect("write the format");
    let database = sled::Config::new()
        .path(&index)
        .open()
        .expect("open the index");
    let files = database.open_tree("files").expect("open its records");
    let used = database.open_tree("used").expect("open their last use");
    for start in (0..count).step_by(BATCH) {
        let (mut records, mut uses) = (sled::Batch::default(), sled::Batch::default());
        for number in start..count.min(start + BATCH) {
            let key = key(number);
            let path = folder.join("modules").join(&key);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).expect("make a module's folder");
            }
            std::fs::write(path, [0; 200]).expect("write a zip");
            records.insert(key.as_bytes(), record(number).to_string().as_bytes());
            let last = json!({ "last": 1_700_000_000 + number });
            uses.insert(key.as_bytes(), last.to_string().as_bytes());
        }
        files.apply_batch(records).expect("write records");
        used.apply_batch(uses).expect("write their last use");
    }
    database.flush().expect("write the index");
}

fn usage() -> ! {
    eprintln!("usage: gc FOLDER COUNT");
    std::process::exit(64)
}

/// Twenty versions a module.
fn key(number: usize) -> String {
    let team = number % 97;
    let module = number / 20;
    format!(
        "example.com/team{team:02}/module{module:06}/@v/v1.{}.0.zip",
        number % 20
    )
}

fn record(number: usize) -> serde_json::Value {
    json!({
        "sha256": format!("{number:064x}"),
        "size": 200,
        "h1": "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "standing": {
            "standing": "proved",
            "database": "sum.golang.org",
            "record": number,
            "key": "033de0ae",
            "record_hash": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        },
        "stored_at": 1_700_000_000,
    })
}
