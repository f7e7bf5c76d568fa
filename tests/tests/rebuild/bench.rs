//! A small program and the command that rebuilds it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use testkit::environment;
use testkit::go::Toolchain;
use testkit::schema;

/// A program in a folder with an odd name, and a home of its own.
pub(crate) struct Bench {
    folder: TempDir,
    toolchain: Toolchain,
}

/// What a rebuild said.
pub(crate) struct Answer {
    pub(crate) exit: i32,
    pub(crate) value: Value,
}

impl Bench {
    /// A program that imports nothing, so that a cold build is short.
    pub(crate) fn new() -> Self {
        Self::with("1.21.")
    }

    /// The same for another Go.
    pub(crate) fn with(version: &str) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
            toolchain: Toolchain::find(version),
        };
        for name in ["home", "temporary"] {
            std::fs::create_dir(bench.folder.path().join(name)).unwrap();
        }
        bench.write("go.mod", "module example.com/tool\n\ngo 1.21\n");
        bench.write(
            "main.go",
            "package main\n\nfunc main() { println(\"hello\") }\n",
        );
        bench
    }

    /// The program's folder.
    pub(crate) fn source(&self) -> PathBuf {
        self.folder.path().join("söurce folder")
    }

    /// A place beside the program.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where rebuilds put what is temporary.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.beside("temporary")
    }

    /// The go command.
    pub(crate) fn go(&self) -> PathBuf {
        self.toolchain.program()
    }

    /// Writes a source file.
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.source().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Writes a script that go runs each tool with: `$tool` is the tool, `$@` its
    /// arguments, and the step is a real one. Returns the flag for go build.
    pub(crate) fn toolexec(&self, script: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.beside("toolexec");
        let head = "tool=$1; shift\ncase $1 in -V*) exec \"$tool\" \"$@\";; esac";
        let text = format!("#!/bin/sh\n{head}\n{script}\nexec \"$tool\" \"$@\"\n");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        format!("-toolexec={}", path.display())
    }

    /// A toolexec script that puts the value of an expression of sh into
    /// `main.leak`, as a build that runs `-ldflags=-X` with it would.
    pub(crate) fn leak(&self, expression: &str) -> String {
        let main = "package main\n\nvar leak string\n\nfunc main() { println(leak) }\n";
        self.write("main.go", main);
        let set = format!("set -- -X \"main.leak={expression}\" \"$@\"");
        self.toolexec(&format!("case $tool in */link) {set};; esac"))
    }

    /// `verify-build rebuild`, with nothing of our environment but PATH.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = environment::command("verify-build");
        command
            .current_dir(self.source())
            .env("PATH", environment::path())
            .env("HOME", self.beside("home"))
            .env("TMPDIR", self.temporary())
            .env("GOPROXY", "off")
            .env("CGO_ENABLED", "0")
            .arg("rebuild")
            .args(
                ["--format", "json"]
                    .iter()
                    .filter(|_| !arguments.contains(&"--format")),
            )
            .arg("--go")
            .arg(self.toolchain.program())
            .args(arguments);
        command
    }

    /// Rebuilds; the answer and its parts are checked against their schemas, and
    /// that nothing is left behind.
    #[track_caller]
    pub(crate) fn rebuild(&self, arguments: &[&str]) -> Answer {
        self.judge(&self.command(arguments).output().unwrap())
    }

    /// Reads an answer and checks it.
    #[track_caller]
    pub(crate) fn judge(&self, output: &Output) -> Answer {
        let value: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", said(output)));
        schema::check_as("rebuild-v1", &value);
        if !value["comparison"].is_null() {
            schema::check_as("report-v1", &value["comparison"]);
        }
        for record in value["records"].as_array().unwrap() {
            schema::check_as("build-record-v1", record);
        }
        self.assert_nothing_left();
        Answer {
            exit: output.status.code().unwrap(),
            value,
        }
    }

    /// Expects the temporary folder to be empty.
    #[track_caller]
    pub(crate) fn assert_nothing_left(&self) {
        let left = std::fs::read_dir(self.temporary()).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

/// What a program complained.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Reads a JSON file.
pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

impl Answer {
    /// What matters, each by the names of what was varied, or by its kind.
    pub(crate) fn culprits(&self) -> Vec<String> {
        let culprits = self.value["culprits"].as_array().unwrap();
        let name = |culprit: &Value| match culprit["kind"].as_str().unwrap() {
            "varied" => {
                let names = culprit["varied"].as_array().unwrap();
                let names: Vec<&str> = names.iter().map(|name| name.as_str().unwrap()).collect();
                names.join("+")
            }
            kind => kind.to_owned(),
        };
        culprits.iter().map(name).collect()
    }

    /// Names of what was varied.
    pub(crate) fn varied(&self) -> Vec<&str> {
        self.names("varied")
    }

    /// Names of what could not be tried.
    pub(crate) fn untried(&self) -> Vec<&str> {
        self.names("untried")
    }

    fn names(&self, list: &str) -> Vec<&str> {
        let list = self.value[list].as_array().unwrap();
        list.iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect()
    }
}
