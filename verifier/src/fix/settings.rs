//! Settings that the build information names: flags and variables of the go command.

use super::{Sides, modules};
use crate::cause::{Name, settings_of};
use crate::diff::fields;
use crate::recipe::{Origin, shell};

/// Says which flags and variables to build with, and which to leave out.
pub(super) fn fix(sides: &Sides<'_>, cause: Name) -> Option<String> {
    if cause == Name::PgoProfile {
        return profile(sides);
    }
    let mut with = Vec::new();
    let mut without = Vec::new();
    for key in keys(sides, cause) {
        let value = sides
            .recipe
            .variable(key)
            .or_else(|| sides.recipe.flag(key));
        match value {
            Some("") => with.push(key.to_owned()),
            Some(value) if key.starts_with('-') => {
                with.push(shell::argument(&format!("{key}={value}")));
            }
            Some(value) => with.push(format!("{key}={}", shell::word(value))),
            None => without.push(key),
        }
    }
    let with = with.join(" ");
    let without = without.join(" and ");
    let target = sides.target();
    match (with.is_empty(), without.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("build {target} with {with}")),
        (true, false) => Some(format!("build {target} without {without}")),
        (false, false) => Some(format!("build {target} with {with} and without {without}")),
    }
}

/// The settings that a cause is about and in which the files differ.
fn keys<'a>(sides: &Sides<'a>, cause: Name) -> Vec<&'a str> {
    let of_cause = |key: &str| match cause {
        Name::Target => matches!(key, "GOOS" | "GOARCH"),
        Name::Compiler => key == "-compiler",
        Name::GoExperiment => key == "GOEXPERIMENT",
        _ => settings_of(cause).contains(&key),
    };
    let settings = sides
        .diff
        .fields
        .iter()
        .filter_map(|field| match &field.name {
            fields::Name::Setting(key) => Some(key.as_str()),
            _ => None,
        });
    let mut keys: Vec<&str> = settings.filter(|key| of_cause(key)).collect();
    // The Go version names experiments as well, and headers the target.
    let beside: &[&str] = match cause {
        Name::GoExperiment => &["GOEXPERIMENT"],
        Name::Target => &["GOOS", "GOARCH"],
        _ => &[],
    };
    let differs = |key: &&&str| {
        let of = |recipe: &crate::recipe::Recipe| recipe.variable(key).map(str::to_owned);
        sides
            .other
            .is_none_or(|other| of(sides.recipe) != of(other))
    };
    keys.extend(beside.iter().filter(differs));
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Only the name of a profile is recorded.
fn profile(sides: &Sides<'_>) -> Option<String> {
    let target = sides.target();
    Some(match sides.model_file().go.setting("-pgo") {
        None => format!("build {target} with -pgo=off"),
        Some(path) => format!(
            "build {target} with the profile that {} was compiled with, of which only the name is recorded: {path}",
            sides.model()
        ),
    })
}

/// The go line and godebug lines behind the GODEBUG defaults.
pub(super) fn go_line(sides: &Sides<'_>) -> Option<String> {
    sides.diff.setting("DefaultGODEBUG")?;
    if sides.recipe.source.origin == Origin::Wrapper {
        return modules::around_the_cache(sides);
    }
    if modules::is_wrapped(sides) {
        return modules::wrapper(sides);
    }
    let commands = edits(sides)?;
    let line = sides.recipe.go_line.as_ref()?;
    let range = match &line.lowest {
        Some(lowest) => format!(
            "; any go line from {lowest} to {} gives these defaults",
            line.version
        ),
        None => String::new(),
    };
    Some(format!(
        "in the folder of {}'s main module run {}{range}",
        sides.target(),
        commands.join(" && ")
    ))
}

/// Commands that give a go.mod the lines of the given file's.
pub(super) fn edits(sides: &Sides<'_>) -> Option<Vec<String>> {
    let line = sides.recipe.go_line.as_ref()?;
    let other = sides.other.and_then(|other| other.go_line.as_ref());
    let mut words = Vec::new();
    if other.is_none_or(|other| other.version != line.version) {
        words.push(format!("-go={}", line.version));
    }
    let theirs = other.map_or(&[][..], |other| &other.godebug);
    let lacking = line.godebug.iter().filter(|entry| !theirs.contains(entry));
    words.extend(
        lacking.map(|(key, value)| format!("-godebug={}", shell::word(&format!("{key}={value}")))),
    );
    let extra = theirs
        .iter()
        .filter(|(key, _)| line.godebug.iter().all(|(known, _)| known != key));
    words.extend(extra.map(|(key, _)| format!("-dropgodebug={}", shell::word(key))));
    (!words.is_empty()).then(|| vec![format!("go mod edit {}", words.join(" "))])
}
