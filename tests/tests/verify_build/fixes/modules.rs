//! Modules around the project's own, from a proxy, and linked in.

use std::path::PathBuf;

use testkit::module::Module;
use testkit::zip::Entry;

use super::desk::{Built, Desk};
use crate::workshop::compare;

/// Modules of a proxy: one around a copy of package main, one installed by its version, and
/// one that a go.mod with another go line requires.
#[test]
fn modules_around_and_from_a_proxy() {
    let desk = Desk::new();
    let proxy = desk.path("proxy");
    let tool = Module {
        files: vec![
            Entry::new("cmd/act/main.go", ACT.as_bytes()),
            Entry::new("greet/greet.go", GREET.as_bytes()),
        ],
        ..Module::tool("example.com/act", "v0.2.60", "cmd/act")
    };
    tool.write(&proxy);
    let checkout = desk.path("act");
    for file in &tool.files {
        let path = checkout.join(&file.name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.content).unwrap();
    }
    std::fs::write(checkout.join("go.mod"), &tool.go_mod).unwrap();
    let b = desk.build(&checkout, "go build -trimpath ./cmd/act", "b");
    let built = |a: PathBuf| Built {
        a,
        b: b.clone(),
        source: checkout.clone(),
    };
    let init = "go mod init wrapped && go mod edit -go=1.22 -require=example.com/act@v0.2.60";

    let around = desk.path("around");
    std::fs::create_dir(&around).unwrap();
    std::fs::write(around.join("main.go"), ACT).unwrap();
    let a = desk.build(
        &around,
        &format!("{init} && go build -trimpath -mod=mod ."),
        "around-a",
    );
    desk.reaches(&built(a), "main-module", "go mod init wrapped");
    std::fs::remove_dir_all(checkout.join("build")).unwrap();

    let line = "go install -trimpath example.com/act/cmd/act@v0.2.60";
    let a = desk.build(&checkout, line, "installed-a");
    let fix = "go install example.com/act/cmd/act@v0.2.60";
    desk.reaches(&built(a), "version-stamp", fix);

    let required = desk.path("required");
    std::fs::create_dir(&required).unwrap();
    let line = format!("{init} && go build -trimpath -mod=mod example.com/act/cmd/act");
    let a = desk.build(&required, &line, "required-a");
    desk.reaches(&built(a), "godebug-default", "go mod edit -go=1.22");
}

const ACT: &str = "package main

import \"example.com/act/greet\"

func main() { println(greet.Text()) }
";

const GREET: &str = "package greet

//go:noinline
func Text() string { return \"act\" }
";

/// Versions of dependencies, and the vendor folder.
#[test]
fn modules_linked_in() {
    let desk = Desk::new();
    let proxy = desk.path("proxy");
    for version in ["v1.0.0", "v1.1.0"] {
        Module::library("example.com/lib", version).write(&proxy);
    }
    let source = desk.path("source");
    let main =
        "package main\n\nimport \"example.com/lib\"\n\nfunc main() { println(lib.Name()) }\n";
    std::fs::write(source.join("main.go"), main).unwrap();
    let get = |version: &str| format!("go get example.com/lib@{version} && go build -trimpath .");
    let a = desk.build(&source, &get("v1.0.0"), "a");
    let b = desk.build(&source, &get("v1.1.0"), "b");
    let answer = compare(&[&a, &b]);
    let fix = answer.fix("dependency-version");
    let command = "go get example.com/lib@v1.0.0";
    assert!(fix.ends_with(command), "{fix}");
    desk.run(&source, command);
    let again = desk.build(&source, "go build -trimpath .", "again");
    assert_eq!(compare(&[&a, &again]).exit, 0);

    let vendored = desk.build(
        &source,
        "go mod vendor && go build -trimpath -mod=vendor .",
        "vendored",
    );
    let built = Built {
        a: vendored,
        b: a,
        source,
    };
    desk.reaches(&built, "dependency-vendored", "-mod=vendor");
    // The vendor folder is there still, and the go command takes it where nothing is said.
    let turned = Built {
        a: built.b,
        b: built.a,
        source: built.source,
    };
    desk.reaches(&turned, "dependency-vendored", "-mod=readonly");
}
