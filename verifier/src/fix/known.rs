//! The recipe of a file, with what the other file and logs tell beside it.

use proto::hashlog::linkflags;

use super::modules;
use crate::artifact::Artifact;
use crate::cause::{Pair, set_string_name, set_string_text};
use crate::recipe::{Basis, Element, LinkerFlags, Origin, Recipe, Wrapper};

/// Reads the recipe of one file of a pair, given that of the other.
pub(super) fn recipe(pair: &Pair<'_>, side: usize, other: Option<&Recipe>) -> Option<Recipe> {
    let artifact = [pair.a, pair.b][side];
    let mut recipe = Recipe::of(artifact)?;
    if let Some(words) = logged(pair, side) {
        recipe.set_linker(artifact, LinkerFlags::proven(&words));
    } else if !recipe.linker.is_complete && artifact.go.variables.is_none() {
        let flags = [recipe.linker.flags.clone(), variables(pair, side)].concat();
        recipe.set_linker(artifact, LinkerFlags::of(flags, false));
    }
    put_around(pair, side, &mut recipe, other);
    recipe
        .flags
        .extend(from_the_cache(artifact, &recipe, other));
    Some(recipe)
}

/// Modules of the module cache, where the other file's folder has a vendor folder, which
/// the go command would take.
fn from_the_cache(artifact: &Artifact, recipe: &Recipe, other: Option<&Recipe>) -> Option<Element> {
    let has_modules = artifact.go.info().is_some_and(|info| !info.deps.is_empty());
    let is_vendored = other.is_some_and(|other| other.flag("-mod") == Some("vendor"));
    let is_open = recipe.source.origin == Origin::Checkout && recipe.flag("-mod").is_none();
    (has_modules && is_vendored && is_open).then(|| Element {
        name: "-mod".into(),
        value: "readonly".into(),
        basis: Basis::Likely,
        place: "modules have sums, and the other file was built from a vendor folder".into(),
    })
}

/// A module around the project's own, which only the other file shows.
fn put_around(pair: &Pair<'_>, side: usize, recipe: &mut Recipe, other: Option<&Recipe>) {
    let files = [pair.a, pair.b];
    let (model, built) = (files[side], files[1 - side]);
    let is_made = modules::requires_main_of(model, built);
    if !is_made && !has_other_go_line(pair, recipe, other) {
        return;
    }
    if !is_made {
        let Some(info) = model.go.info() else {
            return;
        };
        recipe.source.origin = Origin::Wrapper;
        recipe.source.wrapper = Wrapper::of(model);
        if let Some(package) = &mut recipe.package {
            package.value.clone_from(&info.path);
        }
    }
    recipe.flags.push(Element {
        name: "-mod".into(),
        value: "mod".into(),
        basis: Basis::Likely,
        place: "a go.mod made anew has no go.sum beside it".into(),
    });
}

/// Says whether a program of the module cache has the defaults of another go line than the
/// module's own, which the other file's build has: go install takes the module's own.
fn has_other_go_line(pair: &Pair<'_>, recipe: &Recipe, other: Option<&Recipe>) -> bool {
    let other = other.filter(|other| other.source.module == recipe.source.module);
    let line = |recipe: &Recipe| recipe.go_line.as_ref().map(|line| line.version.clone());
    let theirs = other.and_then(line);
    recipe.source.origin == Origin::ModuleCache
        && pair.same_go()
        && theirs.is_some()
        && line(recipe).is_some()
        && theirs != line(recipe)
}

/// The flags in the link action that part A of the build ID stands for.
fn logged(pair: &Pair<'_>, side: usize) -> Option<Vec<String>> {
    let artifact = [pair.a, pair.b][side];
    let action = &artifact.go.program()?.link_action;
    linkflags::of(pair.logs[side].as_ref()?.action(action)?)
}

/// Variables that code shows to be set, as far as the other file names them.
fn variables(pair: &Pair<'_>, side: usize) -> Vec<Element> {
    let set = pair.set_strings().iter().filter(|one| one.is_set[side]);
    let flag = |one| {
        let (name, text) = set_string_name(pair, one).zip(set_string_text(pair, one, side))?;
        Some(Element {
            name: format!("-X {name}"),
            value: text.to_owned(),
            basis: Basis::Likely,
            place: "a string variable with a text that the linker put in".into(),
        })
    };
    set.filter_map(flag).collect()
}
