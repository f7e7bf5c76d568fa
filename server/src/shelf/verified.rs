//! Files that were hashed since the start, so that they need not be hashed again.

use crate::store::{Key, Stamp};

/// Which files were found to have the bytes of their records, and how they looked to
/// the file system then. Bounded by count; what is forgotten is hashed again.
#[derive(Debug)]
pub(crate) struct Verified {
    cache: quick_cache::sync::Cache<Key, (Box<str>, Stamp)>,
}

/// Files that are remembered: some 250 bytes each.
const FILES_MAX: usize = 32_768;

impl Default for Verified {
    fn default() -> Self {
        Self {
            cache: quick_cache::sync::Cache::new(FILES_MAX),
        }
    }
}

impl Verified {
    /// Notes that a file of this look has the SHA-256 of its record. A file system
    /// that has no stamps makes every look the first.
    pub(crate) fn note(&self, key: &Key, sha256: &str, stamp: Option<Stamp>) {
        if let Some(stamp) = stamp {
            self.cache.insert(key.clone(), (sha256.into(), stamp));
        }
    }

    /// Tells whether a file was found to have this SHA-256 and looks as it did then.
    pub(crate) fn has(&self, key: &Key, sha256: &str, stamp: Option<Stamp>) -> bool {
        let Some(stamp) = stamp else { return false };
        self.cache
            .get(key)
            .is_some_and(|(noted, then)| *noted == *sha256 && then == stamp)
    }

    /// Forgets a file.
    pub(crate) fn forget(&self, key: &Key) {
        self.cache.remove(key);
    }
}
