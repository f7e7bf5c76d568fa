//! The same records appended to a plain file, and to sled, durable batch by batch.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use proto::dirhash;
use proto::sumdb::own;

use super::modules::module;

/// Appends `count` records to a file, and waits for the disk after each `batch`. Prints the
/// seconds that it took.
pub(super) fn file(folder: &Path, count: usize, batch: usize) {
    fs::create_dir_all(folder).expect("make the folder");
    let records = records(count);
    let start = Instant::now();
    let mut file = File::create(folder.join("records")).expect("make the file");
    for batch in records.chunks(batch) {
        let bytes: Vec<_> = batch.iter().map(|(_, record)| record.as_str()).collect();
        file.write_all(bytes.concat().as_bytes()).expect("append");
        file.sync_data().expect("flush");
    }
    println!("{:.3}", start.elapsed().as_secs_f64());
}

/// Puts `count` records into sled by their module versions, and flushes after each `batch`.
/// Prints the seconds that it took.
pub(super) fn sled(folder: &Path, count: usize, batch: usize) {
    let records = records(count);
    let database = sled::open(folder).expect("open sled");
    let start = Instant::now();
    for batch in records.chunks(batch) {
        let mut changes = sled::Batch::default();
        for (name, record) in batch {
            changes.insert(name.as_bytes(), record.as_bytes());
        }
        database.apply_batch(changes).expect("write to sled");
        database.flush().expect("flush sled");
    }
    println!("{:.3}", start.elapsed().as_secs_f64());
}

fn records(count: usize) -> Vec<(String, String)> {
    let record = |number| {
        let module = module(number);
        let h1 = |part| dirhash::go_mod(format!("{module}{part}").as_bytes());
        let text = own::text(&module, h1(""), h1("/go.mod"));
        (module.to_string(), text)
    };
    (0..count).map(record).collect()
}
