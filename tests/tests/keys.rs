//! A proof belongs to the key that signed the record, not to a database's name.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use testkit::database::TestDatabase;
use testkit::module::Module;
use testkit::sumward::Sumward;
use testkit::world::{DATABASE, QUICK, World, target};

fn good() -> Module {
    Module::library("example.com/thing", "v1.0.0").with_ballast(100_000)
}

/// What the holder of a stolen key logged under the same name.
fn evil() -> Module {
    let mut evil = good();
    evil.go_mod.push_str("// evil\n");
    evil
}

/// The server of a world whose database has another key now, its folder moved away
/// as the refusal advises.
fn serve_with_new_key(world: &mut World, seed: u8, logged: &Module) -> Sumward {
    let mut database = TestDatabase::new(DATABASE, seed);
    database.add_filler(3);
    database.add(logged);
    world.database = database;
    std::fs::remove_dir_all(world.tree().join("sumdb")).unwrap();
    world.publish();
    let sumdb = world.data().join("sumdb");
    std::fs::rename(&sumdb, world.data().with_file_name(format!("sumdb.{seed}"))).unwrap();
    world.setup().with_config(QUICK).start()
}

#[test]
fn what_only_the_old_key_proved_is_judged_again_by_the_new_one() {
    let (good, evil) = (good(), evil());
    let mut world = World::with(&[&evil]);
    let server = world.serve();
    for ending in ["mod", "zip"] {
        assert_eq!(server.get(&target(&evil, ending)).status, 200);
    }
    drop(server);

    good.write(world.tree());
    let server = serve_with_new_key(&mut world, 8, &good);
    for _ in 0..3 {
        for (ending, bytes) in [
            ("mod", good.go_mod.clone().into_bytes()),
            ("zip", good.zip()),
        ] {
            let reply = server.get(&target(&good, ending));
            assert_eq!(reply.status, 200, "{ending}: {}", reply.text());
            assert!(reply.body == bytes, "{ending}: what the old key proved");
        }
    }
}

#[test]
fn what_only_the_old_key_proved_is_not_served_without_upstream_either() {
    let (good, evil) = (good(), evil());
    let mut world = World::with(&[&evil]);
    let server = world.serve();
    for ending in ["mod", "zip"] {
        assert_eq!(server.get(&target(&evil, ending)).status, 200);
    }
    drop(server);

    // The new database says that the stored bytes are wrong; nobody has others.
    let server = serve_with_new_key(&mut world, 8, &good);
    for ending in ["mod", "zip"] {
        let reply = server.get(&target(&good, ending));
        assert_eq!(reply.status, 403, "{ending}: {}", reply.text());
    }
    drop(server);
    // And with nobody to ask, nothing is believed.
    world.origin.stop();
    let server = world.setup().with_config(QUICK).start();
    for ending in ["mod", "zip"] {
        let reply = server.get(&target(&good, ending));
        assert!(reply.status >= 400, "{ending}: {}", reply.text());
    }
}

#[test]
fn what_the_new_key_proves_too_is_served_on() {
    let good = good();
    let mut world = World::with(&[&good]);
    let server = world.serve();
    for ending in ["mod", "zip"] {
        assert_eq!(server.get(&target(&good, ending)).status, 200);
    }
    drop(server);
    let server = serve_with_new_key(&mut world, 8, &good);
    world.origin.forget();
    for ending in ["mod", "zip"] {
        assert_eq!(server.get(&target(&good, ending)).status, 200);
    }
    assert_eq!(
        world.origin.count("@v/v1.0.0.zip"),
        0,
        "the bytes were here"
    );
}
