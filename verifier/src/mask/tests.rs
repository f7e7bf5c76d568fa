mod info;
mod macho;

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::*;
use crate::image::made::{self, ALLOC, EXEC, Section};
use crate::image::{Content, Image};
use crate::input::Input;

fn view_of<'a>(bytes: &'a [u8], masks: &[(Range<usize>, Put)], align: usize) -> View<'a> {
    let masks = masks.iter().map(|(range, put)| Mask {
        what: What::BuildId,
        range: range.clone(),
        put: put.clone(),
    });
    View::new(bytes, masks.collect(), align)
}

#[test]
fn what_is_masked_may_differ_and_nothing_else() {
    let zeros = |range| [(range, Put::Zeros)];
    let masked = |bytes: &'static [u8]| view_of(bytes, &zeros(1..3), 1);
    assert!(view::same(&masked(b"aXYb"), &masked(b"aPQb")));
    assert!(!view::same(&masked(b"aXYb"), &masked(b"aPQc")));
    assert!(!view::same(&masked(b"aXYb"), &masked(b"aPQbb")));
    // Zero bytes that stand there are as good as masked ones.
    assert!(view::same(&masked(b"aXYb"), &view_of(b"a\0\0b", &[], 1)));
    assert_eq!(
        masked(b"aXYb").sha256(),
        view_of(b"a\0\0b", &[], 1).sha256()
    );
}

#[test]
fn taking_away_and_padding_make_signed_and_unsigned_alike() {
    let signed = view_of(
        b"2body\0\0\0SIGNED",
        &[(0..1, Put::Bytes(b"1".to_vec())), (8..14, Put::Nothing)],
        4,
    );
    let unsigned = view_of(b"1body", &[], 4);
    assert!(view::same(&signed, &unsigned));
    assert_eq!(signed.sha256(), unsigned.sha256());
}

#[test]
fn masks_that_overlap_or_leave_the_file_are_cut() {
    let view = view_of(
        b"abcdef",
        &[
            (0..3, Put::Zeros),
            (2..4, Put::Bytes(b"xy".to_vec())),
            (5..99, Put::Zeros),
            (70..80, Put::Nothing),
        ],
        1,
    );
    assert_eq!(view.ranges(What::BuildId), [0..3, 3..4, 5..6]);
    assert!(view::same(&view, &view_of(b"\0\0\0\0e\0", &[], 1)));
}

proptest::proptest! {
    /// Equal by comparison is equal by digest, whatever the masks are.
    #[test]
    fn comparing_and_hashing_agree(
        bytes in proptest::collection::vec(0_u8..2, 0..40),
        other in proptest::collection::vec(0_u8..2, 0..40),
        masks in proptest::collection::vec((0_usize..50, 0_usize..20, 0_u8..3), 0..6),
        align in 0_usize..9,
    ) {
        let put = |kind: u8| match kind {
            0 => Put::Zeros,
            1 => Put::Nothing,
            _ => Put::Bytes(vec![1, 0]),
        };
        let masks: Vec<(Range<usize>, Put)> =
            masks.into_iter().map(|(at, len, kind)| (at..at + len, put(kind))).collect();
        let (a, b) = (view_of(&bytes, &masks, align), view_of(&other, &masks, align));
        proptest::prop_assert_eq!(view::same(&a, &b), a.sha256() == b.sha256());
        proptest::prop_assert!(view::same(&a, &a));
    }

    /// Headers of the signed formats, with anything behind the magic.
    #[test]
    fn hostile_headers_give_masks_within_the_file(
        kind in 0_usize..4,
        body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600),
    ) {
        let magic: [&[u8]; 4] = [b"MZ", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xce", b"\x7fELF\x02\x01\x01"];
        let bytes = [magic[kind], &body].concat();
        let image = Image::read(&bytes);
        let masks = [pe::masks(&bytes, &image), super::macho::masks(&bytes, &image)].concat();
        let view = View::new(&bytes, masks, CERTIFICATE_ALIGN);
        proptest::prop_assert!(view::same(&view, &view));
    }
}

