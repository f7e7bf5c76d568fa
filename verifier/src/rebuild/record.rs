//! The record of one build, in parts that are as firm as what they rest on.
//!
//! ```text
//! inputs      what the program was built from: the same on every host, with a
//!             digest of its own
//! product     what came out
//! conditions  what surrounded the build: true of this host
//! observed    what was merely seen: times and folders
//! ```
//!
//! The form is `schema/build-record-v1.json`, the text that of [`proto::canonical`]
//! and a line end, so that equal records are equal bytes. A record is meant to be
//! published: of variables and flags it holds what
//! [`public`](crate::host::public) lets through.

use std::collections::BTreeMap;

use anyhow::Context as _;
use proto::canonical;
use proto::inputs::Inputs;
use serde::Serialize;
use serde_json::Value;

use super::cache::{Contents, Mode};
use super::facts::Host;
use crate::report::{BuildId, HostId, Module, SelfCheck, Tool};

/// The name and version of the record's form.
pub const SCHEMA: &str = "verify-build/build-record-v1";

/// One build.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// The program that wrote the record.
    pub tool: Tool,
    /// What the program was built from.
    pub inputs: Inputs,
    /// [`Inputs::sha256`].
    pub inputs_sha256: String,
    /// What came out.
    pub product: Product,
    /// What surrounded the build.
    pub conditions: Conditions,
    /// What is true of this run alone.
    pub observed: Observed,
}

/// What surrounded it.
#[derive(Debug, Clone, Serialize)]
pub struct Conditions {
    /// The build cache.
    pub cache: Cache,
    /// What was varied, by name, and how.
    pub varied: BTreeMap<&'static str, String>,
    /// Every variable of the environment as the build had it, by name where that is
    /// ASCII: its value where that may be published, else `set`.
    pub environment: BTreeMap<String, String>,
    /// The `h1:` of the Go installation, as the checksum database has it of an official
    /// one, over all that the module `golang.org/toolchain` has; null where
    /// `inputs.toolchain.h1` is.
    pub toolchain_h1: Option<String>,
    /// The host.
    pub host: Host,
}

/// The build cache of a build.
#[derive(Debug, Clone, Serialize)]
pub struct Cache {
    /// How the build found it.
    pub mode: Mode,
    /// The packages in it after the build; null for a cache that was named,
    /// which holds others' too.
    pub after: Option<Contents>,
}

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub struct Product {
    /// The program's file name.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// The Go build ID, with its parts A, B, C and D.
    pub build_id: Option<BuildId>,
    /// Whether the file is what its build ID says.
    pub self_check: SelfCheck,
    /// The GNU build ID or the Mach-O UUID.
    pub host_id: Option<HostId>,
    /// The Go version that the program names.
    pub go_version: Option<String>,
    /// The main module.
    pub main: Option<Module>,
    /// The modules linked in, with their sums.
    pub modules: Vec<Module>,
    /// The build settings, by name, as far as they may be published.
    pub settings: BTreeMap<String, String>,
}

/// What is true of this run alone.
#[derive(Debug, Clone, Serialize)]
pub struct Observed {
    /// Number of the build within the run, from 1.
    pub number: u64,
    /// When it began, RFC 3339.
    pub started: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Index entries in the build cache before the build.
    pub cache_entries_before: u64,
    /// And after it: how many more there are tells what was not found in it.
    pub cache_entries_after: u64,
    /// The folder it was built in; `$SCRATCH` stands for the temporary folder.
    pub folder: String,
    /// GOROOT, unless that was varied.
    pub goroot: String,
}

impl Record {
    /// Returns the record as bytes that are the same for equal records, and a
    /// line end.
    ///
    /// # Errors
    /// As [`canonical::bytes`]: a variable or setting whose name is not ASCII.
    pub fn canonical(&self) -> anyhow::Result<Vec<u8>> {
        let mut bytes = canonical::bytes(self).context("writing a record")?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Returns the record as a value; null when it can't be JSON, which no type
    /// of ours can't.
    pub fn value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Returns the SHA-256 of everything but `observed`, in hexadecimal, in the
    /// form of [`canonical`](Self::canonical) without the line end; `None` where
    /// that can't be written.
    pub fn sha256(&self) -> Option<String> {
        let mut value = self.value();
        value.as_object_mut()?.remove("observed");
        canonical::sha256(&value).ok()
    }
}
