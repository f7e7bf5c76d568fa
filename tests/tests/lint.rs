//! `verify-build lint` on real builds: what keeps each from reproducing, and what
//! it is required to be.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "lint/cross.rs"]
mod cross;
#[path = "lint/desk.rs"]
mod desk;

use std::path::Path;

use desk::{Answer, Desk, lint, lint_text, run};

const STATIC: [&str; 1] = ["CGO_ENABLED=0"];
const CGO: [&str; 1] = ["CGO_ENABLED=1"];

/// Rules that fail a run, of which a careful build has none.
fn failing(answer: &Answer) -> Vec<String> {
    let mut found = answer.rules("error");
    found.extend(answer.rules("warning"));
    found
}

#[test]
fn a_careful_build_is_clean_and_meets_every_requirement() {
    let desk = Desk::committed();
    let tool = desk.build(&STATIC, &["-trimpath"]);
    let answer = lint(&tool, &[]);
    assert_eq!(failing(&answer), Vec::<String>::new());
    assert_eq!((answer.exit, answer.verdict()), (0, "clean"));
    assert_eq!(answer.rules("note"), ["floating-toolchain"]);
    let every = "static,nx,no-rpath,trimpath,symbols,buildinfo,vcs,clean-vcs,no-replace,no-cgo,no-race,self-check,go-build-id";
    let version = desk.version();
    let answer = lint(
        &tool,
        &[
            "--require",
            every,
            "--go",
            "1.27",
            "--min-go",
            version,
            "--os",
            "linux",
            "--arch",
            "amd64",
            "--goamd64",
            "v1",
            "--setting",
            "-compiler=gc",
            "--module",
            "example.com/tool",
            "--max-glibc",
            "2.17",
            "--deny-dep",
            "example.com/evil",
        ],
    );
    assert_eq!(answer.unmet(), Vec::<String>::new());
    assert_eq!(answer.exit, 0);
}

#[test]
fn each_requirement_is_refused_by_a_build_that_is_otherwise() {
    let desk = Desk::committed();
    let tool = desk.build(&STATIC, &["-trimpath", "-ldflags=-s -w"]);
    let wants = [
        ["--require", "pie"],
        ["--require", "relro"],
        ["--require", "full-relro"],
        ["--require", "symbols"],
        ["--require", "release-version"],
        ["--go", "1.26"],
        ["--go", "1.27.0"],
        ["--min-go", "1.28"],
        ["--os", "darwin"],
        ["--arch", "arm64"],
        ["--setting", "GOAMD64=v3"],
        ["--setting", "-tags=netgo"],
        ["--module", "example.com/other"],
        ["--mod-version", "v1.2.3"],
    ];
    for want in wants {
        let answer = lint(&tool, &want);
        assert_eq!(answer.unmet(), [want.join(" ")]);
        assert_eq!((answer.exit, answer.verdict()), (3, "unmet"));
    }
    assert_eq!(lint(&tool, &["--require", "stripped"]).exit, 0);
    // Without symbols and with -trimpath, nothing tells what -X set.
    assert!(
        lint(&tool, &[])
            .rules("note")
            .contains(&"ldflags-hidden".to_owned())
    );
}

