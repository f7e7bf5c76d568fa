//! Containers that say one thing and unpack to another: never the same as what
//! they only look like.

use std::path::Path;

use super::*;
use crate::container::limits::UNPACKED_TOTAL_FREE;
use crate::members::survey::{Inner, Surveyor};

/// A block of tar: name, size, type, and fields that only some types have.
fn header(name: &str, size: usize, kind: u8, fields: &[(usize, &str)]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_entry_type(tar::EntryType::new(kind));
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    for (at, field) in fields {
        header.as_mut_bytes()[*at..at + field.len()].copy_from_slice(field.as_bytes());
    }
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// An archive of one member that fills its blocks.
fn archive(before: &[u8], name: &str, kind: u8, fields: &[(usize, &str)], fill: u8) -> Vec<u8> {
    let header = header(name, 512, kind, fields);
    [before, &header, &[fill; 512], &[0; 1024]].concat()
}

/// A folder with files in it.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

fn compare_folder(path: &Path, other: &Container) -> Difference {
    let take = Box::new(|_: &[String], _: &_, _: &_| (0, Verdict::Different));
    let budget = Budget::default();
    let a = Container::folder(path, &budget).unwrap();
    let mut comparer = Comparer::new(&budget, take);
    comparer.compare(["a", "b"], &a, other).unwrap()
}

/// Says whether two containers of unlike kinds hold the same, as far as they can: they
/// are never identical.
#[track_caller]
fn holds_the_same(difference: &Difference) -> bool {
    assert_eq!(difference.verdict(), Verdict::Different);
    let fields: Vec<&str> = difference.fields.iter().map(|field| &*field.name).collect();
    let count = difference.count();
    assert_eq!(fields[0], "kind of container");
    fields.len() == 1
        && difference.carried.is_empty()
        && count.differing == 0
        && count.only == [0, 0]
}

fn compare_folders(a: &[(&str, &[u8])], b: &[(&str, &[u8])]) -> Difference {
    let (a, b) = (folder(a), folder(b));
    let b = Container::folder(b.path(), &Budget::default()).unwrap();
    compare_folder(a.path(), &b)
}

#[test]
fn packed_bytes_of_a_sparse_file_are_not_the_file() {
    let plain = folder(&[("x", &[7; 512])]);
    let against = |bytes: &[u8]| holds_the_same(&compare_folder(plain.path(), &open(bytes)));
    assert!(against(&archive(b"", "x", b'0', &[], 7)));
    let map = [
        (386, "00000002000"),
        (398, "00000001000"),
        (483, "00000010000"),
    ];
    let sparse = archive(b"", "x", b'S', &map, 7);
    assert!(!against(&sparse));
    let record = b"24 GNU.sparse.name=evil\n";
    let mut pax = header("pax", record.len(), b'x', &[]);
    pax.extend(record);
    pax.resize(1024, 0);
    assert!(!against(&archive(&pax, "x", b'0', &[], 7)));
    // Another map of the same bytes is another file.
    let moved = [(386, "00000004000"), map[1], map[2]];
    let difference = compare(&sparse, &archive(b"", "x", b'S', &moved, 7));
    assert_eq!(difference.differing.len(), 1);
    // A map that goes on in a block of its own is read past.
    let long = header("x", 512, b'S', &[map[0], map[1], (482, "\x01"), map[2]]);
    let long = [long, vec![0; 512], vec![7; 512], vec![0; 1024]].concat();
    assert_eq!(list(&long).unwrap().members.len(), 1);
}

#[test]
fn content_where_none_is_expected_is_compared() {
    for (name, kind) in [("x", b'Z'), ("x/", b'0')] {
        let packed = |fill: u8| archive(b"", name, kind, &[], fill);
        let difference = compare(&packed(1), &packed(2));
        assert_eq!(difference.differing.len(), 1, "{name}");
        assert_eq!(compare(&packed(1), &packed(1)).same, 1, "{name}");
    }
}

#[test]
fn bytes_outside_the_members_are_not_blamed_on_a_compressor() {
    let plain = tar(&[("x", b"content")]);
    let mut hidden = plain.clone();
    hidden[600] = b'!';
    let carried = |a: &[u8], b: &[u8]| {
        let difference = compare(a, b);
        assert!(difference.fields.is_empty(), "{:?}", difference.fields);
        difference.carried[0].place.clone()
    };
    assert_eq!(carried(&plain, &hidden), "content outside the members");
    let packed = [gzip(&plain), gzip(&hidden)];
    assert_eq!(
        carried(&packed[0], &packed[1]),
        "content outside the members"
    );
    let name = |a: &[u8], b: &[u8]| compare(a, b).fields[0].name.clone();
    let mut fast = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    fast.write_all(&plain[..700]).unwrap();
    fast.flush().unwrap();
    fast.write_all(&plain[700..]).unwrap();
    let name = name(&packed[0], &fast.finish().unwrap());
    assert_eq!(name, "compressed bytes");
}

/// A zip archive with one stored file.
fn zip(name: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .unix_permissions(0o644);
    zip.start_file(name, options).unwrap();
    zip.write_all(b"content").unwrap();
    zip.finish().unwrap().into_inner()
}

#[test]
fn members_with_two_names_are_not_the_files_of_one() {
    let plain = folder(&[("x", b"content")]);
    let against = |bytes: &[u8]| holds_the_same(&compare_folder(plain.path(), &open(bytes)));
    assert!(against(&zip("x")));
    let mut local = zip("x");
    local[30] = b'y';
    assert!(!against(&local));
    // The Unicode name of an extra field, put behind the name in the directory.
    let mut crc = flate2::Crc::new();
    crc.update(b"x");
    let field = [
        b"\x75\x70\x06\0\x01".as_slice(),
        &crc.sum().to_le_bytes(),
        b"y",
    ]
    .concat();
    let mut unicode = zip("x");
    let record = memchr::memmem::find(&unicode, b"PK\x01\x02").unwrap();
    unicode[record + 30] = u8::try_from(field.len()).unwrap();
    unicode.splice(record + 47..record + 47, field.iter().copied());
    let end = memchr::memmem::find(&unicode, b"PK\x05\x06").unwrap();
    unicode[end + 12] += u8::try_from(field.len()).unwrap();
    assert_eq!(list(&unicode).unwrap().members[0].name, "y");
    assert!(!against(&unicode));
}

/// What a container carries that belongs to no member.
fn unowned(bytes: &[u8]) -> Option<String> {
    let listing = list(bytes).unwrap();
    let mut facts = listing.facts.iter();
    let fact = facts.find(|fact| fact.name == "content outside the members");
    fact.map(|fact| fact.value.clone())
}

#[test]
fn bytes_that_no_member_owns_count_beside_a_folder_too() {
    let plain = folder(&[("x", b"content")]);
    let good = zip("x");
    assert_eq!(unowned(&good), None);
    // Unpackers that read from the front take the members of the first archive.
    let evil = zip("evil");
    let mut both = [evil.clone(), good.clone()].concat();
    let difference = compare_folder(plain.path(), &open(&both));
    assert_eq!(difference.carried[0].place, "content outside the members");
    assert!(!holds_the_same(&difference));
    let said = unowned(&both).unwrap();
    let want = format!("{} bytes, the first at offset 0x0,", evil.len());
    assert!(said.starts_with(&want), "{said}");
    // Behind the end, where the comment does not reach.
    both = [good.clone(), b"payload".to_vec()].concat();
    assert!(unowned(&both).unwrap().starts_with("7 bytes"));
    // Between a member and the directory, whose offset is moved.
    let record = memchr::memmem::find(&good, b"PK\x01\x02").unwrap();
    let mut between = good;
    between.splice(record..record, *b"payload");
    let end = memchr::memmem::find(&between, b"PK\x05\x06").unwrap();
    between[end + 16] += 7;
    assert!(unowned(&between).unwrap().starts_with("7 bytes"));
}

#[test]
fn descriptors_behind_members_are_their_own() {
    let mut zip = zip::ZipWriter::new_stream(Vec::new());
    let options = zip::write::SimpleFileOptions::default();
    for name in ["x", "y"] {
        zip.start_file(name, options).unwrap();
        zip.write_all(b"content").unwrap();
    }
    let streamed = zip.finish().unwrap().into_inner();
    let at = memchr::memmem::find(&streamed, b"PK\x07\x08").unwrap();
    assert_eq!(unowned(&streamed), None);
    let mut bent = streamed;
    bent[at + 4] ^= 1;
    assert!(unowned(&bent).is_some());
}

#[test]
fn bytes_that_fill_members_up_are_zeros_or_count() {
    let plain = folder(&[("x", b"content")]);
    let packed = tar(&[("x", b"content")]);
    let against = |bytes: &[u8]| compare_folder(plain.path(), &open(bytes)).carried.len();
    assert_eq!(against(&packed), 0);
    let mut hidden = packed;
    hidden[600] = b'!';
    assert_eq!(against(&hidden), 1);
    assert!(unowned(&hidden).unwrap().contains("offset 0x207"));
    let end = cpio("TRAILER!!!", 1, "");
    let entry = cpio("x", 1, "content");
    let filled = [entry.clone(), end.clone()].concat().into_bytes();
    assert_eq!(unowned(&filled), None);
    let bent = [entry.trim_end_matches('\0'), "!", &end]
        .concat()
        .into_bytes();
    assert!(unowned(&bent).is_some());
}

#[test]
fn names_and_rights_count_beside_a_folder() {
    let plain = folder(&[("x", &[7; 512])]);
    let fields = |bytes: &[u8]| -> Vec<String> {
        let difference = compare_folder(plain.path(), &open(bytes));
        assert_eq!(difference.verdict(), Verdict::Different);
        let fields = difference.fields.into_iter();
        fields.map(|field| field.name).collect()
    };
    assert_eq!(
        fields(&archive(b"", "./x", b'0', &[], 7)),
        ["kind of container"]
    );
    assert_eq!(
        fields(&archive(b"", "/x", b'0', &[], 7)),
        ["kind of container", "name"]
    );
    let record = b"41 SCHILY.xattr.security.capability=\x01\0\0\x02\n";
    let mut pax = header("pax", record.len(), b'x', &[]);
    pax.extend(record);
    pax.resize(1024, 0);
    assert_eq!(
        fields(&archive(&pax, "x", b'0', &[], 7)),
        ["kind of container", "capabilities (security.capability)"]
    );
}

const INDEX: &[u8] = br#"{"manifests":[{"digest":"sha256:1"}]}"#;

/// An image's files in a folder, and whatever else is put there.
fn layout<'a>(config: &'a [u8], others: &[(&'a str, &'a [u8])]) -> Vec<(&'a str, &'a [u8])> {
    let manifest = br#"{"config":{"digest":"sha256:2"},"layers":[{"digest":"sha256:3"}]}"#;
    let mut files: Vec<(&str, &[u8])> = vec![
        ("oci-layout", b"{}"),
        ("index.json", INDEX),
        ("blobs/sha256/1", manifest),
        ("blobs/sha256/2", config),
        ("blobs/sha256/3", b"layer"),
    ];
    files.extend(others);
    files
}

