//! Programs larger than the memory there is for them.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use testkit::environment;

use crate::workshop::Workshop;

/// Length of each program, in bytes; on disk they are mostly holes.
const LEN: u64 = 140 << 20;

/// What the process may have of its own (`RLIMIT_DATA`), in bytes: less than
/// one of the programs.
const MEMORY_MAX: u64 = 110 << 20;

fn stretch(program: &Path, end: &[u8]) {
    let mut file: File = OpenOptions::new().write(true).open(program).unwrap();
    file.seek(SeekFrom::Start(LEN - end.len() as u64)).unwrap();
    file.write_all(end).unwrap();
}

#[test]
fn programs_are_compared_in_less_memory_than_they_are_long() {
    let mut shop = Workshop::new();
    let (one, other) = (shop.build(&[], &[]), shop.build(&[], &["-tags=extra"]));
    stretch(&one, b"one end");
    stretch(&other, b"another");
    let run = |memory_max: u64, files: [&Path; 2]| {
        Command::new("prlimit")
            .arg(format!("--data={memory_max}"))
            .arg(environment::program("verify-build"))
            .args(["--format", "json"])
            .args(files)
            .output()
            .unwrap()
    };
    let output = run(MEMORY_MAX, [&one, &other]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["files"][0]["size"], LEN);
    let causes = report["causes"].as_array().unwrap();
    let proven = causes.iter().find(|cause| cause["cause"] == "build-tags");
    assert_eq!(proven.unwrap()["confidence"], "proven");

    let copy = shop.output();
    std::fs::copy(&one, &copy).unwrap();
    assert_eq!(run(MEMORY_MAX, [&one, &copy]).status.code(), Some(0));
    // The limit is one: less than it takes to run at all ends badly.
    assert_ne!(run(1 << 20, [&one, &copy]).status.code(), Some(0));
}
