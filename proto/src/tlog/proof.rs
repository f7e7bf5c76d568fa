//! Proofs that a record is in a tree, and that one tree begins with another.

use super::node::cover;
use super::{Error, Hash, Node, Tree, check_size, node_hash, subtree_hash};

/// Which subtrees' hashes a proof is made of.
///
/// The hashes of [`ProofPlan::nodes`] are looked up by the caller, in order;
/// [`ProofPlan::finish`] folds them to the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofPlan {
    nodes: Vec<Node>,
    /// How many of the nodes make up each hash of the proof.
    lengths: Vec<usize>,
}

impl ProofPlan {
    /// Plans the proof that record `index` is in a tree of `size` records.
    ///
    /// # Errors
    ///
    /// [`Error::NotInTree`] when the tree has no such record, [`Error::TreeTooLarge`].
    ///
    /// Source: RFC 6962 §2.1.1
    pub fn record(size: u64, index: u64) -> Result<Self, Error> {
        check_size(size)?;
        if index >= size {
            return Err(Error::NotInTree {
                what: format!("record {index}"),
                size,
            });
        }
        Ok(Self::of(siblings(size, index)))
    }

    /// Plans the proof that the tree of `newer` records begins with the records of
    /// the tree of `older` records.
    ///
    /// Nothing needs proving, and the proof is empty, when the sizes are equal or
    /// `older` is 0.
    ///
    /// # Errors
    ///
    /// [`Error::NotInTree`] when `older` is the greater, [`Error::TreeTooLarge`].
    ///
    /// Source: RFC 6962 §2.1.2
    pub fn consistency(newer: u64, older: u64) -> Result<Self, Error> {
        check_size(newer)?;
        if older > newer {
            return Err(Error::NotInTree {
                what: format!("tree of {older} records"),
                size: newer,
            });
        }
        let (mut start, mut end) = (0, newer);
        let mut ranges = Vec::new();
        while older != 0 && end != older {
            let middle = start + split(end - start);
            if older <= middle {
                ranges.push((middle, end));
                end = middle;
            } else {
                ranges.push((start, middle));
                start = middle;
            }
        }
        // What is left is the last piece of the older tree. When it is all of that
        // tree, the checker knows its hash already.
        if older != 0 && start != 0 {
            ranges.push((start, end));
        }
        ranges.reverse();
        Ok(Self::of(ranges))
    }

    /// Makes a plan of the ranges of records that a proof is made of, from the leaves
    /// upwards.
    fn of(ranges: Vec<(u64, u64)>) -> Self {
        let covers: Vec<_> = ranges
            .into_iter()
            .map(|(start, end)| cover(start, end))
            .collect();
        Self {
            lengths: covers.iter().map(Vec::len).collect(),
            nodes: covers.concat(),
        }
    }

    /// The subtrees whose hashes [`ProofPlan::finish`] needs, in its order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the proof, from the leaves upwards.
    ///
    /// # Errors
    ///
    /// [`Error::PartCount`] when there isn't one hash for each node.
    pub fn finish(&self, hashes: &[Hash]) -> Result<Vec<Hash>, Error> {
        if hashes.len() != self.nodes.len() {
            return Err(Error::PartCount {
                want: self.nodes.len(),
                got: hashes.len(),
            });
        }
        let mut rest = hashes;
        let mut proof = Vec::with_capacity(self.lengths.len());
        for &length in &self.lengths {
            let (part, after) = rest.split_at(length);
            proof.push(subtree_hash(part));
            rest = after;
        }
        Ok(proof)
    }
}

/// Checks the proof that record `index`, whose hash is `record`, is in `tree`.
///
/// # Errors
///
/// [`Error::NotInTree`], [`Error::ProofLength`] and [`Error::ProofMismatch`].
///
/// Source: RFC 9162 §2.1.3.2
pub fn check_record(proof: &[Hash], tree: &Tree, index: u64, record: Hash) -> Result<(), Error> {
    record_path(proof, tree, index, record).map(drop)
}

/// A step from a node to the one above it: both children, left and right, and their hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The left child.
    pub left: Hash,
    /// The right child.
    pub right: Hash,
    /// SHA-256 of the byte 1 and both.
    pub hash: Hash,
}

