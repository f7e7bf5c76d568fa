//! A bundle is read as it was made, and in no other way.

use proptest::prelude::*;

use super::*;
use crate::note::SignerKey;

fn signer() -> SignerKey {
    SignerKey::from_seed("bundles.example", [7; 32]).unwrap()
}

fn member(place: &str, bytes: &[u8]) -> Member {
    Member {
        place: place.to_owned(),
        sha256: hex::encode(Seal::of(bytes).sha256),
        size: bytes.len() as u64,
    }
}

fn database() -> Database {
    let key = SignerKey::from_seed("sum.example/go", [1; 32]).unwrap();
    Database {
        key: key.verifier().to_string(),
        size: 5,
        root: String::new(),
        since: 2,
    }
}

/// Places and what lies there, in their order.
fn files() -> Vec<(&'static str, &'static [u8])> {
    vec![
        ("bundle/sbom.cdx.json", b"{}"),
        ("sumdb/sum.example/go/latest", b"head"),
        (
            "sumdb/sum.example/go/lookup/example.com/!a@v1.0.0",
            b"record",
        ),
        ("sumdb/sum.example/go/tile/8/0/000.p/5", b"tile"),
        ("example.com/!a/@v/list", b"v1.0.0\n"),
        ("example.com/!a/@v/v1.0.0.info", b"{}"),
        ("example.com/!a/@v/v1.0.0.mod", b"module example.com/A\n"),
        ("example.com/!a/@v/v1.0.0.zip", b"zip"),
    ]
}

fn manifest() -> Manifest {
    let members = files().into_iter().rev();
    let members = members.map(|(place, bytes)| member(place, bytes)).collect();
    let carried = Carried {
        module: "example.com/A@v1.0.0".to_owned(),
        zip: true,
        licence: "MIT".to_owned(),
    };
    let asked = vec!["example.com/A@v1.0.0".to_owned()];
    Manifest::new(
        asked,
        vec![],
        None,
        vec![database()],
        vec![carried],
        members,
    )
    .unwrap()
}

/// A whole bundle as it is told to a reader.
fn told() -> Vec<(String, Vec<u8>)> {
    let bytes = manifest().bytes().unwrap();
    let note = sign(&bytes, &signer()).unwrap();
    let own = [(NOTE.to_owned(), note), (MANIFEST.to_owned(), bytes)];
    let rest = files().into_iter();
    let rest = rest.map(|(place, bytes)| (place.to_owned(), bytes.to_vec()));
    own.into_iter().chain(rest).collect()
}

fn read(told: &[(String, Vec<u8>)]) -> Result<Sealed, Error> {
    let mut reader = Reader::new(vec![signer().verifier()]);
    for (name, bytes) in told {
        let header = Header {
            name: name.as_bytes(),
            is_file: true,
            size: bytes.len() as u64,
        };
        reader.begin(&header)?;
        for piece in bytes.chunks(3) {
            reader.data(piece)?;
        }
        reader.end()?;
    }
    reader.finish()
}

#[test]
fn a_bundle_is_read_as_it_was_made() {
    let sealed = read(&told()).unwrap();
    assert_eq!(sealed.manifest, manifest());
    assert_eq!(sealed.signer, signer().verifier());
    assert_eq!(sealed.seal, Seal::of(&manifest().bytes().unwrap()));
}

#[test]
fn the_same_things_in_any_order_make_the_same_manifest() {
    let made = manifest();
    let places: Vec<_> = made.members.iter().map(|it| &*it.place).collect();
    let want: Vec<_> = files().iter().map(|(place, _)| *place).collect();
    assert_eq!(places, want);
    assert_eq!(Manifest::parse(&made.bytes().unwrap()).unwrap(), made);
}

