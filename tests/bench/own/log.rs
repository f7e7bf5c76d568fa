//! A log of many records, as the server keeps it, and answers to lookups as files.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use proto::dirhash;
use proto::module::ModuleVersion;
use proto::note::SignerKey;
use proto::sumdb::own::{self, SignedHead};
use proto::tlog::batch::BatchPlan;
use proto::tlog::entries::Entries;
use proto::tlog::{Tile, Tree};
use sha2::{Digest as _, Sha256};

/// Records that are added at once.
const BATCH: usize = 1 << 16;

/// Writes the log of the key in `key` to `data`, and its high-water mark beside the key.
/// Below `www` it writes the answers to lookups of `sample` of its modules, as the server
/// gives them, and which those are, in `names`, in an order that jumps about in the log.
pub(super) fn write(data: &Path, key: &Path, count: usize, www: &Path, sample: usize) {
    let signer = fs::read_to_string(key).expect("read the key");
    let signer = SignerKey::parse(signer.trim_end()).expect("a key");
    let root = data.join("log").join(signer.name());
    let mut edge = Edge::new();
    for first in (0..count).step_by(BATCH) {
        let records = (first..count.min(first + BATCH)).map(record).collect();
        for (tile, bytes) in edge.append(records) {
            write_file(&root.join(tile.path()), &bytes);
        }
    }
    for (tile, bytes) in &edge.tiles {
        write_file(&root.join(tile.path()), bytes);
    }
    let head = SignedHead::sign(edge.tree, &[&signer]).expect("sign the head");
    write_file(&root.join("checkpoint"), &head.note);
    let mut mark = key.as_os_str().to_owned();
    mark.push(".head");
    fs::write(mark, &head.note).expect("write the high-water mark");

    let folder = www.join("sumdb").join(signer.name()).join("lookup");
    let mut names = String::new();
    for number in spread(count, sample) {
        let name = module(number).escaped();
        let answer = own::lookup_answer(number as u64, &record(number), &head.note);
        write_file(&folder.join(&name), &answer);
        names.push_str(&format!("/sumdb/{}/lookup/{name}\n", signer.name()));
    }
    fs::write(www.join("names"), names).expect("write the names");
}

/// Returns `sample` numbers below `count`, spread evenly and shuffled.
fn spread(count: usize, sample: usize) -> Vec<usize> {
    let sample = sample.min(count);
    let mut numbers: Vec<usize> = (0..sample).map(|step| step * count / sample).collect();
    numbers.sort_by_key(|number| Sha256::digest(number.to_be_bytes()));
    numbers
}

/// A module version, thirteen versions a module, so named that neighbours in the log are
/// none in the order of names.
fn module(number: usize) -> ModuleVersion {
    let name = hex::encode(Sha256::digest((number / 13).to_be_bytes()));
    let (owner, name) = (&name[..2], &name[2..14]);
    let text = format!("github.com/owner-{owner}/{name}@v1.{}.0", number % 13);
    ModuleVersion::parse(&text).expect("a module version")
}

fn record(number: usize) -> Vec<u8> {
    let module = module(number);
    let h1 = |part| dirhash::go_mod(format!("{module}{part}").as_bytes());
    own::text(&module, h1(""), h1("/go.mod")).into_bytes()
}

/// The tree so far, and the partial tiles at its right edge.
struct Edge {
    tree: Tree,
    tiles: HashMap<Tile, Vec<u8>>,
}

impl Edge {
    fn new() -> Self {
        Self {
            tree: Tree::empty(),
            tiles: HashMap::new(),
        }
    }

    /// Appends records; returns the tiles that are full now.
    fn append(&mut self, records: Vec<Vec<u8>>) -> Vec<(Tile, Vec<u8>)> {
        let plan = BatchPlan::new(self.tree, Entries::Lines, records);
        let held: Vec<_> = (plan.tiles().iter().map(|tile| self.tiles[tile].clone())).collect();
        let batch = plan.finish(&held).expect("append records");
        self.tree = batch.tree;
        let (full, partial): (Vec<_>, Vec<_>) = batch
            .tiles
            .into_iter()
            .partition(|(tile, _)| tile.is_full());
        for (tile, _) in full.iter().chain(&partial) {
            self.tiles
                .retain(|held, _| (held.level, held.index) != (tile.level, tile.index));
        }
        self.tiles.extend(partial);
        full
    }
}

pub(super) fn write_file(path: &Path, bytes: &[u8]) {
    if let Err(error) = fs::write(path, bytes) {
        // Most often its folder is there already.
        let folder = path.parent().expect("a folder");
        fs::create_dir_all(folder).unwrap_or_else(|_| panic!("make {}: {error}", folder.display()));
        fs::write(path, bytes).unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
    }
}
