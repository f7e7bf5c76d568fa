//! Flags of Go's linker.

use super::Sides;
use crate::cause::Name;
use crate::recipe::{LDFLAGS, LinkerFlags, shell};

pub(super) fn fix(sides: &Sides<'_>, cause: Name) -> Option<String> {
    let (model, target) = (sides.model(), sides.target());
    let linker = &sides.recipe.linker;
    if !concerns(sides, cause) {
        return None;
    }
    let Some(text) = &linker.text else {
        return without(sides, cause);
    };
    let flag = shell::argument(&format!("{LDFLAGS}={text}"));
    Some(match linker.is_complete {
        true => format!("build {target} with {flag}, as {model} was"),
        false => format!(
            "build {target} with {flag}: these are the flags that {model} shows; their order and spelling, and others, are \
             not recorded"
        ),
    })
}

/// Says whether flags of the linker are what a cause is about: what they do, variables of
/// the environment and C flags do as well.
fn concerns(sides: &Sides<'_>, cause: Name) -> bool {
    let linker = &sides.recipe.linker;
    let other = sides.other.map(|other| &other.linker);
    if linker.is_complete {
        let same = |other: &LinkerFlags| other.is_complete && other.text == linker.text;
        return !other.is_some_and(same);
    }
    let shown = |name: &str| linker.flags.iter().any(|flag| flag.name == name);
    match cause {
        Name::LinkMode => shown("-linkmode"),
        Name::ExternalLinkFlags => shown("-extldflags"),
        Name::LdflagsVariable => {
            // Without names there is nothing to write.
            let is_named = linker.flags.iter().any(|flag| flag.name.starts_with("-X "));
            is_named || sides.model_file().go.variables.is_some()
        }
        Name::LinkerFlags | Name::LinkOrder | Name::DebugCompression => false,
        _ => true,
    }
}

/// The given file has none of these flags.
fn without(sides: &Sides<'_>, cause: Name) -> Option<String> {
    let target = sides.target();
    if sides.recipe.linker.is_complete {
        return Some(format!("build {target} without {LDFLAGS}"));
    }
    let flags = match cause {
        Name::SymbolsStripped => "-s and -w",
        Name::BuildIdFlag => "-buildid",
        Name::GnuBuildIdFlag => "-B",
        Name::LdflagsVariable if sides.model_file().go.variables.is_some() => "-X",
        _ => return None,
    };
    Some(format!("build {target} without {flags} in {LDFLAGS}"))
}
