//! Stored files as local files under `DATA/modules`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;

use super::durable::Staging;
use super::folder::sync_folder;
use super::walk::{FolderWalk, STAGING};
use super::{
    Blob, Blobs, Content, If, Key, Published, Staged, Stamp, StoredFile, Walk, is_absence,
};
use crate::blocking::{self, CALL_MAX};

/// The module tree. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    root: PathBuf,
    /// Absent where nothing is to be written.
    staging: Option<Staging>,
}

/// Files up to this size are read at once, larger ones opened.
const READ_BYTES_MAX: u64 = 64 << 10;

/// How long publishing may take, which writes the whole file to the disk.
const PUBLISH_MAX: Duration = Duration::from_secs(300);

/// How long the removal of a batch of files may take.
const EVICT_MAX: Duration = Duration::from_secs(300);

impl Local {
    /// Opens `DATA/modules`, making it where absent. Where it is on another file
    /// system than `staging`, files are staged in `DATA/modules/.staging`. Blocks.
    ///
    /// # Errors
    /// What the file system answers, with the path.
    pub(crate) fn open(data: &Path, staging: &Staging) -> io::Result<Self> {
        let root = data.join("modules");
        let at =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", root.display()));
        fs::create_dir_all(&root).map_err(at)?;
        let own = root.join(STAGING);
        let staging = if staging.feeds(&root).map_err(at)? {
            // Of a time when it was not.
            let _ = fs::remove_dir_all(&own);
            staging.clone()
        } else {
            Staging::open_in(&own).map_err(at)?
        };
        let staging = Some(staging);
        Ok(Self { root, staging })
    }

    /// Takes `DATA/modules` as it is, for reading alone.
    pub(crate) fn read_only(data: &Path) -> Self {
        Self {
            root: data.join("modules"),
            staging: None,
        }
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn staging(&self) -> io::Result<Staging> {
        self.staging.clone().ok_or_else(read_only)
    }

    /// Returns the path of what is to be changed.
    fn changed(&self, key: &Key) -> io::Result<PathBuf> {
        self.staging()?;
        Ok(self.path(key))
    }
}

fn read_only() -> io::Error {
    io::Error::new(
        io::ErrorKind::ReadOnlyFilesystem,
        "the data folder is open for reading alone",
    )
}

#[async_trait]
impl Blobs for Local {
    async fn read(&self, key: &Key) -> io::Result<Option<Blob>> {
        let path = self.path(key);
        blocking::run_within(CALL_MAX, move || read(&path)).await
    }

    async fn stage(&self) -> io::Result<Staged> {
        let staging = self.staging()?;
        blocking::run_within(CALL_MAX, move || staging.create()).await
    }

    async fn stage_from(&self, from: &Path) -> io::Result<Staged> {
        let (staging, from) = (self.staging()?, from.to_owned());
        // As long as publishing may take: it is copied from another file system.
        blocking::run_within(PUBLISH_MAX, move || staging.adopt(&from)).await
    }

    async fn publish(&self, staged: Staged, key: &Key, condition: If) -> io::Result<Published> {
        let to = self.changed(key)?;
        blocking::run_within(PUBLISH_MAX, move || match condition {
            If::Absent => staged.publish_new(&to),
            If::Any => staged.publish(&to).map(|()| Published::Stored),
        })
        .await
    }

    async fn remove(&self, key: &Key) -> io::Result<bool> {
        let path = self.changed(key)?;
        blocking::run_within(CALL_MAX, move || remove(&path)).await
    }

    async fn evict(&self, keys: Vec<Key>) -> io::Result<()> {
        self.staging()?;
        let paths: Vec<_> = keys.iter().map(|key| self.path(key)).collect();
        blocking::run_within(EVICT_MAX, move || {
            for path in paths {
                match fs::remove_file(&path) {
                    Err(error) if !is_absence(&error) => return Err(error),
                    Ok(()) | Err(_) => {}
                }
            }
            Ok(())
        })
        .await
    }

    async fn touch(&self, key: &Key) -> io::Result<()> {
        let path = self.changed(key)?;
        blocking::run_within(CALL_MAX, move || {
            let file = File::options().append(true).open(path)?;
            file.set_modified(SystemTime::now())
        })
        .await
    }

    fn walk_prefix(&self, prefix: &str) -> Walk {
        Box::new(FolderWalk::new(&self.root, prefix))
    }
}

fn read(path: &Path) -> io::Result<Option<Blob>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let stamp = Stamp::of(&metadata);
    let content = if metadata.len() <= READ_BYTES_MAX {
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        (&mut file).take(READ_BYTES_MAX).read_to_end(&mut bytes)?;
        Content::Memory(Bytes::from(bytes))
    } else {
        Content::File(StoredFile::new(file, stamp))
    };
    Ok(Some(Blob {
        content,
        modified: metadata.modified()?,
        stamp: Some(stamp),
    }))
}

fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Err(error) if is_absence(&error) => return Ok(false),
        removed => removed?,
    }
    // What was taken back shall not come back with the power.
    path.parent().map_or(Ok(()), sync_folder)?;
    Ok(true)
}

#[cfg(test)]
mod tests;
