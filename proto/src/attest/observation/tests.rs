use serde_json::Value;

use super::*;
use crate::attest::key::Algorithm;

fn text() -> String {
    String::from_utf8(sample().bytes().unwrap()).unwrap()
}

#[test]
fn what_is_signed_is_read_back() {
    let key = PrivateKey::from_seed(Algorithm::Ed25519, [3; 32]).unwrap();
    let mut one = sample();
    one.link_preimage = Some(b"go1.27.3link\n\xff".to_vec());
    one.chain.nonce = Some("n".into());
    one.chain.previous = Some(sample().digest().unwrap());
    let envelope = one.sign(&key).unwrap();
    assert_eq!(envelope, one.sign(&key).unwrap());
    let read = Envelope::parse(&envelope.bytes()).unwrap();
    assert_eq!(read.signers(&[key.public()]).len(), 1);
    assert_eq!(Observation::of(&read).unwrap(), one);
    assert_eq!(one.digest().unwrap(), Digest::of(&envelope.payload));
    assert!(one.unsigned().unwrap().signatures.is_empty());
}

#[test]
fn the_statement_is_about_the_product() {
    let statement = Statement::parse(text().as_bytes()).unwrap();
    assert_eq!(statement.predicate_type, PREDICATE_TYPE);
    assert!(statement.is_about(&Digest::of(b"a program")));
}

#[test]
fn a_failed_build_is_about_what_was_expected_or_its_inputs() {
    let mut failed = sample();
    failed.product = None;
    let expected = Some(Digest::of(b"published"));
    for (expected, about) in [
        (expected, Digest::of(b"published")),
        (None, failed.inputs_digest().unwrap()),
    ] {
        failed.result = Outcome::Failed {
            expected,
            reason: "go build: exit status 1".into(),
        };
        assert!(failed.statement().unwrap().is_about(&about));
        let bytes = failed.bytes().unwrap();
        assert_eq!(Observation::parse(&bytes).unwrap(), failed);
    }
}

#[test]
fn parts_that_contradict_each_other_are_neither_written_nor_read() {
    let product = Digest::of(b"a program");
    let changes: [fn(&mut Observation, Digest); 7] = [
        |one, _| one.product = None,
        |one, _| {
            one.result = Outcome::Failed {
                expected: None,
                reason: String::new(),
            }
        },
        |one, product| {
            one.result = Outcome::Differed {
                expected: product,
                causes: Vec::new(),
            }
        },
        |one, _| {
            one.result = Outcome::Built {
                expected: Some(Digest([0; 32])),
            }
        },
        |one, _| one.link_preimage = Some(vec![0; PREIMAGE_LEN_MAX + 1]),
        |one, _| one.chain.nonce = Some(String::new()),
        |one, _| one.host.image = Some("x".repeat(TEXT_LEN_MAX + 1)),
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut one = sample();
        change(&mut one, product);
        assert!(one.bytes().is_err(), "change {number}");
        // Written by somebody who does not check.
        let statement = Statement {
            subject: vec![Subject::new("tool", product)],
            predicate_type: PREDICATE_TYPE.into(),
            predicate: serde_json::to_value(&one).unwrap(),
        };
        let bytes = statement.bytes().unwrap();
        assert!(Observation::parse(&bytes).is_err(), "change {number}");
    }
}

#[test]
fn another_text_of_the_same_observation_is_refused() {
    let good = text();
    for (from, to) in [
        ("{\"_type\"", "{ \"_type\""),
        ("observation:v1", "observation:v2"),
        ("\"nonce\":null,", ""),
        ("\"hits\":0", "\"hits\":0,\"more\":1"),
        ("\"cold\"", "\"frozen\""),
        ("\"name\":\"tool\"}]", "\"name\":\"other\"}]"),
        ("{\"sha256\":", "{\"sha1\":\"00\",\"sha256\":"),
        ("tool", "t\\u006fol"),
        ("\"kind\":\"clean\"", "\"kind\":\"clean\",\"more\":1"),
        ("{\"expected\":null,", "{"),
        ("inputs-v1", "inputs-v2"),
    ] {
        assert!(good.contains(from), "{from}");
        let bad = good.replacen(from, to, 1);
        assert!(Observation::parse(bad.as_bytes()).is_err(), "{to}");
    }
    let trailing = format!("{good}\n");
    assert!(matches!(
        Observation::parse(trailing.as_bytes()),
        Err(Error::NotCanonical)
    ));
}

#[test]
fn every_member_of_the_sample_is_in_the_golden_file() {
    let golden = include_str!("../../../testdata/observation-v1.json");
    let (bytes, digest) = golden.trim_end().split_once('\n').unwrap();
    assert_eq!(text(), bytes);
    assert_eq!(sample().digest().unwrap().to_string(), digest);
    let value: Value = serde_json::from_str(bytes).unwrap();
    let members = value["predicate"].as_object().unwrap();
    assert_eq!(members.len(), 9);
}
