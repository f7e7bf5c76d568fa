//! A program, a record, and go commands that use it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use testkit::environment;
use testkit::go::{Go, Outcome, Toolchain};
use testkit::schema;

/// A folder with a program of packages that need no standard library but what
/// every program has: most steps take no time to build again.
pub(crate) struct Desk {
    folder: TempDir,
    go: Go,
}

/// What verify-build said.
pub(crate) struct Answer {
    pub(crate) exit: i32,
    pub(crate) report: Value,
}

impl Desk {
    pub(crate) fn new(version: &str) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
            go: Go::new(&Toolchain::find(version), "off", "off"),
        };
        desk.write("go.mod", "module example.com/tool\n\ngo 1.21\n");
        desk.write(
            "main.go",
            "package main\n\nimport \"example.com/tool/greeting\"\n\nfunc main() { println(greeting.Text()) }\n",
        );
        desk.write(
            "greeting/greeting.go",
            "package greeting\n\n//go:noinline\nfunc Text() string { return \"hello\" }\n",
        );
        desk.write(
            "other/other.go",
            "package other\n\nfunc Number() int { return 7 }\n",
        );
        desk
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.source().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.folder.path().join("source")
    }

    /// A path in the desk's folder, the record's among them.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A go command that asks `verify-build cacheprog <mode>` of the record.
    pub(crate) fn command(&self, mode: &str, record: &str, arguments: &[&str]) -> Command {
        let mut command = self.go.command(&self.source());
        let program = environment::program("verify-build");
        let child = format!(
            "{} cacheprog {mode} '{}'",
            program.display(),
            self.path(record).display()
        );
        command.env("GOCACHEPROG", child).args(arguments);
        command
    }

    pub(crate) fn go(&self, mode: &str, record: &str, arguments: &[&str]) -> Outcome {
        let output = self.command(mode, record, arguments).output().unwrap();
        Outcome {
            ok: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same, which must succeed.
    #[track_caller]
    pub(crate) fn must(&self, mode: &str, record: &str, arguments: &[&str]) -> Outcome {
        let outcome = self.go(mode, record, arguments);
        assert!(outcome.ok, "{}", outcome.stderr);
        outcome
    }

    /// The newest session of a record.
    pub(crate) fn last(&self, record: &str) -> Value {
        let answer = self.report(record, &["--last", "1"]);
        answer.report["sessions"][0].clone()
    }

    /// `verify-build cacheprog report`.
    #[track_caller]
    pub(crate) fn report(&self, record: &str, arguments: &[&str]) -> Answer {
        let output = Command::new(environment::program("verify-build"))
            .args(["cacheprog", "report", "--format", "json"])
            .args(arguments)
            .arg(self.path(record))
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: Value = serde_json::from_slice(&output.stdout).expect(&stderr);
        schema::check_as("cacheprog-report-v1", &report);
        for session in report["sessions"].as_array().unwrap() {
            schema::check_as("cacheprog-v1", session);
        }
        Answer {
            exit: output.status.code().unwrap(),
            report,
        }
    }
}

/// Every output file of a record.
pub(crate) fn outputs(record: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(record).unwrap().flatten();
    let mut outputs: Vec<PathBuf> = folders
        .filter(|folder| folder.file_name().len() == 2)
        .flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.to_str().unwrap().ends_with("-d"))
        .collect();
    outputs.sort();
    outputs
}
