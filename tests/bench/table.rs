//! Writes a map from module versions to record numbers, as the tables of `proto` or as
//! a sled tree, and looks keys up in it.
//!
//! `table FOLDER COUNT table|sled`. Prints one row of a table in Markdown: seconds to
//! write, bytes a key on disk, lookups a second of keys that are there and of keys that
//! are not, and the most memory that was resident, in MiB.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use proto::sumdb::table::{
    self, Duplicates, Entry, Footer, Merge, Place, Walk, Writer, merge_from,
};
use sha2::{Digest as _, Sha256};

/// Keys that are sorted in memory at once, and sled's batches.
const BATCH: u64 = 10_000;

/// Lookups that are timed.
const LOOKUPS: u64 = 50_000;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, count, rival] = words.as_slice() else {
        usage()
    };
    let count: u64 = count.parse().unwrap_or_else(|_| usage());
    let folder = Path::new(folder);
    std::fs::create_dir_all(folder).expect("make the folder");
    let row = match rival.as_str() {
        "table" => measure(count, folder, write_tables(folder, count), Tables::find),
        "sled" => measure(count, folder, write_sled(folder, count), find_in_sled),
        _ => usage(),
    };
    println!("| {rival} | {count} | {row} |");
}

fn usage() -> ! {
    eprintln!("usage: table FOLDER COUNT table|sled");
    std::process::exit(64)
}

/// A module version, some thirteen versions a module, a third of them pseudo-versions.
/// Numbers are in no order of the keys, as in a real log.
fn key(number: u64) -> Vec<u8> {
    let hash = hex::encode(Sha256::digest(number.to_be_bytes()));
    let module = hex::encode(Sha256::digest((number / 13).to_le_bytes()));
    let (owner, name) = (&module[..6], &module[6..14]);
    let version = if number.is_multiple_of(3) {
        let time = 20_200_101_000_000 + number;
        format!("v0.0.0-{time}-{}", &hash[..12])
    } else {
        format!("v1.{}.{}", number / 1000, number % 1000)
    };
    format!("github.com/owner-{owner}/{name}@{version}").into_bytes()
}

fn measure<T>(
    count: u64,
    folder: &Path,
    written: (f64, T),
    find: impl Fn(&T, &[u8]) -> Option<u64>,
) -> String {
    let (seconds, map) = written;
    let numbers = (0..LOOKUPS).map(|step| step.wrapping_mul(0x9e37_79b9_7f4a_7c15) % count);
    let (present, absent): (Vec<_>, Vec<_>) = numbers
        .map(|number| {
            let key = key(number);
            let other = [&key[..], b"x"].concat();
            ((key, number), other)
        })
        .unzip();
    let start = Instant::now();
    for (key, number) in &present {
        assert_eq!(find(&map, key), Some(*number));
    }
    let found = start.elapsed().as_secs_f64();
    let start = Instant::now();
    for key in &absent {
        assert_eq!(find(&map, key), None);
    }
    let missed = start.elapsed().as_secs_f64();
    let rate = |seconds: f64| LOOKUPS as f64 / seconds;
    format!(
        "{seconds:.1} | {:.1} | {:.0} | {:.0} | {:.0}",
        disk_bytes(folder) as f64 / count as f64,
        rate(found),
        rate(missed),
        peak_mib(),
    )
}

/// A run and its file.
struct Run {
    path: PathBuf,
    file: File,
    footer: Footer,
}

/// The runs of one map, the oldest first.
struct Tables {
    runs: Vec<Run>,
}

impl Tables {
    fn find(&self, key: &[u8]) -> Option<u64> {
        self.runs.iter().find_map(|run| {
            table::find(&run.footer, key, |place| run.read(place)).expect("read a table")
        })
    }
}

/// What can go wrong with a run here.
#[derive(Debug)]
#[expect(dead_code, reason = "shown by its Debug form alone")]
enum Broken {
    File(io::Error),
    Table(table::Error),
}

impl From<table::Error> for Broken {
    fn from(error: table::Error) -> Self {
        Self::Table(error)
    }
}

impl Run {
    fn write(path: PathBuf, entries: impl Iterator<Item = Result<Entry, Broken>>) -> Self {
        let mut out = BufWriter::new(File::create(&path).expect("make a table"));
        let mut writer = Writer::default();
        for entry in entries {
            let entry = entry.expect("entries of older tables");
            let blocks = writer.push(&entry.key, entry.number).expect("sorted keys");
            out.write_all(&blocks).expect("write a table");
        }
        out.write_all(&writer.finish()).expect("write a table");
        let file = out.into_inner().expect("write a table");
        file.sync_all().expect("flush a table");
        Self::open(path)
    }

    fn open(path: PathBuf) -> Self {
        let file = File::open(&path).expect("open a table");
        let len = file.metadata().expect("a table's length").len();
        let mut end = [0; Footer::LEN];
        file.read_exact_at(&mut end, len - Footer::LEN as u64)
            .expect("read a table's end");
        let footer = Footer::parse(len, &end).expect("a table's footer");
        Self { path, file, footer }
    }

    fn read(&self, place: &Place) -> Result<Vec<u8>, Broken> {
        let mut bytes = vec![0; place.len];
        let read = self.file.read_exact_at(&mut bytes, place.offset);
        read.map(|()| bytes).map_err(Broken::File)
    }
}

fn write_tables(folder: &Path, count: u64) -> (f64, Tables) {
    let start = Instant::now();
    let mut runs: Vec<Run> = Vec::new();
    for first in (0..count).step_by(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
        let batch: BTreeMap<Vec<u8>, u64> = (first..count.min(first + BATCH))
            .map(|number| (key(number), number))
            .collect();
        let entries = batch
            .into_iter()
            .map(|(key, number)| Ok(Entry { key, number }));
        runs.push(Run::write(folder.join(format!("{first}")), entries));
        let lens: Vec<u64> = runs.iter().map(|run| run.footer.entries).collect();
        if let Some(from) = merge_from(&lens) {
            let merged = {
                let walks = runs[from..].iter().map(|run| {
                    Walk::new(&run.footer).entries(move |place: &Place| run.read(place))
                });
                let entries = Merge::new(walks, Duplicates::Refuse);
                Run::write(folder.join(format!("{first}-merged")), entries)
            };
            for run in runs.drain(from..) {
                std::fs::remove_file(run.path).expect("remove a merged table");
            }
            runs.push(merged);
        }
    }
    (start.elapsed().as_secs_f64(), Tables { runs })
}

fn write_sled(folder: &Path, count: u64) -> (f64, sled::Db) {
    let start = Instant::now();
    let database = sled::open(folder).expect("open sled");
    for first in (0..count).step_by(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
        let mut batch = sled::Batch::default();
        for number in first..count.min(first + BATCH) {
            batch.insert(key(number), &number.to_be_bytes());
        }
        database.apply_batch(batch).expect("write to sled");
        database.flush().expect("flush sled");
    }
    (start.elapsed().as_secs_f64(), database)
}

fn find_in_sled(database: &sled::Db, key: &[u8]) -> Option<u64> {
    let value = database.get(key).expect("read from sled")?;
    Some(u64::from_be_bytes(
        value.as_ref().try_into().expect("eight bytes"),
    ))
}

fn disk_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder)
        .expect("read the folder")
        .flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => disk_bytes(&entry.path()),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}
