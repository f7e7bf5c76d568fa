//! The key of the database is changed while clients use it, judged by the real go command:
//! what it remembers, and what it refuses until that is cleared.

use std::fs;
use std::path::PathBuf;

use testkit::go::{self, Go, Toolchain};
use testkit::module::Module;
use testkit::sumward::{Setup, Sumward};

use super::{Corp, NAME, size};

/// What the go command says of a head that its key has not signed.
const NOT_SIGNED: &str = "no verifiable signatures";

/// Makes a second key; returns its file and its GOSUMDB.
fn second_key(corp: &Corp, name: &str) -> (PathBuf, String) {
    let file = corp.folder.path().join("new.key");
    let line = ["keygen", name, "--out", &file.display().to_string()];
    let output = corp.setup().command(&line).output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let key = said.lines().find_map(|line| line.strip_prefix("GOSUMDB="));
    (file, key.unwrap().to_owned())
}

/// `--set` for the first key, and for the second where there is one.
fn keys(first: &std::path::Path, second: Option<&std::path::Path>) -> Vec<String> {
    let mut arguments = vec!["--set".to_owned(), format!("own.key={}", first.display())];
    if let Some(second) = second {
        arguments.push("--set".to_owned());
        arguments.push(format!("own.second_key={}", second.display()));
    }
    arguments
}

fn setup(corp: &Corp, arguments: &[String]) -> Setup {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    corp.setup().with_arguments(&arguments)
}

/// Has a desk use a module that it has no go.sum for.
fn uses(desk: &Go, number: usize) -> Result<(), String> {
    let path = format!("corp.example/m{number}");
    let program = go::program(&[&path], &[&format!("{path} v1.0.0")]);
    let outcome = desk.run(program.path(), &["mod", "tidy"]);
    outcome.ok.then_some(()).ok_or(outcome.stderr)
}

/// Forgets what was seen of the database, as the guide says.
fn clear(desk: &Go, folder: &std::path::Path, what: &[&str]) {
    for what in what {
        let root = desk.must(folder, &["env", what]);
        let below = match *what {
            "GOPATH" => "pkg/sumdb",
            _ => "cache/download/sumdb",
        };
        let seen = PathBuf::from(root.trim()).join(below).join(NAME);
        fs::remove_dir_all(&seen).unwrap_or_else(|error| panic!("{}: {error}", seen.display()));
    }
}

fn at(desk: Go, server: &Sumward, key: &str) -> Go {
    desk.with("GOPROXY", &server.url()).with("GOSUMDB", key)
}

#[test]
fn clients_move_to_a_new_key_once_they_have_met_a_head_that_both_have_signed() {
    for toolchain in Toolchain::both() {
        let corp = Corp::of(&[]);
        for number in 0..5 {
            let path = format!("corp.example/m{number}");
            Module::library(&path, "v1.0.0").write(corp.private_tree.path());
        }
        let (old, old_line) = (corp.key_file(), corp.key.clone());
        let server = setup(&corp, &keys(&old, None)).start();
        let away = corp.go(&toolchain, &server);
        let here = corp.go(&toolchain, &server);
        for desk in [&away, &here] {
            uses(desk, 0).unwrap();
        }
        server.kill();

        // Both sign. No desk has to do anything, and a new one takes the new line.
        let (new, new_line) = second_key(&corp, NAME);
        let server = setup(&corp, &keys(&new, Some(&old))).start();
        assert_eq!(size(&server), 1, "it is the same log");
        let here = at(here, &server, &old_line);
        uses(&here, 1).unwrap();
        let fresh = Go::new(&toolchain, &server.url(), &new_line);
        uses(&fresh, 0).unwrap();

        // A desk that has met a newer head changes its line, and goes on; what its module
        // cache keeps from before the change is in the way until it is cleared.
        let folder = corp.folder.path();
        let here = at(here, &server, &new_line);
        uses(&here, 2).unwrap();
        let said = uses(&here, 0).unwrap_err();
        assert!(said.contains(NOT_SIGNED), "{said}");
        clear(&here, folder, &["GOMODCACHE"]);
        uses(&here, 0).unwrap();

        // A desk that has not met one.
        let away = at(away, &server, &new_line);
        let said = uses(&away, 3).unwrap_err();
        assert!(said.contains(NOT_SIGNED), "{said}");
        clear(&away, folder, &["GOPATH", "GOMODCACHE"]);
        uses(&away, 3).unwrap();
        uses(&away, 0).unwrap();
        server.kill();

        // The old key signs no more.
        let alone = keys(&new, None);
        let server = setup(&corp, &alone).start();
        assert_eq!(size(&server), 4);
        let here = at(here, &server, &new_line);
        uses(&here, 4).unwrap();
        let late = Go::new(&toolchain, &server.url(), &old_line);
        let said = uses(&late, 0).unwrap_err();
        assert!(said.contains(NOT_SIGNED), "{said}");
        server.kill();
        let mut fsck = vec!["fsck".to_owned(), "--config".to_owned(), corp.config()];
        fsck.extend(alone);
        let fsck: Vec<_> = fsck.iter().map(String::as_str).collect();
        let (ok, said) = corp.setup().tool(&fsck);
        assert!(ok, "{said}");
    }
}

#[test]
fn a_restored_copy_signs_nothing_whichever_key_comes_first() {
    let corp = Corp::of(&[]);
    let server = corp.serve();
    assert_eq!(
        super::lookup(&server, "corp.example/tools@v1.0.0").status,
        200
    );
    server.kill();
    // All but the marks is lost, and that of the new key says that nothing was signed.
    fs::remove_dir_all(corp.data()).unwrap();
    let (new, _) = second_key(&corp, NAME);
    let old = corp.key_file();
    let server = setup(&corp, &keys(&new, Some(&old))).start();
    server.wait_for("a head of 1 records was signed, and only 0 records are here");
    assert_eq!(
        super::lookup(&server, "corp.example/tools@v1.0.0").status,
        503
    );
}

#[test]
fn a_second_key_is_one_of_the_same_log() {
    let corp = Corp::of(&[]);
    let old = corp.key_file();
    let (other, _) = second_key(&corp, "sum.other.example");
    for (second, want) in [
        (&other, "a log keeps its name"),
        (&old, "is the key of own.key"),
    ] {
        let (status, said) = setup(&corp, &keys(&old, Some(second))).run_to_end();
        assert_eq!(status.code(), Some(64), "{said}");
        assert!(
            said.contains(want) && said.contains("own.second_key"),
            "{said}"
        );
    }
}
