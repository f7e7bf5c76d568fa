//! What is changed: programs and a cache that the real go command made, once, and
//! folders for copies of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use verifier::artifact::Artifact;
use verifier::input::Input;

const MAIN: &str = "package main

var listen, admin = 8080, 9090

//go:noinline
func sum(a, b int) int { return a + b }

func main() { println(\"payments go to alice\", listen, admin, sum(1, 2)) }
";

const GO_MOD: &str = "module example.com/claims\n\ngo 1.21\n";

/// A target, and whether symbols are left out.
const PROGRAMS: [(&str, &str, bool); 4] = [
    ("linux", "amd64", false),
    ("linux", "amd64", true),
    ("windows", "amd64", true),
    ("darwin", "arm64", true),
];

/// The programs, looked into.
pub(super) fn programs() -> &'static [Artifact] {
    static PROGRAMS_READ: LazyLock<Vec<Artifact>> = LazyLock::new(|| {
        let read = |(os, arch, stripped)| {
            let bytes = fs::read(program(os, arch, stripped)).expect("a program that was built");
            artifact(bytes)
        };
        PROGRAMS.into_iter().map(read).collect()
    });
    &PROGRAMS_READ
}

/// A file that was never on disk. Its hash is only compared, and only with others
/// of another content.
pub(super) fn artifact(bytes: Vec<u8>) -> Artifact {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let mut sha256 = [0; 32];
    sha256[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    Artifact::of(Input {
        path: PathBuf::from("program"),
        bytes: bytes.into(),
        sha256,
        identity: None,
    })
}

fn program(os: &str, arch: &str, stripped: bool) -> PathBuf {
    let place = kept().join(format!("program-{os}-{arch}-{stripped}"));
    if !place.is_file() {
        let scratch = Scratch::new();
        scratch.write("go.mod", GO_MOD.as_bytes());
        scratch.write("main.go", MAIN.as_bytes());
        let flags = if stripped {
            "-ldflags=-s -w"
        } else {
            "-ldflags="
        };
        let mut go = go(&scratch);
        go.envs([("GOOS", os), ("GOARCH", arch)]);
        go.args(["build", "-trimpath", flags, "-o", "made", "."]);
        run(go);
        // Whole or not at all: other processes look for it too.
        fs::rename(scratch.path("made"), &place).expect("move a program");
    }
    place
}

/// The files of a build cache with two packages that import nothing, by their
/// names in it.
pub(super) fn cache() -> &'static [(PathBuf, Vec<u8>)] {
    static CACHE: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| {
        let scratch = Scratch::new();
        scratch.write("go.mod", GO_MOD.as_bytes());
        for package in ["one", "two"] {
            let text = format!("package {package}\n\nfunc F() string {{ return \"{package}\" }}\n");
            scratch.write(format!("{package}/f.go"), text.as_bytes());
        }
        let mut go = go(&scratch);
        go.env("GOCACHE", scratch.path("cache"));
        go.args(["build", "-trimpath", "./one", "./two"]);
        run(go);
        let mut files = Vec::new();
        let top = scratch.path("cache");
        for folder in entries(&top).into_iter().filter(|path| path.is_dir()) {
            for file in entries(&folder).into_iter().filter(|path| path.is_file()) {
                let name = file.strip_prefix(&top).expect("a path below it").to_owned();
                files.push((name, fs::read(file).expect("a file of the cache")));
            }
        }
        files.sort();
        files
    });
    &CACHE
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the cache");
    entries
        .map(|entry| entry.expect("an entry of the cache").path())
        .collect()
}

fn go(scratch: &Scratch) -> Command {
    let (version, program) = toolchain();
    let mut command = Command::new(program);
    command
        .current_dir(&scratch.folder)
        .env_clear()
        .env("HOME", scratch.path("home"))
        .env("GOPATH", scratch.path("home/go"))
        .env(
            "GOCACHE",
            root().join(format!("target/kept/go-build-{version}")),
        )
        .envs([
            ("GOENV", "off"),
            ("GOPROXY", "off"),
            ("GOTOOLCHAIN", "local"),
        ])
        .envs([
            ("GOTELEMETRY", "off"),
            ("CGO_ENABLED", "0"),
            ("GOFLAGS", "-buildvcs=false"),
        ]);
    command
}

/// The newest Go that `tests/run.sh` brought.
fn toolchain() -> (String, PathBuf) {
    let folders = entries(&root().join("target/go"));
    let name = |path: &PathBuf| path.file_name()?.to_str().map(str::to_owned);
    let newest = folders
        .iter()
        .filter_map(name)
        .filter(|name| name.starts_with("1.27."));
    let version = newest.max().expect("a Go: bash tests/run.sh go");
    let program = root().join("target/go").join(&version).join("go/bin/go");
    (version, program)
}

fn run(mut command: Command) {
    let output = command.output().expect("start the go command");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// The checkout, above the crate that this is compiled in.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_root = |folder: &&Path| folder.join("verifier/Cargo.toml").is_file();
    here.ancestors()
        .find(is_root)
        .expect("a crate of the checkout")
}

fn kept() -> PathBuf {
    let folder = root().join("target/kept/claims");
    fs::create_dir_all(&folder).expect("make a folder under target");
    folder
}

/// A folder that goes away again.
pub(super) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    pub(super) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("scratch-{}-{number}", std::process::id());
        let folder = kept().join(name);
        // One of an earlier process of this number may have been left.
        drop(fs::remove_dir_all(&folder));
        fs::create_dir(&folder).expect("make a scratch folder");
        Self { folder }
    }

    pub(super) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn write(&self, name: impl AsRef<Path>, content: &[u8]) {
        let path = self.path(name);
        let folder = path.parent().expect("a path below the folder");
        fs::create_dir_all(folder).expect("make a folder");
        fs::write(path, content).expect("write a file");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}
