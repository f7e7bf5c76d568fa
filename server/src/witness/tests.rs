//! A witness on a real folder: what it remembers, and what it never signs.

use std::fs;
use std::path::PathBuf;

use proto::note::{self, CosignerKey, SignerKey};
use proto::tlog::checkpoint::Checkpoint;
use proto::tlog::{HashTree, ProofPlan, record_hash};
use tempfile::TempDir;

use super::*;

const ORIGIN: &str = "log.example/one";

fn signer() -> SignerKey {
    SignerKey::from_seed(ORIGIN, [1; 32]).unwrap()
}

fn cosigner() -> Cosigner {
    Cosigner::from_seed("witness.example/w", [2; 32]).unwrap()
}

fn key() -> CosignerKey {
    cosigner().verifier()
}

/// A log whose records are other ones from number `fork` on.
fn log(size: u64, fork: u64) -> HashTree {
    let mut log = HashTree::default();
    for id in 0..size {
        let other = if id < fork { "" } else { "other" };
        log.push(record_hash(format!("{id}{other}\n").as_bytes()));
    }
    log
}

fn text(log: &HashTree) -> String {
    Checkpoint {
        origin: ORIGIN.to_owned(),
        tree: log.tree(),
        extensions: Vec::new(),
    }
    .to_string()
}

fn request(old: u64, log: &HashTree) -> Vec<u8> {
    let plan = ProofPlan::consistency(log.size(), old).unwrap();
    let hashes: Vec<_> = plan
        .nodes()
        .iter()
        .filter_map(|node| log.hash(*node))
        .collect();
    let note = note::sign(&text(log), &[&signer()]).unwrap();
    let request = AddCheckpoint::new(old, plan.finish(&hashes).unwrap(), &note).unwrap();
    request.to_string().into_bytes()
}

fn open(folder: &TempDir) -> io::Result<Witness> {
    let data = folder.path();
    let logs = vec![Log {
        origin: ORIGIN.to_owned(),
        keys: vec![signer().verifier()],
    }];
    Witness::open(data, Staging::open(data)?, cosigner(), logs)
}

fn head_file(folder: &TempDir) -> PathBuf {
    folder
        .path()
        .join("witness")
        .join(origin_hash(ORIGIN))
        .join("head")
}

#[track_caller]
fn assert_cosigned(answer: &Answer, log: &HashTree) {
    let Answer::Cosigned(signatures) = answer else {
        panic!("{answer:?}");
    };
    assert!(key().check(&text(log), &signatures[0]).unwrap() > 1_700_000_000);
}

#[tokio::test]
async fn what_was_cosigned_is_remembered_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(&folder).unwrap();
    let hash = origin_hash(ORIGIN);
    assert_eq!(witness.checkpoint(&hash).await.unwrap(), None);
    let five = log(5, 5);
    assert_cosigned(
        &witness.add_checkpoint(request(0, &five)).await.unwrap(),
        &five,
    );
    drop(witness);
    let witness = open(&folder).unwrap();
    let kept = witness.checkpoint(&hash).await.unwrap().unwrap();
    let opened = note::open(&kept, &[signer().verifier()]).unwrap();
    assert_eq!(note::cosignatures(&opened, &[key()]).unwrap().len(), 1);
    // Another history, whatever it says it goes on from.
    let forked = log(9, 3);
    for (old, want) in [(0, 409), (3, 409), (5, 422), (9, 409)] {
        let answer = witness.add_checkpoint(request(old, &forked)).await.unwrap();
        assert_eq!(answer.status(), want, "{old}");
    }
    let nine = log(9, 9);
    assert_cosigned(
        &witness.add_checkpoint(request(5, &nine)).await.unwrap(),
        &nine,
    );
    assert_eq!(witness.checkpoint("00").await.unwrap(), None);
}

#[tokio::test]
async fn nothing_is_signed_that_is_not_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(&folder).unwrap();
    // A file where the folder of the log should be.
    fs::create_dir_all(folder.path().join("witness")).unwrap();
    let in_the_way = head_file(&folder).parent().unwrap().to_path_buf();
    fs::write(&in_the_way, "x").unwrap();
    let five = log(5, 5);
    assert!(witness.add_checkpoint(request(0, &five)).await.is_err());
    fs::remove_file(&in_the_way).unwrap();
    // It looks again at what is there, and that is nothing.
    let other = log(5, 2);
    assert_cosigned(
        &witness.add_checkpoint(request(0, &other)).await.unwrap(),
        &other,
    );
    let answer = witness.add_checkpoint(request(5, &five)).await.unwrap();
    assert_eq!(answer.status(), 422);
}

#[tokio::test]
async fn two_heads_of_one_size_are_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(&folder).unwrap();
    witness
        .add_checkpoint(request(0, &log(5, 5)))
        .await
        .unwrap();
    let forked = log(5, 2);
    let answer = witness.add_checkpoint(request(5, &forked)).await.unwrap();
    assert_eq!(answer.status(), 422);
    let files = fs::read_dir(folder.path().join("evidence")).unwrap();
    let texts: Vec<String> = files
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    for log in [&log(5, 5), &forked] {
        assert!(
            texts.iter().any(|held| held.starts_with(&text(log))),
            "{texts:?}"
        );
    }
}

#[tokio::test]
async fn a_damaged_head_keeps_the_witness_from_starting() {
    for damage in ["", "x", "other.example\n1\nx\n\n\u{2014} a AAAAAAAA\n"] {
        let folder = tempfile::tempdir().unwrap();
        let witness = open(&folder).unwrap();
        witness
            .add_checkpoint(request(0, &log(5, 5)))
            .await
            .unwrap();
        drop(witness);
        fs::write(head_file(&folder), damage).unwrap();
        let error = open(&folder).err().map(|error| error.to_string());
        assert!(
            error.is_some_and(|error| error.contains("damaged")),
            "{damage:?}"
        );
    }
}

#[tokio::test]
async fn a_lost_copy_for_monitors_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(&folder).unwrap();
    let five = log(5, 5);
    witness.add_checkpoint(request(0, &five)).await.unwrap();
    fs::write(head_file(&folder).with_file_name("cosigned"), "").unwrap();
    let witness = open(&folder).unwrap();
    let hash = origin_hash(ORIGIN);
    assert_eq!(witness.checkpoint(&hash).await.unwrap(), None);
    assert_cosigned(
        &witness.add_checkpoint(request(5, &five)).await.unwrap(),
        &five,
    );
    assert!(witness.checkpoint(&hash).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_histories_offered_at_once_one_is_signed() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let witness = open(&folder).unwrap();
        let offers: Vec<_> = (0..8)
            .map(|fork| {
                let witness = witness.clone();
                tokio::spawn(async move { witness.add_checkpoint(request(0, &log(9, fork))).await })
            })
            .collect();
        let mut signed = 0;
        for offer in offers {
            match offer.await.unwrap().unwrap() {
                Answer::Cosigned(_) => signed += 1,
                Answer::Conflict { size } => assert_eq!(size, 9),
                other @ Answer::Refused { .. } => panic!("{other:?}"),
            }
        }
        assert_eq!(signed, 1);
    }
}
