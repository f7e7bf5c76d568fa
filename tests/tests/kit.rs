//! The kit itself, judged by the real go command without sumward between them:
//! what these tests take for a good upstream and a good database is one.

use std::time::{Duration, Instant};

use testkit::client;
use testkit::database::TestDatabase;
use testkit::go::{self, Go, Toolchain};
use testkit::module::Module;
use testkit::origin::{Fault, Origin};
use testkit::records::Records;

#[test]
fn go_accepts_modules_and_database_of_our_own_making() {
    let tree = tempfile::tempdir().unwrap();
    let mut database = TestDatabase::new("sum.example/test", 1);
    // Past one tile and into the second level.
    database.add_filler(300);
    for (path, version) in [
        ("example.com/Upper/one", "v1.2.3"),
        ("example.com/two/v2", "v2.0.1"),
        ("example.com/three", "v3.0.0+incompatible"),
    ] {
        let mut module = Module::library(path, version);
        if version.ends_with("+incompatible") {
            module.go_mod = format!("module {path}\n");
        }
        module.write(tree.path());
        database.add(&module);
    }
    database.publish(tree.path());
    let origin = Origin::serve(tree.path());
    for toolchain in Toolchain::both() {
        let go = Go::new(&toolchain, &origin.url(), &database.verifier_key());
        let program = go::program(
            &["example.com/Upper/one", "example.com/two/v2"],
            &["example.com/Upper/one v1.2.3", "example.com/two/v2 v2.0.1"],
        );
        go.must(program.path(), &["mod", "tidy"]);
        go.must(program.path(), &["build", "-o", "program", "."]);
        let said = go.must(
            program.path(),
            &["mod", "download", "-json", "example.com/Upper/one@v1.2.3"],
        );
        assert!(said.contains("\"Sum\": \"h1:"), "{said}");
    }
    assert!(origin.count("tile/8/1/") > 0, "the second level was read");
}

#[test]
fn go_follows_a_database_that_grows_and_alarms_at_one_that_forks() {
    let tree = tempfile::tempdir().unwrap();
    let mut database = TestDatabase::new("sum.example", 2);
    database.add_filler(5);
    let first = Module::library("example.com/first", "v1.0.0");
    first.write(tree.path());
    database.add(&first);
    database.publish(tree.path());
    let mut fork = database.fork_at(5);

    let origin = Origin::serve(tree.path());
    let toolchain = Toolchain::find("1.27.");
    let go = Go::new(&toolchain, &origin.url(), &database.verifier_key());
    let program = go::program(&["example.com/first"], &["example.com/first v1.0.0"]);
    go.must(program.path(), &["mod", "tidy"]);

    let second = Module::library("example.com/second", "v1.0.0");
    second.write(tree.path());
    database.add_filler(700);
    database.add(&second);
    database.publish(tree.path());
    let program = go::program(&["example.com/second"], &["example.com/second v1.0.0"]);
    go.must(program.path(), &["mod", "tidy"]);

    // Another history of the same key, longer than what go has seen.
    let third = Module::library("example.com/third", "v1.0.0");
    third.write(tree.path());
    fork.add_filler(2000);
    fork.add(&third);
    fork.publish(tree.path());
    let program = go::program(&["example.com/third"], &["example.com/third v1.0.0"]);
    let said = go.must_fail(program.path(), &["mod", "tidy"]);
    assert!(said.contains("SECURITY ERROR"), "{said}");
}

#[test]
fn go_refuses_what_the_upstream_spoils() {
    let tree = tempfile::tempdir().unwrap();
    let module = Module::library("example.com/spoilt", "v1.0.0").with_ballast(100_000);
    module.write(tree.path());
    let mut database = TestDatabase::new("sum.example", 3);
    database.add(&module);
    database.publish(tree.path());
    let origin = Origin::serve(tree.path());
    let toolchain = Toolchain::find("1.27.");
    let program = go::program(&["example.com/spoilt"], &["example.com/spoilt v1.0.0"]);
    let tidy = || {
        let go = Go::new(&toolchain, &origin.url(), &database.verifier_key());
        go.run(program.path(), &["mod", "tidy"])
    };
    let zip = "example.com/spoilt/@v/v1.0.0.zip";
    for (path, fault) in [
        (zip, Fault::FlipByte(50_000)),
        (zip, Fault::CutAfter(1000)),
        (zip, Fault::Status(500, "not today\n".to_owned())),
        ("lookup/", Fault::FlipByte(0)),
        ("tile/", Fault::FlipByte(3)),
    ] {
        origin.fault(path, fault.clone());
        let outcome = tidy();
        assert!(!outcome.ok, "go took {path} with {fault:?}");
        origin.heal();
    }
    let outcome = tidy();
    assert!(outcome.ok, "{}", outcome.stderr);
}

#[test]
fn origin_delays_trickles_counts_and_comes_back_on_its_port() {
    let tree = tempfile::tempdir().unwrap();
    std::fs::write(tree.path().join("file"), vec![7; 50_000]).unwrap();
    let mut origin = Origin::serve(tree.path());
    origin.fault("file", Fault::Once(Box::new(Fault::Throttle(100_000))));
    let start = Instant::now();
    let reply = client::get(origin.address(), "/file");
    assert_eq!((reply.status, reply.body.len()), (200, 50_000));
    assert!(start.elapsed() > Duration::from_millis(300));
    origin.fault("file", Fault::CutAfter(1000));
    let reply = client::get(origin.address(), "/file");
    assert_eq!((reply.complete, reply.body.len()), (false, 1000));
    origin.heal();
    assert_eq!(origin.count("file"), 2);
    assert_eq!(origin.open_answers(), 0);
    assert_eq!(client::get(origin.address(), "/../file").status, 404);

    origin.stop();
    assert!(std::net::TcpStream::connect(origin.address()).is_err());
    origin.start();
    assert_eq!(client::get(origin.address(), "/file").status, 200);
}

#[test]
fn go_accepts_the_records_as_they_lie() {
    let Some(records) = Records::or_skip("go_accepts_the_records_as_they_lie") else {
        return;
    };
    let origin = Origin::serve(&records.mirror());
    for toolchain in Toolchain::both() {
        let go = Go::new(&toolchain, &origin.url(), "sum.golang.org");
        let program = go::copy_program(&records.sample());
        std::fs::remove_file(program.path().join("go.sum")).unwrap();
        go.must(program.path(), &["mod", "tidy"]);
        go.must(program.path(), &["build", "-o", "sample", "."]);
    }
}
