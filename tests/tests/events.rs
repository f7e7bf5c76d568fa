//! Events at a web hook: signed, sent again until they are taken, told once.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::client;
use testkit::database::TestDatabase;
use testkit::hook::Hook;
use testkit::module::Module;
use testkit::origin::Origin;
use testkit::sumward::Setup;
use testkit::world::{DATABASE, World, target, wait_until};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// Writes the secret beside the data folder; returns its path.
fn secret(world: &World) -> String {
    let path = world.data().with_file_name("secret");
    std::fs::write(&path, format!("{SECRET}\n")).unwrap();
    path.display().to_string()
}

/// The set-up of a server that tells a hook.
fn setup(world: &World, hook: &Hook, more: &[&str]) -> Setup {
    let arguments = [
        format!("--set=events.webhook={}", hook.url()),
        format!("--set=events.secret={}", secret(world)),
    ];
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    world.setup().with_arguments(&[&arguments, more].concat())
}

/// What the hook was told of one type, without what was sent again.
fn told(hook: &Hook, kind: &str) -> Vec<Value> {
    let mut ids = std::collections::BTreeSet::new();
    let posted = hook.posted().into_iter();
    let new = posted.filter(|it| ids.insert(it.header("webhook-id").to_owned()));
    let told = new.map(|it| it.json());
    told.filter(|it| it["type"] == kind).collect()
}

