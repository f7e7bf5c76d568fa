//! Several formats to several files in one run, and what GitHub's runner gets.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use testkit::schema;

use crate::workshop::{Workshop, verify_build};

fn say(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn run(command: &mut Command) -> (Option<i32>, String, String) {
    say(&command.output().unwrap())
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn one_run_writes_every_format() {
    let mut shop = Workshop::new();
    let one = shop.build(&[], &[]);
    let other = shop.build(&[], &["-tags=extra"]);
    let folder = tempfile::tempdir().unwrap();
    let outputs = [
        "report.json",
        "scan.sarif",
        "junit.xml",
        "summary.md",
        "page.html",
        "text=plain",
        "github=commands",
    ];
    let mut command = verify_build();
    command.current_dir(folder.path()).args([&one, &other]);
    command.args(["--given", "none", "--color", "always"]);
    for output in outputs {
        command.args(["--output", output]);
    }
    let (exit, printed, errors) = run(&mut command);
    assert_eq!((exit, errors.as_str()), (Some(1), ""));
    assert!(printed.starts_with("\x1b[31mDIFFERENT\x1b[0m"), "{printed}");
    let at = folder.path();
    let report: Value = serde_json::from_str(&read(at, "report.json")).unwrap();
    schema::check(&report);
    let scan: Value = serde_json::from_str(&read(at, "scan.sarif")).unwrap();
    assert_eq!(scan["runs"][0]["results"][0]["ruleId"], "build-tags");
    assert_eq!(scan["runs"][0]["invocations"][0]["exitCode"], 1);
    let junit = read(at, "junit.xml");
    assert!(
        junit.contains("tests=\"1\" skipped=\"0\" failures=\"1\""),
        "{junit}"
    );
    assert!(
        junit.contains("fix: pass the same -tags to both builds"),
        "{junit}"
    );
    let summary = read(at, "summary.md");
    assert!(
        summary.starts_with("### verify-build compare: DIFFERENT\n"),
        "{summary}"
    );
    assert!(read(at, "page.html").starts_with("<!DOCTYPE html>"));
    // Colour is for the terminal.
    assert!(read(at, "plain").starts_with("DIFFERENT: "));
    assert!(read(at, "commands").contains("\n::error title=build-tags (proven)%3A "));
    let names = std::fs::read_dir(at).unwrap().count();
    assert_eq!(names, outputs.len(), "a file was left behind");
}

#[test]
fn quiet_prints_nothing_and_writes_the_files() {
    let mut shop = Workshop::new();
    let one = shop.build(&[], &[]);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("report.json");
    std::fs::write(&place, "older").unwrap();
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.path().join("link.json");
    std::os::unix::fs::symlink("report.json", &link).unwrap();
    let mut command = verify_build();
    command
        .arg("--quiet")
        .args([&one, &one])
        .arg("--output")
        .arg(&link);
    assert_eq!(run(&mut command), (Some(0), String::new(), String::new()));
    assert!(link.is_symlink());
    let report: Value = serde_json::from_str(&read(folder.path(), "report.json")).unwrap();
    assert_eq!(report["verdict"], "identical");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o640);
    // Other commands know the flag as well.
    let page = folder.path().join("page.html");
    let mut command = verify_build();
    command
        .args(["inspect", "--quiet"])
        .arg(&one)
        .arg("--output")
        .arg(&page);
    assert_eq!(run(&mut command).0, Some(0));
    assert!(read(folder.path(), "page.html").contains("INSPECTED"));
    assert_eq!(mode(&page) & 0o400, 0o400);
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_that_says_what_to_do() {
    let mut shop = Workshop::new();
    let one = shop.build(&[], &[]);
    let folder = tempfile::tempdir().unwrap();
    let table = [
        ("report", "its format can't be told from the name"),
        ("html=", "no file is named"),
        ("missing/report.json", "there is no folder"),
        ("json=.", "it is a folder"),
    ];
    for (output, why) in table {
        let mut command = verify_build();
        command
            .current_dir(folder.path())
            .args([&one, &one])
            .args(["--output", output]);
        let (exit, _, errors) = run(&mut command);
        assert_eq!(exit, Some(2), "{output}");
        assert!(errors.contains(why), "{output}: {errors}");
    }
    // A build that can't be read leaves an older report as it is.
    std::fs::write(folder.path().join("report.json"), "older").unwrap();
    let mut command = verify_build();
    command
        .current_dir(folder.path())
        .args(["a", "b", "--output", "report.json"]);
    assert_eq!(run(&mut command).0, Some(2));
    assert_eq!(read(folder.path(), "report.json"), "older");
    // Nor is a device replaced by a file.
    let mut command = verify_build();
    command
        .args([&one, &one])
        .args(["--quiet", "--output", "json=/dev/stdout"]);
    let (exit, printed, _) = run(&mut command);
    assert_eq!(exit, Some(0));
    schema::check(&serde_json::from_str(&printed).unwrap());
}

#[test]
fn github_gets_annotations_and_a_step_summary() {
    let mut shop = Workshop::new();
    let one = shop.build(&[], &[]);
    let other = shop.build(&[], &["-ldflags=-X main.stamp=50%,\u{2028}a:b"]);
    let folder = tempfile::tempdir().unwrap();
    let summary = folder.path().join("summary.md");
    std::fs::write(&summary, "# an earlier command\n").unwrap();
    let compare = |format: &str| {
        let mut command = verify_build();
        command.env("GITHUB_STEP_SUMMARY", &summary);
        command.args(["--format", format]).args([&one, &other]);
        run(&mut command)
    };
    let (exit, printed, _) = compare("github");
    assert_eq!(exit, Some(1));
    let commands: Vec<&str> = printed
        .lines()
        .filter(|line| line.starts_with("::"))
        .collect();
    assert!(
        commands[0].starts_with("::error title=ldflags-variable (proven)%3A "),
        "{printed}"
    );
    let text = read(folder.path(), "summary.md");
    assert!(
        text.starts_with("# an earlier command\n### verify-build compare: DIFFERENT\n"),
        "{text}"
    );
    // The other formats leave the summary alone.
    compare("sarif");
    assert_eq!(read(folder.path(), "summary.md"), text);
}

#[test]
fn manual_pages_and_schemas_are_in_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path();
    assert_eq!(run(verify_build().arg("man").arg(pages)).0, Some(0));
    let page = read(pages, "verify-build-inspect.1");
    assert!(page.contains("Examples:"), "{page}");
    let (exit, main, _) = run(verify_build().arg("man"));
    assert_eq!((exit, main), (Some(0), read(pages, "verify-build.1")));
    let (exit, _, errors) = run(verify_build().args(["man", "/nowhere/at/all"]));
    assert_eq!(exit, Some(2));
    assert!(
        errors.contains("there is no folder /nowhere/at/all; make it first"),
        "{errors}"
    );
    let (_, list, _) = run(verify_build().arg("schema"));
    for line in list.lines() {
        let (name, title) = line.split_once(' ').unwrap();
        let (exit, schema, _) = run(verify_build().args(["schema", name]));
        let schema: Value = serde_json::from_str(&schema).unwrap();
        assert_eq!(
            (exit, schema["title"].as_str()),
            (Some(0), Some(title.trim()))
        );
    }
    let (exit, _, errors) = run(verify_build().args(["schema", "report-v0"]));
    assert_eq!(exit, Some(2));
    assert!(errors.contains("report-v1"), "{errors}");
}
