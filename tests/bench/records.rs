//! Writes an index with many records into a data folder, as version 1 of the
//! folder's format had it: every later program converts it at its first start.
//!
//! `records FOLDER COUNT`. The files themselves are not there: what is measured
//! with it is the start.

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
    let index = Path::new(&folder).join("index");
    std::fs::create_dir_all(&index).expect("make the index's folder");
    let database = sled::Config::new()
        .path(&index)
        .open()
        .expect("open the index");
    let files = database.open_tree("files").expect("open its records");
    for start in (0..count).step_by(BATCH) {
        let mut batch = sled::Batch::default();
        for number in start..count.min(start + BATCH) {
            let (key, record) = record(number);
            batch.insert(key.as_bytes(), record.to_string().as_bytes());
        }
        files.apply_batch(batch).expect("write records");
    }
    database.flush().expect("write the index");
}

fn usage() -> ! {
    eprintln!("usage: records FOLDER COUNT");
    std::process::exit(64)
}

/// Three files a version, twenty versions a module.
fn record(number: usize) -> (String, serde_json::Value) {
    let (version, kind) = (number / 3, number % 3);
    let module = format!(
        "example.com/team{:02}/module{:06}",
        version % 97,
        version / 20
    );
    let ending = ["info", "mod", "zip"][kind];
    let key = format!("{module}/@v/v1.{}.0.{ending}", version % 20);
    let hash = format!("{number:064x}");
    let mut record = json!({ "sha256": hash, "size": 12_345, "stored_at": 1_700_000_000 });
    record["standing"] = if ending == "info" {
        json!({ "standing": "uncovered" })
    } else {
        record["h1"] = json!("h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        json!({ "standing": "proved", "database": "sum.golang.org", "record": number })
    };
    (key, record)
}
