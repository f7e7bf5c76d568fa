//! What the go command asks before it knows a version: each prefix of a package's path,
//! `latest`, branches and commits. What was answered once is answered again when
//! upstream is dead, for ever.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use testkit::go::{self, Go, Toolchain};
use testkit::module::{Module, escape};
use testkit::sumward::Sumward;
use testkit::world::World;

/// What is remembered for a while is forgotten at once: only what is kept counts.
const FORGETFUL: &str = "cache: {list_fresh: 0s, negative_ttl: 1ms, hot_bytes_max: 0}\n";

/// A module of a commit, as `go get m@main` finds one.
const COMMIT: &str = "v0.0.0-20240506070809-abcdef012345";

/// Writes what upstream answers to a query, and takes the version out of its list: no
/// one has asked for the version's own `.info` when it is needed.
fn answer_query(world: &World, module: &Module, query: &str) {
    let folder = world.tree().join(escape(&module.path));
    let info = folder.join(format!("@v/{}.info", module.version));
    let query = match query {
        "latest" => folder.join("@latest"),
        query => folder.join(format!("@v/{query}.info")),
    };
    std::fs::copy(info, query).unwrap();
    std::fs::write(folder.join("@v/list"), "").unwrap();
}

fn install(go: &Go, tool: &str) {
    let folder = tempfile::tempdir().unwrap();
    go.must(folder.path(), &["install", tool]);
}

#[test]
fn a_tool_below_the_root_of_its_module_is_installed_again_when_upstream_is_dead() {
    let tools = Module::tool("example.com/tools", "v1.0.0", "cmd/hello");
    for toolchain in Toolchain::both() {
        for version in ["v1.0.0", "latest"] {
            let tool = format!("example.com/tools/cmd/hello@{version}");
            let mut world = World::with(&[&tools]);
            let server = world.serve_with(FORGETFUL);
            let go = world.go(&toolchain, &server);
            install(&go, &tool);
            world.origin.stop();
            go.forget_modules();
            install(&go, &tool);
            // That there is no such module is durable a moment after it was told.
            let (ended, log) = server.terminate(Duration::from_secs(30));
            assert!(ended.success(), "{log}");
            let server = world.serve_with(FORGETFUL);
            install(&world.go(&toolchain, &server), &tool);
            drop(server);
            let server = world.setup().with_env("GOPROXY", "off").start();
            install(&world.go(&toolchain, &server), &tool);
        }
    }
}

#[test]
fn a_path_that_upstream_did_not_have_is_asked_for_again_when_it_is_there() {
    let hello = Module::library("example.com/tools/cmd", "v1.0.0");
    let mut world = World::with(&[]);
    let server = world.serve_with(FORGETFUL);
    assert_eq!(server.get("/example.com/tools/cmd/@v/list").status, 404);
    world.add(&hello);
    let reply = testkit::world::eventually(&server, "/example.com/tools/cmd/@v/list", 200);
    assert_eq!(reply.text(), "v1.0.0\n");
}

/// Four modules, each got by a query of its own.
fn queried() -> (World, Vec<(Module, &'static str)>) {
    let modules = vec![
        (Module::library("example.com/listed", "v1.0.0"), "latest"),
        (Module::library("example.com/Latest", "v1.2.0"), "latest"),
        (Module::library("example.com/branch", COMMIT), "main"),
        (Module::library("example.com/commit", COMMIT), "abcdef0"),
    ];
    let all: Vec<&Module> = modules.iter().map(|(module, _)| module).collect();
    let world = World::with(&all);
    for (module, query) in &modules[1..] {
        answer_query(&world, module, query);
    }
    (world, modules)
}

fn get(go: &Go, modules: &[(Module, &str)]) -> tempfile::TempDir {
    let program = go::program(&[], &[]);
    for (module, query) in modules {
        let wanted = format!("{}@{query}", module.path);
        go.must(program.path(), &["get", &wanted]);
    }
    program
}

#[test]
fn what_was_got_by_a_query_is_downloaded_by_its_version_when_upstream_is_dead() {
    for toolchain in Toolchain::both() {
        let (mut world, modules) = queried();
        let server = world.serve_with(FORGETFUL);
        let go = world.go(&toolchain, &server);
        let program = get(&go, &modules);
        world.origin.stop();
        go.forget_modules();
        go.must(program.path(), &["mod", "download"]);
        // The queries themselves, at another desk.
        get(&world.go(&toolchain, &server), &modules);
        server.kill();

        let again = |server: &Sumward| {
            let go = world.go(&toolchain, server);
            go.must(program.path(), &["mod", "download"]);
            get(&go, &modules);
        };
        again(&world.serve_with(FORGETFUL));
        again(&world.setup().with_env("GOPROXY", "off").start());
    }
}

#[test]
fn the_stored_modules_are_a_proxy_without_a_server() {
    for toolchain in Toolchain::both() {
        let (world, modules) = queried();
        let server = world.serve_with(FORGETFUL);
        let program = get(&world.go(&toolchain, &server), &modules);
        drop(server);
        let files = format!("file://{}", world.data().join("modules").display());
        let go = Go::new(&toolchain, &files, &world.database.verifier_key());
        go.must(program.path(), &["mod", "download"]);
    }
}

#[test]
fn versions_that_are_stored_are_listed_when_nobody_else_can_list_them() {
    let (first, second) = (
        Module::library("example.com/thing", "v1.0.0"),
        Module::library("example.com/thing", "v1.1.0-rc.1"),
    );
    let mut world = World::with(&[&first, &second]);
    let server = world.serve();
    // By version, as a go.mod names them: no list was ever asked for.
    for module in [&first, &second] {
        for ending in ["info", "mod", "zip"] {
            let target = testkit::world::target(module, ending);
            assert_eq!(server.get(&target).status, 200, "{target}");
        }
    }
    let check = |server: &Sumward| {
        let list = server.get("/example.com/thing/@v/list");
        assert_eq!(
            (list.status, list.text()),
            (200, "v1.0.0\nv1.1.0-rc.1\n".to_owned())
        );
        let latest = server.get("/example.com/thing/@latest");
        assert_eq!(latest.status, 200, "{}", latest.text());
        assert!(latest.text().contains("v1.0.0"), "{}", latest.text());
        for toolchain in Toolchain::both() {
            let go = world_go(&toolchain, server, &world.database.verifier_key());
            let program = go::program(&[], &[]);
            go.must(program.path(), &["get", "example.com/thing@latest"]);
            let go_mod = std::fs::read_to_string(program.path().join("go.mod")).unwrap();
            assert!(go_mod.contains("example.com/thing v1.0.0"), "{go_mod}");
        }
    };
    world.origin.stop();
    check(&server);
    server.kill();
    check(&world.setup().with_env("GOPROXY", "off").start());
}

fn world_go(toolchain: &Toolchain, server: &Sumward, key: &str) -> Go {
    Go::new(toolchain, &server.url(), key)
}