#[test]
fn folders_and_clocks_are_found_with_the_values() {
    let desk = Desk::new();
    let date = "-ldflags=-X main.date=2026-11-22T19:15:00Z -X main.version=v1.2.3";
    let tool = desk.build(&STATIC, &[date]);
    let answer = lint(&tool, &[]);
    assert_eq!(answer.rules("error"), ["source-path", "goroot-path"]);
    // A date is no clock's for certain: no commit is on record beside it.
    assert_eq!(answer.rules("warning"), ["ldflags-variable"]);
    assert_eq!((answer.exit, answer.verdict()), (1, "findings"));
    let source = desk.source().canonicalize().unwrap();
    assert_eq!(answer.evidence("source-path")[0], source.to_str().unwrap());
    assert_eq!(
        answer.evidence("ldflags-variable"),
        ["2026-11-22T19:15:00Z"]
    );
    assert_eq!(
        lint(&tool, &["--require", "trimpath"]).unmet(),
        ["--require trimpath"]
    );
    assert_eq!(lint(&tool, &["--fail-on", "never"]).exit, 0);
    let allowed = "source-path,goroot-path,ldflags-variable";
    assert_eq!(lint(&tool, &["--allow", allowed]).exit, 0);

    // -trimpath hides the flags; the symbols still tell.
    let trimmed = desk.build(&STATIC, &["-trimpath", date]);
    let answer = lint(&trimmed, &[]);
    assert_eq!(failing(&answer), ["ldflags-variable"]);
    let text = lint_text(&trimmed, &[]);
    for part in [
        "FINDINGS",
        "ldflags-variable",
        "main.date",
        "git log -1 --format=%cI",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn the_commits_own_time_is_no_finding_and_a_dirty_tree_is() {
    let desk = Desk::committed();
    let stamp = format!("-ldflags=-X main.date={}", desk.commit_time());
    let tool = desk.build(&STATIC, &["-trimpath", &stamp]);
    assert_eq!(failing(&lint(&tool, &[])), Vec::<String>::new());

    desk.write("left-over.txt", "x");
    let tool = desk.build(&STATIC, &["-trimpath"]);
    let answer = lint(&tool, &["--require", "vcs"]);
    assert_eq!(answer.rules("error"), ["vcs-modified"]);
    assert!(
        answer
            .evidence("vcs-modified")
            .iter()
            .any(|value| value.ends_with("+dirty"))
    );
    assert_eq!(
        answer.exit, 1,
        "the requirement is met, the finding remains"
    );
    let answer = lint(&tool, &["--require", "clean-vcs"]);
    assert_eq!(
        (answer.unmet(), answer.exit),
        (vec!["--require clean-vcs".to_owned()], 3)
    );
}

#[test]
fn the_c_side_is_named_with_what_it_needs() {
    let desk = Desk::new();
    desk.write("c.go", "package main\n\n// int one(void) { return 1; }\nimport \"C\"\n\nfunc init() { println(C.one()) }\n");
    let tool = desk.build(&CGO, &["-trimpath"]);
    let answer = lint(&tool, &["--max-glibc", "2.99", "--require", "pie,relro,nx"]);
    assert_eq!(answer.rules("warning"), ["external-linking"]);
    let evidence = answer.evidence("external-linking");
    assert!(
        evidence.iter().any(|value| value.starts_with("GCC:")),
        "{evidence:?}"
    );
    assert!(evidence.contains(&"libc.so.6".to_owned()), "{evidence:?}");
    let unmet = answer.unmet();
    assert!(
        !unmet
            .iter()
            .any(|name| name.contains("glibc") || name.contains("nx")),
        "{unmet:?}"
    );
    let answer = lint(
        &tool,
        &["--max-glibc", "2.1", "--require", "static", "--no-cgo"],
    );
    assert_eq!(
        answer.unmet(),
        ["--require static", "--require no-cgo", "--max-glibc 2.1"]
    );
    // What gcc's linker names its build after is no reason of its own.
    assert!(
        !answer
            .rules("warning")
            .contains(&"gnu-build-id-flag".to_owned())
    );
}

#[test]
fn instrumented_builds_are_not_for_release() {
    let desk = Desk::new();
    let tool = desk.build(&CGO, &["-trimpath", "-race"]);
    let answer = lint(&tool, &["--no-race"]);
    assert!(
        answer
            .rules("warning")
            .contains(&"instrumentation".to_owned())
    );
    assert_eq!(answer.unmet(), ["--require no-race"]);
}

#[test]
fn what_happened_after_the_build_is_found() {
    let desk = Desk::new();
    let tool = desk.build(&STATIC, &["-trimpath"]);
    run(desk.path(), "strip", &[tool.to_str().unwrap()]);
    let answer = lint(&tool, &["--require", "self-check"]);
    assert_eq!(answer.rules("error"), ["modified-after-build"]);
    assert_eq!(answer.unmet(), ["--require self-check"]);

    let tool = desk.build(&STATIC, &["-trimpath", "-ldflags=-buildid="]);
    let answer = lint(&tool, &["--require", "go-build-id"]);
    assert_eq!(answer.rules("warning"), ["build-id-flag"]);
    assert_eq!(answer.unmet(), ["--require go-build-id"]);
}

#[test]
fn modules_of_the_machine_are_found() {
    let desk = Desk::new();
    desk.write("dep/go.mod", "module example.com/dep\n\ngo 1.21\n");
    desk.write("dep/dep.go", "package dep\n\nfunc init() { println(1) }\n");
    desk.write("use.go", "package main\n\nimport _ \"example.com/dep\"\n");
    desk.write(
        "go.mod",
        "module example.com/tool\n\ngo 1.21\n\nrequire example.com/dep v1.0.0\n\nreplace example.com/dep => ./dep\n",
    );
    let tool = desk.build(&STATIC, &["-trimpath"]);
    let answer = lint(
        &tool,
        &["--require", "no-replace", "--deny-dep", "example.com/dep"],
    );
    assert_eq!(answer.rules("warning"), ["dependency-replaced"]);
    assert_eq!(
        answer.unmet(),
        ["--require no-replace", "--deny-dep example.com/dep"]
    );
    let files = desk.build(&STATIC, &["-trimpath", "main.go", "use.go"]);
    assert_eq!(
        lint(&files, &[]).rules("warning"),
        ["dependency-replaced", "package-arguments"]
    );
}

#[test]
fn what_is_no_go_program_is_not_judged() {
    let desk = Desk::new();
    let other = desk.path().join("other");
    std::fs::write(&other, "#!/bin/sh\n").unwrap();
    let answer = lint(&other, &[]);
    assert_eq!((answer.exit, answer.verdict()), (3, "unmet"));
    assert!(lint_text(&other, &[]).starts_with("NOT JUDGED"));
    std::fs::write(&other, "").unwrap();
    assert_eq!(lint(&other, &["--require", "static"]).exit, 3);
    // Of a C program, much can be told all the same.
    let shell = Path::new("/bin/sh").canonicalize().unwrap();
    let answer = lint(&shell, &["--max-glibc", "2.99", "--require", "nx"]);
    assert_eq!((answer.exit, answer.unmet()), (0, Vec::new()));
    for arguments in [
        ["--allow", "nonsense"],
        ["--go", "latest"],
        ["--max-glibc", "x"],
        ["--setting", "GOARM"],
        ["--require", "perfect"],
    ] {
        let output = desk::verify_build()
            .arg("lint")
            .args(arguments)
            .arg(&shell)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn every_rule_is_described() {
    let path = testkit::environment::checkout().join("verifier/schema/lint-v1.json");
    let schema: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let file = &schema["properties"]["files"]["items"]["properties"];
    let rule = &file["findings"]["items"]["properties"]["rule"];
    let described = rule["description"].as_str().unwrap();
    for (name, meaning) in verifier::lint::rules::RULES {
        assert!(
            rule["enum"].as_array().unwrap().contains(&name.into()),
            "{name}"
        );
        assert!(described.contains(&format!("{name}: {meaning}.")), "{name}");
    }
}
