//! Where a cache is read from: a folder, or a tar archive of one.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use proto::gocache::Id;
use proto::gocache::name::Entry;

use super::folder;
use super::packed::{self, HELD_MAX};
use super::survey::Survey;
use crate::progress::Progress;

/// A cache to be read.
#[derive(Debug, Clone)]
pub enum Source {
    /// A folder.
    Folder(PathBuf),
    /// A tar archive, as it is or compressed with gzip, xz or zstd.
    Packed(PathBuf),
}

impl Source {
    /// Looks what a path is.
    ///
    /// # Errors
    /// When there is nothing, or it may not be looked at.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let metadata = fs::metadata(path).with_context(|| {
            format!(
                "{}: there is no such build cache; name the folder that `go env GOCACHE` prints, or a tar archive of one",
                path.display()
            )
        })?;
        Ok(if metadata.is_dir() {
            Self::Folder(path.to_owned())
        } else {
            Self::Packed(path.to_owned())
        })
    }

    /// Returns the path as it was given.
    pub fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::Packed(path) => path,
        }
    }

    /// Returns the path of a file within it, for reports.
    pub fn path_of(&self, entry: Entry) -> String {
        self.path().join(entry.path()).display().to_string()
    }

    /// Reads all of it once.
    ///
    /// # Errors
    /// When it is not a cache, or can't be read.
    pub fn survey(&self, progress: Progress) -> anyhow::Result<Survey> {
        match self {
            Self::Folder(path) => folder::survey(path, progress),
            Self::Packed(path) => packed::survey(path, progress),
        }
    }

    /// Hands over the bytes of outputs, one after the other in no certain order.
    /// Those that are gone, can't be read or are larger than `HELD_MAX` are
    /// left out.
    ///
    /// # Errors
    /// When an archive can't be read a second time.
    pub fn each(
        &self,
        outputs: &BTreeSet<Id>,
        take: &mut dyn FnMut(Id, Vec<u8>),
    ) -> anyhow::Result<()> {
        if outputs.is_empty() {
            return Ok(());
        }
        let folder = match self {
            Self::Folder(folder) => folder,
            Self::Packed(path) => return packed::each(path, outputs, take),
        };
        for output in outputs {
            let path = folder.join(Entry::Output(*output).path());
            let Ok(Ok((file, metadata))) = folder::open(&path) else {
                continue;
            };
            let mut bytes = Vec::new();
            let read = file.take(HELD_MAX).read_to_end(&mut bytes);
            if metadata.len() <= HELD_MAX && read.is_ok() {
                take(*output, bytes);
            }
        }
        Ok(())
    }
}
