//! Archives that other programs wrote, whole, cut, and forged.

mod lies;

use std::io::Write as _;

use proptest::prelude::*;

use super::compare::Comparer;
use super::difference::Difference;
use crate::container::fault::{Fault, Kind};
use crate::container::limits::{Budget, DEPTH_MAX, UNPACKED_FREE};
use crate::container::listing::{Content, Listing};
use crate::container::open::Container;
use crate::container::source::Source;
use crate::diff::Verdict;

macro_rules! seeds {
    ($($name:literal),*) => {
        [$(($name, include_bytes!(concat!("../../../tests/fuzz/corpus/containers/", $name)).as_slice())),*]
    };
}

/// Small containers made by tar, gzip, xz, zstd, zip, ar, dpkg-deb and rpmbuild.
const SEEDS: [(&str, &[u8]); 15] = seeds![
    "ar",
    "cpio",
    "deb",
    "image_tar",
    "rpm",
    "stream_gz_name",
    "tar_gnu_long",
    "tar_gz",
    "tar_pax",
    "tar_twice",
    "tar_ustar",
    "tar_xz",
    "tar_zst",
    "universal",
    "zip"
];

fn open(bytes: &[u8]) -> Container {
    let source = Source::memory(bytes.to_vec());
    let opened = Container::open("x.gz", &source, &Budget::default()).unwrap();
    opened.expect("a container")
}

fn list(bytes: &[u8]) -> Result<std::sync::Arc<Listing>, Fault> {
    open(bytes).list()
}

fn compare(a: &[u8], b: &[u8]) -> Difference {
    let take = Box::new(|_: &[String], _: &_, _: &_| (0, Verdict::Different));
    let mut comparer = Comparer::new(&Budget::default(), take);
    comparer.compare(["a", "b"], &open(a), &open(b)).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        // The library refuses names that a hostile archive has.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn what_other_programs_wrote_is_read_whole() {
    for (name, bytes) in SEEDS {
        let listing = list(bytes).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(!listing.members.is_empty(), "{name}");
    }
    let ustar = list(SEEDS[10].1).unwrap();
    // The same tree in any packing has the same members.
    for packed in [SEEDS[7].1, SEEDS[11].1, SEEDS[12].1] {
        let other = list(packed).unwrap();
        let contents = |listing: &Listing| -> Vec<(String, Content)> {
            let members = listing.members.iter();
            members
                .map(|member| (member.name.clone(), member.content.clone()))
                .collect()
        };
        assert_eq!(contents(&ustar), contents(&other));
    }
    let link = ustar.members.iter().find(|member| member.origin.is_some());
    assert!(matches!(
        link.unwrap().content,
        Content::File { size: 2, .. }
    ));
    assert!(
        ustar.notes[0].starts_with("1 whiteout"),
        "{:?}",
        ustar.notes
    );
}

#[test]
fn archives_that_are_cut_off_say_where() {
    for (name, bytes) in SEEDS {
        for len in (HEAD_KEPT..bytes.len()).step_by(7) {
            let source = Source::memory(bytes[..len].to_vec());
            // Less than a header is not a tar archive yet.
            let Some(cut) = Container::open("x.gz", &source, &Budget::default()).unwrap() else {
                continue;
            };
            match cut.list() {
                // Zeros at the end, and what lies behind the last member, say nothing.
                Ok(_) => {}
                Err(fault) => assert!(!matches!(fault.kind, Kind::Io(_)), "{name} {len}: {fault}"),
            }
        }
    }
    let whole = tar(&[("first", &[1; 600]), ("second", &[2; 600])]);
    for (len, want) in [
        (700, "first: it is cut off"),
        (512 + 1024 + 100, "in a header after first"),
        (512 + 1024 + 512 + 10, "second: it is cut off"),
    ] {
        let said = list(&whole[..len]).unwrap_err().to_string();
        assert!(said.contains(want), "{said}");
    }
    let difference = compare(&whole, &whole[..700]);
    assert_eq!(difference.verdict(), Verdict::Inconclusive);
    let reason = difference.reason.unwrap();
    assert!(reason.starts_with("b: first: it is cut off"), "{reason}");
}

/// Bytes by which every seed is still told to be a container.
const HEAD_KEPT: usize = 22;

