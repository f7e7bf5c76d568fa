//! Fixes followed: a given program, one built differently, what verify-build says to run
//! so that the second becomes equal to the first; that run, and both compared again.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use testkit::environment;
use testkit::go::Toolchain;
use testkit::module::Module;
use testkit::zip::Entry;

use crate::workshop::{Answer, compare};

/// A folder with sources, programs and go commands of three releases.
struct Desk {
    folder: TempDir,
}

/// Two programs, and the folder in which the second was built.
struct Built {
    a: PathBuf,
    b: PathBuf,
    source: PathBuf,
}

const MAIN: &str = "package main

import \"example.com/tool/greeting\"

var stamp = \"none\"

func main() { println(greeting.Text(), stamp) }
";

const GREETING: &str = "package greeting

//go:noinline
func Text() string { return \"hello\" }
";

impl Desk {
    fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for version in ["1.21.", "1.24.", "1.27."] {
            let toolchain = Toolchain::find(version);
            let program = toolchain.program();
            // The go command looks for another release on the PATH before it fetches it.
            desk.program(&format!("go{}", toolchain.version()), &program);
            if version == "1.27." {
                desk.program("go", &program);
            }
        }
        desk.source("source");
        desk
    }

    fn program(&self, name: &str, program: &Path) {
        use std::os::unix::fs::PermissionsExt as _;
        let script = format!("#!/bin/sh\nexec {} \"$@\"\n", program.display());
        let path = self.path("bin").join(name);
        std::fs::create_dir_all(self.path("bin")).unwrap();
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program of two packages.
    fn source(&self, name: &str) -> PathBuf {
        let source = self.path(name);
        std::fs::create_dir_all(source.join("greeting")).unwrap();
        std::fs::write(
            source.join("go.mod"),
            "module example.com/tool\n\ngo 1.21\n",
        )
        .unwrap();
        std::fs::write(source.join("main.go"), MAIN).unwrap();
        std::fs::write(source.join("greeting/greeting.go"), GREETING).unwrap();
        source
    }

    /// Runs lines of a shell and expects each to succeed; returns what they printed.
    #[track_caller]
    fn run(&self, folder: &Path, script: &str) -> String {
        let bin = self.path("bin");
        // Other tests compile the standard library there, too.
        let cache = format!("go-build-{}", Toolchain::find("1.27.").version());
        let output = Command::new("sh")
            .args(["-e", "-c", script])
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{}:{}", bin.display(), environment::path()))
            .env("HOME", self.path("home"))
            .env("GOPATH", self.path("home/go"))
            .env("GOMODCACHE", self.path("modules"))
            .env("GOCACHE", environment::kept(&cache))
            .env("GOENV", "off")
            .env("GOTELEMETRY", "off")
            .env("GOTOOLCHAIN", "local")
            .env(
                "GOPROXY",
                format!("file://{}", self.path("proxy").display()),
            )
            .env("GOSUMDB", "off")
            .env("GOFLAGS", "-modcacherw")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_NAME", "Test")
            .env("GIT_AUTHOR_EMAIL", "test@example.com")
            .env("GIT_COMMITTER_NAME", "Test")
            .env("GIT_COMMITTER_EMAIL", "test@example.com")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Builds by a line as a person types it, and moves the program to `name`.
    #[track_caller]
    fn build(&self, folder: &Path, line: &str, name: &str) -> PathBuf {
        let output = self.path(name);
        let line = match line.contains(" install ") {
            // Programs of the module cache go to a folder of their own.
            true => format!(
                "GOBIN={} {line} && mv {0}/* {}",
                self.path("installed").display(),
                output.display()
            ),
            false => line.replacen(" build ", &format!(" build -o {} ", output.display()), 1),
        };
        self.run(folder, &line);
        output
    }

    /// Two builds of one source, each by its own line.
    #[track_caller]
    fn both(&self, a: &str, b: &str) -> Built {
        let source = self.path("source");
        Built {
            a: self.build(&source, a, "a"),
            b: self.build(&source, b, "b"),
            source,
        }
    }

    /// Runs what the report says to run, in the second program's folder, and compares the
    /// program that this gives with the first.
    #[track_caller]
    fn follow(&self, built: &Built, answer: &Answer) -> Answer {
        let next = &answer.report["comparisons"][0]["next"];
        let mut folder = built.source.clone();
        for line in next["before"].as_array().unwrap() {
            let line = line.as_str().unwrap();
            self.run(&folder, line);
            if line.contains("&& cd build") {
                folder.push("build");
            }
        }
        let rebuilt = self.build(&folder, next["command"].as_str().unwrap(), "rebuilt");
        compare(&[&built.a, &rebuilt])
    }

    /// Expects a cause whose fix holds this, and that following it gives equal bytes.
    #[track_caller]
    fn reaches(&self, built: &Built, cause: &str, fix: &str) {
        let answer = compare(&[&built.a, &built.b]);
        let said = answer.fix(cause);
        assert!(said.contains(fix), "{said}");
        let followed = self.follow(built, &answer);
        let left = &followed.report["causes"];
        assert_eq!(followed.exit, 0, "after {}: {left:#}", next(&answer));
    }
}

impl Answer {
    /// The fix of a cause.
    #[track_caller]
    fn fix(&self, cause: &str) -> String {
        let mut causes = self.report["causes"].as_array().unwrap().iter();
        let found = causes.find(|found| found["cause"] == cause);
        let found = found.unwrap_or_else(|| panic!("{cause}: {:#}", self.report["causes"]));
        found["fix"].as_str().unwrap().to_owned()
    }
}

fn next(answer: &Answer) -> &Value {
    &answer.report["comparisons"][0]["next"]["command"]
}

/// Flags and variables: how a and b are built, what differs, and words of the fix that name
/// the given file's value.
const SETTINGS: [[&str; 4]; 13] = [
    [
        "go build -trimpath -tags=x,y .",
        "go build -trimpath .",
        "build-tags",
        "-tags=x,y",
    ],
    [
        "go build -trimpath .",
        "go build -trimpath -tags=x .",
        "build-tags",
        "without -tags",
    ],
    [
        "go build -trimpath -buildmode=pie .",
        "go build -trimpath .",
        "build-mode",
        "-buildmode=pie",
    ],
    [
        "GOAMD64=v3 go build -trimpath .",
        "go build -trimpath .",
        "cpu-level",
        "GOAMD64=v3",
    ],
    [
        "go build -trimpath '-gcflags=-N -l' .",
        "go build -trimpath .",
        "compiler-flags",
        "-gcflags='-N -l'",
    ],
    [
        "CGO_ENABLED=0 go build -trimpath .",
        "CGO_ENABLED=1 go build -trimpath .",
        "cgo-enabled",
        "CGO_ENABLED=0",
    ],
    [
        "go build -trimpath -ldflags=-buildid= .",
        "go build -trimpath .",
        "build-id-flag",
        "-ldflags=-buildid=",
    ],
    [
        "go build -trimpath '-ldflags=-s -w' .",
        "go build -trimpath .",
        "symbols-stripped",
        "-ldflags='-s -w'",
    ],
    [
        "go build -trimpath -ldflags=-w .",
        "go build -trimpath .",
        "symbols-stripped",
        "-ldflags=-w",
    ],
    [
        "go build -trimpath '-ldflags=-X main.stamp=1.2.3' .",
        "go build -trimpath .",
        "ldflags-variable",
        "-ldflags='-X main.stamp=1.2.3'",
    ],
    [
        "go build '-ldflags=-w -s -X=main.stamp=y' .",
        "go build .",
        "ldflags-variable",
        "-ldflags='-w -s -X=main.stamp=y'",
    ],
    [
        "go build -trimpath '-ldflags=-B none' .",
        "go build -trimpath .",
        "gnu-build-id-flag",
        "-ldflags='-B none'",
    ],
    [
        "go build -trimpath main.go",
        "go build -trimpath .",
        "package-arguments",
        "go build main.go",
    ],
];

#[test]
fn settings_of_the_given_file() {
    let desk = Desk::new();
    for [a, b, cause, fix] in SETTINGS {
        let built = desk.both(a, b);
        desk.reaches(&built, cause, fix);
    }
}

#[test]
fn the_release_of_the_given_file() {
    let desk = Desk::new();
    let old = Toolchain::find("1.24.");
    let old = format!("GOTOOLCHAIN=go{}", old.version());
    let built = desk.both(
        &format!("{old} go build -trimpath ."),
        "go build -trimpath .",
    );
    desk.reaches(&built, "go-version", &old);
    let built = desk.both(
        "go build -trimpath .",
        &format!("{old} go build -trimpath ."),
    );
    desk.reaches(&built, "go-version", "GOTOOLCHAIN=go1.27.");
}

#[test]
fn the_go_line_behind_the_defaults() {
    for line in ["1.22", "1.24", "1.26", "1.27"] {
        let desk = Desk::new();
        let source = desk.path("source");
        let edit = format!("go mod edit -go={line} && go build -trimpath .");
        let a = desk.build(&source, &edit, "a");
        let b = desk.build(&source, "go mod edit -go=1.21 && go build -trimpath .", "b");
        let built = Built { a, b, source };
        desk.reaches(
            &built,
            "godebug-default",
            &format!("go mod edit -go={line}"),
        );
    }
}

/// Without -trimpath: the same three folders.
#[test]
fn folders_of_the_given_file() {
    let desk = Desk::new();
    let there = desk.source("elsewhere/checkout");
    let here = desk.path("source");
    let built = Built {
        a: desk.build(&there, "go build .", "a"),
        b: desk.build(&here, "go build -trimpath .", "b"),
        source: there.clone(),
    };
    let answer = compare(&[&built.a, &built.b]);
    let fix = answer.fix("source-path");
    let root = Toolchain::find("1.27.");
    let root = root.root().canonicalize().unwrap();
    for part in [
        "without -trimpath",
        "mount namespace",
        there.to_str().unwrap(),
        root.to_str().unwrap(),
    ] {
        assert!(fix.contains(part), "{part}: {fix}");
    }
    // The checkout is put where the fix says it has to be.
    std::fs::remove_dir_all(&there).unwrap();
    std::fs::rename(&here, &there).unwrap();
    assert_eq!(desk.follow(&built, &answer).exit, 0);
    // Trimmed is easier.
    let trimmed = Built {
        a: built.b,
        b: built.a,
        source: there,
    };
    desk.reaches(&trimmed, "source-path", "build b with -trimpath");
}

fn commit(desk: &Desk, folder: &Path) -> String {
    desk.run(
        folder,
        "git init --quiet . && git add -A && git commit --quiet -m first",
    );
    desk.run(folder, "git rev-parse HEAD").trim().to_owned()
}

#[test]
fn what_version_control_said_of_the_given_file() {
    let desk = Desk::new();
    let source = desk.path("source");
    let first = commit(&desk, &source);
    let line = "go build -trimpath .";
    let a = desk.build(&source, line, "first");
    // Another commit.
    desk.run(
        &source,
        "echo // >> main.go && git commit --quiet -a -m second",
    );
    let b = desk.build(&source, line, "second");
    let built = Built {
        a: a.clone(),
        b,
        source: source.clone(),
    };
    desk.reaches(&built, "vcs-revision", &format!("git checkout {first}"));
    // An untracked file in one tree.
    desk.run(&source, &format!("git checkout --quiet {first}"));
    std::fs::write(source.join("untracked"), "").unwrap();
    let dirty = desk.build(&source, line, "dirty");
    let built = Built {
        a: a.clone(),
        b: dirty.clone(),
        source: source.clone(),
    };
    let answer = compare(&[&a, &dirty]);
    let fix = answer.fix("vcs-modified");
    assert!(fix.contains("git stash --include-untracked"), "{fix}");
    assert!(fix.contains("no Go function has other code"), "{fix}");
    desk.run(&source, "git stash --quiet --include-untracked");
    assert_eq!(desk.follow(&built, &answer).exit, 0);
    let answer = compare(&[&dirty, &a]);
    let fix = answer.fix("vcs-modified");
    assert!(fix.contains("touch untracked"), "{fix}");
    desk.run(&source, "touch untracked");
    let built = Built {
        a: dirty,
        b: a.clone(),
        source: source.clone(),
    };
    assert_eq!(desk.follow(&built, &answer).exit, 0);
    desk.run(&source, "rm untracked");
    // Without the stamp.
    let bare = desk.build(&source, "go build -trimpath -buildvcs=false .", "bare");
    let stamped = Built {
        a: a.clone(),
        b: bare.clone(),
        source: source.clone(),
    };
    desk.reaches(&stamped, "vcs-missing", &format!("git cat-file -t {first}"));
    let plain = Built {
        a: bare,
        b: a.clone(),
        source: source.clone(),
    };
    desk.reaches(&plain, "vcs-missing", "-buildvcs=false");
    // A tag that only the first clone had.
    desk.run(&source, "git tag v1.2.3");
    // The module cache remembers which tags a commit had.
    let afresh = format!("go clean -modcache && {line}");
    let tagged = desk.build(&source, &afresh, "tagged");
    desk.run(&source, "git tag --delete v1.2.3");
    let answer = compare(&[&tagged, &a]);
    let fix = answer.fix("version-stamp");
    let tag = format!("git tag v1.2.3 {first}");
    assert!(fix.contains(&tag), "{fix}");
    desk.run(&source, &tag);
    let built = Built {
        a: tagged,
        b: a,
        source,
    };
    let again = desk.build(&built.source, &afresh, "again");
    assert_eq!(compare(&[&built.a, &again]).exit, 0);
}

/// A program built inside the repository of another one.
#[test]
fn a_commit_of_another_repository() {
    let desk = Desk::new();
    let source = desk.path("source");
    let own = commit(&desk, &source);
    let packaging = desk.path("packaging");
    desk.source("packaging/work/tool");
    std::fs::write(packaging.join("recipe"), "builds tool\n").unwrap();
    let foreign = commit(&desk, &packaging);
    assert_ne!(own, foreign);
    let line = "go build -trimpath .";
    let a = desk.build(&packaging.join("work/tool"), line, "a");
    let b = desk.build(&source, line, "b");
    let answer = compare(&[&a, &b]);
    let fix = answer.fix("vcs-revision");
    let ask = format!("git cat-file -t {foreign}");
    assert!(
        fix.contains(&ask) && fix.contains("inside another repository"),
        "{fix}"
    );
    let has = |folder: &Path| desk.run(folder, &format!("{ask} || echo no"));
    assert_eq!(has(&source).trim(), "no");
    assert_eq!(has(&packaging).trim(), "commit");
    // The checkout put into that repository.
    desk.run(
        &packaging,
        &format!(
            "rm -r work/tool && cp -r {} work/tool && rm -r work/tool/.git",
            source.display()
        ),
    );
    let built = Built {
        a,
        b,
        source: packaging.join("work/tool"),
    };
    assert_eq!(desk.follow(&built, &answer).exit, 0);
}

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
}

/// The C compiler that a file names, and the image that has it.
#[test]
fn the_image_of_the_given_files_c_compiler() {
    let desk = Desk::new();
    let source = desk.path("source");
    let greeting = "package greeting\n\n// static int level(void) { return 3; }\nimport \"C\"\n\n\
                    func Text() int { return int(C.level()) }\n";
    std::fs::write(source.join("greeting/greeting.go"), greeting).unwrap();
    let line = "CGO_ENABLED=1 go build -trimpath '-ldflags=-linkmode=external' .";
    let built = desk.both(line, line);
    let mut bytes = std::fs::read(&built.a).unwrap();
    let at = memchr::memmem::find(&bytes, b"GCC: (").unwrap();
    let end = at + memchr::memchr(0, &bytes[at..]).unwrap();
    let mut text = b"GCC: (Ubuntu 13.3.0-6ubuntu2~24.04.1) 13.3.0".to_vec();
    text.resize(end - at, b' ');
    text.truncate(end - at);
    assert!(
        text.contains(&b')'),
        "the compiler's text is too short here"
    );
    bytes[at..end].copy_from_slice(&text);
    std::fs::write(&built.a, bytes).unwrap();
    let answer = compare(&[&built.a, &built.b]);
    let mut causes = answer.report["causes"].as_array().unwrap().iter();
    let said = causes.any(|cause| cause["fix"].as_str().unwrap().contains("ubuntu:24.04"));
    assert!(said, "{:#}", answer.report["causes"]);
}

/// Words for both builds stay where nothing is given.
#[test]
fn nothing_is_given() {
    let desk = Desk::new();
    let built = desk.both("go build -trimpath -tags=x .", "go build -trimpath .");
    let run = |arguments: &[&str]| {
        let output = crate::workshop::verify_build()
            .args(["--format", "json"])
            .args(arguments)
            .args([&built.a, &built.b])
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        testkit::schema::check(&report);
        let fix = report["causes"][0]["fix"].as_str().unwrap().to_owned();
        (fix, report["comparisons"][0]["next"].clone())
    };
    let (fix, next) = run(&["--given", "none"]);
    assert_eq!(fix, "pass the same -tags to both builds");
    assert_eq!(next, Value::Null);
    let (fix, next) = run(&["--given", "b"]);
    assert_eq!(fix, "build a without -tags");
    assert_eq!(next["given"], 1);
    let (fix, next) = run(&[]);
    assert_eq!(fix, "build b with -tags=x");
    assert_eq!(next["given"], 0);
}
