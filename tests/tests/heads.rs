//! Heads of a checksum database: of different ages, replayed, growing.

use testkit::client::Reply;
use testkit::module::Module;
use testkit::origin::Fault;
use testkit::sumward::Sumward;
use testkit::world::{DATABASE, World, target};

fn module(name: &str) -> Module {
    Module::library(&format!("example.com/{name}"), "v1.0.0")
}

/// The number of records of the head in an answer.
fn size_of_head(reply: &Reply) -> u64 {
    let text = reply.text();
    let head = text.split("go.sum database tree\n").nth(1);
    let size = head.and_then(|head| head.lines().next()?.parse().ok());
    size.unwrap_or_else(|| panic!("no head in {text}"))
}

fn latest(server: &Sumward) -> u64 {
    let reply = server.get(&format!("/sumdb/{DATABASE}/latest"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    size_of_head(&reply)
}

#[test]
fn answers_with_heads_of_any_age_are_proved_against_ours() {
    let names = ["a", "b", "c", "d"];
    let modules = names.map(module);
    let mut world = World::with(&[&modules[0]]);
    let mut ids = vec![10];
    for module in &modules[1..] {
        // Past a tile's border each time, and once past many.
        world.database.add_filler(300);
        module.write(world.tree());
        ids.push(world.database.add(module));
    }
    world.publish();
    let newest = world.database.size();
    let server = world.serve();
    // Old, newest, old again, between: the heads that life deals.
    for (place, size) in [(1, 312), (3, newest), (0, 11), (2, 700)] {
        let answer = world.database.lookup(ids[place], size);
        let part = format!("lookup/example.com/{}@", names[place]);
        world.origin.fault(&part, Fault::Body(answer));
        let reply = server.get(&target(&modules[place], "zip"));
        assert_eq!(reply.status, 200, "{}: {}", names[place], reply.text());
    }
    assert_eq!(latest(&server), newest);
}

#[test]
fn an_old_head_replayed_moves_nothing_back_across_restarts() {
    let modules = [module("a"), module("b")];
    let mut world = World::with(&[&modules[0]]);
    let old_size = world.database.size();
    world.database.add_filler(500);
    world.add(&modules[1]);
    let newest = world.database.size();
    let server = world.serve();
    assert_eq!(server.get(&target(&modules[1], "zip")).status, 200);
    assert_eq!(latest(&server), newest);

    world.database.publish_at(world.tree(), old_size);
    assert_eq!(server.get(&target(&modules[0], "zip")).status, 200);
    assert_eq!(latest(&server), newest);
    server.kill();
    let server = world.serve();
    assert_eq!(latest(&server), newest);
}

#[test]
fn a_head_of_another_key_is_no_head() {
    let thing = module("a");
    let world = World::with(&[&thing]);
    let stranger = testkit::database::TestDatabase::new(DATABASE, 99);
    let head = world.database.head(world.database.size());
    let text = String::from_utf8(head).unwrap();
    let tree = text.split("\n\n").next().unwrap();
    let forged = stranger.sign(&format!("{tree}\n"));
    let answer = String::from_utf8(world.database.lookup(10, 11)).unwrap();
    let record = answer.split("\n\n").next().unwrap();
    let mut body = format!("{record}\n\n").into_bytes();
    body.extend_from_slice(&forged);
    let server = world.serve();
    world.origin.fault("lookup/", Fault::Body(body));
    let reply = server.get(&target(&thing, "zip"));
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert!(!world.stored(&thing, "zip").exists());
}

#[test]
fn a_growing_database_is_followed_and_its_old_tiles_are_kept() {
    let mut world = World::with(&[&module("a")]);
    let server = world.serve();
    assert_eq!(server.get(&target(&module("a"), "zip")).status, 200);
    let mut seen = vec![latest(&server)];
    for step in 0..5 {
        world.database.add_filler(150);
        let next = module(&format!("step{step}"));
        world.add(&next);
        assert_eq!(server.get(&target(&next, "zip")).status, 200);
        seen.push(latest(&server));
    }
    assert!(
        seen.is_sorted() && seen[5] == world.database.size(),
        "{seen:?}"
    );

    // A client that has any of these heads asks for the tiles of that head.
    world.origin.stop();
    for size in seen {
        let (full, rest) = (size / 256, size % 256);
        if rest > 0 {
            let path = format!("/sumdb/{DATABASE}/tile/8/0/{full:03}.p/{rest}");
            let reply = server.get(&path);
            assert_eq!(reply.status, 200, "{path}: {}", reply.text());
            assert_eq!(reply.body.len() as u64, rest * 32);
        }
    }
}
