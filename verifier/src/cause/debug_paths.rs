//! module-cache-path in debug information: a module whose code was put into others
//! leaves its files' names there alone, and not in the line table.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::debug_text::Found;
use super::{Cause, Confidence, Evidence, Name, Pair, Reach, paths};

/// A file of a module version in a module cache.
pub(super) static FILES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(/|[A-Za-z]:[/\\])[^\x00-\x20]{1,400}@v[0-9][^\x00-\x20]{0,400}").ok()
});

/// Says whether both builds were made without -trimpath, which leaves no such file.
pub(super) fn may_be_named(pair: &Pair<'_>) -> bool {
    paths::is_trimmed(pair.a) == Some(false) && paths::is_trimmed(pair.b) == Some(false)
}

/// Explains what matches [`FILES`].
pub(super) fn explain(found: &[Found]) -> Option<Cause> {
    let mut evidence: Vec<Evidence> = found.iter().map(Found::evidence).collect();
    evidence.retain(is_moved);
    (!evidence.is_empty()).then(|| Cause {
        name: Name::ModuleCachePath,
        confidence: Confidence::Proven,
        summary:
            "the module cache was another on each machine, and its path is in the debug information"
                .into(),
        evidence,
        fix: paths::FIX.into(),
        reach: Reach::Debug,
    })
}

/// Says whether both sides name one file of one module version, in two caches.
fn is_moved(evidence: &Evidence) -> bool {
    let (Some(a), Some(b)) = (&evidence.a, &evidence.b) else {
        return false;
    };
    let same = a.bytes().rev().zip(b.bytes().rev());
    let same = same.take_while(|(a, b)| a == b).count();
    // What is equal at the end begins before the module's version.
    let version = a.find("@v").map(|at| a.len() - at);
    a != b && version.is_some_and(|version| same > version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_in_two_caches() {
        let table = [
            ("/a/x.com/d@v1.0.0/d.go", "/b/c/x.com/d@v1.0.0/d.go", true),
            ("/a/x.com/d@v1.0.0/d.go", "/a/x.com/d@v1.0.1/d.go", false),
            ("/a/x.com/d@v1.0.0/d.go", "/a/x.com/d@v1.0.0/e.go", false),
            ("/a/x.com/d@v1.0.0/d.go", "/a/x.com/d@v1.0.0/d.go", false),
        ];
        for (a, b, want) in table {
            assert_eq!(is_moved(&Evidence::new("there", a, b)), want, "{a} {b}");
        }
        let one_sided = Evidence::sides("there", Some("/a/d@v1.0.0/d.go"), None::<String>);
        assert!(!is_moved(&one_sided));
    }
}
