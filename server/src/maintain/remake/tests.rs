use std::collections::BTreeMap;
use std::fs;

use sha2::{Digest, Sha256};

use super::*;
use crate::journal::Journal;
use crate::ledger::Standing;
use crate::ledger::memory::Memory;
use crate::shelf::{Parts, Shelf};
use crate::store::durable::Staging;
use crate::store::local::Local;

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn first_use(version: &str, bytes: &[u8]) -> Entry {
    Entry::FirstUse {
        key: format!("m.example/x/@v/{version}.mod"),
        sha256: sha256(bytes),
        size: bytes.len() as u64,
        h1: None,
        standing: Standing::Unproved {
            reason: "proof is off".into(),
        },
        at: 7,
    }
}

fn contents(version: &str) -> Entry {
    Entry::Contents {
        version: format!("m.example/x@{version}"),
        h1: "h1:x".into(),
        files: vec![("go.mod".into(), "00".into())],
    }
}

fn removed(file: &str) -> Entry {
    Entry::Removed {
        key: format!("m.example/x/@v/{file}"),
        at: 8,
    }
}

fn fetched_twice() -> Entry {
    Entry::Fetched {
        day: "2026-11-26".into(),
        counts: BTreeMap::from([("m.example/x@v1.0.0".to_owned(), 2)]),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn first_uses_counts_and_lists_of_files_come_back_from_the_journal() {
    let data = tempfile::tempdir().unwrap();
    let mut config = Config::new(data.path().to_owned());
    config.databases = Vec::new();
    let journal = Journal::open(data.path()).unwrap();
    let bytes = b"module m.example/x\n";
    let entries = [
        first_use("v1.0.0", bytes),
        first_use("v1.1.0", b"what was stored first"),
        first_use("v1.2.0", b"taken back"),
        removed("v1.2.0.mod"),
        first_use("v1.3.0", b"lost with the disk"),
        fetched_twice(),
        fetched_twice(),
        contents("v1.0.0"),
        contents("v1.2.0"),
        removed("v1.2.0.zip"),
    ];
    journal.append_all(entries).await.unwrap();
    let folder = data.path().join("modules/m.example/x/@v");
    fs::create_dir_all(&folder).unwrap();
    for version in ["v1.0.0", "v1.1.0", "v1.2.0", "v1.4.0"] {
        fs::write(folder.join(format!("{version}.mod")), bytes).unwrap();
    }
    let archives = Archives::open(&[], &config.upstream, data.path());
    let ledger = Arc::new(Memory::default());
    // As a remake that broke off leaves it.
    let counted = Change::put(Table::Fetched, "2026-11-26/m.example/x@v1.0.0", &2).unwrap();
    ledger.apply(vec![counted]).await.unwrap();
    let remake = Remake {
        own: None,
        databases: Arc::new(archives.unwrap()),
        blobs: Arc::new(Local::read_only(data.path())),
        ledger: Arc::clone(&ledger) as Arc<dyn Ledger>,
        turns: Turns::default(),
        config,
    };
    let report = remake.beside_server().await.unwrap();
    let want = Remade {
        recorded: 1,
        damaged: 1,
        unproved: 2,
        ..Remade::default()
    };
    assert_eq!(report, want);
    let record = async |version: &str| {
        let key = Key::parse(&format!("m.example/x/@v/{version}.mod")).unwrap();
        ledger::file(&*ledger, &key).await.unwrap()
    };
    let first = record("v1.0.0").await.unwrap();
    assert_eq!((first.sha256, first.size), (sha256(bytes), 19));
    assert_eq!(first.stored_at, 7);
    let second = record("v1.1.0").await.unwrap();
    assert_eq!(second.sha256, sha256(b"what was stored first"));
    let lost = record("v1.3.0").await.unwrap();
    assert_eq!(lost.sha256, sha256(b"lost with the disk"), "until a purge");
    for version in ["v1.2.0", "v1.4.0"] {
        assert_eq!(record(version).await, None, "{version}");
    }
    let count = ledger.get(Table::Fetched, "2026-11-26/m.example/x@v1.0.0");
    assert_eq!(count.await.unwrap().unwrap(), b"4");
    for (version, want) in [("v1.0.0", true), ("v1.2.0", false)] {
        let key = format!("m.example/x@{version}");
        let contents = ledger.get(Table::Contents, &key).await.unwrap();
        assert_eq!(contents.is_some(), want, "{version}");
    }
}

/// Takes files back, and stores another one under a name, when the journal has been read
/// so far that it told of the first ones.
struct Purges<'a> {
    shelf: &'a Shelf<()>,
    runtime: &'a Handle,
    keys: [Key; 2],
}

impl Watch for Purges<'_> {
    fn bytes(&mut self, _: u64) {}

    fn line(&mut self, _: String) {
        let [gone, another] = &self.keys;
        let bytes = b"module m.example/y\n";
        let record = FileRecord {
            sha256: sha256(bytes),
            size: bytes.len() as u64,
            h1: None,
            standing: Standing::Exempt,
            stored_at: 9,
            evicted_at: None,
        };
        self.runtime.block_on(async {
            self.shelf.remove(gone).await.unwrap();
            self.shelf.remove(another).await.unwrap();
            self.shelf
                .keep_first(another, bytes, &record)
                .await
                .unwrap();
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_and_stored_meanwhile_is_not_overwritten() {
    let data = tempfile::tempdir().unwrap();
    let mut config = Config::new(data.path().to_owned());
    config.databases = Vec::new();
    let journal = Journal::open(data.path()).unwrap();
    let versions = ["v1.0.0", "v1.1.0"];
    let bytes = b"module m.example/x\n";
    let entries = versions.map(|version| first_use(version, bytes));
    journal.append_all(entries).await.unwrap();
    // Read behind all that is told of files.
    let heads = data.path().join("journal/heads-202601.jsonl");
    fs::write(heads, b"a line that is not an entry\n").unwrap();
    let folder = data.path().join("modules/m.example/x/@v");
    fs::create_dir_all(&folder).unwrap();
    for version in versions {
        fs::write(folder.join(format!("{version}.mod")), bytes).unwrap();
    }
    let staging = Staging::open(data.path()).unwrap();
    let blobs: Arc<dyn Blobs> = Arc::new(Local::open(data.path(), &staging).unwrap());
    let ledger: Arc<dyn Ledger> = Arc::new(Memory::default());
    let turns = Turns::default();
    let parts = Parts {
        blobs: Arc::clone(&blobs),
        ledger: Arc::clone(&ledger),
        journal,
        turns: turns.clone(),
    };
    let shelf = Shelf::new(parts, &config.cache, &config.usage);
    let archives = Archives::open(&[], &config.upstream, data.path());
    let remake = Remake {
        own: None,
        databases: Arc::new(archives.unwrap()),
        blobs,
        ledger: Arc::clone(&ledger),
        turns,
        config,
    };
    let keys = versions.map(|version| {
        let key = format!("m.example/x/@v/{version}.mod");
        Key::parse(&key).unwrap()
    });
    let runtime = Handle::current();
    tokio::task::block_in_place(|| {
        let mut watch = Purges {
            shelf: &shelf,
            runtime: &runtime,
            keys: keys.clone(),
        };
        remake.alone(&runtime, &mut watch).unwrap();
    });
    let [gone, another] = &keys;
    assert_eq!(ledger::file(&*ledger, gone).await.unwrap(), None);
    let record = ledger::file(&*ledger, another).await.unwrap().unwrap();
    assert_eq!(record.sha256, sha256(b"module m.example/y\n"));
    assert_eq!(record.stored_at, 9);
}

#[tokio::test]
async fn what_the_journal_told_last_is_recorded_where_the_ledger_has_nothing() {
    let data = tempfile::tempdir().unwrap();
    let journal = Journal::open(data.path()).unwrap();
    let removed = Entry::Removed {
        key: "m.example/x/@v/v1.2.0.mod".into(),
        at: 8,
    };
    let entries = [
        first_use("v1.0.0", b"lost by a crash"),
        first_use("v1.1.0", b"since then proved"),
        first_use("v1.2.0", b"taken back"),
        removed,
    ];
    journal.append_all(entries).await.unwrap();
    let ledger: Arc<dyn Ledger> = Arc::new(Memory::default());
    let key = |version: &str| Key::parse(&format!("m.example/x/@v/{version}.mod")).unwrap();
    let (_, first) = first_use("v1.1.0", b"").into_first_use().unwrap();
    let change = Change::put(Table::Files, key("v1.1.0").as_str(), &first).unwrap();
    ledger.apply(vec![change]).await.unwrap();
    let config = Config::new(data.path().to_owned());
    let archives = Archives::open(&[], &config.upstream, data.path());
    let remake = Remake {
        databases: Arc::new(archives.unwrap()),
        own: None,
        blobs: Arc::new(Local::read_only(data.path())),
        ledger: Arc::clone(&ledger),
        turns: Turns::default(),
        config,
    };
    assert_eq!(remake.recent_first_uses().await.unwrap(), 1);
    let recorded = async |version: &str| {
        let record = ledger::file(&*ledger, &key(version)).await.unwrap();
        record.map(|record| record.sha256)
    };
    assert_eq!(recorded("v1.0.0").await, Some(sha256(b"lost by a crash")));
    assert_eq!(recorded("v1.1.0").await, Some(sha256(b"")), "it stays");
    assert_eq!(recorded("v1.2.0").await, None);
    assert_eq!(remake.recent_first_uses().await.unwrap(), 0);
}
