//! Large zips, of which clients get bytes before the proof: never so many that a reader
//! who starts at the end, as go does, finds an archive.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use testkit::client::{self, Reply};
use testkit::module::Module;
use testkit::origin::Fault;
use testkit::sumward::Sumward;
use testkit::world::{World, eventually, target};
use testkit::zip::{self, Entry};

/// The end of the central directory, its form of 64 bits, and that one's locator.
const END_RECORDS: [&[u8]; 3] = [b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"];

fn module() -> Module {
    Module::library("example.com/large", "v1.0.0").with_ballast(6 << 20)
}

fn forged() -> Module {
    let mut forged = module();
    forged.go_mod.push_str("// forged\n");
    forged
}

#[track_caller]
fn assert_no_archive(reply: &Reply, why: &str) {
    assert!(!reply.complete, "{why}: all of it was sent");
    for record in END_RECORDS {
        let found = memchr::memmem::find(&reply.body, record);
        assert_eq!(found, None, "{why}: an end record was sent");
    }
    // As another program sees it.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &reply.body).unwrap();
    let script = "import sys, zipfile; sys.exit(zipfile.is_zipfile(sys.argv[1]))";
    let python = std::process::Command::new("python3")
        .args(["-c", script])
        .arg(file.path())
        .status();
    // Python is not needed to test Sumward; where it is, it is asked.
    if let Ok(status) = python {
        assert!(status.success(), "{why}: zipfile finds an archive");
    }
}

/// Gets the zip of which the proof fails, with bytes sent before.
fn refused(world: &World, server: &Sumward, zip: Vec<u8>) -> Reply {
    // Slowly, so that bytes leave before the last one is here.
    world.origin.fault(".zip", Fault::Throttle(12 << 20));
    world.origin.fault(".zip", Fault::Body(zip));
    client::get(server.address(), &target(&module(), "zip"))
}

#[test]
fn a_zip_that_is_not_proved_never_leaves_as_an_archive() {
    let module = module();
    let forged = forged().zip();
    let end = memchr::memmem::rfind(&forged, END_RECORDS[0]).unwrap();
    let mut padded = forged.clone();
    padded.resize(forged.len() + 300_000, 0);
    let mut twice = forged.clone();
    twice.extend_from_slice(&forged);
    let with_comment = {
        let mut zip = forged.clone();
        let comment = vec![b'x'; 65_535];
        zip[end + 20..end + 22].copy_from_slice(&u16::MAX.to_le_bytes());
        zip.extend_from_slice(&comment);
        zip
    };
    for (why, zip) in [
        ("another zip", forged),
        ("an archive before the padding", padded),
        ("an archive before an archive", twice),
        ("an archive before a long comment", with_comment),
    ] {
        let world = World::with(&[&module]);
        let server = world.serve();
        let reply = refused(&world, &server, zip);
        assert_eq!(reply.status, 200, "{why}: {}", reply.text());
        assert!(reply.body.len() > 1 << 20, "{why}: nothing was sent early");
        assert_no_archive(&reply, why);
        assert!(!world.stored(&module, "zip").exists(), "{why}");
        // Asked for again: known and said, or once more no archive.
        let reply = server.get(&target(&module, "zip"));
        match reply.status {
            200 => assert_no_archive(&reply, why),
            status => assert!(matches!(status, 403 | 502), "{why}: {}", reply.text()),
        }
        world.origin.heal();
        let reply = eventually(&server, &target(&module, "zip"), 200);
        assert!(reply.body == module.zip(), "{why}");
    }
}

#[test]
fn a_proof_that_does_not_come_keeps_the_end_back() {
    let module = module();
    let world = World::with(&[&module]);
    let server = world.serve();
    let oops = Fault::Status(500, "the database is down\n".to_owned());
    world.origin.fault("sumdb/", oops);
    let reply = refused(&world, &server, module.zip());
    if reply.status == 200 {
        assert_no_archive(&reply, "no database");
    } else {
        assert_eq!(reply.status, 503, "{}", reply.text());
    }
    assert!(!world.stored(&module, "zip").exists());
}

#[test]
fn files_that_look_like_end_records_hold_nothing_up_for_good() {
    // An archive within the archive, early in it: from there on all waits for the proof.
    let inner = zip::archive(&[Entry::new("inner.txt", b"inner")]);
    let mut module = Module::library("example.com/nested", "v1.0.0");
    module.files.push(Entry::stored("inner.zip", inner));
    let module = module.with_ballast(6 << 20);
    let world = World::with(&[&module]);
    let server = world.serve();
    let reply = server.get(&target(&module, "zip"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.complete && reply.body == module.zip());

    let other = world.data().with_file_name("other");
    let mut setup = world.setup();
    setup.data = other;
    let server = setup.start();
    let mut forged = module.clone();
    forged.go_mod.push_str("// forged\n");
    world.origin.fault(".zip", Fault::Body(forged.zip()));
    let reply = server.get(&target(&module, "zip"));
    if reply.status == 200 {
        assert_no_archive(&reply, "nested");
    } else {
        assert_eq!(reply.status, 403, "{}", reply.text());
    }
}

#[test]
fn what_is_served_unproved_may_be_kept_no_longer_by_its_first_client_than_by_others() {
    let module = module();
    let world = World::with(&[&module]);
    let setup = world.setup().with_arguments(&["--proof", "off"]);
    let server = setup.start();
    let zip = target(&module, "zip");
    let first = server.get(&zip);
    let second = server.get(&zip);
    let kept = first.header("cache-control").unwrap();
    assert!(!kept.contains("immutable"), "{kept}");
    assert_eq!(second.header("cache-control"), Some(kept));
}
