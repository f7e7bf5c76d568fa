//! A server that dies while it logs, and an index that is lost.

use std::io::{Read as _, Write as _};

use testkit::go::{self, Toolchain};
use testkit::module::Module;

use super::{Corp, NAME, lookup, size};

/// The steps of logging a record, after each of which a test ends the server.
const STEPS: [&str; 6] = [
    "TilesWritten",
    "HeadSwapped",
    "LedgerFlushed",
    "Marked",
    "Witnessed",
    "CheckpointWritten",
];

#[test]
fn a_server_that_dies_at_any_step_of_logging_goes_on_with_one_whole_log() {
    let modules: Vec<_> = (0..STEPS.len())
        .map(|number| Module::library(&format!("corp.example/m{number}"), "v1.0.0"))
        .collect();
    let corp = Corp::of(&[&Module::library("example.com/public", "v1.0.0")]);
    for module in &modules {
        module.write(corp.private_tree.path());
    }
    let toolchain = Toolchain::find("1.27.");
    // It remembers the heads that it was given: one taken back would be a fork to it.
    let mut desk = {
        let server = corp.serve();
        let go = corp.go(&toolchain, &server);
        let program = go::program(&["example.com/public"], &["example.com/public v1.0.0"]);
        go.must(program.path(), &["mod", "tidy"]);
        go
    };
    let mut logged = 1;
    for (step, module) in STEPS.iter().zip(&modules) {
        let mut dying = corp
            .setup()
            .with_arguments(&["--own-end-after", step])
            .start();
        let mut stream = std::net::TcpStream::connect(dying.address()).unwrap();
        let target = format!("/sumdb/{NAME}/lookup/{}@{}", module.path, module.version);
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert_eq!(answer, b"", "{step}: it ended before it answered");
        let status = dying.wait(std::time::Duration::from_secs(30)).unwrap();
        assert!(!status.success(), "{step}: {status}");

        let server = corp.serve();
        let before = size(&server);
        assert!((logged..=logged + 1).contains(&before), "{step}: {before}");
        let is_kept = before == logged + 1;
        match *step {
            // Nothing refers to them.
            "TilesWritten" => assert!(!is_kept),
            // The ledger has it, durably or not.
            "HeadSwapped" => {}
            step => assert!(is_kept, "{step}"),
        }
        desk = desk.with("GOPROXY", &server.url());
        let go = &desk;
        let requirement = format!("{} {}", module.path, module.version);
        let program = go::program(
            &[&module.path, "example.com/public"],
            &[&requirement, "example.com/public v1.0.0"],
        );
        go.must(program.path(), &["mod", "tidy"]);
        go.must(program.path(), &["build", "-o", "program", "."]);
        logged += 1;
        assert_eq!(size(&server), logged, "{step}: each module has one record");
        drop(server);
        let (ok, said) = corp.setup().tool(&["fsck", "--config", &corp.config()]);
        assert!(ok, "{step}: {said}");
        assert!(
            said.contains(&format!("{logged} records in the log")),
            "{said}"
        );
    }
}

#[test]
fn the_index_is_made_anew_from_the_log_and_fsck_knows_it() {
    let corp = Corp::of(&[&Module::library("example.com/public", "v1.0.0")]);
    let server = corp.serve();
    let lookups = ["corp.example/tools@v1.0.0", "example.com/public@v1.0.0"];
    for module in lookups {
        assert_eq!(lookup(&server, module).status, 200);
    }
    let before = lookups.map(|module| lookup(&server, module).body);
    let index = server.get("/index").body;
    let zip = server.get("/corp.example/tools/@v/v1.0.0.zip");
    assert_eq!(zip.status, 200);
    server.kill();
    std::fs::remove_dir_all(corp.data().join("index")).unwrap();
    let (ok, said) = corp
        .setup()
        .tool(&["index", "rebuild", "--config", &corp.config()]);
    assert!(ok, "{said}");
    let (ok, said) = corp.setup().tool(&["fsck", "--config", &corp.config()]);
    assert!(ok, "{said}");
    assert!(
        said.contains("2 records in the log of sum.corp.example"),
        "{said}"
    );
    assert!(said.contains(" 0 without a stored proof"), "{said}");
    let server = corp.serve();
    assert_eq!(lookups.map(|module| lookup(&server, module).body), before);
    assert_eq!(server.get("/index").body, index);
    assert_eq!(corp.private.count(""), 0, "nobody is asked again");
    server.kill();

    let tile = corp.data().join("log/sum.corp.example/tile/8/data/000.p/2");
    let text = std::fs::read_to_string(&tile).unwrap();
    std::fs::write(&tile, text.replacen("h1:", "h1;", 1)).unwrap();
    let (ok, said) = corp.setup().tool(&["fsck", "--config", &corp.config()]);
    assert!(!ok, "{said}");
    assert!(said.contains("restore its folder from a copy"), "{said}");
}
