//! Where the code came from.

use proto::buildinfo::Module;

use super::{Found, found};
use crate::lint::facts::Facts;
use crate::report::printed::Level;

/// The most modules named in one finding.
const SHOWN_MAX: usize = 20;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Found> {
    [
        folders(facts),
        forks(facts),
        unsummed(facts),
        arguments(facts),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn describe(module: &Module) -> String {
    let by = module
        .replace
        .as_ref()
        .map_or_else(String::new, |by| format!(" => {} {}", by.path, by.version));
    format!("{} {}{by}", module.path, module.version)
        .trim_end()
        .to_owned()
}

/// A folder has no version; neither has a module of a workspace.
fn is_folder(module: &Module) -> bool {
    match &module.replace {
        Some(by) => {
            by.version.is_empty() || by.version == "(devel)" || by.path.starts_with(['.', '/'])
        }
        None => module.version == "(devel)" || module.version.is_empty(),
    }
}

fn listed<'a>(
    finding: Found,
    place: &str,
    modules: impl Iterator<Item = &'a Module>,
) -> Option<Found> {
    let mut modules = modules.take(SHOWN_MAX).peekable();
    modules.peek()?;
    Some(modules.fold(finding, |finding, module| {
        finding.seen(place, describe(module))
    }))
}

fn folders(facts: &Facts<'_>) -> Option<Found> {
    let finding = found(
        "dependency-replaced",
        Level::Error,
        "a module was taken from a folder of the machine, by replace or go.work: nobody else has it",
    )
    .fix("build with a published version: without the replace line, with GOWORK=off");
    listed(
        finding,
        "build info: dep",
        facts.dependencies().filter(|dep| is_folder(dep)),
    )
}

fn forks(facts: &Facts<'_>) -> Option<Found> {
    let finding = found(
        "dependency-replaced",
        Level::Note,
        "a module was replaced by another: go install path@version refuses such a module, and users of the module do not get the replacement",
    )
    .fix("keep the replace line in the go.mod that is built");
    let replaced = facts
        .dependencies()
        .filter(|dep| dep.replace.is_some() && !is_folder(dep));
    listed(finding, "build info: dep", replaced)
}

fn unsummed(facts: &Facts<'_>) -> Option<Found> {
    let has_sum = |dep: &&Module| match &dep.replace {
        Some(by) => !by.sum.is_empty(),
        None => !dep.sum.is_empty(),
    };
    let missing = facts
        .dependencies()
        .filter(|dep| !has_sum(dep) && !is_folder(dep));
    let finding = found(
        "dependency-vendored",
        Level::Note,
        "modules are on record without their sums, as vendored ones are; a build from the module cache has them",
    )
    .fix("build both with -mod=vendor, or both without");
    listed(finding, "build info: dep", missing)
}

fn arguments(facts: &Facts<'_>) -> Option<Found> {
    let path = &facts.info()?.path;
    (path == "command-line-arguments").then(|| {
        found(
            "package-arguments",
            Level::Warning,
            "go build was given files instead of a package, which names the package otherwise and leaves the commit out",
        )
        .seen("build info: path", path.clone())
        .fix("build the package: go build . or go build ./cmd/tool")
    })
}