/// A PE file with nothing in it: headers, then what is appended.
fn pe_file(timestamp: u8, certificates: &[u8]) -> Artifact {
    let mut bytes = vec![0; 0x200];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = 0x80;
    bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    let coff = 0x84;
    bytes[coff..coff + 2].copy_from_slice(&0x8664_u16.to_le_bytes());
    bytes[coff + 4] = timestamp;
    bytes[coff + 16..coff + 18].copy_from_slice(&240_u16.to_le_bytes());
    let optional = coff + 20;
    bytes[optional..optional + 2].copy_from_slice(&0x20b_u16.to_le_bytes());
    bytes[optional + CHECKSUM_AT] = timestamp;
    bytes[optional + 108] = 16;
    if !certificates.is_empty() {
        let directory = optional + 112 + 4 * 8;
        bytes[directory..directory + 4].copy_from_slice(&0x200_u32.to_le_bytes());
        let len = u32::try_from(certificates.len()).unwrap();
        bytes[directory + 4..directory + 8].copy_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(certificates);
    }
    Artifact::of(Input {
        path: "made.exe".into(),
        sha256: [timestamp; 32],
        bytes: bytes.into(),
        identity: None,
    })
}

const CHECKSUM_AT: usize = 64;

#[test]
fn times_checksums_and_certificates_of_pe_files() {
    let (plain, timed) = (pe_file(0, b""), pe_file(7, b""));
    let signed = pe_file(7, b"\x10\0\0\0\0\x02\x02\0\x30\x06signed");
    let compared = Compared::of(&plain, &timed).unwrap();
    let what: Vec<What> = compared.differing().map(|sides| sides.what).collect();
    assert!(compared.equal);
    assert_eq!(what, [What::Timestamp, What::Checksum]);
    let compared = Compared::of(&plain, &signed).unwrap();
    let what: Vec<What> = compared.differing().map(|sides| sides.what).collect();
    assert!(compared.equal);
    assert_eq!(what, [What::CodeSignature, What::Timestamp, What::Checksum]);
    assert_eq!(compared.sha256, sha256(&plain));
    assert_eq!(sha256(&plain), sha256(&signed));
}

#[test]
fn what_only_lies_where_certificates_should_stays_in_sight() {
    let plain = pe_file(0, b"");
    for lie in [
        b"any payload at all".as_slice(),
        b"\x18\0\0\0\0\x02\x02\0\x30\x06signedpayload!",
    ] {
        let compared = Compared::of(&plain, &pe_file(0, lie)).unwrap();
        assert!(!compared.equal);
    }
}

/// Two files that differ in one byte of what a stamp covers.
fn equal_after(kind: Kind, len: usize, mark: impl Fn(&mut Image)) -> bool {
    let file = |byte: u8| {
        let mut bytes = vec![1; 8192];
        bytes[len - 1] = byte;
        let mut file = Artifact::of(Input {
            path: "made".into(),
            sha256: [byte; 32],
            bytes: bytes.into(),
            identity: None,
        });
        file.image.format = Format::Elf;
        mark(&mut file.image);
        let range = 0..len;
        file.go.stamps = vec![Stamp { kind, range }];
        file
    };
    Compared::of(&file(1), &file(2)).unwrap().equal
}

#[test]
fn marks_that_are_too_long_or_lie_in_code_hide_nothing() {
    let host_id = |len: usize| {
        equal_after(Kind::HostId, len, |image| {
            image.host_id = Some(crate::image::HostId {
                kind: crate::image::HostIdKind::Gnu,
                bytes: Vec::new(),
                range: 0..len,
            });
        })
    };
    assert!(host_id(32) && !host_id(4096));
    let custom_id = |len: usize, at: usize| {
        equal_after(Kind::BuildId, len, |image| {
            image.build_id = Some(crate::image::Located {
                value: proto::buildid::BuildId::Custom("any".into()),
                range: at..at + len,
            });
        })
    };
    assert!(custom_id(40, 0));
    assert!(!custom_id(4096, 0), "too long");
    assert!(!custom_id(40, 4096), "a copy somewhere else");
    let in_region = |kind: Kind, content: Content| {
        equal_after(kind, 4, |image| {
            image.regions = vec![crate::image::Region {
                name: "x".into(),
                range: 0..8192,
                address: None,
                content,
            }];
        })
    };
    assert!(in_region(Kind::Time, Content::Data));
    assert!(!in_region(Kind::Time, Content::Code));
    // A value is part of what was built: it is masked on demand alone.
    assert!(!in_region(Kind::Variable, Content::Data));
}

