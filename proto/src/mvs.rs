//! Minimal version selection: which versions of which modules a go.mod comes to.
//!
//! The go command reads go.mod files from the main module's on, and of every module takes
//! the highest version that any of them requires. A module of go 1.17 or later lists all
//! that is needed to build its packages, so what its requirements require in turn is not
//! read ("graph pruning"); older ones are followed to the end.
//!
//! [`Graph`] says which go.mod files it needs next, is given them, and in the end knows the
//! build list. [`gomod`] and [`gowork`] read the files.
//!
//! Source: go.dev/ref/mod#graph-pruning, cmd/go/internal/modload (readModGraph)

pub mod gomod;
pub mod gowork;
mod lines;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::module::ModuleVersion;
use crate::semver;
use gomod::{GoMod, Replacement};

/// Why a file was refused or no build list can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A line cannot be read.
    #[error("line {line}: {fault}")]
    Line {
        /// Its number, from 1 on.
        line: usize,
        /// What is wrong with it.
        fault: String,
    },
    /// The file is longer than any that is read.
    #[error("{len} bytes, and at most {max} are read")]
    TooLong {
        /// Its bytes.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// More go.mod files than are read.
    #[error("the graph has more than {max} module versions")]
    TooLarge {
        /// The limit.
        max: usize,
    },
}

/// The most module versions whose go.mod files are read.
pub const VERSIONS_MAX: usize = 100_000;

/// How far the requirements of a module are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Pruning {
    /// Not beyond its own go.mod, unless that is of before go 1.17.
    Pruned,
    /// To the end.
    Unpruned,
    /// As each requirement's own go.mod says: for what a go.work uses.
    Workspace,
}

/// The graph of the modules that one or more main modules require, while its go.mod files
/// come in.
#[derive(Debug, Clone)]
pub struct Graph {
    replacements: Vec<Replacement>,
    excluded: BTreeSet<ModuleVersion>,
    /// Paths of the main modules, which nothing else takes the place of.
    mains: BTreeSet<String>,
    is_workspace: bool,
    /// Whether every main module lists all that its packages and tests need.
    is_listed: bool,
    /// What each main module requires.
    roots: Vec<Vec<ModuleVersion>>,
    summaries: BTreeMap<ModuleVersion, Summary>,
    queued: BTreeSet<(ModuleVersion, Pruning)>,
    /// Versions whose go.mod files are awaited, and how they are to be followed.
    waiting: BTreeMap<ModuleVersion, Vec<Pruning>>,
    selected: BTreeMap<String, ModuleVersion>,
    /// Versions that a workspace has followed once more.
    seen: BTreeSet<ModuleVersion>,
    /// Modules that may hold packages of a workspace's `all`.
    reaching: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct Summary {
    require: Vec<ModuleVersion>,
    pruning: Pruning,
}

impl Graph {
    /// Begins the graph of one main module.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn of_module(main: &GoMod) -> Result<Self, Error> {
        let mut graph = Self::new(std::slice::from_ref(main), main.replace.clone(), false);
        let pruning = pruning(main.go.as_deref());
        let roots = graph.kept(&main.require);
        graph.roots.push(roots.clone());
        for version in roots {
            graph.require(&version);
            graph.enqueue(version, pruning)?;
        }
        Ok(graph)
    }

