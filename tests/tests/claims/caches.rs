//! Build caches.

#[expect(dead_code, reason = "the tests of the cache commands use all of it")]
#[path = "../cache/desk.rs"]
mod desk;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use testkit::fuzz::disowned;
use testkit::go::{Go, Toolchain};
use testkit::{environment, schema};

use crate::answers;
use desk::{Desk, copy, replace};

fn audit(cache: &Path) -> [&OsStr; 3] {
    ["cache".as_ref(), "audit".as_ref(), cache.as_os_str()]
}

fn compare<'a>(a: &'a Path, b: &'a Path) -> [&'a OsStr; 4] {
    let command = ["cache".as_ref(), "compare".as_ref()];
    [command[0], command[1], a.as_os_str(), b.as_os_str()]
}

/// The go command of the desk with another cache, in a folder of the desk.
fn go(desk: &Desk, cache: &Path, arguments: &[&str], folder: &str) -> String {
    command(cache).must(&desk.path(folder), arguments)
}

fn command(cache: &Path) -> Go {
    Go::new(&Toolchain::find("1.27."), "off", "off")
        .with("CGO_ENABLED", "1")
        .with("GOFLAGS", "-mod=mod")
        .with("GOCACHE", cache.to_str().unwrap())
}

/// Gives the entry that leads to an output other bytes, as one does who knows the
/// layout: under their own hash.
fn replace_output(desk: &Desk, output: &Path, bytes: &[u8]) -> PathBuf {
    let line = desk.index_of(output);
    let hash = hex::encode(Sha256::digest(bytes));
    let place = desk.cache().join(&hash[..2]).join(format!("{hash}-d"));
    fs::write(&place, bytes).unwrap();
    let own = fs::read(&line).unwrap();
    fs::write(&line, [&own[..68], hash.as_bytes(), &own[132..]].concat()).unwrap();
    fs::remove_file(output).unwrap();
    place
}

#[test]
fn a_package_without_its_build_id_is_poisoned_and_not_served() {
    let desk = Desk::warm("1.27.");
    let archive = desk.archive("./greeting");
    replace(&archive, "hello, builder", "hello, poison!");
    let unsigned = disowned(&fs::read(&archive).unwrap()).unwrap();
    let place = replace_output(&desk, &archive, &unsigned);
    assert_eq!(desk.build(), "hello, poison! 7\n", "go noticed");

    let cache = desk.cache();
    let text = answers(&audit(&cache), 1, "POISONED", &["CLEAN", "NOTHING FOUND"]);
    assert!(
        text.contains("carries no build ID as go writes it"),
        "{text}"
    );
    assert!(text.contains(place.to_str().unwrap()), "{text}");
    let evidence = text.find("first keep a copy").unwrap();
    assert!(evidence < text.find("go clean -cache").unwrap(), "{text}");

    let serve = |what: &str| {
        let program = desk.path("served");
        let output = go_command_with_child(&desk, "serve", &program)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}");
        assert!(text.contains("serve: FOUND: "), "{text}");
        assert!(text.contains(what), "{text}");
        for never in ["CLEAN", "AS INDEXED", "as it was recorded"] {
            assert!(!text.contains(never), "{text}");
        }
        let ran = Command::new(program).output().unwrap();
        assert_eq!(String::from_utf8(ran.stderr).unwrap(), "hello, builder 7\n");
        let session = newest_session(&cache);
        schema::check_as("cacheprog-v1", &session);
        assert_eq!(session["findings"][0]["rule"], "other-maker", "{session:#}");
    };
    serve("it carries no build ID as go writes it");

    // An index line that leads to another intact package.
    let line = desk.index_of(&place);
    let other = fs::read(desk.index_of(&desk.archive("./seven"))).unwrap();
    let own = fs::read(&line).unwrap();
    fs::write(&line, [&own[..67], &other[67..]].concat()).unwrap();
    serve("its build ID names another action");
}

/// `go build` of the desk's program, with a child that has the desk's cache as its
/// record.
fn go_command_with_child(desk: &Desk, mode: &str, program: &Path) -> Command {
    let cache = desk.cache();
    let child = format!(
        "{} cacheprog {mode} {}",
        environment::program("verify-build").display(),
        cache.display()
    );
    let include = desk.path("include");
    let go = command(&cache).with("C_INCLUDE_PATH", include.to_str().unwrap());
    let mut command = go.command(&desk.path("source"));
    command
        .env("GOCACHEPROG", child)
        .args(["build", "-trimpath", "-o"])
        .arg(program)
        .arg(".");
    command
}

fn newest_session(record: &Path) -> Value {
    let sessions = fs::read_dir(record.join("sessions")).unwrap();
    let newest = sessions.map(|entry| entry.unwrap().path()).max().unwrap();
    serde_json::from_slice(&fs::read(newest).unwrap()).unwrap()
}

/// Waits until a folder is empty, or is none: a child goes on for a moment when its go
/// command is gone.
#[track_caller]
fn is_emptied(folder: &Path) {
    let count = || fs::read_dir(folder).map_or(0, Iterator::count);
    let deadline = SystemTime::now() + Duration::from_secs(20);
    while count() > 0 && SystemTime::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(count(), 0, "{}", folder.display());
}

