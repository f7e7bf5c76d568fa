//! Cosignatures, beginning with the example of c2sp.org/tlog-cosignature's form.

use super::*;

const TEXT: &str = "log.example.com/builds\n3\npvJ9os+vE0vP+7hh6qZiLfVRE/3x0ykeoq2hInDrjfw=\n";
const LINE: &str = "— witness.example.com/w1 GpJzrgAAAABrB3aAw7DCISHqh6r24eYQtQ2OF4Jm/4zRhV/A/ex5XMeuQ0PoTRqFSOGH7UPlKy3gw9cYOo1GDjk7gGgYgjOOX/TpDw==\n";
const TIME_S: u64 = 1_795_651_200;

/// The secret key of RFC 8032 section 7.1, test 3.
fn cosigner() -> Cosigner {
    let seed = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";
    let seed = hex::decode(seed).unwrap().try_into().unwrap();
    Cosigner::from_seed("witness.example.com/w1", seed).unwrap()
}

fn log() -> SignerKey {
    SignerKey::from_seed("log.example.com/builds", [1; 32]).unwrap()
}

/// An opened note with these signature lines after the log's.
fn opened(lines: &str) -> Note {
    let signed = String::from_utf8(sign(TEXT, &[&log()]).unwrap()).unwrap();
    open(format!("{signed}{lines}").as_bytes(), &[log().verifier()]).unwrap()
}

#[test]
fn the_example_is_signed_and_checked() {
    assert_eq!(cosigner().verifier().key_hash(), 0x1a92_73ae);
    let signature = cosigner().cosign(TEXT, TIME_S).unwrap();
    assert_eq!(signature.line(), LINE);
    assert_eq!(parse_signatures(LINE), Ok(vec![signature.clone()]));
    let key = cosigner().verifier();
    assert_eq!(key.check(TEXT, &signature), Ok(TIME_S));
    let found = cosignatures(&opened(LINE), &[key]).unwrap();
    assert_eq!((found[0].time_s, &found[0].signature), (TIME_S, &signature));
}

#[test]
fn keys_of_logs_and_cosigners_are_never_each_other() {
    let cosigner = cosigner();
    let key = cosigner.verifier();
    assert_eq!(CosignerKey::parse(&key.to_string()), Ok(key.clone()));
    assert_eq!(
        VerifierKey::parse(&key.to_string()),
        Err(Error::UnknownAlgorithm(4))
    );
    let log = log();
    let log_key = log.verifier().to_string();
    assert_eq!(
        CosignerKey::parse(&log_key),
        Err(Error::UnknownAlgorithm(1))
    );
    assert!(Cosigner::parse(&log.to_secret_text()).is_err());
    assert!(SignerKey::parse(&cosigner.to_secret_text()).is_err());
    let again = Cosigner::parse(&cosigner.to_secret_text()).unwrap();
    assert_eq!(again.verifier(), key);
    assert!(!format!("{again:?}").contains("PRIVATE"));
    // One seed, two keys: the hash tells them apart.
    let same = Cosigner::from_seed("log.example.com/builds", [1; 32]).unwrap();
    assert_ne!(same.verifier().key_hash(), log.key_hash());
    assert_eq!(
        same.verifier().public_bytes(),
        log.verifier().public_bytes()
    );
}

#[test]
fn no_changed_bit_of_a_cosignature_passes() {
    let key = cosigner().verifier();
    let good = cosigner().cosign(TEXT, TIME_S).unwrap();
    let raw = STANDARD.decode(&good.base64).unwrap();
    assert_eq!(raw.len(), 4 + 8 + 64);
    for at in 0..raw.len() {
        let mut raw = raw.clone();
        raw[at] ^= 0x10;
        let key_hash = u32::from_be_bytes([raw[0], raw[1], raw[2], raw[3]]);
        let base64 = STANDARD.encode(&raw);
        let changed = Signature {
            key_hash,
            base64,
            ..good.clone()
        };
        assert!(key.check(TEXT, &changed).is_err(), "byte {at}");
    }
    assert!(key.check(&TEXT.replace("\n3\n", "\n4\n"), &good).is_err());
    for len in [4, 5, 11, 12, 75] {
        let cut = Signature {
            base64: STANDARD.encode(&raw[..len]),
            ..good.clone()
        };
        assert!(key.check(TEXT, &cut).is_err(), "{len}");
    }
}

#[test]
fn a_log_signature_is_no_cosignature() {
    // The same secret, the plain signature over the text, under the cosigner's name.
    let log = SignerKey::from_seed("witness.example.com/w1", [3; 32]).unwrap();
    let key = Cosigner::from_seed("witness.example.com/w1", [3; 32])
        .unwrap()
        .verifier();
    let bytes = [&TIME_S.to_be_bytes()[..], &log.sign(TEXT.as_bytes())].concat();
    let forged = Signature::new(key.name(), key.key_hash(), &bytes);
    assert!(key.check(TEXT, &forged).is_err());
}

#[test]
fn times_are_what_a_cosignature_can_have() {
    for time_s in [0, TIME_MAX_S + 1, u64::MAX] {
        assert!(cosigner().cosign(TEXT, time_s).is_err(), "{time_s}");
    }
    let key = cosigner().verifier();
    for time_s in [1, TIME_MAX_S] {
        let signature = cosigner().cosign(TEXT, time_s).unwrap();
        assert_eq!(key.check(TEXT, &signature), Ok(time_s));
    }
}

#[test]
fn the_latest_of_several_counts_and_a_bad_one_is_an_error() {
    let line = |time_s| cosigner().cosign(TEXT, time_s).unwrap().line();
    let key = [cosigner().verifier()];
    let lines = [line(5), line(9), line(7)].concat();
    let found = cosignatures(&opened(&lines), &key).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].time_s, 9);
    let other = cosigner().cosign("another\n1\ntext\n", 9).unwrap().line();
    let refused = cosignatures(&opened(&[line(5), other].concat()), &key);
    assert!(matches!(refused, Err(Error::BadSignature { .. })));
    assert_eq!(cosignatures(&opened(""), &key), Ok(vec![]));
    assert_eq!(cosignatures(&opened(LINE), &[]), Ok(vec![]));
}

#[test]
fn notes_are_taken_apart_and_put_together() {
    let signed = sign(TEXT, &[&log()]).unwrap();
    let (text, mut signatures) = parse(&signed).unwrap();
    assert_eq!(text, TEXT);
    assert_eq!(assemble(&text, &signatures), Ok(signed));
    signatures.extend(parse_signatures(LINE).unwrap());
    let twice = [&signatures[..], &signatures[..]].concat();
    let note = assemble(&text, &twice).unwrap();
    assert_eq!(parse(&note).unwrap(), (text.clone(), signatures));
    assert_eq!(assemble(&text, &[]), Err(Error::Unverified));
    assert!(assemble("no newline", &twice).is_err());
    let many: Vec<Signature> = (1..=101)
        .map(|time| cosigner().cosign(TEXT, time).unwrap())
        .collect();
    assert!(matches!(
        assemble(&text, &many),
        Err(Error::TooManySignatures { .. })
    ));
    let lines: String = many.iter().map(Signature::line).collect();
    assert!(matches!(
        parse_signatures(&lines),
        Err(Error::TooManySignatures { .. })
    ));
    assert_eq!(parse_signatures(""), Ok(vec![]));
    assert!(parse_signatures(LINE.trim_end()).is_err());
    assert!(parse_signatures("\n").is_err());
}
