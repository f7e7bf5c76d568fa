//! Where observations go, and what lies beside them.
//!
//! ```text
//! <key>-<mode>-<digest>.observation.json   an envelope and a line end
//! <sha256>.closure                         the packages of a build
//! <sha256>.program                         a program
//! ```
//!
//! Every name follows from the content, so that folders of several hosts can be put
//! into one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use proto::attest::closure::{Closure, FILE_EXTENSION};
use proto::attest::digest::Digest;
use proto::attest::dsse::Envelope;
use proto::attest::key::PublicKey;
use proto::attest::observation::{FILE_ENDING, Observation};
use walkdir::WalkDir;

use crate::durable;

/// The ending of a program's file.
pub const PROGRAM_ENDING: &str = ".program";

/// Digits of a key's ID in file names.
const KEY_DIGITS: usize = 8;

/// The most files looked at below one folder.
const FILES_MAX: usize = 100_000;

/// The deepest that folders are looked into: those of several hosts may lie in one.
pub const DEPTH_MAX: usize = 8;

/// Returns the files of a folder and of those in it, so many deep, sorted.
///
/// # Errors
/// When a folder can't be read, or there are too many files.
pub fn files(folder: &Path, depth: usize) -> anyhow::Result<Vec<PathBuf>> {
    let walk = WalkDir::new(folder)
        .min_depth(1)
        .max_depth(depth)
        .sort_by_file_name();
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry.with_context(|| format!("reading the folder {}", folder.display()))?;
        ensure!(
            files.len() < FILES_MAX,
            "{} holds more than {FILES_MAX} files",
            folder.display()
        );
        if !entry.file_type().is_dir() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// The folder.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Opens a folder, and makes one that is not there.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("making {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes an observation and returns its file.
    ///
    /// # Errors
    /// What the system says.
    pub fn observation(
        &self,
        observation: &Observation,
        envelope: &Envelope,
        key: Option<&PublicKey>,
    ) -> anyhow::Result<PathBuf> {
        let key = key.map(|key| key.id().to_string());
        let key = key.as_deref().map_or("unsigned", |id| &id[..KEY_DIGITS]);
        let name = format!(
            "{key}-{}-{}{FILE_ENDING}",
            observation.cache.mode.as_str(),
            observation.digest()?.short()
        );
        let mut bytes = envelope.bytes();
        bytes.push(b'\n');
        self.write(&name, &bytes)
    }

    /// Writes the packages of a build and returns the file.
    ///
    /// # Errors
    /// What the system says.
    pub fn closure(&self, closure: &Closure) -> anyhow::Result<PathBuf> {
        let bytes = closure.bytes();
        let name = format!("{}.{FILE_EXTENSION}", Digest::of(&bytes));
        self.write(&name, &bytes)
    }

    /// Keeps a program.
    ///
    /// # Errors
    /// What the system says.
    pub fn program(&self, program: &Path, sha256: &str) -> anyhow::Result<PathBuf> {
        let path = self.0.join(format!("{sha256}{PROGRAM_ENDING}"));
        durable::copy(program, &path).with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<PathBuf> {
        let path = self.0.join(name);
        durable::write(&path, |out| out.write_all(bytes))
            .with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }
}
