//! vcs-revision, vcs-modified, vcs-missing, main-version, version-stamp: what the go
//! command wrote down about the commit and the main module's version.

use proto::buildinfo::Module;

use super::{Cause, Confidence, Evidence, Name, Pair, Reach, line};
use crate::artifact::Artifact;
use crate::diff::fields::{self, Field};

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    match (has_vcs(pair.a), has_vcs(pair.b)) {
        (true, true) => [revision(pair), modified(pair), stamp(pair)]
            .into_iter()
            .flatten()
            .collect(),
        (false, false) => stamp(pair).into_iter().collect(),
        _ => missing(pair).into_iter().collect(),
    }
}

fn has_vcs(artifact: &Artifact) -> bool {
    artifact.go.setting("vcs").is_some()
}

fn main_field<'a>(pair: &Pair<'a>) -> Option<&'a Field> {
    pair.diff
        .fields
        .iter()
        .find(|field| field.name == fields::Name::Main)
}

fn evidence(pair: &Pair<'_>, keys: &[&str]) -> Vec<Evidence> {
    let settings = keys.iter().filter_map(|key| pair.diff.setting(key));
    settings.chain(main_field(pair)).map(line).collect()
}

fn revision(pair: &Pair<'_>) -> Option<Cause> {
    pair.diff.setting("vcs.revision")?;
    Some(Cause {
        name: Name::VcsRevision,
        confidence: Confidence::Proven,
        summary: "built from different commits".into(),
        evidence: evidence(pair, &["vcs", "vcs.revision", "vcs.time"]),
        fix: "check out one commit on both machines; if the commit should not be in the binary, build with -buildvcs=false".into(),
        reach: Reach::Anything,
    })
}

fn modified(pair: &Pair<'_>) -> Option<Cause> {
    let dirty = |artifact: &Artifact| artifact.go.setting("vcs.modified") == Some("true");
    let fix = "build from a clean checkout (git status --porcelain prints nothing): commit or .gitignore generated files, \
               write build outputs outside the tree, check core.autocrlf and core.fileMode";
    if pair.diff.setting("vcs.modified").is_some() {
        let which = pair.which(dirty).unwrap_or_default();
        return Some(Cause {
            name: Name::VcsModified,
            confidence: Confidence::Proven,
            summary: format!("{which} was built from a tree with uncommitted changes"),
            evidence: evidence(pair, &["vcs.modified"]),
            fix: fix.into(),
            reach: Reach::Anything,
        });
    }
    // Both dirty, and perhaps not with the same changes.
    let same_commit = pair.diff.setting("vcs.revision").is_none();
    (dirty(pair.a) && dirty(pair.b) && same_commit).then(|| Cause {
        name: Name::VcsModified,
        confidence: Confidence::Possible,
        summary:
            "both were built from trees with uncommitted changes, which need not be the same ones"
                .into(),
        evidence: vec![Evidence::new(
            "build info: build vcs.modified",
            "true",
            "true",
        )],
        fix: fix.into(),
        reach: Reach::Stamps,
    })
}

fn missing(pair: &Pair<'_>) -> Option<Cause> {
    pair.diff.setting("vcs")?;
    let which = pair
        .which(|artifact| !has_vcs(artifact))
        .unwrap_or_default();
    Some(Cause {
        name: Name::VcsMissing,
        confidence: Confidence::Proven,
        summary: format!("{which} was built without version control information"),
        evidence: evidence(pair, &["vcs", "vcs.revision", "vcs.time", "vcs.modified"]),
        fix: "build both with -buildvcs=false, both inside the repository with git installed and the folder \
              listed in git's safe.directory, or both with go install and one version"
            .into(),
        reach: pair.reach_of_a_stamp(),
    })
}

/// Another version of the main module, where nothing else says why.
fn stamp(pair: &Pair<'_>) -> Option<Cause> {
    let main = main_field(pair)?;
    let (a, b) = (
        pair.a.go.info()?.main.as_ref()?,
        pair.b.go.info()?.main.as_ref()?,
    );
    let clean = |version: &str| version.trim_end_matches("+dirty").to_owned();
    let follows_from_another = a.path != b.path
        || pair.diff.setting("vcs.revision").is_some()
        || pair.diff.setting("vcs.modified").is_some() && clean(&a.version) == clean(&b.version)
        || super::toolchain::follows(pair).contains(&main);
    if follows_from_another {
        return None;
    }
    let evidence = vec![line(main)];
    // Only what comes from a module cache has a sum.
    let both_summed = !a.sum.is_empty() && !b.sum.is_empty();
    Some(match both_summed {
        true if a.version == b.version => other_content(evidence),
        true => other_version(pair, a, b, evidence),
        false if is_one_commit(pair) => other_stamp(pair, evidence),
        false => unknown_source(pair, a, b, evidence),
    })
}

/// Without a commit on record, nothing says that two builds had one source.
fn is_one_commit(pair: &Pair<'_>) -> bool {
    let revision = |artifact: &Artifact| artifact.go.setting("vcs.revision").map(str::to_owned);
    revision(pair.a).is_some() && revision(pair.a) == revision(pair.b)
}

fn other_content(evidence: Vec<Evidence>) -> Cause {
    Cause {
        name: Name::DependencySum,
        confidence: Confidence::Proven,
        summary: "ALARM: the main module has the same version and different content".into(),
        evidence,
        fix: super::dependencies::SUM_FIX.into(),
        reach: Reach::Anything,
    }
}

fn other_version(pair: &Pair<'_>, a: &Module, b: &Module, evidence: Vec<Evidence>) -> Cause {
    let [one, other] = &pair.names;
    Cause {
        name: Name::MainVersion,
        confidence: Confidence::Proven,
        summary: format!(
            "two versions of {}: {one} was built from {}, {other} from {}",
            a.path, a.version, b.version
        ),
        evidence,
        fix: format!(
            "build both from one version (go install {}@{})",
            pair.a.go.info().map_or("", |info| info.path.as_str()),
            a.version
        ),
        reach: Reach::Anything,
    }
}

fn other_stamp(pair: &Pair<'_>, evidence: Vec<Evidence>) -> Cause {
    let is_dirty = pair.a.go.setting("vcs.modified") != Some("false");
    Cause {
        name: Name::VersionStamp,
        confidence: Confidence::Proven,
        summary: "the main module was stamped with different versions for the same commit".into(),
        evidence,
        fix: "fetch all tags on both machines (git fetch --tags; in a shallow clone git fetch --unshallow, too), and start \
              from an empty GOMODCACHE; or build both with -buildvcs=false"
            .into(),
        reach: if is_dirty {
            // Changes beside the commit need not be the same ones.
            Reach::Stamps
        } else {
            pair.reach_of_a_stamp()
        },
    }
}

fn unknown_source(pair: &Pair<'_>, a: &Module, b: &Module, evidence: Vec<Evidence>) -> Cause {
    let [one, other] = &pair.names;
    let version = |module: &Module| match module.sum.is_empty() {
        true => module.version.clone(),
        false => format!("{} of the module cache", module.version),
    };
    Cause {
        name: Name::VersionStamp,
        confidence: Confidence::Likely,
        summary: format!(
            "the main module is {} in {one} and {} in {other}; whether that is the same source, the files do not tell",
            version(a),
            version(b)
        ),
        evidence,
        fix: "build both in one way: both with go build from one commit, or both with go install and one version"
            .into(),
        reach: Reach::Stamps,
    }
}
