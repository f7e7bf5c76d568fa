//! Small programs, built in as many ways as there are causes.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use testkit::environment;
use testkit::go::{Go, Toolchain};

use testkit::schema;

/// One program and the folder its builds go to.
pub(crate) struct Workshop {
    folder: TempDir,
    toolchain: Toolchain,
    builds: usize,
}

/// What verify-build said.
pub(crate) struct Answer {
    pub(crate) exit: i32,
    pub(crate) report: Value,
}

/// Package main of the program.
pub(crate) const MAIN: &str = "package main

import \"example.com/tool/greeting\"

var stamp = \"none\"

func main() { println(greeting.Text(), stamp) }
";

/// The package that it imports.
pub(crate) const GREETING: &str = "package greeting

//go:noinline
func Text() string { return \"hello\" }
";

impl Workshop {
    /// A program of two packages, for the newest Go.
    pub(crate) fn new() -> Self {
        Self::with("1.27.")
    }

    /// The same for another Go.
    pub(crate) fn with(version: &str) -> Self {
        let shop = Self {
            folder: tempfile::tempdir().unwrap(),
            toolchain: Toolchain::find(version),
            builds: 0,
        };
        shop.write("go.mod", "module example.com/tool\n\ngo 1.21\n");
        shop.write("main.go", MAIN);
        shop.write("greeting/greeting.go", GREETING);
        shop
    }

    /// The program's folder.
    pub(crate) fn source(&self) -> PathBuf {
        self.folder.path().join("source")
    }

    /// Writes a source file.
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.source().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Replaces a word in a source file.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let content = std::fs::read_to_string(self.source().join(name)).unwrap();
        assert!(content.contains(from));
        self.write(name, &content.replace(from, to));
    }

    /// Builds with -trimpath, settings (`NAME=value`) and flags.
    pub(crate) fn build(&mut self, settings: &[&str], flags: &[&str]) -> PathBuf {
        self.build_plain(settings, &[&["-trimpath"], flags].concat())
    }

    /// Builds without -trimpath.
    pub(crate) fn build_plain(&mut self, settings: &[&str], flags: &[&str]) -> PathBuf {
        let has_package = flags.last().is_some_and(|flag| flag.ends_with(".go"));
        let package: &[&str] = if has_package { &[] } else { &["."] };
        let output = self.output();
        let place = output.to_str().unwrap();
        let arguments = [&["build", "-o", place], flags, package].concat();
        self.go(settings).must(&self.source(), &arguments);
        output
    }

    /// Builds with -trimpath and logs what the go command hashes: the program
    /// and the log.
    pub(crate) fn build_logged(&mut self, settings: &[&str], flags: &[&str]) -> [PathBuf; 2] {
        let (output, log) = (self.output(), self.output());
        let place = output.to_str().unwrap();
        let arguments = [&["build", "-trimpath", "-o", place], flags, &["."]].concat();
        let go = self.go(settings).with("GODEBUG", "gocachehash=1");
        let outcome = go.run(&self.source(), &arguments);
        assert!(outcome.ok, "{}", outcome.stderr);
        std::fs::write(&log, outcome.stderr).unwrap();
        [output, log]
    }

    /// A path for one more file.
    pub(crate) fn output(&mut self) -> PathBuf {
        self.builds += 1;
        self.folder.path().join(format!("build-{}", self.builds))
    }

    fn go(&self, settings: &[&str]) -> Go {
        let go = Go::new(&self.toolchain, "off", "off").with("GOFLAGS", "-mod=mod");
        settings.iter().fold(go, |go, setting| {
            let (name, value) = setting.split_once('=').unwrap();
            go.with(name, value)
        })
    }
}

/// Runs another program and expects it to succeed.
pub(crate) fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap_or_else(|error| panic!("start {program}: {error}"));
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The program under test, with nothing of our environment.
pub(crate) fn verify_build() -> Command {
    environment::command("verify-build")
}

/// Compares files; the report is checked against its schema.
pub(crate) fn compare(files: &[&Path]) -> Answer {
    let output = verify_build()
        .args(["--format", "json"])
        .args(files)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    schema::check(&report);
    Answer {
        exit: output.status.code().unwrap(),
        report,
    }
}

/// Expects files that differ to be accepted, and every format for people that has checks to
/// say beside the passed one, as what.
#[track_caller]
pub(crate) fn accepts(accept: &str, files: [&Path; 2], as_what: &str) {
    for format in ["junit", "markdown", "html", "github"] {
        let output = verify_build()
            .args(["--accept", accept, "--format", format])
            .args(files)
            .output()
            .unwrap();
        // Markdown and workflow commands write some signs in another way.
        let said = String::from_utf8(output.stdout).unwrap();
        let said = said.replace('\\', "").replace("%3A", ":");
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.contains(as_what), "{format}: {said}");
        assert!(said.contains("this is not equality"), "{format}: {said}");
    }
}

impl Answer {
    /// The names of causes in order, `unexplained` too.
    pub(crate) fn causes(&self) -> Vec<&str> {
        let causes = self.report["causes"].as_array().unwrap();
        causes
            .iter()
            .map(|cause| cause["cause"].as_str().unwrap())
            .collect()
    }

    /// Expects different builds, this cause first and proven.
    #[track_caller]
    pub(crate) fn proves(&self, cause: &str) -> &Value {
        assert_eq!(self.exit, 1, "{:#}", self.report["summary"]);
        assert_eq!(self.report["verdict"], "different");
        let first = &self.report["causes"][0];
        assert_eq!(first["cause"], cause, "{:#}", self.report["causes"]);
        assert_eq!(first["confidence"], "proven", "{first:#}");
        assert!(!first["fix"].as_str().unwrap().is_empty());
        assert!(!first["evidence"].as_array().unwrap().is_empty());
        first
    }

    /// Expects this cause alone, proven, with nothing left open.
    #[track_caller]
    pub(crate) fn proves_only(&self, cause: &str) -> &Value {
        assert_eq!(self.causes(), [cause], "{:#}", self.report["causes"]);
        self.proves(cause)
    }

    /// Bytes that differ outside the stamps.
    pub(crate) fn remaining(&self) -> u64 {
        self.report["comparisons"][0]["bytes"]["remaining"]
            .as_u64()
            .unwrap()
    }

    /// The A/B/C/D pattern.
    pub(crate) fn pattern(&self) -> &str {
        self.report["comparisons"][0]["pattern"].as_str().unwrap()
    }
}
