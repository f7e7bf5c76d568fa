//! source-path, goroot-path, module-cache-path, cgo-temp-path: directories of the
//! building machine in the line table, which a build without -trimpath carries.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach, go_release, line};
use crate::artifact::Artifact;
use crate::goinfo::sources::Sources;

pub(super) const FIX: &str = "build both with -trimpath (GOFLAGS=-trimpath), which keeps directories of the building machine out";

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let (a, b) = (&pair.a.go.sources, &pair.b.go.sources);
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
    let folders = directories(a, b)
        .into_iter()
        .filter(|(_, what, a, b)| {
            // What only one build takes in has another cause.
            let is_main = *what == SOURCE_FOLDER;
            a != b && (is_main || a.is_some() && b.is_some())
        })
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
        });
    folders.chain(temporary(pair, a, b)).collect()
}

/// The go command maps its temporary folder to nothing by the compiler's -trimpath;
/// one that is given by hand takes the place of that.
///
/// Source: golang/go#24976, golang/go#63851, cmd/go/internal/work/gc.go
fn temporary(pair: &Pair<'_>, a: &Sources, b: &Sources) -> Option<Cause> {
    let (a, b) = (a.temporary.as_deref(), b.temporary.as_deref());
    if a == b {
        return None;
    }
    let flags = |artifact: &Artifact| artifact.go.setting("-gcflags").map(str::to_owned);
    let by_hand =
        |artifact: &Artifact| flags(artifact).is_some_and(|flags| flags.contains("-trimpath"));
    let mut evidence = vec![Evidence::sides(
        "line table: the go command's temporary folder",
        a,
        b,
    )];
    let fix = if pair.which(by_hand).is_some() {
        evidence.push(Evidence::sides(
            "build info: build -gcflags",
            flags(pair.a),
            flags(pair.b),
        ));
        "leave -trimpath out of -gcflags, where it takes the place of the one that hides this folder; pass -trimpath \
         to go build (GOFLAGS=-trimpath)"
    } else {
        "build both with -trimpath (GOFLAGS=-trimpath) and without a -trimpath in -gcflags; GOTMPDIR does not make \
         the name less random"
    };
    Some(Cause {
        name: Name::CgoTempPath,
        confidence: Confidence::Proven,
        summary: "the random name of the go command's temporary folder is in the line table, with files that cgo generates"
            .into(),
        evidence,
        fix: fix.into(),
        reach: Reach::Anything,
    })
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

const SOURCE_FOLDER: &str = "the source folder";

type Directory<'a> = (Name, &'static str, Option<&'a str>, Option<&'a str>);

fn directories<'a>(a: &'a Sources, b: &'a Sources) -> [Directory<'a>; 4] {
    [
        (
            Name::SourcePath,
            SOURCE_FOLDER,
            a.tree.as_deref(),
            b.tree.as_deref(),
        ),
        (
            Name::SourcePath,
            "a folder of source outside the main module",
            a.elsewhere.as_deref(),
            b.elsewhere.as_deref(),
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
pub(super) fn is_trimmed(artifact: &Artifact) -> Option<bool> {
    let sources = artifact.go.sources.as_ref();
    let by_table = sources.map(|sources| sources.goroot.is_none());
    if artifact.go.info().is_none() {
        return by_table;
    }
    // Go 1.18 records settings, and not this one.
    let minor = artifact.go.version().and_then(go_release::minor);
    match artifact.go.setting("-trimpath") {
        Some("true") => Some(true),
        _ if minor.is_some_and(|minor| minor < RECORDED_SINCE) => by_table,
        _ => Some(false),
    }
}

/// Every Go from this one on records -trimpath.
const RECORDED_SINCE: u32 = 20;

fn one_trimmed(pair: &Pair<'_>, trimmed_a: bool) -> Cause {
    let mut evidence = Vec::new();
    if let Some(field) = pair.diff.setting("-trimpath") {
        evidence.push(line(field));
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
