//! The example of the module's documentation, and proofs that are not so.

use super::*;
use crate::note::{Cosigner, CosignerKey, SignerKey};
use crate::tlog::plan::TiledProof;
use crate::tlog::{HashTree, record_hash};

const PROOF: &str = "\
c2sp.org/tlog-proof@v1
index 1
PH6byTDck/AfppmF7yQtn56GHzxTVaokzl70tLinDMs=
NVPrNRraxwz1yqT++hyvjOxyZAP+SzTBTxu42YDCC5U=

log.example.com/builds
3
pvJ9os+vE0vP+7hh6qZiLfVRE/3x0ykeoq2hInDrjfw=

— log.example.com/builds ZIo8wWmzjmekNOurjsyVJhfcjIxZomm+T4vQwQL9aKCDJuJaaSDzcck2zVZC1W7V2Py24qQB1mpVvpowB/Um2mop3AQ=
— witness.example.com/w1 GpJzrgAAAABrB3aAw7DCISHqh6r24eYQtQ2OF4Jm/4zRhV/A/ex5XMeuQ0PoTRqFSOGH7UPlKy3gw9cYOo1GDjk7gGgYgjOOX/TpDw==
";

const ORIGIN: &str = "log.example.com/builds";
const TIME_S: u64 = 1_795_651_200;

/// The secret keys of RFC 8032 section 7.1, tests 2 and 3.
const LOG_SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
const WITNESS_SEED: &str = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";

/// Record 1 of the log: a DSSE envelope.
const ENVELOPE_SIGNATURE: &str =
    "eAy7iBBGyA/wYZkrMFTU/NynNnX9drncAwBp1hY+iwL0Jt0cMSVUX8Zk1A1owIw69yZ+yi3LgTSSdJs4niURCw==";
const STATEMENT: &str = r#"{"_type":"https://in-toto.io/Statement/v1","predicate":{"properties":["GOREPRO_LEVEL_2"],"timeCreated":"2026-11-26T00:00:00Z","verifier":{"id":"https://example.com/verify-build/v1","policies":[]}},"predicateType":"https://in-toto.io/attestation/svr/v0.2","subject":[{"digest":{"sha256":"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"},"name":"a.bin"}]}"#;

fn envelope() -> String {
    let keyid = "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9";
    format!(
        r#"{{"payload":"{}","payloadType":"application/vnd.in-toto+json","signatures":[{{"keyid":"{keyid}","sig":"{ENVELOPE_SIGNATURE}"}}]}}"#,
        STANDARD.encode(STATEMENT)
    )
}

fn seed(hex: &str) -> [u8; 32] {
    hex::decode(hex).unwrap().try_into().unwrap()
}

fn log_key() -> SignerKey {
    SignerKey::from_seed(ORIGIN, seed(LOG_SEED)).unwrap()
}

fn cosigner() -> Cosigner {
    Cosigner::from_seed("witness.example.com/w1", seed(WITNESS_SEED)).unwrap()
}

fn log() -> HashTree {
    let mut log = HashTree::default();
    for record in ["x", &envelope(), "y"] {
        log.push(record_hash(record.as_bytes()));
    }
    log
}

fn policy(keys: Vec<CosignerKey>, needed: usize) -> Policy {
    Policy::new(keys, needed, None).unwrap()
}

fn verify(proof: &TlogProof, record: &[u8], origin: &str) -> Result<Proved, Error> {
    let policy = policy(vec![cosigner().verifier()], 1);
    let keys = [log_key().verifier()];
    proof.verify(record_hash(record), origin, &keys, &policy, TIME_S)
}

#[test]
fn the_example_is_made_byte_for_byte() {
    let log = log();
    let plan = TiledProof::record(&log.tree(), 8, 1).unwrap();
    let tiles: Vec<Vec<u8>> = plan
        .tiles()
        .iter()
        .map(|tile| log.tile(tile).unwrap())
        .collect();
    let text = Checkpoint {
        origin: ORIGIN.to_owned(),
        tree: log.tree(),
        extensions: Vec::new(),
    }
    .to_string();
    let signed = note::sign(&text, &[&log_key()]).unwrap();
    let (_, mut signatures) = note::parse(&signed).unwrap();
    signatures.push(cosigner().cosign(&text, TIME_S).unwrap());
    let proof = TlogProof {
        extra: None,
        index: 1,
        hashes: plan.finish(&tiles).unwrap(),
        checkpoint: String::from_utf8(note::assemble(&text, &signatures).unwrap()).unwrap(),
    };
    assert_eq!(proof.to_string(), PROOF);
}

#[test]
fn the_example_is_proved() {
    let proof = TlogProof::parse(PROOF.as_bytes()).unwrap();
    assert_eq!(proof.to_string(), PROOF);
    let proved = verify(&proof, envelope().as_bytes(), ORIGIN).unwrap();
    assert_eq!(proved.checkpoint.tree, log().tree());
    assert_eq!(proved.witnesses.fresh[0].time_s, TIME_S);
}

