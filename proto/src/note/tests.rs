//! Notes and keys, with each refusal provoked.

mod cosigned;

use proptest::prelude::*;

use super::*;

const TEXT: &str = "Whoever reads this,\nread on.\n";

fn signer(name: &str) -> SignerKey {
    let mut seed = [0; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    SignerKey::from_seed(name, seed).unwrap()
}

fn signed(signers: &[&str]) -> String {
    let keys: Vec<_> = signers.iter().map(|name| signer(name)).collect();
    let note = sign(TEXT, &keys.iter().collect::<Vec<_>>()).unwrap();
    String::from_utf8(note).unwrap()
}

/// The signature line of `name` over [`TEXT`].
fn line(name: &str) -> String {
    signed(&[name])[TEXT.len() + 1..].to_owned()
}

#[test]
fn opens_what_it_has_signed() {
    let note = signed(&["alice", "bob"]);
    let opened = open(note.as_bytes(), &[signer("alice").verifier()]).unwrap();
    assert_eq!(opened.text, TEXT);
    assert_eq!(opened.signatures.len(), 1);
    assert_eq!(opened.signatures[0].name, "alice");
    assert_eq!(opened.unverified.len(), 1);
    assert_eq!(opened.unverified[0].name, "bob");
}

#[test]
fn the_public_database_key_reads_and_prints() {
    let text = crate::sumdb::PUBLIC_KEY;
    let key = VerifierKey::parse(text).unwrap();
    assert_eq!(key.name(), "sum.golang.org");
    assert_eq!(key.key_hash(), 0x033d_e0ae);
    assert_eq!(key.to_string(), text);
}

#[test]
fn keys_print_what_they_were_read_from() {
    let key = signer("example.com/db");
    let verifier = VerifierKey::parse(&key.verifier().to_string()).unwrap();
    assert_eq!(verifier, key.verifier());
    let again = SignerKey::parse(&key.to_secret_text()).unwrap();
    assert_eq!(again.to_secret_text(), key.to_secret_text());
    let shown = format!("{key:?}");
    assert!(shown.ends_with("+…)"), "{shown}");
    assert!(!key.to_secret_text().contains(&shown[10..]), "{shown}");
}

#[test]
fn refuses_keys_that_are_not_whole() {
    let good = signer("alice").verifier().to_string();
    let (name, rest) = good.split_once('+').unwrap();
    let (hash, key) = rest.split_once('+').unwrap();
    let other_algorithm = {
        let mut bytes = STANDARD.decode(key).unwrap();
        bytes[0] = 2;
        format!("{name}+{hash}+{}", STANDARD.encode(bytes))
    };
    assert_eq!(
        VerifierKey::parse(&other_algorithm),
        Err(Error::UnknownAlgorithm(2))
    );
    assert!(matches!(
        VerifierKey::parse(&format!("mallory+{hash}+{key}")),
        Err(Error::KeyHash { .. })
    ));
    for bad in [
        String::new(),
        name.to_owned(),
        format!("{name}+{hash}"),
        format!("{name}+{}+{key}", &hash[1..]),
        format!("{name}++{}+{key}", &hash[1..]),
        format!("{name}+0x{}+{key}", &hash[2..]),
        format!("+{hash}+{key}"),
        format!("a b+{hash}+{key}"),
        format!("{name}+{hash}+"),
        format!("{name}+{hash}+{}", &key[4..]),
        format!("{name}+{hash}+{key}A"),
        format!(" {good}"),
        format!("{good}\n"),
    ] {
        assert!(VerifierKey::parse(&bad).is_err(), "{bad}");
        let secret = format!("PRIVATE+KEY+{bad}");
        assert!(SignerKey::parse(&secret).is_err(), "{bad}");
    }
    assert!(SignerKey::parse(&good).is_err());
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\tb"] {
        assert!(SignerKey::from_seed(name, [1; 32]).is_err(), "{name:?}");
    }
}

#[test]
fn refuses_malformed_notes() {
    let note = signed(&["alice"]);
    let signature = line("alice");
    let base64 = signature.rsplit_once(' ').unwrap().1;
    for (bad, why) in [
        (String::new(), "nothing"),
        (TEXT.to_owned(), "no signature"),
        (format!("{TEXT}\n"), "empty signatures"),
        (format!("{TEXT}{signature}"), "no blank line"),
        (note.trim_end().to_owned(), "no newline at the end"),
        (format!("{note}\n"), "blank line at the end"),
        (note.replace('\n', "\r\n"), "carriage returns"),
        (note.replace("— ", "- "), "another dash"),
        (note.replace("— ", "—"), "no space"),
        (note.replace("alice", ""), "no name"),
        (note.replace("alice", "al+ice"), "plus in the name"),
        (
            format!("{TEXT}\n— alice {}", base64.replace('=', "")),
            "no padding",
        ),
        (format!("{TEXT}\n— alice\n"), "no base64"),
        (format!("{TEXT}\n— alice AAAA\n"), "three bytes"),
        (format!("{TEXT}\n— alice AAAAAA==\n"), "a hash alone"),
        (note.replace("read on", "read\ton"), "a tab"),
    ] {
        let opened = open(bad.as_bytes(), &[signer("alice").verifier()]);
        assert!(opened.is_err(), "{why}: {opened:?}");
    }
    let mut bytes = note.into_bytes();
    bytes[3] = 0xff;
    assert_eq!(open(&bytes, &[]), Err(Error::NotUtf8 { offset: 3 }));
}

