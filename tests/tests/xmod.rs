//! Our answers of a checksum database beside those of golang.org/x/mod's own server,
//! and read by its own client. Its code is that which the Go distributions carry for
//! the go command; `tests/xmod` has the program that drives it.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Output;

use proto::module::ModuleVersion;
use proto::note::SignerKey;
use proto::sumdb::own::{self, SignedHead};
use proto::tlog::batch::HEIGHT;
use proto::tlog::entries::Entries;
use proto::tlog::regroup::Regroup;
use proto::tlog::{HashTree, Level, Tile, record_hash};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use testkit::database::base64;
use testkit::environment::checkout;
use testkit::go::{Go, Toolchain};

/// Records of the log, and the largest database that is compared.
const SIZE: u64 = 600;

/// The program of `tests/xmod`, built beside the x/mod of one Go distribution.
struct Xmod {
    folder: TempDir,
    go: Go,
}

impl Xmod {
    fn build(toolchain: &Toolchain) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vendored = toolchain.root().join("src/cmd/vendor/golang.org/x/mod");
        for package in [
            "internal/lazyregexp",
            "module",
            "semver",
            "sumdb",
            "sumdb/note",
            "sumdb/tlog",
        ] {
            let to = folder.path().join("mod").join(package);
            copy_files(&vendored.join(package), &to);
        }
        let version: Vec<&str> = toolchain.version().split('.').take(2).collect();
        let go = format!("go {}\n", version.join("."));
        let write = |name: &str, text: String| {
            std::fs::write(folder.path().join(name), text).unwrap();
        };
        write("mod/go.mod", format!("module golang.org/x/mod\n\n{go}"));
        write(
            "go.mod",
            format!(
                "module xmod.example/xmod\n\n{go}\n\
                 require golang.org/x/mod v0.0.0\n\nreplace golang.org/x/mod => ./mod\n"
            ),
        );
        std::fs::copy(
            checkout().join("tests/xmod/main.go"),
            folder.path().join("main.go"),
        )
        .unwrap();
        let go = Go::new(toolchain, "off", "off");
        go.must(folder.path(), &["build", "-o", "xmod", "."]);
        Self { folder, go }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), content).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let program = self.folder.path().join("xmod");
        let mut command = self.go.command(self.folder.path());
        let environment: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command = std::process::Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .envs(environment);
        command.args(arguments).output().unwrap()
    }
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

fn signer() -> SignerKey {
    SignerKey::from_seed("sum.example.com/team", [5; 32]).unwrap()
}

/// Paths with capitals, with a major version, and versions of every form.
fn module(id: u64) -> ModuleVersion {
    let text = match id % 4 {
        0 => format!("example.com/Team/m@v1.{id}.0"),
        1 => format!("example.com/m{id}/v2@v2.0.{id}-Rc.1"),
        2 => format!("github.com/BurntSushi/toml@v2.{id}.0+incompatible"),
        _ => format!("example.com/m@v0.0.0-20200101{id:06}-abcdefabcdef"),
    };
    ModuleVersion::parse(&text).unwrap()
}

fn record(id: u64) -> Vec<u8> {
    let ModuleVersion { path, version } = module(id);
    let hash = |what: &str| base64(&Sha256::digest(format!("{what} {id}")));
    let (zip, go_mod) = (hash("zip"), hash("go.mod"));
    format!("{path} {version} h1:{zip}\n{path} {version}/go.mod h1:{go_mod}\n").into_bytes()
}

/// Records as one tile has them.
fn tile_of(records: &[Vec<u8>]) -> Vec<u8> {
    let mut tile = Vec::new();
    for record in records {
        Entries::Lines.push(record, &mut tile).unwrap();
    }
    tile
}

/// Our database with the first records of the log, of which it stores tiles of height 8.
struct Database {
    size: u64,
    log: HashTree,
    data: Vec<Vec<u8>>,
    head: Vec<u8>,
}

/// A status and, where it is 200, the body.
type Reply = (u16, Vec<u8>);

const NOT_FOUND: Reply = (404, Vec::new());

impl Database {
    fn grown(records: &[Vec<u8>]) -> impl Iterator<Item = Self> {
        let mut log = HashTree::default();
        (1..=records.len()).map(move |size| {
            let records = &records[..size];
            log.push(record_hash(&records[size - 1]));
            Self {
                size: log.size(),
                log: log.clone(),
                data: records.chunks(1 << HEIGHT).map(tile_of).collect(),
                head: SignedHead::sign(log.tree(), &[&signer()]).unwrap().note,
            }
        })
    }

    /// A tile as wide as the log has it.
    fn stored(&self, tile: &Tile) -> Vec<u8> {
        assert_eq!(tile.height, HEIGHT);
        match tile.level {
            Level::Hashes(_) => self.log.tile(tile).unwrap(),
            Level::Data => self.data[usize::try_from(tile.index).unwrap()].clone(),
        }
    }

    fn lookup(&self, id: u64) -> Reply {
        if id >= self.size {
            return NOT_FOUND;
        }
        (200, own::lookup_answer(id, &record(id), &self.head))
    }

    fn tile(&self, tile: &Tile) -> Reply {
        let Some(pieces) = Regroup::new(tile, self.size) else {
            return NOT_FOUND;
        };
        let body = pieces.flat_map(|piece| {
            let stored = self.stored(&piece.tile);
            match tile.level {
                Level::Hashes(_) => piece.hashes(&stored).unwrap(),
                Level::Data => piece
                    .records(&stored, Entries::Lines, Entries::Lines)
                    .unwrap(),
            }
        });
        (200, body.collect())
    }
}

