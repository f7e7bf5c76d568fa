//! What is true: modules, the database that has their hashes, and what each path must
//! be answered with.

use std::collections::HashMap;
use std::io::Write as _;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use proto::dirhash::{self, Summary};
use proto::goproxy::sumdb::SumdbRequest;
use proto::note::{self, SignerKey};
use proto::tlog::{HashTree, Tile, checkpoint, record_hash};

/// The database's name.
pub(super) const DATABASE: &str = "sum.soak.example";

/// Records of the log when a run begins: more than the modules have, so that there are
/// full tiles on two levels.
const RECORDS_FIRST: u64 = 1000;

/// Records of the log at most.
const RECORDS_MAX: u64 = 3000;

/// Modules by the size of their zips: how many, how many versions each has, and the
/// bytes of the largest file in them. A zip over 4 MiB leaves before it is proved, one
/// over 64 KiB is mapped.
const SIZES: [(&str, usize, usize, usize); 3] = [
    ("small", 100, 3, 300),
    ("middle", 8, 2, 100 << 10),
    ("large", 3, 1, (4 << 20) + (300 << 10)),
];

/// A module.
pub(super) struct Module {
    /// Its path.
    pub(super) path: String,
    /// Its versions, in order.
    pub(super) versions: Vec<String>,
}

/// A file that never changes.
#[derive(Clone)]
pub(super) struct File {
    /// Its bytes.
    pub(super) bytes: Bytes,
    /// Where a change of one byte changes its `h1:`; nothing, where nothing proves the
    /// file.
    pub(super) proved: Range<usize>,
}

/// Everything that is true.
pub(super) struct World {
    pub(super) modules: Vec<Module>,
    /// By request path, without the slash at its beginning.
    pub(super) files: HashMap<String, File>,
    /// The same paths, to choose from.
    pub(super) paths: Vec<String>,
    records: Vec<(String, String)>,
    ids: HashMap<String, u64>,
    log: HashTree,
    size: AtomicU64,
    signer: SignerKey,
    notes: Mutex<HashMap<u64, Bytes>>,
}

impl World {
    pub(super) fn new() -> Self {
        let mut world = Self {
            modules: Vec::new(),
            files: HashMap::new(),
            paths: Vec::new(),
            records: Vec::new(),
            ids: HashMap::new(),
            log: HashTree::default(),
            size: AtomicU64::new(RECORDS_FIRST),
            signer: SignerKey::from_seed(DATABASE, [9; 32]).unwrap(),
            notes: Mutex::default(),
        };
        for (name, modules, versions, bytes) in SIZES {
            for number in 0..modules {
                world.add_module(&format!("m.example/{name}{number}"), versions, bytes);
            }
        }
        for filler in world.records.len() as u64..RECORDS_MAX {
            let hash = record_hash(&filler.to_be_bytes());
            let name = format!("f.example/x{filler} v1.0.0");
            let text = format!("{name} h1:{hash}\n{name}/go.mod h1:{hash}\n");
            world
                .records
                .push((format!("f.example/x{filler}@v1.0.0"), text));
        }
        for (id, (version, record)) in world.records.iter().enumerate() {
            world.ids.insert(version.clone(), id as u64);
            world.log.push(record_hash(record.as_bytes()));
        }
        world.paths = world.files.keys().cloned().collect();
        world.paths.sort();
        world
    }

    fn add_module(&mut self, path: &str, versions: usize, bytes: usize) {
        let versions: Vec<_> = (0..versions).map(|n| format!("v1.0.{n}")).collect();
        for version in &versions {
            self.add_version(path, version, bytes);
        }
        let newest = versions.last().unwrap();
        let info = self.files[&format!("{path}/@v/{newest}.info")].clone();
        for query in ["main", "0123456789ab"] {
            let place = format!("{path}/@v/{query}.info");
            self.files.insert(place, info.clone());
        }
        let path = path.to_owned();
        self.modules.push(Module { path, versions });
    }