#[test]
fn another_record_log_key_or_witness_proves_nothing() {
    let proof = TlogProof::parse(PROOF.as_bytes()).unwrap();
    let record = envelope().into_bytes();
    assert!(matches!(
        verify(&proof, b"x", ORIGIN),
        Err(Error::Tree(tlog::Error::ProofMismatch { .. }))
    ));
    assert!(matches!(
        verify(&proof, &record, "log.example.com/other"),
        Err(Error::OtherLog { .. })
    ));
    let hash = record_hash(&record);
    let key = log_key().verifier();
    let other = SignerKey::from_seed(ORIGIN, [9; 32]).unwrap().verifier();
    let witness = cosigner().verifier();
    let stranger = Cosigner::from_seed("w2", [9; 32]).unwrap().verifier();
    let check = |key: &VerifierKey, policy: &Policy, now_s| {
        proof.verify(hash, ORIGIN, std::slice::from_ref(key), policy, now_s)
    };
    let unverified = Err(Error::Note(note::Error::Unverified));
    assert_eq!(check(&other, &policy(vec![], 0), TIME_S), unverified);
    assert!(check(&key, &policy(vec![], 0), TIME_S).is_ok());
    let too_few = |got, needed| Err(Error::Witnesses { got, needed });
    assert_eq!(
        check(&key, &policy(vec![stranger.clone()], 1), TIME_S),
        too_few(0, 1)
    );
    let both = vec![witness.clone(), stranger];
    assert_eq!(check(&key, &policy(both.clone(), 2), TIME_S), too_few(1, 2));
    assert!(check(&key, &policy(both, 1), TIME_S).is_ok());
    let fresh = Policy::new(vec![witness], 1, Some(60)).unwrap();
    assert!(check(&key, &fresh, TIME_S + 60).is_ok());
    assert_eq!(check(&key, &fresh, TIME_S + 61), too_few(0, 1));
}

#[test]
fn no_changed_byte_is_proved() {
    let record = envelope().into_bytes();
    for at in 0..PROOF.len() {
        let mut bytes = PROOF.as_bytes().to_vec();
        bytes[at] ^= 1;
        let proved = TlogProof::parse(&bytes).map(|proof| verify(&proof, &record, ORIGIN));
        assert!(!matches!(proved, Ok(Ok(_))), "byte {at}");
    }
}

#[test]
fn the_index_is_that_of_the_record() {
    let record = envelope().into_bytes();
    for index in [0, 2, 3, u64::MAX] {
        let mut proof = TlogProof::parse(PROOF.as_bytes()).unwrap();
        proof.index = index;
        assert!(verify(&proof, &record, ORIGIN).is_err(), "{index}");
    }
}

#[test]
fn extra_data_is_kept() {
    let with = PROOF.replacen("index", "extra AAECAw==\nindex", 1);
    let proof = TlogProof::parse(with.as_bytes()).unwrap();
    assert_eq!(proof.extra.as_deref(), Some(&[0, 1, 2, 3][..]));
    assert_eq!(proof.to_string(), with);
    assert!(verify(&proof, envelope().as_bytes(), ORIGIN).is_ok());
}

#[test]
fn malformed_proofs_are_refused() {
    let hash = "PH6byTDck/AfppmF7yQtn56GHzxTVaokzl70tLinDMs=\n";
    for (bad, why) in [
        (String::new(), "nothing"),
        (PROOF.replacen("@v1", "@v2", 1), "another version"),
        (PROOF.replacen("index 1\n", "", 1), "no index"),
        (PROOF.replacen("index 1", "index 01", 1), "zero in front"),
        (PROOF.replacen("index 1", "index -1", 1), "sign"),
        (PROOF.replacen("index 1", "index  1", 1), "two spaces"),
        (
            PROOF.replacen("index", "extra !\nindex", 1),
            "extra is not base64",
        ),
        (
            PROOF.replacen("index 1", "index 1\nextra AA==", 1),
            "extra after the index",
        ),
        (
            PROOF
                .replacen("PH6", "\nPH6", 1)
                .replacen("\n\nlog", "\nlog", 1),
            "empty line",
        ),
        (PROOF.replacen("PH6", "PH6=", 1), "hash is not base64"),
        (PROOF.replacen(hash, &hash.repeat(63), 1), "too many hashes"),
        (PROOF.replace("\n\n", "\n"), "no empty line"),
        (PROOF.replace('\n', "\r\n"), "carriage returns"),
        ("x".repeat(LEN_MAX + 1), "too long"),
    ] {
        let read = TlogProof::parse(bad.as_bytes());
        let proved = read.map(|proof| verify(&proof, envelope().as_bytes(), ORIGIN));
        assert!(!matches!(proved, Ok(Ok(_))), "{why}");
    }
    assert!(TlogProof::parse(b"\xff").is_err());
}
