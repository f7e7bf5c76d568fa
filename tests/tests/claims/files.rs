//! Masks, images and containers.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use testkit::environment;
use testkit::go::{Go, Toolchain};
use testkit::schema;

/// A folder with the source of a program and what is made of it.
pub(super) struct Bench {
    folder: TempDir,
    go: Go,
}

pub(super) const MAIN: &str = "package main\n\nfunc main() { println(\"hello\") }\n";

impl Bench {
    pub(super) fn new(main: &str) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
            go: Go::new(&Toolchain::find("1.27."), "off", "off"),
        };
        bench.write("go.mod", b"module example.com/tool\n\ngo 1.21\n");
        bench.write("main.go", main.as_bytes());
        bench
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.go = self.go.with(name, value);
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn build(&self, name: &str, flags: &[&str]) -> PathBuf {
        let arguments = [&["build", "-trimpath", "-o", name], flags, &["."]].concat();
        self.go.must(self.folder.path(), &arguments);
        self.path(name)
    }

    /// Runs a line of shell in the folder.
    pub(super) fn shell(&self, line: &str) {
        let output = Command::new("sh")
            .args(["-ec", line])
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
    }
}

fn verify_build(arguments: &[&str], files: &[&Path]) -> Output {
    environment::command("verify-build")
        .args(arguments)
        .args(files)
        .output()
        .unwrap()
}

/// What a person reads, and the exit code.
pub(super) fn said(arguments: &[&str], files: &[&Path]) -> (i32, String) {
    let output = verify_build(arguments, files);
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), format!("{said}{errors}"))
}

/// The report, checked against its schema.
fn report(files: &[&Path]) -> Value {
    let output = verify_build(&["--format", "json"], files);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    schema::check(&report);
    report
}

/// A program that prints what a function returns which lies in a note.
const NOTE: &str = r#"package main

/*
__asm__(".section .note.aa,\"ax\",@note\n.long 4,16,3\n.asciz \"GNU\"\n.globl evil\n"
        "evil: movl $11,%eax\nret\n.skip 10,0x90\n.text");
int evil(void);
*/
import "C"

func main() { println(C.evil()) }
"#;

/// Code that has the shape of a GNU build ID is code: no mask hides it, and it is not a name
/// of the build.
#[test]
fn a_mask_does_not_hide_code() {
    let bench = Bench::new(NOTE).with("CGO_ENABLED", "1");
    let flags = ["-ldflags=-s -w -linkmode=external -B=none"];
    let eleven = bench.build("eleven", &flags);
    bench.write("main.go", NOTE.replace("$11", "$12").as_bytes());
    let twelve = bench.build("twelve", &flags);
    for (program, want) in [(&eleven, "11\n"), (&twelve, "12\n")] {
        let output = Command::new(program).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), want);
    }
    for arguments in [
        &[][..],
        &["--accept", "masked"],
        &["--accept", "masked=build-id,gnu-build-id"],
    ] {
        let (exit, said) = said(arguments, &[&eleven, &twelve]);
        assert_eq!(exit, 1, "{said}");
        for never in [
            "EQUAL AFTER MASKING",
            "GNU build ID",
            "no code or data",
            "the files are equal",
        ] {
            assert!(!said.contains(never), "{never}: {said}");
        }
    }
    let report = report(&[&eleven, &twelve]);
    let pair = &report["comparisons"][0];
    assert_eq!(pair["masked"]["equal"], false);
    assert!(pair["bytes"]["remaining"].as_u64().unwrap() > 0);
    assert!(report["files"][0]["host_id"].is_null());
    let sections = report["files"][0]["sections"].as_array().unwrap();
    let note = sections
        .iter()
        .find(|section| section["name"] == ".note.aa");
    assert_eq!(note.unwrap()["content"], "code", "{note:?}");
}

/// One small program, and everything that is asked of files alone.
#[test]
fn what_is_said_of_one_program_and_its_copies() {
    let bench = Bench::new(MAIN);
    let program = bench.build("tool", &[]);
    a_changed_file_is_not_accepted(&bench, &program);
    a_file_of_zeros_is_damaged(&bench, &program);
    a_program_renamed_is_the_same(&bench);
    a_zip_archive_has_no_bytes_beside_its_members(&bench);
    the_first_bytes_are_shown(&bench);
}

