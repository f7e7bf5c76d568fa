//! What to run next, in one sentence, for formats that have notes.

use super::Comparison;
use crate::recipe::{LDFLAGS, shell};
use proto::quantity;

/// Says what to run so that the other file is built as the given one was.
pub(super) fn sentence(pair: &Comparison) -> Option<String> {
    let next = pair.next.as_ref()?;
    let title = title(pair)?;
    let commands = next.before.iter().chain([&next.command]);
    let commands: Vec<&str> = commands.map(String::as_str).collect();
    let also = match next.also.as_slice() {
        [] => String::new(),
        also => format!(" ({})", also.join("; ")),
    };
    let unknown = match next.recipe.unknown.as_slice() {
        [] => String::new(),
        unknown => format!("; not known: {}", unknown.join("; ")),
    };
    Some(format!("{title}: {}{also}{unknown}", commands.join(" && ")))
}

/// Says what came of trying the linker's flags.
pub(super) fn flags(pair: &Comparison) -> Option<String> {
    let searched = pair.linker_flags.as_ref()?;
    let letter = pair.letters.get(searched.file)?;
    let tried = quantity::count(searched.tried, "combination was", "combinations were");
    Some(match (&searched.found, searched.is_exhausted) {
        (Some(text), _) => format!(
            "the linker's flags of {letter} are {}: with them the link of the other build hashes to part A of {letter}'s build \
             ID ({tried} tried)",
            shell::argument(&format!("{LDFLAGS}={text}"))
        ),
        (None, true) => format!(
            "the linker's flags of {letter} were not found: {tried} tried, and none gives part A of its build ID; other flags \
             or another dependency do"
        ),
        (None, false) => format!(
            "the linker's flags of {letter} were not found in time: {tried} tried, and none of these gives part A of its \
             build ID"
        ),
    })
}

/// Names both files.
pub(super) fn title(pair: &Comparison) -> Option<String> {
    let given = pair.next.as_ref()?.given;
    let model = pair.letters.get(given)?;
    let target = pair.letters.get(1 - given.min(1))?;
    Some(format!(
        "to build {target} as {model} was built, as far as {model} tells"
    ))
}