    fn add_version(&mut self, path: &str, version: &str, bytes: usize) {
        let info = format!("{{\"Version\":\"{version}\",\"Time\":\"2024-05-06T07:08:09Z\"}}");
        let go_mod = format!("module {path}\n\ngo 1.21\n\n// {version}\n");
        let prefix = format!("{path}@{version}/");
        let ballast = noise(&prefix, bytes);
        let contents = [
            (format!("{prefix}go.mod"), go_mod.as_bytes()),
            (format!("{prefix}ballast.bin"), &ballast[..]),
        ];
        let mut summary = Summary::new();
        for (name, content) in &contents {
            summary.add(name, *content).unwrap();
        }
        let (zip, proved) = zip(&contents);
        let (zip_h1, mod_h1) = (summary.finish(), dirhash::go_mod(go_mod.as_bytes()));
        let record = format!("{path} {version} {zip_h1}\n{path} {version}/go.mod {mod_h1}\n");
        self.records.push((format!("{path}@{version}"), record));
        let whole = 0..go_mod.len();
        for (part, bytes, proved) in [
            ("info", info.into_bytes(), 0..0),
            ("mod", go_mod.into_bytes(), whole),
            ("zip", zip, proved),
        ] {
            let bytes = Bytes::from(bytes);
            let place = format!("{path}/@v/{version}.{part}");
            self.files.insert(place, File { bytes, proved });
        }
    }

    pub(super) fn key(&self) -> note::VerifierKey {
        self.signer.verifier()
    }

    /// Records of the log now.
    pub(super) fn size(&self) -> u64 {
        self.size.load(Ordering::Relaxed)
    }

    /// The log grows by a record, up to its end.
    pub(super) fn grow(&self) {
        let grown = (self.size() + 1).min(RECORDS_MAX);
        self.size.fetch_max(grown, Ordering::Relaxed);
    }

    fn head(&self, size: u64) -> Bytes {
        let mut notes = self.notes.lock().unwrap();
        let sign = || {
            let text = checkpoint::format(&self.log.tree_at(size).unwrap());
            Bytes::from(note::sign(&text, &[&self.signer]).unwrap())
        };
        notes.entry(size).or_insert_with(sign).clone()
    }

    /// What an honest upstream sends for a path; `None` where it has nothing.
    pub(super) fn honest(&self, path: &str) -> Option<File> {
        if let Some(file) = self.files.get(path) {
            return Some(file.clone());
        }
        let bytes = match path.strip_prefix("db/") {
            Some(path) => self.database(path)?,
            None => self.changing(path)?,
        };
        let proved = match path.starts_with("db/") {
            true => 0..bytes.len(),
            false => 0..0,
        };
        let bytes = Bytes::from(bytes);
        Some(File { bytes, proved })
    }

    fn changing(&self, path: &str) -> Option<Vec<u8>> {
        let (module, what) = path.split_once("/@")?;
        let module = self.modules.iter().find(|it| it.path == module)?;
        match what {
            "v/list" => Some((module.versions.join("\n") + "\n").into_bytes()),
            "latest" => {
                let (path, newest) = (&module.path, module.versions.last()?);
                let info = &self.files[&format!("{path}/@v/{newest}.info")];
                Some(info.bytes.to_vec())
            }
            _ => None,
        }
    }

    fn database(&self, path: &str) -> Option<Vec<u8>> {
        let size = self.size();
        match SumdbRequest::parse(path).ok()? {
            SumdbRequest::Supported => None,
            SumdbRequest::Latest => Some(self.head(size).to_vec()),
            SumdbRequest::Lookup(module) => {
                let id = *self.ids.get(&module.to_string())?;
                let mut answer = self.record(id)?;
                answer.extend_from_slice(&self.head(size));
                (id < size).then_some(answer)
            }
            SumdbRequest::Tile(tile) => Tile::widest(tile.height, tile.level, tile.index, size)
                .filter(|widest| widest.width >= tile.width)
                .and_then(|_| self.log.tile(&tile)),
        }
    }

    /// An answer about a record as it begins, before the head.
    fn record(&self, id: u64) -> Option<Vec<u8>> {
        let (_, record) = self.records.get(usize::try_from(id).ok()?)?;
        Some(format!("{id}\n{record}\n").into_bytes())
    }