#[test]
fn bombs_and_nests_are_bounded() {
    let zeros = vec![0; UNPACKED_FREE as usize + 1];
    let bomb = gzip(&zeros);
    assert!(matches!(list(&bomb).unwrap_err().kind, Kind::Bomb { .. }));
    let nest = |core: &[u8]| (0..=DEPTH_MAX + 1).fold(core.to_vec(), |inner, _| gzip(&inner));
    let difference = compare(&nest(b"one"), &nest(b"two"));
    assert_eq!(difference.verdict(), Verdict::Inconclusive);
    assert!(
        difference
            .obstacle()
            .unwrap()
            .contains("deep inside one another")
    );
}

#[test]
fn sizes_that_lie_are_noticed() {
    let mut huge = tar(&[("x", b"content")]);
    // The highest bit set: a number to the base of 256.
    huge[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255]);
    let mut block: [u8; 512] = huge[..512].try_into().unwrap();
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    huge[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    assert!(matches!(list(&huge).unwrap_err().kind, Kind::Truncated(_)));
    let mut zip = SEEDS[14].1.to_vec();
    let directory = memchr::memmem::find(&zip, b"PK\x01\x02").unwrap();
    for (field, lie) in [(16, 1), (20, 0x7f00_0000_u32), (42, 0x7f00_0000)] {
        let kept = zip.clone();
        zip.splice(directory + field..directory + field + 4, lie.to_le_bytes());
        assert!(list(&zip).is_err(), "field {field}");
        zip = kept;
    }
}

#[test]
fn names_are_names_and_nothing_is_written() {
    let outside = ["/etc/passwd", "../../up", "a/../../b", "C:\\x"];
    let members: Vec<(&str, &[u8])> = outside
        .iter()
        .map(|name| (*name, b"x".as_slice()))
        .collect();
    let listing = list(&tar(&members)).unwrap();
    let names: Vec<&str> = listing
        .members
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    assert_eq!(names, outside);
    let difference = compare(&tar(&members), &tar(&members[1..]));
    assert_eq!(difference.only[0][0].path, "etc/passwd");
    let twice = tar(&[("x", b"1"), ("x", b"2")]);
    let difference = compare(&twice, &tar(&[("x", b"1")]));
    assert!(
        difference.notes[0].contains("more than once"),
        "{:?}",
        difference.notes
    );
}

proptest! {
    /// What two other libraries pack comes back, and both are told to hold the same.
    #[test]
    fn what_is_packed_comes_back(
        files in prop::collection::btree_map("[a-z]{1,12}(/[a-z]{1,80}){0,3}x", prop::collection::vec(any::<u8>(), 0..2000), 1..12)
    ) {
        let mut builder = tar::Builder::new(Vec::new());
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in &files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o755);
            header.set_mtime(7);
            builder.append_data(&mut header, name, content.as_slice()).unwrap();
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(name.as_str(), options.unix_permissions(0o755)).unwrap();
            zip.write_all(content).unwrap();
        }
        let packed = builder.into_inner().unwrap();
        let zip = zip.finish().unwrap().into_inner();
        let listing = list(&packed).unwrap();
        prop_assert_eq!(listing.members.len(), files.len());
        for (member, (name, content)) in listing.members.iter().zip(&files) {
            prop_assert_eq!(&member.name, name);
            prop_assert_eq!(member.metadata.mode, Some(0o755));
            let is_whole = matches!(member.content, Content::File { size, .. } if size == content.len() as u64);
            prop_assert!(is_whole);
        }
        let difference = compare(&packed, &zip);
        prop_assert_eq!(difference.same, files.len());
        let names: Vec<&str> = difference.fields.iter().map(|field| field.name.as_str()).collect();
        prop_assert_eq!(names, ["kind of container"]);
        prop_assert_eq!(compare(&packed, &gzip(&packed)).same, files.len());
    }

    /// Whatever is done to a container, it is an answer, and never the wrong one.
    #[test]
    fn bent_containers_never_pass_for_the_same(
        seed in 0..SEEDS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let whole = SEEDS[seed].1;
        let mut bent = whole.to_vec();
        for (at, byte) in changes {
            let at = at.index(bent.len());
            bent[at] = byte;
        }
        let source = Source::memory(bent.clone());
        let opened = Container::open("x.gz", &source, &Budget::default()).unwrap();
        if opened.is_some() && bent != whole {
            prop_assert_ne!(compare(whole, &bent).verdict(), Verdict::Identical);
        }
    }
}
