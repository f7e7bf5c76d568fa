//! The bundles that were taken in: what each held, who signed it, and when that was.

use std::io;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use proto::bundle::Manifest;

use crate::journal::{self, Entry, Imported, Line};

/// Module versions of a bundle that are journaled by name.
const NAMES_MAX: usize = 1000;

/// Describes a bundle that is taken in now.
pub(crate) fn now(manifest: &Manifest, sha256: String, signer: String) -> Imported {
    let modules = &manifest.modules;
    let names = modules.iter().take(NAMES_MAX);
    Imported {
        sha256,
        signer,
        modules: modules.len() as u64,
        bytes: manifest.size(),
        zips: Some(modules.iter().filter(|carried| carried.zip).count() as u64),
        names: names.map(|carried| carried.module.clone()).collect(),
        at: journal::seconds_now(),
    }
}

/// The bundles that were taken in, oldest first. Blocks.
///
/// # Errors
/// What the file system answers.
pub(crate) fn imported(data: &Path) -> io::Result<Vec<Imported>> {
    let mut imported = Vec::new();
    for line in journal::of_kind(data, journal::BUNDLES) {
        if let Line::Entry(Entry::BundleImported(it)) = line? {
            imported.push(it);
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
        let Entry::BundleImported(imported) = &entry else {
            panic!("{entry:?}")
        };
        assert_eq!((imported.zips, imported.names.len()), (None, 0));
        assert_eq!(serde_json::to_string(&entry).unwrap(), line);
    }
}
