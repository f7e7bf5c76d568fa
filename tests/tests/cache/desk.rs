//! A program, and caches that it was built with.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use testkit::go::{Go, Toolchain};
use testkit::{environment, schema};

const MAIN: &str = "package main

import (
\t\"example.com/tool/greeting\"
\t\"example.com/tool/seven\"
)

func main() { println(greeting.Text(), seven.Seven()) }
";

const GREETING: &str = "package greeting

//go:noinline
func Text() string { return \"hello, builder\" }
";

const SEVEN: &str = "package seven

// #include <seven.h>
// static int seven(void) { return SEVEN; }
import \"C\"

func Seven() int { return int(C.seven()) }
";

/// A program with a cgo package, and one cache.
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    toolchain: Toolchain,
}

/// What verify-build said.
pub(crate) struct Answer {
    pub(crate) exit: i32,
    pub(crate) report: Value,
}

impl Desk {
    /// A program whose cache nobody changed, filled by this Go.
    pub(crate) fn warm(version: &str) -> Self {
        Self::copied(version, "warm", |desk| drop(desk.build()))
    }

    /// The same program with a cache that holds the standard library alone.
    pub(crate) fn fresh(version: &str) -> Self {
        let fill = |desk: &Self| drop(desk.go(&["build", "-trimpath", "runtime/cgo"]));
        Self::copied(version, "fresh", fill)
    }

    /// Filling a cache is done once and copied.
    fn copied(version: &str, name: &str, fill: impl Fn(&Self)) -> Self {
        type Templates = BTreeMap<String, Arc<Mutex<Option<Desk>>>>;
        static TEMPLATES: LazyLock<Mutex<Templates>> = LazyLock::new(Mutex::default);
        let slot = TEMPLATES
            .lock()
            .unwrap()
            .entry(format!("{name} {version}"))
            .or_default()
            .clone();
        let mut slot = slot.lock().unwrap();
        let template = slot.get_or_insert_with(|| {
            let desk = Self::cold(version);
            fill(&desk);
            desk
        });
        let desk = Self::cold(version);
        fs::remove_dir_all(desk.cache()).unwrap();
        copy(&template.cache(), &desk.cache());
        desk
    }

    /// The same program with an empty cache.
    pub(crate) fn cold(version: &str) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
            toolchain: Toolchain::find(version),
        };
        fs::create_dir(desk.cache()).unwrap();
        desk.write("source/go.mod", "module example.com/tool\n\ngo 1.21\n");
        desk.write("source/main.go", MAIN);
        desk.write("source/greeting/greeting.go", GREETING);
        desk.write("source/seven/seven.go", SEVEN);
        desk.write("include/seven.h", "#define SEVEN 7\n");
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Packs the cache as CI services do.
    pub(crate) fn pack(&self, name: &str, compress: &str) -> PathBuf {
        let path = self.path(name);
        let done = Command::new("tar")
            .args(["-C", self.folder.path().to_str().unwrap(), compress, "-cf"])
            .args([path.as_path(), Path::new("cache")])
            .status();
        assert!(done.unwrap().success());
        path
    }

    /// Builds the program and returns what it prints when it runs.
    pub(crate) fn build(&self) -> String {
        self.build_with(&[])
    }

    /// The same with more flags.
    pub(crate) fn build_with(&self, flags: &[&str]) -> String {
        let program = self.path("program");
        // A program that is there and fits its build ID would not be linked anew.
        drop(fs::remove_file(&program));
        let output = program.to_str().unwrap();
        let arguments = [&["build", "-trimpath", "-o", output], flags, &["."]].concat();
        self.go(&arguments);
        let ran = Command::new(program).output().unwrap();
        String::from_utf8(ran.stderr).unwrap()
    }

    /// Runs the go command in the program's folder and returns what it printed.
    pub(crate) fn go(&self, arguments: &[&str]) -> String {
        // The header lies outside every package, and its folder's name must not
        // depend on the test.
        let include = self.path("include");
        let go = Go::new(&self.toolchain, "off", "off")
            .with("GOFLAGS", "-mod=mod")
            .with("CGO_ENABLED", "1")
            .with("C_INCLUDE_PATH", include.to_str().unwrap())
            .with("GOCACHE", self.cache().to_str().unwrap());
        go.must(&self.path("source"), arguments)
    }

    /// The compiled package in the cache.
    pub(crate) fn archive(&self, package: &str) -> PathBuf {
        let format = "{{.Export}}";
        let printed = self.go(&["list", "-trimpath", "-export", "-f", format, package]);
        PathBuf::from(printed.trim())
    }

    /// The index file that leads to an output.
    pub(crate) fn index_of(&self, output: &Path) -> PathBuf {
        let name = output.file_name().unwrap().to_str().unwrap();
        let output = name.strip_suffix("-d").unwrap().as_bytes();
        let leads = |path: &PathBuf| {
            path.to_str().unwrap().ends_with("-a")
                && fs::read(path).unwrap().get(68..132) == Some(output)
        };
        files(&self.cache()).into_iter().find(leads).unwrap()
    }

    /// A wrapper for `-toolexec` that leaves -V=full alone, and with it every
    /// key, and makes one package differently.
    pub(crate) fn wrapper(&self, package: &str, flag: &str) -> String {
        let script = format!(
            "#!/bin/sh\ntool=$1\nshift\ncase \"$tool $*\" in\n*-V=full*) exec \"$tool\" \"$@\" ;;\n*/compile\\ *\"-p {package} \"*) exec \"$tool\" {flag} \"$@\" ;;\nesac\nexec \"$tool\" \"$@\"\n"
        );
        self.write("wrapper", &script);
        let path = self.path("wrapper");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        format!("-toolexec={}", path.display())
    }

    /// Compares the cache with another one, or a tar archive of one.
    pub(crate) fn compare(&self, other: &Path) -> Answer {
        let cache = self.cache();
        run(
            "cache-compare-v1",
            &["compare".as_ref(), cache.as_path(), other],
        )
    }

    /// Audits the cache; what is printed is checked against its schema.
    pub(crate) fn audit(&self) -> Answer {
        let cache = self.cache();
        run("cache-audit-v1", &["audit".as_ref(), cache.as_path()])
    }
}

