//! What is said of containers that differ.

use super::*;
use crate::container::listing::Content;
use crate::diff::Verdict;
use crate::members::difference::{Differing, Example, Field, How, Only};

const NAMES: [&str; 2] = ["a", "b"];

fn explained(difference: &Difference) -> Vec<Cause> {
    explain_container(difference, &NAMES.map(str::to_owned))
}

fn file(size: u64, fill: u8) -> Content {
    Content::File {
        size,
        sha256: [fill; 32],
    }
}

fn differing(path: &str, how: How) -> Differing {
    Differing {
        path: path.into(),
        contents: [file(3, 1), file(4, 2)],
        how,
    }
}

fn bytes() -> How {
    How::Bytes {
        first: 2,
        differing: 2,
        shown: [b"c".to_vec(), b"Xd".to_vec()],
    }
}

fn only(path: &str) -> Only {
    Only {
        path: path.into(),
        content: file(1, 3),
    }
}

fn field(name: &str, members: usize) -> Field {
    Field {
        name: name.into(),
        is_packing: true,
        members,
        examples: vec![Example {
            place: "etc/x".into(),
            a: Some("1".into()),
            b: None,
        }],
    }
}

fn places(cause: &Cause) -> Vec<&str> {
    let places = cause.evidence.iter();
    places.map(|evidence| evidence.place.as_str()).collect()
}

#[test]
fn members_are_named_one_by_one_and_counted_when_there_are_several() {
    let one = Difference {
        differing: vec![differing("etc/x", bytes())],
        only: [vec![only("etc/y")], Vec::new()],
        ..Difference::default()
    };
    let [cause]: [Cause; 1] = explained(&one).try_into().unwrap();
    assert_eq!(
        (cause.name, cause.confidence),
        (Name::ArchiveMembers, Confidence::Proven)
    );
    assert_eq!(
        cause.summary,
        "etc/x differs and is compared as it is, etc/y is only in a"
    );
    assert_eq!(
        places(&cause),
        [
            "etc/x: 2 bytes differ, the first at offset 0x2",
            "etc/x: bytes from offset 0x2 on",
            "etc/y",
        ]
    );
    assert_eq!(cause.evidence[1].a.as_deref(), Some("63 (\"c\")"));
    assert_eq!(cause.evidence[1].b.as_deref(), Some("58 64 (\"Xd\")"));
    assert!(cause.evidence[2].a.is_some() && cause.evidence[2].b.is_none());
    let several = Difference {
        differing: vec![
            differing("x", How::Kind),
            differing("y", How::Hashes("too large".into())),
        ],
        only: [Vec::new(), vec![only("p"), only("q")]],
        ..Difference::default()
    };
    let [cause]: [Cause; 1] = explained(&several).try_into().unwrap();
    assert_eq!(
        cause.summary,
        "2 members differ and are compared as they are, 2 members are only in b"
    );
    assert_eq!(
        places(&cause),
        ["x", "y (only hashes were compared: too large)", "p", "q"]
    );
    assert!(cause.evidence[2].a.is_none() && cause.evidence[2].b.is_some());
}

#[test]
fn what_is_compared_by_itself_is_no_cause_of_the_container() {
    let program = How::Program {
        number: 0,
        verdict: Verdict::Different,
    };
    let inside = Difference {
        differing: vec![differing("x", bytes())],
        ..Difference::default()
    };
    let difference = Difference {
        differing: vec![
            differing("bin/x", program),
            differing("x.tar", How::Container(Box::new(inside))),
        ],
        ..Difference::default()
    };
    assert_eq!(explained(&difference), []);
}

#[test]
fn settings_that_are_carried_are_named() {
    let example = |place: &str| Example {
        place: place.into(),
        a: Some("1".into()),
        b: Some("2".into()),
    };
    let summary = |carried: Vec<Example>| {
        let difference = Difference {
            carried,
            ..Difference::default()
        };
        let [cause]: [Cause; 1] = explained(&difference).try_into().unwrap();
        assert_eq!(places(&cause)[0], "Entrypoint");
        cause.summary
    };
    assert_eq!(summary(vec![example("Entrypoint")]), "Entrypoint differs");
    assert_eq!(
        summary(vec![example("Entrypoint"), example("Env"), example("User")]),
        "Entrypoint and 2 more settings differ"
    );
}

