//! The second verdict, "equal after masking": what it sees through, what not,
//! and that it never passes for equality.

use std::path::Path;

use serde_json::Value;

use testkit::schema;

use crate::workshop::{Answer, Workshop, accepts, compare, run, verify_build};

/// The kinds of mask that hide a difference.
fn hiding(answer: &Answer) -> Vec<&str> {
    let masks = masked(answer)["masks"].as_array().unwrap();
    masks
        .iter()
        .filter(|mask| mask["differs"] == true)
        .map(|mask| mask["what"].as_str().unwrap())
        .collect()
}

fn masked(answer: &Answer) -> &Value {
    &answer.report["comparisons"][0]["masked"]
}

/// Expects different files that are equal after these masks.
#[track_caller]
fn equal_but_for(a: &Path, b: &Path, masks: &[&str]) -> Answer {
    let answer = compare(&[a, b]);
    assert_eq!(
        (answer.exit, &answer.report["verdict"]),
        (1, &"different".into())
    );
    assert_eq!(masked(&answer)["equal"], true, "{:#}", masked(&answer));
    assert_eq!(hiding(&answer), masks);
    // The digest does not depend on which file comes first.
    let turned = compare(&[b, a]);
    assert_eq!(masked(&answer)["sha256"], masked(&turned)["sha256"]);
    answer
}

