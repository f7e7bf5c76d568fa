//! What is asked for, and which module versions that is.

use std::collections::BTreeMap;

use proto::gosum;
use proto::module::ModuleVersion;
use proto::mvs::Graph;

/// Module versions that are to go into a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// What was asked for, one thing a line.
    pub(crate) asked: Vec<String>,
    /// What is left out, for people.
    pub(crate) remarks: Vec<String>,
    /// The versions, and what of them is wanted.
    pub(crate) modules: BTreeMap<ModuleVersion, Need>,
}

/// What of a version is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// Its go.mod, for the graph of modules.
    GoMod,
    /// Its go.mod and zip, where it has a record and they are there: nobody may ever need
    /// them.
    ZipIfThere,
    /// Its zip too.
    Zip,
}

impl Wanted {
    /// Adds a version. One of which more is wanted already stays so.
    pub(crate) fn add(&mut self, version: ModuleVersion, need: Need) {
        let wanted = self.modules.entry(version).or_insert(need);
        *wanted = need.max(*wanted);
    }

    /// Adds what the lines of a go.sum name: zips and go.mod files.
    pub(crate) fn add_go_sum(&mut self, lines: Vec<gosum::Line>) {
        for line in lines {
            let need = if line.is_go_mod {
                Need::GoMod
            } else {
                Need::Zip
            };
            self.add(line.module, need);
        }
    }

    /// Adds what a whole graph of modules comes to: every go.mod that was read, and the
    /// zips of the build list. What main modules require themselves must be there; the
    /// rest is what only tests of dependencies need, or nobody.
    pub(crate) fn add_graph(&mut self, graph: &Graph, with_tests: bool, place: Place<'_>) {
        for version in graph.loaded() {
            self.add_replaced(version, Need::GoMod, place);
        }
        // An old go.mod does not list what is built: all may be.
        let is_less = !with_tests && graph.lists_what_is_built();
        let beyond = if is_less {
            Need::GoMod
        } else {
            Need::ZipIfThere
        };
        for version in graph.build_list() {
            self.add_replaced(version, beyond, place);
        }
        for version in graph.direct() {
            self.add_replaced(version, Need::Zip, place);
        }
        if is_less {
            let text = "made with --no-tests: what only tests of dependencies need is left out, so \
                        `go mod tidy` does not work with it";
            self.remark(text.to_owned());
        }
    }

    fn add_replaced(&mut self, version: &ModuleVersion, need: Need, place: Place<'_>) {
        if let Some(version) = place(version) {
            self.add(version, need);
        }
    }

    /// Adds words for people, once.
    pub(crate) fn remark(&mut self, text: String) {
        if !self.remarks.contains(&text) {
            self.remarks.push(text);
        }
    }
}

/// Says from where a version is fetched: as itself, as another, or, when `None`, not at all.
pub(crate) type Place<'a> = &'a dyn Fn(&ModuleVersion) -> Option<ModuleVersion>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_wanted_never_less() {
        let mut wanted = Wanted::default();
        let version = ModuleVersion::parse("example.com/a@v1.0.0").unwrap();
        for (need, want) in [
            (Need::GoMod, Need::GoMod),
            (Need::Zip, Need::Zip),
            (Need::ZipIfThere, Need::Zip),
            (Need::GoMod, Need::Zip),
        ] {
            wanted.add(version.clone(), need);
            assert_eq!(wanted.modules[&version], want);
        }
    }
}
