//! Where a log goes on after a start: what the ledger, the checkpoint and the high-water
//! mark say, put together.
//!
//! A head that was signed once is never gone back on. The ledger takes a new head before
//! the checkpoint does, so after a crash it may be one batch ahead, and that batch is
//! finished. The high-water mark lies elsewhere than both: when it is ahead of them, they
//! come from an old copy, and signing on would give two histories to those who have seen
//! the newer head.

use super::Tree;

/// What was found of the high-water mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HighWater {
    /// The newest head that was ever signed, as far as is known there.
    Head(Tree),
    /// There is none.
    Absent,
    /// It cannot be read, or is not of this log.
    Unreadable,
}

/// Where a log goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The newest head that is held.
    pub head: Tree,
    /// Older heads, which must be proved to begin the head's tree; where one does not,
    /// nothing is signed.
    pub earlier: Vec<Tree>,
    /// Why nothing is signed; `None` where signing goes on.
    pub unsigned: Option<Unsigned>,
}

/// Why nothing is signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// Nobody says what the newest signed head was.
    #[error(
        "the high-water mark is missing, so a newer head than that of {held} records may have been signed"
    )]
    NoHighWater {
        /// Records that are held.
        held: u64,
    },
    /// The high-water mark is not a signed head of this log.
    #[error(
        "the high-water mark cannot be read, so a newer head than that of {held} records may have been signed"
    )]
    BadHighWater {
        /// Records that are held.
        held: u64,
    },
    /// What is held is older than what was signed.
    #[error(
        "a head of {issued} records was signed, and only {held} records are here: they come from an older copy"
    )]
    Behind {
        /// Records of the head that was signed.
        issued: u64,
        /// Records that are held.
        held: u64,
    },
    /// Two heads of this log contradict each other.
    #[error("two heads of this log that were signed at {size} records differ")]
    Fork {
        /// Records of the heads, or of the older of the two.
        size: u64,
    },
}

impl Start {
    /// Puts together what was found. `accepted` is the size with which a person says to
    /// go on although the high-water mark is not there, or ahead.
    pub fn decide(
        ledger: Option<Tree>,
        checkpoint: Option<Tree>,
        high_water: HighWater,
        accepted: Option<u64>,
    ) -> Self {
        let held = [ledger, checkpoint].into_iter().flatten();
        let head = held
            .clone()
            .max_by_key(|tree| tree.size)
            .unwrap_or_else(Tree::empty);
        let mut earlier: Vec<Tree> = held.filter(|tree| *tree != head).collect();
        let is_accepted = accepted == Some(head.size);
        let marked = match high_water {
            HighWater::Head(issued) if issued.size <= head.size => {
                if issued != head {
                    earlier.push(issued);
                }
                None
            }
            HighWater::Head(_) | HighWater::Absent | HighWater::Unreadable if is_accepted => None,
            HighWater::Head(issued) => Some(Unsigned::Behind {
                issued: issued.size,
                held: head.size,
            }),
            HighWater::Absent => Some(Unsigned::NoHighWater { held: head.size }),
            HighWater::Unreadable => Some(Unsigned::BadHighWater { held: head.size }),
        };
        let same_size = earlier.iter().find(|tree| tree.size == head.size);
        let fork = same_size.map(|tree| Unsigned::Fork { size: tree.size });
        Self {
            head,
            earlier,
            unsigned: fork.or(marked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Hash;
    use super::*;

    fn tree(size: u64) -> Tree {
        let hash = match size {
            0 => Hash::of_empty_tree(),
            size => super::super::record_hash(&size.to_be_bytes()),
        };
        Tree { size, hash }
    }

    #[test]
    fn a_batch_that_only_the_ledger_has_is_finished() {
        for mark in [5, 7] {
            let mark = HighWater::Head(tree(mark));
            let start = Start::decide(Some(tree(7)), Some(tree(5)), mark, None);
            assert_eq!((start.head, &start.unsigned), (tree(7), &None));
            assert!(start.earlier.contains(&tree(5)));
        }
    }

    #[test]
    fn a_ledger_that_is_behind_or_lost_does_not_take_the_checkpoint_back() {
        for ledger in [None, Some(tree(3))] {
            let mark = HighWater::Head(tree(5));
            let start = Start::decide(ledger, Some(tree(5)), mark, None);
            assert_eq!((start.head, start.unsigned), (tree(5), None));
        }
    }

    #[test]
    fn nothing_is_signed_below_the_high_water_mark_or_without_one() {
        let behind = Unsigned::Behind { issued: 9, held: 5 };
        for (mark, want) in [
            (HighWater::Head(tree(9)), behind),
            (HighWater::Absent, Unsigned::NoHighWater { held: 5 }),
            (HighWater::Unreadable, Unsigned::BadHighWater { held: 5 }),
        ] {
            let decide = |accepted| Start::decide(None, Some(tree(5)), mark, accepted).unsigned;
            assert_eq!(decide(None), Some(want.clone()));
            // Another size than is there was meant for something else.
            for other in [0, 4, 6, 9] {
                assert_eq!(decide(Some(other)), Some(want.clone()));
            }
            assert_eq!(decide(Some(5)), None);
        }
        let lost = Start::decide(None, None, HighWater::Head(tree(9)), None);
        let behind = Unsigned::Behind { issued: 9, held: 0 };
        assert_eq!(lost.unsigned, Some(behind));
    }

    #[test]
    fn a_new_log_begins_without_a_question() {
        let start = Start::decide(None, None, HighWater::Head(tree(0)), None);
        let want = Start {
            head: tree(0),
            earlier: Vec::new(),
            unsigned: None,
        };
        assert_eq!(start, want);
    }

    #[test]
    fn two_heads_of_one_size_are_no_log_to_go_on_with() {
        let other = Tree {
            size: 5,
            hash: record_hash_of("other"),
        };
        let mark = HighWater::Head(tree(5));
        for (ledger, checkpoint, mark) in [
            (Some(other), Some(tree(5)), mark),
            (Some(tree(5)), Some(tree(5)), HighWater::Head(other)),
        ] {
            let start = Start::decide(ledger, checkpoint, mark, Some(5));
            assert_eq!(start.unsigned, Some(Unsigned::Fork { size: 5 }));
        }
    }

    fn record_hash_of(text: &str) -> Hash {
        super::super::record_hash(text.as_bytes())
    }
}
