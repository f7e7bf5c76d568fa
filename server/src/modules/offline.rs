//! What is answered when upstream cannot be: from versions that are stored, and from
//! what upstream once said does not exist.

use std::sync::Arc;

use bytes::Bytes;
use proto::module::{ModuleVersion, Version, pseudo};
use proto::semver;

use super::Modules;
use super::changing::Changing;
use super::error::Error;
use super::file::VersionFile;
use super::stored::Seen;
use crate::shelf::answer::{Answer, Kind};
use crate::store::Key;

impl Modules {
    /// Makes a list, or an `@latest`, of the versions of a module that are stored.
    /// Returns `None` for other questions, and where nothing of the module is stored.
    pub(super) async fn of_stored_versions(&self, wanted: &Changing) -> Option<Arc<Answer>> {
        let prefix = wanted.key.module_prefix()?;
        let versions = self.shelf.versions(prefix).await.unwrap_or_else(|error| {
            tracing::warn!(key = %wanted.key, %error, "the stored versions of a module cannot be listed");
            Vec::new()
        });
        match wanted.kind {
            Kind::List if !versions.is_empty() => {
                let text = list_of(versions);
                Some(Arc::new(Answer::of_bytes(Kind::List, text, None)))
            }
            Kind::Latest => self.stored_latest(wanted, versions).await,
            _ => None,
        }
    }

    /// Returns the stored `.info` of the version that the go command would choose.
    async fn stored_latest(
        &self,
        wanted: &Changing,
        mut versions: Vec<Version>,
    ) -> Option<Arc<Answer>> {
        versions.sort_by(|a, b| {
            rank(b)
                .cmp(&rank(a))
                .then(semver::compare(b.as_str(), a.as_str()))
        });
        for version in versions {
            let Ok(version) = ModuleVersion::new(wanted.module.clone(), version) else {
                continue;
            };
            let file = VersionFile::info(version);
            if let Ok(Seen::Good(info)) = self.look(&file).await {
                let answer = Answer::new(Kind::Latest, info.content.clone(), None);
                return Some(Arc::new(answer));
            }
        }
        None
    }

    /// Returns what upstream once said does not exist in place of an error that says
    /// that it is in trouble now.
    pub(super) async fn or_absent(&self, key: &Key, error: Error) -> Error {
        if !error.is_trouble() {
            return error;
        }
        match self.shelf.absences().get(key).await {
            Some(absence) => Error::NotFound {
                upstream: absence.upstream.into(),
                status: absence.status,
                text: Bytes::from(absence.text),
            },
            None => error,
        }
    }

    /// Tells whether a file of the module is stored, for which its prefix is all that
    /// need be known.
    pub(super) async fn is_stored(&self, module_prefix: &str) -> bool {
        let versions = self.shelf.versions(module_prefix).await;
        versions.is_ok_and(|versions| !versions.is_empty())
    }
}

/// A release before a pre-release before a pseudo-version, as the go command chooses.
pub(super) fn rank(version: &Version) -> u8 {
    let text = version.as_str();
    if pseudo::is_pseudo(text) {
        0
    } else if semver::prerelease(text).is_empty() {
        2
    } else {
        1
    }
}

/// Writes versions as a list: no pseudo-versions, in order.
fn list_of(mut versions: Vec<Version>) -> Bytes {
    versions.retain(|version| !pseudo::is_pseudo(version.as_str()));
    versions.sort_by(|a, b| semver::compare(a.as_str(), b.as_str()));
    versions.dedup();
    let mut text = String::new();
    for version in versions {
        text.push_str(version.as_str());
        text.push('\n');
    }
    text.into()
}
