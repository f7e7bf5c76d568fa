//! What a file does not tell of its build.

use proto::buildid::BuildId;

use super::release::release;
use super::{FILES, Recipe};
use crate::artifact::Artifact;
use crate::goinfo::selfcheck::SelfCheck;

pub(super) fn list(artifact: &Artifact, recipe: &Recipe) -> Vec<String> {
    [
        information(artifact),
        toolchain(artifact),
        package(recipe),
        linker(artifact, recipe),
        c_side(artifact, recipe),
        changed_tree(recipe),
        profile(artifact),
        changed_file(artifact),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn information(artifact: &Artifact) -> Option<String> {
    let is_old = release(artifact).is_some_and(|release| (release.major, release.minor) < (1, 18));
    if artifact.go.info().is_none() {
        return Some("modules and settings: the file has no build information".into());
    }
    is_old.then(|| "settings: Go before 1.18 records none".into())
}

fn toolchain(artifact: &Artifact) -> Option<String> {
    if release(artifact).is_some() {
        return None;
    }
    Some(match artifact.go.version() {
        Some(version) => {
            format!(
                "the toolchain: {version} is not a release that the go command fetches by its name"
            )
        }
        None => "the toolchain: the file names no Go version".into(),
    })
}

fn package(recipe: &Recipe) -> Option<String> {
    match &recipe.package {
        None => Some("the package".into()),
        Some(package) if package.name == FILES => Some(
            "files of package main without a function: it was named by its files, whose list is not recorded".into(),
        ),
        Some(_) => None,
    }
}

fn linker(artifact: &Artifact, recipe: &Recipe) -> Option<String> {
    if recipe.linker.is_complete {
        return None;
    }
    let by_id = matches!(
        artifact.image.build_id.as_ref().map(|id| &id.value),
        Some(BuildId::Program(_))
    );
    let mut flags = recipe.linker.flags.iter();
    let are_named =
        artifact.go.variables.is_some() || flags.any(|flag| flag.name.starts_with("-X "));
    let variables = match are_named {
        true => "",
        false => "; without symbols nothing names what -X set",
    };
    let search = match by_id {
        true => " (a log of a rebuild finds them: --explain-with)",
        false => "",
    };
    Some(format!(
        "the linker's flags: a build with -trimpath does not record -ldflags; order and spelling, and flags without a trace, \
         are open{search}{variables}"
    ))
}

fn c_side(artifact: &Artifact, recipe: &Recipe) -> Option<String> {
    let has_cgo = recipe.variable("CGO_ENABLED") == Some("1");
    let is_external = artifact.image.is_externally_linked() == Some(true);
    let is_trimmed = recipe.flag("-trimpath").is_some();
    if !has_cgo || !is_external {
        return None;
    }
    let flags = match is_trimmed {
        true => {
            "CGO_CFLAGS, CGO_LDFLAGS and the like, which a build with -trimpath does not record; and "
        }
        false => "",
    };
    let compilers = artifact.image.producers.join("; ");
    let compilers = match compilers.is_empty() {
        true => String::new(),
        false => format!(" (the file names {compilers})"),
    };
    Some(format!(
        "{flags}the C compiler, its headers and libraries{compilers}"
    ))
}

fn changed_tree(recipe: &Recipe) -> Option<String> {
    (recipe.source.modified == Some(true)).then(|| {
        "the changes that were not committed: an untracked file is enough for vcs.modified".into()
    })
}

fn profile(artifact: &Artifact) -> Option<String> {
    let path = artifact.go.setting("-pgo")?;
    Some(format!("the profile {path}: only its name is recorded"))
}

fn changed_file(artifact: &Artifact) -> Option<String> {
    matches!(artifact.go.self_check, SelfCheck::Changed { .. }).then(|| {
        "what was done to the file after go build: it is not what its build ID says".into()
    })
}
