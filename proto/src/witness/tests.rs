//! Requests, decisions, answers and policies.

use super::*;
use crate::note::{Cosigner, CosignerKey, SignerKey};
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::plan::TiledProof;
use crate::tlog::{Hash, HashTree, Tree, record_hash};

const ORIGIN: &str = "log.example.com/go";

fn signer() -> SignerKey {
    SignerKey::from_seed(ORIGIN, [1; 32]).unwrap()
}

fn cosigner(number: u8) -> Cosigner {
    Cosigner::from_seed(&format!("witness.example/w{number}"), [100 + number; 32]).unwrap()
}

/// A log whose records are other ones from number `fork` on.
fn tree(size: u64, fork: u64) -> HashTree {
    let mut log = HashTree::default();
    for id in 0..size {
        let other = if id < fork { "" } else { "other" };
        log.push(record_hash(format!("{id}{other}\n").as_bytes()));
    }
    log
}

fn note_of(tree: Tree, signer: &SignerKey) -> Vec<u8> {
    let origin = ORIGIN.to_owned();
    let extensions = Vec::new();
    let checkpoint = Checkpoint {
        origin,
        tree,
        extensions,
    };
    note::sign(&checkpoint.to_string(), &[signer]).unwrap()
}

fn request(old_size: u64, log: &HashTree) -> AddCheckpoint {
    let plan = TiledProof::consistency(&log.tree(), 8, old_size).unwrap();
    let tiles: Vec<Vec<u8>> = plan
        .tiles()
        .iter()
        .map(|tile| log.tile(tile).unwrap())
        .collect();
    let proof = plan.finish(&tiles).unwrap();
    AddCheckpoint::new(old_size, proof, &note_of(log.tree(), &signer())).unwrap()
}

fn log() -> Log {
    Log {
        origin: ORIGIN.to_owned(),
        keys: vec![signer().verifier()],
    }
}

fn remembered(log: &HashTree) -> RememberedHead {
    RememberedHead::parse(&note_of(log.tree(), &signer())).unwrap()
}

fn status(refused: Result<Admitted, Refusal>) -> u16 {
    refused.unwrap_err().answer().status()
}

#[test]
fn every_growth_of_a_small_log_is_admitted_and_no_fork() {
    for new in 0..40 {
        let grown = tree(new, new);
        for old in 0..=new {
            let known = (old > 0).then(|| remembered(&tree(old, old)));
            let request = request(old, &grown);
            let again = AddCheckpoint::parse(request.to_string().as_bytes());
            assert_eq!(again.as_ref(), Ok(&request));
            let admitted = admit(&log(), known.as_ref(), &request).unwrap();
            assert_eq!(admitted.head().unwrap().tree, grown.tree());
            // The witness knows another history.
            if old > 0 {
                let known = remembered(&tree(old, old - 1));
                let refused = admit(&log(), Some(&known), &request);
                assert_eq!(status(refused), 422, "{old} {new}");
            }
        }
    }
}

#[test]
fn cosigns_only_what_is_said_to_be_persisted() {
    let grown = tree(5, 5);
    let admitted = admit(&log(), None, &request(0, &grown)).unwrap();
    let head = admitted.head().unwrap();
    assert_eq!(head.note, note_of(grown.tree(), &signer()));
    let persisted = admitted.persisted();
    let (answer, cosigned) = persisted.cosign(&[cosigner(1), cosigner(2)], 77).unwrap();
    assert_eq!(answer.status(), 200);
    let Answer::Cosigned(signatures) = &answer else {
        panic!("{answer:?}");
    };
    let text = grown.tree();
    let text = format!("{ORIGIN}\n{}\n{}\n", text.size, text.hash);
    for (number, signature) in [1, 2].into_iter().zip(signatures) {
        assert_eq!(cosigner(number).verifier().check(&text, signature), Ok(77));
    }
    let opened = note::open(&cosigned.note, &[signer().verifier()]).unwrap();
    assert_eq!(&opened.unverified, signatures);
    assert_eq!(RememberedHead::parse(&cosigned.note), Ok(cosigned));
    assert!(persisted.cosign(&[], 77).is_err());
    assert!(persisted.cosign(&[cosigner(1)], 0).is_err());
}

