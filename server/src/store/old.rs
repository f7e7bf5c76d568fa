//! The module tree as it was read and written before [`Blobs`](super::Blobs).

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;

use super::{durable, is_absence, map};

/// The module tree. Cheap to clone; all methods block.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    modules: PathBuf,
    staging: durable::Staging,
}

/// A file as it lies in the tree.
#[derive(Debug)]
pub(crate) struct Stored {
    /// Its bytes; large files are mapped, not read.
    pub(crate) bytes: Bytes,
    /// When it was last written or found unchanged upstream.
    pub(crate) modified: SystemTime,
}

/// Files up to this size are read, larger ones mapped: a map costs two system
/// calls and a page-table entry a page, reading costs a copy.
const READ_BYTES_MAX: u64 = 64 << 10;

impl Store {
    /// Opens `DATA/modules`, making it where absent.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn open(data: &Path, staging: durable::Staging) -> io::Result<Self> {
        let modules = data.join("modules");
        fs::create_dir_all(&modules)?;
        Ok(Self { modules, staging })
    }

    /// Returns the file `key`, or `None` where there is none.
    ///
    /// # Errors
    /// What the file system answers, but for a missing file.
    pub(crate) fn read(&self, key: &str) -> io::Result<Option<Stored>> {
        let mut file = match File::open(self.path(key)) {
            Ok(file) => file,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let bytes = if metadata.len() <= READ_BYTES_MAX {
            let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
            (&mut file).take(READ_BYTES_MAX).read_to_end(&mut bytes)?;
            Bytes::from(bytes)
        } else {
            map::map(&file)?
        };
        Ok(Some(Stored {
            bytes,
            modified: metadata.modified()?,
        }))
    }

    /// Makes an empty file in staging.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn create(&self) -> io::Result<durable::Staged> {
        self.staging.create()
    }

    /// Gives a staged file its place in the tree.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn publish(&self, staged: durable::Staged, key: &str) -> io::Result<()> {
        staged.publish(&self.path(key))
    }

    /// Writes a small file into the tree.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn write(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        self.staging.write(&self.path(key), bytes)
    }

    /// Notes that upstream still says what the file `key` says.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn touch(&self, key: &str) -> io::Result<()> {
        File::options()
            .append(true)
            .open(self.path(key))?
            .set_modified(SystemTime::now())
    }

    /// Removes a file that is not what it was stored as.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn remove(&self, key: &str) -> io::Result<()> {
        match fs::remove_file(self.path(key)) {
            Err(error) if !is_absence(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns the files of the tree.
    pub(crate) fn walk(&self) -> super::Walk {
        Box::new(super::walk::FolderWalk::new(&self.modules, ""))
    }

    fn path(&self, key: &str) -> PathBuf {
        self.modules.join(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(data: &Path) -> Store {
        let staging = durable::Staging::open(data).unwrap();
        Store::open(data, staging).unwrap()
    }

    #[test]
    fn reads_small_and_mapped_files_alike() {
        let data = tempfile::tempdir().unwrap();
        let store = store(data.path());
        for size in [0, 1, READ_BYTES_MAX, READ_BYTES_MAX + 1] {
            let bytes = vec![b'x'; usize::try_from(size).unwrap()];
            store.write("a.b/c/@v/v1.0.0.zip", &bytes).unwrap();
            let stored = store.read("a.b/c/@v/v1.0.0.zip").unwrap().unwrap();
            assert_eq!(stored.bytes, bytes);
        }
    }

    #[test]
    fn what_cannot_be_a_file_is_absent() {
        let data = tempfile::tempdir().unwrap();
        let store = store(data.path());
        store.write("a.b/c/@v/list", b"v1.0.0\n").unwrap();
        assert!(store.read("a.b/c/@v").unwrap().is_none());
        assert!(store.read("a.b/c/@v/list/x").unwrap().is_none());
        assert!(store.read(&"x".repeat(300)).unwrap().is_none());
    }

    #[test]
    fn touching_renews_the_time() {
        let data = tempfile::tempdir().unwrap();
        let store = store(data.path());
        store.write("a.b/c/@v/list", b"v1.0.0\n").unwrap();
        let old = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1000);
        File::options()
            .append(true)
            .open(data.path().join("modules/a.b/c/@v/list"))
            .unwrap()
            .set_modified(old)
            .unwrap();
        assert_eq!(store.read("a.b/c/@v/list").unwrap().unwrap().modified, old);
        store.touch("a.b/c/@v/list").unwrap();
        assert!(store.read("a.b/c/@v/list").unwrap().unwrap().modified > old);
    }
}
