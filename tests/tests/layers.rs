//! The layer rule: `proto` is pure and below everything, server and verifier do
//! not know each other, and the folders of both have an order. Read from cargo and from
//! the sources themselves.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::environment::checkout;

#[cfg(test)]
#[path = "layers/names.rs"]
mod names;
#[cfg(test)]
#[path = "layers/order.rs"]
mod order;

/// What would bring sockets, files, a runtime or a database into `proto`.
const NOT_IN_PROTO: &[&str] = &[
    "hyper",
    "hyper-util",
    "memmap2",
    "mio",
    "object",
    "rand",
    "reqwest",
    "rustix",
    "rustls",
    "sled",
    "tempfile",
    "tokio",
    "tracing",
];

/// Words of the standard library that reach outside the process or ask it what
/// time it is.
const NOT_IN_PROTO_SOURCE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "rand::",
    "getrandom",
    "OsRng",
];

/// Licences that Apache-2.0 code may be shipped with, as deny.toml has them.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn proto_depends_on_nothing_that_does_input_or_output() {
    let names = dependencies("sumward-proto", "normal,build");
    assert!(names.contains("sha2"), "the list is of proto: {names:?}");
    for name in NOT_IN_PROTO {
        assert!(!names.contains(*name), "proto depends on {name}");
    }
}

#[test]
fn server_and_verifier_do_not_know_each_other() {
    for (one, other) in [("sumward", "verify-build"), ("verify-build", "sumward")] {
        let names = dependencies(one, "normal,build,dev");
        assert!(names.contains("sumward-proto"), "{one} is built on proto");
        assert!(!names.contains(other), "{one} depends on {other}");
        assert!(
            !names.contains("sumward-tests"),
            "{one} depends on the tests"
        );
    }
}

#[test]
fn proto_reads_no_file_socket_clock_environment_or_randomness() {
    let mut seen = 0;
    let sources = checkout().join("proto/src");
    for file in rust_files(&sources) {
        let inside = file.strip_prefix(&sources).unwrap();
        let is_tests = |part: &OsStr| part == "tests" || part == "tests.rs";
        if inside.iter().any(is_tests) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let line = line.split("//").next().unwrap_or_default();
            for word in NOT_IN_PROTO_SOURCE {
                let place = format!("{}:{}", file.display(), number + 1);
                assert!(!line.contains(word), "{place}: {word} in proto: {line}");
            }
        }
        seen += 1;
    }
    assert!(seen >= 10, "only {seen} files of proto were looked at");
}

#[test]
fn every_file_that_the_architecture_names_is_there() {
    let text = std::fs::read_to_string(checkout().join("ARCHITECTURE.md")).unwrap();
    let files: Vec<PathBuf> = ["proto", "server", "verifier", "tests/tests"]
        .iter()
        .flat_map(|folder| rust_files(&checkout().join(folder)))
        .collect();
    let mut seen = 0;
    for name in text.split('`').flat_map(alternatives) {
        let is_there = if name.ends_with(".rs") {
            files.iter().any(|file| file.ends_with(&name))
        } else if name.contains("src/") {
            checkout().join(&name).exists() || checkout().join(format!("{name}.rs")).exists()
        } else {
            continue;
        };
        assert!(is_there, "ARCHITECTURE.md names {name}");
        seen += 1;
    }
    assert!(seen >= 50, "only {seen} names were looked at");
}

/// Writes out `a/{b,c}.rs`; text with a space in it is not a name.
fn alternatives(name: &str) -> Vec<String> {
    if name.contains(char::is_whitespace) {
        return Vec::new();
    }
    let braces = name
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    match braces {
        Some((before, (inner, after))) => inner
            .split(',')
            .map(|one| format!("{before}{one}{after}"))
            .collect(),
        None => vec![name.to_owned()],
    }
}

#[test]
fn every_dependency_has_a_licence_we_may_ship() {
    let tree = cargo_tree(&[
        "--workspace",
        "--edges",
        "normal,build,dev",
        "--format",
        "{p}|{l}",
    ]);
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let (package, licence) = line.split_once('|').unwrap_or((line, ""));
        assert!(
            may_ship(licence.trim_end_matches(" (*)")),
            "{package}: licence {licence:?} is not on the list"
        );
    }
}

/// Whether an SPDX expression can be met from the list: every part joined by
/// AND must have one alternative on it.
fn may_ship(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    !plain.is_empty()
        && plain.split(" AND ").all(|part| {
            part.split(" OR ")
                .any(|licence| LICENCES.contains(&licence.trim()))
        })
}

fn dependencies(package: &str, edges: &str) -> BTreeSet<String> {
    let tree = cargo_tree(&["--package", package, "--edges", edges]);
    let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    tree.lines().skip(1).map(name).collect()
}

/// Offline: whatever is built is also downloaded.
fn cargo_tree(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--prefix",
            "none",
            "--no-dedupe",
        ])
        .args(arguments)
        .current_dir(checkout())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}