#[test]
fn a_head_is_cosigned_again_with_a_new_time() {
    let grown = tree(5, 5);
    let again = admit(&log(), Some(&remembered(&grown)), &request(5, &grown)).unwrap();
    assert_eq!(again.head().unwrap().tree, grown.tree());
}

#[test]
fn refusals_have_the_statuses_of_the_protocol() {
    let grown = tree(9, 9);
    let good = request(4, &grown);
    let known = remembered(&tree(4, 4));
    let judge = |request: &AddCheckpoint| admit(&log(), Some(&known), request);
    assert!(judge(&good).is_ok());

    let mut other_origin = good.clone();
    other_origin.checkpoint.origin = "elsewhere".into();
    assert_eq!(status(judge(&other_origin)), 404);

    let stranger = SignerKey::from_seed(ORIGIN, [2; 32]).unwrap();
    let unsigned = AddCheckpoint::new(4, good.proof.clone(), &note_of(grown.tree(), &stranger));
    assert_eq!(status(judge(&unsigned.unwrap())), 403);
    let forged = good.note.replacen("\n9\n", "\n8\n", 1);
    let forged = AddCheckpoint::new(4, good.proof.clone(), forged.as_bytes());
    assert_eq!(status(judge(&forged.unwrap())), 403);

    let mut backwards = good.clone();
    backwards.old_size = 10;
    assert_eq!(status(judge(&backwards)), 400);

    for old_size in [0, 3, 5, 9] {
        let answer = judge(&request(old_size, &grown)).unwrap_err().answer();
        assert_eq!(answer, Answer::Conflict { size: 4 });
        assert_eq!(answer.body(), "4\n");
        assert_eq!(answer.content_type(), "text/x.tlog.size");
    }
    let first = admit(&log(), None, &good).unwrap_err();
    assert_eq!(first.answer(), Answer::Conflict { size: 0 });

    let mut no_proof = good.clone();
    no_proof.proof.clear();
    assert_eq!(status(judge(&no_proof)), 422);
    let mut more = good;
    more.proof.push(Hash([0; 32]));
    assert_eq!(status(judge(&more)), 422);
    let mut proof_from_nothing = request(0, &grown);
    proof_from_nothing.proof.push(Hash([0; 32]));
    assert_eq!(status(admit(&log(), None, &proof_from_nothing)), 422);

    let hash = Hash([7; 32]);
    let nothing = note_of(Tree { size: 0, hash }, &signer());
    let nothing = AddCheckpoint::new(0, vec![], &nothing).unwrap();
    assert_eq!(admit(&log(), None, &nothing), Err(Refusal::EmptyTree));
}

#[test]
fn two_heads_of_one_size_are_kept_as_evidence() {
    let known = remembered(&tree(9, 9));
    let forked = request(9, &tree(9, 7));
    let refused = admit(&log(), Some(&known), &forked).unwrap_err();
    let text = refused.to_string();
    let Refusal::TwoHeads(evidence) = &refused else {
        panic!("{refused}");
    };
    let key = [signer().verifier()];
    for note in [&evidence.remembered, &evidence.offered] {
        assert!(note::open(note, &key).is_ok());
        assert!(text.contains(std::str::from_utf8(note).unwrap()));
    }
    assert_eq!(refused.answer().status(), 422);
    // A proof that does not hold says nothing against the log: anybody can send one.
    let known = remembered(&tree(4, 4));
    let refused = admit(&log(), Some(&known), &request(4, &tree(9, 3))).unwrap_err();
    assert!(matches!(refused, Refusal::Proof(_)));
    assert!(!refused.to_string().contains("signed"), "{refused}");
}

