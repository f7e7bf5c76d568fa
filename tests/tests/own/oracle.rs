//! Answers held against those of golang.org/x/mod's own server, which ships in the Go
//! tree: with one key and the same records every body is the same.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use testkit::go::{Go, Toolchain};
use testkit::module::{Module, escape};

use super::{Corp, NAME};

/// Serves the requests of standard input, and prints status and body of each.
const SERVER: &str = include_str!("oracle.go");

/// Records that are logged, and looked at after each.
const RECORDS: usize = 40;

#[test]
fn every_answer_is_the_one_that_the_server_of_golang_org_x_mod_gives() {
    let modules: Vec<_> = (0..RECORDS)
        .map(|number| Module::library(&format!("corp.example/Mod{number}"), "v1.0.0-pre.1"))
        .collect();
    let corp = Corp::of(&[]);
    let records = tempfile::tempdir().unwrap();
    for module in &modules {
        module.write(corp.private_tree.path());
        let name = format!("{}@{}", module.path.replace('/', "_"), module.version);
        std::fs::write(records.path().join(name), module.go_sum()).unwrap();
    }
    let mut targets = Vec::new();
    for (number, module) in modules.iter().enumerate() {
        let lookup = |module: &Module| {
            format!(
                "/lookup/{}@{}",
                escape(&module.path),
                escape(&module.version)
            )
        };
        targets.push(lookup(module));
        targets.push("/latest".to_owned());
        targets.push(lookup(&modules[number / 2]));
        targets.extend(tiles(number as u64 + 1));
    }
    for malformed in [
        "/lookup/corp.example/tools",
        "/lookup/corp.example/tools@v1",
        "/tile/8/0/1",
        "/tile/0/0/000",
        "/tile/31/0/000",
        "/tile/8/0/000.p/256",
        "/tile/8/0/x000/001",
    ] {
        targets.push(malformed.to_owned());
    }
    let want = oracle(&corp.key_file(), records.path(), &targets);
    assert_eq!(want.len(), targets.len());
    let server = corp.serve();
    for (target, (status, body)) in targets.iter().zip(want) {
        let got = server.get(&format!("/sumdb/{NAME}{target}"));
        assert_eq!(got.status, status, "{target}: {}", got.text());
        // The words of refusals are our own.
        if status == 200 {
            assert_eq!(got.body, body, "{target}");
        }
    }
}

/// Tiles of every height to 8 in a log of `size` records: whole ones, and some widths.
fn tiles(size: u64) -> Vec<String> {
    let mut paths = BTreeSet::new();
    for height in 1..=8 {
        for level in 0..=size.ilog2() / height {
            let row = size >> (level * height);
            let width = 1 << height;
            for index in 0..row.div_ceil(width) {
                let held = width.min(row - index * width);
                for part in [1, held / 2, held] {
                    let ending = match part {
                        0 => continue,
                        part if part == width => String::new(),
                        part => format!(".p/{part}"),
                    };
                    paths.insert(format!("/tile/{height}/{level}/{index:03}{ending}"));
                    if level == 0 {
                        paths.insert(format!("/tile/{height}/data/{index:03}{ending}"));
                    }
                }
            }
        }
    }
    paths.into_iter().collect()
}

fn oracle(key: &Path, records: &Path, targets: &[String]) -> Vec<(u16, Vec<u8>)> {
    let toolchain = Toolchain::find("1.27.");
    let folder = tempfile::tempdir().unwrap();
    let vendored = "src/cmd/vendor/golang.org/x/mod";
    copy(&toolchain.root().join(vendored), &folder.path().join("mod"));
    for (name, text) in [
        ("mod/go.mod", "module golang.org/x/mod\n\ngo 1.25\n"),
        (
            "go.mod",
            "module oracle\n\ngo 1.25\n\nrequire golang.org/x/mod v0.0.0\n\nreplace golang.org/x/mod => ./mod\n",
        ),
        ("main.go", SERVER),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let go = Go::new(&toolchain, "off", "off");
    go.must(folder.path(), &["build", "-o", "oracle", "."]);
    let mut server = std::process::Command::new(folder.path().join("oracle"))
        .args([key, records])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = server.stdin.take().unwrap();
    let lines = targets.join("\n") + "\n";
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = server.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answer = |line: &str| {
        let (status, body) = line.split_once(' ').unwrap();
        (status.parse().unwrap(), hex::decode(body).unwrap())
    };
    text.lines().map(answer).collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}
