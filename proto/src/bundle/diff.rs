//! What two bundles have that the other has not.

use std::collections::BTreeMap;

use super::{Carried, Manifest};

/// The difference of two bundles' modules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// In the second alone, or there with its zip and in the first without.
    pub added: Vec<Carried>,
    /// In the first alone, or there with its zip and in the second without.
    pub removed: Vec<Carried>,
}

impl Difference {
    /// Compares what two manifests list. An incremental bundle lists what it holds itself.
    pub fn of(first: &Manifest, second: &Manifest) -> Self {
        Self {
            added: beyond(second, first),
            removed: beyond(first, second),
        }
    }
}

/// What `one` has beyond `other`.
fn beyond(one: &Manifest, other: &Manifest) -> Vec<Carried> {
    let has: BTreeMap<&str, bool> = other
        .modules
        .iter()
        .map(|carried| (&*carried.module, carried.zip))
        .collect();
    let is_beyond = |carried: &&Carried| match has.get(&*carried.module) {
        None => true,
        Some(zip) => carried.zip && !zip,
    };
    one.modules.iter().filter(is_beyond).cloned().collect()
}
