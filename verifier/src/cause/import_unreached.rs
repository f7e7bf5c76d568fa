//! import-unreached: something was compiled to other content, and nothing of that
//! is linked into the program.
//!
//! Part C of the build ID is made from the compiled package main, which names a
//! fingerprint of all that each import offers. A function there that nobody calls
//! changes the fingerprint, and the linker leaves the function out.
//!
//! Source: cmd/link/internal/ld/deadcode.go, cmd/internal/goobj (fingerprint)

use super::open::{is_loaded, is_unowned};
use super::{Cause, Confidence, Name, Pair, Reach};
use crate::artifact::Artifact;
use crate::diff::RegionDiff;
use crate::image::Content;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let main_differs = pair
        .diff
        .pattern
        .is_some_and(|pattern| pattern.0[..3] == [false; 3]);
    // Flags of the C compiler are in what package main was compiled to, too.
    let is_go = |artifact: &Artifact| artifact.image.is_externally_linked() == Some(false);
    let by_go_alone = is_go(pair.a) && is_go(pair.b);
    if !main_differs
        || !by_go_alone
        || !is_loaded_alike(pair)
        || !pair.same_go()
        || !pair.same_build_info()
    {
        return Vec::new();
    }
    vec![Cause {
        name: Name::ImportUnreached,
        confidence: Confidence::Likely,
        summary: "a package that package main imports, or package main itself, has something that does not reach the \
                  program, as a function that nobody calls: package main was compiled to other content, and all code \
                  and data linked are equal"
            .into(),
        evidence: vec![pair.pattern(
            "package main's content (part C) differs, what the program loads is equal",
        )],
        fix: "build both from one commit with a clean tree, the folders of replace lines and go.work too; code and data \
              are equal already"
            .into(),
        reach: Reach::Places(debug(pair)),
    }]
}

/// The same where package main came out equal, or C is linked in: then other causes
/// leave as much.
pub(super) fn possible(pair: &Pair<'_>, meaning: &str) -> Cause {
    Cause {
        name: Name::ImportUnreached,
        confidence: Confidence::Possible,
        summary: "a package that is imported differs in what does not reach the program, such as a function that \
                  nobody calls"
            .into(),
        evidence: vec![pair.pattern(meaning)],
        fix: "build from the same commit and with the same module versions; code and data are equal already. Logs of \
              GODEBUG=gocachehash=1 tell which package it is (--explain-with)"
            .into(),
        reach: Reach::Stamps,
    }
}

/// Says whether nothing differs but names of the build and debug information, which
/// describes files and types that are not linked in, and headers that say where the
/// sections behind it lie.
fn is_loaded_alike(pair: &Pair<'_>) -> bool {
    let regions = pair.diff.regions.iter();
    let mut open = regions.filter(|region| region.differing > region.stamped);
    open.all(|region| {
        let both = region.a.is_some() && region.b.is_some();
        let follows = match region.content {
            Content::Layout => !is_unowned(pair, region) && pair.headers_follow(),
            Content::Symbols => !is_loaded(pair, region),
            Content::Code | Content::Data | Content::Notes => false,
        };
        both && follows
    })
}

/// Debug information and headers of the first file.
fn debug(pair: &Pair<'_>) -> Vec<std::ops::Range<usize>> {
    let regions = pair.diff.regions.iter();
    let of = |region: &RegionDiff| matches!(region.content, Content::Symbols | Content::Layout);
    regions
        .filter(|region| of(region))
        .filter_map(|region| region.a.clone())
        .collect()
}