/// A file as it was made.
fn artifact(bytes: Vec<u8>) -> Artifact {
    let sha256 = Sha256::digest(&bytes).into();
    Artifact::of(Input {
        path: "made".into(),
        sha256,
        bytes: bytes.into(),
        identity: None,
    })
}

/// A GNU build ID in a section, with the flags of the section and of its segment.
fn with_gnu_id(name: &'static str, flags: u64, segment: u32, byte: u8) -> Vec<u8> {
    let section = Section {
        name,
        kind: made::NOTE,
        flags,
        segment,
        body: made::note(b"GNU\0", 3, &[byte; 16]),
    };
    made::elf(&[section], true).0
}

#[test]
fn code_in_the_shape_of_a_build_id_stays_in_sight() {
    let equal = |name, flags, segment| {
        let [a, b] = [11, 12].map(|byte| artifact(with_gnu_id(name, flags, segment, byte)));
        Compared::of(&a, &b).unwrap().equal
    };
    assert!(equal(".note.gnu.build-id", ALLOC, 4), "a real one");
    for (name, flags, segment) in [
        (".note.aa", ALLOC | EXEC, 5),
        (".note.aa", ALLOC, 4),
        (".note.gnu.build-id", ALLOC | EXEC, 5),
        (".note.gnu.build-id", EXEC, 4),
        (".note.gnu.build-id", ALLOC, 5),
        (".note.gnu.build-id", ALLOC, 7),
    ] {
        assert!(!equal(name, flags, segment), "{name} {flags} {segment}");
    }
}

/// Go's linker leaves its build ID in the segment that holds the code: only what follows
/// from the Go build ID is masked there.
#[test]
fn a_host_id_in_memory_that_can_be_executed_follows_from_the_build_id() {
    let id = |content: &str| {
        format!(
            "{}/{}/{}/{content}",
            "a".repeat(20),
            "b".repeat(20),
            "c".repeat(20)
        )
    };
    let made = |content: &str, host: &[u8]| {
        let section = |name, body| Section {
            name,
            kind: made::NOTE,
            flags: ALLOC,
            segment: 5,
            body,
        };
        let text = id(&content.repeat(20));
        let sections = [
            section(
                ".note.go.buildid",
                made::note(b"Go\0\0", 4, text.as_bytes()),
            ),
            section(".note.gnu.build-id", made::note(b"GNU\0", 3, host)),
        ];
        artifact(made::elf(&sections, true).0)
    };
    let proto::buildid::BuildId::Program(program) =
        proto::buildid::BuildId::parse(&id(&"d".repeat(20))).unwrap()
    else {
        panic!("four parts");
    };
    let text = program.placeholder().to_string();
    let derived = proto::buildid::gnu::note(&text, proto::buildid::gnu::Derivation::FirstByte);
    let compare = |a: &Artifact, b: &Artifact| Compared::of(a, b).unwrap().equal;
    assert!(compare(&made("d", &derived), &made("e", &derived)));
    assert!(!compare(&made("d", &derived), &made("d", &[7; 20])));
    assert!(!compare(&made("d", &[8; 20]), &made("d", &[7; 20])));
}