#[test]
fn a_known_signer_must_have_signed_this_text() {
    let note = signed(&["alice"]).replace("read on", "stop");
    assert_eq!(
        open(note.as_bytes(), &[signer("alice").verifier()]),
        Err(Error::BadSignature {
            name: "alice".into(),
            key_hash: signer("alice").key_hash()
        })
    );
    assert_eq!(
        open(note.as_bytes(), &[signer("bob").verifier()]),
        Err(Error::Unverified)
    );
    // Same name, another key: as unknown as another name.
    let impostor = SignerKey::from_seed("alice", [7; 32]).unwrap().verifier();
    assert_eq!(
        open(signed(&["alice"]).as_bytes(), &[impostor]),
        Err(Error::Unverified)
    );
    // A good signature beside the bad one does not help.
    let mut both = sign(&note[..note.find("\n\n").unwrap() + 1], &[&signer("bob")]).unwrap();
    both.extend_from_slice(line("alice").as_bytes());
    let known = [signer("alice").verifier(), signer("bob").verifier()];
    assert!(matches!(
        open(&both, &known),
        Err(Error::BadSignature { .. })
    ));
}

#[test]
fn a_signature_cut_or_grown_is_bad() {
    let key = signer("alice");
    let signature = key.sign(TEXT.as_bytes());
    let verifies = |signature: &[u8]| key.verifier().verify(TEXT.as_bytes(), signature);
    assert!(verifies(&signature));
    assert!(!verifies(&signature[..63]));
    assert!(!verifies(&[&signature[..], &[0]].concat()));
}

#[test]
fn drops_repeated_signatures() {
    let (alice, bob) = (line("alice"), line("bob"));
    let note = format!("{TEXT}\n{alice}{bob}{alice}{bob}");
    let opened = open(note.as_bytes(), &[signer("alice").verifier()]).unwrap();
    assert_eq!(opened.signatures.len(), 1);
    assert_eq!(opened.unverified.len(), 1);
}

#[test]
fn two_keys_of_one_name_and_hash_are_an_error() {
    let key = signer("alice").verifier();
    assert!(matches!(
        open(signed(&["alice"]).as_bytes(), &[key.clone(), key]),
        Err(Error::AmbiguousKey { .. })
    ));
}

#[test]
fn counts_and_lengths_have_limits() {
    let alice = line("alice");
    let known = [signer("alice").verifier()];
    let many = |count: usize| format!("{TEXT}\n{}", alice.repeat(count));
    assert!(open(many(100).as_bytes(), &known).is_ok());
    assert_eq!(
        open(many(101).as_bytes(), &known),
        Err(Error::TooManySignatures { max: 100 })
    );
    let key = signer("alice");
    let long = |len: usize| format!("{}\n", "x".repeat(len - 1));
    let rest = sign("x\n", &[&key]).unwrap().len() - 2;
    let full = sign(&long(LEN_MAX - rest), &[&key]).unwrap();
    assert_eq!(full.len(), LEN_MAX);
    assert!(open(&full, &known).is_ok());
    assert!(matches!(
        sign(&long(LEN_MAX - rest + 1), &[&key]),
        Err(Error::TooLong { .. })
    ));
    let longer = [b"x", full.as_slice()].concat();
    assert!(matches!(open(&longer, &known), Err(Error::TooLong { .. })));
}

#[test]
fn signs_only_what_can_be_opened() {
    let key = signer("alice");
    assert!(sign("no newline", &[&key]).is_err());
    assert!(sign("tab\t\n", &[&key]).is_err());
    assert_eq!(sign(TEXT, &[]), Err(Error::Unverified));
    assert!(sign(TEXT, &[&key; 101]).is_err());
    // A blank line belongs to the text as long as another follows it.
    let note = sign("a\n\nb\n", &[&key]).unwrap();
    assert_eq!(open(&note, &[key.verifier()]).unwrap().text, "a\n\nb\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn opening_undoes_signing(text in "[^\\x00-\\x1f]{0,40}(\n[^\\x00-\\x1f]{0,40}){0,5}\n") {
        let key = signer("alice");
        let note = sign(&text, &[&key]).unwrap();
        prop_assert_eq!(open(&note, &[key.verifier()]).unwrap().text, text);
    }

    #[test]
    fn one_changed_byte_never_passes(at: prop::sample::Index, by in 1..=255_u8) {
        let key = signer("alice");
        let mut note = signed(&["alice"]).into_bytes();
        let at = at.index(note.len());
        note[at] ^= by;
        prop_assert!(open(&note, &[key.verifier()]).is_err());
    }

    #[test]
    fn any_bytes_are_a_note_or_an_error(bytes: Vec<u8>) {
        prop_assert!(open(&bytes, &[signer("alice").verifier()]).is_err());
    }
}
