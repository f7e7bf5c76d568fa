//! The stamp of version control.

use super::{Change, View};
use crate::artifact::Artifact;
use crate::reproduce::plan::Plan;
use crate::reproduce::source::Source;
use crate::reproduce::tree::Tree;

/// The stamp, and the version that tags give.
pub(super) fn changes(view: &View<'_>) -> Vec<Change> {
    let (plan, mut changes) = (view.plan, Vec::new());
    let is_stamped = |artifact: &Artifact| artifact.go.setting("vcs.revision").is_some();
    let (given, built) = (is_stamped(view.given), is_stamped(view.built));
    if built && !given {
        changes.push(Change::new(
            "-buildvcs=false",
            "the program has no stamp of version control",
            plan.clone().with_flag("-buildvcs", Some("false")),
        ));
    }
    if given && !built && plan.flag("-buildvcs").is_some() {
        changes.push(Change::new(
            "without -buildvcs=false",
            "the program has a stamp of version control",
            plan.clone().with_flag("-buildvcs", None),
        ));
    }
    let modified = |artifact: &Artifact| artifact.go.setting("vcs.modified") == Some("true");
    let of_tree = |tree| Plan {
        tree,
        ..plan.clone()
    };
    if let Source::Checkout(checkout) = view.source {
        if modified(view.given) && checkout.is_repository() {
            let why = "vcs.modified=true: the tree held more than the commit";
            for (tree, what) in [
                (Tree::Untracked, "a file that is not committed"),
                (Tree::Changed, "with what is not committed in the checkout"),
            ] {
                let is_possible = tree == Tree::Untracked || checkout.is_changed;
                if is_possible && plan.tree != tree {
                    changes.push(Change::new(what, why, of_tree(tree)));
                }
            }
        }
        changes.extend(tags(view));
    }
    changes
}

/// The version of the main module comes from tags.
fn tags(view: &View<'_>) -> Option<Change> {
    let version = |artifact: &Artifact| {
        let main = artifact.go.info()?.main.as_ref()?;
        Some(main.version.trim_end_matches("+dirty").to_owned())
    };
    let (given, built) = (version(view.given)?, version(view.built)?);
    if given == built || !given.starts_with('v') || !built.starts_with('v') {
        return None;
    }
    let (tag, what) = if proto::module::pseudo::is_pseudo(&given) {
        (String::new(), "a clone without tags".to_owned())
    } else {
        (given.clone(), format!("a clone with the tag {given} alone"))
    };
    Some(Change::new(
        what,
        format!("the main module's version is {given}, which tags give"),
        Plan {
            tag: Some(tag),
            ..view.plan.clone()
        },
    ))
}
