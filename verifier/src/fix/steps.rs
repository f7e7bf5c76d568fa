//! What to run next: commands before the build, and what else has to be alike.

use super::{Sides, modules, places, settings, stamps};
use crate::recipe::Origin;

/// Commands and sentences.
type Steps = (Vec<String>, Vec<String>);

/// Returns what comes before the build and beside it; `None` where both files were built
/// in the same way as far as they tell.
pub(super) fn next(sides: &Sides<'_>) -> Option<Steps> {
    let before = before(sides);
    let also: Vec<String> = also(sides).into_iter().collect();
    let is_same_command = sides.other.is_some_and(|other| {
        let same_source = other.source.version == sides.recipe.source.version
            && other.source.modified == sides.recipe.source.modified;
        other.command() == sides.recipe.command() && same_source
    });
    (!is_same_command || !before.is_empty() || !also.is_empty()).then_some((before, also))
}

fn before(sides: &Sides<'_>) -> Vec<String> {
    let source = &sides.recipe.source;
    if source.origin == Origin::ModuleCache {
        return Vec::new();
    }
    if source.origin == Origin::Wrapper || modules::is_wrapped(sides) {
        return modules::make_wrapper(sides).into_iter().collect();
    }
    let other = sides.other.map(|other| &other.source);
    let same_commit = other.is_some_and(|other| other.revision == source.revision);
    let mut commands = Vec::new();
    if !same_commit {
        commands.extend(stamps::checkout(sides));
    }
    let same_module = other.is_some_and(|other| other.module == source.module);
    // Another commit has a go.mod of its own, and another module.
    if same_commit
        && same_module
        && sides.diff.setting("DefaultGODEBUG").is_some()
        && sides.is_same_go
    {
        commands.extend(settings::edits(sides).into_iter().flatten());
    }
    commands
}

/// The folders, where they are in the file and not the same in both.
fn also(sides: &Sides<'_>) -> Option<String> {
    let other = sides.other.map(|other| &other.folders);
    if other == Some(&sides.recipe.folders) {
        return None;
    }
    places::same_folders(sides)
}
