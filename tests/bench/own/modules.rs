//! Private modules that are to be logged: at their upstream, or in a data folder already.

use std::fs;
use std::path::Path;

use proto::module::ModuleVersion;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use testkit::module::Module;

use super::log::write_file;

/// Records of files that are written at once.
const BATCH: usize = 10_000;

/// The module version of this number, twenty versions a module.
pub(super) fn module(number: usize) -> ModuleVersion {
    let text = format!("corp.example/m{:06}@v1.{}.0", number / 20, number % 20);
    ModuleVersion::parse(&text).expect("a module version")
}

/// Writes what an upstream needs to answer for `count` modules.
pub(super) fn upstream(tree: &Path, count: usize) {
    for number in 0..count {
        let [go_mod, zip] = files(number);
        write_file(&tree.join(go_mod.key), &go_mod.bytes);
        write_file(&tree.join(zip.key), &zip.bytes);
    }
}

/// Writes a data folder that has the files of `count` modules, as a server stores them that
/// has no database of its own yet.
pub(super) fn stored(data: &Path, count: usize) {
    let index = data.join("index");
    fs::create_dir_all(&index).expect("make the index's folder");
    fs::write(data.join("format"), "2\n").expect("write the format");
    let database = sled::open(&index).expect("open the index");
    let records = database.open_tree("files").expect("open its records");
    for start in (0..count).step_by(BATCH) {
        let mut batch = sled::Batch::default();
        for file in (start..count.min(start + BATCH)).flat_map(files) {
            write_file(&data.join("modules").join(&file.key), &file.bytes);
            let record = json!({
                "sha256": hex::encode(Sha256::digest(&file.bytes)),
                "size": file.bytes.len(),
                "h1": file.h1,
                "standing": { "standing": "exempt" },
                "stored_at": 1_700_000_000,
            });
            batch.insert(file.key.as_bytes(), record.to_string().as_bytes());
        }
        records.apply_batch(batch).expect("write records");
    }
    database.flush().expect("write the index");
}

struct File {
    key: String,
    bytes: Vec<u8>,
    h1: String,
}

/// Returns the `.mod` and the `.zip` of a module version.
fn files(number: usize) -> [File; 2] {
    let version = module(number);
    let made = Module::library(version.path.as_str(), version.version.as_str());
    let folder = format!(
        "{}/@v/{}",
        version.path.escaped(),
        version.version.escaped()
    );
    let sums = made.go_sum();
    let mut h1s = sums.lines().filter_map(|line| line.rsplit(' ').next());
    let (zip, go_mod) = (
        h1s.next().unwrap_or_default(),
        h1s.next().unwrap_or_default(),
    );
    let file = |ending: &str, bytes: Vec<u8>, h1: &str| File {
        key: format!("{folder}.{ending}"),
        bytes,
        h1: h1.to_owned(),
    };
    [
        file("mod", made.go_mod.clone().into_bytes(), go_mod),
        file("zip", made.zip(), zip),
    ]
}
