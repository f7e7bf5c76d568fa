//! `verify-build cache audit`.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use sha2::{Digest as _, Sha256};
use testkit::environment;

use crate::desk::{Desk, files, picture, replace};

#[test]
fn sound_caches_are_clean_and_left_alone() {
    for version in ["1.21.", "1.24.", "1.27."] {
        let desk = Desk::warm(version);
        if version != "1.21." {
            // Since Go 1.24 the program itself is kept, in a folder.
            desk.go(&["run", "-trimpath", "."]);
        }
        let before = picture(&desk.cache());
        let answer = desk.audit();
        answer.is("clean", 0);
        assert_eq!(answer.findings().len(), 0, "{:#}", answer.report);
        assert!(
            picture(&desk.cache()) == before,
            "the audit changed the cache"
        );

        let counts = &answer.report["counts"];
        let kinds = &counts["kinds"];
        let programs = kinds["program"].as_u64().unwrap_or_default();
        assert_eq!(programs, u64::from(version != "1.21."), "{kinds:#}");
        let archives = kinds["archive"].as_u64().unwrap();
        assert!(archives > 20, "{kinds:#}");
        assert_eq!(counts["build_ids_checked"], archives + programs);
        assert!(kinds["generated"].as_u64().unwrap() > 2, "{kinds:#}");
    }
}

#[test]
fn a_poisoned_package_is_linked_by_go_and_named_by_the_audit() {
    for version in ["1.21.", "1.27."] {
        let desk = Desk::warm(version);
        assert_eq!(desk.build(), "hello, builder 7\n");
        let archive = desk.archive("./greeting");
        replace(&archive, "hello, builder", "hello, poison!");
        assert_eq!(desk.build(), "hello, poison! 7\n", "go noticed");

        let answer = desk.audit();
        answer.is("poisoned", 1);
        let found = answer.one("cache-poisoned");
        assert_eq!(found["package"], "example.com/tool/greeting");
        assert_eq!(found["path"], archive.to_str().unwrap());
        assert_eq!(found["confidence"], "proven");
        assert_eq!(answer.findings().len(), 1);
    }
}

#[test]
fn one_bit_of_what_the_c_compiler_made_is_enough() {
    let desk = Desk::warm("1.27.");
    let archive = desk.archive("./seven");
    let size = fs::metadata(&archive).unwrap().len();
    // The archive ends with an object of the C compiler.
    let mut bytes = fs::read(&archive).unwrap();
    let at = bytes.len() - 100;
    bytes[at] ^= 1;
    fs::write(&archive, bytes).unwrap();
    assert_eq!(fs::metadata(&archive).unwrap().len(), size);
    let answer = desk.audit();
    answer.is("poisoned", 1);
    let found = answer.one("cache-poisoned");
    assert_eq!(found["package"], "example.com/tool/seven");
}

#[test]
fn what_a_crash_leaves_is_no_alarm_and_go_mends_it() {
    let desk = Desk::warm("1.27.");
    let archive = desk.archive("./greeting");
    let bytes = fs::read(&archive).unwrap();
    fs::write(&archive, &bytes[..bytes.len() - 1]).unwrap();
    let line = desk.index_of(&desk.archive("./seven"));
    fs::write(&line, &fs::read(&line).unwrap()[..100]).unwrap();
    let before = picture(&desk.cache());

    let answer = desk.audit();
    answer.is("clean", 0);
    let found = answer.findings();
    assert_eq!(found.len(), 2, "{found:#?}");
    for one in found {
        assert_eq!(one["rule"], "cache-cut-off");
        assert_eq!(one["level"], "note");
    }
    assert!(
        found
            .iter()
            .any(|one| one["package"] == "example.com/tool/greeting")
    );
    assert!(picture(&desk.cache()) == before, "the audit mended it");

    assert_eq!(desk.build(), "hello, builder 7\n");
    assert_eq!(desk.audit().findings().len(), 0);
}

#[test]
fn an_entry_that_leads_to_another_package_is_named_by_its_build_id() {
    let desk = Desk::warm("1.27.");
    let (greeting, other) = (desk.archive("./greeting"), desk.archive("./seven"));
    let (line, others) = (desk.index_of(&greeting), desk.index_of(&other));
    // Everything fits but the action: the line's own, the other's output and size.
    let own = fs::read(&line).unwrap();
    let swapped = [&own[..67], &fs::read(others).unwrap()[67..]].concat();
    fs::write(&line, swapped).unwrap();

    let answer = desk.audit();
    answer.is("poisoned", 1);
    let found = answer.one("cache-poisoned");
    // Its own archive still lies there and tells whose entry it is.
    assert_eq!(found["package"], "example.com/tool/greeting");
    assert_eq!(found["path"], other.to_str().unwrap());
    assert_eq!(found["evidence"][0]["where"], "action in the build ID");
}

