use ::base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::attest::digest::Digest;
use crate::attest::key::Algorithm;
use crate::attest::statement::PAYLOAD_TYPE;

/// A statement about the file `hello\n`, in 371 bytes.
const BODY: &str = r#"{"_type":"https://in-toto.io/Statement/v1","predicate":{"properties":["GOREPRO_LEVEL_2"],"timeCreated":"2026-11-26T00:00:00Z","verifier":{"id":"https://example.com/verify-build/v1","policies":[]}},"predicateType":"https://in-toto.io/attestation/svr/v0.2","subject":[{"digest":{"sha256":"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"},"name":"a.bin"}]}"#;

/// The signature of the first key of RFC 8032 over it.
const SIGNATURE: &str =
    "eAy7iBBGyA/wYZkrMFTU/NynNnX9drncAwBp1hY+iwL0Jt0cMSVUX8Zk1A1owIw69yZ+yi3LgTSSdJs4niURCw==";

fn key(seed: &str) -> PrivateKey {
    let mut bytes = [0; 32];
    hex::decode_to_slice(seed, &mut bytes).unwrap();
    PrivateKey::from_seed(Algorithm::Ed25519, bytes).unwrap()
}

fn first() -> PrivateKey {
    key("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
}

fn second() -> PrivateKey {
    key("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
}

fn envelope() -> Envelope {
    Envelope::sign(PAYLOAD_TYPE, BODY.into(), &[&first()])
}

/// The envelope, as text in which a member was replaced.
fn with(from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(envelope().bytes()).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn bytes_and_signature_are_those_of_the_vector() {
    assert_eq!(BODY.len(), 371);
    let message = pae(PAYLOAD_TYPE, BODY.as_bytes());
    assert_eq!(message.len(), 414);
    assert_eq!(
        Digest::of(&message).to_string(),
        "76deb4a5deb1218f3a0d52c0d3fc4c9d225b5f8d7fdfbdccfb637dbfe1fcc7f7"
    );
    assert_eq!(STANDARD.encode(&envelope().signatures[0].bytes), SIGNATURE);
    let bytes = envelope().bytes();
    assert_eq!(bytes.len(), 744);
    assert_eq!(
        Digest::of(&bytes).to_string(),
        "01731abef3f45356b81eb9501e0024a4a9b1ecc6bfebb57e64ac8eb424abaad1"
    );
    assert_eq!(Envelope::parse(&bytes).unwrap(), envelope());
}

#[test]
fn a_key_counts_once_and_its_id_is_a_hint() {
    let keys = [first().public(), second().public(), first().public()];
    let one = envelope();
    assert_eq!(one.signers(&keys), [&keys[0]]);
    assert_eq!(one.signers(&keys[1..2]), [&keys[0]; 0]);

    let mut many = Envelope::sign(PAYLOAD_TYPE, BODY.into(), &[&first(), &second(), &first()]);
    for (index, keyid) in [None, Some(String::new()), Some("06e3".to_owned())]
        .into_iter()
        .enumerate()
    {
        many.signatures[index].keyid = keyid;
    }
    assert_eq!(many.signers(&keys), [&keys[0], &keys[1]]);
}

#[test]
fn what_is_not_signed_has_no_signer() {
    let keys = [first().public()];
    let mut none = envelope();
    none.signatures.clear();
    assert!(none.signers(&keys).is_empty());
    assert_eq!(Envelope::parse(&none.bytes()).unwrap(), none);

    let mut other_type = envelope();
    other_type.payload_type = "application/vnd.in-toto+JSON".to_owned();
    assert!(other_type.signers(&keys).is_empty());

    let mut other = envelope();
    other.payload[5] ^= 1;
    assert!(other.signers(&keys).is_empty());

    let mut garbage_first = envelope();
    let garbage = Signature {
        keyid: Some(keys[0].id().to_string()),
        bytes: vec![0; 64],
    };
    garbage_first.signatures.insert(0, garbage.clone());
    assert_eq!(garbage_first.signers(&keys), [&keys[0]]);
    garbage_first.signatures = vec![garbage];
    assert!(garbage_first.signers(&keys).is_empty());
}

/// Lengths are signed: what is cut elsewhere is another message.
#[test]
fn type_and_body_cannot_be_cut_elsewhere() {
    let one = Envelope::sign("a", b"b 1 c".to_vec(), &[&first()]);
    for (of_type, body) in [
        ("a 5 b", "c"),
        ("a 5 b 1", "c"),
        ("", "b 1 c"),
        ("a", "b 1 c "),
    ] {
        let other = Envelope {
            payload_type: of_type.to_owned(),
            payload: body.into(),
            ..one.clone()
        };
        assert!(other.signers(&[first().public()]).is_empty(), "{of_type}");
    }
}

#[test]
fn both_alphabets_are_read() {
    let bytes = [0xfb, 0xff, 0xfe, 0x00];
    for payload in ["+//+AA==", "-__-AA==", "-__-AA", "+//+AA"] {
        let text = format!(r#"{{"payload":"{payload}","payloadType":"t","signatures":[]}}"#);
        assert_eq!(Envelope::parse(text.as_bytes()).unwrap().payload, bytes);
    }
    assert_eq!(URL_SAFE_NO_PAD.encode(bytes), "-__-AA");
    for payload in ["+__+AA==", "+//+AB==", "+//+A", "+//+AA==\\n", " +//+AA=="] {
        let text = format!(r#"{{"payload":"{payload}","payloadType":"t","signatures":[]}}"#);
        assert!(Envelope::parse(text.as_bytes()).is_err(), "{payload}");
    }
}

#[test]
fn what_readers_take_for_different_envelopes_is_refused() {
    for bad in [
        with("{\"payload\"", "{\"Payload\":\"e30=\",\"payload\""),
        with("{\"payload\"", "{\"\\u0070ayload\":\"e30=\",\"payload\""),
        with("{\"payload\"", "{\"payload\":\"e30=\",\"payload\""),
        with("\"payload\"", "\"Payload\""),
        with("\"payloadType\"", "\"payloadtype\""),
        with("\"signatures\":[", "\"signatures\":[1,"),
        with("\"sig\"", "\"signature\""),
        with("\"sig\":\"", "\"sig\":\"*"),
        with("]}", "]}{}"),
        b"[]".to_vec(),
        b"".to_vec(),
    ] {
        let text = String::from_utf8_lossy(&bad).into_owned();
        assert!(Envelope::parse(&bad).is_err(), "{text}");
    }
    let with_more = with("\"payloadType\"", "\"more\":{},\"payloadType\"");
    assert_eq!(Envelope::parse(&with_more).unwrap(), envelope());
}

#[test]
fn a_million_signatures_are_refused_before_any_is_read() {
    let text = format!(
        r#"{{"payload":"","payloadType":"t","signatures":[{}]}}"#,
        vec![r#"{"sig":""}"#; 1_000_000].join(",")
    );
    assert!(matches!(
        Envelope::parse(text.as_bytes()),
        Err(Error::Json(json::Error::TooLong { .. }))
    ));
    let text = format!(
        r#"{{"payload":"","payloadType":"t","signatures":[{}]}}"#,
        vec![r#"{"sig":""}"#; SIGNATURES_MAX + 1].join(",")
    );
    assert!(matches!(
        Envelope::parse(text.as_bytes()),
        Err(Error::TooManySignatures { len: 65, max: 64 })
    ));
}

proptest! {
    #[test]
    fn parse_and_bytes_are_inverses(
        payload_type in ".{0,20}",
        payload in prop::collection::vec(any::<u8>(), 0..100),
        signatures in prop::collection::vec(
            (prop::option::of(".{0,8}"), prop::collection::vec(any::<u8>(), 0..80)),
            0..4,
        ),
    ) {
        let signatures = signatures.into_iter().map(|(keyid, bytes)| Signature { keyid, bytes });
        let envelope = Envelope { payload_type, payload, signatures: signatures.collect() };
        prop_assert_eq!(Envelope::parse(&envelope.bytes()).unwrap(), envelope);
    }
}
