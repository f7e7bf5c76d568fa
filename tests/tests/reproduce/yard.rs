//! A source, a folder of modules that serves as GOPROXY, programs built from both, and the
//! command that builds them again.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use testkit::environment;
use testkit::git;
use testkit::go::{Go, Toolchain};
use testkit::module::Module;
use testkit::schema;
use testkit::zip::Entry;

/// The program: two variables that -X may set, a file for a tag, a required module.
const MAIN: &str = "package main

import \"example.com/lib\"

var version = \"dev\"
var commit string

func main() { println(\"hello\", version, commit, kind(), lib.Name()) }
";

const PLAIN: &str = "//go:build !special

package main

func kind() string { return \"plain\" }
";

const SPECIAL: &str = "//go:build special

package main

func kind() string { return \"a special one\" }
";

const GO_MOD: &str = "module example.com/tool

go 1.21

require example.com/lib v1.0.0
";

/// A place for a source and what is built from it.
pub(crate) struct Yard {
    folder: TempDir,
    toolchain: Toolchain,
    built: usize,
}

/// What a run said.
pub(crate) struct Answer {
    pub(crate) exit: i32,
    pub(crate) value: Value,
}

impl Yard {
    /// A source in a repository of git, and the same as module example.com/tool v1.0.0.
    pub(crate) fn new(version: &str) -> Self {
        let yard = Self {
            folder: tempfile::tempdir().unwrap(),
            toolchain: Toolchain::find(version),
            built: 0,
        };
        for name in ["home", "temporary", "proxy"] {
            std::fs::create_dir(yard.at(name)).unwrap();
        }
        let lib = Module::library("example.com/lib", "v1.0.0");
        lib.write(&yard.at("proxy"));
        Module::library("example.com/lib", "v1.1.0").write(&yard.at("proxy"));
        yard.write("go.mod", GO_MOD);
        yard.write("go.sum", &lib.go_sum());
        yard.write("cmd/tool/main.go", MAIN);
        yard.write("cmd/tool/plain.go", PLAIN);
        yard.write("cmd/tool/special.go", SPECIAL);
        yard.module("v1.0.0").write(&yard.at("proxy"));
        git::commit_all(&yard.source());
        yard
    }

    /// The source as a module.
    pub(crate) fn module(&self, version: &str) -> Module {
        let entry =
            |name: &str| Entry::new(name, &std::fs::read(self.source().join(name)).unwrap());
        let mut names: Vec<String> = walk(&self.source())
            .iter()
            .filter_map(|file| file.strip_prefix(self.source()).ok()?.to_str())
            .filter(|name| !name.starts_with(".git/") && *name != "go.mod")
            .map(str::to_owned)
            .collect();
        names.sort();
        Module {
            path: "example.com/tool".into(),
            version: version.into(),
            go_mod: std::fs::read_to_string(self.source().join("go.mod")).unwrap(),
            files: names.iter().map(|name| entry(name)).collect(),
        }
    }

    /// A place in the yard.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The checkout.
    pub(crate) fn source(&self) -> PathBuf {
        self.at("source")
    }

    /// Writes a file of the source.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.source().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The go command with its settings (`NAME=value`).
    pub(crate) fn go(&self, settings: &[&str]) -> Go {
        // Where people have it who have their source in a home folder.
        let cache = self.at("go/pkg/mod").display().to_string();
        let go = Go::new(&self.toolchain, &self.proxy(), "off").with("GOMODCACHE", &cache);
        settings.iter().fold(go, |go, setting| {
            let (name, value) = setting.split_once('=').unwrap();
            go.with(name, value)
        })
    }

    /// GOPROXY.
    pub(crate) fn proxy(&self) -> String {
        format!("file://{}", self.at("proxy").display())
    }

    /// Builds the program of the checkout.
    #[track_caller]
    pub(crate) fn build(&mut self, settings: &[&str], flags: &[&str]) -> PathBuf {
        let source = self.source();
        self.build_in(&source, settings, flags, &["./cmd/tool"])
    }

    /// Builds packages in a folder.
    #[track_caller]
    pub(crate) fn build_in(
        &mut self,
        folder: &Path,
        settings: &[&str],
        flags: &[&str],
        packages: &[&str],
    ) -> PathBuf {
        let output = self.output();
        let place = output.to_str().unwrap();
        let words = [&["build", "-o", place], flags, packages].concat();
        let _ = self.go(settings).must(folder, &words);
        output
    }

    /// Builds the module as `go install path@version` does.
    #[track_caller]
    pub(crate) fn install(&mut self, settings: &[&str], flags: &[&str]) -> PathBuf {
        let output = self.output();
        std::fs::create_dir(&output).unwrap();
        let place = format!("GOPATH={}", output.display());
        let words = [&["install"], flags, &["example.com/tool/cmd/tool@v1.0.0"]].concat();
        let folder = self.at("home");
        let _ = self
            .go(&[settings, &[place.as_str()]].concat())
            .must(&folder, &words);
        let mut found = walk(&output.join("bin"));
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    /// A path for one more file.
    pub(crate) fn output(&mut self) -> PathBuf {
        self.built += 1;
        self.at(&format!("built-{}", self.built))
    }

    /// `verify-build reproduce`, with nothing of our environment but PATH.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = environment::command("verify-build");
        command
            .current_dir(self.at("home"))
            .env("PATH", environment::path())
            .env("HOME", self.at("home"))
            .env("TMPDIR", self.at("temporary"))
            .env("GOPROXY", self.proxy())
            .env("GOSUMDB", "off")
            .arg("reproduce")
            .args(arguments);
        if !arguments.contains(&"--go") {
            command.arg("--go").arg(self.toolchain.root());
        }
        command
    }

    /// Builds a program again; the answer is checked against its schemas, and that nothing
    /// is left behind.
    #[track_caller]
    pub(crate) fn reproduce(&self, program: &Path, arguments: &[&str]) -> Answer {
        let program = program.to_str().unwrap();
        let words = [&["--format", "json", program], arguments].concat();
        let output = self.command(&words).output().unwrap();
        let answer = judge(&output);
        let left = std::fs::read_dir(self.at("temporary")).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
        answer
    }

    /// The same from the checkout.
    #[track_caller]
    pub(crate) fn with_checkout(&self, program: &Path) -> Answer {
        let source = self.source();
        self.reproduce(program, &["--source", source.to_str().unwrap()])
    }
}

/// Every file below a folder.
pub(crate) fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Reads an answer and checks it.
#[track_caller]
pub(crate) fn judge(output: &Output) -> Answer {
    let value: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", said(output)));
    schema::check_as("reproduce-v1", &value);
    if !value["comparison"].is_null() {
        schema::check_as("report-v1", &value["comparison"]);
    }
    Answer {
        exit: output.status.code().unwrap(),
        value,
    }
}

/// What a program complained.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

impl Answer {
    /// Expects the same bytes, and returns the command that gives them.
    #[track_caller]
    pub(crate) fn equal(&self) -> String {
        assert_eq!(self.value["verdict"], "equal", "{:#}", self.brief());
        assert_eq!(self.exit, 0);
        assert!(self.value["comparison"].is_null());
        let commands = self.value["commands"].as_array().unwrap();
        commands.last().unwrap().as_str().unwrap().to_owned()
    }

    /// The answer without the long parts.
    pub(crate) fn brief(&self) -> Value {
        let mut value = self.value.clone();
        for part in ["comparison", "recipe"] {
            value.as_object_mut().unwrap().remove(part);
        }
        value
    }

    /// All notes as one text.
    pub(crate) fn notes(&self) -> String {
        let notes = self.value["notes"].as_array().unwrap();
        let notes: Vec<&str> = notes.iter().map(|note| note.as_str().unwrap()).collect();
        notes.join("\n")
    }

    /// The number of builds.
    pub(crate) fn builds(&self) -> usize {
        self.value["steps"].as_array().unwrap().len()
    }
}