#[test]
fn signatures_of_strangers_are_not_remembered() {
    let grown = tree(5, 5);
    let stranger = cosigner(9).cosign("whatever\n1\nx\n", 5).unwrap().line();
    let note = [&note_of(grown.tree(), &signer())[..], stranger.as_bytes()].concat();
    let request = AddCheckpoint::new(0, vec![], &note).unwrap();
    let head = admit(&log(), None, &request).unwrap().head().unwrap();
    assert_eq!(head.note, note_of(grown.tree(), &signer()));
}

#[test]
fn one_of_two_keys_is_enough_while_a_log_changes_its_key() {
    let next = SignerKey::from_seed(ORIGIN, [2; 32]).unwrap();
    let both = Log {
        keys: vec![signer().verifier(), next.verifier()],
        ..log()
    };
    let grown = tree(5, 5);
    for key in [signer(), next] {
        let request = AddCheckpoint::new(0, vec![], &note_of(grown.tree(), &key)).unwrap();
        assert!(admit(&both, None, &request).is_ok());
    }
}

#[test]
fn malformed_requests_are_refused() {
    let good = request(4, &tree(9, 9)).to_string();
    assert!(AddCheckpoint::parse(good.as_bytes()).is_ok());
    let hash = format!("{}\n", Hash([0; 32]));
    for (bad, why) in [
        (String::new(), "nothing"),
        (good.replacen("old 4", "old 04", 1), "zero in front"),
        (good.replacen("old 4", "old", 1), "no size"),
        (good.replacen("old 4", "Old 4", 1), "another word"),
        (good.replacen("old 4\n", "", 1), "no old size"),
        (good.replacen("old 4\n", "old 4\nx\n", 1), "no hash"),
        (
            good.replacen("old 4\n", &format!("old 4\n{}", hash.repeat(64)), 1),
            "64 hashes",
        ),
        (good.replacen("\n\n", "\n", 1), "no empty line"),
        (good.replacen("\n\n", "\n\n\n", 1), "two empty lines"),
        (good.replacen("\n9\n", "\n09\n", 1), "no checkpoint"),
        (good.trim_end().to_owned(), "no newline at the end"),
        (good.replace('\n', "\r\n"), "carriage returns"),
        ("x".repeat(REQUEST_LEN_MAX + 1), "too long"),
    ] {
        assert!(AddCheckpoint::parse(bad.as_bytes()).is_err(), "{why}");
    }
    let malformed = Refusal::from(AddCheckpoint::parse(b"").unwrap_err());
    assert_eq!(malformed.answer().status(), 400);
    assert!(AddCheckpoint::new(0, vec![Hash([0; 32]); 64], b"x").is_err());
}

#[test]
fn answers_are_read_as_they_are_written() {
    let signature = cosigner(1).cosign("a\n1\nb\n", 5).unwrap();
    for answer in [
        Answer::Cosigned(vec![signature]),
        Answer::Conflict { size: 0 },
        Answer::Conflict { size: 71_909_756 },
        Answer::Refused {
            status: 422,
            text: "consistency proof does not hold".into(),
        },
    ] {
        let (status, kind) = (answer.status(), answer.content_type());
        let body = answer.body();
        assert_eq!(Answer::parse(status, kind, body.as_bytes()), Ok(answer));
    }
    for (status, kind, body) in [
        (200, "text/plain", &b""[..]),
        (200, "text/plain", b"thanks\n"),
        (200, "text/plain", b"\xff\n"),
        (409, SIZE_TYPE, b"12"),
        (409, SIZE_TYPE, b"012\n"),
        (409, SIZE_TYPE, b"\n"),
        (409, SIZE_TYPE, b"99999999999999999999\n"),
        (302, "text/plain", b""),
        (500, "text/plain", b"oops\n"),
        (200, "text/plain", &[b'x'; note::LEN_MAX + 1]),
    ] {
        assert!(
            Answer::parse(status, kind, body).is_err(),
            "{status} {kind}"
        );
    }
    // What is cut off a long refusal leaves no line end behind.
    let long = format!("{}\n{}", "x".repeat(499), "y".repeat(99));
    let answer = Answer::parse(422, "text/plain", long.as_bytes()).unwrap();
    assert_eq!(answer.body(), format!("{}\n", "x".repeat(499)));
    let plain = Answer::parse(409, "text/plain", b"12\n").unwrap();
    assert!(matches!(plain, Answer::Refused { status: 409, .. }));
}

