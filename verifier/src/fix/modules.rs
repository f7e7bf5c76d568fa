//! The main module and the modules linked in.

use proto::buildinfo::Module;

use super::Sides;
use crate::artifact::Artifact;
use crate::diff::fields;
use crate::recipe::{Origin, Wrapper, shell};

/// The most modules named in one sentence.
const NAMED_MAX: usize = 20;

/// A main module around another one: its go.mod is the given file's list of modules.
pub(super) fn wrapper(sides: &Sides<'_>) -> Option<String> {
    if !is_wrapped(sides) {
        let module = sides.recipe.source.module.as_deref()?;
        return Some(format!(
            "build {} in the module that {} was built from, {module}",
            sides.target(),
            sides.model()
        ));
    }
    Some(format!(
        "build {} in a module of {}'s name that requires what {1} was built with, around a copy of the project's package \
         main: {}",
        sides.target(),
        sides.model(),
        make_wrapper(sides)?
    ))
}

/// A program of the module cache that has another go line than the module: it was built by
/// a go.mod around it.
pub(super) fn around_the_cache(sides: &Sides<'_>) -> Option<String> {
    let package = sides.recipe.package.as_ref()?;
    Some(format!(
        "build {} from the module cache, by a go.mod that has {}'s go line and requires the module: {}, then go build \
         -mod=mod {}",
        sides.target(),
        sides.model(),
        make_wrapper(sides)?,
        shell::word(&package.value)
    ))
}

/// Commands that make the main module of the given file.
pub(super) fn make_wrapper(sides: &Sides<'_>) -> Option<String> {
    let info = sides.model_file().go.info()?;
    let main = info.main.as_ref()?;
    // A module of the cache is required by one that has any name.
    let is_required = !main.sum.is_empty();
    let name = shell::word(if is_required {
        Wrapper::NAME
    } else {
        &main.path
    });
    let mut words = Vec::new();
    if let Some(line) = &sides.recipe.go_line {
        words.push(format!("-go={}", line.version));
        let lines = line.godebug.iter();
        words
            .extend(lines.map(|(key, value)| {
                format!("-godebug={}", shell::word(&format!("{key}={value}")))
            }));
    }
    let required = info.main.iter().filter(|_| is_required);
    for module in required.chain(&info.deps) {
        if module.has_version() {
            let required = format!("{}@{}", module.path, module.version);
            words.push(format!("-require={}", shell::word(&required)));
        }
        words.extend(
            module
                .replace
                .as_deref()
                .map(|by| replace(&module.path, by)),
        );
    }
    let edit = match words.is_empty() {
        true => String::new(),
        false => format!(" && go mod edit {}", words.join(" ")),
    };
    let copy = match is_required {
        true => String::new(),
        false => copied(sides).unwrap_or_default(),
    };
    Some(format!(
        "mkdir build && cd build && go mod init {name}{edit}{copy}"
    ))
}

/// Copies package main of the other file's checkout, in which the module is made.
fn copied(sides: &Sides<'_>) -> Option<String> {
    let package = sides.other?.package.as_ref()?;
    let folder = package.value.strip_prefix('.')?;
    let files = shell::word(&format!("..{folder}"));
    Some(format!(" && cp {files}/*.go ."))
}

pub(super) fn versions(sides: &Sides<'_>) -> Option<String> {
    // A commit's go.mod chooses them, and a version's.
    let follows = sides.diff.setting("vcs.revision").is_some()
        || sides.recipe.source.origin != Origin::Checkout
        || is_wrapped(sides);
    if follows {
        return None;
    }
    let wanted: Vec<String> = differing(sides)
        .filter_map(|(path, module, other)| {
            let module = module?;
            let is_named = module.replace.is_none() && module.has_version();
            let is_other = other.is_none_or(|other| other.version != module.version);
            (is_named && is_other).then(|| shell::word(&format!("{path}@{}", module.version)))
        })
        .collect();
    (!wanted.is_empty() && wanted.len() <= NAMED_MAX).then(|| {
        format!(
            "give {}'s go.mod the versions of {}: go get {}",
            sides.target(),
            sides.model(),
            wanted.join(" ")
        )
    })
}

pub(super) fn replaced(sides: &Sides<'_>) -> Option<String> {
    let mut words = Vec::new();
    for (path, module, other) in differing(sides) {
        let replacement =
            |module: Option<&'_ Module>| module.and_then(|module| module.replace.clone());
        match (replacement(module), replacement(other)) {
            (Some(by), _) => words.push(replace(path, &by)),
            (None, Some(_)) => words.push(format!("-dropreplace={}", shell::word(path))),
            // A workspace leaves no replacement.
            (None, None) => return None,
        }
    }
    (!words.is_empty() && words.len() <= NAMED_MAX).then(|| {
        format!(
            "in the folder of {}'s main module run go mod edit {}",
            sides.target(),
            words.join(" ")
        )
    })
}

pub(super) fn vendored(sides: &Sides<'_>) -> Option<String> {
    let target = sides.target();
    let is_vendored = differing(sides)
        .filter_map(|(_, module, _)| module)
        .all(|module| module.sum.is_empty() && module.replace.is_none());
    Some(match is_vendored {
        true => {
            format!("build {target} from a vendor folder: go mod vendor, then go build -mod=vendor")
        }
        false => format!("build {target} from the module cache: go build -mod=readonly"),
    })
}

/// Says whether the given file's main module requires that of the other.
pub(super) fn is_wrapped(sides: &Sides<'_>) -> bool {
    requires_main_of(sides.model_file(), sides.target_file())
}

/// Says whether the main module of one file requires that of the other.
pub(super) fn requires_main_of(model: &Artifact, other: &Artifact) -> bool {
    let main = |artifact: &Artifact| {
        let main = artifact.go.info().and_then(|info| info.main.as_ref());
        main.map(|main| main.path.clone())
    };
    let other = main(other);
    let info = model.go.info();
    let requires = |path: &String| {
        info.is_some_and(|info| info.deps.iter().any(|module| module.path == *path))
    };
    // Files named one by one have no main module, and their own among the others.
    let own = main(model);
    own.is_some() && other.as_ref().is_some_and(requires) && other != own
}

/// Modules that are not the same: the path, the given file's, the other one's.
fn differing<'a>(
    sides: &Sides<'a>,
) -> impl Iterator<Item = (&'a str, Option<&'a Module>, Option<&'a Module>)> {
    let [model, target] = [sides.model_file(), sides.target_file()];
    let module = |artifact: &'a Artifact, path: &str| {
        let deps = artifact.go.info().map(|info| &info.deps);
        deps.and_then(|deps| deps.iter().find(|module| module.path == path))
    };
    let fields = sides.diff.fields.iter();
    fields.filter_map(move |field| match &field.name {
        fields::Name::Dep(path) => Some((path.as_str(), module(model, path), module(target, path))),
        _ => None,
    })
}

fn replace(path: &str, by: &Module) -> String {
    let to = match by.version.is_empty() {
        true => by.path.clone(),
        false => format!("{}@{}", by.path, by.version),
    };
    format!("-replace={}", shell::word(&format!("{path}={to}")))
}
