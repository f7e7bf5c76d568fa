//! Files that are not the release's.

use proto::toolchain::{Difference, Manifest, Purpose};
use serde::Serialize;

/// How one file differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Another content.
    Changed,
    /// In the installation alone.
    Added,
    /// In the release alone.
    Missing,
}

/// A file that is not the release's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDifference {
    /// What it is for.
    pub purpose: Purpose,
    /// How it differs.
    pub kind: Kind,
    /// Its name in the module.
    pub name: String,
    /// The installed file's SHA-256.
    pub installed: Option<[u8; 32]>,
    /// The release's.
    pub released: Option<[u8; 32]>,
}

/// Returns the files in which an installation differs from a release, those that
/// matter most first.
pub fn between(installed: &Manifest, release: &Manifest) -> Vec<FileDifference> {
    let Difference {
        added,
        missing,
        changed,
        ..
    } = installed.difference(release);
    let mut differences = Vec::new();
    for (kind, names) in [
        (Kind::Changed, changed),
        (Kind::Added, added),
        (Kind::Missing, missing),
    ] {
        let file = |name: String| FileDifference {
            purpose: Purpose::of(&name),
            kind,
            installed: installed.file(&name),
            released: release.file(&name),
            name,
        };
        differences.extend(names.into_iter().map(file));
    }
    differences.sort_by(|a, b| (a.purpose, a.kind, &a.name).cmp(&(b.purpose, b.kind, &b.name)));
    differences
}

/// Says how many files are missing, added and changed, by what they are for.
pub fn tally(differences: &[FileDifference]) -> String {
    let mut words = Vec::new();
    for (purpose, one, many) in [
        (Purpose::Document, "document", "documents"),
        (Purpose::Test, "test file", "test files"),
    ] {
        for (kind, word) in [
            (Kind::Missing, "missing"),
            (Kind::Added, "added"),
            (Kind::Changed, "changed"),
        ] {
            let same = |file: &&FileDifference| file.purpose == purpose && file.kind == kind;
            match differences.iter().filter(same).count() {
                0 => {}
                1 => words.push(format!("1 {one} {word}")),
                count => words.push(format!("{count} {many} {word}")),
            }
        }
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::made::manifest;

    #[test]
    fn files_are_sorted_by_what_they_can_do_and_counted_by_what_they_are_for() {
        let installed = manifest(
            "go1.27.3",
            &[
                ("LICENSE", 9),
                ("README.vendor", 1),
                ("RECEIPT", 1),
                ("bin/go", 3),
                ("src/fmt/a_test.go", 9),
                ("src/runtime/proc.go", 9),
                ("src/runtime/zz.go", 1),
            ],
        );
        let release = manifest(
            "go1.27.3",
            &[
                ("LICENSE", 2),
                ("SECURITY.md", 1),
                ("bin/go", 3),
                ("src/fmt/a_test.go", 1),
                ("src/fmt/b_test.go", 1),
                ("src/runtime/proc.go", 4),
            ],
        );
        let found = between(&installed, &release);
        let short: Vec<(Kind, &str, Option<u8>, Option<u8>)> = found
            .iter()
            .map(|file| {
                let first = |sha256: Option<[u8; 32]>| sha256.map(|sha256| sha256[0]);
                (
                    file.kind,
                    file.name.as_str(),
                    first(file.installed),
                    first(file.released),
                )
            })
            .collect();
        assert_eq!(
            short,
            [
                (Kind::Changed, "src/runtime/proc.go", Some(9), Some(4)),
                (Kind::Added, "src/runtime/zz.go", Some(1), None),
                (Kind::Changed, "src/fmt/a_test.go", Some(9), Some(1)),
                (Kind::Missing, "src/fmt/b_test.go", None, Some(1)),
                (Kind::Changed, "LICENSE", Some(9), Some(2)),
                (Kind::Added, "README.vendor", Some(1), None),
                (Kind::Added, "RECEIPT", Some(1), None),
                (Kind::Missing, "SECURITY.md", None, Some(1)),
            ]
        );
        assert_eq!(
            tally(&found),
            "1 document missing, 2 documents added, 1 document changed, 1 test file missing, 1 test file changed"
        );
        assert_eq!(tally(&[]), "");
    }
}
