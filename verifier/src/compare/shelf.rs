//! Files that wait for being compared. Which pairs are worth comparing is known
//! only when all have been read, and not all fit into memory.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use proto::hashlog::Log;

use crate::container::limits::Budget;
use crate::input;
use crate::members::root::Root;

/// The most bytes of files kept; what does not fit is read again.
const HELD_BYTES_MAX: usize = 512 << 20;

/// One file of each content, in memory or to be read again.
#[derive(Debug, Default)]
pub struct Shelf {
    held: BTreeMap<usize, Root>,
    held_bytes: usize,
    seen: HashSet<[u8; 32]>,
    known: Vec<(PathBuf, [u8; 32])>,
    budget: Budget,
    logs: Vec<Option<Arc<Log>>>,
}

impl Shelf {
    /// Begins with nothing; what is unpacked goes on this account.
    pub fn new(budget: &Budget) -> Self {
        Self {
            budget: budget.clone(),
            ..Self::default()
        }
    }

    /// Gives the files logs of their builds, in the files' order; some may have none.
    pub fn with_logs(self, logs: &[Option<Arc<Log>>]) -> Self {
        Self {
            logs: logs.to_vec(),
            ..self
        }
    }

    /// Puts away the next file.
    pub fn put(&mut self, root: Root) {
        let index = self.known.len();
        self.known.push((root.path().into(), root.sha256()));
        let is_new = self.seen.insert(root.sha256());
        let len = root.held_len();
        let fits = self.held_bytes.saturating_add(len) <= HELD_BYTES_MAX;
        // The first is mostly wanted, and a pipe can't be read twice.
        if is_new && (fits || index == 0 || root.identity().is_none()) {
            self.held_bytes = self.held_bytes.saturating_add(len);
            self.held.insert(index, root);
        }
    }

    /// Takes a file out, and reads it again if it was not kept.
    ///
    /// # Errors
    /// As [`Root::read`]; `Changed` when the bytes are not those put away.
    pub fn take(&mut self, index: usize) -> Result<Root, input::Error> {
        let mut root = self.take_out(index)?;
        if let Root::File(artifact) = &mut root {
            artifact.log = self.logs.get(index).cloned().flatten();
        }
        Ok(root)
    }

    fn take_out(&mut self, index: usize) -> Result<Root, input::Error> {
        if let Some(root) = self.held.remove(&index) {
            return Ok(root);
        }
        let Some((path, sha256)) = self.known.get(index) else {
            return Err(input::Error::Changed {
                path: PathBuf::new(),
            });
        };
        let root = Root::read(path, &self.budget)?;
        if root.sha256() != *sha256 {
            return Err(input::Error::Changed { path: path.clone() });
        }
        Ok(root)
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
        let budget = Budget::default();
        let mut shelf = Shelf::new(&budget);
        for path in &paths {
            shelf.put(Root::read(path, &budget).unwrap());
        }
        // Of equal files the first alone is kept.
        assert_eq!(shelf.held.len(), 1);
        std::fs::write(&paths[0], "other").unwrap();
        std::fs::write(&paths[2], "other").unwrap();
        let same = Root::read(&paths[1], &budget).unwrap().sha256();
        assert_eq!(shelf.take(0).unwrap().sha256(), same);
        assert_eq!(shelf.take(1).unwrap().sha256(), same);
        let error = shelf.take(2).unwrap_err().to_string();
        assert!(error.contains("changed while"), "{error}");
    }

    /// A shelf with this much room left on which a file was put.
    fn with_room(room: usize, paths: &[&std::path::Path]) -> Vec<usize> {
        let budget = Budget::default();
        let mut shelf = Shelf::new(&budget);
        shelf.held_bytes = HELD_BYTES_MAX - room;
        for path in paths {
            shelf.put(Root::read(path, &budget).unwrap());
        }
        shelf.held.keys().copied().collect()
    }

    #[test]
    fn what_does_not_fit_is_not_kept_but_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| {
            let path = folder.path().join(name);
            std::fs::write(&path, name).unwrap();
            path
        });
        assert_eq!(
            with_room(8, &[&one, &other]),
            [0, 1],
            "both are eight bytes"
        );
        assert_eq!(with_room(7, &[&one, &other]), [0]);
        assert_eq!(with_room(0, &[&one, &one]), [0]);
    }

    #[test]
    fn a_file_is_given_the_log_of_its_own_build() {
        let folder = tempfile::tempdir().unwrap();
        let budget = Budget::default();
        let mut shelf = Shelf::new(&budget).with_logs(&[None, Some(Arc::new(Log::default()))]);
        for name in ["one", "other", "third"] {
            let path = folder.path().join(name);
            std::fs::write(&path, name).unwrap();
            shelf.put(Root::read(&path, &budget).unwrap());
        }
        let has_log = [0, 1, 2].map(|index| match shelf.take(index).unwrap() {
            Root::File(artifact) => artifact.log.is_some(),
            Root::Carrier(_) => panic!("a file of text"),
        });
        assert_eq!(has_log, [false, true, false]);
        assert!(shelf.take(3).is_err());
    }

    #[test]
    fn what_is_unpacked_goes_on_the_account_of_the_run() {
        use crate::container::limits::UNPACKED_TOTAL_FREE;
        let budget = Budget::default();
        let shelf = Shelf::new(&budget);
        assert!(shelf.budget.spend(UNPACKED_TOTAL_FREE).is_ok());
        assert!(budget.spend(1).is_err());
    }
}
