//! cgo-flags: the C functions that Go's own linker linked in are compiled to other
//! code. Packages of the standard library with C in them (runtime/cgo, net, os/user)
//! are linked so, and the line table names their functions in stripped files too.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::artifact::Artifact;
use crate::diff::functions::{Change, FunctionDiff, Place};
use crate::quantity;

/// How the names of runtime/cgo's C functions begin. They come from the same source
/// in every build with one Go version.
const GO_OWN: &str = "x_cgo_";

/// The most functions shown.
const SHOWN_MAX: usize = 12;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let internal = |artifact: &Artifact| artifact.image.is_externally_linked() == Some(false);
    let by_go = internal(pair.a) && internal(pair.b);
    if !by_go || !pair.same_go() || pair.links_otherwise() {
        return Vec::new();
    }
    // Equal A: everything that was linked had the content it should have.
    let same_inputs = pair.diff.pattern.is_none_or(|pattern| pattern.0[0]);
    let functions = pair.diff.functions.iter();
    let functions = functions.flat_map(|functions| &functions.functions);
    let changed: Vec<&FunctionDiff> = functions.filter(|function| is_changed(function)).collect();
    let has_own = changed.iter().any(|one| one.name.starts_with(GO_OWN));
    if same_inputs || !has_own {
        return Vec::new();
    }
    let show = |place: &Option<Place>| {
        place.map(|place| {
            format!(
                "{} at offset {:#x}",
                quantity::bytes(place.size),
                place.offset
            )
        })
    };
    let evidence = changed.iter().take(SHOWN_MAX).map(|function| {
        let place = format!("C function {}", function.name);
        Evidence::sides(place, show(&function.a), show(&function.b))
    });
    vec![Cause {
        name: Name::CgoFlags,
        confidence: Confidence::Likely,
        summary: format!(
            "{} of C, Go's own runtime/cgo among them, compiled to other code: CGO_CFLAGS, CC or the C compiler's \
             defaults differ",
            quantity::count(changed.len(), "function", "functions")
        ),
        evidence: evidence.collect(),
        fix: "set CC, CGO_CFLAGS and the other CGO_ variables alike for both builds (builds with -trimpath do not \
              record them), and pin the compiler by a container image; or build with CGO_ENABLED=0"
            .into(),
        reach: Reach::Stamps,
    }]
}

/// C functions have no source file in the line table. Code that moved refers to
/// other places by other numbers: there another size alone counts.
fn is_changed(function: &FunctionDiff) -> bool {
    let is_c = function.file.is_none() && function.change == Change::Changed;
    let places = function.a.zip(function.b);
    is_c && places.is_some_and(|(a, b)| a.size != b.size || a.address == b.address)
}
