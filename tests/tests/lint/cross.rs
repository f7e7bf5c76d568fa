//! What lint says of builds for another architecture, C library or link mode. Those for arm64
//! are run as well, under qemu.

use std::path::Path;
use std::process::Command;

use super::desk::{Desk, lint, run};

const C: &str = "package main

// #include <stdio.h>
// #include <stdlib.h>
// static int twice(int x) { return 2 * x; }
import \"C\"

func main() { println(C.twice(21)) }
";

/// For libraries and archives of C: something to export.
const EXPORTED: &str = "package main

// #include <stdlib.h>
import \"C\"

//export Twice
func Twice(x C.int) C.int { return 2 * x }

func main() {}
";

fn with_c(source: &str) -> Desk {
    let desk = Desk::new();
    desk.write("main.go", source);
    desk
}

/// The requirements that a file does not meet, of those named.
#[track_caller]
fn unmet(file: &Path, arguments: &[&str]) -> Vec<String> {
    let answer = lint(file, &[&["--fail-on", "never"], arguments].concat());
    let unmet = answer.unmet();
    assert_eq!(answer.exit, if unmet.is_empty() { 0 } else { 3 });
    unmet
}

const HARD: &str = "relro,nx,no-rpath,one-abi";

#[test]
fn a_static_program_needs_nothing() {
    let desk = Desk::new();
    for arch in ["amd64", "arm64"] {
        let goarch = format!("GOARCH={arch}");
        let tool = desk.build(&["CGO_ENABLED=0", &goarch], &["-trimpath"]);
        let wanted = [
            "--require",
            "static,no-needed,no-interpreter,internal-link,no-race,one-abi",
            "--libc",
            "none",
            "--arch",
            arch,
        ];
        assert_eq!(unmet(&tool, &wanted), [""; 0], "{arch}");
        assert_eq!(
            unmet(&tool, &["--libc", "glibc", "--require", "external-link"]),
            ["--require external-link", "--libc glibc"]
        );
        if arch == "arm64" {
            let said = Command::new("qemu-aarch64-static")
                .arg(&tool)
                .output()
                .unwrap();
            assert!(said.status.success(), "{said:?}");
        }
    }
}

#[test]
fn a_program_with_cgo_tells_its_c_library_and_its_floor() {
    let desk = with_c(C);
    let tool = desk.build(&["CGO_ENABLED=1"], &["-trimpath"]);
    assert_eq!(
        unmet(
            &tool,
            &[
                "--require",
                "external-link,nx,one-abi",
                "--libc",
                "glibc",
                "--arch",
                "amd64"
            ]
        ),
        [""; 0]
    );
    let wanted = [
        "--require",
        "no-needed,no-interpreter,internal-link",
        "--libc",
        "musl",
        "--max-glibc",
        "2.2",
    ];
    let want = [
        "--require internal-link",
        "--require no-interpreter",
        "--require no-needed",
        "--libc musl",
        "--max-glibc 2.2",
    ];
    let mut got = unmet(&tool, &wanted);
    got.sort();
    let mut want = want.to_vec();
    want.sort_unstable();
    assert_eq!(got, want);
    // The library whose version is too new is named.
    let text = super::desk::lint_text(&tool, &["--max-glibc", "2.2"]);
    assert!(text.contains(" of libc.so.6: "), "{text}");
    // And the symbol that is of that version.
    let newest = text.lines().find(|line| line.contains("GLIBC_2.34"));
    assert!(
        newest.is_some_and(|line| line.contains("__libc_start_main")),
        "{text}"
    );
}

#[test]
fn a_program_for_arm64_with_cgo_is_told_and_runs() {
    let desk = with_c(C);
    let tool = desk.build(
        &["CGO_ENABLED=1", "GOARCH=arm64", "CC=aarch64-linux-gnu-gcc"],
        &["-trimpath"],
    );
    assert_eq!(
        unmet(
            &tool,
            &[
                "--require",
                "external-link,one-abi",
                "--libc",
                "glibc",
                "--arch",
                "arm64"
            ]
        ),
        [""; 0]
    );
    assert_eq!(unmet(&tool, &["--arch", "amd64"]), ["--arch amd64"]);
    let said = Command::new("qemu-aarch64-static")
        .args(["-L", "/usr/aarch64-linux-gnu"])
        .arg(&tool)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stderr), "42\n", "{said:?}");
}

