//! Manifests: written and read back, held against files, time and what came before.

use proptest::prelude::*;

use super::*;
use crate::note::{SignerKey, sign};

const NOW: u64 = 1_800_000_000;

fn key(seed: u8) -> SignerKey {
    SignerKey::from_seed("config.example", [seed; 32]).unwrap()
}

fn manifest() -> Manifest {
    Manifest {
        serial: 7,
        not_before: Some(NOW - 10),
        not_after: NOW + 10,
        audience: Some("eu-west".to_owned()),
        files: vec![
            File::of(Role::Base, "sumward.yaml", b"base"),
            File::of(Role::Stage, "/etc/stage.yaml", b"stage"),
            File::of(Role::Feature, "conf.d/10 gc.yaml", b"feature"),
        ],
    }
}

fn signed(manifest: &Manifest) -> Signed {
    let note = sign(&manifest.to_string(), &[&key(1)]).unwrap();
    Manifest::open(&note, &[key(1).verifier()]).unwrap()
}

fn faults(manifest: &Manifest, change: impl FnOnce(&mut Given<'_>, &mut Vec<File>)) -> Vec<Fault> {
    let mut files = self::manifest().files;
    let mut given = Given {
        now: NOW,
        audience: Some("eu-west"),
        files: &[],
        accepted: None,
    };
    change(&mut given, &mut files);
    let files = files;
    judge(
        &signed(manifest),
        &Given {
            files: &files,
            ..given
        },
    )
}

#[test]
fn what_was_signed_is_taken() {
    assert_eq!(faults(&manifest(), |_, _| ()), []);
    let signed = signed(&manifest());
    assert_eq!(signed.signers, ["config.example"]);
    assert_eq!(
        Accepted::parse(&signed.accepted().to_string()),
        Some(signed.accepted())
    );
    // The same one again, as at each start, and one after an older one.
    let accepted = signed.accepted();
    assert_eq!(
        faults(&manifest(), |given, _| given.accepted = Some(accepted)),
        []
    );
    let older = Accepted {
        serial: 6,
        ..accepted
    };
    assert_eq!(
        faults(&manifest(), |given, _| given.accepted = Some(older)),
        []
    );
    // Both ends of its time belong to it.
    for now in [NOW - 10, NOW + 10] {
        assert_eq!(faults(&manifest(), |given, _| given.now = now), []);
    }
}

fn accepted(serial: u64) -> Accepted {
    Accepted {
        serial,
        sha256: [0; 32],
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let given = |change: fn(&mut Given<'_>, &mut Vec<File>)| {
        let found = faults(&manifest(), change);
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (change, want) in [
        (
            (|given, _| given.now = NOW - 11) as fn(&mut Given<'_>, &mut Vec<File>),
            "holds from 2027-01-15T07:59:50Z on, and the clock says 2027-01-15T07:59:49Z",
        ),
        (
            |given, _| given.now = NOW + 11,
            "held until 2027-01-15T08:00:10Z, and the clock says 2027-01-15T08:00:11Z",
        ),
        (
            |given, _| given.audience = Some("us-east"),
            "is for `eu-west`, and this is `us-east`",
        ),
        (
            |given, _| given.audience = None,
            "is for `eu-west`, and this host has no name",
        ),
        (
            |given, _| given.accepted = Some(accepted(8)),
            "has serial 7, and serial 8 was in use already",
        ),
        (
            |given, _| given.accepted = Some(accepted(7)),
            "has serial 7, which another manifest had that was in use",
        ),
        (
            |_, files| files[1].sha256[31] ^= 1,
            "/etc/stage.yaml was changed after it was signed",
        ),
        (
            |_, files| files[2].role = Role::Base,
            "conf.d/10 gc.yaml is listed as feature file, and read as base file",
        ),
        (
            |_, files| files.push(File::of(Role::Feature, "conf.d/20.yaml", b"")),
            "conf.d/20.yaml is read as feature file, and the manifest does not list it",
        ),
        (
            |_, files| drop(files.remove(1)),
            "/etc/stage.yaml is listed as stage file, and was not read",
        ),
        (
            |_, files| files.swap(0, 1),
            "lists the files in another order than they are read",
        ),
    ] {
        assert_eq!(given(change), [want]);
    }
}

#[test]
fn a_manifest_for_nobody_by_name_is_for_hosts_without_one() {
    let nobody = Manifest {
        audience: None,
        ..manifest()
    };
    let found = faults(&nobody, |_, _| ());
    assert_eq!(
        found[0].to_string(),
        "is for nobody by name, and this is `eu-west`"
    );
    assert_eq!(faults(&nobody, |given, _| given.audience = None), []);
}

#[test]
fn every_fault_is_named_at_once() {
    let found = faults(&manifest(), |given, files| {
        given.now = NOW + 11;
        given.audience = None;
        files.remove(0);
        files[0].sha256 = [0; 32];
    });
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn only_a_trusted_key_signs() {
    let text = manifest().to_string();
    let note = sign(&text, &[&key(1)]).unwrap();
    let open = |bytes: &[u8], seed| Manifest::open(bytes, &[key(seed).verifier()]);
    assert_eq!(open(&note, 2), Err(Error::Note(note::Error::Unverified)));
    assert_eq!(
        Manifest::open(&note, &[]),
        Err(Error::Note(note::Error::Unverified))
    );
    assert!(
        matches!(open(text.as_bytes(), 1), Err(Error::Note(_))),
        "unsigned"
    );
    // The signature of one over the text of another.
    let other = text.replace("serial 7", "serial 8");
    let forged = String::from_utf8(note).unwrap().replace(&text, &other);
    assert!(matches!(
        open(forged.as_bytes(), 1),
        Err(Error::Note(note::Error::BadSignature { .. }))
    ));
    // A signed head of a log is not a manifest.
    let head = sign("go.sum database tree\n0\n", &[&key(1)]).unwrap();
    assert!(matches!(open(&head, 1), Err(Error::Line { line: 1, .. })));
    // During a rotation either key will do.
    let both = sign(&text, &[&key(1), &key(2)]).unwrap();
    assert!(open(&both, 1).is_ok() && open(&both, 2).is_ok());
}

#[test]
fn there_is_one_way_to_write_a_manifest() {
    let good = manifest().to_string();
    assert_eq!(Manifest::parse(&good), Ok(manifest()));
    let hash = hex::encode(manifest().files[0].sha256);
    for (from, to, line) in [
        ("sumward configuration v1", "sumward configuration v2", 1),
        ("serial 7", "serial 07", 2),
        ("serial 7", "serial 0", 2),
        ("serial 7", "serial 18446744073709551616", 2),
        ("serial 7\n", "", 1),
        ("not-before 2027", "not-before  2027", 3),
        ("07:59:50Z", "07:59:50+00:00", 3),
        ("not-after", "until", 4),
        ("08:00:10Z", "08:00:10.5Z", 4),
        ("for eu-west", "for eu west", 5),
        ("for eu-west", "for ", 5),
        ("base ", "BASE ", 6),
        (&hash, &hash.to_uppercase(), 6),
        (&hash, &hash[1..], 6),
        ("sumward.yaml", "../sumward.yaml", 6),
        ("sumward.yaml", "", 6),
        ("/etc/stage.yaml", "sumward.yaml", 7),
        ("stage ", "feature ", 7),
        ("conf.d/10 gc.yaml\n", "conf.d/10 gc.yaml", 8),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        match Manifest::parse(&text) {
            Err(Error::Line { line: at, .. }) => assert_eq!(at, line, "{text}"),
            // Base, then two features, is in order.
            Ok(parsed) => assert!(from == "stage " && parsed.to_string() == text, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let head: String = good.split_inclusive('\n').take(5).collect();
    assert!(Manifest::parse(&head).is_err(), "no file");
    let swapped = good.replacen("base ", "feature ", 1);
    assert!(Manifest::parse(&swapped).is_err(), "stage after feature");
}

#[test]
fn files_are_counted() {
    let mut many = manifest();
    many.files = (0..FILES_MAX)
        .map(|at| File::of(Role::Feature, format!("conf.d/{at}.yaml"), b""))
        .collect();
    assert_eq!(Manifest::parse(&many.to_string()).as_ref(), Ok(&many));
    many.files
        .push(File::of(Role::Feature, "one-more.yaml", b""));
    assert!(Manifest::parse(&many.to_string()).is_err());
}

fn files() -> impl Strategy<Value = Vec<File>> {
    let file = (0..3_usize, any::<[u8; 32]>(), "[a-z .é]{1,8}");
    prop::collection::vec(file, 1..5).prop_map(|files| {
        let mut files: Vec<_> = files
            .into_iter()
            .enumerate()
            .map(|(at, (role, sha256, name))| File {
                role: Role::ALL[role],
                sha256,
                name: format!("conf.d/{at}{name}x"),
            })
            .collect();
        files.sort_by_key(|file| file.role);
        files
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(
        serial in 1..u64::MAX,
        not_before in prop::option::of(0..253_402_300_799_u64),
        not_after in 0..253_402_300_799_u64,
        audience in prop::option::of("[a-z.-]{1,20}"),
        files in files(),
    ) {
        let manifest = Manifest { serial, not_before, not_after, audience, files };
        prop_assert_eq!(Manifest::parse(&manifest.to_string()), Ok(manifest));
    }

    #[test]
    fn what_is_read_is_printed_again(text in "(sumward configuration v1\n|serial 1\n|not-after 2027-01-01T00:00:00Z\n|for a\n|base [0-9a-f]{64} a\n|feature [0-9a-f]{64} [a-c/.]{1,3}\n){1,6}") {
        if let Ok(manifest) = Manifest::parse(&text) {
            prop_assert_eq!(manifest.to_string(), text);
        }
    }

    #[test]
    fn what_was_remembered_is_read_back(serial: u64, sha256: [u8; 32]) {
        let accepted = Accepted { serial, sha256 };
        prop_assert_eq!(Accepted::parse(&accepted.to_string()), Some(accepted));
    }
}
