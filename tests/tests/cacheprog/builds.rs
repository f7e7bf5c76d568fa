//! Real builds.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::desk::{Desk, outputs};

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// Cold, warm, made again, handed out, poisoned: one record, so that the
/// standard library is built twice and no more.
#[test]
fn a_record_from_cold_to_poisoned() {
    let desk = Desk::new("1.27.");
    let build = |mode: &str, name: &str| {
        let out = desk.path(name);
        let outcome = desk.must(
            mode,
            "record",
            &["build", "-trimpath", "-o", out.to_str().unwrap()],
        );
        (read(&out), outcome.stderr)
    };
    let (cold, said) = build("record", "cold");
    assert_eq!(said, "", "a recording that went well is nobody's business");
    let session = desk.last("record");
    assert_eq!(session["requests"]["hits"], 0);
    assert_eq!(session["requests"]["failed"], 0);

    let (warm, _) = build("record", "warm");
    assert!(cold == warm);
    let session = desk.last("record");
    // The linker's messages are handed over after every link, indexes of folders
    // that were written a moment ago too; packages are not.
    assert_eq!(session["compared"]["equal_packages"], 0);
    assert_eq!(session["compared"]["not_recorded_packages"], 0);
    assert!(session["requests"]["hits"].as_u64() > Some(60));

    let (again, said) = build("audit", "again");
    assert!(cold == again);
    assert!(said.contains("audit: EQUAL: "), "{said}");
    let session = desk.last("record");
    assert_eq!(session["verdict"], "clean");
    assert_eq!(session["requests"]["hits"], 0);
    assert_eq!(session["compared"]["differing"], 0);
    assert_eq!(session["compared"]["not_recorded"], 0);
    assert!(session["compared"]["equal_packages"].as_u64() > Some(20));

    let (served, said) = build("serve", "served");
    assert!(cold == served);
    assert!(said.contains("serve: AS INDEXED: "), "{said}");
    assert!(
        said.contains("with the action asked for in the build ID"),
        "{said}"
    );

    let poisoned = poison(&desk.path("record"));
    // The folder is a build cache: the go command itself links what is in it.
    let fooled = desk.path("fooled");
    build_from_the_folder(&desk, &fooled);
    assert!(contains(&read(&fooled), b"jello"), "silently");

    let (served, said) = build("serve", "careful");
    assert!(cold == served, "made again, and right");
    assert!(
        said.contains("serve: FOUND: 1 file of the record"),
        "{said}"
    );
    let session = desk.last("record");
    let finding = &session["findings"][0];
    assert_eq!(finding["rule"], "file-changed");
    assert_eq!(finding["package"], "example.com/tool/greeting");
    assert_eq!(
        finding["recorded"]["path"].as_str(),
        poisoned.to_str(),
        "{finding:#}"
    );
    assert_ne!(finding["now"]["sha256"], finding["recorded"]["sha256"]);
    assert_eq!(
        session["compared"]["differing"], 0,
        "the record's hash was right"
    );
    let answer = desk.report("record", &[]);
    assert_eq!(
        (answer.exit, &answer.report["verdict"]),
        (1, &"found".into())
    );
    assert!(contains(&read(&poisoned), b"jello"), "evidence stays");
}

/// Builds with the record as an ordinary build cache.
fn build_from_the_folder(desk: &Desk, program: &Path) {
    let output = desk
        .command("serve", "record", &["build", "-trimpath", "-o"])
        .arg(program)
        .env_remove("GOCACHEPROG")
        .env("GOCACHE", desk.path("record"))
        .output()
        .unwrap();
    assert!(output.status.success());
}

