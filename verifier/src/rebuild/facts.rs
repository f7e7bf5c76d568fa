//! What a program is built from and with, and on: the same for every build of a
//! run, and the part of a record that another host must match.

mod c_compiler;
mod revision;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use proto::digest::Digest;
use serde::Serialize;

use super::interrupt::Interrupt;
use super::machine::Machine;
use super::project::Project;
pub use c_compiler::CCompiler;
pub use revision::Revision;

/// What goes into a build.
#[derive(Debug, Clone, Serialize)]
pub struct Facts {
    /// The Go toolchain.
    pub toolchain: Toolchain,
    /// The C compiler; null where no C code goes into the program.
    pub c_compiler: Option<CCompiler>,
    /// SHA-256 of go.mod; null where there is none.
    pub go_mod: Option<String>,
    /// SHA-256 of go.sum.
    pub go_sum: Option<String>,
    /// SHA-256 of go.work.
    pub go_work: Option<String>,
    /// The commit that the sources are of; null outside version control.
    pub revision: Option<Revision>,
}

/// A Go toolchain.
#[derive(Debug, Clone, Serialize)]
pub struct Toolchain {
    /// `go env GOVERSION`.
    pub version: String,
    /// The whole file GOROOT/VERSION; null where there is none.
    pub version_file: Option<String>,
    /// GOROOT.
    pub goroot: String,
    /// SHA-256 of the go command and of each tool beside the compiler.
    pub programs: BTreeMap<String, String>,
    /// What `go env` says of the target and of what shapes code, by name.
    pub settings: BTreeMap<String, String>,
}

/// The host of a build.
#[derive(Debug, Clone, Serialize)]
pub struct Host {
    /// Operating system and release.
    pub kernel: String,
    /// The operating system in Go's words.
    pub os: String,
    /// The architecture in Go's words.
    pub arch: String,
    /// Processors that builds may use; 0 where that can't be told.
    pub cpus: u64,
}

/// What of `go env` shapes a program.
const SETTINGS: &[&str] = &[
    "CC",
    "CGO_CFLAGS",
    "CGO_CPPFLAGS",
    "CGO_CXXFLAGS",
    "CGO_ENABLED",
    "CGO_LDFLAGS",
    "CXX",
    "GO386",
    "GOAMD64",
    "GOARCH",
    "GOARM",
    "GOARM64",
    "GODEBUG",
    "GOEXPERIMENT",
    "GOFIPS140",
    "GOFLAGS",
    "GOHOSTARCH",
    "GOHOSTOS",
    "GOMIPS",
    "GOMIPS64",
    "GOOS",
    "GOPPC64",
    "GORISCV64",
    "GOWASM",
    "GOWORK",
];

/// The largest file hashed, in bytes.
const FILE_MAX: u64 = 1 << 30;

/// The most tools hashed.
const TOOLS_MAX: usize = 64;

/// How long a question to git or a C compiler may take.
const QUESTION: Duration = Duration::from_secs(60);

impl Facts {
    /// Looks them up.
    pub fn of(project: &Project, machine: &Machine, interrupt: &Interrupt) -> Self {
        let module = Path::new(project.env("GOMOD")).parent();
        let beside = |name: &str| module.and_then(|module| sha256(&module.join(name)));
        let work = project.env("GOWORK");
        Self {
            toolchain: Toolchain::of(project),
            c_compiler: project
                .has_cgo
                .then(|| CCompiler::of(project, machine, interrupt)),
            go_mod: beside("go.mod"),
            go_sum: beside("go.sum"),
            go_work: Some(work)
                .filter(|work| !matches!(*work, "" | "off"))
                .and_then(|work| sha256(Path::new(work))),
            revision: Revision::of(project, machine, interrupt),
        }
    }
}

impl Toolchain {
    fn of(project: &Project) -> Self {
        let goroot = Path::new(project.env("GOROOT"));
        let mut programs = BTreeMap::new();
        programs.extend(sha256(&project.go).map(|hash| ("go".to_owned(), hash)));
        let tools = fs::read_dir(project.env("GOTOOLDIR"))
            .into_iter()
            .flatten()
            .flatten();
        let mut tools: Vec<_> = tools.map(|tool| tool.path()).collect();
        tools.sort();
        for tool in tools.iter().take(TOOLS_MAX) {
            let name = tool.file_name().unwrap_or_default().to_string_lossy();
            programs.extend(sha256(tool).map(|hash| (name.into_owned(), hash)));
        }
        let settings = SETTINGS.iter().filter_map(|name| {
            let value = project.env.get(*name)?;
            Some(((*name).to_owned(), value.clone()))
        });
        Self {
            version: project.env("GOVERSION").to_owned(),
            version_file: text(&goroot.join("VERSION")),
            goroot: goroot.display().to_string(),
            programs,
            settings: settings.collect(),
        }
    }
}

impl Host {
    /// Takes down the host.
    pub fn of(project: &Project, machine: &Machine) -> Self {
        Self {
            kernel: machine.kernel.clone(),
            os: project.env("GOHOSTOS").to_owned(),
            arch: project.env("GOHOSTARCH").to_owned(),
            cpus: machine.processors.len() as u64,
        }
    }
}

/// Returns the SHA-256 of a file in hexadecimal; `None` where it can't be read.
fn sha256(path: &Path) -> Option<String> {
    let file = fs::File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let digest = Digest::of(file.take(FILE_MAX)).ok()?;
    Some(hex::encode(digest.sha256))
}

/// Returns a short text file.
fn text(path: &Path) -> Option<String> {
    let mut text = String::new();
    let file = fs::File::open(path).ok()?;
    file.take(64 << 10).read_to_string(&mut text).ok()?;
    Some(text)
}
