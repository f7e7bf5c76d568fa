//! The rules that a module zip keeps.

use std::io::{self, Read, Seek};

use crate::dirhash::H1;
use crate::module::ModuleVersion;

/// How large a module may be. [`Default`] is what the go command accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The zip itself, in bytes.
    pub zip_bytes: u64,
    /// All files together, unpacked, in bytes.
    pub total_bytes: u64,
    /// go.mod and LICENSE each, in bytes.
    pub special_bytes: u64,
    /// Entries in the zip, directories included.
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            zip_bytes: 500 << 20,
            total_bytes: 500 << 20,
            special_bytes: 16 << 20,
            entries: 250_000,
        }
    }
}

/// What a zip that keeps the rules holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The hash that go.sum and checksum databases name the module by.
    pub h1: H1,
    /// How many files it has.
    pub files: usize,
    /// Its go.mod; `None` for modules from before there were any.
    pub go_mod: Option<Vec<u8>>,
}

/// Why a zip was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading failed.
    #[error("reading the zip: {0}")]
    Read(#[from] io::Error),
}

/// Reads a zip once from front to back and checks every rule.
///
/// # Errors
/// One variant of [`Error`] for each rule.
pub fn verify<R: Read + Seek>(
    zip: R,
    size: u64,
    module: &ModuleVersion,
    limits: &Limits,
) -> Result<Verified, Error> {
    let _ = (zip, size, module, limits);
    Err(io::Error::other("not written yet").into())
}