/// Changes one byte of package greeting in a record.
fn poison(record: &Path) -> PathBuf {
    let is_greeting = |path: &&PathBuf| {
        let bytes = read(path);
        bytes.starts_with(b"!<arch>") && contains(&bytes, b"hello")
    };
    let files = outputs(record);
    let path = files.iter().find(is_greeting).unwrap();
    let mut bytes = read(path);
    let mut from = 0;
    while let Some(at) = bytes[from..]
        .windows(5)
        .position(|window| window == b"hello")
    {
        bytes[from + at] = b'j';
        from += at;
    }
    std::fs::write(path, bytes).unwrap();
    path.clone()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A compiler that gives package greeting another file name each time, as a
/// wrapper that the go command does not know of may.
fn fickle(desk: &Desk) -> String {
    let wrapper = desk.path("fickle");
    let script = format!(
        "#!/bin/sh\n\
         tool=$1; shift\n\
         case \"$tool $*\" in\n\
         */compile*\" -p example.com/tool/greeting \"*)\n\
         for last; do :; done\n\
         copy={}/made-$$-$(date +%N).go; cp \"$last\" $copy\n\
         \"$tool\" $(echo \"$@\" | sed \"s|$last|$copy|\")\n\
         ;;\n\
         *) exec \"$tool\" \"$@\" ;;\n\
         esac\n",
        desk.path("").display()
    );
    std::fs::write(&wrapper, script).unwrap();
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("-toolexec={}", wrapper.display())
}

#[test]
fn an_audit_names_the_package_that_is_not_deterministic() {
    let desk = Desk::new("1.27.");
    let toolexec = fickle(&desk);
    let plain = ["build", "-trimpath", "./greeting", "./other"];
    desk.must("record", "record", &plain);

    let wrapped = ["build", "-trimpath", &toolexec, "./greeting", "./other"];
    let outcome = desk.go("audit", "record", &wrapped);
    assert!(!outcome.ok, "an audit that finds something fails the build");
    for part in [
        "failed to trim cache",
        "audit's answer: 1 of ",
        "example.com/tool/greeting",
    ] {
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    }
    let session = desk.last("record");
    let findings = session["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{session:#}");
    let finding = &findings[0];
    assert_eq!(finding["rule"], "output-differs");
    assert_eq!(finding["package"], "example.com/tool/greeting");
    assert_eq!(session["compared"]["equal_packages"], 1);
    // Both are there for who wants to see what differs.
    for side in ["recorded", "now"] {
        let bytes = read(Path::new(finding[side]["path"].as_str().unwrap()));
        let sha256 = hex::encode(Sha256::digest(&bytes));
        assert_eq!(finding[side]["sha256"], sha256.as_str());
    }
    assert_eq!(desk.report("record", &["--last", "1"]).exit, 1);

    // Told not to, it lets the build pass; the report has it all the same.
    assert!(desk.go("audit --fail never", "record", &wrapped).ok);
    assert_eq!(desk.report("record", &["--last", "1"]).exit, 1);

    // The same step recorded twice with two outcomes is found without an audit.
    let forced = ["build", "-a", "-trimpath", &toolexec, "./greeting"];
    let outcome = desk.must("record", "record", &forced);
    assert!(
        outcome.stderr.contains("record: FOUND: 1 action was"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn an_audit_of_other_sources_is_incomplete_and_says_what_is_not_recorded() {
    let desk = Desk::new("1.27.");
    let arguments = ["build", "-trimpath", "./greeting", "./other"];
    desk.must("record", "record", &arguments);
    desk.write(
        "other/other.go",
        "package other\n\nfunc Number() int { return 8 }\n",
    );
    let outcome = desk.must("audit", "record", &arguments);
    assert!(
        outcome
            .stderr
            .contains("not in the record: example.com/tool/other"),
        "{}",
        outcome.stderr
    );
    let answer = desk.report("record", &["--last", "1"]);
    assert_eq!(
        (answer.exit, &answer.report["verdict"]),
        (3, &"incomplete".into())
    );
    assert!(!desk.go("audit --fail incomplete", "record", &arguments).ok);
}

#[test]
fn two_go_commands_share_one_folder() {
    let desk = Desk::new("1.27.");
    let arguments = ["build", "-trimpath", "./greeting", "./other"];
    let children: Vec<_> = (0..3)
        .map(|_| {
            desk.command("record", "shared", &arguments)
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    for path in outputs(&desk.path("shared")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(
            name,
            format!("{}-d", hex::encode(Sha256::digest(read(&path))))
        );
    }
    let tmp = std::fs::read_dir(desk.path("shared/tmp")).unwrap();
    assert_eq!(tmp.count(), 0);
    let answer = desk.report("shared", &[]);
    assert_eq!(
        (
            answer.exit,
            answer.report["sessions"].as_array().unwrap().len()
        ),
        (0, 3)
    );
    desk.must("audit", "shared", &arguments);
}

#[test]
fn go_1_24_speaks_the_same_protocol() {
    let desk = Desk::new("1.24.");
    let arguments = ["build", "-trimpath", "./greeting", "./other"];
    desk.must("record", "record", &arguments);
    let outcome = desk.must("audit", "record", &arguments);
    assert!(outcome.stderr.contains("EQUAL"), "{}", outcome.stderr);
}

#[test]
fn a_report_file_and_other_formats() {
    let desk = Desk::new("1.27.");
    let arguments = ["build", "-trimpath", "./greeting"];
    let file = desk.path("report.json");
    let mode = format!("record --report '{}'", file.display());
    desk.must(&mode, "record", &arguments);
    let session: serde_json::Value = serde_json::from_slice(&read(&file)).unwrap();
    testkit::schema::check_as("cacheprog-v1", &session);
    assert_eq!(session, desk.last("record"));
}
