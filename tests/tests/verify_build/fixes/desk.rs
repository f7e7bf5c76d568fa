//! Where programs are built, fixes followed and both compared again.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use testkit::environment;
use testkit::go::Toolchain;

use crate::workshop::{Answer, GREETING, MAIN, compare};

/// A folder with sources, programs and go commands of three releases.
pub(super) struct Desk {
    folder: TempDir,
}

/// Two programs, and the folder in which the second was built.
pub(super) struct Built {
    pub(super) a: PathBuf,
    pub(super) b: PathBuf,
    pub(super) source: PathBuf,
}

impl Desk {
    pub(super) fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for version in ["1.21.", "1.24.", "1.27."] {
            let toolchain = Toolchain::find(version);
            let program = toolchain.program();
            // The go command looks for another release on the PATH before it fetches it.
            desk.program(&format!("go{}", toolchain.version()), &program);
            if version == "1.27." {
                desk.program("go", &program);
            }
        }
        desk.source("source");
        desk
    }

    fn program(&self, name: &str, program: &Path) {
        use std::os::unix::fs::PermissionsExt as _;
        let script = format!("#!/bin/sh\nexec {} \"$@\"\n", program.display());
        let path = self.path("bin").join(name);
        std::fs::create_dir_all(self.path("bin")).unwrap();
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program of two packages.
    pub(super) fn source(&self, name: &str) -> PathBuf {
        let source = self.path(name);
        std::fs::create_dir_all(source.join("greeting")).unwrap();
        std::fs::write(
            source.join("go.mod"),
            "module example.com/tool\n\ngo 1.21\n",
        )
        .unwrap();
        std::fs::write(source.join("main.go"), MAIN).unwrap();
        std::fs::write(source.join("greeting/greeting.go"), GREETING).unwrap();
        source
    }

    /// Runs lines of a shell and expects each to succeed; returns what they printed.
    #[track_caller]
    pub(super) fn run(&self, folder: &Path, script: &str) -> String {
        let bin = self.path("bin");
        // Other tests compile the standard library there, too.
        let cache = format!("go-build-{}", Toolchain::find("1.27.").version());
        let output = Command::new("sh")
            .args(["-e", "-c", script])
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{}:{}", bin.display(), environment::path()))
            .env("HOME", self.path("home"))
            .env("GOPATH", self.path("home/go"))
            .env("GOMODCACHE", self.path("modules"))
            .env("GOCACHE", environment::kept(&cache))
            .env("GOENV", "off")
            .env("GOTELEMETRY", "off")
            .env("GOTOOLCHAIN", "local")
            .env(
                "GOPROXY",
                format!("file://{}", self.path("proxy").display()),
            )
            .env("GOSUMDB", "off")
            .env("GOFLAGS", "-modcacherw")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_NAME", "Test")
            .env("GIT_AUTHOR_EMAIL", "test@example.com")
            .env("GIT_COMMITTER_NAME", "Test")
            .env("GIT_COMMITTER_EMAIL", "test@example.com")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Builds by a line as a person types it, and moves the program to `name`.
    #[track_caller]
    pub(super) fn build(&self, folder: &Path, line: &str, name: &str) -> PathBuf {
        let output = self.path(name);
        let line = match line.contains(" install ") {
            // Programs of the module cache go to a folder of their own.
            true => format!(
                "GOBIN={} {line} && mv {0}/* {}",
                self.path("installed").display(),
                output.display()
            ),
            false => line.replacen(" build ", &format!(" build -o {} ", output.display()), 1),
        };
        self.run(folder, &line);
        output
    }

    /// Two builds of one source, each by its own line.
    #[track_caller]
    pub(super) fn both(&self, a: &str, b: &str) -> Built {
        let source = self.path("source");
        Built {
            a: self.build(&source, a, "a"),
            b: self.build(&source, b, "b"),
            source,
        }
    }

    /// Runs what the report says to run, in the second program's folder, and compares the
    /// program that this gives with the first.
    #[track_caller]
    pub(super) fn follow(&self, built: &Built, answer: &Answer) -> Answer {
        let next = &answer.report["comparisons"][0]["next"];
        let mut folder = built.source.clone();
        for line in next["before"].as_array().unwrap() {
            let line = line.as_str().unwrap();
            self.run(&folder, line);
            if line.contains("&& cd build") {
                folder.push("build");
            }
        }
        let rebuilt = self.build(&folder, next["command"].as_str().unwrap(), "rebuilt");
        compare(&[&built.a, &rebuilt])
    }

    /// Expects a cause whose fix holds this, and that following it gives equal bytes.
    #[track_caller]
    pub(super) fn reaches(&self, built: &Built, cause: &str, fix: &str) {
        let answer = compare(&[&built.a, &built.b]);
        let said = answer.fix(cause);
        assert!(said.contains(fix), "{said}");
        let followed = self.follow(built, &answer);
        let left = &followed.report["causes"];
        assert_eq!(followed.exit, 0, "after {}: {left:#}", next(&answer));
    }
}

impl Answer {
    /// The fix of a cause.
    #[track_caller]
    pub(super) fn fix(&self, cause: &str) -> String {
        let mut causes = self.report["causes"].as_array().unwrap().iter();
        let found = causes.find(|found| found["cause"] == cause);
        let found = found.unwrap_or_else(|| panic!("{cause}: {:#}", self.report["causes"]));
        found["fix"].as_str().unwrap().to_owned()
    }
}

fn next(answer: &Answer) -> &Value {
    &answer.report["comparisons"][0]["next"]["command"]
}