#[test]
fn a_changed_archive_under_its_new_name_is_told_by_its_content_id() {
    let desk = Desk::warm("1.27.");
    let archive = desk.archive("./greeting");
    let line = desk.index_of(&archive);
    replace(&archive, "hello, builder", "hello, poison!");
    let hash = hex::encode(Sha256::digest(fs::read(&archive).unwrap()));
    let place = desk.cache().join(&hash[..2]).join(format!("{hash}-d"));
    fs::rename(&archive, &place).unwrap();
    let own = fs::read(&line).unwrap();
    fs::write(&line, [&own[..68], hash.as_bytes(), &own[132..]].concat()).unwrap();
    assert_eq!(desk.build(), "hello, poison! 7\n", "go noticed");

    let answer = desk.audit();
    answer.is("poisoned", 1);
    let found = answer.one("cache-poisoned");
    assert_eq!(found["package"], "example.com/tool/greeting");
    assert_eq!(found["path"], place.to_str().unwrap());
    let place = found["evidence"][0]["where"].as_str().unwrap();
    assert!(place.starts_with("content part of the build ID"), "{place}");
}

#[test]
fn lines_that_go_never_writes_are_damage() {
    let desk = Desk::warm("1.27.");
    let (one, other) = (desk.archive("./greeting"), desk.archive("./seven"));
    let (one, other) = (desk.index_of(&one), desk.index_of(&other));
    // Another action's line; and a size that is not a number.
    let mut line = fs::read(&one).unwrap();
    line[150] = b'x';
    fs::copy(&other, &one).unwrap();
    fs::write(&other, line).unwrap();
    let answer = desk.audit();
    answer.is("damaged", 1);
    assert_eq!(answer.findings().len(), 2, "{:#}", answer.report);
    assert_eq!(desk.build(), "hello, builder 7\n", "go takes no notice");
}

#[test]
fn a_changed_program_is_named() {
    let desk = Desk::warm("1.27.");
    desk.go(&["run", "-trimpath", "."]);
    let program = files(&desk.cache())
        .into_iter()
        .find(|path| path.ends_with("tool"))
        .unwrap();
    replace(&program, "hello, builder", "hello, poison!");
    let answer = desk.audit();
    answer.is("poisoned", 1);
    let found = answer.one("cache-poisoned");
    assert_eq!(found["kind"], "program");
    assert_eq!(found["package"], "example.com/tool");
}

#[test]
fn links_and_strays_are_told_and_not_followed() {
    let desk = Desk::warm("1.27.");
    let archive = desk.archive("./greeting");
    desk.write("elsewhere", &"x".repeat(5000));
    fs::remove_file(&archive).unwrap();
    symlink(desk.path("elsewhere"), &archive).unwrap();
    symlink("/dev/zero", desk.cache().join("endless")).unwrap();
    desk.write("cache/00/note.txt", "left by a person");
    // Everyone may write here.
    fs::set_permissions(desk.cache().join("7f"), fs::Permissions::from_mode(0o777)).unwrap();

    let answer = desk.audit();
    answer.is("damaged", 1);
    let link = answer.one("cache-damaged");
    assert_eq!(link["path"], archive.to_str().unwrap());
    assert!(link["summary"].as_str().unwrap().contains("link"));
    let strays = answer.findings().iter();
    let strays: Vec<&str> = strays
        .filter(|found| found["rule"] == "cache-stray-file")
        .map(|found| found["path"].as_str().unwrap())
        .collect();
    assert_eq!(strays, ["00/note.txt", "endless"]);
    answer.one("cache-open-to-others");
}

#[test]
fn entries_without_outputs_are_what_trimming_leaves() {
    let desk = Desk::warm("1.27.");
    fs::remove_file(desk.archive("./greeting")).unwrap();
    let answer = desk.audit();
    answer.is("clean", 0);
    assert_eq!(answer.report["counts"]["missing_outputs"], 1);
    assert_eq!(answer.findings().len(), 0);
}

#[test]
fn two_outputs_of_one_action_show_a_changed_header() {
    let desk = Desk::warm("1.27.");
    desk.write("include/seven.h", "#define SEVEN 77\n");
    // -a compiles again what the cache has; the old output stays.
    assert_eq!(desk.build_with(&["-a"]), "hello, builder 77\n");
    let answer = desk.audit();
    answer.is("suspect", 1);
    let found = answer.one("cache-two-outputs");
    assert_eq!(found["package"], "example.com/tool/seven");
    let summary = found["summary"].as_str().unwrap();
    assert!(summary.contains("cache-stale-cgo"), "{summary}");
}

#[test]
fn what_is_no_cache_is_said_to_be_none() {
    let desk = Desk::cold("1.27.");
    for (path, want) in [
        ("source", "not a Go build cache"),
        ("source/main.go", "neither a folder nor a tar archive"),
        ("nowhere", "no such build cache"),
    ] {
        let output = environment::command("verify-build")
            .args(["cache", "audit"])
            .arg(desk.path(path))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(want), "{said}");
    }
}
