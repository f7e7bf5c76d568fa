//! Walking the module tree.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Found, Key, is_absence};

/// The folder of half-written files that may lie in the tree itself
/// ([`Staging`](super::durable::Staging)): not of the tree.
pub(super) const STAGING: &str = ".staging";

/// The files of a tree, folder by folder. Memory is bounded by the folders that
/// are still to be read, and by the largest of them.
#[derive(Debug)]
pub(super) struct FolderWalk {
    root: PathBuf,
    /// What places begin with that are met.
    prefix: String,
    folders: VecDeque<PathBuf>,
    files: std::vec::IntoIter<Met>,
}

/// A file met in the folder that is read.
type Met = (PathBuf, Option<fs::Metadata>);

impl FolderWalk {
    /// Returns the files below `root` whose place begins with `prefix`.
    pub(super) fn new(root: &Path, prefix: &str) -> Self {
        let first = match prefix.rsplit_once('/') {
            Some((folder, _)) => root.join(folder),
            None => root.to_owned(),
        };
        Self {
            root: root.to_owned(),
            prefix: prefix.to_owned(),
            folders: VecDeque::from([first]),
            files: Vec::new().into_iter(),
        }
    }

    fn enter(&mut self, folder: &Path) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            // Removed meanwhile, or nothing begins with the prefix.
            Err(error) if is_absence(&error) => return Ok(()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if !self.is_wanted(&path) {
                continue;
            }
            let metadata = fs::symlink_metadata(&path).ok();
            if metadata.as_ref().is_some_and(fs::Metadata::is_dir) {
                self.folders.push_back(path);
            } else {
                files.push((path, metadata));
            }
        }
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.files = files.into_iter();
        Ok(())
    }

    fn is_wanted(&self, path: &Path) -> bool {
        let Ok(inside) = path.strip_prefix(&self.root) else {
            return false;
        };
        let staging = inside.as_os_str() == STAGING;
        let place = inside.as_os_str().as_encoded_bytes();
        !staging && place.starts_with(self.prefix.as_bytes())
    }

    fn found(&self, (path, metadata): Met) -> Found {
        let inside = path.strip_prefix(&self.root).ok();
        let key = inside.and_then(Path::to_str).and_then(Key::parse);
        let modified = metadata.as_ref().and_then(|it| it.modified().ok());
        Found {
            key,
            path,
            bytes: metadata.map_or(0, |it| it.len()),
            modified: modified.unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }
}

impl Iterator for FolderWalk {
    type Item = io::Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(met) = self.files.next() {
                return Some(Ok(self.found(met)));
            }
            let folder = self.folders.pop_front()?;
            if let Err(error) = self.enter(&folder) {
                let text = format!("reading {}: {error}", folder.display());
                return Some(Err(io::Error::new(error.kind(), text)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meets_what_begins_with_the_prefix_and_nothing_of_staging() {
        let root = tempfile::tempdir().unwrap();
        for file in [
            "m.example/x/@v/v1.0.0.mod",
            "m.example/x/@latest",
            "m.example/x/y/@v/list",
            "m.example/xy/@v/list",
            "m.example/stranger",
            ".staging/00000000",
        ] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let met = |prefix: &str| {
            let walk = FolderWalk::new(root.path(), prefix);
            let keys = walk.map(|found| found.unwrap().key);
            let mut keys: Vec<_> = keys.map(|key| key.map(|key| key.to_string())).collect();
            keys.sort();
            keys
        };
        assert_eq!(met("").len(), 5);
        assert_eq!(met("")[0], None, "the stranger");
        let of_module = ["m.example/x/@latest", "m.example/x/@v/v1.0.0.mod"];
        assert_eq!(met("m.example/x/@"), of_module.map(|key| Some(key.into())));
        assert!(met("m.example/z/@").is_empty());
    }
}