    /// Tells whether `bytes` may be the answer to a request path, `cached-only/` left
    /// out: they are the only ones that are right, but for heads, of which there are as
    /// many as sizes, and for what the server makes of the versions that it has.
    pub(super) fn is_right(&self, path: &str, bytes: &[u8]) -> bool {
        if let Some(file) = self.files.get(path) {
            return file.bytes == bytes;
        }
        if let Some(path) = path.strip_prefix(&format!("sumdb/{DATABASE}/")) {
            return self.is_right_of_database(path, bytes);
        }
        let Some((module, what)) = path.split_once("/@") else {
            return false;
        };
        let Some(module) = self.modules.iter().find(|it| it.path == module) else {
            return false;
        };
        match what {
            "v/list" => is_part_of(&module.versions, bytes),
            "latest" => module.versions.iter().any(|version| {
                let info = format!("{}/@v/{version}.info", module.path);
                self.files[&info].bytes == bytes
            }),
            _ => false,
        }
    }

    fn is_right_of_database(&self, path: &str, bytes: &[u8]) -> bool {
        match SumdbRequest::parse(path) {
            Err(_) => false,
            Ok(SumdbRequest::Supported) => bytes.is_empty(),
            Ok(SumdbRequest::Latest) => self.is_head(bytes),
            Ok(SumdbRequest::Lookup(module)) => {
                let record = self.ids.get(&module.to_string());
                let record = record.and_then(|id| self.record(*id));
                let head = record.and_then(|record| bytes.strip_prefix(&record[..]));
                head.is_some_and(|head| self.is_head(head))
            }
            Ok(SumdbRequest::Tile(tile)) => {
                self.log.tile(&tile).is_some_and(|right| right == bytes)
            }
        }
    }

    fn is_head(&self, bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        let size = text.lines().nth(1).and_then(|line| line.parse().ok());
        size.is_some_and(|size| (1..=self.size()).contains(&size) && self.head(size) == bytes)
    }

    /// Tells whether `bytes` are all that an honest upstream would send.
    pub(super) fn is_complete(&self, path: &str, bytes: &[u8]) -> bool {
        match self.changing(path) {
            Some(right) => right == bytes,
            None => self.is_right(path, bytes),
        }
    }
}

/// Tells whether `bytes` list some of the versions, in their order.
fn is_part_of(versions: &[String], bytes: &[u8]) -> bool {
    let mut left = versions.iter();
    let text = String::from_utf8_lossy(bytes);
    !bytes.is_empty() && text.lines().all(|line| left.any(|version| version == line))
}

/// Bytes that are others for each seed.
fn noise(seed: &str, len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(len + 32);
    let mut hash = record_hash(seed.as_bytes());
    while out.len() < len {
        hash = record_hash(hash.to_string().as_bytes());
        let line = format!("{hash}\n").repeat(16);
        out.extend_from_slice(line.as_bytes());
    }
    out.truncate(len);
    out
}

/// Makes a zip of files that are stored as they are. Returns where the last one's
/// bytes are.
fn zip(files: &[(String, &[u8])]) -> (Vec<u8>, Range<usize>) {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let mut last = 0..0;
    for (name, content) in files {
        let offset = out.len() as u32;
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let len = content.len() as u32;
        // Version needed, flags, method, time, date; then CRC and both sizes.
        let mut shared = vec![20, 0, 0, 8, 0, 0, 0, 0, 0, 0];
        for number in [crc.sum(), len, len] {
            shared.extend_from_slice(&number.to_le_bytes());
        }
        shared.extend_from_slice(&(name.len() as u16).to_le_bytes());
        shared.extend_from_slice(&[0, 0]);
        write!(out, "PK\x03\x04").unwrap();
        out.extend_from_slice(&shared);
        out.extend_from_slice(name.as_bytes());
        last = out.len()..out.len() + content.len();
        out.extend_from_slice(content);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&shared);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (start, size) = (out.len() as u32, directory.len() as u32);
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    for count in [files.len() as u16; 2] {
        out.extend_from_slice(&count.to_le_bytes());
    }
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    (out, last)
}
