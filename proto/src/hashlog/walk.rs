//! From two actions that differ down to the inputs that do.
//!
//! A link names the content of every package, a compile action that of every
//! import. Where a package's content differs, its own compile action is looked
//! into, and so on, until what is left are inputs that are no other package's
//! content: files, flags, compilers.

use std::collections::BTreeSet;

use super::preimage::{self, Difference, IMPORT, PACKAGE_FILE, PACKAGE_MAIN};
use super::{Block, Log};

/// The most packages looked into.
const PACKAGES_MAX: usize = 100_000;

/// What two actions have in them that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// The differing inputs, by package.
    pub leaves: Vec<Leaf>,
    /// Packages whose compile actions are equal and whose contents are not.
    pub undetermined: Vec<Undetermined>,
    /// Packages whose contents differ and whose compile actions a log does not
    /// have, or has several of.
    pub unknown: Vec<String>,
}

/// An input that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// `build <import path>` or `link <import path>`.
    pub action: String,
    /// Where the preimages differ.
    pub difference: Difference,
}

impl Leaf {
    /// Returns the import path of the package that is compiled or linked.
    pub fn package(&self) -> &str {
        self.action
            .split_once(' ')
            .map_or(self.action.as_str(), |(_, package)| package)
    }
}

/// A package that came out differently from equal inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undetermined {
    /// Its import path.
    pub package: String,
    /// Whether it is compiled with cgo: what the C compiler reads is not all
    /// among the inputs.
    pub has_cgo: bool,
    /// The line of another action that names its content, from both logs.
    pub difference: Difference,
}

/// Walks down from two actions, each in its own log. `main` is the pair of
/// compile actions of package main, where the programs name them.
pub fn walk(a: &Log, b: &Log, tops: [&Block; 2], main: Option<[&Block; 2]>) -> Walk {
    let mut walk = Walk::default();
    let mut seen = BTreeSet::new();
    let mut open = vec![tops];
    let main_name = main.map(|[block, _]| block.name.clone());
    if let Some(blocks) = main {
        seen.insert(blocks[0].name.clone());
        if blocks[0].hash != blocks[1].hash {
            open.push(blocks);
        }
    }
    while let Some([one, other]) = open.pop() {
        for difference in preimage::differences(one, other) {
            let names_content = [IMPORT, PACKAGE_FILE].contains(&difference.key.word.as_str())
                && !difference.key.subject.is_empty();
            if difference.key.word == PACKAGE_MAIN {
                continue;
            }
            if !names_content {
                walk.leaves.push(Leaf {
                    action: one.name.clone(),
                    difference,
                });
                continue;
            }
            let name = format!("build {}", difference.key.subject);
            let is_main = main_name.as_ref() == Some(&name);
            if let (true, Some([one, other])) = (is_main, main) {
                if one.hash == other.hash {
                    walk.undetermined(one, &difference);
                }
                continue;
            }
            // A package on one side alone follows from what imports it.
            let on_both = difference.a.is_some() && difference.b.is_some();
            if !on_both || seen.len() >= PACKAGES_MAX || !seen.insert(name.clone()) {
                continue;
            }
            match (only(a, &name), only(b, &name)) {
                (Some(one), Some(other)) if one.hash == other.hash => {
                    walk.undetermined(one, &difference);
                }
                (Some(one), Some(other)) => open.push([one, other]),
                _ => walk.unknown.push(difference.key.subject),
            }
        }
    }
    walk.leaves.sort_by(|one, other| {
        (&one.action, &one.difference.key).cmp(&(&other.action, &other.difference.key))
    });
    walk.undetermined.dedup();
    walk.undetermined
        .sort_by(|one, other| one.package.cmp(&other.package));
    walk.unknown.sort_unstable();
    walk
}

impl Walk {
    fn undetermined(&mut self, block: &Block, difference: &Difference) {
        self.undetermined.push(Undetermined {
            package: difference.key.subject.clone(),
            has_cgo: preimage::lines(block).keys().any(|key| key.word == "cgo"),
            difference: difference.clone(),
        });
    }
}

/// The one action of a name. A log of several builds may have more, and then
/// nothing says which one made the content.
fn only<'a>(log: &'a Log, name: &str) -> Option<&'a Block> {
    let mut blocks = log.named(name);
    let first = blocks.next()?;
    blocks.next().is_none().then_some(first)
}
