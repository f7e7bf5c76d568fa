//! source-path, goroot-path, module-cache-path: directories of the building
//! machine that a build without -trimpath carries.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::compare::Artifact;
use crate::goinfo::sources::Sources;

const FIX: &str = "build both with -trimpath (GOFLAGS=-trimpath), which keeps directories of the building machine out";

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let (a, b) = (pair.a.go.sources.clone(), pair.b.go.sources.clone());
    let (trimmed_a, trimmed_b) = (is_trimmed(pair.a), is_trimmed(pair.b));
    if let (Some(trimmed_a), Some(trimmed_b)) = (trimmed_a, trimmed_b)
        && trimmed_a != trimmed_b
    {
        return vec![one_trimmed(pair, trimmed_a)];
    }
    let (Some(a), Some(b)) = (a, b) else {
        return unreadable(pair, trimmed_a).into_iter().collect();
    };
    let both_trimmed = trimmed_a == Some(true);
    directories(&a, &b)
        .into_iter()
        .filter(|(_, _, a, b)| a != b)
        .map(|(name, what, a, b)| Cause {
            name,
            confidence: if both_trimmed { Confidence::Likely } else { Confidence::Proven },
            summary: format!("{what} was another on each machine, and its path is in the files"),
            evidence: vec![Evidence::sides(format!("line table: {what}"), a, b)],
            fix: if both_trimmed {
                "keep generated and overlaid files inside the module; -trimpath does not reach others".into()
            } else {
                FIX.into()
            },
            reach: Reach::Anything,
        })
        .collect()
}

/// Untrimmed builds whose paths can't be read, and whose package main differs
/// for a reason that the build information does not show.
fn unreadable(pair: &Pair<'_>, trimmed: Option<bool>) -> Option<Cause> {
    let all_parts = pair
        .diff
        .pattern
        .is_some_and(|pattern| pattern.0 == [false; 4]);
    (trimmed == Some(false) && all_parts && pair.same_build_info()).then(|| Cause {
        name: Name::SourcePath,
        confidence: Confidence::Likely,
        summary: "both were built without -trimpath, and probably in different folders".into(),
        evidence: vec![Evidence::sides(
            "build info: build -trimpath",
            None::<String>,
            None::<String>,
        )],
        fix: FIX.into(),
        reach: Reach::Stamps,
    })
}

type Directory<'a> = (Name, &'static str, Option<&'a str>, Option<&'a str>);

fn directories<'a>(a: &'a Sources, b: &'a Sources) -> [Directory<'a>; 3] {
    [
        (
            Name::SourcePath,
            "the source folder",
            a.tree.as_deref(),
            b.tree.as_deref(),
        ),
        (
            Name::GorootPath,
            "the Go installation",
            a.goroot.as_deref(),
            b.goroot.as_deref(),
        ),
        (
            Name::ModuleCachePath,
            "the module cache",
            a.module_cache.as_deref(),
            b.module_cache.as_deref(),
        ),
    ]
}

/// What the build settings say, else what the line table shows.
fn is_trimmed(artifact: &Artifact) -> Option<bool> {
    match artifact.go.info() {
        Some(_) => Some(artifact.go.setting("-trimpath") == Some("true")),
        None => artifact
            .go
            .sources
            .as_ref()
            .map(|sources| sources.goroot.is_none()),
    }
}

fn one_trimmed(pair: &Pair<'_>, trimmed_a: bool) -> Cause {
    let mut evidence = Vec::new();
    if let Some(field) = pair.diff.setting("-trimpath") {
        evidence.push(Evidence::field(field));
    }
    let none = Sources::default();
    let a = pair.a.go.sources.as_ref().unwrap_or(&none);
    let b = pair.b.go.sources.as_ref().unwrap_or(&none);
    for (_, what, a, b) in directories(a, b) {
        if a != b {
            evidence.push(Evidence::sides(format!("line table: {what}"), a, b));
        }
    }
    let which = &pair.names[usize::from(trimmed_a)];
    Cause {
        name: Name::SourcePath,
        confidence: Confidence::Proven,
        summary: format!("{which} was built without -trimpath, the other with it"),
        evidence,
        fix: FIX.into(),
        reach: Reach::Anything,
    }
}