/// Returns the steps by which a proof leads from a record to the tree's hash, for somebody
/// who checks them one by one.
///
/// # Errors
///
/// As [`check_record`].
pub fn record_path(
    proof: &[Hash],
    tree: &Tree,
    index: u64,
    record: Hash,
) -> Result<Vec<Step>, Error> {
    check_size(tree.size)?;
    if index >= tree.size {
        return Err(Error::NotInTree {
            what: format!("record {index}"),
            size: tree.size,
        });
    }
    let mut walk = Walk::new(index, tree.size - 1);
    let mut got = record;
    let mut steps = Vec::with_capacity(proof.len());
    for &sibling in proof {
        let (left, right) = match walk.up(proof.len())? {
            Side::Left => (sibling, got),
            Side::Right => (got, sibling),
        };
        got = node_hash(left, right);
        let hash = got;
        steps.push(Step { left, right, hash });
    }
    walk.check_at_top(proof.len())?;
    check_hash(tree.hash, got)?;
    Ok(steps)
}

/// Checks the proof that `newer` begins with the records of `older`.
///
/// # Errors
///
/// [`Error::NotInTree`] when `older` is the larger, [`Error::ProofLength`] and
/// [`Error::ProofMismatch`].
///
/// Source: RFC 9162 §2.1.4.2
pub fn check_consistency(proof: &[Hash], newer: &Tree, older: &Tree) -> Result<(), Error> {
    check_size(newer.size)?;
    if older.size > newer.size {
        return Err(Error::NotInTree {
            what: format!("tree of {} records", older.size),
            size: newer.size,
        });
    }
    if older.size == newer.size || older.size == 0 {
        if !proof.is_empty() {
            return Err(Error::ProofLength { got: proof.len() });
        }
        let want = match older.size {
            0 => Hash::of_empty_tree(),
            _ => newer.hash,
        };
        return check_hash(want, older.hash);
    }
    let mut walk = Walk::new(older.size - 1, newer.size - 1);
    walk.climb_while_right();
    let (first, rest) = if older.size.is_power_of_two() {
        (older.hash, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(Error::ProofLength { got: 0 })?;
        (*first, rest)
    };
    let (mut old, mut new) = (first, first);
    for &sibling in rest {
        match walk.up(proof.len())? {
            Side::Left => {
                old = node_hash(sibling, old);
                new = node_hash(sibling, new);
            }
            Side::Right => new = node_hash(new, sibling),
        }
    }
    walk.check_at_top(proof.len())?;
    check_hash(older.hash, old)?;
    check_hash(newer.hash, new)
}

/// The way from a subtree up to the root of a tree that may not be complete.
struct Walk {
    /// Number of the subtree in its row.
    index: u64,
    /// Number of the last subtree in that row, complete or not.
    last: u64,
}

/// On which side of the way up the next sibling lies.
enum Side {
    Left,
    Right,
}

impl Walk {
    fn new(index: u64, last: u64) -> Self {
        Self { index, last }
    }

    fn climb(&mut self) {
        self.index >>= 1;
        self.last >>= 1;
    }

    fn climb_while_right(&mut self) {
        while self.index % 2 == 1 {
            self.climb();
        }
    }

    /// Goes up past the next sibling. A last subtree without one is its own parent,
    /// so all rows in which it has none are passed over.
    fn up(&mut self, proof_len: usize) -> Result<Side, Error> {
        if self.last == 0 {
            return Err(Error::ProofLength { got: proof_len });
        }
        while self.index == self.last && self.index.is_multiple_of(2) {
            self.climb();
        }
        let side = if self.index % 2 == 1 {
            Side::Left
        } else {
            Side::Right
        };
        self.climb();
        Ok(side)
    }

    fn check_at_top(&self, proof_len: usize) -> Result<(), Error> {
        if self.last != 0 {
            return Err(Error::ProofLength { got: proof_len });
        }
        Ok(())
    }
}

fn check_hash(want: Hash, got: Hash) -> Result<(), Error> {
    if want != got {
        return Err(Error::ProofMismatch { want, got });
    }
    Ok(())
}

/// Returns the ranges of records beside the way from a record up to the root of a tree
/// that has it, from the leaf upwards.
pub(super) fn siblings(size: u64, index: u64) -> Vec<(u64, u64)> {
    let (mut start, mut end) = (0, size);
    let mut ranges = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// Returns the largest power of two below `len`, which is at least 2.
pub(super) fn split(len: u64) -> u64 {
    1 << (len - 1).ilog2()
}
