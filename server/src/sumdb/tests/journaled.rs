//! Heads in journal, files and ledger.

use super::*;
use crate::journal::{self, Entry, Journal, Line};
use crate::ledger::Ledger;
use crate::ledger::failing::{Call, Failing};
use crate::ledger::memory::Memory;
use crate::store::failing::Fault;
use crate::sumdb::heads::{Heads as _, RecordedHeads};

struct Desk {
    data: TempDir,
    ledger: Arc<Failing<Memory>>,
    heads: RecordedHeads,
}

impl Desk {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let ledger = Arc::new(Failing::new(Memory::default()));
        let heads = RecordedHeads::new(
            data.path().to_owned(),
            Staging::open(data.path()).unwrap(),
            Journal::open(data.path()).unwrap(),
            Arc::clone(&ledger) as Arc<dyn Ledger>,
            &[settings(signer().verifier())],
        );
        Self {
            data,
            ledger,
            heads,
        }
    }

    /// Moves the head forward; returns the size of another one that is newer.
    async fn advance(&self, old: Option<u64>, new: u64) -> Option<u64> {
        let old = old.map(head);
        let advanced = self.heads.advance(NAME, old.as_ref(), &head(new)).await;
        let conflict = advanced.unwrap().err()?;
        let text = String::from_utf8(conflict.newest).unwrap();
        Some(checkpoint::parse(&text).unwrap().size)
    }

    /// Returns the sizes of the journaled heads.
    fn journaled(&self) -> Vec<u64> {
        let lines = journal::read(self.data.path()).map(Result::unwrap);
        lines
            .map(|line| match line {
                Line::Entry(Entry::HeadAccepted { size, .. }) => size,
                line => panic!("{line:?}"),
            })
            .collect()
    }

    fn has_file(&self, size: u64) -> bool {
        let folder = self.data.path().join("sumdb").join(NAME).join("heads");
        folder.join(size.to_string()).exists()
    }
}

const NAME: &str = "sum.example.com";

fn head(size: u64) -> Head {
    Head {
        tree: LOG.tree_at(size).unwrap(),
        note: head_note(&LOG, size),
    }
}

#[tokio::test]
async fn a_head_that_another_server_has_outpaced_is_not_journaled_as_accepted() {
    let desk = Desk::new();
    assert_eq!(desk.advance(None, 200).await, None);
    // Another server, by the same ledger.
    let log = format!("{NAME}+{:08x}", signer().verifier().key_hash());
    let (old, new) = (head_note(&LOG, 200), head_note(&LOG, 300));
    let advanced = desk.ledger.advance(&log, Some(&old), &new).await.unwrap();
    assert_eq!(advanced, Ok(()));
    assert_eq!(desk.advance(Some(200), 400).await, Some(300));
    assert_eq!(desk.journaled(), [200]);
    assert!(!desk.has_file(400));
    desk.heads.restore().unwrap();
    assert!(desk.has_file(200) && !desk.has_file(400));
}

#[tokio::test]
async fn a_head_is_journaled_before_it_is_believed_though_the_ledger_fails() {
    let desk = Desk::new();
    let fault = Fault::NotDone(std::io::ErrorKind::TimedOut);
    desk.ledger
        .fail(move |call| (call == Call::Advance).then_some(fault));
    assert_eq!(desk.advance(None, 200).await, None);
    assert_eq!(desk.journaled(), [200]);
    desk.ledger.heal();
    // What the ledger has not is no newer head.
    assert_eq!(desk.advance(Some(200), 300).await, None);
    assert_eq!(desk.journaled(), [200, 300]);
}
