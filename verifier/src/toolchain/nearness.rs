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
