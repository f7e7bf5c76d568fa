//! Offline is a normal day: what was served once is served again with every
//! upstream dead, the checksum database included.

use std::time::{Duration, Instant};

use testkit::go::{self, Toolchain};
use testkit::module::Module;
use testkit::world::{DATABASE, World, eventually, target};

#[test]
fn everything_served_once_is_served_again_when_upstream_is_dead() {
    let module = Module::library("example.com/thing", "v1.0.0").with_ballast(3 << 20);
    let mut world = World::with(&[&module]);
    let folder = world.tree().join("example.com/thing");
    let info = std::fs::read(folder.join("@v/v1.0.0.info")).unwrap();
    std::fs::write(folder.join("@latest"), &info).unwrap();
    std::fs::write(folder.join("@v/main.info"), &info).unwrap();
    let sumdb = format!("/sumdb/{DATABASE}");
    let targets = [
        "/example.com/thing/@v/list".to_owned(),
        "/example.com/thing/@latest".to_owned(),
        "/example.com/thing/@v/main.info".to_owned(),
        target(&module, "info"),
        target(&module, "mod"),
        target(&module, "zip"),
        format!("{sumdb}/supported"),
        format!("{sumdb}/latest"),
        format!("{sumdb}/lookup/example.com/thing@v1.0.0"),
        format!("{sumdb}/tile/8/0/000.p/11"),
    ];
    // Lists and queries are asked again at once; what is stored must do.
    let server = world.serve_with("cache: {list_fresh: 0s, hot_bytes_max: 0}\n");
    let online: Vec<_> = targets.iter().map(|target| server.get(target)).collect();
    for (target, reply) in targets.iter().zip(&online) {
        assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    }
    world.origin.stop();
    let same = |server: &testkit::sumward::Sumward| {
        for (target, before) in targets.iter().zip(&online) {
            let reply = server.get(target);
            assert_eq!(reply.status, 200, "{target}: {}", reply.text());
            assert_eq!(reply.body, before.body, "{target}");
        }
    };
    same(&server);
    server.kill();
    same(&world.serve());
}

#[test]
fn what_is_not_held_is_503_soon_and_comes_when_upstream_does() {
    let module = Module::library("example.com/thing", "v1.0.0");
    let mut world = World::with(&[&module]);
    world.origin.stop();
    let server = world.serve();
    let start = Instant::now();
    for ending in ["info", "mod", "zip"] {
        let reply = server.get(&target(&module, ending));
        assert_eq!(reply.status, 503, "{ending}: {}", reply.text());
        assert!(reply.header("retry-after").is_some(), "{ending}");
        assert!(!reply.text().trim().is_empty());
    }
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "a dead port is known at once"
    );
    world.origin.start();
    eventually(&server, &target(&module, "zip"), 200);
}

#[test]
fn go_with_and_without_memory_of_the_database_builds_offline() {
    let module = Module::library("example.com/thing", "v1.0.0");
    let later = Module::library("example.com/later", "v1.0.0");
    for toolchain in Toolchain::both() {
        let mut world = World::with(&[&module]);
        let server = world.serve();
        let tidy = |go: &go::Go, name: &str| {
            let package = format!("example.com/{name}");
            let program = go::program(&[&package], &[&format!("{package} v1.0.0")]);
            go.must(program.path(), &["mod", "tidy"]);
            go.must(program.path(), &["build", "-o", "program", "."]);
        };
        let old = world.go(&toolchain, &server);
        tidy(&old, "thing");
        // The database grows past a tile between the two modules.
        world.database.add_filler(300);
        world.add(&later);
        tidy(&world.go(&toolchain, &server), "later");

        world.origin.stop();
        for go in [&old, &world.go(&toolchain, &server)] {
            go.forget_modules();
            tidy(go, "later");
            tidy(go, "thing");
        }
    }
}
