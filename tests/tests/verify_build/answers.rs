//! Verdicts, exit codes, and how the answer is printed.

use std::path::Path;
use std::process::Command;

use crate::workshop::{Workshop, compare, verify_build};

#[test]
fn a_copy_is_identical_and_so_is_a_build_elsewhere() {
    let mut shop = Workshop::new();
    let mut elsewhere = Workshop::new();
    let built = shop.build(&[], &[]);
    let copied = shop.output();
    std::fs::copy(&built, &copied).unwrap();
    let again = elsewhere.build(&[], &[]);
    let answer = compare(&[&built, &copied, &again]);
    assert_eq!(answer.exit, 0);
    assert_eq!(answer.report["verdict"], "identical");
    assert_eq!(answer.report["causes"].as_array().unwrap().len(), 0);
    for file in answer.report["files"].as_array().unwrap() {
        assert_eq!(file["self_check"]["status"], "intact", "{file:#}");
        assert_eq!(file["host_id"]["origin"], "go");
    }
}

#[test]
fn one_file_under_two_names_proves_nothing_about_builds() {
    let mut shop = Workshop::new();
    let built = shop.build(&[], &[]);
    let linked = shop.output();
    std::fs::hard_link(&built, &linked).unwrap();
    let answer = compare(&[&built, &linked]);
    assert_eq!(answer.exit, 0);
    assert!(
        answer.report["notes"][0]
            .as_str()
            .unwrap()
            .contains("one file on disk")
    );
}

#[test]
fn several_files_are_each_compared_with_the_first() {
    let mut shop = Workshop::new();
    let first = shop.build(&[], &[]);
    let second = shop.build(&[], &["-tags=extra"]);
    let third = shop.build(&[], &[]);
    let answer = compare(&[&first, &second, &third]);
    assert_eq!(answer.exit, 1);
    let verdicts: Vec<_> = answer.report["comparisons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| &pair["verdict"])
        .collect();
    assert_eq!(verdicts, ["different", "identical"]);
    assert_eq!(
        answer.report["causes"][0]["files"],
        serde_json::json!([0, 1])
    );
    assert!(
        answer.report["summary"]
            .as_str()
            .unwrap()
            .starts_with("1 of 3 files differs from the rest: b")
    );
}

#[test]
fn what_is_no_whole_build_is_inconclusive() {
    let mut shop = Workshop::new();
    let built = shop.build(&[], &[]);
    let bytes = std::fs::read(&built).unwrap();
    let cut = shop.output();
    std::fs::write(&cut, &bytes[..bytes.len() * 2 / 3]).unwrap();
    let empty = shop.output();
    std::fs::write(&empty, b"").unwrap();
    let packed = shop.output();
    std::fs::write(&packed, b"\x1f\x8b\x08\x00 something").unwrap();
    let header = shop.output();
    std::fs::write(&header, &bytes[..20]).unwrap();
    for (file, why) in [
        (&cut, "cut off"),
        (&empty, "is empty"),
        (&packed, "in the middle of the gzip stream"),
        (&header, "cut off"),
    ] {
        let answer = compare(&[&built, file]);
        assert_eq!(answer.exit, 3, "{why}");
        assert_eq!(answer.report["verdict"], "inconclusive");
        let summary = answer.report["summary"].as_str().unwrap();
        assert!(summary.contains(why), "{summary}");
    }
    let answer = compare(&[&empty, &empty]);
    assert_eq!(answer.exit, 3);
    // Bytes that are no program are compared as bytes.
    let text = shop.output();
    std::fs::write(&text, "not a program").unwrap();
    assert_eq!(compare(&[&text, &text]).exit, 0);
    let answer = compare(&[&built, &text]);
    assert_eq!((answer.exit, answer.causes()), (1, vec!["unexplained"]));
}

#[test]
fn unreadable_files_and_wrong_command_lines_exit_with_2_and_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let table: [(&[&Path], &str); 3] = [
        (&[&missing, &missing], "missing: there is no such file\n"),
        (&[&missing], "'verify-build inspect FILE'"),
        (&[], "Usage: verify-build"),
    ];
    for (files, why) in table {
        let output = verify_build().args(files).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why), "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn text_says_the_answer_first_and_colour_is_for_terminals() {
    let mut shop = Workshop::new();
    let one = shop.build(&[], &[]);
    let other = shop.build(&[], &["-tags=extra"]);
    let text = |arguments: &[&str]| {
        let output = verify_build()
            .args(arguments)
            .args(["--given", "none"])
            .args([&one, &other])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).unwrap()
    };
    let plain = text(&[]);
    assert!(
        plain.starts_with("DIFFERENT: built with different build tags\n"),
        "{plain}"
    );
    assert!(plain.contains("  1. build-tags (proven): "), "{plain}");
    assert!(
        plain.contains("     fix: pass the same -tags to both builds\n"),
        "{plain}"
    );
    assert!(!plain.contains('\x1b'));
    assert!(text(&["--color", "always"]).starts_with("\x1b[31mDIFFERENT\x1b[0m: "));
    assert_eq!(text(&["--quiet"]), "");
    assert!(text(&["--verbose"]).len() > plain.len());
}

#[test]
fn inspect_tells_what_one_file_tells() {
    let mut shop = Workshop::new();
    let built = shop.build_plain(&[], &["-ldflags=-X main.stamp=today"]);
    let output = verify_build()
        .args(["inspect", "--format", "json"])
        .arg(&built)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    testkit::schema::check(&report);
    assert!(report["verdict"].is_null());
    let file = &report["files"][0];
    assert_eq!(file["format"]["name"], "ELF");
    assert_eq!(file["build_id"]["kind"], "program");
    assert_eq!(file["build_info"]["main"]["path"], "example.com/tool");
    assert_eq!(
        file["variables"],
        serde_json::json!([{ "key": "main.stamp", "value": "today" }])
    );
    assert_eq!(file["sources"]["tree"].as_str(), shop.source().to_str());
    let text = verify_build().arg("inspect").arg(&built).output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    for part in [
        "self-check   holds: the bytes give the content ID",
        "-X           main.stamp=today",
        "build        GOOS=linux",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn help_teaches_and_completions_exist() {
    let output = verify_build().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for part in [
        "Examples:",
        "Exit codes:",
        "inconclusive",
        "inspect",
        "--format",
    ] {
        assert!(help.contains(part), "{help}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let output = verify_build()
            .args(["completions", shell])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(
            String::from_utf8(output.stdout)
                .unwrap()
                .contains("verify-build")
        );
    }
    // Sourced, the script says how to complete the command, and nothing else.
    let script = verify_build()
        .args(["completions", "bash"])
        .output()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("verify-build");
    std::fs::write(&path, script.stdout).unwrap();
    let loaded = Command::new("bash")
        .args(["-ec", "source \"$0\"; complete -p verify-build"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(loaded.stderr).unwrap(), "");
    let said = String::from_utf8(loaded.stdout).unwrap();
    assert!(
        said.starts_with("complete ") && said.lines().count() == 1,
        "{said}"
    );
}
