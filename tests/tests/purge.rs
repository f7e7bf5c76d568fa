//! `sumward purge`: what is taken back is gone from disk, memory and index at once,
//! with the server running or not.

use std::path::Path;

use testkit::client;
use testkit::module::Module;
use testkit::sumward::Sumward;
use testkit::world::{World, target};

fn modules() -> [Module; 3] {
    [
        Module::library("example.com/Thing", "v1.0.0").with_ballast(100_000),
        Module::library("example.com/Thing", "v1.1.0").with_ballast(100),
        Module::library("example.com/thing/deeper", "v1.0.0"),
    ]
}

/// Asks for everything twice, so that it is in memory too.
fn ask_for_all(server: &Sumward, modules: &[Module]) {
    for _ in 0..2 {
        for module in modules {
            for ending in ["info", "mod", "zip"] {
                assert_eq!(server.get(&target(module, ending)).status, 200);
            }
        }
        assert_eq!(server.get("/example.com/!thing/@v/list").status, 200);
    }
}

fn stored_status(server: &Sumward, module: &Module, ending: &str) -> u16 {
    let target = format!("/cached-only{}", target(module, ending));
    server.get(&target).status
}

#[track_caller]
fn purge(world: &World, what: &str) -> String {
    let (done, said) = world.setup().tool(&["purge", what]);
    assert!(done, "{said}");
    said
}

#[test]
fn one_version_is_taken_back_from_a_running_server_and_fetched_anew() {
    let modules = modules();
    let world = World::with(&modules.iter().collect::<Vec<_>>());
    let server = world.serve();
    ask_for_all(&server, &modules);
    world.origin.forget();

    let said = purge(&world, "example.com/Thing@v1.0.0");
    assert!(said.contains("3 files removed"), "{said}");
    for ending in ["info", "mod", "zip"] {
        assert!(!world.stored(&modules[0], ending).exists(), "{ending}");
        assert_eq!(stored_status(&server, &modules[0], ending), 404);
        for other in &modules[1..] {
            assert_eq!(stored_status(&server, other, ending), 200);
        }
    }
    let reply = server.get(&target(&modules[0], "zip"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.body == modules[0].zip());
    assert_eq!(world.origin.count("v1.0.0.zip"), 1);
    let (whole, said) = {
        drop(server);
        world.setup().tool(&["fsck"])
    };
    assert!(whole, "{said}");
}

#[test]
fn a_whole_module_is_taken_back_and_not_what_lies_below_its_path() {
    let modules = modules();
    for running in [true, false] {
        let world = World::with(&modules.iter().collect::<Vec<_>>());
        let mut server = Some(world.serve());
        if let Some(server) = &server {
            ask_for_all(server, &modules);
        }
        if !running {
            drop(server.take());
        }
        purge(&world, "example.com/Thing");
        assert!(!world.stored(&modules[0], "zip").exists());
        assert!(!world.stored(&modules[1], "mod").exists());
        assert!(world.stored(&modules[2], "zip").exists());
        let server = server.unwrap_or_else(|| world.serve());
        for module in &modules[..2] {
            for ending in ["info", "mod", "zip"] {
                assert_eq!(stored_status(&server, module, ending), 404, "{running}");
            }
        }
        let list = server.get("/cached-only/example.com/!thing/@v/list");
        assert_eq!(list.status, 404, "{}", list.text());
        assert_eq!(stored_status(&server, &modules[2], "zip"), 200);
    }
}

#[test]
fn nothing_is_taken_back_through_the_main_address() {
    let modules = modules();
    let world = World::with(&modules.iter().collect::<Vec<_>>());
    let server = world.serve();
    ask_for_all(&server, &modules);
    for path in ["/purge/example.com/Thing", &target(&modules[0], "zip")] {
        for method in ["DELETE", "POST", "PUT", "PURGE", "GET"] {
            let _ = client::send(server.address(), method, path, &[]);
            assert_eq!(stored_status(&server, &modules[0], "zip"), 200, "{method}");
        }
    }
    assert!(world.stored(&modules[0], "zip").exists());
}

#[test]
fn the_socket_of_the_server_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::with(&[]);
    let runtime = tempfile::tempdir().unwrap();
    let folder = runtime.path().to_string_lossy().into_owned();
    for folder in [None, Some(folder)] {
        let setup = match &folder {
            Some(folder) => world.setup().with_env("RUNTIME_DIRECTORY", folder),
            None => world.setup(),
        };
        let server = setup.start();
        let noted = std::fs::read_to_string(world.data().join("control")).unwrap();
        let socket = Path::new(noted.trim_end());
        if let Some(folder) = folder {
            assert!(socket.starts_with(folder), "{noted}");
        }
        let mode = std::fs::metadata(socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // Without RUNTIME_DIRECTORY: the note in the data folder leads to it.
        let said = purge(&world, "example.com/nothing");
        assert!(said.contains("0 files removed"), "{said}");
        drop(server);
    }
}