#[test]
fn a_static_program_with_musl_in_it_is_told_and_runs() {
    let desk = with_c(C);
    let tool = desk.build(
        &["CGO_ENABLED=1", "CC=musl-gcc"],
        &[
            "-trimpath",
            "-ldflags=-linkmode external -extldflags -static",
        ],
    );
    let wanted = [
        "--require",
        "static,no-needed,no-interpreter,external-link",
        "--libc",
        "musl",
    ];
    assert_eq!(unmet(&tool, &wanted), [""; 0]);
    assert_eq!(unmet(&tool, &["--libc", "glibc"]), ["--libc glibc"]);
    assert_eq!(unmet(&tool, &["--libc", "none"]), ["--libc none"]);
    let said = Command::new(&tool).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stderr), "42\n");
    let dynamic = desk.build(
        &["CGO_ENABLED=1", "CC=musl-gcc"],
        &["-trimpath", "-ldflags=-linkmode external"],
    );
    assert_eq!(unmet(&dynamic, &["--libc", "musl"]), [""; 0]);
}

#[test]
fn race_pie_and_libraries_are_told_apart() {
    let desk = with_c(C);
    let race = desk.build(&["CGO_ENABLED=1"], &["-race"]);
    assert_eq!(
        unmet(&race, &["--require", "no-race,one-abi"]),
        ["--require no-race"]
    );
    let pie = desk.build(&["CGO_ENABLED=1"], &["-trimpath", "-buildmode=pie"]);
    assert_eq!(unmet(&pie, &["--require", &format!("pie,{HARD}")]), [""; 0]);
    assert_eq!(
        unmet(&pie, &["--require", "no-interpreter"]),
        ["--require no-interpreter"]
    );
    let library = with_c(EXPORTED);
    let shared = library.build(&["CGO_ENABLED=1"], &["-trimpath", "-buildmode=c-shared"]);
    let wanted = [
        "--require",
        &format!("no-interpreter,external-link,{HARD}"),
        "--libc",
        "glibc",
    ];
    assert_eq!(unmet(&shared, &wanted), [""; 0]);
}

#[test]
fn a_path_into_a_build_folder_is_found() {
    let desk = with_c(C);
    let tool = desk.build(
        &["CGO_ENABLED=1"],
        &[
            "-trimpath",
            "-ldflags=-linkmode external -extldflags -Wl,-rpath,/tmp/build/lib",
        ],
    );
    assert_eq!(
        unmet(&tool, &["--require", "no-rpath"]),
        ["--require no-rpath"]
    );
    let text = super::desk::lint_text(&tool, &["--require", "no-rpath"]);
    assert!(text.contains("/tmp/build/lib"), "{text}");
}

#[test]
fn an_object_of_another_architecture_is_named() {
    let desk = with_c(EXPORTED);
    let archive = desk.build(&["CGO_ENABLED=1"], &["-trimpath", "-buildmode=c-archive"]);
    assert_eq!(unmet(&archive, &["--require", "one-abi"]), [""; 0]);
    let source = desk.path().join("foreign.c");
    std::fs::write(&source, "int foreign(void) { return 1; }\n").unwrap();
    run(
        desk.path(),
        "aarch64-linux-gnu-gcc",
        &["-c", "foreign.c", "-o", "foreign_for_another_processor.o"],
    );
    run(
        desk.path(),
        "ar",
        &[
            "r",
            archive.to_str().unwrap(),
            "foreign_for_another_processor.o",
        ],
    );
    assert_eq!(
        unmet(&archive, &["--require", "one-abi"]),
        ["--require one-abi"]
    );
    let text = super::desk::lint_text(&archive, &["--require", "one-abi"]);
    assert!(
        text.contains("arm64, 64 bit: foreign_for_another_processor.o (foreign)"),
        "{text}"
    );
}
