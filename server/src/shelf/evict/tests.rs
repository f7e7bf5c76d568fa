use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::config;
use crate::journal::{Journal, Line};
use crate::ledger::Ledger;
use crate::ledger::failing::{Call as LedgerCall, Failing as FailingLedger};
use crate::ledger::memory::Memory;
use crate::shelf::Parts;
use crate::shelf::turns::Turns;
use crate::shelf::used::Uses;
use crate::store::durable::Staging;
use crate::store::failing::{Call, Failing, Fault};
use crate::store::local::Local;

struct Kit {
    data: tempfile::TempDir,
    blobs: Arc<Failing<Local>>,
    ledger: Arc<FailingLedger<Memory>>,
    shelf: Shelf<()>,
}

fn local(data: &Path) -> Local {
    Local::open(data, &Staging::open(data).unwrap()).unwrap()
}

impl Kit {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let blobs = Arc::new(Failing::new(local(data.path())));
        let ledger = Arc::new(FailingLedger::new(Memory::default()));
        let parts = Parts {
            blobs: blobs.clone(),
            ledger: ledger.clone() as Arc<dyn Ledger>,
            journal: Journal::open(data.path()).unwrap(),
            turns: Turns::default(),
        };
        let settings = config::Config::new(data.path().to_owned());
        let shelf = Shelf::new(parts, &settings.cache, &settings.usage);
        Self {
            data,
            blobs,
            ledger,
            shelf,
        }
    }

    async fn keep(&self, place: &str, standing: Standing, stored_at: u64) -> Key {
        let key = Key::parse(place).unwrap();
        let record = FileRecord {
            sha256: "00".repeat(32),
            size: 3,
            h1: None,
            standing,
            stored_at,
            evicted_at: None,
        };
        self.shelf.keep_first(&key, b"abc", &record).await.unwrap();
        key
    }

    async fn of(&self, key: &Key) -> Stored {
        let all = self.shelf.survey().await.unwrap();
        all.into_iter().find(|it| it.key == *key).unwrap()
    }

    fn journaled(&self) -> Vec<Entry> {
        let lines = journal::read(self.data.path()).map(Result::unwrap);
        let entries = lines.map(|line| match line {
            Line::Entry(entry) => entry,
            Line::Damaged { .. } => panic!("a damaged line"),
        });
        entries.collect()
    }
}

fn proved() -> Standing {
    Standing::Proved {
        database: "sum.example".to_owned(),
        record: 1,
        key: "01234567".to_owned(),
        record_hash: String::new(),
    }
}

const ZIP: &str = "m.example/x/@v/v1.0.0.zip";
const MOD: &str = "m.example/x/@v/v1.0.0.mod";

#[tokio::test]
async fn what_was_let_go_is_absent_and_what_it_was_stands() {
    let kit = Kit::new();
    let key = kit.keep(ZIP, Standing::Exempt, 7).await;
    let before = kit.shelf.recorded(&key).await.unwrap().unwrap();
    let stored = kit.of(&key).await;
    assert_eq!((stored.bytes, stored.last_used), (3, 7));
    assert_eq!(stored.is_proved, Some(false));

    let evicted = kit.shelf.evict(std::slice::from_ref(&stored)).await;
    let evicted = evicted.unwrap();
    assert_eq!((evicted.gone, evicted.busy), (vec![stored], vec![]));
    assert!(kit.shelf.look(&key).await.unwrap().is_none());
    let after = kit.shelf.recorded(&key).await.unwrap().unwrap();
    assert!(after.evicted_at.is_some());
    assert!(after.tells(&before));
    let last = kit.journaled().pop();
    assert!(matches!(last, Some(Entry::Evicted { keys, .. }) if keys == [ZIP]));
    assert!(kit.shelf.survey().await.unwrap().is_empty());

    // Fetched again, it is a stored file like any other.
    kit.keep(ZIP, Standing::Exempt, 9).await;
    let again = kit.shelf.recorded(&key).await.unwrap().unwrap();
    assert_eq!(again.evicted_at, None);
}

#[tokio::test]
async fn of_proved_files_the_journal_need_not_tell() {
    let kit = Kit::new();
    let key = kit.keep(ZIP, proved(), 7).await;
    let stored = kit.of(&key).await;
    assert_eq!(stored.is_proved, Some(true));
    kit.shelf.evict(&[stored]).await.unwrap();
    let of_eviction = |entry: &Entry| matches!(entry, Entry::Evicted { .. });
    assert!(!kit.journaled().iter().any(of_eviction));
}

#[tokio::test]
async fn the_last_use_is_the_newest_that_is_known() {
    let kit = Kit::new();
    let key = kit.keep(ZIP, proved(), 7).await;
    kit.shelf.used().count(&Uses::of(&key), None);
    // Not written down yet.
    let now = journal::seconds_now();
    assert!(kit.of(&key).await.last_used >= now - 60);
    // Put there by hand: nothing is recorded, so its time of writing counts.
    let path = kit.data.path().join("modules").join(MOD);
    std::fs::write(path, b"module m.example/x\n").unwrap();
    let by_hand = kit.of(&Key::parse(MOD).unwrap()).await;
    assert_eq!(by_hand.is_proved, None);
    assert!(by_hand.last_used >= now - 60);
}

#[tokio::test]
async fn a_file_that_somebody_changes_stays() {
    let kit = Kit::new();
    let key = kit.keep(ZIP, proved(), 7).await;
    let stored = kit.of(&key).await;
    let turn = kit.shelf.turns.take(&key).await;
    let evicted = kit.shelf.evict(std::slice::from_ref(&stored)).await;
    let evicted = evicted.unwrap();
    assert_eq!((evicted.gone, evicted.busy), (vec![], vec![stored.clone()]));
    drop(turn);
    assert!(kit.shelf.look(&key).await.unwrap().is_some());
    // Taken back meanwhile.
    kit.shelf.remove(&key).await.unwrap();
    let evicted = kit.shelf.evict(&[stored]).await.unwrap();
    assert_eq!(evicted, Evicted::default());
    assert_eq!(kit.shelf.recorded(&key).await.unwrap(), None);
}

/// A failure before the note is durable leaves the file; one after it leaves a file, or
/// none with a record that says why.
#[tokio::test]
async fn no_failure_leaves_a_file_missing_without_a_reason() {
    let kind = io::ErrorKind::TimedOut;
    for fault in [Fault::NotDone(kind), Fault::Done(kind)] {
        for call in [LedgerCall::Apply, LedgerCall::Flush] {
            let kit = Kit::new();
            let key = kit.keep(ZIP, Standing::Exempt, 7).await;
            let stored = kit.of(&key).await;
            kit.ledger.fail(move |it| (it == call).then_some(fault));
            assert!(kit.shelf.evict(&[stored]).await.is_err());
            kit.ledger.heal();
            assert!(kit.shelf.look(&key).await.unwrap().is_some());
        }
        let kit = Kit::new();
        let key = kit.keep(ZIP, Standing::Exempt, 7).await;
        let stored = kit.of(&key).await;
        kit.blobs
            .fail(move |it| (it == Call::Evict).then_some(fault));
        assert!(kit.shelf.evict(&[stored]).await.is_err());
        kit.blobs.heal();
        let record = kit.shelf.recorded(&key).await.unwrap().unwrap();
        assert!(record.evicted_at.is_some());
    }
}
