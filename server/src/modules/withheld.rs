//! Lists and `@latest` without the versions that a person has denied: the go command
//! does not choose what it would then be refused.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use proto::goproxy::Request;
use proto::info::Info;
use proto::module::{ModulePath, ModuleVersion, Version};
use proto::semver;

use super::Modules;
use super::changing::Changing;
use super::error::Error;
use super::file::VersionFile;
use super::offline::rank;
use crate::ask::Asked;
use crate::blocking::{self, CALL_MAX};
use crate::shelf::answer::{Answer, Kind, Reply};
use crate::store::Key;

/// Versions that are looked at for one that may be chosen.
const LOOKED_AT_MAX: usize = 20;

impl Modules {
    /// Tells whether an answer at this path may name a denied version.
    pub(super) fn may_withhold(&self, answer: &Answer, path: &str) -> bool {
        matches!(answer.kind, Kind::List | Kind::Latest)
            && self.prover.denies_any()
            && Request::parse(path)
                .is_ok_and(|request| !self.prover.denied_of(request.module()).is_empty())
    }

    /// Takes denied versions out of a list, and has `@latest` be a version that is not
    /// denied. Every other answer stays as upstream gave it, byte for byte.
    ///
    /// # Errors
    /// [`Error::Denied`] where nothing but denied versions could be the latest.
    pub(super) async fn without_denied(
        self: &Arc<Self>,
        request: &Request,
        reply: Reply,
        asked: &Asked,
    ) -> Result<Reply, Error> {
        let denied = match request {
            Request::List(path) | Request::Latest(path) => self.prover.denied_of(path),
            Request::Info { .. } | Request::Mod(_) | Request::Zip(_) => return Ok(reply),
        };
        let Reply::Whole(answer) = &reply else {
            return Ok(reply);
        };
        if denied.is_empty() {
            return Ok(reply);
        }
        let bytes = self.text_of(answer).await?;
        if let Request::List(_) = request {
            let left = allowed_lines(&bytes, &denied);
            return Ok(Reply::Whole(until_asked_again(Kind::List, left, answer)));
        }
        let latest = Info::parse(&bytes).map(|info| info.version);
        match latest {
            Ok(version) if denied.contains(&version) => {
                self.latest_allowed(request.module(), &version, &denied, asked)
                    .await
            }
            Ok(_) | Err(_) => Ok(reply),
        }
    }

    async fn latest_allowed(
        self: &Arc<Self>,
        path: &ModulePath,
        latest: &str,
        denied: &BTreeSet<String>,
        asked: &Asked,
    ) -> Result<Reply, Error> {
        let list = Changing {
            key: Key::of(&Request::List(path.clone())),
            module: path.clone(),
            kind: Kind::List,
        };
        let Reply::Whole(listed) = self.changing(list, asked.clone()).await? else {
            return Err(Error::Stopping);
        };
        let text = self.text_of(&listed).await?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let words = text
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        let mut versions: Vec<_> = words
            .filter(|word| !denied.contains(*word))
            .filter_map(|word| Version::parse(word).ok())
            .collect();
        versions.sort_by(|a, b| {
            rank(b)
                .cmp(&rank(a))
                .then(semver::compare(b.as_str(), a.as_str()))
        });
        for version in versions.into_iter().take(LOOKED_AT_MAX) {
            let Ok(version) = ModuleVersion::new(path.clone(), version) else {
                continue;
            };
            let info = self
                .version_file(VersionFile::info(version), asked.clone())
                .await?;
            if let Reply::Whole(info) = info {
                let bytes = self.text_of(&info).await?;
                return Ok(Reply::Whole(until_asked_again(
                    Kind::Latest,
                    bytes,
                    &listed,
                )));
            }
        }
        let version = Version::parse(latest).ok();
        let version = version.and_then(|it| ModuleVersion::new(path.clone(), it).ok());
        let reason = version.as_ref().and_then(|it| self.prover.denied(it));
        match (version, reason) {
            (Some(version), Some(reason)) => Err(Error::Denied { version, reason }),
            _ => Err(Error::NotStored),
        }
    }

    async fn text_of(&self, answer: &Answer) -> Result<Bytes, Error> {
        let max = usize::try_from(self.limits.text_bytes_max).unwrap_or(usize::MAX);
        let content = answer.content.clone();
        let bytes = blocking::run_within(CALL_MAX, move || content.bytes(max)).await;
        bytes.map_err(Error::storage("reading a stored answer"))
    }
}

/// Makes an answer that is asked for anew as soon as the one it comes from.
fn until_asked_again(kind: Kind, bytes: Bytes, from: &Answer) -> Arc<Answer> {
    let answer = Answer::of_bytes(kind, bytes, None);
    Arc::new(answer.fresh_until(from.fresh_until.unwrap_or_else(Instant::now)))
}

/// Returns the lines of a list that do not begin with a denied version.
fn allowed_lines(list: &[u8], denied: &BTreeSet<String>) -> Bytes {
    let mut left = Vec::with_capacity(list.len());
    for line in list.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        let word = text.split_whitespace().next().unwrap_or_default();
        if !denied.contains(word) {
            left.extend_from_slice(line);
        }
    }
    left.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denied_versions_leave_a_list_and_the_rest_stays_as_it_was() {
        let denied = BTreeSet::from(["v1.1.0".to_owned()]);
        for (list, want) in [
            ("v1.0.0\nv1.1.0\nv1.2.0\n", "v1.0.0\nv1.2.0\n"),
            ("v1.0.0\r\n v1.1.0 2026-01-01\nv1.1.0", "v1.0.0\r\n"),
            (
                "v1.1.0-pre\nv1.1.0+incompatible\n",
                "v1.1.0-pre\nv1.1.0+incompatible\n",
            ),
            ("", ""),
        ] {
            assert_eq!(allowed_lines(list.as_bytes(), &denied), want, "{list:?}");
        }
    }
}
