//! What a program is built from and with, and on: the same for every build of a
//! run.

mod c_side;
mod flags;
mod source;
mod sysroot;
mod toolchain;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use proto::digest::Digest;
use proto::inputs::Inputs;
use serde::Serialize;

use super::project::{Asking, Project};
use crate::host::machine::Machine;
use crate::host::redaction::Redaction;
use crate::host::{child, public};
use crate::opening::{self, Links};

/// What goes into a build.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What another host must match.
    pub inputs: Inputs,
    /// The `h1:` of the Go installation, as the checksum database has it of an official
    /// one, over all that the module `golang.org/toolchain` has; `None` where
    /// `inputs.toolchain.h1` is.
    pub toolchain_h1: Option<String>,
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

/// What of `go env` says what a program is for.
const TARGET: &[&str] = &[
    "CGO_ENABLED",
    "GO386",
    "GOAMD64",
    "GOARCH",
    "GOARM",
    "GOARM64",
    "GOEXPERIMENT",
    "GOFIPS140",
    "GOMIPS",
    "GOMIPS64",
    "GOOS",
    "GOPPC64",
    "GORISCV64",
    "GOWASM",
];

/// Variables that shape programs and are not in `go env`.
const BESIDE_GO_ENV: &[&str] = &["GOROOT_FINAL", "GO_EXTLINK_ENABLED", "GO_LDSO"];

/// The largest file hashed, in bytes.
const FILE_MAX: u64 = 1 << 30;

/// How long a question to git or a C compiler may take.
const QUESTION: Duration = Duration::from_secs(60);

impl Facts {
    /// Looks them up.
    ///
    /// # Errors
    /// When the run is interrupted.
    pub fn of(
        project: &Project,
        machine: &Machine,
        asking: &Asking<'_>,
        redaction: &Redaction,
    ) -> anyhow::Result<Self> {
        let mut unstated = Unstated::default();
        let source = source::of(project, machine, asking, &mut unstated);
        let (toolchain, toolchain_h1) = toolchain::of(project, &mut unstated);
        let commit = source.revision.as_ref().map(|one| one.commit.as_str());
        let inputs = Inputs {
            package: project.package.clone(),
            flags: flags::of(project, commit, &mut unstated),
            target: target(project, &mut unstated),
            cgo: project
                .has_cgo
                .then(|| c_side::of(project, machine, asking, redaction, &mut unstated)),
            source,
            toolchain,
            unstated: unstated.0,
        };
        // Questions that an interrupt cut short look like ones without an answer.
        if asking.interrupt.is_set() {
            return Err(child::Error::Interrupted.into());
        }
        Ok(Self {
            inputs,
            toolchain_h1,
        })
    }

    /// Returns the commit that the sources are of.
    pub fn commit(&self) -> Option<&str> {
        let revision = self.inputs.source.revision.as_ref();
        revision.map(|revision| revision.commit.as_str())
    }
}

/// Names of what shapes the program and is not pinned.
#[derive(Debug, Default)]
struct Unstated(BTreeSet<String>);

impl Unstated {
    /// Notes a name unless what it names is pinned.
    fn unless(&mut self, is_pinned: bool, name: &str) {
        if !is_pinned {
            self.0.insert(name.to_owned());
        }
    }

    /// Returns what may be shown of a variable that shapes the program; `None` for
    /// one that is not set.
    fn variable(&mut self, name: &str, value: &str) -> Option<(String, String)> {
        let shown = public::variable(name, value);
        self.unless(shown.is_whole, name);
        (!value.is_empty()).then(|| (name.to_owned(), shown.text))
    }
}

fn target(project: &Project, unstated: &mut Unstated) -> BTreeMap<String, String> {
    let mut target = BTreeMap::new();
    for name in TARGET {
        target.extend(unstated.variable(name, project.env(name)));
    }
    for name in BESIDE_GO_ENV {
        target.extend(unstated.variable(name, &set(project, name)));
    }
    target
}

/// Returns what a variable of the builds' environment is set to; empty for nothing.
fn set(project: &Project, name: &str) -> String {
    let value = project.variables.get(OsStr::new(name));
    value.map_or_else(String::new, |value| value.to_string_lossy().into_owned())
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
    let file = opening::regular(path, Links::Followed).ok()?;
    let digest = Digest::of(file.take(FILE_MAX)).ok()?;
    Some(hex::encode(digest.sha256))
}
