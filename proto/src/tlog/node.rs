//! Places of complete subtrees in a tree, and the order their hashes are stored in.

use std::fmt;

use super::{Error, SIZE_MAX, check_size};

/// The place of a complete subtree: the `index`-th of those with 2^`level` records.
///
/// It spans the records from `index << level` to `(index + 1) << level`, the
/// end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Height of the subtree: 0 for a single record.
    pub level: u8,
    /// Number of the subtree in its row, from the left, beginning with 0.
    pub index: u64,
}

impl Node {
    /// The place of the hash of record `index`.
    pub fn record(index: u64) -> Self {
        Self { level: 0, index }
    }

    /// The first record after the subtree, or `None` when that is beyond any tree.
    pub fn end(self) -> Option<u64> {
        let after = self.index.checked_add(1)?;
        let end = after.checked_shl(u32::from(self.level))?;
        let exact = end >> self.level == after;
        (exact && end <= SIZE_MAX).then_some(end)
    }

    /// Whether the subtree is complete in a tree of `size` records.
    pub fn is_in(self, size: u64) -> bool {
        self.end().is_some_and(|end| end <= size)
    }

    /// The subtrees that together make the tree of `size` records, left to right,
    /// each larger than the next.
    ///
    /// # Errors
    ///
    /// [`Error::TreeTooLarge`].
    pub fn peaks(size: u64) -> Result<Vec<Self>, Error> {
        check_size(size)?;
        Ok(cover(0, size))
    }

    /// Number of this subtree's hash in the order in which a growing log gets to
    /// know its hashes: each record's, and after it those of the subtrees that it
    /// completes. `None` when the subtree is beyond any tree.
    ///
    /// Source: golang.org/x/mod/sumdb/tlog (stored hash index)
    pub fn stored_index(self) -> Option<u64> {
        let last_record = self.end()? - 1;
        Some(stored_count(last_record) + u64::from(self.level))
    }

    /// The inverse of [`Node::stored_index`], or `None` beyond any tree.
    pub fn from_stored_index(stored: u64) -> Option<Self> {
        // The hash belongs to the last record whose own hash is not after it. There
        // are fewer than two stored hashes a record, and at most 62 short of that.
        let mut record = stored / 2;
        if record >= SIZE_MAX {
            return None;
        }
        while record + 1 < SIZE_MAX && stored_count(record + 1) <= stored {
            record += 1;
        }
        let level = u8::try_from(stored - stored_count(record)).ok()?;
        Some(Self {
            level,
            index: record >> level,
        })
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "subtree {} of height {}", self.index, self.level)
    }
}

/// Returns how many hashes a log of `size` records stores: a binary tree over a
/// complete range of k records has 2k - 1, and the range ends once for each bit.
pub(super) fn stored_count(size: u64) -> u64 {
    2 * size - u64::from(size.count_ones())
}

/// Returns the fewest complete subtrees that cover the records from `start` to
/// `end`, left to right. `start` must be a multiple of a power of two that is no
/// less than `end - start`, as it is for every range that a proof names.
pub(super) fn cover(start: u64, end: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut at = start;
    while at < end {
        let level = (end - at).ilog2();
        nodes.push(Node {
            level: u8::try_from(level).expect("the logarithm of a u64 is under 64"),
            index: at >> level,
        });
        at += 1 << level;
    }
    nodes
}
