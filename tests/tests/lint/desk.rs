//! A small program, built with the real go command, and what lint says of it.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use testkit::go::{Go, Toolchain};
use testkit::{environment, git, schema};

/// A program's folder and where its builds go.
pub(crate) struct Desk {
    folder: TempDir,
    toolchain: Toolchain,
    builds: Cell<usize>,
}

/// What lint said of one file.
pub(crate) struct Answer {
    pub(crate) exit: i32,
    file: Value,
}

const MAIN: &str = "package main

var date, version = \"unknown\", \"dev\"

func main() { println(date, version) }
";

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
            toolchain: Toolchain::find("1.27."),
            builds: Cell::new(0),
        };
        desk.write("go.mod", "module example.com/tool\n\ngo 1.21\n");
        desk.write("main.go", MAIN);
        desk
    }

    /// The same in a git checkout, everything committed.
    pub(crate) fn committed() -> Self {
        let desk = Self::new();
        git::commit_all(&desk.source());
        desk
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.folder.path().join("source")
    }

    pub(crate) fn version(&self) -> &str {
        self.toolchain.version()
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.source().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// The commit's time as git prints it, with its own offset from UTC.
    pub(crate) fn commit_time(&self) -> String {
        let output = run(&self.source(), "git", &["log", "-1", "--format=%cI"]);
        output.trim().to_owned()
    }

    /// Builds with settings (`NAME=value`) and flags; flags that end in `.go` are files.
    pub(crate) fn build(&self, settings: &[&str], flags: &[&str]) -> PathBuf {
        self.builds.set(self.builds.get() + 1);
        let output = self.path().join(format!("build-{}", self.builds.get()));
        let go = Go::new(&self.toolchain, "off", "off").with("GOFLAGS", "-mod=mod");
        let go = settings.iter().fold(go, |go, setting| {
            let (name, value) = setting.split_once('=').unwrap();
            go.with(name, value)
        });
        let files = flags.last().is_some_and(|flag| flag.ends_with(".go"));
        let package: &[&str] = if files { &[] } else { &["."] };
        let place = output.to_str().unwrap();
        let arguments = [&["build", "-o", place], flags, package].concat();
        let _ = go.must(&self.source(), &arguments);
        output
    }
}

/// Runs another program and expects it to succeed; returns what it printed.
pub(crate) fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("TZ", "Europe/Athens")
        .output()
        .unwrap_or_else(|error| panic!("start {program}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The program under test, with nothing of our environment.
pub(crate) fn verify_build() -> Command {
    environment::command("verify-build")
}

/// Judges one file; the report is checked against its schema.
#[track_caller]
pub(crate) fn lint(file: &Path, arguments: &[&str]) -> Answer {
    let output = verify_build()
        .args(["lint", "--format", "json"])
        .args(arguments)
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    schema::check_as("lint-v1", &report);
    Answer {
        exit: output.status.code().unwrap(),
        file: report["files"][0].clone(),
    }
}

/// The same as text.
pub(crate) fn lint_text(file: &Path, arguments: &[&str]) -> String {
    let mut command = verify_build();
    let output = command.arg("lint").args(arguments).arg(file).output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

impl Answer {
    pub(crate) fn verdict(&self) -> &str {
        self.file["verdict"].as_str().unwrap()
    }

    /// The names of what was found at a level, in order.
    pub(crate) fn rules(&self, level: &str) -> Vec<String> {
        let findings = self.file["findings"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        findings
            .filter(|found| found["level"] == level)
            .map(|found| text(&found["rule"]))
            .collect()
    }

    /// The values shown for a rule.
    #[track_caller]
    pub(crate) fn evidence(&self, rule: &str) -> Vec<String> {
        let findings = self.file["findings"].as_array().unwrap();
        let found = findings.iter().find(|found| found["rule"] == rule);
        let found = found.unwrap_or_else(|| panic!("no {rule}: {findings:#?}"));
        let evidence = found["evidence"].as_array().unwrap().iter();
        evidence
            .map(|evidence| evidence["a"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The requirements that are not met, in order.
    pub(crate) fn unmet(&self) -> Vec<String> {
        let requirements = self.file["requirements"].as_array().unwrap().iter();
        requirements
            .filter(|checked| checked["status"] != "met")
            .map(|checked| checked["name"].as_str().unwrap().to_owned())
            .collect()
    }
}
