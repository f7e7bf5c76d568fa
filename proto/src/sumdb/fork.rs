//! Evidence that a database has shown two different logs.

use std::fmt;

use super::Head;
use crate::tlog::{self, Hash, Tree};

/// Two truly signed heads that no proof joins.
///
/// `Display` prints both notes, the proof, and how to check them by hand. Anybody
/// with the database's public key can, without trusting who kept the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The head with fewer records; of two with equally many, the one that was
    /// followed.
    pub older: Head,
    /// The other head.
    pub newer: Head,
    /// The hash that the newer tree has over the older head's records: not the one
    /// that the older head says.
    pub computed: Hash,
    /// The consistency proof from a tree with the hash `computed` to the newer tree;
    /// empty when both heads are of one size.
    pub proof: Vec<Hash>,
}

impl Fork {
    pub(super) fn of_one_size(followed: Head, other: Head) -> Self {
        Self {
            computed: other.tree.hash,
            older: followed,
            newer: other,
            proof: Vec::new(),
        }
    }

    /// Whether this is evidence of a fork: the proof holds, and contradicts the older
    /// head. The signatures are for the reader to check.
    pub fn is_evidence(&self) -> bool {
        let shown = Tree {
            size: self.older.tree.size,
            hash: self.computed,
        };
        self.computed != self.older.tree.hash
            && tlog::check_consistency(&self.proof, &self.newer.tree, &shown).is_ok()
    }
}

impl fmt::Display for Fork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (older, newer) = (&self.older.tree, &self.newer.tree);
        writeln!(
            f,
            "the checksum database has signed two heads that contradict each other"
        )?;
        for (name, head) in [("first", &self.older), ("second", &self.newer)] {
            writeln!(f, "\n----- {name} head, {} records -----", head.tree.size)?;
            f.write_str(&String::from_utf8_lossy(&head.note))?;
        }
        writeln!(f, "----- end of heads -----\n")?;
        if older.size == newer.size {
            return writeln!(
                f,
                "Both are heads of {} records, with the hashes\n  {}\n  {}\n\
                 A log of so many records has one hash. Check both signatures with the\n\
                 database's public key: if both are good, it has signed two logs.",
                older.size, older.hash, newer.hash
            );
        }
        writeln!(
            f,
            "The first {} records of the second head's log have the hash\n  {}\n\
             but the first head says\n  {}\n\
             RFC 6962 consistency proof from the former to the second head:",
            older.size, self.computed, older.hash
        )?;
        for hash in &self.proof {
            writeln!(f, "  {hash}")?;
        }
        writeln!(
            f,
            "Check both signatures with the database's public key, and the proof by\n\
             RFC 9162 section 2.1.4.2 from {} to {} records: if all are good, the\n\
             database has signed two logs.",
            older.size, newer.size
        )
    }
}
