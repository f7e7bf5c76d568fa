//! Which modules go into the program, from where.

use proto::buildinfo::Module;

use super::{Change, View};
use crate::artifact::Artifact;
use crate::diff::fields::Name;
use crate::recipe::Recipe;
use crate::reproduce::plan::Plan;
use crate::reproduce::tree::Tree;

/// The go.mod of a main module that requires the source: its go line gives the defaults of
/// GODEBUG, its requirements the versions.
pub(super) fn go_mod(view: &View<'_>) -> Vec<Change> {
    let plan = view.plan;
    let is_ours = matches!(plan.tree, Tree::Required);
    let differs = |wanted: &dyn Fn(&Name) -> bool| {
        let mut fields = view.diff.fields.iter();
        fields.any(|field| wanted(&field.name))
    };
    let by_defaults = differs(&|name| *name == Name::Setting("DefaultGODEBUG".into()));
    let by_modules = differs(&|name| matches!(name, Name::Dep(_)));
    if !is_ours || !(by_defaults || by_modules) || plan.go_mod.is_some() {
        return Vec::new();
    }
    let Some(text) = required(view, by_modules) else {
        return Vec::new();
    };
    let why = match (by_defaults, by_modules) {
        (true, false) => "other defaults of GODEBUG, which come from the go line of go.mod",
        _ => "other versions of modules",
    };
    vec![Change::new(
        "a go.mod with the program's own requirements",
        why,
        Plan {
            go_mod: Some(text),
            ..plan.clone()
        },
    )]
}

/// Writes a go.mod that requires the source, and the other modules of the program.
fn required(view: &View<'_>, with_modules: bool) -> Option<String> {
    let info = view.given.go.info()?;
    let source = view.source.module()?;
    let mut text = "module reproduce.invalid/wrapper\n".to_owned();
    if let Some(line) = &view.recipe.go_line {
        text.push_str(&format!("\ngo {}\n", line.version));
        for (key, value) in &line.godebug {
            text.push_str(&format!("\ngodebug {key}={value}\n"));
        }
    }
    let main = info.main.iter();
    let all: Vec<_> = main
        .chain(&info.deps)
        .filter(|module| module.version.starts_with('v'))
        .filter(|module| with_modules || module.path == source)
        .collect();
    if !all.iter().any(|module| module.path == source) {
        return None;
    }
    for module in all {
        text.push_str(&format!("\nrequire {} {}\n", module.path, module.version));
        if let Some(by) = &module.replace {
            let to = format!("{} {}", by.path, by.version);
            text.push_str(&format!("\nreplace {} => {}\n", module.path, to.trim_end()));
        }
    }
    Some(text)
}

/// Writes a go.mod of the program's main module, with all its requirements.
pub fn go_mod_of(artifact: &Artifact, recipe: &Recipe) -> String {
    let info = artifact.go.info();
    let main = info.and_then(|info| info.main.as_ref());
    let mut text = format!("module {}\n", main.map_or("", |main| main.path.as_str()));
    if let Some(line) = &recipe.go_line {
        text.push_str(&format!("\ngo {}\n", line.version));
        for (key, value) in &line.godebug {
            text.push_str(&format!("\ngodebug {key}={value}\n"));
        }
    }
    for module in info.iter().flat_map(|info| &info.deps) {
        requirement(module, &mut text);
    }
    text
}

/// Adds a requirement and its replacement.
fn requirement(module: &Module, text: &mut String) {
    text.push_str(&format!("\nrequire {} {}\n", module.path, module.version));
    if let Some(by) = &module.replace {
        let to = format!("{} {}", by.path, by.version);
        text.push_str(&format!("\nreplace {} => {}\n", module.path, to.trim_end()));
    }
}

/// Where modules come from: a vendor folder has no sums, a workspace no versions.
pub(super) fn changes(view: &View<'_>) -> Vec<Change> {
    let (plan, mut changes) = (view.plan, Vec::new());
    if plan.tree == Tree::Required {
        return changes;
    }
    let deps = |artifact: &Artifact| -> Vec<Module> {
        artifact
            .go
            .info()
            .map(|info| info.deps.clone())
            .unwrap_or_default()
    };
    let (given, built) = (deps(view.given), deps(view.built));
    let is_vendored = |deps: &[Module]| {
        !deps.is_empty()
            && deps
                .iter()
                .all(|module| module.sum.is_empty() && module.replace.is_none())
    };
    match (is_vendored(&given), is_vendored(&built)) {
        (false, true) => changes.push(Change::new(
            "-mod=mod",
            "the program's modules have sums: they came from the module cache",
            plan.clone().with_flag("-mod", Some("mod")),
        )),
        (true, false) => changes.push(Change::new(
            "-mod=vendor",
            "the program's modules have no sums: they came from a vendor folder",
            plan.clone().with_flag("-mod", Some("vendor")),
        )),
        _ => {}
    }
    let is_local = |deps: &[Module]| {
        deps.iter()
            .any(|module| module.version == "(devel)" && module.replace.is_none())
    };
    if is_local(&built) && !is_local(&given) {
        changes.push(Change::new(
            "GOWORK=off",
            "the program's modules have versions: no workspace was used",
            plan.clone().with_variable("GOWORK", "off"),
        ));
    }
    changes
}

/// A profile that is found unasked.
pub(super) fn profile(view: &View<'_>) -> Vec<Change> {
    let of = |artifact: &Artifact| artifact.go.setting("-pgo").map(str::to_owned);
    if of(view.given).is_none() && of(view.built).is_some() {
        return vec![Change::new(
            "-pgo=off",
            "the program was compiled without a profile",
            view.plan.clone().with_flag("-pgo", Some("off")),
        )];
    }
    Vec::new()
}