#[test]
fn no_mask_of_pe_and_mach_o_files_hides_what_can_be_executed() {
    let uuid = |protection: u32, byte: u8| {
        let names = [b"__TEXT".as_slice(), b"__text"];
        artifact(made::macho(names, protection, 0, [byte; 16], b"code"))
    };
    let equal = |protection| {
        let (a, b) = (uuid(protection, 1), uuid(protection, 2));
        Compared::of(&a, &b).unwrap().equal
    };
    assert!(equal(1) && !equal(5));
    // An export directory, which begins with a time, in a section of code or of data.
    let exports = |characteristics: u32, byte: u8| {
        let body = [&[0; 4][..], &[byte; 4], &[0; 32]].concat();
        let mut bytes = made::pe(b".edata", characteristics, &body);
        let directory = 0x84 + 20 + 112;
        bytes[directory..directory + 4].copy_from_slice(&0x1000_u32.to_le_bytes());
        bytes[directory + 4] = 40;
        artifact(bytes)
    };
    let equal = |characteristics| {
        let (a, b) = (exports(characteristics, 1), exports(characteristics, 2));
        Compared::of(&a, &b).unwrap().equal
    };
    assert!(equal(0x4000_0040) && !equal(0x6000_0020));
}

#[test]
fn certificates_that_end_a_file_are_taken_away_and_others_are_zeros() {
    let put = |behind: usize| {
        let body = [0x30, 6, 1, 1, 1, 1, 1, 1];
        let mut certificates = 16_u32.to_le_bytes().to_vec();
        certificates.extend([0, 2, 2, 0]);
        certificates.extend(body);
        let mut bytes = made::pe(b".text", 0x6000_0020, &[0xc3; 32]);
        let start = bytes.len();
        bytes.extend(certificates);
        let range = start..bytes.len();
        bytes.resize(bytes.len() + behind, 0);
        let directory = 0x84 + 20 + 112 + 4 * 8;
        bytes[directory..directory + 4].copy_from_slice(&(start as u32).to_le_bytes());
        bytes[directory + 4] = 16;
        let image = Image::read(&bytes);
        assert_eq!(image.signature, Some(range.clone()), "{behind}");
        let masks = pe::masks(&bytes, &image);
        let mask = masks.into_iter().find(|mask| mask.range == range);
        mask.map(|mask| mask.put)
    };
    assert_eq!(put(0), Some(Put::Nothing));
    assert_eq!(put(8), Some(Put::Zeros));
}

proptest::proptest! {
    /// Whatever sections are called and hold, no mask meets bytes that can be executed,
    /// but for a build ID that the go command made, in its own place.
    #[test]
    fn no_mask_meets_bytes_that_can_execute(
        parts in proptest::collection::vec((0_usize..8, 0_u32..8, 0_u64..8, 0_usize..4, 0_u32..2), 1..6),
        has_headers in proptest::prelude::any::<bool>(),
    ) {
        const NAMES: [&str; 8] = [
            ".note.gnu.build-id", ".note.go.buildid", ".note.aa", ".gnu_debuglink", ".debug_zz",
            ".comment", ".go.buildinfo", ".text",
        ];
        let id = ["a", "b", "c", "d"].map(|part| part.repeat(20)).join("/");
        let bodies = [
            made::note(b"GNU\0", 3, &[7; 20]),
            made::note(b"Go\0\0", 4, id.as_bytes()),
            b"app.dbg\0\x01\x02\x03\x04".to_vec(),
            id.clone().into_bytes(),
        ];
        let sections: Vec<Section> = parts
            .iter()
            .map(|(name, segment, flags, body, kind)| Section {
                name: NAMES[*name],
                kind: if *kind == 0 { made::BITS } else { made::NOTE },
                flags: *flags,
                segment: *segment,
                body: bodies[*body].clone(),
            })
            .collect();
        let (bytes, placed) = made::elf(&sections, has_headers);
        let artifact = artifact(bytes);
        let own = artifact.image.build_id.as_ref().map(|id| id.range.clone());
        let (masks, _) = masks(&artifact).unwrap();
        for mask in masks {
            for (section, place) in sections.iter().zip(&placed) {
                let can_execute = section.segment & 1 != 0 || has_headers && section.flags & EXEC != 0;
                let meets = mask.range.start < place.end && place.start < mask.range.end;
                // The go command's own ID lies among what is loaded with the code.
                let is_code = has_headers && section.flags & EXEC != 0;
                let is_own = own == Some(mask.range.clone()) && !is_code;
                proptest::prop_assert!(
                    !(meets && can_execute) || is_own,
                    "{:?} meets {} ({:?})", mask.what, section.name, section
                );
            }
        }
    }
}
