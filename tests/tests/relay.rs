//! The checksum database as it is relayed, and requests that no go command sends.

use std::time::Duration;

use testkit::client::Reply;
use testkit::module::Module;
use testkit::origin::Fault;
use testkit::world::{DATABASE, World};

fn world() -> (World, Module) {
    let module = Module::library("example.com/Upper/thing", "v1.1.0").with_ballast(5000);
    (World::with(&[&module]), module)
}

#[test]
fn checksum_databases_are_relayed_with_tiles_of_any_width() {
    let (mut world, module) = world();
    world.database.add_filler(600);
    world.publish();
    let server = world.serve();
    let get = |rest: &str| -> Reply { server.get(&format!("/sumdb/{DATABASE}/{rest}")) };
    let supported = get("supported");
    assert_eq!((supported.status, supported.body.len()), (200, 0));
    assert_eq!(
        world.origin.count("supported"),
        0,
        "supported is for us to say"
    );
    assert_eq!(server.get("/sumdb/other.example/supported").status, 404);

    let lookup = get("lookup/example.com/!upper/thing@v1.1.0");
    assert_eq!(lookup.status, 200);
    assert!(lookup.text().contains(module.go_sum().trim()));
    let full = std::fs::read(world.tree().join(format!("sumdb/{DATABASE}/tile/8/0/000"))).unwrap();
    assert_eq!(get("tile/8/0/000").body, full);
    for width in [1usize, 12, 255] {
        let reply = get(&format!("tile/8/0/000.p/{width}"));
        assert_eq!((reply.status, &reply.body[..]), (200, &full[..width * 32]));
    }
    assert_eq!(get("lookup/example.com/unheard@v1.0.0").status, 404);
    for bad in [
        "lookup/example.com/thing",
        "lookup/example.com/thing@main",
        "lookup/example.com/Upper/thing@v1.1.0",
        "tile/8/0/1",
        "tile/8/0/000.p/0",
        "tile/8/0/000.p/256",
        "tile/0/0/000",
        "tile/31/0/000",
        "tile/8/64/000",
        "tile/8/0/x000/001",
        "elsewhere",
    ] {
        let reply = get(bad);
        assert!(
            reply.status == 400 || reply.status == 404,
            "{bad}: {}",
            reply.status
        );
        assert!(world.origin.count(bad) == 0, "{bad} reached upstream");
    }
}

#[test]
fn paths_that_no_go_command_sends_reach_nothing() {
    let (world, _) = world();
    std::fs::write(world.tree().join("secret"), "secret").unwrap();
    let server = world.serve();
    let long = format!("/example.com/{}/@v/list", "a".repeat(9000));
    for path in [
        "/../secret",
        "/..%2fsecret",
        "/%2e%2e/secret/@v/list",
        "/example.com/../secret",
        "/example.com//thing/@v/list",
        "/example.com/Upper/thing/@v/list",
        "/secret",
        "/example.com/!Upper/thing/@v/list",
        "/example.com/!!upper/@v/list",
        "/example.com/thing/@v/v1.0.0.exe",
        "/example.com/thing/@v/..zip",
        "/example.com/thing/@v/%00.zip",
        "/example.com/thing/@v/-x.info",
        "/example.com/thing/@v/main.zip",
        "/example.com/thing/@v/v1.zip",
        "/example.com/thing/v2/@v/v1.0.0.zip",
        "/example.com/a\\b/@v/list",
        "/com1/thing/@v/list",
        "/example.com/./thing/@v/list",
        "/cached-only/../secret",
        "/sumdb/../secret",
        "//example.com/thing/@v/list",
        &long,
    ] {
        let reply = server.get(path);
        assert!(
            (400..500).contains(&reply.status),
            "{path}: {} {}",
            reply.status,
            reply.text()
        );
    }
    assert_eq!(world.origin.asked().len(), 0, "{:?}", world.origin.asked());
}

#[test]
fn many_cold_lookups_share_tiles_and_ask_no_more_at_once_than_is_allowed() {
    let modules: Vec<Module> = (0..60)
        .map(|number| Module::library(&format!("example.com/m{number}"), "v1.0.0"))
        .collect();
    let mut world = World::with(&modules.iter().collect::<Vec<_>>());
    world.database.add_filler(230);
    world.publish();
    let server = world.serve_with("limits: {text_fetches_max: 8}\n");
    world
        .origin
        .fault("", Fault::Delay(Duration::from_millis(50)));
    std::thread::scope(|scope| {
        for module in &modules {
            let server = &server;
            scope.spawn(move || {
                let lookup = format!("/sumdb/{DATABASE}/lookup/{}@v1.0.0", module.path);
                let reply = server.get(&lookup);
                assert_eq!(reply.status, 200, "{}", reply.text());
            });
        }
    });
    assert_eq!(world.origin.count("lookup/"), modules.len());
    let asked = world.origin.asked();
    let mut tiles: Vec<&str> = asked
        .iter()
        .map(|asked| asked.path.as_str())
        .filter(|path| path.contains("/tile/"))
        .collect();
    assert!(!tiles.is_empty());
    let all = tiles.len();
    tiles.sort_unstable();
    tiles.dedup();
    assert_eq!(tiles.len(), all, "a tile was asked for twice");
    assert!(
        world.origin.most_at_once() <= 8,
        "{}",
        world.origin.most_at_once()
    );
}
