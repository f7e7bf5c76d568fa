//! The index as it was read and written before [`Ledger`](super::Ledger).

use std::io;
use std::path::Path;

use super::FileRecord;
use super::sled::folder;

/// The open index. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    db: sled::Db,
    files: sled::Tree,
}

/// sled's page cache. What is asked often is in the hot cache, so a small one
/// does; the default of 1 GiB would be the server's whole memory.
const PAGE_CACHE_BYTES: u64 = 8 << 20;

impl Index {
    /// Opens `DATA/index`.
    ///
    /// # Errors
    /// When the folder is locked by another process, or sled cannot read it:
    /// the text then says to run `sumward index rebuild`.
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        let folder = folder(data);
        let db = sled::Config::new()
            .path(&folder)
            .cache_capacity(PAGE_CACHE_BYTES)
            .flush_every_ms(None)
            .open()
            .map_err(|error| explain(&folder, &error))?;
        let files = db
            .open_tree("files")
            .map_err(|error| explain(&folder, &error))?;
        Ok(Self { db, files })
    }

    /// Records a file and makes the record durable.
    ///
    /// # Errors
    /// What sled answers; the file is then found and judged again when asked for.
    pub(crate) fn put(&self, key: &str, record: &FileRecord) -> io::Result<()> {
        self.put_unflushed(key, record)?;
        self.flush()
    }

    /// Records a file; durable after the next [`flush`](Self::flush).
    ///
    /// # Errors
    /// What sled answers.
    pub(crate) fn put_unflushed(&self, key: &str, record: &FileRecord) -> io::Result<()> {
        let value = serde_json::to_vec(record)?;
        self.files.insert(key, value).map_err(io::Error::other)?;
        Ok(())
    }

    /// Makes all that was written durable.
    ///
    /// # Errors
    /// What sled answers.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.db.flush().map_err(io::Error::other)?;
        Ok(())
    }

    /// Forgets a file.
    ///
    /// # Errors
    /// What sled answers.
    pub(crate) fn remove(&self, key: &str) -> io::Result<()> {
        self.files.remove(key).map_err(io::Error::other)?;
        self.flush()
    }

    /// Returns what is known of the file `key` (`golang.org/x/text/@v/v0.3.0.zip`).
    /// A record that cannot be parsed counts as absent: the file is judged anew.
    ///
    /// # Errors
    /// What sled answers.
    pub(crate) fn file(&self, key: &str) -> io::Result<Option<FileRecord>> {
        let value = self.files.get(key).map_err(io::Error::other)?;
        Ok(value.and_then(|value| serde_json::from_slice(&value).ok()))
    }

    /// Returns the keys and records of all files, in key order.
    pub(crate) fn files(&self) -> impl Iterator<Item = io::Result<(String, Option<FileRecord>)>> {
        self.files.iter().map(|item| {
            let (key, value) = item.map_err(io::Error::other)?;
            let key = String::from_utf8_lossy(&key).into_owned();
            Ok((key, serde_json::from_slice(&value).ok()))
        })
    }
}

fn explain(folder: &Path, error: &sled::Error) -> io::Error {
    let text = error.to_string();
    if text.contains("could not acquire lock") || text.contains("Resource temporarily unavailable")
    {
        return io::Error::new(
            io::ErrorKind::WouldBlock,
            format!(
                "{} is in use: another sumward runs on this data folder; stop it, or give this one another --data",
                folder.display()
            ),
        );
    }
    io::Error::other(format!(
        "the index {} does not open ({text}); nothing is lost: run `sumward index rebuild` to make it anew from the module tree",
        folder.display()
    ))
}

#[cfg(test)]
mod tests {
    use proto::dirhash::H1;

    use super::super::Standing;
    use super::*;

    fn record() -> FileRecord {
        FileRecord {
            sha256: "00".repeat(32),
            size: 7,
            h1: Some(H1([1; 32]).to_string()),
            standing: Standing::Proved {
                database: "sum.golang.org".into(),
                record: 12,
                key: "033de0ae".into(),
                record_hash: "AAAA".into(),
            },
            stored_at: 1,
        }
    }

    #[test]
    fn records_outlive_the_process() {
        let data = tempfile::tempdir().unwrap();
        let index = Index::open(data.path()).unwrap();
        index.put("a.b/c/@v/v1.0.0.zip", &record()).unwrap();
        drop(index);
        let index = Index::open(data.path()).unwrap();
        assert_eq!(index.file("a.b/c/@v/v1.0.0.zip").unwrap(), Some(record()));
        assert_eq!(index.files().count(), 1);
        index.remove("a.b/c/@v/v1.0.0.zip").unwrap();
        assert_eq!(index.file("a.b/c/@v/v1.0.0.zip").unwrap(), None);
    }

    #[test]
    fn a_second_server_on_one_folder_is_told_so() {
        let data = tempfile::tempdir().unwrap();
        let _index = Index::open(data.path()).unwrap();
        let error = Index::open(data.path()).unwrap_err();
        assert!(error.to_string().contains("another sumward"), "{error}");
    }
}
