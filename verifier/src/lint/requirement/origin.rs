//! Requirements on what the file was built from, and with.

use proto::buildid::BuildId;
use proto::buildinfo::{BuildInfo, Module};
use proto::module::Version;

use super::{Answer, met, unknown, unmet, when};
use crate::goinfo::selfcheck::SelfCheck;
use crate::lint::facts::Facts;

const NO_INFO: &str = "the file has no build information";

/// go1.17 and earlier, and other build tools, record modules alone.
const NO_SETTINGS: &str = "the file does not say how it was built: no settings are on record";

fn with_info(facts: &Facts<'_>, answer: impl Fn(&BuildInfo) -> Answer) -> Answer {
    facts.info().map_or_else(|| unknown(NO_INFO), answer)
}

fn with_settings(facts: &Facts<'_>, answer: impl Fn(&BuildInfo) -> Answer) -> Answer {
    with_info(facts, |info| match facts.recorded() {
        None => unknown(NO_SETTINGS),
        Some(_) => answer(info),
    })
}

pub(super) fn build_info(facts: &Facts<'_>) -> Answer {
    match facts.info() {
        None => unmet(NO_INFO),
        Some(info) => met(format!(
            "{} settings, {} modules",
            info.settings.len(),
            info.deps.len()
        )),
    }
}

/// What the self-check says of a file that was only signed.
const SIGNED: &str = "its bytes give the content ID in it once the signature is put aside";

pub(super) fn self_check(facts: &Facts<'_>) -> Answer {
    match &facts.artifact.go.self_check {
        // Whoever changes a file can make the ID anew: it holds, and proves no more.
        SelfCheck::Intact(_) => met("its bytes give the content ID in it"),
        SelfCheck::Signed { .. } => unmet(SIGNED),
        SelfCheck::Changed { recorded, computed } => unmet(format!(
            "its bytes give the content ID {computed}, in it is {recorded}"
        )),
        SelfCheck::Unknown(why) => unknown(*why),
    }
}

pub(super) fn build_id(facts: &Facts<'_>) -> Answer {
    match &facts.artifact.go.build_id {
        Some(id @ (BuildId::Program(_) | BuildId::Package { .. })) => met(id.to_string()),
        Some(BuildId::Redacted) => unmet("the build ID is redacted"),
        Some(BuildId::Empty) => unmet("the build ID is empty"),
        Some(BuildId::Custom(text)) => unmet(format!("the build ID was set by hand to {text:?}")),
        None => unmet("there is no Go build ID"),
    }
}

pub(super) fn trimpath(facts: &Facts<'_>) -> Answer {
    if let Some(sources) = &facts.artifact.go.sources {
        let folders = [&sources.tree, &sources.goroot, &sources.module_cache];
        if let Some(folder) = folders.into_iter().flatten().next() {
            return unmet(format!("files of {folder} are named"));
        }
    }
    match facts.trimmed() {
        Some(true) => met("built with -trimpath"),
        Some(false) => unmet("built without -trimpath"),
        None if facts.info().is_some() => unknown(NO_SETTINGS),
        None => unknown(NO_INFO),
    }
}

pub(super) fn vcs(facts: &Facts<'_>, clean: bool) -> Answer {
    with_info(facts, |info| {
        let Some(revision) = info.setting("vcs.revision") else {
            return unmet("no commit is on record");
        };
        let modified = info.setting("vcs.modified") == Some("true");
        let dirty = info
            .main
            .as_ref()
            .is_some_and(|main| main.version.ends_with("+dirty"));
        when(
            !clean || !(modified || dirty),
            format!(
                "commit {revision}{}",
                if modified || dirty { ", modified" } else { "" }
            ),
        )
    })
}

pub(super) fn release_version(facts: &Facts<'_>) -> Answer {
    main_module(facts, |main| {
        let release = Version::parse(&main.version).is_ok_and(|version| version.is_release());
        (release, main.version.clone())
    })
}

/// Asks the main module; without one the requirement is not met.
pub(super) fn main_module(facts: &Facts<'_>, holds: impl Fn(&Module) -> (bool, String)) -> Answer {
    with_info(facts, |info| match &info.main {
        None => unmet("no main module is on record"),
        Some(main) => {
            let (holds, shown) = holds(main);
            let shown = if shown.is_empty() {
                "none".into()
            } else {
                shown
            };
            when(holds, format!("it is {shown}"))
        }
    })
}

pub(super) fn no_replace(facts: &Facts<'_>) -> Answer {
    with_info(facts, |info| {
        for dep in &info.deps {
            if let Some(by) = &dep.replace {
                return unmet(format!(
                    "{} is replaced by {} {}",
                    dep.path, by.path, by.version
                ));
            }
            if dep.sum.is_empty() {
                return unmet(format!("{} {} has no sum", dep.path, dep.version));
            }
        }
        met(format!("{} modules, each with its sum", info.deps.len()))
    })
}

pub(super) fn no_cgo(facts: &Facts<'_>) -> Answer {
    if facts.artifact.image.is_externally_linked() == Some(true) {
        return unmet("the machine's C linker made it");
    }
    match facts.setting("CGO_ENABLED") {
        Some("0") => met("built with CGO_ENABLED=0"),
        Some(value) => unmet(format!("built with CGO_ENABLED={value}")),
        None => unknown("the file does not say whether cgo was on"),
    }
}

pub(super) fn no_race(facts: &Facts<'_>) -> Answer {
    with_settings(facts, |info| {
        when(
            info.setting("-race") != Some("true"),
            match info.setting("-race") {
                Some("true") => "built with -race",
                _ => "built without -race",
            },
        )
    })
}

/// Settings that -trimpath keeps out of the file: they may hold paths.
///
/// Source: cmd/go/internal/load/pkg.go setBuildInfo
const NOT_RECORDED: [&str; 5] = [
    "-ldflags",
    "CGO_CFLAGS",
    "CGO_CPPFLAGS",
    "CGO_CXXFLAGS",
    "CGO_LDFLAGS",
];

pub(super) fn setting(facts: &Facts<'_>, key: &str, want: &str) -> Answer {
    with_settings(facts, |info| match info.setting(key) {
        Some(got) => when(got == want, format!("{key}={got}")),
        None if facts.trimmed() == Some(true) && NOT_RECORDED.contains(&key) => {
            unknown(format!("builds with -trimpath do not record {key}"))
        }
        None => when(want.is_empty(), format!("{key} is not on record")),
    })
}

pub(super) fn denied(facts: &Facts<'_>, path: &str, version: Option<&str>) -> Answer {
    with_info(facts, |info| {
        let used = |dep: &&Module| match &dep.replace {
            Some(by) => (by.path.clone(), by.version.clone()),
            None => (dep.path.clone(), dep.version.clone()),
        };
        let fits = |dep: &&Module| {
            let (used_path, used_version) = used(dep);
            let is_path = dep.path == path || used_path == path;
            is_path && version.is_none_or(|version| version == used_version)
        };
        match info.deps.iter().find(fits) {
            Some(dep) => {
                let (path, version) = used(&dep);
                unmet(format!("{path} {version} is in it"))
            }
            None => met(format!("it is not among {} modules", info.deps.len())),
        }
    })
}
