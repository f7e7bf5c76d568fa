//! Names of private modules: who is told them, and what is said instead.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use testkit::go::Toolchain;
use testkit::module::Module;
use testkit::sumward::{Setup, Sumward};
use testkit::world::{DATABASE, QUICK, World};

fn tools() -> Module {
    Module::tool("corp.example/tools", "v1.0.0", "cmd/x")
}

/// A public upstream that has, under the private name, what an attacker put there.
fn public() -> World {
    let mut evil = tools();
    evil.version = "v1.6.6".to_owned();
    World::with(&[&evil, &Module::library("example.com/public", "v1.0.0")])
}

/// An upstream inside, without a checksum database.
fn inside() -> World {
    let world = World::with(&[&tools()]);
    std::fs::remove_dir_all(world.tree().join("sumdb")).unwrap();
    world
}

/// Requests that tell the name, as the go command makes them.
fn targets() -> Vec<String> {
    let mut targets = Vec::new();
    for path in ["corp.example/tools", "corp.example/tools/cmd/x"] {
        for rest in [
            "@v/list",
            "@latest",
            "@v/main.info",
            "@v/v1.6.6.info",
            "@v/v1.6.6.mod",
            "@v/v1.6.6.zip",
        ] {
            targets.push(format!("/{path}/{rest}"));
        }
    }
    targets.push(format!(
        "/sumdb/{DATABASE}/lookup/corp.example/tools@v1.6.6"
    ));
    targets
}

fn assert_nobody_was_told(world: &World) {
    assert_eq!(world.origin.count("corp.example"), 0);
    let asked = world.origin.asked();
    let told = |text: &str| text.contains("corp.example");
    for request in asked {
        assert!(!request.headers.iter().any(|(_, value)| told(value)));
    }
}

#[test]
fn a_private_name_without_an_upstream_of_its_own_is_told_to_nobody() {
    for name in ["GOPRIVATE", "GONOPROXY"] {
        let world = public();
        let setup = world.setup().with_env(name, "corp.example");
        let server = setup.with_config(QUICK).start();
        for target in targets() {
            let reply = server.get(&target);
            assert_eq!(reply.status, 403, "{name} {target}: {}", reply.text());
            let text = reply.text();
            let is_lookup = target.starts_with("/sumdb/");
            assert!(is_lookup || text.contains("upstream.private"), "{text}");
        }
        assert_eq!(server.get("/example.com/public/@v/list").status, 200);
        for toolchain in Toolchain::both() {
            let go = world.go(&toolchain, &server);
            let folder = tempfile::tempdir().unwrap();
            let tool = "corp.example/tools/cmd/x@latest";
            let said = go.must_fail(folder.path(), &["install", tool]);
            assert!(said.contains("upstream.private"), "{said}");
        }
        assert_nobody_was_told(&world);
    }
}

fn serve(public: &World, inside: &World) -> Sumward {
    let yaml = format!(
        "upstream:\n  attempts: 2\n  backoff_min: 20ms\n  backoff_max: 50ms\n  private:\n    \
         - modules: corp.example\n      list: '{}'\n\
         cache: {{list_fresh: 0s, negative_ttl: 1ms}}\n",
        inside.origin.url()
    );
    let setup = public.setup().with_env("GONOSUMDB", "corp.example");
    setup.with_config(&yaml).start()
}

fn install(public: &World, server: &Sumward, toolchain: &Toolchain, version: &str) {
    // No database has it; GOPRIVATE would take the proxy out of the way as well.
    let go = public
        .go(toolchain, server)
        .with("GONOSUMDB", "corp.example");
    let folder = tempfile::tempdir().unwrap();
    let tool = format!("corp.example/tools/cmd/x@{version}");
    go.must(folder.path(), &["install", &tool]);
}

#[test]
fn a_private_tool_is_installed_from_the_upstream_named_for_it_and_no_other_is_told() {
    let public = public();
    let mut inside = inside();
    let server = serve(&public, &inside);
    for toolchain in Toolchain::both() {
        for version in ["latest", "v1.0.0"] {
            install(&public, &server, &toolchain, version);
        }
    }
    assert!(inside.origin.count("corp.example/tools/@v/v1.0.0.zip") == 1);
    assert_eq!(inside.origin.count("example.com"), 0);
    // What nobody has ends there: with 404 the go command would ask elsewhere.
    let reply = server.get("/corp.example/other/@v/list");
    assert_eq!(reply.status, 403, "{}", reply.text());
    let lookup = format!("/sumdb/{DATABASE}/lookup/corp.example/tools@v1.0.0");
    assert_eq!(server.get(&lookup).status, 403);

    inside.origin.stop();
    for toolchain in Toolchain::both() {
        install(&public, &server, &toolchain, "latest");
    }
    server.kill();
    let server = serve(&public, &inside);
    for toolchain in Toolchain::both() {
        install(&public, &server, &toolchain, "latest");
    }
    assert_nobody_was_told(&public);
}

#[test]
fn no_pattern_exempts_a_toolchain_from_proof() {
    let toolchain = Module::library("golang.org/toolchain", "v0.0.1-go1.24.0.linux-amd64");
    let world = World::with(&[&toolchain]);
    let setups: [fn(Setup) -> Setup; 2] = [
        |setup| setup.with_env("GONOSUMDB", "*"),
        |setup| setup.with_arguments(&["--no-proof-for", "golang.org/toolchain"]),
    ];
    for change in setups {
        let server = change(world.setup()).with_config(QUICK).start();
        let lookup = format!(
            "/sumdb/{DATABASE}/lookup/{}@{}",
            toolchain.path, toolchain.version
        );
        assert_eq!(server.get(&lookup).status, 200);
        let mut other = toolchain.clone();
        other.go_mod.push_str("// other\n");
        let body = testkit::origin::Fault::Body(other.go_mod.into_bytes());
        world.origin.fault(".mod", body);
        let target = testkit::world::target(&toolchain, "mod");
        assert_eq!(server.get(&target).status, 403);
        world.origin.heal();
        drop(server);
        std::fs::remove_dir_all(world.data()).unwrap();
    }
}
