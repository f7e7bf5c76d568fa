//! Upstream lists in the go command's own syntax, and how upstreams are reached.

use testkit::database::TestDatabase;
use testkit::module::Module;
use testkit::origin::{Fault, Origin};
use testkit::sumward::Setup;
use testkit::world::{QUICK, World, eventually, target};

fn module(name: &str) -> Module {
    Module::library(&format!("example.com/{name}"), "v1.0.0")
}

#[test]
fn after_a_comma_the_next_is_asked_only_when_the_first_has_it_not() {
    let here = module("here");
    let there = module("there");
    let first = World::with(&[&here]);
    let mut second = World::with(&[&here]);
    second.add(&there);
    // One database, of which the second upstream holds the newer state.
    let list = format!("{},{}", first.origin.url(), second.origin.url());
    first
        .origin
        .fault("sumdb/", Fault::Status(404, "no sumdb here\n".to_owned()));
    let setup = Setup::new(&first.data(), &list, &first.database.verifier_key());
    let server = setup.with_config(QUICK).start();
    assert_eq!(server.get(&target(&there, "zip")).status, 200);
    assert_eq!(server.get(&target(&here, "zip")).status, 200);
    assert_eq!(second.origin.count("com/here/@v/v1.0.0.zip"), 0);

    // Trouble is final after a comma.
    let trouble = Fault::Status(500, "trouble\n".to_owned());
    first.origin.fault(".mod", trouble);
    let reply = server.get(&target(&there, "mod"));
    assert!(reply.status >= 500, "{}", reply.text());
    assert_eq!(second.origin.count(".mod"), 0);
}

#[test]
fn after_a_bar_the_next_is_asked_after_any_trouble() {
    let here = module("here");
    let mut first = World::with(&[]);
    let second = World::with(&[&here]);
    let list = format!("{}|{}", first.origin.url(), second.origin.url());
    let setup = Setup::new(&first.data(), &list, &second.database.verifier_key());
    let server = setup.with_config(QUICK).start();
    first
        .origin
        .fault("", Fault::Status(500, "trouble\n".to_owned()));
    assert_eq!(server.get(&target(&here, "mod")).status, 200);
    first.origin.stop();
    assert_eq!(server.get(&target(&here, "zip")).status, 200);
}

#[test]
fn off_serves_what_is_stored_and_nothing_else() {
    let here = module("here");
    let there = module("there");
    let world = World::with(&[&here, &there]);
    let server = world.serve();
    assert_eq!(server.get(&target(&here, "zip")).status, 200);
    drop(server);
    let server = world.setup().with_env("GOPROXY", "off").start();
    assert_eq!(server.get(&target(&here, "zip")).body, here.zip());
    let reply = server.get(&target(&there, "zip"));
    assert_eq!(reply.status, 404, "{}", reply.text());
}

#[test]
fn an_upstream_may_have_a_prefix_and_credentials() {
    let here = module("here");
    let tree = tempfile::tempdir().unwrap();
    let prefix = tree.path().join("go/proxy");
    here.write(&prefix);
    let mut database = TestDatabase::new("sum.example", 5);
    database.add(&here);
    database.publish(&prefix);
    let origin = Origin::serve(tree.path());
    let url = format!("http://user:pass%20word@{}/go/proxy/", origin.address());
    let data = tempfile::tempdir().unwrap();
    let setup = Setup::new(&data.path().join("data"), &url, &database.verifier_key());
    let server = setup.start();
    let reply = server.get(&target(&here, "zip"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    // user:pass word
    let want = Some("Basic dXNlcjpwYXNzIHdvcmQ=");
    for asked in origin.asked() {
        if asked.path.starts_with("go/proxy/") {
            assert_eq!(asked.header("authorization"), want, "{}", asked.path);
        }
    }
    assert!(
        !server.log().contains("pass"),
        "credentials in the log: {}",
        server.log()
    );
}

#[test]
fn a_database_with_an_address_of_its_own_is_asked_there() {
    let here = module("here");
    let world = World::with(&[&here]);
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::rename(world.tree().join("sumdb"), elsewhere.path().join("sumdb")).unwrap();
    let database = Origin::serve(&elsewhere.path().join("sumdb/sum.example/test"));
    let gosumdb = format!("{} {}", world.database.verifier_key(), database.url());
    let setup = Setup::new(&world.data(), &world.origin.url(), &gosumdb);
    let server = setup.with_config(QUICK).start();
    let reply = server.get(&target(&here, "zip"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(database.count("lookup/") == 1);
}

#[test]
fn an_upstream_that_comes_back_is_used_again() {
    let here = module("here");
    let mut world = World::with(&[&here]);
    let breaker = "upstream: {attempts: 1, breaker: {failures_max: 2, open_min: 1s, open_max: 1s}}";
    let server = world.setup().with_config(breaker).start();
    world.origin.stop();
    for _ in 0..4 {
        let reply = server.get(&target(&here, "mod"));
        assert_eq!(reply.status, 503, "{}", reply.text());
        assert!(reply.header("retry-after").is_some());
    }
    world.origin.start();
    eventually(&server, &target(&here, "mod"), 200);
}
