//! What `verify-build doctor --online` says of the release itself, by the real database's record
//! through our own server.

use std::path::Path;

use serde_json::Value;
use testkit::go::Toolchain;
use testkit::origin::Origin;
use testkit::records::Records;
use testkit::schema;
use testkit::sumward::Setup;

use crate::tree::{self, Tree};
use crate::verify_build;

/// What doctor says of the content of the first Go on the PATH, and what it found there.
#[track_caller]
fn content(root: &Path, home: &Path, proxy: &str) -> (Value, Vec<String>) {
    let path = format!("{}:/usr/bin:/bin", root.join("bin").display());
    let output = verify_build()
        .args(["doctor", "--online", "--format", "json"])
        .env("PATH", path)
        .env("HOME", home)
        .env("GOPROXY", proxy)
        .env("GOTOOLCHAIN", "local")
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    schema::check_as("doctor-v1", &report);
    let go = &report["facts"]["gos"][0];
    assert_eq!(go["root"].as_str(), root.to_str());
    let checks = report["checks"].as_array().unwrap().iter();
    let found = checks
        .flat_map(|check| check["findings"].as_array().unwrap())
        .map(|found| found["rule"].as_str().unwrap().to_owned())
        .filter(|rule| rule.starts_with("toolchain-"));
    (go["content"].clone(), found.collect())
}

#[test]
fn doctor_says_official_with_the_record_and_takes_it_back_for_one_byte() {
    let test = "doctor_says_official_with_the_record_and_takes_it_back_for_one_byte";
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
    let tree = Tree::whole(&go, &documents);
    let root = tree.root().canonicalize().unwrap();
    let (said, found) = content(&root, data.path(), &server.url());
    assert_eq!((said, found), (Value::from("official"), Vec::new()));
    tree.spoil("src/runtime/proc.go");
    let (said, found) = content(&root, data.path(), &server.url());
    assert!(said["modified"].is_string(), "{said}");
    assert_eq!(found, ["toolchain-patched"]);
}
