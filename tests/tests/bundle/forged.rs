//! Bundles that somebody put together by hand, some of them signed by the trusted key.

use std::io::Read as _;

use proto::bundle::{MANIFEST, Manifest, NOTE, sign};
use proto::note::SignerKey;
use sha2::{Digest as _, Sha256};
use tar::EntryType;
use testkit::database::TestDatabase;
use testkit::module::Module;
use testkit::world::World;

use super::Gap;

/// A member of an archive, good or not.
#[derive(Clone)]
struct Member {
    name: String,
    kind: EntryType,
    bytes: Vec<u8>,
}

struct Forger {
    world: World,
    gap: Gap,
    good: Vec<Member>,
}

fn thing() -> Module {
    Module::library("example.com/thing", "v1.0.0")
}

impl Forger {
    fn new() -> Self {
        let world = World::with(&[&thing()]);
        let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
        let list = gap.path("go.sum");
        std::fs::write(&list, thing().go_sum()).unwrap();
        gap.create("good", &["--from", &list.display().to_string()]);
        let archive = std::fs::File::open(gap.path("good")).unwrap();
        let mut archive = tar::Archive::new(zstd::Decoder::new(archive).unwrap());
        let mut good = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            good.push(Member {
                name: entry.path().unwrap().display().to_string(),
                kind: EntryType::Regular,
                bytes,
            });
        }
        Self { world, gap, good }
    }

    fn at(&self, ending: &str) -> usize {
        let found = self.good.iter().position(|it| it.name.ends_with(ending));
        found.unwrap_or_else(|| panic!("no member {ending}"))
    }

    /// Has members refused, with the data folder as it was.
    #[track_caller]
    fn refuses(&self, what: &str, members: &[Member], words: &str) {
        std::fs::write(self.gap.path(what), pack(members)).unwrap();
        let before = self.gap.state();
        let (ok, said) = self.gap.try_import(what);
        assert!(!ok, "{what}: {said}");
        assert!(said.contains(words), "{what}: {said}");
        assert_eq!(self.gap.state(), before, "{what}");
        let outside = self.gap.path("escaped");
        assert!(!outside.exists(), "{what}: a file came out of the folder");
    }

    /// Brings the manifest in line with changed members, and signs it with the trusted key.
    fn resigned(&self, members: &[Member]) -> Vec<Member> {
        let key = std::fs::read_to_string(self.gap.path("key")).unwrap();
        let key = SignerKey::parse(key.trim()).unwrap();
        let mut members = members.to_vec();
        let mut manifest = Manifest::parse(&members[1].bytes).unwrap();
        for listed in &mut manifest.members {
            let member = members.iter().find(|it| it.name == listed.place).unwrap();
            listed.size = member.bytes.len() as u64;
            listed.sha256 = hex::encode(Sha256::digest(&member.bytes));
        }
        members[1].bytes = manifest.bytes().unwrap();
        members[0].bytes = sign(&members[1].bytes, &key).unwrap();
        members
    }

    /// Has a bundle refused in which one member is another one, signed by the trusted key.
    #[track_caller]
    fn refuses_signed(&self, ending: &str, bytes: Vec<u8>, words: &str) {
        let mut members = self.good.clone();
        let at = self.at(ending);
        members[at].bytes = bytes;
        self.refuses("signed", &self.resigned(&members), words);
    }
}

