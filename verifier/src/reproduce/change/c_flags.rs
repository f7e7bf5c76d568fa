//! Flags of the C compiler, which a build with -trimpath does not record.

use proto::finding::Confidence;

use super::{Change, View};
use crate::cause::{self, Name, Pair};

/// What people set in place of Go's own `-O2 -g`, the likeliest first. The text goes into
/// the build ID, so that order and spelling count.
const USUAL: [&str; 8] = [
    "-O3 -g", "-g -O3", "-O3", "-O1 -g", "-g -O1", "-O0 -g", "-g -O0", "-Os",
];

const VARIABLE: &str = "CGO_CFLAGS";

/// Tries the usual flags where the code of C says that there were others.
pub(super) fn changes(view: &View<'_>) -> Vec<Change> {
    let plan = view.plan;
    let is_recorded = view.recipe.variable(VARIABLE).is_some() || !plan.is_trimmed();
    if is_recorded || view.recipe.variable("CGO_ENABLED") != Some("1") {
        return Vec::new();
    }
    if !is_c_open(view) && !is_named(view) {
        return Vec::new();
    }
    let change = |flags: &&str| {
        Change::new(
            format!("{VARIABLE}={flags:?}"),
            "C code may have been compiled with other flags, which a build with -trimpath does not record",
            plan.clone().with_variable(VARIABLE, flags),
        )
    };
    USUAL.iter().map(change).collect()
}

/// Says whether C code is all that can differ: what is recorded is the same, and the code of
/// Go, but not part B of the build ID, which knows the flags by their words.
fn is_c_open(view: &View<'_>) -> bool {
    let functions = view.diff.functions.as_ref();
    let is_go_same = functions.is_some_and(|functions| functions.counts.differing() == 0);
    let is_other_main = view.diff.pattern.is_some_and(|pattern| !pattern.0[1]);
    let is_c_linked = view.given.image.is_externally_linked() == Some(true);
    is_c_linked && is_go_same && is_other_main && view.diff.fields.is_empty()
}

/// Says whether the code of C tells of other flags.
fn is_named(view: &View<'_>) -> bool {
    let names = ["given".to_owned(), "built".to_owned()];
    let causes = cause::explain(&Pair::new(view.given, view.built, view.diff, names));
    let mut causes = causes.iter();
    causes.any(|cause| cause.name == Name::CgoFlags && cause.confidence < Confidence::Possible)
}