/// Has a command make a key beside the data folder; returns its path and what was said.
fn made_key(world: &World, command: &[&str]) -> (String, String) {
    let path = world.data().with_file_name(format!("{}.key", command[0]));
    let path = path.display().to_string();
    let words = [command, &["--out", &path]].concat();
    let output = world.setup().command(&words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    (path, String::from_utf8(output.stdout).unwrap())
}

#[test]
fn what_is_admitted_drifts_or_is_refused_is_told_again_until_it_is_taken() {
    let public = Module::library("example.com/public", "v1.0.0");
    let world = World::with(&[&public]);
    let tree = tempfile::tempdir().unwrap();
    let tools = Module::library("corp.example/tools", "v1.0.0");
    tools.write(tree.path());
    let private = Origin::serve(tree.path());
    let (key, _) = made_key(&world, &["keygen", "sum.corp.example"]);
    let private = format!(
        "--set=upstream.private=[{{modules: corp.example, list: '{}'}}]",
        private.url()
    );
    let hook = Hook::refusing(1);
    let more = ["--own-database", &key, "--set=own.recheck=200ms", &private];
    let server = setup(&world, &hook, &more).start();

    let lookup = "/sumdb/sum.corp.example/lookup/corp.example/tools@v1.0.0";
    assert_eq!(server.get(lookup).status, 200);
    wait_until("it is told again", || hook.posted().len() >= 2);
    let posted = hook.posted();
    for message in &posted {
        assert!(message.is_signed_with(SECRET));
        assert_eq!(message.header("content-type"), "application/json");
        assert_eq!(message.header("webhook-id"), posted[0].header("webhook-id"));
    }
    let admitted = told(&hook, "admitted");
    assert_eq!(admitted.len(), 1);
    let data = &admitted[0]["data"];
    assert_eq!(data["database"], "sum.corp.example");
    assert_eq!(data["module"], "corp.example/tools");
    assert_eq!(
        (&data["version"], &data["record"]),
        (&"v1.0.0".into(), &0.into())
    );
    assert!(admitted[0]["timestamp"].as_str().unwrap().ends_with('Z'));

    let mut moved = tools;
    moved.files[0].content = b"package tools // a moved tag\n".to_vec();
    moved.write(tree.path());
    let mut tampered = public.clone();
    tampered.files[0].content = b"package public // tampered\n".to_vec();
    tampered.write(world.tree());
    assert_eq!(server.get(&target(&public, "zip")).status, 403);
    for (kind, file, of_upstream) in [
        ("drift", "corp.example/tools@v1.0.0", "h1_upstream_now"),
        ("refused", "example.com/public@v1.0.0", "h1_of_file"),
    ] {
        wait_until(kind, || !told(&hook, kind).is_empty());
        let data = told(&hook, kind)[0]["data"].clone();
        assert_eq!(data["file"], file, "{data}");
        assert!(
            data[of_upstream].as_str().unwrap().starts_with("h1:"),
            "{data}"
        );
    }
}

#[test]
fn a_database_that_stands_still_or_forks_is_told() {
    let module = Module::library("example.com/first", "v1.0.0");
    let world = World::with(&[&module]);
    let hook = Hook::refusing(0);
    let key = world.database.verifier_key();
    let databases = format!("--set=databases=[{{key: '{key}', head_age_max: 1s}}]");
    let server = setup(&world, &hook, &[&databases]).start();
    assert_eq!(server.get(&target(&module, "zip")).status, 200);
    std::thread::sleep(Duration::from_secs(2));
    drop(server);
    let server = setup(&world, &hook, &[&databases]).start();
    wait_until("it stands still", || !told(&hook, "head-stale").is_empty());
    assert_eq!(told(&hook, "head-stale")[0]["data"]["database"], DATABASE);

    // Under the same key, with other records and more of them.
    let mut other = TestDatabase::new(DATABASE, 7);
    let forged = Module::library("example.com/forged", "v1.0.0");
    other.add(&forged);
    other.add_filler(30);
    forged.write(world.tree());
    std::fs::remove_dir_all(world.tree().join("sumdb")).unwrap();
    other.publish(world.tree());
    assert_eq!(server.get(&target(&forged, "zip")).status, 403);
    wait_until("it forks", || !told(&hook, "fork").is_empty());
    let fork = told(&hook, "fork")[0]["data"].clone();
    assert_eq!(fork["database"], DATABASE);
    assert!(
        fork["first_records"].as_u64() < fork["second_records"].as_u64(),
        "{fork}"
    );
    let metrics = client::get(server.address(), "/metrics").text();
    assert!(
        metrics.contains("sumward_events_dropped_total 0\n"),
        "{metrics}"
    );
}

#[test]
fn a_head_that_too_few_witnesses_cosign_is_told_once() {
    let module = Module::library("example.com/first", "v1.0.0");
    let world = World::with(&[&module]);
    let hook = Hook::refusing(0);
    let (key, _) = made_key(&world, &["keygen", "sum.corp.example"]);
    let (_, said) = made_key(&world, &["witness", "keygen", "witness.example/w"]);
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let witness = said.lines().next().unwrap();
    let witnesses = format!("--set=own.witnesses=['{witness} http://{address}']");
    let more = [
        "--own-database",
        &key,
        &witnesses,
        "--set=own.cosigned_within=1s",
    ];
    let server = setup(&world, &hook, &more).start();
    wait_until("it is told", || !told(&hook, "unwitnessed").is_empty());
    let data = told(&hook, "unwitnessed")[0]["data"].clone();
    let want = json!({
        "database": "sum.corp.example",
        "reason": "fewer than 1 of 1 witnesses have cosigned the newest head",
    });
    assert_eq!(data, want);
    // The page judges it anew each time, and so does the next head.
    for _ in 0..3 {
        let page = server.get("/").text();
        assert!(page.contains("cosigned by 0 of 1 witnesses"), "{page}");
    }
    let lookup = "/sumdb/sum.corp.example/lookup/example.com/first@v1.0.0";
    assert_eq!(server.get(lookup).status, 200);
    // Events keep their order: had it been told again, that had come by now.
    wait_until("the next is told", || !told(&hook, "admitted").is_empty());
    assert_eq!(told(&hook, "unwitnessed").len(), 1);
}

#[test]
fn a_monitor_tells_a_hook_and_goes_on_where_that_failed() {
    let module = Module::library("example.com/first", "v1.0.0");
    let world = World::with(&[&module]);
    let hook = Hook::refusing(1);
    let (state, secret) = (world.data().with_file_name("state"), secret(&world));
    let line = [
        "monitor",
        DATABASE,
        "--state",
        &state.to_string_lossy(),
        "--once",
        "--from",
        "0",
        "--match",
        "example.com/first",
        "--webhook",
        &hook.url(),
        "--webhook-secret",
        &secret,
    ];
    let (done, said) = world.setup().tool(&line);
    assert!(!done && said.contains("it answers 503"), "{said}");
    for _ in 0..2 {
        let (done, said) = world.setup().tool(&line);
        assert!(done, "{said}");
    }
    let posted = hook.posted();
    assert_eq!(posted.len(), 2, "once refused, once taken, and not again");
    assert_eq!(
        posted[0].header("webhook-id"),
        posted[1].header("webhook-id")
    );
    assert!(posted[1].is_signed_with(SECRET));
    let told = posted[1].json();
    assert_eq!(
        (&told["type"], &told["data"]["path"]),
        (&"record".into(), &module.path.into())
    );
    assert_eq!(told["data"]["record"], 10);
}

#[test]
fn a_hook_without_its_secret_ends_the_start() {
    let world = World::with(&[]);
    let bad = world.data().with_file_name("bad");
    std::fs::write(&bad, "hunter2").unwrap();
    let bad = format!("--set=events.secret={}", bad.display());
    let hook = "--set=events.webhook=http://127.0.0.1:1/";
    for (arguments, want) in [
        (vec![hook], "needs the secret"),
        (vec![&*bad], "needs the web hook"),
        (vec![hook, &bad], "is not `whsec_` and base64"),
        (
            vec!["--set=events.webhook=ftp://x/"],
            "`ftp:` is not spoken",
        ),
        (
            vec!["--set=events.webhook=http://a:hunter2@x/"],
            "a name or a password in it",
        ),
    ] {
        let (status, said) = world.setup().with_arguments(&arguments).run_to_end();
        assert_eq!(status.code(), Some(64), "{arguments:?}: {said}");
        assert!(said.contains(want) && !said.contains("hunter2"), "{said}");
    }
}