#[test]
fn no_more_than_fifty_pieces_of_evidence_are_kept() {
    let many = |count: usize| -> Vec<Only> { (0..count).map(|at| only(&at.to_string())).collect() };
    let difference = Difference {
        only: [many(40), many(60)],
        ..Difference::default()
    };
    let [cause]: [Cause; 1] = explained(&difference).try_into().unwrap();
    assert_eq!(
        cause.summary,
        "40 members are only in a, 60 members are only in b"
    );
    assert_eq!(cause.evidence.len(), 50);
    assert!(cause.evidence[39].a.is_some() && cause.evidence[40].b.is_some());
}

#[test]
fn packing_is_told_apart_from_content() {
    let packed = |same: usize, fields: Vec<Field>| {
        let difference = Difference {
            same,
            fields,
            ..Difference::default()
        };
        let [cause]: [Cause; 1] = explained(&difference).try_into().unwrap();
        assert_eq!(
            (cause.name, cause.confidence),
            (Name::ArchiveMetadata, Confidence::Proven)
        );
        cause
    };
    let cause = packed(
        1,
        vec![field("modification time", 1), field("order of members", 0)],
    );
    assert_eq!(
        cause.summary,
        "the one member is the same, but they are packed in another way: modification time of 1 member, \
         order of members"
    );
    assert_eq!(
        places(&cause),
        ["etc/x: modification time", "order of members"]
    );
    assert!(
        cause.fix.starts_with("set SOURCE_DATE_EPOCH"),
        "{}",
        cause.fix
    );
    assert!(cause.fix.contains("; sort what is packed"), "{}", cause.fix);
    let cause = packed(7, vec![field("owner", 7), field("group", 2)]);
    assert!(
        cause
            .summary
            .starts_with("all 7 members are the same, but they are packed"),
        "{}",
        cause.summary
    );
    assert!(
        cause
            .summary
            .ends_with("owner of 7 members, group of 2 members")
    );
    // One piece of advice for both.
    assert_eq!(
        cause.fix.matches("pack as nobody").count(),
        1,
        "{}",
        cause.fix
    );
}

#[test]
fn where_members_differ_too_nothing_is_said_to_be_the_same() {
    let mut differs = Difference {
        same: 3,
        fields: vec![field("gzip: time", 0)],
        differing: vec![differing("x", bytes())],
        ..Difference::default()
    };
    let [members, packing]: [Cause; 2] = explained(&differs).try_into().unwrap();
    assert_eq!(members.name, Name::ArchiveMembers);
    assert_eq!(
        packing.summary,
        "they are packed in another way: gzip: time"
    );
    differs.differing.clear();
    differs.only[1].push(only("y"));
    let [_, packing]: [Cause; 2] = explained(&differs).try_into().unwrap();
    assert!(
        packing.summary.starts_with("they are packed"),
        "{}",
        packing.summary
    );
}

#[test]
fn each_field_has_its_own_advice() {
    for (name, words) in [
        ("kind of container", "two containers of one kind"),
        ("mode", "umask decides otherwise"),
        ("gzip: file name", "gzip -n"),
        ("gzip: level", "the same gzip program"),
        ("xz: check", "-T1"),
        ("zstd: window", "the same zstd"),
        ("zip extra field", "zip -X"),
        ("packed size", "program, version and level"),
        ("compression", "program, version and level"),
        ("bytes outside", "cmp -l"),
        ("tar format", "--format=ustar"),
        ("name of the member", "packing program"),
        ("name", "under the same names"),
        ("another thing", "packing program"),
    ] {
        let difference = Difference {
            fields: vec![field(name, 0)],
            ..Difference::default()
        };
        let fix = &explained(&difference)[0].fix;
        assert!(fix.contains(words), "{name}: {fix}");
    }
}
