//! The bundles that were taken in: what each held, who signed it, and when that was.

use std::io;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use proto::bundle::Manifest;

use crate::journal::{self, Entry, Line};

/// A bundle that was taken in, as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Imported {
    /// SHA-256 of its manifest, in hex.
    pub(crate) sha256: String,
    /// The key that has signed it: `name+hash`.
    pub(crate) signer: String,
    /// Module versions in it.
    pub(crate) modules: u64,
    /// How many of them came with their zips; `None` where nobody counted.
    pub(crate) zips: Option<u64>,
    /// Bytes in it, unpacked.
    pub(crate) bytes: u64,
    /// The first [`NAMES_MAX`] of the module versions.
    pub(crate) names: Vec<String>,
    /// When it was taken in, in seconds since 1970.
    pub(crate) at: u64,
}

/// Module versions of a bundle that are journaled by name.
const NAMES_MAX: usize = 1000;

impl Imported {
    /// Describes a bundle that is taken in now.
    pub(crate) fn now(manifest: &Manifest, sha256: String, signer: String) -> Self {
        let modules = &manifest.modules;
        let names = modules.iter().take(NAMES_MAX);
        Self {
            sha256,
            signer,
            modules: modules.len() as u64,
            zips: Some(modules.iter().filter(|carried| carried.zip).count() as u64),
            bytes: manifest.size(),
            names: names.map(|carried| carried.module.clone()).collect(),
            at: journal::seconds_now(),
        }
    }

    /// The entry to journal.
    pub(crate) fn entry(&self) -> Entry {
        let it = self.clone();
        Entry::BundleImported {
            sha256: it.sha256,
            signer: it.signer,
            modules: it.modules,
            bytes: it.bytes,
            zips: it.zips,
            names: it.names,
            at: it.at,
        }
    }

    fn of(entry: Entry) -> Option<Self> {
        let Entry::BundleImported {
            sha256,
            signer,
            modules,
            bytes,
            zips,
            names,
            at,
        } = entry
        else {
            return None;
        };
        Some(Self {
            sha256,
            signer,
            modules,
            zips,
            bytes,
            names,
            at,
        })
    }
}

/// The bundles that were taken in, oldest first. Blocks.
///
/// # Errors
/// What the file system answers.
pub(crate) fn imported(data: &Path) -> io::Result<Vec<Imported>> {
    let mut imported = Vec::new();
    for line in journal::of_kind(data, journal::BUNDLES) {
        if let Line::Entry(entry) = line? {
            imported.extend(Imported::of(entry));
        }
    }
    Ok(imported)
}

/// The day of a time in seconds since 1970: `2026-11-26`.
pub(crate) fn day(at: u64) -> String {
    journal::day(UNIX_EPOCH + Duration::from_secs(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_before_has_no_names_and_no_count_of_zips() {
        let line = r#"{"entry":"bundle-imported","sha256":"00","signer":"k+1","modules":3,"bytes":9,"at":7}"#;
        let entry: Entry = serde_json::from_str(line).unwrap();
        let imported = Imported::of(entry.clone()).unwrap();
        assert_eq!((imported.zips, imported.names.len()), (None, 0));
        assert_eq!(imported.entry(), entry);
        assert_eq!(serde_json::to_string(&entry).unwrap(), line);
    }
}
