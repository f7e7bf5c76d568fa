//! Which of several releases an installation comes nearest to.

use std::cmp::Reverse;

use proto::dirhash::H1;
use proto::toolchain::{Manifest, Release};

use super::reference::Reference;

/// How near a release comes.
#[derive(Debug, Clone)]
pub struct Nearness {
    /// The release.
    pub release: Release,
    /// Where its list was read from.
    pub source: String,
    /// Whether a record proves the list.
    pub proved: bool,
    /// How many files are the same, and how many differ.
    pub same: usize,
    /// How many differ.
    pub differing: usize,
}

/// Returns how near each release comes, the nearest first. The list that a record
/// proves has this hash.
pub fn of(installed: &Manifest, references: &[Reference], proved: Option<H1>) -> Vec<Nearness> {
    let mut nearest: Vec<Nearness> = references
        .iter()
        .map(|reference| {
            let difference = installed.difference(&reference.manifest);
            Nearness {
                release: reference.manifest.release().clone(),
                source: reference.source.clone(),
                proved: proved == Some(reference.h1),
                same: difference.same,
                differing: difference.len(),
            }
        })
        .collect();
    nearest.sort_by_key(|near| (near.differing, Reverse(near.same)));
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::made::manifest;

    #[test]
    fn the_release_with_the_fewest_other_files_is_nearest() {
        let installed = manifest("go1.27.3", &[("a", 1), ("b", 2), ("c", 3), ("d", 4)]);
        let list = |version: &str, files: &[(&str, u8)]| {
            let manifest = manifest(version, files);
            Reference {
                source: version.into(),
                h1: manifest.h1(),
                manifest,
            }
        };
        let far = list("go1.27.1", &[("a", 9), ("b", 9), ("c", 3), ("d", 4)]);
        let near = list("go1.27.2", &[("a", 9), ("b", 2), ("c", 3), ("d", 4)]);
        // As many differ, and more are the same.
        let nearest = list(
            "go1.27.4",
            &[("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)],
        );
        let proved = far.h1;
        let found = of(&installed, &[far, near, nearest], Some(proved));
        let short: Vec<_> = found
            .iter()
            .map(|near| (near.source.as_str(), near.same, near.differing, near.proved))
            .collect();
        assert_eq!(
            short,
            [
                ("go1.27.4", 4, 1, false),
                ("go1.27.2", 3, 1, false),
                ("go1.27.1", 2, 2, true),
            ]
        );
        assert_eq!(found[0].release.version(), "go1.27.4");
        assert!(of(&installed, &[], None).is_empty());
    }
}
