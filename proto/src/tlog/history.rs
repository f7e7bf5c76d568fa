//! What proofs under several heads of a log tell of its one history.
//!
//! The hash over a range of records depends on these records alone. So whoever has proofs
//! under heads of different sizes, and no proof that joins the heads, knows two things
//! all the same: two hashes of one range are two histories, and a head whose tree is made
//! of ranges that larger heads prove is a beginning of theirs.
//!
//! ```
//! use proto::tlog::history::{History, told};
//! use proto::tlog::{HashTree, ProofPlan, record_hash};
//!
//! let mut log = HashTree::default();
//! log.push(record_hash(b"one\n"));
//! let older = log.tree();
//! log.push(record_hash(b"two\n"));
//! let plan = ProofPlan::record(2, 1)?;
//! let hashes: Vec<_> = plan.nodes().iter().filter_map(|&node| log.hash(node)).collect();
//! let mut history = History::default();
//! let proof = plan.finish(&hashes)?;
//! told(&proof, &log.tree(), 1, record_hash(b"two\n"))?.into_iter().for_each(|range| history.add(range));
//! assert_eq!(history.root(older.size), Some(older.hash));
//! # Ok::<(), proto::tlog::Error>(())
//! ```

use std::collections::BTreeMap;

use super::proof::{siblings, split};
use super::{Error, Hash, Tree, check_record, node_hash};

/// The hash over some records that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first record.
    pub start: u64,
    /// The first record after them.
    pub end: u64,
    /// The hash of the tree over them.
    pub hash: Hash,
}

/// Returns all that the proof of record `index` in `tree` tells: the hashes on the way to
/// the root, those beside it, and the root's own.
///
/// # Errors
///
/// As [`check_record`]: a proof that does not hold tells nothing.
pub fn told(proof: &[Hash], tree: &Tree, index: u64, record: Hash) -> Result<Vec<Range>, Error> {
    check_record(proof, tree, index, record)?;
    let mut at = Range {
        start: index,
        end: index + 1,
        hash: record,
    };
    let mut told = vec![at];
    for ((start, end), &hash) in siblings(tree.size, index).into_iter().zip(proof) {
        told.push(Range { start, end, hash });
        at = if start < at.start {
            Range {
                start,
                end: at.end,
                hash: node_hash(hash, at.hash),
            }
        } else {
            Range {
                start: at.start,
                end,
                hash: node_hash(at.hash, hash),
            }
        };
        told.push(at);
    }
    Ok(told)
}

/// Ranges that are told of one log.
#[derive(Debug, Clone, Default)]
pub struct History {
    ranges: BTreeMap<(u64, u64), Hash>,
}

impl History {
    /// Adds a range. The first hash of a range stays: ask [`History::differs`] before.
    pub fn add(&mut self, range: Range) {
        let place = (range.start, range.end);
        self.ranges.entry(place).or_insert(range.hash);
    }

    /// Whether the records have another hash here.
    pub fn differs(&self, range: &Range) -> bool {
        let known = self.ranges.get(&(range.start, range.end));
        known.is_some_and(|hash| *hash != range.hash)
    }

    /// Returns the hash of the tree of the first `size` records, where the ranges give it.
    pub fn root(&self, size: u64) -> Option<Hash> {
        (size > 0).then(|| self.hash(0, size)).flatten()
    }

    /// Ends at the first range that nothing gives, so it looks at no more of them than
    /// are known, and as many again as a tree is high.
    fn hash(&self, start: u64, end: u64) -> Option<Hash> {
        if let Some(hash) = self.ranges.get(&(start, end)) {
            return Some(*hash);
        }
        if end - start < 2 {
            return None;
        }
        let middle = start + split(end - start);
        Some(node_hash(
            self.hash(start, middle)?,
            self.hash(middle, end)?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::{HashTree, ProofPlan, record_hash};

    fn log(size: u64, salt: u64) -> HashTree {
        let mut log = HashTree::default();
        for number in 0..size {
            // All records from the third on are others where the salt is another.
            let salt = if number < 2 { 0 } else { salt };
            log.push(record_hash(
                &[number.to_be_bytes(), salt.to_be_bytes()].concat(),
            ));
        }
        log
    }

    fn ranges(log: &HashTree, index: u64) -> Vec<Range> {
        let plan = ProofPlan::record(log.size(), index).unwrap();
        let nodes = plan.nodes().iter();
        let hashes: Vec<Hash> = nodes.filter_map(|&node| log.hash(node)).collect();
        let proof = plan.finish(&hashes).unwrap();
        let record = log.hash(crate::tlog::Node::record(index)).unwrap();
        told(&proof, &log.tree(), index, record).unwrap()
    }

    #[test]
    fn every_range_that_a_proof_tells_has_the_hash_of_its_records() {
        for size in 1..=20 {
            let log = log(size, 0);
            for index in 0..size {
                for range in ranges(&log, index) {
                    let mut part = HashTree::default();
                    for number in range.start..range.end {
                        part.push(log.hash(crate::tlog::Node::record(number)).unwrap());
                    }
                    assert_eq!(part.tree().hash, range.hash, "{size} {index} {range:?}");
                }
            }
        }
    }

    #[test]
    fn a_head_is_joined_to_the_next_one_by_the_proof_of_the_record_after_it() {
        for size in 2..=20 {
            let (older, newer) = (log(size - 1, 0), log(size, 0));
            let mut history = History::default();
            ranges(&newer, size - 1)
                .into_iter()
                .for_each(|range| history.add(range));
            assert_eq!(history.root(size - 1), Some(older.tree().hash), "{size}");
            assert_eq!(history.root(size), Some(newer.tree().hash), "{size}");
            // Of another history it is known that it is another one.
            if size > 3 {
                assert_ne!(history.root(size - 1), Some(log(size - 1, 1).tree().hash));
            }
        }
    }

    #[test]
    fn one_record_in_two_histories_is_found_and_one_history_is_not_two() {
        let mut history = History::default();
        ranges(&log(9, 0), 4)
            .into_iter()
            .for_each(|range| history.add(range));
        let is_other = |log: &HashTree, index| {
            let ranges = ranges(log, index);
            ranges.iter().any(|range| history.differs(range))
        };
        for index in 0..6 {
            assert!(!is_other(&log(6, 0), index), "{index}");
        }
        assert!(is_other(&log(6, 1), 4));
        // The root of the first four is told by the proof of any record after them.
        assert!(is_other(&log(6, 1), 5));
        assert!(
            !is_other(&log(2, 1), 1),
            "the first two are the same in both"
        );
    }

    #[test]
    fn what_is_not_told_has_no_root_and_a_bad_proof_tells_nothing() {
        let mut history = History::default();
        ranges(&log(9, 0), 0)
            .into_iter()
            .for_each(|range| history.add(range));
        assert_eq!(
            (history.root(0), history.root(3), history.root(5)),
            (None, None, None)
        );
        assert_eq!(history.root(u64::MAX >> 2), None);
        assert_eq!(history.root(4), Some(log(4, 0).tree().hash));
        let tree = log(9, 0).tree();
        assert!(told(&[], &tree, 0, record_hash(b"")).is_err());
    }
}
