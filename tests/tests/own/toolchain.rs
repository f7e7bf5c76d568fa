//! One key for everything: a public module, a private one and a toolchain of Go, whose zip
//! is remade from the distribution that the tests use.

use std::fs;
use std::path::Path;

use testkit::go::{self, Toolchain};
use testkit::origin::Origin;
use testkit::records::Records;
use testkit::zip::{self, Entry};

use super::{Corp, NAME, lookup, tools};

/// Returns the files of a folder, each by its place below it.
fn files(folder: &Path, below: &str, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push((name, fs::read(entry.path()).unwrap()));
        }
    }
}

/// Makes the zip that go.dev's mirror has of a distribution: without what the Python
/// package adds, with what it leaves out, and every go.mod under another name.
fn remade(toolchain: &Toolchain, left_out: &Path) -> (String, Vec<u8>) {
    let version = format!("v0.0.1-go{}.linux-amd64", toolchain.version());
    let mut found = Vec::new();
    files(toolchain.root(), "", &mut found);
    found.retain(|(name, _)| !name.starts_with("misc/") && name != "__init__.py");
    files(left_out, "", &mut found);
    let entries = found.into_iter().map(|(name, content)| {
        let name = match name.rsplit_once('/') {
            Some((folder, "go.mod")) => format!("{folder}/_go.mod"),
            Some(_) | None => name,
        };
        Entry::new(&format!("golang.org/toolchain@{version}/{name}"), &content)
    });
    let entries: Vec<_> = entries.collect();
    (version, zip::archive(&entries))
}

#[test]
#[ignore = "remakes two distributions of Go: tests/slow.sh"]
fn one_key_proves_a_public_module_a_private_one_and_the_toolchain_that_builds_them() {
    let Some(records) = Records::or_skip("one_key_proves_a_toolchain") else {
        return;
    };
    let tree = tempfile::tempdir().unwrap();
    let mirror = tree.path().join("mirror");
    let copied = std::process::Command::new("cp")
        .args(["-r", "--no-preserve=mode"])
        .args([records.mirror(), mirror.clone()])
        .status();
    assert!(copied.unwrap().success());
    let [old, new] = Toolchain::both();
    for toolchain in [&old, &new] {
        let (version, zip) = remade(toolchain, &records.toolchain(toolchain.version()));
        let place = format!("golang.org/toolchain/@v/{version}.zip");
        fs::write(mirror.join(place), zip).unwrap();
    }
    let corp = Corp::new(Origin::serve(&mirror), "sum.golang.org");
    let server = corp.serve();
    // Each builds with the other.
    for (desk, with) in [(&old, &new), (&new, &old)] {
        let go = corp.go(desk, &server);
        let go = go.with("GOTOOLCHAIN", &format!("go{}", with.version()));
        let program = go::copy_program(&records.sample());
        fs::remove_file(program.path().join("go.sum")).unwrap();
        let requirement = "-require=corp.example/tools@v1.0.0";
        go.must(program.path(), &["mod", "edit", requirement]);
        let uses = "package main\n\nimport _ \"corp.example/tools\"\n";
        fs::write(program.path().join("uses.go"), uses).unwrap();
        go.must(program.path(), &["mod", "tidy"]);
        go.must(program.path(), &["build", "-o", "sample", "."]);
        let built = go.must(program.path(), &["version", "sample"]);
        assert!(built.contains(&format!("go{}", with.version())), "{built}");
        let sums = fs::read_to_string(program.path().join("go.sum")).unwrap();
        assert!(sums.contains(&tools().go_sum()), "{sums}");
        let toolchain = format!(
            "golang.org/toolchain@v0.0.1-go{}.linux-amd64",
            with.version()
        );
        let record = lookup(&server, &toolchain).text();
        assert!(record.contains("go.sum database tree\n"), "{record}");
        assert!(record.contains(&format!("\u{2014} {NAME} ")), "{record}");
    }
}
