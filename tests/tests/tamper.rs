//! Bytes, records, tiles and heads that are not what was logged: each refused in
//! words, nothing stored, and the truth served when it is told later.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use testkit::client::Reply;
use testkit::database::TestDatabase;
use testkit::go::{self, Toolchain};
use testkit::module::Module;
use testkit::origin::Fault;
use testkit::sumward::Sumward;
use testkit::world::{DATABASE, World, eventually, target};

fn module() -> Module {
    Module::library("example.com/Some/thing", "v1.2.3").with_ballast(50_000)
}

/// The same name and version with other content, and its two go.sum lines.
fn forged() -> Module {
    let mut forged = module();
    forged.go_mod.push_str("\n// one line more\n");
    forged
}

/// The hash of the module's files and of its go.mod.
fn hashes(module: &Module) -> (String, String) {
    let sums = module.go_sum();
    let mut words = sums.lines().filter_map(|line| line.rsplit(' ').next());
    let mut next = || words.next().unwrap().to_owned();
    (next(), next())
}

#[track_caller]
fn assert_refused(world: &World, server: &Sumward, target: &str) -> Reply {
    let reply = server.get(target);
    let text = reply.text();
    assert_eq!(reply.status, 403, "{target}: {text}\n{}", server.log());
    // What the go command shows of it.
    let shown = text.split("\n\n").next().unwrap_or_default();
    assert!(shown.len() <= 648 && shown.lines().count() <= 8, "{text}");
    assert!(!shown.trim().is_empty(), "a refusal without a word");
    let cached = format!("/cached-only{target}");
    assert_eq!(server.get(&cached).status, 404, "{target} was stored");
    assert_eq!(world.staged_files(), 0, "{target} left a staged file");
    reply
}

#[test]
fn another_zip_is_refused_with_both_hashes_and_the_true_one_served_later() {
    let module = module();
    let world = World::with(&[&module]);
    let server = world.serve();
    let zip = target(&module, "zip");
    world.origin.fault(".zip", Fault::Body(forged().zip()));
    let reply = assert_refused(&world, &server, &zip);
    for hash in [hashes(&module).0, hashes(&forged()).0] {
        assert!(
            reply.text().contains(&hash),
            "{hash} not in {}",
            reply.text()
        );
    }
    assert!(!world.stored(&module, "zip").exists());
    assert!(!world.evidence().is_empty(), "no evidence was kept");

    // Upstream is left alone for a while: asking again does not reach it.
    let asked = world.origin.count(".zip");
    assert_refused(&world, &server, &zip);
    assert_eq!(world.origin.count(".zip"), asked, "no pause was made");

    world.origin.heal();
    let reply = eventually(&server, &zip, 200);
    assert_eq!(reply.body, module.zip());
}

#[test]
fn one_finding_leaves_evidence_once_and_room_for_the_next() {
    let (polled, module) = (Module::library("example.com/polled", "v1.0.0"), module());
    let world = World::with(&[&polled, &module]);
    let quick = testkit::world::QUICK.replace("pause: 1s", "pause: 0s");
    let server = world.setup().with_config(&quick).start();
    let mut rule_breaker = polled.clone();
    let nested = testkit::zip::Entry::new("sub/go.mod", b"module x\n");
    rule_breaker.files.push(nested);
    let zip = target(&polled, "zip");
    world
        .origin
        .fault("polled/@v/v1.0.0.zip", Fault::Body(rule_breaker.zip()));
    assert_eq!(server.get(&zip).status, 403);
    let once = world.evidence().len();
    assert!(once > 0, "no evidence of the first");
    for _ in 0..50 {
        assert_eq!(server.get(&zip).status, 403);
    }
    assert_eq!(world.evidence().len(), once, "the same again and again");
    world
        .origin
        .fault("thing/@v/v1.2.3.zip", Fault::Body(forged().zip()));
    assert_eq!(server.get(&target(&module, "zip")).status, 403);
    assert!(world.evidence().len() > once, "no evidence of the second");
}

#[test]
fn another_go_mod_is_refused_with_both_hashes() {
    let module = module();
    let world = World::with(&[&module]);
    let server = world.serve();
    let forged = forged();
    let body = forged.go_mod.clone().into_bytes();
    world.origin.fault(".mod", Fault::Body(body));
    let reply = assert_refused(&world, &server, &target(&module, "mod"));
    for hash in [hashes(&module).1, hashes(&forged).1] {
        assert!(
            reply.text().contains(&hash),
            "{hash} not in {}",
            reply.text()
        );
    }
    world.origin.heal();
    let reply = eventually(&server, &target(&module, "mod"), 200);
    assert_eq!(reply.text(), module.go_mod);
}

#[test]
fn one_flipped_byte_of_anything_is_refused_and_told_to_the_person_at_the_desk() {
    let module = module();
    for (part, place) in [
        // In the stored ballast, in a local header, and in the directory.
        (".zip", 25_000),
        (".zip", 14),
        (".zip", usize::MAX / 2),
        (".mod", 5),
        // In the record's number, its lines, the head's text, the signature.
        ("lookup/", 0),
        ("lookup/", 30),
        ("lookup/", 300),
        ("lookup/", 380),
        ("tile/8/0", 17),
    ] {
        let world = World::with(&[&module]);
        let server = world.serve();
        world.origin.fault(part, Fault::FlipByte(place));
        let reply = server.get(&target(&module, "zip"));
        if part == ".mod" {
            let reply = server.get(&target(&module, "mod"));
            assert_eq!(reply.status, 403, "{part} {place}: {}", reply.text());
        } else {
            assert_eq!(reply.status, 403, "{part} {place}: {}", reply.text());
            assert!(!world.stored(&module, "zip").exists(), "{part} {place}");
        }
        let program = go::program(
            &["example.com/Some/thing"],
            &["example.com/Some/thing v1.2.3"],
        );
        let go = world.go(&Toolchain::find("1.27."), &server);
        let said = go.must_fail(program.path(), &["mod", "tidy"]);
        assert!(said.contains("403 Forbidden"), "{part} {place}: {said}");

        world.origin.heal();
        eventually(&server, &target(&module, "zip"), 200);
        eventually(&server, &target(&module, "mod"), 200);
        let go = world.go(&Toolchain::find("1.27."), &server);
        go.must(program.path(), &["mod", "tidy"]);
    }
}

