//! What a program shows of itself.

use proto::attest::check::Shown;
use proto::attest::digest::Digest;
use proto::attest::observation::{Module, SelfCheck};

use crate::artifact::Artifact;
use crate::goinfo::selfcheck;

/// Returns what the file shows that observations speak of.
pub(super) fn of(artifact: &Artifact) -> Shown {
    let go = &artifact.go;
    let info = go.info();
    let settings = info.iter().flat_map(|info| &info.settings);
    Shown {
        sha256: Digest(artifact.input.sha256),
        build_id: go.build_id.as_ref().map(ToString::to_string),
        self_check: match go.self_check {
            selfcheck::SelfCheck::Intact(_) => SelfCheck::Holds,
            selfcheck::SelfCheck::Signed { .. } | selfcheck::SelfCheck::Changed { .. } => {
                SelfCheck::Fails
            }
            selfcheck::SelfCheck::Unknown(_) => SelfCheck::None,
        },
        go_version: go
            .build_info
            .as_ref()
            .and_then(|found| found.value.version.clone()),
        main: info.and_then(|info| info.main.as_ref()).map(Module::of),
        modules: info.map_or_else(Vec::new, |info| info.deps.iter().map(Module::of).collect()),
        settings: settings
            .map(|one| (one.key.clone(), one.value.clone()))
            .collect(),
    }
}