#[test]
fn an_origin_has_its_own_address() {
    let hash = origin_hash("example.com/behind-the-sofa");
    assert_eq!(hash.len(), 64);
    assert_ne!(hash, origin_hash("example.com/behind-the-sofa/"));
}

/// A checkpoint with cosignatures of these times, one a witness, from number 1 on.
fn cosigned(times: &[u64]) -> note::Note {
    let signed = note_of(tree(5, 5).tree(), &signer());
    let (text, mut signatures) = note::parse(&signed).unwrap();
    for (number, &time_s) in (1..).zip(times) {
        signatures.push(cosigner(number).cosign(&text, time_s).unwrap());
    }
    let note = note::assemble(&text, &signatures).unwrap();
    note::open(&note, &[signer().verifier()]).unwrap()
}

fn keys(count: u8) -> Vec<CosignerKey> {
    (1..=count)
        .map(|number| cosigner(number).verifier())
        .collect()
}

#[test]
fn k_of_n_fresh_cosignatures_are_demanded() {
    let policy = Policy::new(keys(4), 2, Some(60)).unwrap();
    let note = cosigned(&[1000, 939, 1301]);
    let standing = policy.judge(&note, 1000).unwrap();
    let names = |list: &[note::Cosignature]| -> Vec<String> {
        list.iter().map(|one| one.name.clone()).collect()
    };
    assert_eq!(names(&standing.fresh), ["witness.example/w1"]);
    assert_eq!(names(&standing.stale), ["witness.example/w2"]);
    assert_eq!(names(&standing.future), ["witness.example/w3"]);
    assert_eq!(standing.missing, ["witness.example/w4"]);
    assert!(!standing.is_met());
    let note = cosigned(&[1000, 940, 1300]);
    let standing = policy.judge(&note, 1000).unwrap();
    assert_eq!(standing.fresh.len(), 3);
    assert!(standing.is_met());
    assert_eq!(standing.met_until_s(60), Some(1060));
    assert!(policy.judge(&note, 1060).unwrap().is_met());
    assert!(!policy.judge(&note, 1061).unwrap().is_met());
}

#[test]
fn strangers_do_not_count_and_forgers_are_an_error() {
    let policy = Policy::new(keys(1), 1, None).unwrap();
    assert!(policy.judge(&cosigned(&[1]), u64::MAX).unwrap().is_met());
    let of_another = Policy::new(vec![cosigner(9).verifier()], 1, None).unwrap();
    assert!(!of_another.judge(&cosigned(&[1]), 5).unwrap().is_met());
    let mut note = cosigned(&[1]);
    note.unverified[0] = cosigner(1).cosign("other\n1\nx\n", 1).unwrap();
    assert!(policy.judge(&note, 5).is_err());
}

#[test]
fn a_policy_of_nothing_is_met_and_one_of_too_much_is_refused() {
    let nothing = Policy::new(vec![], 0, None).unwrap();
    let standing = nothing.judge(&cosigned(&[]), 5).unwrap();
    assert!(standing.is_met());
    assert_eq!(standing.met_until_s(60), None);
    assert!(Policy::new(keys(2), 3, None).is_err());
    let twice = [keys(1), keys(1)].concat();
    assert!(Policy::new(twice, 1, None).is_err());
    // One key under two names has one vote.
    let other_name = Cosigner::from_seed("other", [101; 32]).unwrap().verifier();
    let error = Policy::new(vec![cosigner(1).verifier(), other_name], 1, None);
    assert!(error.unwrap_err().to_string().contains("one key"));
}
