//! The record of one build: all that a person elsewhere needs to build it
//! again, and what came out. Certificates are made from these.
//!
//! The form is `schema/build-record-v1.json`. A record is written with sorted
//! keys, without spaces and with whole numbers only, so that equal records are
//! equal bytes. What no two runs share (times, temporary folders) lies in
//! `observed`, apart from the rest: the rest is what may be signed, and
//! [`Record::digest`] is its name.

mod canonical;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::cache::{Contents, Mode};
use super::facts::{Facts, Host};
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
    /// What was asked for.
    pub request: Request,
    /// What it was built from and with.
    pub materials: Facts,
    /// What surrounded it.
    pub conditions: Conditions,
    /// What came out.
    pub product: Product,
    /// What is true of this run alone.
    pub observed: Observed,
}

/// What was asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// The import path of the program.
    pub package: String,
    /// The packages as they were named.
    pub arguments: Vec<String>,
    /// Flags of go build, without `-o` and `-C`.
    pub flags: Vec<String>,
    /// Every variable of the environment as the build had it; temporary folders
    /// begin with `$SCRATCH`, passwords are left out.
    pub environment: BTreeMap<String, String>,
}

/// What surrounded it.
#[derive(Debug, Clone, Serialize)]
pub struct Conditions {
    /// The build cache.
    pub cache: Cache,
    /// What was varied, by name, and how.
    pub varied: BTreeMap<&'static str, String>,
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
    /// The build settings, by name.
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
    /// The folder it was built in.
    pub folder: String,
    /// The folder for which `$SCRATCH` stands.
    pub scratch: String,
    /// The wrapped command.
    pub command: Vec<String>,
}

impl Record {
    /// Returns the record as bytes that are the same for equal records, and a
    /// line end.
    pub fn canonical(&self) -> Vec<u8> {
        canonical::bytes(&canonical::value(self))
    }

    /// Returns the record with sorted keys.
    pub fn value(&self) -> Value {
        canonical::value(self)
    }

    /// Returns the SHA-256 of everything but `observed`, in hexadecimal, in the
    /// form of [`canonical`](Self::canonical).
    pub fn digest(&self) -> String {
        let mut value = canonical::value(self);
        if let Some(fields) = value.as_object_mut() {
            fields.remove("observed");
        }
        hex::encode(Sha256::digest(canonical::bytes(&value)))
    }
}
