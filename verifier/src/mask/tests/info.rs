//! Build information: which of its lines are masked by themselves and which on demand.

use proto::buildinfo::blob;

use super::*;

/// The bytes of build information, as the linker writes them.
fn blob_of(version: &str, text: &str) -> Vec<u8> {
    let mut bytes = [blob::MAGIC.as_slice(), &[8, 2]].concat();
    bytes.resize(32, 0);
    for part in [version.as_bytes(), &framed(text)] {
        assert!(part.len() < 1 << 14);
        bytes.push(0x80 | u8::try_from(part.len() & 0x7f).unwrap());
        bytes.push(u8::try_from(part.len() >> 7).unwrap());
        bytes.extend(part);
    }
    bytes
}

fn framed(text: &str) -> Vec<u8> {
    [&blob::FRAME_START[..], text.as_bytes(), &blob::FRAME_END].concat()
}

/// A program with build information, and a constant.
fn program(version: &str, text: &str, constant: &[u8]) -> Artifact {
    in_memory(6, version, text, constant)
}

/// The same, with build information in memory of these flags.
fn in_memory(flags: u32, version: &str, text: &str, constant: &[u8]) -> Artifact {
    let section = |name, segment, body| Section {
        name,
        kind: made::BITS,
        flags: ALLOC,
        segment,
        body,
    };
    let sections = [
        section(".go.buildinfo", flags, blob_of(version, text)),
        section(".rodata", 4, constant.to_vec()),
    ];
    artifact(made::elf(&sections, true).0)
}

const GO: &str = "go1.27.3";

/// Whether two texts are equal after masking, and what differs, and what else would
/// have to be masked.
fn compared(a: &str, b: &str) -> (bool, Vec<What>, Vec<What>) {
    let [a, b] = [a, b].map(|text| program(GO, text, b"same"));
    let compared = Compared::of(&a, &b).unwrap();
    let differing = compared.differing().map(|sides| sides.what).collect();
    assert_eq!(compared.sha256.is_some(), compared.equal);
    assert_eq!(sha256(&a) == sha256(&b), compared.equal);
    (compared.equal, differing, compared.more)
}

#[test]
fn version_control_names_a_build_and_the_rest_is_what_it_was_made_of() {
    let text = "path\tp\nbuild\t-tags=a\nbuild\tvcs.revision=1\n";
    let masked = |from: &str, to: &str| compared(text, &text.replace(from, to));
    let (vcs, info, modules) = (What::Vcs, What::BuildInfo, What::Modules);
    assert_eq!(masked("=1", "=2"), (true, vec![vcs], vec![]));
    assert_eq!(masked("=a", "=b"), (false, vec![info], vec![info]));
    assert_eq!(
        masked("\tp\n", "\tq\n"),
        (false, vec![modules], vec![modules])
    );
    let two = text.replace("=1", "=2").replace("=a", "=b");
    assert_eq!(compared(text, &two), (false, vec![vcs, info], vec![info]));
    // What lines are called stays in sight.
    assert_eq!(masked("-tags", "-tabs"), (false, vec![], vec![]));
}

#[test]
fn build_information_that_can_be_executed_stays_in_sight() {
    let text = |revision: u8| format!("path\tp\nbuild\tvcs.revision={revision}\n");
    let equal = |flags: u32| {
        let [a, b] = [1, 2].map(|revision| in_memory(flags, GO, &text(revision), b"same"));
        Compared::of(&a, &b).unwrap().equal
    };
    assert!(equal(6) && equal(4) && !equal(5) && !equal(7));
}

#[test]
fn what_differs_besides_is_never_asked_to_be_masked() {
    let text = "path\tp\nbuild\t-tags=a\n";
    let other = text.replace("=a", "=b");
    for (a, b) in [
        (program(GO, text, b"one"), program(GO, &other, b"two")),
        (
            program(GO, text, b"one"),
            program("go1.27.4", &other, b"one"),
        ),
    ] {
        let compared = Compared::of(&a, &b).unwrap();
        assert_eq!((compared.equal, compared.more), (false, vec![]));
    }
}

#[test]
fn a_copy_among_the_constants_is_masked_as_the_first_is() {
    let text = |revision: u8| format!("path\tp\nbuild\tvcs.revision={revision}\n");
    let copied = |copy: u8| {
        let text = text(copy);
        program(GO, &text, &framed(&text))
    };
    let compared = Compared::of(&copied(1), &copied(2)).unwrap();
    assert!(compared.equal);
    let vcs = compared.masks.iter().find(|sides| sides.what == What::Vcs);
    let vcs = vcs.unwrap();
    assert_eq!((vcs.a.len(), vcs.b.len(), vcs.bytes()), (2, 2, 2));
    // Another text of that form is no copy.
    let [a, b] = [1, 2].map(|copy| program(GO, &text(1), &framed(&text(copy))));
    assert!(!Compared::of(&a, &b).unwrap().equal);
}

#[test]
fn each_kind_of_mask_has_its_name_and_its_words() {
    let told = What::ALL.map(|what| (what.name(), what.as_str(), what.is_mark()));
    assert_eq!(
        told,
        [
            ("build-id", "build ID", true),
            ("gnu-build-id", "GNU build ID", true),
            ("uuid", "LC_UUID", true),
            ("vcs", "version control", true),
            ("build-info", "build settings", false),
            ("modules", "modules", false),
            ("variables", "-X variables", false),
            ("code-signature", "code signature", true),
            ("timestamp", "PE timestamp", true),
            ("checksum", "PE checksum", true),
            ("debug-link", "debug link", true),
        ]
    );
}

#[test]
fn the_bytes_of_a_kind_are_those_of_the_side_that_has_more() {
    let sides = |a: Vec<Range<usize>>, b: Vec<Range<usize>>| Sides {
        what: What::Vcs,
        differs: true,
        a,
        b,
    };
    assert_eq!(sides(vec![0..3, 5..6], vec![0..1, 1..2]).bytes(), 4);
    assert_eq!(sides(vec![], vec![0..2, 4..9]).bytes(), 7);
}

#[test]
fn a_debug_link_is_masked_where_it_has_the_shape_of_one() {
    let linked = |segment: u32, body: &[u8]| {
        let section = Section {
            name: ".gnu_debuglink",
            kind: made::BITS,
            flags: 0,
            segment,
            body: body.to_vec(),
        };
        artifact(made::elf(&[section], true).0)
    };
    let equal = |segment: u32, a: &[u8], b: &[u8]| {
        let compared = Compared::of(&linked(segment, a), &linked(segment, b)).unwrap();
        let differing: Vec<What> = compared.differing().map(|sides| sides.what).collect();
        assert_eq!(!differing.is_empty(), compared.equal, "{differing:?}");
        compared.equal
    };
    let (one, other) = (b"app.dbg\0\x01\x02\x03\x04", b"lib.dbg\0\x05\x06\x07\x08");
    assert!(equal(0, one, other));
    assert!(!equal(5, one, other), "it can be executed");
    assert!(!equal(0, b"payload one", b"payload two"));
}

#[test]
fn a_file_without_marks_has_no_second_verdict() {
    for bytes in [b"text".as_slice(), b"", b"PK\x03\x04"] {
        let made = artifact(bytes.to_vec());
        assert_eq!(sha256(&made), None);
        assert_eq!(Compared::of(&made, &made), None);
        assert_eq!(Compared::of(&program(GO, "path\tp\n", b""), &made), None);
    }
}
