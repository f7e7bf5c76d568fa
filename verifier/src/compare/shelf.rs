//! Files that wait for being compared. Which pairs are worth comparing is known
//! only when all have been read, and not all fit into memory.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use super::Artifact;
use crate::input::{self, Input};

/// The most bytes of files kept; what does not fit is read again.
const HELD_BYTES_MAX: usize = 512 << 20;

/// One file of each content, in memory or to be read again.
#[derive(Debug, Default)]
pub struct Shelf {
    held: BTreeMap<usize, Artifact>,
    held_bytes: usize,
    seen: HashSet<[u8; 32]>,
    known: Vec<(PathBuf, [u8; 32])>,
}

impl Shelf {
    /// Puts away the next file.
    pub fn put(&mut self, artifact: Artifact) {
        let index = self.known.len();
        let input = &artifact.input;
        self.known.push((input.path.clone(), input.sha256));
        let is_new = self.seen.insert(input.sha256);
        let fits = self.held_bytes.saturating_add(input.bytes.len()) <= HELD_BYTES_MAX;
        // The first is mostly wanted, and a pipe can't be read twice.
        if is_new && (fits || index == 0 || input.identity.is_none()) {
            self.held_bytes = self.held_bytes.saturating_add(input.bytes.len());
            self.held.insert(index, artifact);
        }
    }

    /// Takes a file out, and reads it again if it was not kept.
    ///
    /// # Errors
    /// As [`Artifact::read`]; `Changed` when the bytes are not those put away.
    pub fn take(&mut self, index: usize) -> Result<Artifact, input::Error> {
        if let Some(artifact) = self.held.remove(&index) {
            return Ok(artifact);
        }
        let Some((path, sha256)) = self.known.get(index) else {
            return Err(input::Error::Changed {
                path: PathBuf::new(),
            });
        };
        let input = Input::read(path)?;
        if input.sha256 != *sha256 {
            return Err(input::Error::Changed { path: path.clone() });
        }
        Ok(Artifact::of(input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_not_kept_is_read_again_and_must_be_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a", "b", "c"].map(|name| folder.path().join(name));
        paths
            .iter()
            .for_each(|path| std::fs::write(path, "same").unwrap());
        let mut shelf = Shelf::default();
        for path in &paths {
            shelf.put(Artifact::read(path).unwrap());
        }
        // Of equal files the first alone is kept.
        assert_eq!(shelf.held.len(), 1);
        std::fs::write(&paths[0], "other").unwrap();
        std::fs::write(&paths[2], "other").unwrap();
        assert_eq!(shelf.take(0).unwrap().bytes(), b"same");
        assert_eq!(shelf.take(1).unwrap().bytes(), b"same");
        let error = shelf.take(2).unwrap_err().to_string();
        assert!(error.contains("changed while"), "{error}");
    }
}