/// Runs `verify-build cache`.
pub(crate) fn run(form: &str, arguments: &[&Path]) -> Answer {
    let output = environment::command("verify-build")
        .arg("cache")
        .args(arguments)
        .args(["--format", "json"])
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    schema::check_as(form, &report);
    Answer {
        exit: output.status.code().unwrap(),
        report,
    }
}

impl Answer {
    pub(crate) fn findings(&self) -> &[Value] {
        self.report["findings"].as_array().unwrap()
    }

    /// Expects this verdict and exit code.
    #[track_caller]
    pub(crate) fn is(&self, verdict: &str, exit: i32) {
        assert_eq!(self.report["verdict"], verdict, "{:#}", self.report);
        assert_eq!(self.exit, exit);
    }

    /// Expects one finding of this rule and returns it.
    #[track_caller]
    pub(crate) fn one(&self, rule: &str) -> &Value {
        let found: Vec<&Value> = self
            .findings()
            .iter()
            .filter(|finding| finding["rule"] == rule)
            .collect();
        let [one] = found[..] else {
            panic!("{rule}: {:#}", self.report["findings"])
        };
        one
    }
}

/// Every file below a folder, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// All that can be seen of a folder: names, modes, sizes, times, contents.
pub(crate) fn picture(folder: &Path) -> Vec<String> {
    let seen = |path: PathBuf| {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let content = Sha256::digest(fs::read(&path).unwrap_or_default());
        format!(
            "{} {:o} {} {}.{} {}",
            path.display(),
            metadata.mode(),
            metadata.len(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            hex::encode(content)
        )
    };
    files(folder).into_iter().map(seen).collect()
}

/// Copies a folder, modes and links too.
pub(crate) fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(done.unwrap().success());
}

/// Replaces a word by one of the same length, everywhere in a file. The
/// modification time stays: a poisoner would see to that.
pub(crate) fn replace(file: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let time = fs::metadata(file).unwrap().modified().unwrap();
    let mut bytes = fs::read(file).unwrap();
    let mut replaced = 0;
    while let Some(at) = bytes
        .windows(from.len())
        .position(|window| window == from.as_bytes())
    {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        replaced += 1;
    }
    assert!(replaced > 0, "{from} is not in {}", file.display());
    fs::write(file, bytes).unwrap();
    let file = fs::File::options().write(true).open(file).unwrap();
    file.set_modified(time).unwrap();
}
