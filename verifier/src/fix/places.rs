//! The toolchain, the package, and the folders in which a build was made.

use super::Sides;
use crate::recipe::{GOTOOLCHAIN, Recipe, fetches, shell};

/// The given file's release: never just a newer one.
pub(super) fn toolchain(sides: &Sides<'_>) -> Option<String> {
    let (model, target) = (sides.model(), sides.target());
    let release = sides.recipe.toolchain.as_ref()?;
    let name = &release.value;
    if release.name != GOTOOLCHAIN {
        return Some(format!(
            "build {target} with {name}, which no go command fetches by GOTOOLCHAIN: go install \
             golang.org/dl/{name}@latest && {name} download, then {name} build in the place of go build"
        ));
    }
    let other = sides.target_file().go.version();
    Some(match other {
        Some(other) if !fetches(other) => format!(
            "build {target} with GOTOOLCHAIN={name}, the release that {model} was built by, and a go command of 1.21 \
             or later: {other} does not fetch others, so install {name} from https://go.dev/dl/"
        ),
        _ => {
            format!("build {target} with GOTOOLCHAIN={name}, the release that {model} was built by")
        }
    })
}

/// Without -trimpath the folders are in the file, and only a build in the same ones gives
/// the same bytes.
pub(super) fn folders(sides: &Sides<'_>) -> Option<String> {
    let target = sides.target();
    let is_trimmed = |recipe: &Recipe| recipe.flag("-trimpath").is_some();
    if is_trimmed(sides.recipe) {
        let other = sides.other.is_some_and(is_trimmed);
        return (!other).then(|| format!("build {target} with -trimpath"));
    }
    let places = same_folders(sides)?;
    let without = match sides.other.is_some_and(is_trimmed) {
        true => "without -trimpath, ",
        false => "",
    };
    Some(format!("build {target} {without}{places}"))
}

/// Says where to build: the three folders that are in the given file.
pub(super) fn same_folders(sides: &Sides<'_>) -> Option<String> {
    let folders = &sides.recipe.folders;
    let quoted = |folder: &String| shell::word(folder);
    let parts = [
        folders
            .source
            .as_ref()
            .map(|folder| format!("the checkout at {}", quoted(folder))),
        folders
            .goroot
            .as_ref()
            .map(|folder| format!("Go at {}", quoted(folder))),
        folders
            .module_cache
            .as_ref()
            .map(|folder| format!("GOMODCACHE={}", quoted(folder))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| {
        format!(
            "in {}'s folders, which are in its bytes (in a container or a mount namespace): with {}",
            sides.model(),
            parts.join(", ")
        )
    })
}

/// What to name on the command line.
pub(super) fn package(sides: &Sides<'_>) -> Option<String> {
    let (model, target) = (sides.model(), sides.target());
    let packages = sides.recipe.packages();
    let words: Vec<String> = packages.iter().map(|word| shell::word(word)).collect();
    if words.is_empty() {
        return None;
    }
    let (program, arguments) = (sides.recipe.program(), sides.recipe.arguments());
    Some(format!(
        "name for {target} what was named for {model}: {program} {} {}",
        arguments.first()?,
        words.join(" ")
    ))
}