#[test]
fn a_member_that_is_changed_moved_missing_or_added_is_refused() {
    let good = told();
    for at in 0..good.len() {
        let mut flipped = good.clone();
        flipped[at].1[0] ^= 1;
        assert!(read(&flipped).is_err(), "flipped {at}");
        let mut longer = good.clone();
        longer[at].1.push(0);
        assert!(read(&longer).is_err(), "longer {at}");
        let mut missing = good.clone();
        missing.remove(at);
        assert!(read(&missing).is_err(), "missing {at}");
        let mut twice = good.clone();
        twice.insert(at, good[at].clone());
        assert!(read(&twice).is_err(), "twice {at}");
        let cut = &good[..at];
        assert!(
            matches!(read(cut), Err(Error::Truncated { .. })),
            "cut {at}"
        );
        if at > 0 {
            let mut swapped = good.clone();
            swapped.swap(at, at - 1);
            let error = read(&swapped).unwrap_err();
            assert!(matches!(error, Error::Unexpected { .. }), "{at}: {error}");
        }
    }
    let mut more = good;
    more.push(("example.com/b/@v/v1.0.0.mod".to_owned(), b"x".to_vec()));
    assert!(matches!(read(&more), Err(Error::Unexpected { .. })));
}

#[test]
fn links_and_folders_are_refused() {
    let mut reader = Reader::new(vec![signer().verifier()]);
    let header = Header {
        name: NOTE.as_bytes(),
        is_file: false,
        size: 0,
    };
    let error = reader.begin(&header).unwrap_err();
    assert!(matches!(error, Error::NotAFile { .. }), "{error}");
    let refused = reader.begin(&Header {
        is_file: true,
        ..header
    });
    assert!(
        matches!(refused, Err(Error::Refused)),
        "what was refused stays so"
    );
}

#[test]
fn a_bundle_of_an_unknown_key_is_refused_and_its_signer_named() {
    let note = &told()[0].1;
    let other = SignerKey::from_seed("bundles.example", [8; 32]).unwrap();
    let error = Seal::open(note, &[other.verifier()]).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Untrusted { .. }), "{text}");
    let name = format!("bundles.example+{:08x}", signer().key_hash());
    assert!(text.contains(&name), "{text}");
    assert!(matches!(
        Seal::open(note, &[]),
        Err(Error::Untrusted { .. })
    ));
}

#[test]
fn a_signed_text_of_another_kind_is_no_seal() {
    let key = signer();
    let hash = "0".repeat(64);
    for text in [
        "go.sum database tree\n5\nAAAA\n".to_owned(),
        format!("sumward.bundle/v2\n1\n{hash}\n"),
        format!("sumward.bundle/v1\n01\n{hash}\n"),
        format!("sumward.bundle/v1\n-1\n{hash}\n"),
        format!("sumward.bundle/v1\n1\n{}\n", "A".repeat(64)),
        format!("sumward.bundle/v1\n1\n{hash}\nmore\n"),
        format!("sumward.bundle/v1\n99999999999\n{hash}\n"),
    ] {
        let note = note::sign(&text, &[&key]).unwrap();
        let opened = Seal::open(&note, &[key.verifier()]);
        assert!(
            matches!(opened, Err(Error::Seal(_) | Error::TooLarge { .. })),
            "{text}: {opened:?}"
        );
    }
}

#[test]
fn places_that_leave_the_folder_or_name_something_else_are_refused() {
    for place in [
        "",
        "/etc/passwd",
        "../x/@v/list",
        "example.com/../x/@v/v1.0.0.zip",
        "example.com//x/@v/v1.0.0.zip",
        "example.com/A/@v/v1.0.0.zip",
        "example.com/a/@v/master.info",
        "example.com/a/@latest",
        "example.com/a/@v/v1.0.0.zip/",
        "sumdb/other.example/latest",
        "sumdb/sum.example/go/../latest",
        "sumdb/sum.example/latest",
        "bundle/manifest.json",
        "bundle/other",
    ] {
        let parsed = Place::parse(place, ["sum.example/go"]);
        assert!(matches!(parsed, Err(Error::Place { .. })), "{place}");
    }
}