/// The content part of a build ID says that the file was changed: no mask makes that good.
fn a_changed_file_is_not_accepted(bench: &Bench, program: &Path) {
    let report = report(&[program, program]);
    let id = report["files"][0]["build_id"]["text"].as_str().unwrap();
    let mut bytes = std::fs::read(program).unwrap();
    let last = if id.ends_with('A') { b'B' } else { b'A' };
    let starts: Vec<usize> = bytes
        .windows(id.len())
        .enumerate()
        .filter(|(_, window)| *window == id.as_bytes())
        .map(|(at, _)| at)
        .collect();
    assert!(!starts.is_empty());
    for at in starts {
        bytes[at + id.len() - 1] = last;
    }
    let changed = bench.write("changed", &bytes);
    let (exit, said) = said(&["--accept", "masked"], &[program, &changed]);
    let refused = "\nNOT ACCEPTED AFTER MASKING: nothing but build ID (";
    assert!(said.contains(refused), "{said}");
    assert!(!said.contains("EQUAL AFTER MASKING"), "{said}");
    assert!(said.contains("modified-after-build (proven)"), "{said}");
    assert!(said.contains("--accept does not hold here: "), "{said}");
    assert_eq!(exit, 1, "{said}");
    let (exit, said) = self::said(&["--accept", "masked=build-id,h1"], &[program, &changed]);
    assert_eq!(exit, 2, "{said}");
    assert!(
        said.contains("there is no mask called \"h1\"; there are build-id,"),
        "{said}"
    );
}

/// golang/go#57039
fn a_file_of_zeros_is_damaged(bench: &Bench, program: &Path) {
    let mut bytes = std::fs::read(program).unwrap();
    bytes[..4096].fill(0);
    let zeroed = bench.write("zeroed", &bytes);
    let (exit, said) = said(&[], &[program, &zeroed]);
    assert_eq!(exit, 3, "{said}");
    assert!(said.starts_with("INCONCLUSIVE: "), "{said}");
    assert!(said.contains("it is damaged"), "{said}");
    assert!(
        !said.contains("-trimpath") && !said.contains("DIFFERENT"),
        "{said}"
    );
    // What differs is shown all the same.
    assert!(
        said.contains("the first outside the stamps, at 0x0\n    a: 7f 45 4c 46"),
        "{said}"
    );
}

