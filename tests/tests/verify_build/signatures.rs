//! Programs that were signed after they were built.

use std::path::{Path, PathBuf};

use testkit::signing;

use crate::workshop::{Workshop, accepts, compare, verify_build};

/// A program for a target, and the same one signed.
fn signed(shop: &mut Workshop, settings: &[&str]) -> [PathBuf; 2] {
    let plain = shop.build(settings, &["-ldflags=-s -w"]);
    let mut bytes = std::fs::read(&plain).unwrap();
    match settings[0] {
        "GOOS=windows" => signing::sign_pe(&mut bytes),
        _ => signing::sign_mach_o(&mut bytes, "AB12CD34EF"),
    }
    let signed = shop.output();
    std::fs::write(&signed, bytes).unwrap();
    [plain, signed]
}

const TARGETS: [([&str; 2], &str); 3] = [
    (
        ["GOOS=windows", "GOARCH=amd64"],
        "Example Signer (Example Ltd)",
    ),
    (["GOOS=darwin", "GOARCH=amd64"], "team AB12CD34EF"),
    // Go's linker has put a signature of its own there.
    (["GOOS=darwin", "GOARCH=arm64"], "team AB12CD34EF"),
];

#[test]
fn a_program_that_was_only_signed_is_told_from_one_that_was_changed() {
    let mut shop = Workshop::new();
    for (settings, by) in TARGETS {
        let [plain, signed] = signed(&mut shop, &settings);
        let answer = compare(&[&plain, &signed]);
        let cause = answer.proves_only("code-signature");
        let summary = cause["summary"].as_str().unwrap();
        let want = format!(
            "was only signed after go build (its signature, which was not checked, names {by})"
        );
        assert!(summary.ends_with(&want), "{settings:?}: {summary}");
        assert_eq!(answer.report["files"][0]["self_check"]["status"], "intact");
        assert_eq!(answer.report["files"][1]["self_check"]["status"], "signed");
        let signature = &answer.report["files"][1]["signature"];
        assert_eq!(signature["kind"], "certificate", "{signature:#}");
        assert_eq!(signature["signer"], "Example Signer (Example Ltd)");
        accepts("masked", [&plain, &signed], "equal after masking");
        // A byte of the code beside the signature.
        let mut bytes = std::fs::read(&signed).unwrap();
        let middle = bytes.len() / 3;
        bytes[middle] ^= 1;
        std::fs::write(&signed, bytes).unwrap();
        let answer = compare(&[&plain, &signed]);
        assert_eq!(answer.report["files"][1]["self_check"]["status"], "changed");
        let causes = answer.causes();
        assert!(causes.contains(&"modified-after-build"), "{causes:?}");
        let all = answer.report["causes"].to_string();
        assert!(!all.contains("only signed"), "{all}");
    }
}

#[test]
fn inspect_says_who_signed() {
    let mut shop = Workshop::new();
    let inspect = |path: &Path| {
        let output = verify_build().arg("inspect").arg(path).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for (settings, by) in TARGETS {
        let [plain, signed] = signed(&mut shop, &settings);
        let said = inspect(&signed);
        let line = said.lines().find(|line| line.contains("signature  "));
        let line = line.unwrap_or_else(|| panic!("{said}"));
        assert!(line.contains("by Example Signer (Example Ltd)"), "{line}");
        assert!(line.contains(by), "{line}");
        assert!(said.contains("only signed after go build"), "{said}");
        let said = inspect(&plain);
        let is_signed_by_go = settings == ["GOOS=darwin", "GOARCH=arm64"];
        let want = "ad hoc, as linkers leave it, identifier a.out";
        assert_eq!(said.contains(want), is_signed_by_go, "{said}");
    }
}

/// Other bytes where a signature lies are nobody's signature.
#[test]
fn what_lies_in_a_signature_s_place_is_not_put_aside() {
    let mut shop = Workshop::new();
    let payload = [0x90; 64];
    for settings in [
        ["GOOS=windows", "GOARCH=amd64"],
        ["GOOS=darwin", "GOARCH=arm64"],
    ] {
        let [plain, signed] = signed(&mut shop, &settings);
        // Behind the last certificate, which the table says it holds; in place of hashes.
        let mut bytes = std::fs::read(if settings[0].ends_with("windows") {
            &signed
        } else {
            &plain
        })
        .unwrap();
        match settings[0] {
            "GOOS=windows" => signing::grow_certificates(&mut bytes, &payload),
            _ => {
                let end = bytes.len();
                bytes[end - payload.len()..].copy_from_slice(&payload);
            }
        }
        let other = shop.output();
        std::fs::write(&other, bytes).unwrap();
        let answer = compare(&[&plain, &other]);
        let file = &answer.report["files"][1];
        assert_eq!(
            file["self_check"]["status"], "changed",
            "{settings:?}: {file:#}"
        );
        let all = answer.report["causes"].to_string();
        assert!(!all.contains("only signed"), "{all}");
    }
}
