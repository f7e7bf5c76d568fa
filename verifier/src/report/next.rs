//! What to run next, in one sentence, for formats that have notes.

use super::Comparison;

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

/// Names both files.
pub(super) fn title(pair: &Comparison) -> Option<String> {
    let given = pair.next.as_ref()?.given;
    let model = pair.letters.get(given)?;
    let target = pair.letters.get(1 - given.min(1))?;
    Some(format!(
        "to build {target} as {model} was built, as far as {model} tells"
    ))
}