/// All tiles that `tests/xmod/main.go` asks for, in its order.
fn tiles(size: u64, height: u8, all: bool) -> Vec<Tile> {
    let full = 1_u64 << height;
    let levels = std::iter::once(Level::Data).chain((0..=63 / height).map(Level::Hashes));
    let mut tiles = Vec::new();
    for level in levels {
        let row = match level {
            Level::Data => size,
            Level::Hashes(level) => size >> (level * height),
        };
        let tile = |index, width: u64| Tile {
            height,
            level,
            index,
            width: u32::try_from(width).unwrap(),
        };
        for index in 0..row.div_ceil(full) {
            let width = (row - index * full).min(full);
            let first = if all { 1 } else { width };
            tiles.extend((first..=width).map(|width| tile(index, width)));
        }
        tiles.push(tile(row / full, row % full + 1));
        if row == 0 {
            break;
        }
    }
    tiles
}

fn add(sum: &mut Sha256, path: &str, (status, body): &Reply) {
    sum.update(format!("{path}\n{status}\n"));
    if *status == 200 {
        sum.update(format!("{}\n", body.len()));
        sum.update(body);
    }
}

fn lookup_path(id: u64) -> String {
    format!("/lookup/{}", module(id).escaped())
}

/// What `xmod serve` prints, made of our answers.
fn our_hashes(records: &[Vec<u8>]) -> String {
    let mut lines = String::new();
    for database in Database::grown(records) {
        let size = database.size;
        let mut line = |what: &str, sum: Sha256| {
            writeln!(lines, "{size} {what} {}", hex::encode(sum.finalize())).unwrap();
        };
        let mut sum = Sha256::new();
        add(&mut sum, "/latest", &(200, database.head.clone()));
        line("latest", sum);
        let mut sum = Sha256::new();
        for id in 0..=size.min(SIZE - 1) {
            add(&mut sum, &lookup_path(id), &database.lookup(id));
        }
        line("lookup", sum);
        for height in 1..=8 {
            let mut sum = Sha256::new();
            for tile in tiles(size, height, size == SIZE) {
                add(&mut sum, &format!("/{tile}"), &database.tile(&tile));
            }
            line(&format!("height {height}"), sum);
        }
    }
    lines
}

#[test]
fn every_answer_is_that_of_go_own_server() {
    let records: Vec<Vec<u8>> = (0..SIZE).map(record).collect();
    let ours = our_hashes(&records);
    assert_eq!(ours.lines().count() as u64, 10 * SIZE);
    // The server of Go 1.21 puts the numbers of records into tiles of them, which no
    // database does and its own client does not read: mended in golang.org/x/mod later.
    let xmod = Xmod::build(&Toolchain::find("1.27."));
    xmod.write("key", signer().to_secret_text());
    xmod.write("records", tile_of(&records));
    let output = xmod.run(&["serve", "key", "records", &SIZE.to_string()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(theirs.lines().count(), ours.lines().count());
    for (ours, theirs) in ours.lines().zip(theirs.lines()) {
        assert_eq!(ours, theirs);
    }
}

/// Everything that a client can ask for, at one height.
fn answers(database: &Database, height: u8) -> BTreeMap<String, Vec<u8>> {
    let mut answers = BTreeMap::from([("/latest".to_owned(), database.head.clone())]);
    for id in 0..database.size {
        answers.insert(lookup_path(id), database.lookup(id).1);
    }
    for tile in tiles(database.size, height, false) {
        let (status, body) = database.tile(&tile);
        if status == 200 {
            answers.insert(format!("/{tile}"), body);
        }
    }
    answers
}

fn ask(xmod: &Xmod, height: u8, answers: &BTreeMap<String, Vec<u8>>) -> (bool, String) {
    let encoded: BTreeMap<&str, String> = answers
        .iter()
        .map(|(path, body)| (path.as_str(), base64(body)))
        .collect();
    xmod.write("answers", serde_json::to_vec(&encoded).unwrap());
    let key = signer().verifier().to_string();
    let output = xmod.run(&["ask", &key, &height.to_string(), "records", "answers"]);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn go_own_client_believes_every_answer_and_no_changed_one() {
    let records: Vec<Vec<u8>> = (0..SIZE).map(record).collect();
    for toolchain in Toolchain::both() {
        let xmod = Xmod::build(&toolchain);
        for database in Database::grown(&records) {
            if ![1, 2, 7, 255, 256, 257, SIZE].contains(&database.size) {
                continue;
            }
            let held = &records[..usize::try_from(database.size).unwrap()];
            xmod.write("records", tile_of(held));
            for height in [1, 2, 3, 8] {
                let answers = answers(&database, height);
                let case = format!("{} at height {height}", database.size);
                let want = format!("{} records hold\n", database.size);
                assert_eq!(ask(&xmod, height, &answers), (true, want), "{case}");
                if database.size != SIZE || height == 1 {
                    continue;
                }
                // A hash of a record in a tile, and in the record itself.
                for path in [format!("/tile/{height}/0/000"), lookup_path(0)] {
                    let mut changed = answers.clone();
                    let body = changed.get_mut(&path).unwrap();
                    body[31] ^= 1;
                    let (held, said) = ask(&xmod, height, &changed);
                    assert!(!held, "{case}, {path}: {said}");
                }
            }
        }
    }
}
