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
fn after_a_bar_the_next_is_asked_when_the_body_breaks_off_or_is_not_what_it_must_be() {
    let here = module("here").with_ballast(200_000);
    for fault in [
        Fault::CutAfter(1000),
        Fault::Body(b"<html>sign in</html>".to_vec()),
        Fault::FlipByte(1000),
    ] {
        let first = World::with(&[&here]);
        let second = World::with(&[&here]);
        let list = format!("{}|{}", first.origin.url(), second.origin.url());
        let key = second.database.verifier_key();
        let server = Setup::new(&first.data(), &list, &key)
            .with_config(QUICK)
            .start();
        first.origin.fault(".zip", fault.clone());
        let reply = server.get(&target(&here, "zip"));
        assert_eq!(reply.status, 200, "{fault:?}: {}", reply.text());
        assert!(reply.body == here.zip(), "{fault:?}");
        assert!(first.origin.count(".zip") > 0, "the first was not asked");
    }
}

#[test]
fn an_upstream_that_refuses_twice_whatever_it_is_asked_costs_no_client_a_refusal() {
    let modules: Vec<Module> = (0..24)
        .map(|number| module(&format!("m{number}")))
        .collect();
    let mut world = World::with(&modules.iter().collect::<Vec<_>>());
    // More than one tile, so that a second level is read too.
    world.database.add_filler(600);
    world.publish();
    let busy = Fault::Status(503, "busy\n".to_owned());
    let twice = Fault::AtFirst(2, Box::new(busy));
    // As it is set up out of the box, but for the pauses.
    let quick = "upstream: {backoff_min: 1ms, backoff_max: 5ms}\n";
    let server = world.setup().with_config(quick).start();
    world.origin.forget();
    world.origin.fault("", twice);
    std::thread::scope(|scope| {
        for module in &modules {
            let server = &server;
            scope.spawn(move || {
                let list = format!("/{}/@v/list", module.path);
                let targets = ["info", "mod", "zip"].map(|ending| target(module, ending));
                for target in targets.iter().chain([&list]) {
                    let reply = server.get(target);
                    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
                }
            });
        }
    });
    let go = world.go(&testkit::go::Toolchain::find("1.27."), &server);
    let program = testkit::go::program(&["example.com/m1"], &["example.com/m1 v1.0.0"]);
    go.must(program.path(), &["mod", "tidy"]);
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
fn off_dials_nobody_not_even_a_database() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let database = TestDatabase::new(&format!("localhost:{port}"), 3);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Setup::new(&data, "off", &database.verifier_key()).start();
    for target in [
        format!("/sumdb/localhost:{port}/lookup/secret.example/x@v1.0.0"),
        format!("/sumdb/localhost:{port}/latest"),
        format!("/sumdb/localhost:{port}/tile/8/0/000"),
        "/secret.example/x/@v/v1.0.0.zip".to_owned(),
    ] {
        let reply = server.get(&target);
        assert!(reply.status >= 400, "{target}: {}", reply.text());
    }
    let dialed = listener.accept();
    let nobody = std::io::ErrorKind::WouldBlock;
    assert_eq!(
        dialed.unwrap_err().kind(),
        nobody,
        "the database was dialed"
    );
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