fn pack(members: &[Member]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    for member in members {
        let mut header = tar::Header::new_gnu();
        let name = member.name.as_bytes();
        // As it is, though no library would write it.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_entry_type(member.kind);
        header.set_size(member.bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        let padding = vec![0; member.bytes.len().next_multiple_of(512) - member.bytes.len()];
        for bytes in [&header.as_bytes()[..], &member.bytes, &padding] {
            std::io::Write::write_all(&mut encoder, bytes).unwrap();
        }
    }
    std::io::Write::write_all(&mut encoder, &[0; 1024]).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_is_packed_by_hand_as_it_was_is_taken_in() {
    let forger = Forger::new();
    assert_eq!(forger.good[0].name, NOTE);
    assert_eq!(forger.good[1].name, MANIFEST);
    std::fs::write(
        forger.gap.path("packed"),
        pack(&forger.resigned(&forger.good)),
    )
    .unwrap();
    let said = forger.gap.import("packed");
    assert!(said.contains("taken in: 3 files"), "{said}");
}

#[test]
fn members_out_of_order_and_names_that_lead_out_are_refused() {
    let forger = Forger::new();
    let good = &forger.good;
    for at in 1..good.len() {
        let mut swapped = good.clone();
        swapped.swap(at, at - 1);
        forger.refuses("swapped", &swapped, "is due");
    }
    for name in [
        "../escaped",
        "/escaped",
        "../../escaped",
        "example.com/../../escaped",
    ] {
        let mut led_out = good.clone();
        led_out[3].name = name.to_owned();
        forger.refuses("led-out", &led_out, "is due");
    }
    let mut more = good.clone();
    more.push(Member {
        name: "example.com/more/@v/v1.0.0.mod".to_owned(),
        ..good[2].clone()
    });
    forger.refuses("more", &more, "where \"\" is due");
    forger.refuses("fewer", &good[..good.len() - 1], "it ends before");
    forger.refuses("nothing", &[], "it ends before \"bundle/note\"");
}

#[test]
fn links_folders_and_long_names_are_refused() {
    let forger = Forger::new();
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Directory,
        EntryType::Fifo,
    ] {
        for at in [0, 1, 4] {
            let mut linked = forger.good.clone();
            linked[at].kind = kind;
            forger.refuses("linked", &linked, "is not a regular file");
        }
    }
    let mut long = forger.good.clone();
    let name = Member {
        name: "././@LongLink".to_owned(),
        kind: EntryType::GNULongName,
        bytes: vec![b'a'; 1 << 20],
    };
    long.insert(2, name.clone());
    forger.refuses("long", &long, "name is too long");
    long[2].bytes = b"../../escaped\0".to_vec();
    forger.refuses("long", &long, "is due");
    long.insert(3, name);
    forger.refuses("long", &long, "name is too long");
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    let forger = Forger::new();
    let zeros = vec![0; 32 << 20];
    for (at, words) in [
        (0, "at most"),
        (1, "and the manifest says"),
        (4, "and the manifest says"),
    ] {
        let mut bomb = forger.good.clone();
        bomb[at].bytes.clone_from(&zeros);
        let packed = pack(&bomb).len();
        assert!(packed < 1 << 20, "{packed} bytes");
        forger.refuses("bomb", &bomb, words);
    }
    let mut bomb = forger.good.clone();
    bomb[0].bytes = zeros;
    std::fs::write(forger.gap.path("bomb"), pack(&bomb)).unwrap();
    let show = ["bundle", "show", &forger.gap.text("bomb")];
    let (ok, said) = forger.gap.online.tool(&show);
    assert!(!ok && said.contains("at most"), "{said}");
    // A manifest that is signed and lists what no bundle may hold.
    let key = std::fs::read_to_string(forger.gap.path("key")).unwrap();
    let key = SignerKey::parse(key.trim()).unwrap();
    let mut huge = forger.good.clone();
    let mut manifest = Manifest::parse(&huge[1].bytes).unwrap();
    manifest.members[0].size = 1 << 40;
    huge[1].bytes = manifest.bytes().unwrap();
    huge[0].bytes = sign(&huge[1].bytes, &key).unwrap();
    forger.refuses("huge", &huge, "at most");
}

#[test]
fn the_trusted_key_alone_proves_no_module() {
    let forger = Forger::new();
    let evil = Module {
        files: vec![testkit::zip::Entry::new(
            "thing.go",
            b"package thing // evil\n",
        )],
        ..thing()
    };
    forger.refuses_signed("v1.0.0.zip", evil.zip(), "and sum.example/test has h1:");
    let go_mod = b"module example.com/thing\n\nrequire example.com/evil v1.0.0\n";
    forger.refuses_signed(
        "v1.0.0.mod",
        go_mod.to_vec(),
        "and sum.example/test has h1:",
    );
    let info = br#"{"Version":"v9.9.9"}"#;
    forger.refuses_signed("v1.0.0.info", info.to_vec(), "it tells of another version");
    forger.refuses_signed("@v/list", b"<html>".to_vec(), "example.com/thing/@v/list: ");

    let mut evil_database = TestDatabase::new("sum.example/test", 9);
    evil_database.add_filler(10);
    evil_database.add(&evil);
    let evil_lookup = evil_database.lookup(10, 11);
    forger.refuses_signed("thing@v1.0.0", evil_lookup, "sum.example/test");
    // The true head under a false record.
    let head = &forger.good[forger.at("/latest")].bytes;
    let record = [format!("10\n{}\n", evil.go_sum()).as_bytes(), head].concat();
    forger.refuses_signed("thing@v1.0.0", record, "record 10 has hash");
    forger.refuses_signed("/latest", evil_database.head(11), "sum.example/test");
    let tile = forger.at("tile/8/0/000.p/11");
    let mut bytes = forger.good[tile].bytes.clone();
    bytes[0] ^= 1;
    forger.refuses_signed("tile/8/0/000.p/11", bytes, "sum.example/test");
    drop(forger.world);
}
