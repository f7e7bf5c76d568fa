//! Whole causes of made-up pairs as a person reads them, kept in files, so that a change of
//! a sentence shows as a change of a file. `SUMWARD_WRITE_GOLDEN=1` writes them anew, to be
//! read line by line before they are kept.

use std::fmt::Write as _;
use std::path::Path;

use super::*;

/// Compares what is said of pairs with what is kept under a name.
#[track_caller]
pub(super) fn check<'p>(name: &str, pairs: impl IntoIterator<Item = (String, [&'p Artifact; 2])>) {
    let mut said = String::new();
    for (what, [a, b]) in pairs {
        let _ = writeln!(said, "== {what}");
        explained(a, b)
            .iter()
            .for_each(|cause| print(cause, &mut said));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cause/tests/golden");
    let file = file.join(format!("{name}.txt"));
    if writes() {
        std::fs::write(&file, said).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(said, kept, "{}", file.display());
}

fn print(cause: &Cause, out: &mut String) {
    let Cause {
        name,
        confidence,
        summary,
        evidence,
        fix,
        reach,
    } = cause;
    let confidence = confidence.as_str();
    let _ = writeln!(out, "{} ({confidence}): {summary}", name.as_str());
    for evidence in evidence {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "(absent)".into());
        let (a, b) = (side(&evidence.a), side(&evidence.b));
        let _ = writeln!(out, "  {}: {a} | {b}", evidence.place);
    }
    let _ = writeln!(out, "  fix: {fix}\n  reach: {reach:?}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own question to whoever runs them"
)]
fn writes() -> bool {
    std::env::var("SUMWARD_WRITE_GOLDEN").is_ok_and(|value| !value.is_empty())
}
