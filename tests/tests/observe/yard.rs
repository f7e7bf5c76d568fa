//! A program, hosts with keys, and what they say.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use proto::attest::closure::Closure;
use proto::attest::dsse::Envelope;
use proto::attest::key::PublicKey;
use proto::attest::observation::Observation;
use serde_json::Value;
use tempfile::TempDir;
use testkit::environment;
use testkit::go::Toolchain;
use testkit::schema;

/// A program in a folder, with a home of its own: one host.
pub(crate) struct Yard {
    folder: TempDir,
    toolchain: Toolchain,
}

/// What a command said.
pub(crate) struct Answer {
    pub(crate) exit: i32,
    pub(crate) value: Value,
    pub(crate) said: String,
}

impl Yard {
    pub(crate) fn new(version: &str) -> Self {
        let yard = Self {
            folder: tempfile::tempdir().unwrap(),
            toolchain: Toolchain::find(version),
        };
        for name in ["home", "temporary"] {
            std::fs::create_dir(yard.path(name)).unwrap();
        }
        yard.write("go.mod", "module example.com/tool\n\ngo 1.21\n");
        yard.write(
            "main.go",
            "package main\n\nimport \"example.com/tool/greeting\"\n\nfunc main() { println(greeting.Text()) }\n",
        );
        // What is never called is compiled and not linked.
        yard.write(
            "greeting/greeting.go",
            "package greeting\n\n//go:noinline\nfunc Text() string { return \"hello from here\" }\n\n\
             //go:noinline\nfunc Dead() string { return \"never reached\" }\n",
        );
        yard
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path("source").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn go(&self) -> PathBuf {
        self.toolchain.program()
    }

    /// Makes the host's key, and returns its public half.
    pub(crate) fn key(&self) -> PublicKey {
        let path = self.path("host.key");
        let made = verify_build(&["key", "new", "--out"])
            .arg(&path)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", said(&made));
        self.public("host.key")
    }

    pub(crate) fn public(&self, key: &str) -> PublicKey {
        let shown = verify_build(&["key", "show", "--public"])
            .arg(self.path(key))
            .output()
            .unwrap();
        PublicKey::parse(&String::from_utf8(shown.stdout).unwrap()).unwrap()
    }

    /// `verify-build observe` with nothing of our environment but PATH.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = environment::command("verify-build");
        command
            .current_dir(self.path("source"))
            .env_clear()
            .env("PATH", environment::path())
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("temporary"))
            .env("GOPROXY", "off")
            .env("CGO_ENABLED", "0")
            .args(["observe", "--format", "json", "-o"])
            .arg(self.path("obs"))
            .arg("--go")
            .arg(self.go())
            .args(arguments);
        command
    }

    #[track_caller]
    pub(crate) fn observe(&self, arguments: &[&str]) -> Answer {
        self.judge(&mut self.command(arguments))
    }

    /// The same with the host's key, which is made when there is none.
    #[track_caller]
    pub(crate) fn signed(&self, arguments: &[&str]) -> Answer {
        let key = self.path("host.key");
        if !key.exists() {
            self.key();
        }
        let key = key.to_str().unwrap();
        self.observe(&[&["--key", key], arguments].concat())
    }

    #[track_caller]
    pub(crate) fn judge(&self, command: &mut Command) -> Answer {
        let output = command.output().unwrap();
        let answer = answer("observe-v1", &output);
        let left: Vec<_> = std::fs::read_dir(self.path("temporary")).unwrap().collect();
        assert!(left.is_empty(), "left behind: {left:?}");
        answer
    }

    /// The observations, in the order in which an answer names them.
    #[track_caller]
    pub(crate) fn observations(&self, answer: &Answer) -> Vec<(Envelope, Observation)> {
        let builds = answer.value["builds"].as_array().unwrap();
        builds
            .iter()
            .map(|build| read(Path::new(build["file"].as_str().unwrap())))
            .collect()
    }

    /// The packages that an observation names.
    pub(crate) fn closure(&self, observation: &Observation) -> Closure {
        let summary = observation.cache.closure.as_ref().unwrap();
        let path = self.path("obs").join(format!("{}.closure", summary.list));
        let closure = Closure::parse(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(closure.summary(), *summary);
        closure
    }

    /// A GOCACHE in which the program was built with plain go.
    pub(crate) fn gocache(&self, name: &str) -> PathBuf {
        let cache = self.path(name);
        let built = Command::new(self.go())
            .args(["build", "-trimpath", "-o"])
            .arg(self.path("plain"))
            .arg(".")
            .current_dir(self.path("source"))
            .env_clear()
            .env("PATH", environment::path())
            .env("HOME", self.path("home"))
            .env("GOCACHE", &cache)
            .env("GOPROXY", "off")
            .env("CGO_ENABLED", "0")
            .env("GOTOOLCHAIN", "local")
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", said(&built));
        cache
    }
}

/// Reads an observation's file.
#[track_caller]
pub(crate) fn read(path: &Path) -> (Envelope, Observation) {
    let bytes = std::fs::read(path).unwrap();
    let envelope = Envelope::parse(bytes.strip_suffix(b"\n").unwrap()).unwrap();
    let observation = Observation::of(&envelope).unwrap();
    (envelope, observation)
}

pub(crate) fn verify_build(arguments: &[&str]) -> Command {
    let mut command = environment::command("verify-build");
    command.args(arguments);
    command
}

/// What a command printed, checked against its schema.
#[track_caller]
pub(crate) fn answer(name: &str, output: &Output) -> Answer {
    let value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    if !value.is_null() {
        schema::check_as(name, &value);
    }
    Answer {
        exit: output.status.code().unwrap(),
        value,
        said: said(output),
    }
}

pub(crate) fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Replaces a text in place in the one package of a cache that has it, as somebody would
/// who can write to the cache: size, header and index line stay.
#[track_caller]
pub(crate) fn poison(cache: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut changed = 0;
    for folder in std::fs::read_dir(cache).unwrap().flatten() {
        let Ok(files) = std::fs::read_dir(folder.path()) else {
            continue;
        };
        for file in files.flatten() {
            let mut bytes = std::fs::read(file.path()).unwrap_or_default();
            let Some(at) = memchr::memmem::rfind(&bytes, from.as_bytes()) else {
                continue;
            };
            if bytes.starts_with(b"!<arch>") {
                bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
                std::fs::write(file.path(), bytes).unwrap();
                changed += 1;
            }
        }
    }
    assert_eq!(changed, 1, "{from}");
}