#[test]
fn what_no_database_has_is_refused_and_what_cannot_be_asked_is_not() {
    let logged = module();
    let world = World::with(&[&logged]);
    let unlogged = Module::library("example.com/unlogged", "v1.0.0");
    unlogged.write(world.tree());
    let server = world.serve();
    let reply = assert_refused(&world, &server, &target(&unlogged, "zip"));
    assert!(reply.text().contains(DATABASE), "{}", reply.text());

    // A database that does not answer proves nothing and denies nothing.
    let oops = Fault::Status(500, "database is down\n".to_owned());
    world.origin.fault("sumdb/", oops);
    let reply = server.get(&target(&logged, "zip"));
    assert!((500..600).contains(&reply.status), "{}", reply.text());
    assert!(!world.stored(&logged, "zip").exists());
    world.origin.heal();
    eventually(&server, &target(&logged, "zip"), 200);
}

#[test]
fn answers_about_something_else_prove_nothing() {
    let module = module();
    let other = Module::library("example.com/other", "v1.0.0");
    let (go_mod_line, zip_line) = {
        let sums = module.go_sum();
        let lines: Vec<String> = sums.lines().map(|line| format!("{line}\n")).collect();
        (lines[1].clone(), lines[0].clone())
    };
    let world = World::with(&[&other]);
    let mut database = world.database.clone();
    let only_go_mod = database.add_lines(&module.path, &module.version, &go_mod_line);
    let size = database.size();
    database.publish(world.tree());
    module.write(world.tree());
    let lookup = |id| database.lookup(id, size);

    // A head whose text goes on after the tree's hash, with the missing line in
    // it: signed, but no record (CVE-2026-56864).
    let head = String::from_utf8(database.head(size)).unwrap();
    let text = head.split_once("\n\n").unwrap().0;
    let note = database.sign(&format!("{text}\n{zip_line}"));
    let plain = String::from_utf8(lookup(only_go_mod)).unwrap();
    let record = plain.split_once("\n\n").unwrap().0;
    let mut with_extension = format!("{record}\n\n").into_bytes();
    with_extension.extend_from_slice(&note);

    for (why, answer) in [
        ("another module's record", lookup(10)),
        ("only the go.mod line", lookup(only_go_mod)),
        ("the line among the note's extensions", with_extension),
        ("nothing", Vec::new()),
        ("a page", b"<html>sign in to the network</html>".to_vec()),
    ] {
        let world_again = &world;
        let server = world_again.serve();
        world.origin.fault("thing@v1.2.3", Fault::Body(answer));
        let reply = server.get(&target(&module, "zip"));
        assert!(
            reply.status == 403 || reply.status == 502,
            "{why}: {} {}",
            reply.status,
            reply.text()
        );
        assert!(!world.stored(&module, "zip").exists(), "{why}");
        world.origin.heal();
        drop(server);
        std::fs::remove_dir_all(world.data()).unwrap();
    }
}

#[test]
fn a_fork_stops_the_database_across_restarts_and_proved_things_are_served_on() {
    let first = Module::library("example.com/first", "v1.0.0");
    let second = Module::library("example.com/second", "v1.0.0");
    let mut world = World::with(&[&first]);
    let server = world.serve();
    assert_eq!(server.get(&target(&first, "zip")).status, 200);

    // The same key tells another history, longer and with the second module.
    let true_history = world.database.clone();
    let mut fork: TestDatabase = world.database.fork_at(5);
    fork.add_filler(50);
    world.database = fork;
    world.add(&second);
    let reply = assert_refused(&world, &server, &target(&second, "zip"));
    let text = reply.text().to_lowercase();
    assert!(
        text.contains("fork") || text.contains("do not fit"),
        "{text}"
    );
    let evidence = world.evidence().join("\n");
    for size in [true_history.size(), world.database.size()] {
        let head = format!("go.sum database tree\n{size}\n");
        assert!(
            evidence.contains(&head),
            "head of {size} not in:\n{evidence}"
        );
    }

    // Until a person acts: the truth alone, and a restart, do not open it again.
    world.database = true_history;
    world.add(&second);
    assert_eq!(server.get(&target(&second, "zip")).status, 403);
    server.kill();
    let server = world.serve();
    assert_eq!(server.get(&target(&second, "zip")).status, 403);
    assert_eq!(server.get(&target(&first, "zip")).status, 200);
    let lookup = format!("/sumdb/{DATABASE}/lookup/example.com/first@v1.0.0");
    assert_eq!(server.get(&lookup).status, 200);
    drop(server);

    let (ok, said) = world.setup().tool(&["database", "resume", DATABASE]);
    assert!(ok, "{said}");
    let server = world.serve();
    eventually(&server, &target(&second, "zip"), 200);
}