#[test]
fn builds_that_fail_leave_nothing_behind() {
    let desk = Desk::warm("1.27.");
    // The go command hands over the index of the folder, and goes without a word when it
    // finds no package to import.
    write_at_one_time(
        &desk,
        "source/main.go",
        "package main\n\nimport _ \"example.com/tool/missing\"\n\nfunc main() {}\n",
    );
    write_at_one_time(
        &desk,
        "source/go.mod",
        "module example.com/tool\n\ngo 1.21\n",
    );
    let temporary = desk.path("temporary");
    fs::create_dir(&temporary).unwrap();
    for place in ["in the record", "beside it"] {
        if place == "beside it" {
            // Nothing can be made in there, as in a record that is read-only.
            fs::remove_dir(desk.cache().join("tmp")).unwrap();
            desk.write("cache/tmp", "");
        }
        for _ in 0..10 {
            let mut command = go_command_with_child(&desk, "serve", &desk.path("program"));
            let output = command.env("TMPDIR", &temporary).output().unwrap();
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{text}");
            assert!(text.contains("tool/missing"), "{text}");
        }
        let session = newest_session(&desk.cache());
        assert_ne!(
            session["requests"]["puts"], 0,
            "nothing was made: {session:#}"
        );
        is_emptied(&temporary);
        is_emptied(&desk.cache().join("tmp"));
    }
}

/// Writes a file of a folder and gives it a time that its content does not change.
fn write_at_one_time(desk: &Desk, name: &str, content: &str) {
    desk.write(name, content);
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    let file = fs::File::options().write(true).open(desk.path(name));
    file.unwrap().set_modified(time).unwrap();
}

#[test]
fn a_stale_module_index_is_named() {
    let desk = Desk::warm("1.27.");
    let (warm, cold) = (desk.path("warm"), desk.path("cold"));
    copy(&desk.cache(), &warm);
    copy(&desk.cache(), &cold);
    let file = |name: &str, system: &str| {
        let content = format!("//go:build {system}\n\npackage main\n\nconst name = \"{name}\"\n");
        write_at_one_time(&desk, &format!("tags/{name}.go"), &content);
    };
    write_at_one_time(&desk, "tags/go.mod", "module example.com/tags\n\ngo 1.21\n");
    write_at_one_time(
        &desk,
        "tags/main.go",
        "package main\n\nfunc main() { println(name) }\n",
    );
    let build = |cache: &Path| {
        let program = desk.path("tagged");
        let name = program.to_str().unwrap();
        go(
            &desk,
            cache,
            &["build", "-trimpath", "-o", name, "."],
            "tags",
        );
        let ran = Command::new(&program).output().unwrap();
        String::from_utf8(ran.stderr).unwrap()
    };
    file("a", "linux");
    file("b", "plan9");
    assert_eq!(build(&warm), "a\n");
    answers(&audit(&warm), 0, "CLEAN", &["stale"]);

    // The same names, sizes and times; what is right is another program now.
    file("a", "plan9");
    file("b", "linux");
    assert_eq!(build(&warm), "a\n", "go noticed");
    assert_eq!(build(&cold), "b\n");
    let text = answers(&audit(&warm), 1, "STALE", &["CLEAN", "NOTHING FOUND"]);
    let folder = desk.path("tags");
    for part in [
        "stale-module-index",
        folder.to_str().unwrap(),
        "//go:build of a.go, in the index and in the file: //go:build linux, found //go:build plan9",
        "first keep a copy of the cache",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let report = desk::run("cache-audit-v1", &["audit".as_ref(), &warm]);
    report.is("stale", 1);
    assert_eq!(report.one("stale-module-index")["confidence"], "proven");
    // Rightly so: what the cold cache has is what the files say.
    answers(&audit(&cold), 0, "CLEAN", &["stale-module-index"]);

    // A packed cache does not say what lies in the folders.
    let packed = desk.path("warm.tar");
    let done = Command::new("tar")
        .arg("-C")
        .arg(&warm)
        .arg("-cf")
        .args([packed.as_os_str(), OsStr::new(".")])
        .status();
    assert!(done.unwrap().success());
    let text = answers(&audit(&packed), 3, "NOTHING FOUND", &["CLEAN"]);
    assert!(text.contains("can't be held against the files"), "{text}");

    let never = ["does not reach programs", "SAME", "unexplained"];
    let text = answers(&compare(&warm, &cold), 1, "DIFFERENT", &never);
    assert!(text.contains("stale-module-index (likely)"), "{text}");
    assert!(
        text.contains("a.go (//go:build): a //go:build linux, b //go:build plan9"),
        "{text}"
    );
    desk::run("cache-compare-v1", &["compare".as_ref(), &warm, &cold]).is("different", 1);
}

#[test]
fn caches_with_lines_that_cannot_be_used_are_not_the_same() {
    let desk = Desk::warm("1.27.");
    let other = desk.path("other");
    copy(&desk.cache(), &other);
    let cache = desk.cache();
    answers(&compare(&cache, &other), 0, "SAME", &[]);
    // What a crash leaves: go ignores it, and what it was can't be compared.
    let line = desk.index_of(&desk.archive("./greeting"));
    fs::write(&line, &fs::read(&line).unwrap()[..100]).unwrap();
    let never = ["SAME", "every one with the same output"];
    let text = answers(&compare(&cache, &other), 3, "NOT ALL COMPARED", &never);
    assert!(text.contains("1 has an index line"), "{text}");
}
