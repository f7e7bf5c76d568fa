//! Stored heads, and what to think of files that are none.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use proto::note;
use proto::sumdb::{Error, Head};

use super::{Archive, numbers};
use crate::store::folder::read_small;

/// A file under the name of a head that is none.
#[derive(Debug)]
pub(in crate::sumdb) struct DamagedHead {
    /// Records, by its name.
    pub(in crate::sumdb) size: u64,
    pub(in crate::sumdb) path: PathBuf,
    /// Why it is none.
    pub(in crate::sumdb) reason: String,
    /// What it holds; empty when it can't be read.
    pub(in crate::sumdb) bytes: Vec<u8>,
    /// Whether the file is a whole head, of another key than the database's.
    of_another_key: bool,
}

/// Files under names of heads that are passed over to find a good one. With more the
/// folder is not of this database, or needs a person.
const DAMAGED_MAX: usize = 64;

impl Archive {
    /// Sizes of all accepted heads, newest first.
    pub(in crate::sumdb) fn head_sizes(&self) -> io::Result<Vec<u64>> {
        let mut sizes = numbers(&self.folder.join("heads"))?;
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        Ok(sizes)
    }

    /// An accepted head. One that the database's key has not signed is an error.
    pub(in crate::sumdb) fn head(&self, size: u64) -> io::Result<Head> {
        self.read_head(size)
            .map_err(|damaged| io::Error::other(damaged.says(self.name())))
    }

    /// When the head of so many records was accepted: the time of its file.
    pub(in crate::sumdb) fn head_accepted_at(&self, size: u64) -> Option<SystemTime> {
        fs::metadata(self.head_path(size)).ok()?.modified().ok()
    }

    pub(in crate::sumdb) fn head_path(&self, size: u64) -> PathBuf {
        self.folder.join("heads").join(size.to_string())
    }

    /// Where a file is moved that was a head, and is none any more.
    pub(in crate::sumdb) fn damaged_head_path(&self, size: u64) -> PathBuf {
        self.damaged_folder().join(size.to_string())
    }

    /// Records of the newest head that was lost: moved aside because its file was
    /// damaged.
    pub(in crate::sumdb) fn lost_size(&self) -> Option<u64> {
        numbers(&self.damaged_folder()).ok()?.into_iter().max()
    }

    fn damaged_folder(&self) -> PathBuf {
        self.folder.join("heads.damaged")
    }

    /// The newest head that is whole, and the files under names of newer ones.
    ///
    /// # Errors
    /// What the file system answers, or that all heads there are another key's.
    pub(super) fn newest_head(&self) -> io::Result<(Option<Head>, Vec<DamagedHead>)> {
        let mut damaged = Vec::new();
        for size in self.head_sizes()? {
            match self.read_head(size) {
                Ok(head) => return Ok((Some(head), damaged)),
                Err(bad) => damaged.push(bad),
            }
            if damaged.len() > DAMAGED_MAX {
                break;
            }
        }
        let refused = match damaged.len() {
            ..=DAMAGED_MAX => damaged.iter().find(|bad| bad.of_another_key),
            _ => damaged.first(),
        };
        match refused {
            Some(bad) => Err(io::Error::other(bad.says(self.name()))),
            None => Ok((None, damaged)),
        }
    }

    fn read_head(&self, size: u64) -> Result<Head, DamagedHead> {
        let path = self.head_path(size);
        let bad = |reason: String, bytes: Vec<u8>, of_another_key| DamagedHead {
            size,
            path: path.clone(),
            reason,
            bytes,
            of_another_key,
        };
        let unread = |error: io::Error| bad(error.to_string(), Vec::new(), false);
        let read = read_small(&path, note::LEN_MAX as u64 + 1).map_err(unread)?;
        let bytes = read.ok_or_else(|| unread(io::ErrorKind::NotFound.into()))?;
        match Head::open(&bytes, &self.key) {
            Ok(head) if head.tree.size == size => Ok(head),
            Ok(head) => Err(bad(
                format!("it is one of {} records", head.tree.size),
                bytes,
                false,
            )),
            Err(error) => {
                let unsigned = error == Error::Note(note::Error::Unverified);
                Err(bad(error.to_string(), bytes, unsigned))
            }
        }
    }
}

impl DamagedHead {
    fn says(&self, name: &str) -> String {
        let (path, reason) = (self.path.display(), &self.reason);
        format!(
            "{path} is not a signed head of {name}: {reason}; if this is another database than before, \
             or the same with another key, move its folder away"
        )
    }
}
