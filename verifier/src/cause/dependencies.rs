//! dependency-version, -sum, -replaced, -vendored: the modules linked in.

use proto::buildinfo::Module;
use proto::buildinfo::keys::CPU_LEVELS;

use super::{Cause, Confidence, Evidence, Name, Pair, Reach, line};
use crate::artifact::Artifact;
use crate::diff::fields::{self, Field};

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let mut by_name: Vec<(Name, Vec<Evidence>)> = Vec::new();
    for field in &pair.diff.fields {
        let fields::Name::Dep(path) = &field.name else {
            continue;
        };
        // A build of files has its own module among the modules linked in.
        if is_main(pair.a, path) || is_main(pair.b, path) {
            continue;
        }
        // Which packages are imported depends on settings, too.
        if is_one_sided(field) && leader(pair).is_some() {
            continue;
        }
        let name = name(module(pair.a, path), module(pair.b, path));
        match by_name.iter_mut().find(|(known, _)| *known == name) {
            Some((_, evidence)) => evidence.push(line(field)),
            None => by_name.push((name, vec![line(field)])),
        }
    }
    by_name
        .into_iter()
        .map(|(name, evidence)| cause(pair, name, evidence))
        .collect()
}

/// What a sum that differs calls for.
pub(super) const SUM_FIX: &str = "find out which sum the checksum database has \
    (https://sum.golang.org/lookup/<module>@<version>); a proxy or a moved tag served other content, and GONOSUMDB, \
    GOPRIVATE, GOSUMDB=off or a missing go.sum let it in";

/// Returns the modules linked in on one side only, where they follow from the
/// settings that a cause is about.
pub(super) fn following(pair: &Pair<'_>, name: Name) -> Vec<Evidence> {
    if leader(pair) != Some(name) {
        return Vec::new();
    }
    let is_dep = |field: &&Field| match &field.name {
        fields::Name::Dep(path) => !is_main(pair.a, path) && !is_main(pair.b, path),
        _ => false,
    };
    let deps = pair.diff.fields.iter().filter(is_dep);
    deps.filter(|field| is_one_sided(field)).map(line).collect()
}

/// The cause from which it follows that a module is linked in on one side only:
/// build constraints choose files, and files import packages.
///
/// Source: cmd/go/internal/imports, go/build/constraint
fn leader(pair: &Pair<'_>) -> Option<Name> {
    // No setting changes which versions a go.mod chooses: where they differ, so does it.
    if has_other_versions(pair) {
        return None;
    }
    let differs = |key: &&str| pair.diff.setting(key).is_some();
    let both_tell = |key: &&str| {
        let field = pair.diff.setting(key);
        field.is_some_and(|field| field.a.is_some() && field.b.is_some())
    };
    let is_path = |field: &Field| field.name == fields::Name::Path;
    [
        (Name::Target, ["GOOS", "GOARCH"].iter().any(both_tell)),
        (Name::PackageArguments, pair.diff.fields.iter().any(is_path)),
        (Name::BuildTags, differs(&"-tags")),
        (Name::CgoEnabled, both_tell(&"CGO_ENABLED")),
        (
            Name::Instrumentation,
            ["-race", "-msan", "-asan"].iter().any(differs),
        ),
        (Name::CpuLevel, CPU_LEVELS.iter().any(both_tell)),
        (Name::GoExperiment, differs(&"GOEXPERIMENT")),
        (Name::GoVersion, pair.other_go()),
    ]
    .into_iter()
    .find_map(|(name, holds)| holds.then_some(name))
}

/// Says whether a module is linked into both at versions that are not the same.
fn has_other_versions(pair: &Pair<'_>) -> bool {
    pair.diff.fields.iter().any(|field| {
        let fields::Name::Dep(path) = &field.name else {
            return false;
        };
        let sides = module(pair.a, path).zip(module(pair.b, path));
        sides.is_some_and(|(a, b)| a.has_version() && b.has_version() && a.version != b.version)
    })
}

/// Says whether the main module is at another version.
fn has_other_main(pair: &Pair<'_>) -> bool {
    let is_main = |field: &Field| field.name == fields::Name::Main;
    pair.diff.fields.iter().any(is_main)
}

fn is_one_sided(field: &Field) -> bool {
    field.a.is_none() != field.b.is_none()
}

fn is_main(artifact: &Artifact, path: &str) -> bool {
    let main = artifact.go.info().and_then(|info| info.main.as_ref());
    main.is_some_and(|main| main.path == path)
}

fn module<'a>(artifact: &'a Artifact, path: &str) -> Option<&'a Module> {
    artifact.go.info()?.deps.iter().find(|dep| dep.path == path)
}

fn name(a: Option<&Module>, b: Option<&Module>) -> Name {
    let (Some(a), Some(b)) = (a, b) else {
        return Name::DependencyVersion;
    };
    if a.replace != b.replace {
        // The same replacement at another version is a version, its sum a sum.
        return match (a.replace.as_deref(), b.replace.as_deref()) {
            (Some(a), Some(b)) if a.path == b.path => name(Some(a), Some(b)),
            _ => Name::DependencyReplaced,
        };
    }
    // A module of a workspace has no version of its own.
    if a.has_version() != b.has_version() {
        return Name::DependencyReplaced;
    }
    if a.version != b.version {
        return Name::DependencyVersion;
    }
    if a.sum.is_empty() || b.sum.is_empty() {
        return Name::DependencyVendored;
    }
    Name::DependencySum
}

fn cause(pair: &Pair<'_>, name: Name, evidence: Vec<Evidence>) -> Cause {
    let count = evidence.len();
    let modules = if count == 1 {
        "one module".to_owned()
    } else {
        format!("{count} modules")
    };
    let (summary, fix, reach) = match name {
        Name::DependencySum => (
            format!("ALARM: {modules} with the same version and different content"),
            SUM_FIX,
            Reach::Anything,
        ),
        Name::DependencyReplaced => (
            format!(
                "{modules} came from a replace directive or a workspace in one build only, or from another one in each"
            ),
            "build releases with GOWORK=off and without replace lines in go.mod",
            Reach::Anything,
        ),
        Name::DependencyVendored => (
            format!(
                "{modules} came from the vendor folder in one build and from the module cache in the other"
            ),
            "pass the same -mod to both builds (-mod=vendor or -mod=readonly); with a vendor folder the default \
             depends on the go line of go.mod",
            pair.reach_of_a_stamp(),
        ),
        _ => (
            format!("{modules} linked in at different versions, or in one build only"),
            if pair.diff.setting("vcs.revision").is_some() || has_other_main(pair) {
                "build both from one commit, whose go.mod chooses the versions"
            } else {
                "build both from one commit with its go.mod and go.sum, and with -mod=readonly"
            },
            Reach::Anything,
        ),
    };
    Cause {
        name,
        confidence: Confidence::Proven,
        summary,
        evidence,
        fix: fix.into(),
        reach,
    }
}
