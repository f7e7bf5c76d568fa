//! Hashes of records and subtrees.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::Error;

/// A SHA-256 hash; its text is base64 with padding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Parses the 44 characters of base64 that `Display` prints.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedHash`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bytes = STANDARD.decode(text).map_err(|_| Error::MalformedHash)?;
        Ok(Self(bytes.try_into().map_err(|_| Error::MalformedHash)?))
    }

    /// The hash of the tree without records: SHA-256 of nothing.
    pub fn of_empty_tree() -> Self {
        Self(Sha256::digest([]).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Returns the hash of a record: SHA-256 of a byte 0 and the record.
///
/// Source: RFC 6962 §2.1
pub fn record_hash(record: &[u8]) -> Hash {
    Hash(
        Sha256::new_with_prefix([0])
            .chain_update(record)
            .finalize()
            .into(),
    )
}

/// Returns the hash of a subtree from those of its halves: SHA-256 of a byte 1,
/// the left and the right hash.
///
/// Source: RFC 6962 §2.1
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    // One buffer, one call: this is the inner loop of all that is proved here.
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(&left.0);
    bytes[33..].copy_from_slice(&right.0);
    Hash(Sha256::digest(bytes).into())
}

/// Returns the hash of a complete subtree from the hashes at its base, of which
/// there are a power of two.
pub(super) fn complete_hash(base: &[Hash]) -> Option<Hash> {
    let mut row = base.to_vec();
    while row.len() > 1 {
        row = row
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node_hash(*left, *right),
                rest => rest[0],
            })
            .collect();
    }
    row.first().copied()
}

/// Returns the hash of a range of records from those of complete subtrees.
///
/// The subtrees make up the range from left to right, each larger than the next: for
/// a whole tree they are those that [`super::Node::peaks`] names. The hash of no
/// records is [`Hash::of_empty_tree`].
pub fn subtree_hash(peaks: &[Hash]) -> Hash {
    peaks
        .iter()
        .rev()
        .copied()
        .reduce(|right, left| node_hash(left, right))
        .unwrap_or_else(Hash::of_empty_tree)
}