fn a_program_renamed_is_the_same(bench: &Bench) {
    bench.shell(
        "mkdir -p p/bin q/bin; cp tool p/bin/tool; cp tool q/bin/tool-v2; echo x > p/README; cp p/README q/README
         for side in p q; do tar --sort=name --mtime=@1 --owner=0 --group=0 -C $side -cf $side.tar .; done",
    );
    let (exit, said) = said(&[], &[&bench.path("p.tar"), &bench.path("q.tar")]);
    assert_eq!(exit, 1, "{said}");
    for part in [
        "bin/tool in a is bin/tool-v2 in b: the same bytes under another name",
        "0 different, 0 only in a, 0 only in b",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let total =
        &report(&[&bench.path("p"), &bench.path("q")])["comparisons"][0]["container"]["total"];
    assert_eq!(
        (&total["same"], &total["only_in_a"]),
        (&3.into(), &0.into())
    );
}

fn a_zip_archive_has_no_bytes_beside_its_members(bench: &Bench) {
    bench.shell(
        "mkdir evil; echo evil > evil/README; (cd evil; zip -qrX ../evil.zip .); (cd p; zip -qrX ../good.zip .)
         cat evil.zip good.zip > both.zip",
    );
    let folder = bench.path("p");
    let (exit, good) = said(
        &["--accept", "members"],
        &[&folder, &bench.path("good.zip")],
    );
    assert_eq!(exit, 0, "{good}");
    let (exit, both) = said(
        &["--accept", "members"],
        &[&folder, &bench.path("both.zip")],
    );
    assert_eq!(exit, 1, "{both}");
    assert!(both.contains("content outside the members"), "{both}");
    for said in [good, both] {
        assert!(!said.contains("IDENTICAL"), "{said}");
    }
    let (exit, said) = said(&["-v", "cache", "compare"], &[&folder, &folder]);
    assert!(exit == 2 || exit == 3, "{said}");
    assert!(!said.contains("there is no such file"), "{said}");
}

/// Where nothing explains a difference, the bytes are there to look at.
fn the_first_bytes_are_shown(bench: &Bench) {
    let (one, other) = (
        bench.write("one", b"some text"),
        bench.write("other", b"some test"),
    );
    let (exit, said) = said(&[], &[&one, &other]);
    assert_eq!(exit, 1, "{said}");
    assert!(
        said.contains(
            "the first outside the stamps, at 0x7\n    a: 78 74 (\"xt\")\n    b: 73 74 (\"st\")"
        ),
        "{said}"
    );
    bench.shell(
        "cp -r p r; echo y > r/README; tar -C p -cf p.tar .; tar -C r -cf r.tar .; cp p.tar c.tar",
    );
    let tars = ["p.tar", "c.tar", "r.tar"].map(|name| bench.path(name));
    let tars: Vec<&Path> = tars.iter().map(PathBuf::as_path).collect();
    let (_, said) = self::said(&["-v"], &tars);
    assert!(said.contains("README: bytes from offset 0x0 on"), "{said}");
    // One pair of letters from the top to the last line.
    let below = said.split("Why, strongest first").nth(1).unwrap();
    assert!(
        below.contains("c: 79 0a") && !below.contains(" b: "),
        "{said}"
    );
}

/// Names of files come from anywhere; what goes to standard error is read by terminals
/// and by the runner of a workflow.
#[test]
fn errors_are_printed_and_not_sent() {
    let bench = Bench::new(MAIN);
    let file = bench.write("file", b"x");
    let evil = bench.path("x\n::warning::pwn \u{1b}[31m");
    let lines = [
        verify_build(&[], &[&file, &evil]),
        verify_build(&["inspect"], &[&evil]),
        verify_build(&["--output", "x\n::error::pwn \u{1b}[31m"], &[&file, &file]),
        verify_build(&["--nothing\n::error::pwn \u{1b}[31m"], &[]),
    ];
    for output in lines {
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("pwn"), "{said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
        assert!(
            !said.lines().any(|line| line.trim_start().starts_with("::")),
            "{said}"
        );
    }
}

/// A zip archive of very many names in its directory, which all lead to one empty file.
fn many_members(count: u32) -> Vec<u8> {
    let mut bytes = vec![0; 30];
    bytes[..4].copy_from_slice(b"PK\x03\x04");
    let start = bytes.len();
    for number in 0..count {
        let mut record = [0; 46];
        record[..6].copy_from_slice(b"PK\x01\x02\x14\x03");
        record[6] = 20;
        record[28] = 6;
        bytes.extend(record);
        bytes.extend(format!("{number:06}").bytes());
    }
    let end = bytes.len();
    // A zip64 record, its locator, and the record at the end.
    bytes.extend(b"PK\x06\x06");
    bytes.extend(44_u64.to_le_bytes());
    bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [
        count.into(),
        count.into(),
        (end - start) as u64,
        start as u64,
    ] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend((end as u64).to_le_bytes());
    bytes.extend([1, 0, 0, 0]);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([0xff; 12]);
    bytes.extend([0, 0]);
    bytes
}

/// A list of members has a bound in bytes: a run ends with an error, and is not killed.
#[test]
fn an_archive_of_very_many_members_is_refused() {
    let bench = Bench::new(MAIN);
    let few = bench.write("few.zip", &many_members(3));
    let many = bench.write("many.zip", &many_members(400_000));
    let program = environment::program("verify-build");
    let line = format!(
        "ulimit -v 1000000; exec {} {} {}",
        program.display(),
        few.display(),
        many.display()
    );
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let want = "many.zip: the list of its members takes more than";
    assert!(
        said.contains(want) && said.contains("unpack it in parts"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}
