//! What is told of the log, what a person denies, and what upstreams change afterwards.

use testkit::go::{self, Toolchain};
use testkit::module::Module;
use testkit::sumward::Sumward;

use super::{Corp, NAME, lookup, size, tools};

#[test]
fn the_index_of_what_was_logged_is_told_in_the_form_of_the_public_one() {
    let corp = Corp::of(&[&Module::library("example.com/Public", "v1.0.0")]);
    let server = corp.serve();
    assert_eq!(server.get("/index").text(), "");
    for module in ["corp.example/tools@v1.0.0", "example.com/!public@v1.0.0"] {
        assert_eq!(lookup(&server, module).status, 200);
    }
    let text = server.get("/index").text();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let paths: Vec<_> = lines
        .iter()
        .map(|line| line["Path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["corp.example/tools", "example.com/Public"]);
    let time = lines[1]["Timestamp"].as_str().unwrap();
    let since = server.get(&format!("/index?since={time}&limit=5")).text();
    assert_eq!(
        since.lines().collect::<Vec<_>>(),
        [text.lines().nth(1).unwrap()]
    );
    assert_eq!(server.get("/index?limit=1").text().lines().count(), 1);
    assert_eq!(server.get("/index?since=yesterday").status, 400);
}

#[test]
fn a_denied_version_is_told_why_and_keeps_its_record() {
    let corp = Corp::of(&[]);
    let server = corp.serve();
    let zip = "/corp.example/tools/@v/v1.0.0.zip";
    assert_eq!(server.get(zip).status, 200);
    let deny = ["own", "deny", "corp.example/tools@v1.0.0", "--reason"];
    let reason = "it deletes files, see TICKET-7";
    let command = |words: &[&str]| {
        corp.setup()
            .tool(&[words, &["--config", &corp.config()]].concat())
    };
    let (ok, said) = command(&[&deny[..], &[reason]].concat());
    assert!(ok, "{said}");
    let is_denied = |server: &Sumward| {
        for target in [
            zip.to_owned(),
            zip.replace(".zip", ".mod"),
            zip.replace(".zip", ".info"),
            format!("/sumdb/{NAME}/lookup/corp.example/tools@v1.0.0"),
        ] {
            let reply = server.get(&target);
            assert_eq!(reply.status, 403, "{target}: {}", reply.text());
            assert!(reply.text().contains(reason), "{}", reply.text());
        }
    };
    is_denied(&server);
    assert_eq!(size(&server), 1);
    server.kill();
    let server = corp.serve();
    is_denied(&server);
    let go = corp.go(&Toolchain::find("1.27."), &server);
    let program = go::program(&["corp.example/tools"], &["corp.example/tools v1.0.0"]);
    let said = go.must_fail(program.path(), &["mod", "tidy"]);
    assert!(said.contains(reason), "{said}");
    server.kill();
    // Without a server it is written down for the next one.
    let (ok, said) = command(&["own", "allow", "corp.example/tools@v1.0.0"]);
    assert!(ok, "{said}");
    let server = corp.serve();
    assert_eq!(server.get(zip).status, 200);
    assert_eq!(lookup(&server, "corp.example/tools@v1.0.0").status, 200);
}

#[test]
fn changed_bytes_upstream_leave_evidence_and_the_logged_ones_stay() {
    let corp = Corp::of(&[]);
    let server = corp.serve();
    let zip = "/corp.example/tools/@v/v1.0.0.zip";
    assert_eq!(server.get(zip).status, 200);
    let before = lookup(&server, "corp.example/tools@v1.0.0").body;
    let mut moved = tools();
    moved.files[0].content = b"package tools // a moved tag\n".to_vec();
    moved.write(corp.private_tree.path());
    let (ok, said) = corp.setup().tool(&[
        "purge",
        "corp.example/tools@v1.0.0",
        "--config",
        &corp.config(),
    ]);
    assert!(ok, "{said}");
    let reply = server.get(zip);
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert!(reply.text().contains("SECURITY ERROR"), "{}", reply.text());
    assert_eq!(lookup(&server, "corp.example/tools@v1.0.0").body, before);
    let evidence = std::fs::read_dir(corp.data().join("evidence")).unwrap();
    assert!(evidence.count() > 0);
}

#[test]
fn a_moved_tag_is_noticed_without_anybody_asking_and_the_logged_bytes_stay() {
    let corp = Corp::of(&[]);
    let server = corp
        .setup()
        .with_arguments(&["--set", "own.recheck=200ms"])
        .start();
    let zip = "/corp.example/tools/@v/v1.0.0.zip";
    let before = server.get(zip).body;
    let mut moved = tools();
    moved.files[0].content = b"package tools // a moved tag\n".to_vec();
    moved.write(corp.private_tree.path());
    server.wait_for("drift: upstream sends other bytes now");
    let metrics = server.get("/metrics").text();
    let line = metrics
        .lines()
        .find(|line| line.contains("outcome=\"drift\""))
        .unwrap();
    assert!(!line.ends_with(" 0"), "{line}");
    assert_eq!(server.get(zip).body, before);
    let evidence = std::fs::read_dir(corp.data().join("evidence")).unwrap();
    let kept = evidence.map(|entry| entry.unwrap().path());
    let text: String = kept
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect();
    assert!(text.contains("h1_upstream_now"), "{text}");
}

#[test]
fn a_denied_version_leaves_lists_and_the_latest_until_it_is_allowed() {
    let corp = Corp::of(&[]);
    Module::library("corp.example/tools", "v1.1.0").write(corp.private_tree.path());
    let folder = corp.private_tree.path().join("corp.example/tools");
    std::fs::copy(folder.join("@v/v1.1.0.info"), folder.join("@latest")).unwrap();
    let server = corp.serve();
    let list = "/corp.example/tools/@v/list";
    let latest = "/corp.example/tools/@latest";
    let whole = server.get(list).text();
    assert!(
        whole.contains("v1.0.0\n") && whole.contains("v1.1.0\n"),
        "{whole}"
    );
    let before = server.get(latest).text();
    assert!(before.contains("v1.1.0"), "{before}");
    for version in ["v1.0.0", "v1.1.0"] {
        let zip = format!("/corp.example/tools/@v/{version}.zip");
        assert_eq!(server.get(&zip).status, 200);
    }
    let command = |words: &[&str]| {
        let config = ["--config", &corp.config()].map(str::to_owned);
        let words = words.iter().map(|word| (*word).to_owned());
        let words: Vec<String> = words.chain(config).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (ok, said) = corp.setup().tool(&words);
        assert!(ok, "{said}");
    };
    let reason = "it deletes files";
    command(&[
        "own",
        "deny",
        "corp.example/tools@v1.1.0",
        "--reason",
        reason,
    ]);
    // Twice: the second may come from memory.
    for _ in 0..2 {
        assert_eq!(server.get(list).text(), whole.replace("v1.1.0\n", ""));
        let text = server.get(latest).text();
        assert!(
            text.contains("v1.0.0") && !text.contains("v1.1.0"),
            "{text}"
        );
    }
    let go = corp.go(&Toolchain::find("1.27."), &server);
    let program = go::program(&["corp.example/tools"], &[]);
    go.must(program.path(), &["get", "corp.example/tools@latest"]);
    let chosen = std::fs::read_to_string(program.path().join("go.mod")).unwrap();
    assert!(chosen.contains("corp.example/tools v1.0.0"), "{chosen}");
    command(&[
        "own",
        "deny",
        "corp.example/tools@v1.0.0",
        "--reason",
        reason,
    ]);
    let reply = server.get(latest);
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert!(reply.text().contains(reason), "{}", reply.text());
    command(&["own", "allow", "corp.example/tools@v1.0.0"]);
    command(&["own", "allow", "corp.example/tools@v1.1.0"]);
    assert_eq!(server.get(list).text(), whole);
    assert_eq!(server.get(latest).text(), before);
}

#[test]
fn files_that_our_own_log_has_promised_are_never_let_go() {
    let public = Module::library("example.com/public", "v1.0.0");
    let corp = Corp::of(&[&public]);
    let server = corp.serve();
    for target in [
        "/corp.example/tools/@v/v1.0.0.zip",
        "/example.com/public/@v/v1.0.0.zip",
    ] {
        assert_eq!(server.get(target).status, 200);
    }
    let words = ["gc", "--budget", "0", "--only-copies-of", "corp.example"];
    let (met, said) = corp.setup().tool(&words);
    assert!(
        !met && said.contains("in the database of your own"),
        "{said}"
    );
    let stored = |place: &str| corp.data().join("modules").join(place).exists();
    assert!(stored("corp.example/tools/@v/v1.0.0.zip"));
    assert!(!stored("example.com/public/@v/v1.0.0.zip"));
}

#[test]
fn names_that_look_like_one_already_logged_are_logged_and_reported() {
    let corp = Corp::of(&[]);
    for path in [
        "corp.example/to0ls",
        "corp.example/Tools",
        "corp.example/other",
    ] {
        Module::library(path, "v1.0.0").write(corp.private_tree.path());
    }
    let server = corp.serve();
    for module in ["tools", "other", "to0ls", "!tools"] {
        let module = format!("corp.example/{module}@v1.0.0");
        assert_eq!(lookup(&server, &module).status, 200, "{module}");
    }
    assert_eq!(size(&server), 4);
    for path in ["corp.example/to0ls", "corp.example/Tools"] {
        testkit::world::wait_until("it is told", || {
            let log = server.log();
            log.lines().any(|line| {
                line.contains("whose name looks like that of another") && line.contains(path)
            })
        });
    }
    let alike = format!("sumward_database_look_alikes{{database=\"{NAME}\"}} 2");
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains(&alike), "{metrics}");
}
