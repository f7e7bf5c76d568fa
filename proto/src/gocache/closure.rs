//! The closure of a cache: one hash over the compiled packages in it.
//!
//! Other entries are left out: which indexes of folders the go command keeps depends
//! on how old their files are, so that no two runs agree on them.
//!
//! ```
//! use proto::gocache::closure::Closure;
//! use proto::gocache::{Id, Index};
//!
//! let (action, output) = (Id::of(b"action"), Id::of(b"package"));
//! let index = |time_ns| Index { action, output, size: 7, time_ns };
//! let mut closure = Closure::new();
//! closure.add(&index(1));
//! let mut later = Closure::new();
//! later.add(&index(2));
//! assert_eq!(closure.finish(), later.finish());
//! ```

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::{Id, Index};

/// The packages of a cache, taken in any order.
#[derive(Debug, Clone, Default)]
pub struct Closure {
    packages: BTreeSet<(Id, Id, u64)>,
}

impl Closure {
    /// Begins with no package.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the index line of a compiled package; its time counts for nothing.
    pub fn add(&mut self, package: &Index) {
        self.packages
            .insert((package.action, package.output, package.size));
    }

    /// How many packages there are.
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    /// Returns the SHA-256 over one line `<action> <output> <size>\n` for each package,
    /// hashes in hexadecimal, in the order of actions.
    pub fn finish(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for (action, output, size) in &self.packages {
            hash.update(format!("{action} {output} {size}\n"));
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(action: u8, output: u8, size: u64) -> Index {
        Index {
            action: Id([action; 32]),
            output: Id([output; 32]),
            size,
            time_ns: 1,
        }
    }

    fn of(packages: &[Index]) -> [u8; 32] {
        let mut closure = Closure::new();
        packages.iter().for_each(|package| closure.add(package));
        assert_eq!(closure.len(), packages.len());
        closure.finish()
    }

    #[test]
    fn the_hash_is_over_lines_in_the_order_of_actions() {
        let text = format!(
            "{} {} 7\n{} {} 8\n",
            "01".repeat(32),
            "bb".repeat(32),
            "02".repeat(32),
            "aa".repeat(32)
        );
        let (one, two) = (package(1, 0xbb, 7), package(2, 0xaa, 8));
        assert_eq!(of(&[two, one]), Id::of(text.as_bytes()).0);
        assert_eq!(of(&[one, two]), of(&[two, one]));
        assert_eq!(of(&[]), Id::of(b"").0);
    }

    #[test]
    fn every_field_but_the_time_counts() {
        let first = of(&[package(1, 2, 7)]);
        for other in [package(3, 2, 7), package(1, 3, 7), package(1, 2, 8)] {
            assert_ne!(of(&[other]), first);
        }
    }
}
