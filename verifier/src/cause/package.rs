//! package-arguments: what was named on go build's command line.

use super::{Cause, Confidence, Name, Pair, Reach, line};
use crate::diff::fields;

/// The package path of a build of files named one by one.
const FILES: &str = "command-line-arguments";

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let Some(path) = pair
        .diff
        .fields
        .iter()
        .find(|field| field.name == fields::Name::Path)
    else {
        return Vec::new();
    };
    let mut evidence = vec![line(path)];
    let main = pair
        .diff
        .fields
        .iter()
        .find(|field| field.name == fields::Name::Main);
    evidence.extend(main.map(line));
    evidence.extend(super::dependencies::following(pair, Name::PackageArguments));
    let is_files = |side: &Option<String>| side.as_deref() == Some(FILES);
    let (summary, fix) = if is_files(&path.a) || is_files(&path.b) {
        (
            "one build named files, the other a package",
            "name the package (go build . or go build ./cmd/tool) and not its files (go build main.go)",
        )
    } else {
        (
            "builds of two different packages",
            "compare builds of one package",
        )
    };
    vec![Cause {
        name: Name::PackageArguments,
        confidence: Confidence::Proven,
        summary: summary.into(),
        evidence,
        fix: fix.into(),
        reach: Reach::Anything,
    }]
}
