//! Observations and programs from folders.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use proto::attest::digest::Digest;
use proto::attest::dsse::{Envelope, LEN_MAX};
use proto::attest::observation::{FILE_ENDING, Observation};
use proto::matrix::Entry;

use crate::observe::folder::{self, DEPTH_MAX, PROGRAM_ENDING};
use crate::opening::{self, Links};

/// The most observations read.
const OBSERVATIONS_MAX: usize = 10_000;

/// What was found.
#[derive(Debug, Default)]
pub struct Reading {
    /// The observations, each once.
    pub entries: Vec<Entry>,
    /// Programs that lie beside them, by SHA-256.
    pub programs: BTreeMap<Digest, PathBuf>,
    /// Files that are called observations and are none, with the reason.
    pub refused: Vec<(String, String)>,
}

impl Reading {
    /// Reads folders, and files that were named.
    ///
    /// # Errors
    /// A path that is not there, too many files, or no observation at all.
    pub fn of(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut reading = Self::default();
        let mut seen = BTreeSet::new();
        for path in paths {
            let found = path.metadata();
            let found = found.with_context(|| format!("reading {}", path.display()))?;
            if found.is_file() {
                reading.observation(path, &mut seen);
                continue;
            }
            for file in folder::files(path, DEPTH_MAX)? {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                if name.ends_with(FILE_ENDING) {
                    reading.observation(&file, &mut seen);
                } else if let Some(digest) = name.strip_suffix(PROGRAM_ENDING)
                    && let Ok(digest) = Digest::parse(digest)
                {
                    reading.programs.insert(digest, file);
                }
            }
        }
        let count = reading.entries.len();
        ensure!(
            count <= OBSERVATIONS_MAX,
            "more than {OBSERVATIONS_MAX} observations"
        );
        ensure!(
            count > 0 || !reading.refused.is_empty(),
            "no observation is there: verify-build observe -o DIR writes files called *{FILE_ENDING}"
        );
        Ok(reading)
    }

    /// Takes one in, unless the very same was taken in before.
    fn observation(&mut self, path: &Path, seen: &mut BTreeSet<Digest>) {
        let file = path.display().to_string();
        match read(path) {
            Ok((entry, digest)) => {
                if seen.insert(digest) {
                    self.entries.push(entry);
                }
            }
            Err(error) => self.refused.push((file, format!("{error:#}"))),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<(Entry, Digest)> {
    let mut bytes = Vec::new();
    let file = opening::regular(path, Links::Followed)?;
    // A line end may close it.
    file.take(LEN_MAX as u64 + 2).read_to_end(&mut bytes)?;
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let envelope = Envelope::parse(text)?;
    let observation = Observation::of(&envelope)?;
    let key = envelope
        .signatures
        .first()
        .and_then(|one| one.keyid.clone());
    let entry = Entry {
        file: path.display().to_string(),
        key,
        inputs: observation.inputs_digest()?,
        observation,
    };
    Ok((entry, Digest::of(text)))
}
