//! Tables from keys to numbers in sorted, immutable files: which record of a log is
//! about which module version.
//!
//! A file, called a run, is written from keys in ascending order and never changed.
//! A table is a few runs and what came since the last of them was written, which is
//! kept elsewhere; runs are merged when they have become many ([`merge_from`],
//! [`Merge`]). Nothing here needs more memory than a block for every level of every
//! run, whatever the number of keys.
//!
//! # Format
//!
//! A run is a tree of blocks of some 4 KiB, children before parents, and a footer:
//!
//! ```text
//! block    level (1 byte), entries
//! entry    shared, rest length, rest; level 0: number; above: offset, length, SHA-256
//! footer   "sumward table 1\n", entries (8 bytes), root offset (8), root length (4),
//!          root level (4), SHA-256 of the root (32), SHA-256 of the 72 bytes before (32)
//! ```
//!
//! A key is written as how many of its bytes it shares with the key before it in the
//! block, and the rest. Numbers in entries are LEB128, those of the footer are
//! big-endian. Entries of level 0 have a key and its number. Those of a higher level
//! have a block of the level below: no key in it is less than the entry's own, and
//! all keys of the blocks before it are. The root is the last block.
//!
//! A block is believed only when it has the SHA-256 that its parent names, and the root
//! by the footer. So a damaged run never says that a key is absent when it is not;
//! and the footer's last 32 bytes ([`Footer::digest`]) name the run's whole content.
//!
//! ```
//! use proto::sumdb::table::{self, Footer, Writer};
//!
//! let mut writer = Writer::default();
//! let mut file = Vec::new();
//! for (key, number) in [("rsc.io/quote@v1.5.2", 3), ("rsc.io/sampler@v1.3.0", 1)] {
//!     file.extend(writer.push(key.as_bytes(), number)?);
//! }
//! file.extend(writer.finish());
//!
//! let footer = Footer::parse(file.len() as u64, &file[file.len() - Footer::LEN..])?;
//! let read = |place: &table::Place| Ok::<_, table::Error>(file[place.range()].to_vec());
//! assert_eq!(table::find(&footer, b"rsc.io/quote@v1.5.2", read)?, Some(3));
//! assert_eq!(table::find(&footer, b"rsc.io/quote@v1.5.3", read)?, None);
//! # Ok::<(), table::Error>(())
//! ```

mod block;
mod footer;
mod lookup;
mod merge;
mod walk;
mod write;

pub use block::{Block, Place};
pub use footer::Footer;
pub use lookup::{Lookup, Step, find};
pub use merge::{Duplicates, Merge, merge_from};
pub use walk::{Entries, Next, Walk};
pub use write::Writer;

use crate::module::ModuleVersion;
use crate::tlog::Hash;

/// The longest key, in bytes.
pub const KEY_LEN_MAX: usize = 4096;

/// The longest block that a writer makes and a reader reads, in bytes.
pub const BLOCK_LEN_MAX: usize = 12 << 10;

/// The most levels of blocks. Every block above the lowest has at least two below it,
/// most of them some fifty.
pub const LEVELS_MAX: u8 = 16;

/// One key and its number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The key.
    pub key: Vec<u8>,
    /// Its number.
    pub number: u64,
}

/// Returns the key of a module version: `<path>@<version>`. The versions of one module
/// are neighbours.
pub fn key_of(module: &ModuleVersion) -> Vec<u8> {
    module.to_string().into_bytes()
}

/// Why a run was not written or not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Keys were not given in ascending order.
    #[error("key {key:?} does not come after {before:?}")]
    Order {
        /// The key before, as text.
        before: String,
        /// The key, as text.
        key: String,
    },
    /// A key is too long.
    #[error("key of {len} bytes is longer than {max}")]
    KeyTooLong {
        /// Bytes in the key.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// One key has two numbers.
    #[error("key {key:?} has the numbers {numbers:?}")]
    TwoNumbers {
        /// The key, as text.
        key: String,
        /// Its numbers.
        numbers: [u64; 2],
    },
    /// The file does not end in a footer, or in one that is damaged.
    #[error("not a table, or cut short: {0}")]
    Footer(&'static str),
    /// A block has another number of bytes than its parent says.
    #[error("block at byte {offset} has {got} bytes, not {want}")]
    BlockLength {
        /// Where the block begins.
        offset: u64,
        /// Bytes by its parent.
        want: usize,
        /// Bytes read.
        got: usize,
    },
    /// A block is not the one that its parent names: the file is damaged.
    #[error("block at byte {offset} is damaged: it has SHA-256 {got}, not {want}")]
    BlockDamaged {
        /// Where the block begins.
        offset: u64,
        /// SHA-256 by its parent.
        want: Hash,
        /// SHA-256 of the bytes read.
        got: Hash,
    },
    /// A block has the right SHA-256 and makes no sense: it was written so.
    #[error("block at byte {offset} is malformed: {what}")]
    BlockMalformed {
        /// Where the block begins.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A block was given that was not asked for.
    #[error("block at byte {want} was asked for, not that at {got}")]
    OtherBlock {
        /// Where the wanted block begins.
        want: u64,
        /// Where the given one begins.
        got: u64,
    },
    /// A run has another number of entries than its footer says.
    #[error("table has {got} entries, not {want}")]
    Count {
        /// Entries by the footer.
        want: u64,
        /// Entries found.
        got: u64,
    },
}

/// A key for an error to show.
fn shown(key: &[u8]) -> String {
    String::from_utf8_lossy(key).chars().take(200).collect()
}

#[cfg(test)]
mod tests;