    /// Begins the graph of the modules that a go.work uses. `replace` are the go.work's
    /// replacements, which come before those of the modules.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn of_workspace(mains: &[GoMod], replace: Vec<Replacement>) -> Result<Self, Error> {
        let of_mains = mains.iter().flat_map(|main| main.replace.clone());
        let replacements = replace.into_iter().chain(of_mains).collect();
        let mut graph = Self::new(mains, replacements, true);
        for main in mains {
            let roots = graph.kept(&main.require);
            graph.roots.push(roots.clone());
            for version in roots {
                graph.require(&version);
                graph.enqueue(version, pruning(main.go.as_deref()))?;
            }
        }
        graph.settle()?;
        Ok(graph)
    }

    fn new(mains: &[GoMod], replacements: Vec<Replacement>, is_workspace: bool) -> Self {
        let paths = mains.iter().filter_map(|main| main.module.clone());
        Self {
            replacements,
            excluded: mains.iter().flat_map(|it| it.exclude.clone()).collect(),
            mains: paths.collect(),
            is_workspace,
            is_listed: mains
                .iter()
                .all(|main| pruning(main.go.as_deref()) == Pruning::Pruned),
            roots: Vec::new(),
            summaries: BTreeMap::new(),
            queued: BTreeSet::new(),
            waiting: BTreeMap::new(),
            selected: BTreeMap::new(),
            seen: BTreeSet::new(),
            reaching: BTreeSet::new(),
        }
    }

    /// The versions whose go.mod files are to be given next, in order; none when the graph
    /// is whole.
    pub fn needed(&self) -> Vec<ModuleVersion> {
        self.waiting.keys().cloned().collect()
    }

    /// What takes the place of a version, if anything does.
    pub fn replacement(&self, version: &ModuleVersion) -> Option<&Replacement> {
        let of = |it: &&Replacement| it.path == version.path.as_str();
        let exact = |it: &&Replacement| it.version.as_deref() == Some(version.version.as_str());
        let mut all = self.replacements.iter().filter(of);
        let any = all.clone().find(|it| it.version.is_none());
        all.find(exact).or(any)
    }

    /// Takes the go.mod of a version that was [needed](Self::needed).
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn give(&mut self, version: &ModuleVersion, file: &GoMod) -> Result<(), Error> {
        let Some(how) = self.waiting.remove(version) else {
            return Ok(());
        };
        let require = self.kept(&file.require);
        for required in &require {
            self.require(required);
        }
        let pruning = pruning(file.go.as_deref());
        let summary = Summary { require, pruning };
        self.summaries.insert(version.clone(), summary);
        for pruning in how {
            self.follow(version, pruning)?;
        }
        self.settle()
    }

    /// The build list: of each module the version that is selected, main modules left out.
    pub fn build_list(&self) -> impl Iterator<Item = &ModuleVersion> {
        let is_main = |version: &&ModuleVersion| self.mains.contains(version.path.as_str());
        self.selected.values().filter(move |it| !is_main(it))
    }

    /// The versions whose go.mod files were given.
    pub fn loaded(&self) -> impl Iterator<Item = &ModuleVersion> {
        self.summaries.keys()
    }

    /// Of the modules that main modules themselves require, the selected versions.
    pub fn direct(&self) -> impl Iterator<Item = &ModuleVersion> {
        let paths: BTreeSet<&str> = self
            .roots
            .iter()
            .flatten()
            .map(|it| it.path.as_str())
            .collect();
        self.build_list()
            .filter(move |version| paths.contains(version.path.as_str()))
    }

    /// Whether [`direct`](Self::direct) has all that is needed to build the main modules'
    /// packages and tests: from go 1.17 on, their go.mod files list that.
    pub fn lists_what_is_built(&self) -> bool {
        self.is_listed
    }

    fn kept(&self, require: &[ModuleVersion]) -> Vec<ModuleVersion> {
        let kept = |it: &&ModuleVersion| !self.excluded.contains(it);
        require.iter().filter(kept).cloned().collect()
    }

    fn require(&mut self, version: &ModuleVersion) {
        let path = version.path.as_str();
        let is_higher = self.selected.get(path).is_none_or(|selected| {
            semver::compare(version.version.as_str(), selected.version.as_str()).is_gt()
        });
        if is_higher {
            self.selected.insert(path.to_owned(), version.clone());
        }
    }

    fn enqueue(&mut self, version: ModuleVersion, pruning: Pruning) -> Result<(), Error> {
        if self.mains.contains(version.path.as_str()) {
            return Ok(());
        }
        if !self.queued.insert((version.clone(), pruning)) {
            return Ok(());
        }
        if self.queued.len() > VERSIONS_MAX {
            return Err(Error::TooLarge { max: VERSIONS_MAX });
        }
        if self.summaries.contains_key(&version) {
            return self.follow(&version, pruning);
        }
        self.waiting.entry(version).or_default().push(pruning);
        Ok(())
    }

    /// Follows a module's requirements as far as it is to be. Those that lead on are
    /// awaited, so this ends without going deep: a requirement that has come is followed
    /// from a list.
    fn follow(&mut self, version: &ModuleVersion, pruning: Pruning) -> Result<(), Error> {
        let mut list = vec![(version.clone(), pruning)];
        while let Some((version, pruning)) = list.pop() {
            let Some(summary) = self.summaries.get(&version) else {
                continue;
            };
            if pruning == Pruning::Pruned && summary.pruning != Pruning::Unpruned {
                continue;
            }
            let next = match pruning {
                Pruning::Unpruned => Pruning::Unpruned,
                Pruning::Pruned | Pruning::Workspace => summary.pruning,
            };
            for required in summary.require.clone() {
                if self.mains.contains(required.path.as_str())
                    || !self.queued.insert((required.clone(), next))
                {
                    continue;
                }
                if self.queued.len() > VERSIONS_MAX {
                    return Err(Error::TooLarge { max: VERSIONS_MAX });
                }
                if self.summaries.contains_key(&required) {
                    list.push((required, next));
                } else {
                    self.waiting.entry(required).or_default().push(next);
                }
            }
        }
        Ok(())
    }

    /// In a workspace, follows the selected versions of modules that main modules or those
    /// so followed require at lower ones.
    fn settle(&mut self) -> Result<(), Error> {
        while self.is_workspace && self.waiting.is_empty() {
            // A module that was followed may be selected at another version since.
            let selected = self.reaching.iter().filter_map(|it| self.selected.get(it));
            let mut raised: BTreeSet<_> = selected
                .filter(|version| !self.seen.contains(version))
                .cloned()
                .collect();
            let of_followed = self.reaching.iter().filter_map(|path| {
                let selected = self.selected.get(path)?;
                self.summaries.get(selected).map(|it| &it.require)
            });
            for required in self.roots.iter().chain(of_followed).flatten() {
                let Some(selected) = self.selected.get(required.path.as_str()) else {
                    continue;
                };
                let (high, low) = (selected.version.as_str(), required.version.as_str());
                if semver::compare(high, low).is_gt() && !self.seen.contains(selected) {
                    raised.insert(selected.clone());
                }
            }
            if raised.is_empty() {
                return Ok(());
            }
            for version in raised {
                self.seen.insert(version.clone());
                self.reaching.insert(version.path.as_str().to_owned());
                self.enqueue(version, Pruning::Workspace)?;
            }
        }
        Ok(())
    }
}

/// How the requirements of a module of this go version are followed. Without one it is
/// 1.16.
fn pruning(go: Option<&str>) -> Pruning {
    let is_old = go.is_none_or(|go| {
        let mut parts = go.split(|letter: char| !letter.is_ascii_digit());
        let mut next = || {
            parts
                .next()
                .and_then(|it| it.parse::<u64>().ok())
                .unwrap_or(0)
        };
        (next(), next()) < (1, 17)
    });
    if is_old {
        Pruning::Unpruned
    } else {
        Pruning::Pruned
    }
}
