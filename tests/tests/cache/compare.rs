//! `verify-build cache compare`.

use serde_json::Value;
use testkit::{environment, schema};

use crate::desk::{Desk, replace};

/// The names of symbols that differ, over all members.
fn symbols(difference: &Value) -> Vec<&str> {
    let members = difference["members"].as_array().unwrap();
    let symbols = members
        .iter()
        .flat_map(|member| member["symbols"].as_array().unwrap());
    symbols
        .map(|symbol| symbol["name"].as_str().unwrap())
        .collect()
}

#[test]
fn caches_of_two_hosts_agree_in_every_action() {
    for version in ["1.21.", "1.27."] {
        let here = Desk::warm(version);
        let there = Desk::cold(version);
        assert_eq!(there.build(), here.build());
        let answer = here.compare(&there.cache());
        answer.is("same", 0);
        let counts = &answer.report["counts"];
        assert!(counts["joined"].as_u64().unwrap() > 100, "{counts}");
        // cgo writes the folder's name into what it makes of each Go file, and
        // the compiler leaves it out again.
        assert_eq!(counts["varying"], 1, "{counts}");
    }
}

#[test]
fn one_compile_made_otherwise_is_named_with_its_symbols() {
    let here = Desk::warm("1.27.");
    let there = Desk::fresh("1.27.");
    let wrapper = there.wrapper("example.com/tool/greeting", "-N");
    assert_eq!(there.build_with(&[&wrapper]), "hello, builder 7\n");

    let check = |answer: crate::desk::Answer| {
        answer.is("different", 1);
        let differences = answer.report["differences"].as_array().unwrap();
        assert_eq!(differences.len(), 1, "{differences:#?}");
        let one = &differences[0];
        assert_eq!(one["cause"], "compiler-nondeterminism");
        assert_eq!(one["package"], "example.com/tool/greeting");
        assert!(one["also_possible"][0] == "toolexec", "{one:#}");
        let symbols = symbols(one);
        assert_eq!(symbols[0], "example.com/tool/greeting.Text", "{symbols:?}");
        assert_eq!(answer.report["unsound"].as_array().unwrap().len(), 0);
        let mut report = answer.report;
        report["caches"].take();
        report
    };
    let of_folders = check(here.compare(&there.cache()));
    // Packed with the folder's name, and without compression or with it.
    for (name, compress) in [("cache.tar", "--no-auto-compress"), ("cache.tgz", "-z")] {
        let packed = there.pack(name, compress);
        assert_eq!(check(here.compare(&packed)), of_folders);
    }
}

#[test]
fn a_poisoned_entry_is_told_apart_from_a_difference() {
    let here = Desk::warm("1.27.");
    let there = Desk::warm("1.27.");
    let archive = there.archive("./greeting");
    replace(&archive, "hello, builder", "hello, poison!");
    let answer = here.compare(&there.cache());
    answer.is("different", 1);
    assert_eq!(answer.report["differences"].as_array().unwrap().len(), 0);
    let unsound = answer.report["unsound"].as_array().unwrap();
    assert_eq!(unsound.len(), 1);
    assert_eq!(unsound[0]["rule"], "cache-poisoned");
    assert_eq!(unsound[0]["cache"], 1);
    assert_eq!(unsound[0]["package"], "example.com/tool/greeting");
    // The other cache shows what was changed.
    let summary = unsound[0]["summary"].as_str().unwrap();
    assert!(summary.contains("hello, builder"), "{summary}");
}

#[test]
fn a_changed_header_tells_warm_and_cold_caches_apart() {
    let warm = Desk::warm("1.27.");
    warm.write("include/seven.h", "#define SEVEN 77\n");
    assert_eq!(warm.build(), "hello, builder 7\n", "the header is in a key");
    let cold = Desk::fresh("1.27.");
    cold.write("include/seven.h", "#define SEVEN 77\n");
    assert_eq!(cold.build(), "hello, builder 77\n");

    let answer = warm.compare(&cold.cache());
    answer.is("different", 1);
    let differences = answer.report["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1, "{differences:#?}");
    let one = &differences[0];
    assert_eq!(one["cause"], "cache-stale-cgo");
    assert_eq!(one["confidence"], "likely");
    assert_eq!(one["package"], "example.com/tool/seven");
    let members = one["members"].as_array().unwrap();
    assert!(
        members.iter().all(|member| member["form"] == "c"),
        "{one:#}"
    );

    // The same of the two packages alone.
    let files = [warm.archive("./seven"), cold.archive("./seven")];
    let output = environment::command("verify-build")
        .args(files)
        .args(["--format", "json"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    schema::check(&report);
    assert_eq!(report["causes"][0]["cause"], "cache-stale-cgo");
}

#[test]
fn caches_of_two_versions_have_nothing_in_common() {
    let old = Desk::warm("1.21.");
    let new = Desk::warm("1.27.");
    let answer = old.compare(&new.cache());
    answer.is("nothing-in-common", 3);
    assert_eq!(answer.report["counts"]["joined"], 0);
    let note = answer.report["notes"][0].as_str().unwrap();
    assert!(note.starts_with("a was filled by go1.21."), "{note}");
    assert!(note.contains(" and b by go1.27."), "{note}");
}
