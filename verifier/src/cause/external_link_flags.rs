//! external-link-flags: what flags for the host's linker leave in a file: static
//! or not, search paths, a name, protections.

use super::linking::sure_if_intact;
use super::{Cause, Evidence, Name, Pair, Reach};
use crate::artifact::Artifact;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    if pair.links_otherwise() || !pair.both_externally_linked() {
        return Vec::new();
    }
    let (a, b) = (&pair.a.image.linkage, &pair.b.image.linkage);
    let mut evidence = Vec::new();
    let mut add = |place: &str, a: Option<String>, b: Option<String>| {
        if a != b {
            evidence.push(Evidence::sides(place, a, b));
        }
    };
    let interpreter = |artifact: &Artifact| artifact.image.interpreter.clone();
    let is_static = a.is_static != b.is_static;
    let summary = if is_static {
        add("PT_INTERP", interpreter(pair.a), interpreter(pair.b));
        "one file is linked statically, the other dynamically"
    } else {
        add("library's own name", a.name.clone(), b.name.clone());
        add("search paths", paths(pair.a), paths(pair.b));
        add("link flags", flags(pair.a), flags(pair.b));
        "different flags were given to the host's linker"
    };
    if evidence.is_empty() {
        return Vec::new();
    }
    vec![Cause {
        name: Name::ExternalLinkFlags,
        confidence: sure_if_intact(pair),
        summary: summary.into(),
        evidence,
        fix: if is_static {
            "pass the same -ldflags=-extldflags=... (-static on both or on neither) and CGO_LDFLAGS"
        } else {
            "pass the same -ldflags=-extldflags=... and CGO_LDFLAGS to both builds; where neither sets them, the C \
             compilers' defaults differ (gcc -dumpspecs): build in one container image"
        }
        .into(),
        reach: Reach::Anything,
    }]
}

fn paths(artifact: &Artifact) -> Option<String> {
    let paths = artifact.image.linkage.search_paths.iter();
    let paths: Vec<String> = paths
        .map(|found| format!("{} {}", found.kind, found.path))
        .collect();
    (!paths.is_empty()).then(|| paths.join("; "))
}

fn flags(artifact: &Artifact) -> Option<String> {
    let mut flags = artifact.image.linkage.flags.clone();
    flags.sort_unstable();
    flags.dedup();
    (!flags.is_empty()).then(|| flags.join(" "))
}
