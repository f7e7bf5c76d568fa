//! The release of Go that built a file.

use crate::artifact::Artifact;
use crate::goinfo::version::GoVersion;

/// The first Go that fetches other releases by GOTOOLCHAIN, and the first that can be
/// fetched so.
pub(super) const FETCHED_SINCE: (u32, u32) = (1, 21);

/// Says whether a go command of this version fetches others.
pub(crate) fn fetches(version: &str) -> bool {
    let version = GoVersion::parse(version);
    version.is_some_and(|version| (version.major, version.minor) >= FETCHED_SINCE)
}

/// Returns a version of Go that names a release, without experiments.
pub(super) fn release(artifact: &Artifact) -> Option<GoVersion> {
    let version = artifact.go.version()?;
    let release = GoVersion::parse(version).filter(|_| version.starts_with("go1."))?;
    // From then on the first release has a zero behind it: go1.21.0.
    let fetched = (release.major, release.minor) >= FETCHED_SINCE;
    let is_named = release.patch.is_some() || release.prerelease.is_some() || !fetched;
    is_named.then_some(release)
}
