//! What to change next, one thing at a time, as the difference tells.
//!
//! ```text
//! stamp     version control, and the version that its tags give
//! modules   go.mod, vendor folders, workspaces, profiles
//! c_flags   what the C compiler was told
//! linker    sections that -s and -w leave out, who links
//! folders   the module cache of the building machine
//! ```

mod c_flags;
mod folders;
mod linker;
mod modules;
mod stamp;

use super::plan::Plan;
use super::source::Source;
use super::tree::Tree;
use crate::artifact::Artifact;
use crate::diff::Diff;
use crate::recipe::Recipe;

pub use modules::go_mod_of;

/// One thing to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What is changed, in a few words.
    pub what: String,
    /// What in the difference tells it.
    pub why: String,
    /// The plan with the change.
    pub plan: Plan,
}

/// What changes are told by.
pub struct View<'a> {
    /// The given program.
    pub given: &'a Artifact,
    /// What it says.
    pub recipe: &'a Recipe,
    /// The source.
    pub source: &'a Source,
    /// The best build so far.
    pub plan: &'a Plan,
    /// What it gave.
    pub built: &'a Artifact,
    /// In what both differ.
    pub diff: &'a Diff,
}

impl Change {
    /// Says what to change and why.
    pub fn new(what: impl Into<String>, why: impl Into<String>, plan: Plan) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
            plan,
        }
    }
}

/// Returns the first thing that the difference tells to change and that was not tried.
pub fn first(view: &View<'_>, is_new: impl Fn(&Change) -> bool) -> Option<Change> {
    let steps: [fn(&View<'_>) -> Vec<Change>; 7] = [
        stamp::changes,
        modules::go_mod,
        modules::changes,
        modules::profile,
        linker::changes,
        c_flags::changes,
        folders::module_cache,
    ];
    // The last ones take the longest to be told.
    steps
        .iter()
        .find_map(|step| step(view).into_iter().find(&is_new))
}

/// Lists other ways for a plan that does not build.
pub fn after_failure(recipe: &Recipe, source: &Source, plan: &Plan, said: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    if plan.flag("-mod").is_none() && plan.tree != Tree::Required && asks_for_modules(said) {
        changes.push(Change::new(
            "-mod=mod",
            "go.mod or go.sum lacks what the program needs",
            plan.clone().with_flag("-mod", Some("mod")),
        ));
    }
    if plan.flag("-mod") == Some("vendor") {
        changes.push(Change::new(
            "without -mod=vendor",
            "the source has no vendor folder that fits",
            plan.clone().with_flag("-mod", None),
        ));
    }
    let is_own = recipe.source.module.as_deref() == source.module();
    if plan.tree == Tree::Required && is_own {
        changes.push(Change::new(
            "the module as main module",
            "it does not build as a requirement",
            Plan {
                tree: Tree::Module,
                ..plan.clone()
            },
        ));
    }
    changes
}

fn asks_for_modules(said: &str) -> bool {
    [
        "missing go.sum entry",
        "updates to go.mod needed",
        "no required module provides",
    ]
    .iter()
    .any(|text| said.contains(text))
}
