//! The real go command, each use with a home of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::environment;

/// A Go distribution under `target/go`, brought there by `tests/run.sh`.
#[derive(Clone, Debug)]
pub struct Toolchain {
    version: String,
    root: PathBuf,
}

impl Toolchain {
    /// The oldest and the newest Go that the tests drive.
    #[must_use]
    pub fn both() -> [Self; 2] {
        [Self::find("1.21."), Self::find("1.27.")]
    }

    /// The distribution whose version starts with `prefix`.
    ///
    /// # Panics
    /// When there is none: `tests/run.sh go` brings it.
    #[must_use]
    pub fn find(prefix: &str) -> Self {
        let folder = environment::checkout().join("target/go");
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let found = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.starts_with(prefix))
            .map(|version| Self {
                root: folder.join(&version).join("go"),
                version,
            })
            .find(|toolchain| toolchain.program().is_file());
        found.unwrap_or_else(|| {
            panic!(
                "no Go {prefix}* in {}; run: bash tests/run.sh go",
                folder.display()
            )
        })
    }

    /// Its version, such as `1.21.13`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// GOROOT.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The go command.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        self.root.join("bin/go")
    }
}

/// A person's desk: a go command with a HOME, GOPATH and module cache that
/// nobody used before, and settings for where modules come from.
pub struct Go {
    toolchain: Toolchain,
    home: TempDir,
    settings: Vec<(String, String)>,
}

/// What a go command left behind.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub ok: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Go {
    /// A new desk. GOPROXY is `proxy` and GOSUMDB `sumdb`; all else is as Go
    /// has it out of the box, except that module files can be deleted again.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    #[must_use]
    pub fn new(toolchain: &Toolchain, proxy: &str, sumdb: &str) -> Self {
        let settings = [
            ("GOPROXY", proxy),
            ("GOSUMDB", sumdb),
            ("GOTOOLCHAIN", "local"),
            ("GOFLAGS", "-modcacherw"),
            ("GOTELEMETRY", "off"),
            ("CGO_ENABLED", "0"),
        ];
        Self {
            toolchain: toolchain.clone(),
            home: tempfile::tempdir().expect("make a home for go"),
            settings: settings
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
        }
    }

    /// Sets one more variable of the go command's environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(held, _)| held != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Empties the module cache but keeps GOPATH's memory of checksum databases,
    /// as `go clean -modcache` does.
    ///
    /// # Panics
    /// When the files cannot be removed.
    pub fn forget_modules(&self) {
        let cache = self.module_cache();
        if cache.exists() {
            std::fs::remove_dir_all(cache).expect("empty the module cache");
        }
    }

    /// Runs `go <arguments>` in `folder`.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn run(&self, folder: &Path, arguments: &[&str]) -> Outcome {
        let output = self
            .command(folder)
            .args(arguments)
            .output()
            .expect("start the go command");
        Outcome {
            ok: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs `go <arguments>` in `folder` and returns what it printed.
    ///
    /// # Panics
    /// With what it said, when it fails.
    #[track_caller]
    pub fn must(&self, folder: &Path, arguments: &[&str]) -> String {
        let outcome = self.run(folder, arguments);
        assert!(
            outcome.ok,
            "go{} {}: {}{}",
            self.toolchain.version,
            arguments.join(" "),
            outcome.stdout,
            outcome.stderr
        );
        outcome.stdout
    }

    /// Runs `go <arguments>` in `folder`, expecting it to fail; returns what it
    /// said.
    ///
    /// # Panics
    /// When it succeeds.
    #[track_caller]
    pub fn must_fail(&self, folder: &Path, arguments: &[&str]) -> String {
        let outcome = self.run(folder, arguments);
        assert!(
            !outcome.ok,
            "go{} {} should have failed: {}",
            self.toolchain.version,
            arguments.join(" "),
            outcome.stdout
        );
        outcome.stderr
    }

    /// The go command with this desk's environment and nothing else of ours.
    #[must_use]
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(self.toolchain.program());
        let home = self.home.path();
        let kept = format!("go-build-{}", self.toolchain.version);
        command
            .current_dir(folder)
            .env_clear()
            .env("PATH", environment::path())
            .env("HOME", home)
            .env("GOPATH", home.join("go"))
            .env("GOMODCACHE", self.module_cache())
            .env("GOENV", "off")
            // Compiled packages are keyed by their content, so sharing them
            // between tests only saves compiling the standard library again.
            .env("GOCACHE", environment::kept(&kept))
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// GOMODCACHE.
    #[must_use]
    pub fn module_cache(&self) -> PathBuf {
        self.home.path().join("modules")
    }
}

/// Copies the files of `from`, without its sub-folders, to a new folder.
///
/// # Panics
/// When they cannot be copied.
#[must_use]
pub fn copy_program(from: &Path) -> TempDir {
    let folder = tempfile::tempdir().expect("make a folder for a program");
    for entry in std::fs::read_dir(from).expect("read the program's folder") {
        let entry = entry.expect("read the program's folder");
        if entry.path().is_file() {
            let content = std::fs::read(entry.path()).expect("read a source file");
            std::fs::write(folder.path().join(entry.file_name()), content)
                .expect("write a source file");
        }
    }
    folder
}

/// A new program that imports `packages` and requires `requirements`
/// (`path version`), without a go.sum.
///
/// # Panics
/// When it cannot be written.
#[must_use]
pub fn program(packages: &[&str], requirements: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("make a folder for a program");
    let mut go_mod = "module example.com/program\n\ngo 1.21\n".to_owned();
    for requirement in requirements {
        go_mod.push_str(&format!("\nrequire {requirement}\n"));
    }
    let imports: String = packages
        .iter()
        .map(|package| format!("\t_ \"{package}\"\n"))
        .collect();
    let source = format!("package main\n\nimport (\n{imports})\n\nfunc main() {{}}\n");
    std::fs::write(folder.path().join("go.mod"), go_mod).expect("write go.mod");
    std::fs::write(folder.path().join("main.go"), source).expect("write main.go");
    folder
}
