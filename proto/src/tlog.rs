//! Transparency logs: Merkle trees of records, proofs in them, and tiles.
//!
//! A log of N records has a tree whose leaves are the records' hashes. The hash
//! of the tree commits to every record and their order. Hashes of complete
//! subtrees never change once the log has grown past them, so the log is
//! published as [`Tile`]s of them, which are cached for ever.
//!
//! ```
//! use proto::tlog::{HashTree, ProofPlan, check_record, record_hash};
//!
//! let mut log = HashTree::default();
//! for record in ["one\n", "two\n", "three\n"] {
//!     log.push(record_hash(record.as_bytes()));
//! }
//! let plan = ProofPlan::record(3, 1)?;
//! let hashes: Vec<_> = plan.nodes().iter().filter_map(|&node| log.hash(node)).collect();
//! let proof = plan.finish(&hashes)?;
//! check_record(&proof, &log.tree(), 1, record_hash(b"two\n"))?;
//! # Ok::<(), proto::tlog::Error>(())
//! ```
//!
//! Source: RFC 6962 §2.1, golang.org/x/mod/sumdb/tlog

pub mod batch;
pub mod c2sp;
pub mod checkpoint;
pub mod entries;
mod hash;
pub mod history;
mod node;
pub mod plan;
mod proof;
pub mod recovery;
pub mod regroup;
pub mod sequencer;
mod stored;
mod tile;

pub use hash::{Hash, node_hash, record_hash, subtree_hash};
pub use node::Node;
pub use proof::{ProofPlan, Step, check_consistency, check_record, record_path};
pub use stored::HashTree;
pub use tile::{HEIGHT_MAX, Level, Tile};

/// The largest tree that is worked with: 2^62 records.
pub const SIZE_MAX: u64 = 1 << 62;

/// What a signed head says: so many records, and this hash over them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tree {
    /// Records in the log.
    pub size: u64,
    /// Hash of the tree over all of them.
    pub hash: Hash,
}

impl Tree {
    /// The tree without records.
    pub fn empty() -> Self {
        Self {
            size: 0,
            hash: Hash::of_empty_tree(),
        }
    }
}

/// Why a path, a proof or a tile was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A hash is not 44 characters of base64.
    #[error("malformed hash")]
    MalformedHash,
    /// A tile's path is not the one way to write a tile.
    #[error("malformed tile path: {0}")]
    MalformedTilePath(&'static str),
    /// A signed text is not a tree head.
    #[error("malformed tree head: {0}")]
    MalformedCheckpoint(&'static str),
    /// A tree has more records than [`SIZE_MAX`].
    #[error("tree of {size} records is larger than {max}")]
    TreeTooLarge {
        /// Records in the tree.
        size: u64,
        /// The limit.
        max: u64,
    },
    /// A record, subtree or smaller tree was asked for that is not in the tree.
    #[error("{what} is not in the tree of {size} records")]
    NotInTree {
        /// What was asked for.
        what: String,
        /// Records in the tree.
        size: u64,
    },
    /// A tile's height is not in 1..=30.
    #[error("tile height {0} is not in 1..=30")]
    TileHeight(u8),
    /// Another number of hashes or tiles was given than the plan names.
    #[error("plan needs {want} parts, got {got}")]
    PartCount {
        /// Parts that the plan names.
        want: usize,
        /// Parts given.
        got: usize,
    },
    /// A tile has another number of bytes than its width says.
    #[error("{tile} has {got} bytes, not {want}")]
    TileLength {
        /// The tile.
        tile: Tile,
        /// Bytes by its width.
        want: u64,
        /// Bytes given.
        got: u64,
    },
    /// A tile's hashes do not add up to the hash that its parent tile has.
    #[error("{tile} has hash {got}, but its parent has {want}")]
    TileMismatch {
        /// The tile.
        tile: Tile,
        /// The hash in the parent tile.
        want: Hash,
        /// The hash computed from the tile.
        got: Hash,
    },
    /// The tiles at the tree's right edge do not add up to the tree's hash.
    #[error("edge tiles {tiles} have tree hash {got}, but the signed head of {size} records has {want}", tiles = Tile::join(tiles))]
    EdgeMismatch {
        /// The tiles at the right edge, top first: at least one is bad.
        tiles: Vec<Tile>,
        /// Records in the tree.
        size: u64,
        /// The tree's hash.
        want: Hash,
        /// The hash computed from the tiles.
        got: Hash,
    },
    /// A record's or consistency proof does not lead to the hash it should.
    #[error("proof leads to hash {got}, not {want}")]
    ProofMismatch {
        /// The hash that the proof should lead to.
        want: Hash,
        /// Where it leads.
        got: Hash,
    },
    /// A proof has too many or too few hashes.
    #[error("proof has {got} hashes, which do not fit the tree")]
    ProofLength {
        /// Hashes in the proof.
        got: usize,
    },
    /// A tile is not a prefix of the tile it should be cut from.
    #[error("{wanted} can't be cut from {held}")]
    NotAPrefix {
        /// The tile that was asked for.
        wanted: Tile,
        /// The tile at hand.
        held: Tile,
    },
}

fn check_size(size: u64) -> Result<(), Error> {
    if size > SIZE_MAX {
        return Err(Error::TreeTooLarge {
            size,
            max: SIZE_MAX,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
