//! A checksum database of our own, with a test key: records, RFC 6962 tree,
//! tiles of height 8, signed heads and lookups, written as plain files.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};

use crate::module::{Module, escape};

type Hash = [u8; 32];

/// Height of the tiles, as every known client asks for them.
const TILE_HEIGHT: u32 = 8;

/// A checksum database, held in memory until it is published into a folder.
#[derive(Clone, Debug)]
pub struct TestDatabase {
    name: String,
    key: SigningKey,
    records: Vec<Record>,
}

#[derive(Clone, Debug)]
struct Record {
    path: String,
    version: String,
    text: String,
}

impl TestDatabase {
    /// An empty database. `seed` fixes the key: the same name and seed sign alike.
    #[must_use]
    pub fn new(name: &str, seed: u8) -> Self {
        Self {
            name: name.to_owned(),
            key: SigningKey::from_bytes(&[seed; 32]),
            records: Vec::new(),
        }
    }

    /// Logs the true lines of a module; returns its record's number.
    pub fn add(&mut self, module: &Module) -> u64 {
        self.add_lines(&module.path, &module.version, &module.go_sum())
    }

    /// Logs any lines, true or not, as the record of `path@version`.
    pub fn add_lines(&mut self, path: &str, version: &str, lines: &str) -> u64 {
        self.records.push(Record {
            path: path.to_owned(),
            version: version.to_owned(),
            text: lines.to_owned(),
        });
        self.size() - 1
    }

    /// Logs `count` records of modules that nobody asks for.
    pub fn add_filler(&mut self, count: u64) {
        for _ in 0..count {
            let path = format!("filler.example/n{}", self.records.len());
            let hash = base64(&Sha256::digest(&path));
            let lines = format!("{path} v1.0.0 h1:{hash}\n{path} v1.0.0/go.mod h1:{hash}\n");
            self.add_lines(&path, "v1.0.0", &lines);
        }
    }

    /// A database that shares the first `size` records and the key with this
    /// one, and goes its own way from there.
    #[must_use]
    pub fn fork_at(&self, size: u64) -> Self {
        let mut fork = self.clone();
        fork.records.truncate(index(size));
        fork
    }