#[test]
fn what_lies_around_and_behind_an_image_is_part_of_it() {
    let plain = layout(b"{}", &[]);
    let verdict = |a: &[(&str, &[u8])], b: &[(&str, &[u8])]| compare_folders(a, b).verdict();
    assert_eq!(verdict(&plain, &plain), Verdict::Identical);
    let (one, other) = (layout(b"{}", &[("x", b"1")]), layout(b"{}", &[("x", b"2")]));
    assert_eq!(verdict(&one, &other), Verdict::Different);
    let version = layout(b"{}", &[("x/VERSION", b"1")]);
    assert_eq!(verdict(&plain, &version), Verdict::Different);
    // Digests that say something else about the same layers.
    let digests = |digest: &str| format!(r#"{{"rootfs":{{"diff_ids":["{digest}"]}}}}"#);
    let (one, other) = (digests("sha256:3"), digests("sha256:4"));
    let [one, other] = [&one, &other].map(|config| layout(config.as_bytes(), &[]));
    let difference = compare_folders(&one, &other);
    assert_eq!(difference.verdict(), Verdict::Different);
    assert_eq!(
        difference.fields[0].name,
        "image: stated digests of the layers"
    );
    // The same settings in other bytes.
    let difference = compare_folders(&plain, &layout(b"{ }", &[]));
    assert_eq!(difference.fields[0].name, "bytes of the image's own files");
    // A configuration that can't be read is compared as it is.
    let broken = layout(b"nothing", &[]);
    assert_eq!(
        verdict(&broken, &layout(b"another", &[])),
        Verdict::Different
    );
}

#[test]
fn an_index_that_asks_for_endless_work_is_refused() {
    let text = "x".repeat(3 << 20);
    let digests = [r#"{"digest":"sha256:1"}"#; 30].join(",");
    let index = format!(r#"{{"manifests":[{digests}]}}"#);
    let manifest = format!(r#"{{"layers":[],"text":"{text}"}}"#);
    let files: Vec<(&str, &[u8])> = vec![
        ("oci-layout", b"{}"),
        ("index.json", index.as_bytes()),
        ("blobs/sha256/1", manifest.as_bytes()),
    ];
    let difference = compare_folders(&files, &files);
    let said = difference.notes.join("\n");
    assert!(said.contains("bytes of JSON"), "{said}");
}

#[test]
fn containers_in_a_container_share_one_allowance() {
    let budget = Budget::default();
    budget.spend(UNPACKED_TOTAL_FREE - 3000).unwrap();
    let nest = |content: &[u8]| tar(&[("inner.tar", &tar(&[("x", content)]))]);
    let opened = |bytes: Vec<u8>| {
        let source = Source::memory(bytes);
        Container::open("x", &source, &budget).unwrap().unwrap()
    };
    let take = Box::new(|_: &[String], _: &_, _: &_| (0, Verdict::Different));
    let (a, b) = (opened(nest(b"1")), opened(nest(b"2")));
    let difference = Comparer::new(&budget, take)
        .compare(["a", "b"], &a, &b)
        .unwrap();
    let reason = difference.obstacle().unwrap();
    assert!(reason.contains("unpack to more than"), "{reason}");
    assert_eq!(difference.verdict(), Verdict::Inconclusive);
    assert_eq!(difference.count().differing, 1);
}

#[test]
fn looking_into_containers_is_on_the_same_account() {
    let budget = Budget::default();
    budget.spend(UNPACKED_TOTAL_FREE).unwrap();
    let nest = tar(&[("inner.tar", &tar(&[("x", b"1")]))]);
    let source = Source::memory(nest);
    let container = Container::open("x", &source, &budget).unwrap().unwrap();
    let take = Box::new(|_: &[String], _: &_| 0);
    let holding = Surveyor::new(&budget, take).survey(&container).unwrap();
    let Inner::Closed(why) = &holding.members[0].inner else {
        panic!("{holding:?}");
    };
    assert!(why.contains("unpack to more than"), "{why}");
}

/// An entry of cpio: name, how many names the file has, content.
fn cpio(name: &str, links: u32, content: &str) -> String {
    let sizes = [content.len(), name.len() + 1].map(|len| format!("{len:08X}"));
    let mut entry = format!("070701{:08X}{:08X}{:016X}{links:08X}", 7, 0o100644, 0);
    entry += &format!(
        "{:08X}{}{:032X}{}{:08X}{name}\0",
        0, sizes[0], 0, sizes[1], 0
    );
    entry += &"\0".repeat(entry.len().wrapping_neg() & 3);
    entry += content;
    entry + &"\0".repeat(content.len().wrapping_neg() & 3)
}

#[test]
fn cpio_archives_hold_their_empty_files_and_nothing_behind_their_end() {
    let end = cpio("TRAILER!!!", 1, "");
    let bytes = [cpio("x", 2, ""), cpio("y", 2, ""), end.clone()].concat();
    let listing = list(bytes.as_bytes()).unwrap();
    let names: Vec<&str> = listing.members.iter().map(|member| &*member.name).collect();
    assert_eq!(names, ["x", "y"]);
    for member in &listing.members {
        assert!(matches!(member.content, Content::File { size: 0, .. }));
    }
    let padded = format!("{bytes}\0\0\0");
    assert_eq!(list(padded.as_bytes()).unwrap().members.len(), 2);
    let twice = format!("{bytes}{}{end}", cpio("payload", 1, "1"));
    assert!(matches!(
        list(twice.as_bytes()).unwrap_err().kind,
        Kind::Unsupported(_)
    ));
}
