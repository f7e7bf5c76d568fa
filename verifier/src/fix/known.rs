//! The recipe of a file, with what the other file and logs tell beside it.

use proto::hashlog::linkflags;

use crate::cause::{Pair, set_string_name, set_string_text};
use crate::recipe::{Basis, Element, LINKER_UNKNOWN, LinkerFlags, Recipe, VARIABLES_UNKNOWN};

/// Reads the recipe of one file of a pair.
pub(super) fn recipe(pair: &Pair<'_>, side: usize) -> Option<Recipe> {
    let artifact = [pair.a, pair.b][side];
    let mut recipe = Recipe::of(artifact)?;
    if let Some(words) = logged(pair, side) {
        recipe.linker = LinkerFlags::proven(&words);
        recipe
            .unknown
            .retain(|line| !line.starts_with(LINKER_UNKNOWN));
    } else if !recipe.linker.is_complete && artifact.go.variables.is_none() {
        let variables = variables(pair, side);
        if !variables.is_empty() {
            // Of those that code shows, the names are known.
            for line in &mut recipe.unknown {
                *line = line.replace(VARIABLES_UNKNOWN, "");
            }
        }
        let flags = [recipe.linker.flags.clone(), variables].concat();
        recipe.linker = LinkerFlags::of(flags, false);
    }
    Some(recipe)
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
