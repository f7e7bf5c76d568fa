//! `sumward gc`: the files that were not used for longest go until the rest fits, with the
//! server running or not, and are fetched again when they are asked for. A crash at any
//! step leaves a folder that is whole.

use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use testkit::client;
use testkit::module::Module;
use testkit::sumward::{Setup, Sumward};
use testkit::world::{World, target, wait_until};

const ENDINGS: [&str; 3] = ["info", "mod", "zip"];

fn modules() -> [Module; 3] {
    [
        Module::library("example.com/large", "v1.0.0").with_ballast(200_000),
        Module::library("example.com/Middle", "v1.0.0").with_ballast(100_000),
        Module::library("example.com/small", "v1.0.0"),
    ]
}

fn world(modules: &[Module]) -> World {
    World::with(&modules.iter().collect::<Vec<_>>())
}

#[track_caller]
fn ask_for_all(server: &Sumward, modules: &[Module]) {
    for module in modules {
        for ending in ENDINGS {
            let reply = server.get(&target(module, ending));
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
        let list = format!("/{}/@v/list", testkit::module::escape(&module.path));
        assert_eq!(server.get(&list).status, 200);
    }
}

#[track_caller]
fn gc(setup: &Setup, arguments: &[&str]) -> String {
    let (done, said) = setup.tool(&[&["gc"], arguments].concat());
    assert!(done, "{said}");
    said
}

/// Ends a server in order: what a killed one has not flushed is recorded when it is asked
/// for, and stays until then.
#[track_caller]
fn end(server: Sumward) {
    let (status, said) = server.terminate(Duration::from_secs(60));
    assert!(status.success(), "{said}");
}

fn zips(world: &World, modules: &[Module]) -> Vec<bool> {
    let stored = modules.iter().map(|it| world.stored(it, "zip").exists());
    stored.collect()
}

#[test]
fn files_go_until_the_rest_fits_and_are_fetched_again() {
    let modules = modules();
    for running in [true, false] {
        let world = world(&modules);
        let mut server = Some(world.serve());
        if let Some(server) = &server {
            ask_for_all(server, &modules);
        }
        if !running && let Some(server) = server.take() {
            end(server);
        }
        let setup = world.setup();
        let said = gc(&setup, &["--budget", "150K", "--dry-run"]);
        assert!(
            said.contains("would remove example.com/large/@v/v1.0.0.zip"),
            "{said}"
        );
        assert_eq!(
            zips(&world, &modules),
            [true; 3],
            "a dry run removes nothing"
        );

        let said = gc(&setup, &["--budget", "150K"]);
        assert!(
            said.contains("removed example.com/large/@v/v1.0.0.zip"),
            "{said}"
        );
        assert_eq!(zips(&world, &modules), [false, true, true], "{said}");
        let again = gc(&setup, &["--budget", "150K", "--format", "json"]);
        let again: Value = serde_json::from_str(&again).unwrap();
        assert_eq!(again["removed"]["files"], 0, "{again}");
        assert_eq!(again["held"]["list"]["files"], 3, "{again}");

        let server = server.unwrap_or_else(|| world.serve());
        world.origin.forget();
        let cached = format!("/cached-only{}", target(&modules[0], "zip"));
        assert_eq!(server.get(&cached).status, 404);
        let reply = server.get(&target(&modules[0], "zip"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(reply.body == modules[0].zip());
        assert_eq!(world.origin.count("large/@v/v1.0.0.zip"), 1);
        assert_eq!(world.origin.count("lookup"), 0, "the proof is still here");
        drop(server);
        let (whole, said) = world.setup().tool(&["fsck"]);
        assert!(whole, "{said}");
    }
}

#[test]
fn what_is_pinned_stays_and_a_budget_that_is_missed_is_a_failure() {
    let modules = modules();
    let world = world(&modules);
    let server = world.serve();
    ask_for_all(&server, &modules);
    let go_sum = world.data().with_file_name("go.sum");
    std::fs::write(&go_sum, modules[0].go_sum()).unwrap();
    let go_sum = go_sum.to_string_lossy().into_owned();
    let pinned = ["--pin", &go_sum, "--pin", "example.com/small@v1.0.0"];
    let words = [&["gc", "--budget", "0"], &pinned[..]].concat();
    let (done, said) = world.setup().tool(&words);
    assert!(!done, "{said}");
    assert!(said.contains("the budget is missed by"), "{said}");
    assert!(said.contains("held: 6 files"), "{said}");
    assert_eq!(zips(&world, &modules), [true, false, true]);
    for ending in ENDINGS {
        assert!(world.stored(&modules[0], ending).exists(), "{ending}");
        assert!(!world.stored(&modules[1], ending).exists(), "{ending}");
    }
    let list = server.get("/cached-only/example.com/!middle/@v/list");
    assert_eq!(list.status, 200, "lists stay");
    gc(
        &world.setup(),
        &["--budget", "1G", "--pin", "example.com/*"],
    );
}

#[test]
fn what_a_bundle_holds_stays() {
    let modules = modules();
    let world = world(&modules);
    let server = world.serve();
    ask_for_all(&server, &modules);
    let path = |name: &str| world.data().with_file_name(name).display().to_string();
    let (go_sum, key, bundle) = (path("go.sum"), path("key"), path("b.bundle"));
    std::fs::write(&go_sum, modules[1].go_sum()).unwrap();
    let keygen = ["bundle", "keygen", "bundles.example", "--out", &key];
    assert!(world.setup().command(&keygen).status().unwrap().success());
    let create = ["--from", &go_sum, "--key", &key, "-o", &bundle];
    let (made, said) = world
        .setup()
        .tool(&[&["bundle", "create"], &create[..]].concat());
    assert!(made, "{said}");
    let (_, said) = world
        .setup()
        .tool(&["gc", "--budget", "0", "--pin", &bundle]);
    assert!(said.contains("held: 3 files"), "{said}");
    assert_eq!(zips(&world, &modules), [false, true, false]);
}

#[test]
fn what_means_nothing_is_said_before_anything_goes() {
    let modules = modules();
    let world = world(&modules);
    let server = world.serve();
    ask_for_all(&server, &modules);
    for (words, want) in [
        (&["--budget", "much"][..], "is not a size"),
        (
            &["--budget", "0", "--pin", "/no/such/go.sum"],
            "No such file",
        ),
        (&["--budget", "0", "--pin", "[a"], "[a"),
        (&["--budget", "0", "--only-copies-of", "[a"], "[a"),
        (&[], "--budget"),
    ] {
        let (done, said) = world.setup().tool(&[&["gc"], words].concat());
        assert!(!done, "{words:?}");
        assert!(said.contains(want), "{words:?}: {said}");
        assert_eq!(zips(&world, &modules), [true; 3], "{words:?}");
    }
    // Through the main address nothing goes, and under a name neither.
    for method in ["PUT", "POST", "GET", "DELETE"] {
        let _ = client::send(server.address(), method, "/gc", &[]);
        let _ = client::send(
            server.address(),
            method,
            "/import/a.example/x/@v/v1.0.0.mod",
            &[],
        );
        assert_eq!(zips(&world, &modules), [true; 3], "{method}");
    }
}

#[test]
fn without_an_upstream_only_what_is_named_goes() {
    let modules = modules();
    let world = world(&modules);
    let server = world.serve();
    ask_for_all(&server, &modules);
    end(server);
    let setup = world.setup().with_env("GOPROXY", "off");
    let (done, said) = setup.tool(&["gc", "--budget", "0"]);
    assert!(!done, "{said}");
    assert!(said.contains("that no upstream could send again"), "{said}");
    assert_eq!(zips(&world, &modules), [true; 3], "{said}");
    let named = [
        "gc",
        "--budget",
        "0",
        "--only-copies-of",
        "example.com/Middle",
    ];
    let (done, said) = setup.tool(&named);
    assert!(!done, "{said}");
    assert_eq!(zips(&world, &modules), [true, false, true], "{said}");
}

#[test]
fn a_file_that_nothing_proves_must_come_back_as_it_was() {
    let mut module = Module::library("example.com/exempt", "v1.0.0").with_ballast(10_000);
    let world = World::with(&[]);
    module.write(world.tree());
    let exempt = "proof:\n  exempt: example.com/exempt\n  pause: 1s\n";
    let setup = world.setup().with_config(exempt);
    let server = setup.start();
    assert_eq!(server.get(&target(&module, "zip")).status, 200);
    gc(&world.setup(), &["--budget", "0"]);
    assert!(!world.stored(&module, "zip").exists());
    drop(server);
    // What the index knows of it can be made anew.
    let (made, said) = world.setup().tool(&["index", "rebuild"]);
    assert!(made, "{said}");
    let (whole, said) = world.setup().tool(&["fsck"]);
    assert!(whole, "{said}");

    module = Module::library("example.com/exempt", "v1.0.0").with_ballast(10_001);
    module.write(world.tree());
    let server = setup.start();
    let reply = server.get(&target(&module, "zip"));
    assert_eq!(reply.status, 403, "{}", reply.text());
    let before = Module::library("example.com/exempt", "v1.0.0").with_ballast(10_000);
    before.write(world.tree());
    let reply = testkit::world::eventually(&server, &target(&module, "zip"), 200);
    assert!(reply.body == before.zip());
}

#[test]
fn a_crash_at_any_step_leaves_a_folder_that_is_whole() {
    let modules = modules();
    for step in ["Journaled", "Recorded", "Flushed", "HalfRemoved", "Removed"] {
        let world = world(&modules);
        let server = world.serve();
        ask_for_all(&server, &modules);
        end(server);
        let words = ["gc", "--budget", "0", "--end-after", step];
        let (done, said) = world.setup().tool(&words);
        assert!(!done, "{step}: {said}");
        let gone = zips(&world, &modules).iter().filter(|it| !**it).count();
        match step {
            "Removed" => assert_eq!(gone, 3, "{step}"),
            "HalfRemoved" => {}
            _ => assert_eq!(gone, 0, "{step}"),
        }
        for command in [&["fsck"][..], &["index", "rebuild"], &["fsck"]] {
            let (whole, said) = world.setup().tool(command);
            assert!(whole, "{step} {command:?}: {said}");
        }
        let server = world.serve();
        ask_for_all(&server, &modules);
        assert_eq!(zips(&world, &modules), [true; 3], "{step}");
    }
}

#[test]
fn a_server_with_a_budget_lets_files_go_by_itself() {
    let modules = modules();
    let world = world(&modules);
    let server =
        world.serve_with("gc:\n  budget: 150KiB\n  pins: example.com/small\n  every: 1s\n");
    ask_for_all(&server, &modules);
    wait_until("the largest file goes", || {
        !world.stored(&modules[0], "zip").exists()
    });
    wait_until("it is counted", || {
        let page = server.get("/metrics").text();
        page.lines().any(|line| {
            line.strip_prefix("sumward_evicted_files_total ")
                .is_some_and(|count| count != "0")
        })
    });
    assert!(world.stored(&modules[2], "zip").exists());
    let reply = server.get(&target(&modules[0], "zip"));
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[test]
fn what_was_begun_goes_on_when_the_one_who_asked_is_gone() {
    let modules = modules();
    let world = world(&modules);
    // The server waits for what is pinned as long as nobody writes it.
    let pinned = world.data().with_file_name("go.sum");
    let made = Command::new("mkfifo").arg(&pinned).status().unwrap();
    assert!(made.success());
    let server = world.serve_with(&format!("gc: {{pins: '{}'}}\n", pinned.display()));
    ask_for_all(&server, &modules);
    let data = world.data().display().to_string();
    let gc = ["gc", "--budget", "0", "--data", &data];
    let mut client = world.setup().command(&gc).spawn().unwrap();
    let mut writer = std::fs::File::options().write(true).open(&pinned).unwrap();
    client.kill().unwrap();
    client.wait().unwrap();
    // Until the server knows it, which nothing tells.
    std::thread::sleep(Duration::from_millis(300));
    writer.write_all(modules[0].go_sum().as_bytes()).unwrap();
    drop(writer);
    wait_until("what is not pinned goes", || {
        zips(&world, &modules) == [true, false, false]
    });
    server.wait_for("files were let go");
}