#[test]
fn manifests_that_are_not_in_their_one_form_are_refused() {
    let good = manifest();
    let text = String::from_utf8(good.bytes().unwrap()).unwrap();
    for (from, to) in [
        ("{\"asked\"", "{ \"asked\""),
        ("\"format\":1", "\"format\":2"),
        ("\"format\":1", "\"format\":1,\"more\":1"),
        ("\"base\":null", "\"base\":{\"sha256\":\"x\"}"),
        ("\"since\":2", "\"since\":6"),
        ("v1.0.0.zip", "v1.0.zip"),
        ("@v/list", "@v/lisu"),
        ("example.com/A@v1.0.0\",\"zip", "example.com/A\",\"zip"),
    ] {
        assert!(text.contains(from), "{from}");
        let other = text.replacen(from, to, 1);
        assert!(Manifest::parse(other.as_bytes()).is_err(), "{to}");
    }
    let mut swapped = good.clone();
    swapped.members.swap(1, 2);
    let error = Manifest::parse(&swapped.bytes().unwrap()).unwrap_err();
    assert!(matches!(error, Error::Order { .. }), "{error}");
    let mut huge = good;
    huge.members[0].size = MEMBER_BYTES_MAX + 1;
    let error = Manifest::parse(&huge.bytes().unwrap()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[test]
fn a_manifest_tells_of_the_modules_that_are_in_it() {
    let mut other = manifest();
    other.modules[0].module = "example.com/A@v1.1.0".to_owned();
    let error = Manifest::parse(&other.bytes().unwrap()).unwrap_err();
    let want = "has no example.com/!a/@v/v1.1.0.zip";
    assert!(error.to_string().contains(want), "{error}");
    let mut less = manifest();
    less.modules[0].zip = false;
    let error = Manifest::parse(&less.bytes().unwrap()).unwrap_err();
    assert!(error.to_string().contains("does not tell of"), "{error}");
}

#[test]
fn the_text_of_a_manifest_is_the_canonical_one() {
    let mut manifest = manifest();
    manifest.remarks = vec!["a \"remark\"".to_owned()];
    for base in [
        None,
        Some(Base {
            sha256: "00".repeat(32),
        }),
    ] {
        manifest.base = base;
        let want = canonical::bytes(&manifest).unwrap();
        assert_eq!(manifest.bytes().unwrap(), want);
    }
}

#[test]
fn a_manifest_of_too_many_databases_is_refused() {
    let mut many = manifest();
    many.databases = vec![database(); DATABASES_MAX + 1];
    let error = Manifest::parse(&many.bytes().unwrap()).unwrap_err();
    let want = format!("more than {DATABASES_MAX} databases");
    assert!(error.to_string().contains(&want), "{error}");
}

#[test]
fn a_difference_names_what_came_and_went() {
    let first = manifest();
    let mut second = first.clone();
    second.modules[0].module = "example.com/A@v1.1.0".to_owned();
    let difference = Difference::of(&first, &second);
    assert_eq!(difference.added, second.modules);
    assert_eq!(difference.removed, first.modules);
    assert_eq!(Difference::of(&first, &first), Difference::default());
    second = first.clone();
    second.modules[0].zip = false;
    assert_eq!(Difference::of(&second, &first).added, first.modules);
}

proptest! {
    #[test]
    fn one_changed_byte_anywhere_is_refused(member in 0_usize..10, at in 0_usize..4096, flip in 1_u8..=255) {
        let mut told = told();
        let bytes = &mut told[member].1;
        let at = at % bytes.len();
        bytes[at] ^= flip;
        prop_assert!(read(&told).is_err());
    }

    #[test]
    fn no_manifest_is_read_that_is_not_written_so(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        if let Ok(manifest) = Manifest::parse(&bytes) {
            prop_assert_eq!(manifest.bytes().unwrap(), bytes);
        }
    }
}