#[test]
fn builds_that_differ_in_name_only() {
    let mut shop = Workshop::new();
    let plain = shop.build(&[], &[]);
    // A linker flag without effect changes the link's inputs and nothing else.
    let named = shop.build(&[], &["-ldflags=-extldflags=-O1"]);
    let answer = equal_but_for(&plain, &named, &["build-id", "gnu-build-id"]);
    assert_eq!(masked(&answer)["bytes"], 83 + 20);
    assert_eq!(masked(&answer)["masks"][0]["a"][0]["size"], 83);

    let text = |arguments: &[&str]| {
        let output = verify_build()
            .args(arguments)
            .args([&plain, &named])
            .output()
            .unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (exit, said) = text(&[]);
    assert_eq!(exit, 1);
    let line = "EQUAL AFTER MASKING: build ID, GNU build ID (103 bytes); this is not equality\n";
    assert!(
        said.starts_with("DIFFERENT: ") && said.contains(line),
        "{said}"
    );
    assert!(
        text(&["--verbose"])
            .1
            .contains("masks (verify-build/masks-v2)")
    );
    // Only the flag makes it good enough, and the verdict stays.
    let (exit, said) = text(&["--accept", "masked"]);
    assert!(exit == 0 && said.starts_with("DIFFERENT: "), "{said}");
    let (_, json) = text(&["--accept", "masked", "--format", "json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    schema::check(&report);
    assert_eq!(
        (&report["verdict"], &report["accepted"]),
        (&"different".into(), &"masked".into())
    );
    accepts("masked", [&plain, &named], "equal after masking");
}

/// Expects files that differ in their IDs and in what is masked only when it is named.
#[track_caller]
fn equal_on_demand(a: &Path, b: &Path, kind: &str) {
    let answer = compare(&[a, b]);
    let masked = masked(&answer);
    assert_eq!(masked["equal"], false, "{masked:#}");
    assert_eq!(masked["more"], serde_json::json!([kind]), "{masked:#}");
    assert!(masked["sha256"].is_null());
    for (accept, exit) in [
        ("masked".to_owned(), 1),
        (format!("masked={kind}"), 1),
        ("masked=build-id,gnu-build-id".to_owned(), 1),
        (format!("masked=build-id,gnu-build-id,{kind}"), 0),
    ] {
        let output = verify_build()
            .args(["--accept", &accept])
            .args([a, b])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(exit), "{accept}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.starts_with("DIFFERENT: "), "{said}");
        assert!(!said.contains("\nEQUAL AFTER MASKING"), "{said}");
        assert!(said.contains("\nNOT EQUAL AFTER MASKING: "), "{said}");
    }
    let accept = format!("masked=build-id,gnu-build-id,{kind}");
    accepts(&accept, [a, b], "accepted: nothing but");
}

#[test]
fn stamps_are_seen_through_and_code_is_not() {
    let mut shop = Workshop::new();
    let mut build = |value: &str| shop.build(&[], &[&format!("-ldflags=-X main.stamp={value}")]);
    let (monday, friday) = (build("monday"), build("friday"));
    equal_on_demand(&monday, &friday, "variables");

    let plain = shop.build(&[], &["-tags=one"]);
    let tagged = shop.build(&[], &["-tags=two"]);
    equal_on_demand(&plain, &tagged, "build-info");

    shop.edit("greeting/greeting.go", "hello", "hullo");
    let changed = shop.build(&[], &["-tags=one"]);
    let answer = compare(&[&plain, &changed]);
    assert_eq!(masked(&answer)["equal"], false);
    assert!(masked(&answer)["sha256"].is_null());
    let output = verify_build()
        .args(["--quiet", "--accept", "masked"])
        .args([&plain, &changed])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
}

/// Go signs programs for macOS on arm64 when it links them. Without a host to
/// sign on, one that it does not sign is made by taking the signature away.
#[test]
fn signed_and_unsigned_mach_o_files() {
    let mut shop = Workshop::new();
    let signed = shop.build(&["GOOS=darwin", "GOARCH=arm64"], &[]);
    let other = shop.build(
        &["GOOS=darwin", "GOARCH=arm64"],
        &["-ldflags=-extldflags=-O1"],
    );
    equal_but_for(&signed, &other, &["build-id", "uuid", "code-signature"]);
    let unsigned = shop.output();
    std::fs::write(
        &unsigned,
        without_signature(std::fs::read(&signed).unwrap()),
    )
    .unwrap();
    let answer = equal_but_for(&signed, &unsigned, &["code-signature"]);
    assert!(answer.causes().contains(&"code-signature"));
}

/// Takes the last load command and the bytes that it names out of a 64-bit
/// Mach-O file, as `codesign --remove-signature` does.
fn without_signature(mut bytes: Vec<u8>) -> Vec<u8> {
    let number = |bytes: &[u8], at: usize| {
        usize::try_from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())).unwrap()
    };
    let (count, sizes) = (number(&bytes, 16), number(&bytes, 20));
    let last = 32 + sizes - 16;
    assert_eq!(number(&bytes, last), 0x1d);
    let (start, size) = (number(&bytes, last + 8), number(&bytes, last + 12));
    bytes[last..last + 16].fill(0);
    let put = |bytes: &mut [u8], at: usize, value: usize| {
        bytes[at..at + 4].copy_from_slice(&u32::try_from(value).unwrap().to_le_bytes());
    };
    put(&mut bytes, 16, count - 1);
    put(&mut bytes, 20, sizes - 16);
    let name = b"__LINKEDIT\0";
    let segment = bytes
        .windows(name.len())
        .position(|window| window == name)
        .unwrap();
    let file_size = number(&bytes, segment + 40) - size;
    put(&mut bytes, segment + 40, file_size);
    assert_eq!(start + size, bytes.len());
    bytes.truncate(start);
    bytes
}

#[test]
fn files_stripped_alike_with_links_to_debug_files() {
    let mut shop = Workshop::new();
    let plain = shop.build(&[], &[]);
    let (mut linked, debug) = (Vec::new(), shop.output());
    for content in ["one", "another"] {
        std::fs::write(&debug, content).unwrap();
        let stripped = shop.output();
        let arguments = [
            "--strip-all",
            &format!("--add-gnu-debuglink={}", debug.display()),
            plain.to_str().unwrap(),
            stripped.to_str().unwrap(),
        ];
        run(&shop.source(), "objcopy", &arguments);
        linked.push(stripped);
    }
    equal_but_for(&linked[0], &linked[1], &["debug-link"]);
}
