//! A running server that makes bundles and takes them in.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::process::Command;

use testkit::module::Module;
use testkit::world::{World, eventually, target};

use super::Gap;

#[test]
fn a_running_server_makes_bundles_and_takes_them_in() {
    let thing = Module::library("example.com/thing", "v1.0.0").with_ballast(5 << 20);
    let world = World::with(&[&thing]);
    let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
    let list = gap.path("go.sum");
    std::fs::write(&list, thing.go_sum()).unwrap();
    let online = gap.online.start();
    gap.create("bundle", &["--from", &list.display().to_string()]);
    drop(online);
    let mirror = gap.mirror.start();
    assert_eq!(mirror.get(&target(&thing, "zip")).status, 404);
    let said = gap.import("bundle");
    assert!(said.contains("taken in: 3 files"), "{said}");
    assert_eq!(mirror.get(&target(&thing, "zip")).body, thing.zip());
    let said = gap.import("bundle");
    assert!(said.starts_with("nothing to do"), "{said}");
}

#[test]
fn what_bundles_brought_is_not_let_go_for_the_default_upstream() {
    let (world, gap, _) = with_bundle(1);
    gap.import("bundle");
    let gc = |more: &[&str]| {
        let mut command = testkit::environment::command("sumward");
        command.env_clear().env("HOME", gap.path("home"));
        // Of the shell of somebody who builds.
        command.env("GOPROXY", world.origin.url());
        command.args(["gc", "--budget", "100", "--data", &gap.text("mirror")]);
        let output = command.args(more).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.code(),
            said + &String::from_utf8_lossy(&output.stdout),
        )
    };
    let zip = gap.path("mirror/modules/example.com/thing/@v/v1.0.0.zip");
    let (exit, said) = gc(&[]);
    assert_eq!(exit, Some(64), "{said}");
    assert!(said.contains("give --upstream off"), "{said}");
    assert!(zip.exists());
    // Nobody has them: they stay, and the budget is missed.
    assert_eq!(gc(&["--upstream", "off"]).0, Some(1));
    assert!(zip.exists());
    // Somebody is said to have them.
    let (exit, said) = gc(&["--upstream", &world.origin.url()]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(!zip.exists());
}

/// A gap with a bundle of one module, which is so large.
fn with_bundle(mib: usize) -> (World, Gap, Module) {
    let thing = Module::library("example.com/thing", "v1.0.0").with_ballast(mib << 20);
    let world = World::with(&[&thing]);
    let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
    let list = gap.path("go.sum");
    std::fs::write(&list, thing.go_sum()).unwrap();
    gap.create("bundle", &["--from", &list.display().to_string()]);
    (world, gap, thing)
}

#[test]
fn a_terminal_shows_how_far_the_server_is_with_a_bundle() {
    // A terminal is drawn on at most every 50 ms.
    let (_world, gap, _) = with_bundle(200);
    let mirror = gap.mirror.start();
    let file = gap.text("bundle");
    let data = gap.text("mirror");
    let import = [
        "bundle", "import", &file, "--trust", &gap.trust, "--data", &data,
    ];
    let import = gap.mirror.command(&import);
    let words = std::iter::once(import.get_program()).chain(import.get_args());
    let words: Vec<_> = words.map(|it| it.to_string_lossy().into_owned()).collect();
    // Progress is drawn on terminals alone.
    let output = Command::new("script")
        .args(["-qec", &words.join(" "), "/dev/null"])
        .env("TERM", "xterm")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("taken in: 3 files"), "{said}");
    let shown = said.split('\r').filter(|it| it.contains("importing"));
    assert!(shown.clone().any(|it| it.contains("MiB (")), "{said:?}");
    drop(mirror);
}

#[test]
fn what_a_client_began_goes_on_when_it_is_gone() {
    let (_world, gap, thing) = with_bundle(40);
    let mirror = gap.mirror.start();
    let socket = std::fs::read_to_string(gap.path("mirror/control")).unwrap();
    let mut client = UnixStream::connect(socket.trim()).unwrap();
    let trust = gap
        .trust
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    let path = format!("/bundle/import?file={}&trust={trust}", gap.text("bundle"));
    write!(client, "PUT {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    // It has begun when it says how far it is.
    let done = || {
        let question = format!("/bundle/import?file={}", gap.text("bundle"));
        let asked = UnixStream::connect(socket.trim()).unwrap();
        ask(asked, &question)
    };
    testkit::world::wait_until("it has begun", || !done().contains("null"));
    drop(client);
    eventually(&mirror, &target(&thing, "zip"), 200);
    testkit::world::wait_until("it is journaled", || {
        let said = mirror.get("/example.com/other/@v/v1.0.0.zip").text();
        said.contains("last import 20")
    });
    let said = gap.import("bundle");
    assert!(said.starts_with("nothing to do"), "{said}");
}

fn ask(mut server: UnixStream, path: &str) -> String {
    use std::io::Read as _;
    let head = "HTTP/1.1\r\nHost: localhost\r\nConnection: close";
    write!(server, "GET {path} {head}\r\n\r\n").unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).unwrap();
    answer
}
