//! Version lists, `latest` and "not found": fresh for a while, refreshed behind
//! the client's back, stale when there is nothing better.

use testkit::client;
use testkit::module::Module;
use testkit::origin::Fault;
use testkit::world::{World, target, wait_until};

const LIST: &str = "/example.com/thing/@v/list";

fn thing(version: &str) -> Module {
    Module::library("example.com/thing", version)
}

#[test]
fn a_fresh_list_is_not_asked_for_again() {
    let mut world = World::with(&[&thing("v1.0.0")]);
    let server = world.serve_with("cache: {list_fresh: 1h}\n");
    assert_eq!(server.get(LIST).text(), "v1.0.0\n");
    world.add(&thing("v1.1.0"));
    assert_eq!(server.get(LIST).text(), "v1.0.0\n");
    assert_eq!(world.origin.count("@v/list"), 1);
}

#[test]
fn an_old_list_is_refreshed_and_a_new_version_seen() {
    let mut world = World::with(&[&thing("v1.0.0")]);
    let server = world.serve_with("cache: {list_fresh: 100ms}\n");
    assert_eq!(server.get(LIST).text(), "v1.0.0\n");
    world.add(&thing("v1.1.0"));
    wait_until("the new version is listed", || {
        server.get(LIST).text() == "v1.0.0\nv1.1.0\n"
    });
}

#[test]
fn a_list_is_served_stale_whatever_becomes_of_upstream() {
    let mut world = World::with(&[&thing("v1.0.0")]);
    let server = world.serve_with("cache: {list_fresh: 0s}\n");
    assert_eq!(server.get(LIST).text(), "v1.0.0\n");
    for status in [500, 502, 503] {
        world
            .origin
            .fault("@v/list", Fault::Status(status, "no\n".to_owned()));
        let reply = server.get(LIST);
        assert_eq!((reply.status, reply.text()), (200, "v1.0.0\n".to_owned()));
        world.origin.heal();
    }
    world.origin.stop();
    let reply = server.get(LIST);
    assert_eq!((reply.status, reply.text()), (200, "v1.0.0\n".to_owned()));
}

#[test]
fn what_is_no_list_neither_replaces_nor_hides_a_stored_one() {
    let page = "<!DOCTYPE html>\n<html><body>Sign in to the network</body></html>\n";
    let json = r#"{"errors":[{"status":401,"message":"token expired"}]}"#;
    let late = "not found: fetch timed out\n".to_owned();
    for (why, fault) in [
        ("a page", Fault::Body(page.into())),
        ("an error in JSON", Fault::Body(json.into())),
        ("a late mirror", Fault::Status(404, late)),
        ("a filter", Fault::Status(403, "blocked\n".to_owned())),
        ("a page with 404", Fault::Status(404, page.to_owned())),
    ] {
        let world = World::with(&[&thing("v1.0.0")]);
        let folder = world.tree().join("example.com/thing");
        for query in ["@latest", "@v/main.info"] {
            std::fs::copy(folder.join("@v/v1.0.0.info"), folder.join(query)).unwrap();
        }
        let forgetful = "cache: {list_fresh: 0s, negative_ttl: 1ms, hot_bytes_max: 0}\n";
        let server = world.serve_with(forgetful);
        let targets = [
            LIST,
            "/example.com/thing/@latest",
            "/example.com/thing/@v/main.info",
        ];
        let good = targets.map(|target| server.get(target));
        for part in ["@v/list", "@latest", "main.info"] {
            world.origin.fault(part, fault.clone());
        }
        let check = |server: &testkit::sumward::Sumward| {
            for (target, good) in targets.iter().zip(&good) {
                assert_eq!(good.status, 200, "{target}: {}", good.text());
                world.origin.forget();
                let reply = server.get(target);
                assert_eq!(reply.status, 200, "{why} {target}: {}", reply.text());
                assert_eq!(reply.body, good.body, "{why} {target}");
                let asked = target.rsplit('/').next().unwrap();
                wait_until("upstream is asked", || world.origin.count(asked) > 0);
            }
        };
        check(&server);
        check(&server);
        drop(server);
        check(&world.serve_with(forgetful));
    }
}

#[test]
fn an_empty_list_is_an_answer() {
    let world = World::with(&[]);
    let folder = world.tree().join("example.com/untagged/@v");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("list"), "").unwrap();
    let server = world.serve();
    let reply = server.get("/example.com/untagged/@v/list");
    assert_eq!((reply.status, reply.body.len()), (200, 0));
}

#[test]
fn not_found_is_remembered_for_a_while_only() {
    let mut world = World::with(&[]);
    let module = thing("v1.0.0");
    let server = world.serve_with("cache: {negative_ttl: 500ms}\n");
    for _ in 0..5 {
        let reply = server.get(&target(&module, "info"));
        assert_eq!(
            (reply.status, reply.text()),
            (404, "not found: no such file\n".to_owned())
        );
    }
    assert!(
        world.origin.count("v1.0.0.info") <= 2,
        "not found is not remembered"
    );
    world.add(&module);
    wait_until("the published version is found", || {
        server.get(&target(&module, "info")).status == 200
    });
}

#[test]
fn not_found_is_forgotten_on_request() {
    let mut world = World::with(&[]);
    let module = thing("v1.0.0");
    let server = world.serve_with("cache: {negative_ttl: 1h}\n");
    let info = target(&module, "info");
    assert_eq!(server.get(&info).status, 404);
    world.add(&module);
    assert_eq!(server.get(&info).status, 404);
    // Nothing is changed through the main address.
    let purge = format!("/purge/{}", module.path);
    for path in [&info, &purge] {
        let status = client::send(server.address(), "DELETE", path, &[]).status;
        assert!(matches!(status, 404 | 405), "{path}: {status}");
    }
    assert_eq!(server.get(&info).status, 404);
    let (done, said) = world.setup().tool(&["purge", &module.path]);
    assert!(done && said.contains("refusals forgotten"), "{said}");
    assert_eq!(server.get(&info).status, 200);
}

#[test]
fn thousands_of_different_misses_do_not_grow_the_server() {
    let world = World::with(&[]);
    let server = world.serve_with("cache: {negative_entries_max: 100}\n");
    let memory = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        let mut words = line.split_whitespace();
        words.nth(1).unwrap().parse::<u64>().unwrap()
    };
    let ask = |from: u32, to: u32| {
        for number in from..to {
            let path = format!("/example.com/missing{number}/@v/list");
            assert_eq!(server.get(&path).status, 404);
        }
    };
    ask(0, 500);
    let before = memory();
    ask(500, 3000);
    let grown = memory().saturating_sub(before);
    assert!(grown < 8 * 1024, "2500 misses took {grown} KiB");
}
