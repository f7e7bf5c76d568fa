//! The footer of a run: where its root is.

use sha2::{Digest as _, Sha256};

use super::block::Place;
use super::{BLOCK_LEN_MAX, Error, LEVELS_MAX};
use crate::tlog::Hash;

const MAGIC: &[u8; 16] = b"sumward table 1\n";

/// Bytes of the footer before its own SHA-256.
const SUMMED_LEN: usize = 72;

/// What a run's last bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footer {
    /// Keys in the run.
    pub entries: u64,
    /// The root of its blocks.
    pub root: Place,
    digest: Hash,
}

impl Footer {
    /// Bytes of a footer, at the end of the file.
    pub const LEN: usize = SUMMED_LEN + 32;

    /// The footer of a run with so many entries, whose last block is `root`.
    pub fn new(entries: u64, root: Place) -> Self {
        let mut footer = Self {
            entries,
            root,
            digest: Hash([0; 32]),
        };
        footer.digest = Hash(Sha256::digest(footer.summed()).into());
        footer
    }

    /// Parses the last [`Footer::LEN`] bytes of a file of `file_len` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Footer`].
    pub fn parse(file_len: u64, bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() != Self::LEN {
            return Err(Error::Footer("shorter than a footer"));
        }
        let (summed, digest) = bytes.split_at(SUMMED_LEN);
        if !summed.starts_with(MAGIC) {
            return Err(Error::Footer("its last bytes are not those of a table"));
        }
        let digest = Hash(digest.try_into().unwrap_or_default());
        if digest != Hash(Sha256::digest(summed).into()) {
            return Err(Error::Footer("its last bytes are damaged"));
        }
        let number = |at: usize, len: usize| {
            let bytes = &summed[at..at + len];
            bytes
                .iter()
                .fold(0, |all, byte| (all << 8) | u64::from(*byte))
        };
        let len = usize::try_from(number(32, 4)).unwrap_or(usize::MAX);
        let level = u8::try_from(number(36, 4)).unwrap_or(u8::MAX);
        if len == 0 || len > BLOCK_LEN_MAX || level >= LEVELS_MAX {
            return Err(Error::Footer("no such root"));
        }
        let root = Place {
            offset: number(24, 8),
            len,
            level,
            digest: Hash(summed[40..].try_into().unwrap_or_default()),
        };
        let end = root.offset.checked_add((len + Self::LEN) as u64);
        if end != Some(file_len) {
            return Err(Error::Footer("its length is not that of its content"));
        }
        Ok(Self {
            entries: number(16, 8),
            root,
            digest,
        })
    }

    /// The SHA-256 that stands for all of the run's content.
    pub fn digest(&self) -> Hash {
        self.digest
    }

    /// Bytes of the whole file.
    pub fn file_len(&self) -> u64 {
        self.root.offset + (self.root.len + Self::LEN) as u64
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [&self.summed()[..], &self.digest.0].concat()
    }

    fn summed(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.entries.to_be_bytes());
        bytes.extend_from_slice(&self.root.offset.to_be_bytes());
        let len = u32::try_from(self.root.len).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(&u32::from(self.root.level).to_be_bytes());
        bytes.extend_from_slice(&self.root.digest.0);
        bytes
    }
}
