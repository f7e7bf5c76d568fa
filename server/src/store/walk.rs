//! Walking the module tree, for `index rebuild` and `fsck`.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;

use super::Store;

/// The files of a tree, folder by folder. Memory is bounded by the folders that
/// are still to be read.
#[derive(Debug)]
pub(crate) struct Walk {
    root: PathBuf,
    folders: VecDeque<PathBuf>,
    files: std::vec::IntoIter<PathBuf>,
}

/// A file met on a walk.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its key in the store; `None` where the name is no text.
    pub(crate) key: Option<String>,
    /// Where it lies.
    pub(crate) path: PathBuf,
}

impl Store {
    /// Returns the files of the tree.
    pub(crate) fn walk(&self) -> Walk {
        Walk {
            root: self.modules.clone(),
            folders: VecDeque::from([self.modules.clone()]),
            files: Vec::new().into_iter(),
        }
    }
}

impl Iterator for Walk {
    type Item = io::Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(path) = self.files.next() {
                let key = path
                    .strip_prefix(&self.root)
                    .ok()
                    .and_then(|key| key.to_str())
                    .map(str::to_owned);
                return Some(Ok(Found { key, path }));
            }
            let folder = self.folders.pop_front()?;
            if let Err(error) = self.enter(&folder) {
                let text = format!("reading {}: {error}", folder.display());
                return Some(Err(io::Error::new(error.kind(), text)));
            }
        }
    }
}

impl Walk {
    fn enter(&mut self, folder: &PathBuf) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                self.folders.push_back(entry.path());
            } else {
                files.push(entry.path());
            }
        }
        files.sort();
        self.files = files.into_iter();
        Ok(())
    }
}
