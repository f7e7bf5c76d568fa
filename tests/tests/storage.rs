//! What lies on disk: found again after a hard stop, made again from the files,
//! and known to be wrong when it is.

use std::time::Duration;

use testkit::client;
use testkit::module::Module;
use testkit::origin::Fault;
use testkit::world::{World, target};

fn modules() -> Vec<Module> {
    (0..6)
        .map(|number| {
            let path = format!("example.com/number{number}");
            Module::library(&path, "v1.0.0").with_ballast(300_000 * number)
        })
        .collect()
}

fn world(modules: &[Module]) -> World {
    World::with(&modules.iter().collect::<Vec<_>>())
}

#[track_caller]
fn assert_all_served(world: &World, modules: &[Module]) {
    let server = world.serve();
    for module in modules {
        let reply = server.get(&target(module, "zip"));
        assert_eq!(reply.status, 200, "{}: {}", module.path, reply.text());
        assert!(
            reply.body == module.zip(),
            "{} is not verbatim",
            module.path
        );
        assert_eq!(server.get(&target(module, "mod")).text(), module.go_mod);
        assert_eq!(server.get(&target(module, "info")).status, 200);
    }
}

#[test]
fn killed_again_and_again_it_serves_whole_files_only() {
    let modules = modules();
    let mut world = world(&modules);
    world.origin.fault(".zip", Fault::Throttle(3 << 20));
    for round in 0..8u64 {
        let server = world.serve();
        let address = server.address();
        std::thread::scope(|scope| {
            for module in &modules {
                scope.spawn(move || {
                    // A connection that dies with the server is what is wanted.
                    let ask = || client::get(address, &target(module, "zip"));
                    let asked = std::panic::catch_unwind(ask);
                    if let Ok(reply) = asked
                        && reply.status == 200
                        && reply.complete
                    {
                        assert!(reply.body == module.zip());
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(40 + round * 37 % 200));
            server.kill();
        });
    }
    world.origin.heal();
    assert_all_served(&world, &modules);
    world.origin.stop();
    assert_all_served(&world, &modules);
    assert_eq!(world.staged_files(), 0);
    let (ok, said) = world.setup().tool(&["fsck"]);
    assert!(ok, "{said}");
}

#[test]
fn the_index_is_made_again_from_the_files() {
    let modules = modules();
    let mut world = world(&modules);
    assert_all_served(&world, &modules);
    world.origin.stop();
    std::fs::remove_dir_all(world.data().join("index")).unwrap();
    let (ok, said) = world.setup().tool(&["index", "rebuild"]);
    assert!(ok, "{said}");
    assert_all_served(&world, &modules);

    // Without being asked, too: an index that is gone is no loss.
    std::fs::remove_dir_all(world.data().join("index")).unwrap();
    assert_all_served(&world, &modules);
}

#[test]
fn an_index_full_of_rubbish_is_no_end() {
    let modules = modules();
    let mut world = world(&modules);
    assert_all_served(&world, &modules);
    world.origin.stop();
    let index = world.data().join("index");
    for entry in std::fs::read_dir(&index).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let mut content = std::fs::read(&path).unwrap();
            for byte in content.iter_mut().step_by(97) {
                *byte ^= 0x55;
            }
            std::fs::write(path, content).unwrap();
        }
    }
    let (ok, said) = world.setup().tool(&["index", "rebuild"]);
    assert!(ok, "{said}");
    assert_all_served(&world, &modules);
}

#[test]
fn fsck_names_the_file_that_is_not_what_was_proved() {
    let modules = modules();
    let world = world(&modules);
    assert_all_served(&world, &modules);
    let (ok, said) = world.setup().tool(&["fsck"]);
    assert!(ok, "{said}");
    for ending in ["zip", "mod"] {
        let path = world.stored(&modules[3], ending);
        let true_bytes = std::fs::read(&path).unwrap();
        let mut content = true_bytes.clone();
        let middle = content.len() / 2;
        content[middle] ^= 1;
        // Files of the store are not for writing: a new one takes its place.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, content).unwrap();
        let (ok, said) = world.setup().tool(&["fsck"]);
        assert!(!ok, "{said}");
        assert!(said.contains("example.com/number3"), "{said}");
        assert!(!said.contains("example.com/number4"), "{said}");
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, true_bytes).unwrap();
    }
    let (ok, said) = world.setup().tool(&["fsck"]);
    assert!(ok, "{said}");
}

#[test]
fn what_is_half_written_is_thrown_away_at_the_start() {
    let modules = modules();
    let world = world(&modules);
    let staging = world.data().join("staging");
    std::fs::create_dir_all(&staging).unwrap();
    std::fs::write(staging.join("half.zip"), "half").unwrap();
    let server = world.serve();
    assert_eq!(world.staged_files(), 0);
    drop(server);
}
