//! Module paths that look like earlier ones of the log.

use std::collections::{BTreeMap, BTreeSet};

use proto::module::ModuleVersion;
use proto::module::lookalike::skeleton;
use quick_cache::sync::Cache;

/// A module that came into the log, and an earlier one whose name looks like its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alike {
    /// The path that is new.
    pub(crate) path: String,
    /// The path that was there.
    pub(crate) earlier: String,
}

/// Paths that were compared with the others already.
#[derive(Debug)]
pub(super) struct Compared(Cache<String, ()>);

/// Paths that are remembered as compared; the others are compared again.
const COMPARED_MAX: usize = 100_000;

impl Compared {
    pub(super) fn new() -> Self {
        Self(Cache::new(COMPARED_MAX))
    }

    /// Returns the paths that were not compared, each with its first record, by number.
    pub(super) fn others(&self, modules: &[(u64, ModuleVersion)]) -> Vec<(u64, String)> {
        let mut seen = BTreeSet::new();
        let new = modules.iter().filter(|(_, module)| {
            let path = module.path.as_str();
            seen.insert(path) && self.0.get(path).is_none()
        });
        new.map(|(id, module)| (*id, module.path.as_str().to_owned()))
            .collect()
    }

    pub(super) fn remember(&self, paths: Vec<(u64, String)>) {
        for (_, path) in paths {
            self.0.insert(path, ());
        }
    }
}

/// Compares paths with the `earlier` ones of the log that have their skeletons, and with each
/// other. Returns those that are the first with theirs, and those that are not.
pub(super) fn compare(
    paths: &[(u64, String)],
    earlier: Vec<Option<String>>,
) -> (Vec<(u64, String)>, Vec<Alike>) {
    let mut new = BTreeMap::new();
    let (mut firsts, mut alike) = (Vec::new(), Vec::new());
    for ((id, path), earlier) in paths.iter().zip(earlier) {
        let earlier = match earlier {
            Some(earlier) => earlier,
            None => {
                let first = new.entry(skeleton(path)).or_insert(path);
                if *first == path {
                    firsts.push((*id, path.clone()));
                }
                (*first).clone()
            }
        };
        if earlier != *path {
            let path = path.clone();
            alike.push(Alike { path, earlier });
        }
    }
    (firsts, alike)
}