    /// The number of records.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.records.len() as u64
    }

    /// The value of GOSUMDB that trusts this database: `name+hash+key`.
    #[must_use]
    pub fn verifier_key(&self) -> String {
        format!(
            "{}+{}+{}",
            self.name,
            hex::encode(self.key_hash()),
            base64(&self.public_key())
        )
    }

    /// The signed head of the first `size` records.
    #[must_use]
    pub fn head(&self, size: u64) -> Vec<u8> {
        let root = root(&self.levels(), 0, size);
        self.sign(&format!(
            "go.sum database tree\n{size}\n{}\n",
            base64(&root)
        ))
    }

    /// `text` as a note signed by this database.
    #[must_use]
    pub fn sign(&self, text: &str) -> Vec<u8> {
        let mut signature = self.key_hash().to_vec();
        signature.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        format!("{text}\n\u{2014} {} {}\n", self.name, base64(&signature)).into_bytes()
    }

    /// The answer to a lookup of record `id`, with the head of `size` records.
    ///
    /// # Panics
    /// When there is no such record.
    #[must_use]
    pub fn lookup(&self, id: u64, size: u64) -> Vec<u8> {
        let record = &self.records[index(id)];
        let mut answer = format!("{id}\n{}\n", record.text).into_bytes();
        answer.extend_from_slice(&self.head(size));
        answer
    }

    /// Writes `supported`, `latest`, every lookup and the tiles of the whole
    /// database to `tree/sumdb/<name>/`.
    pub fn publish(&self, tree: &Path) {
        self.publish_at(tree, self.size());
    }

    /// Writes the database as it was with `size` records. Tiles of other sizes
    /// that were published before stay; lookups and `latest` are overwritten.
    ///
    /// # Panics
    /// When the files cannot be written.
    pub fn publish_at(&self, tree: &Path, size: u64) {
        let folder = tree.join("sumdb").join(&self.name);
        write(&folder.join("supported"), b"");
        let head = self.head(size);
        write(&folder.join("latest"), &head);
        for (id, record) in self.records.iter().take(index(size)).enumerate() {
            if record.path.starts_with("filler.example/") {
                continue;
            }
            let mut answer = format!("{id}\n{}\n", record.text).into_bytes();
            answer.extend_from_slice(&head);
            let name = format!("{}@{}", escape(&record.path), escape(&record.version));
            write(&folder.join("lookup").join(name), &answer);
        }
        self.publish_tiles(&folder, size);
    }

    fn publish_tiles(&self, folder: &Path, size: u64) {
        let levels = self.levels();
        let tile_width = 1u64 << TILE_HEIGHT;
        let mut level = 0;
        while size >> (TILE_HEIGHT * level) > 0 {
            let hashes = &levels[(TILE_HEIGHT * level) as usize];
            let count = size >> (TILE_HEIGHT * level);
            for number in 0..count.div_ceil(tile_width) {
                let start = number * tile_width;
                let width = tile_width.min(count - start);
                let content = hashes[index(start)..index(start + width)].concat();
                let partial = if width < tile_width {
                    format!(".p/{width}")
                } else {
                    String::new()
                };
                let place = format!("{}{partial}", tile_number(number));
                write(&folder.join(format!("tile/8/{level}/{place}")), &content);
                if level == 0 {
                    let records = &self.records[index(start)..index(start + width)];
                    let texts = records.iter().map(|record| format!("{}\n", record.text));
                    let content: String = texts.collect();
                    let name = format!("tile/8/data/{place}");
                    write(&folder.join(name), content.as_bytes());
                }
            }
            level += 1;
        }
    }

    /// Hashes of all complete subtrees: level 0 the records, level k those of
    /// 2^k records.
    fn levels(&self) -> Vec<Vec<Hash>> {
        let mut levels = vec![
            self.records
                .iter()
                .map(|record| sha256(&[&[0], record.text.as_bytes()]))
                .collect::<Vec<_>>(),
        ];
        while levels[levels.len() - 1].len() > 1 {
            let below = &levels[levels.len() - 1];
            let above = below
                .chunks_exact(2)
                .map(|pair| sha256(&[&[1], &pair[0], &pair[1]]))
                .collect();
            levels.push(above);
        }
        levels
    }

    fn public_key(&self) -> Vec<u8> {
        let mut key = vec![1];
        key.extend_from_slice(self.key.verifying_key().as_bytes());
        key
    }

    fn key_hash(&self) -> [u8; 4] {
        let hash = sha256(&[self.name.as_bytes(), b"\n", &self.public_key()]);
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

/// Standard base64 with padding.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The head of records `start..start + size`, where `start` is a multiple of the
/// greatest power of two in `size`.
fn root(levels: &[Vec<Hash>], start: u64, size: u64) -> Hash {
    if size == 0 {
        return sha256(&[]);
    }
    let left = 1u64 << (63 - size.leading_zeros());
    let level = left.trailing_zeros();
    let left_hash = levels[level as usize][index(start >> level)];
    if left == size {
        return left_hash;
    }
    sha256(&[&[1], &left_hash, &root(levels, start + left, size - left)])
}

/// `1234067` as `x001/x234/067`.
fn tile_number(number: u64) -> String {
    let last = format!("{:03}", number % 1000);
    if number < 1000 {
        return last;
    }
    let mut rest = number / 1000;
    let mut groups = vec![last];
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    groups.join("/")
}

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("a test database fits memory")
}

fn write(path: &Path, content: &[u8]) {
    let folder = path.parent().expect("a file lies in a folder");
    std::fs::create_dir_all(folder).expect("make a folder of the database");
    std::fs::write(path, content).expect("write a file of the database");
}
