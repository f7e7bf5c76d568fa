//! Text and values in Markdown, so that nothing in them is read as markup.

use proto::visible::clean;

/// Invisible in the page, it keeps `@name` and `#1` from calling people and
/// linking issues on the services that show these pages.
pub(super) const BREAK: &str = "&#8203;";

/// Writes words to stand in a line of text.
pub(super) fn text(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 8);
    let mut before = ' ';
    for letter in clean(words).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '{' | '}' | '|' | '~' | '$' | '!' => {
                out.push('\\');
                out.push(letter);
            }
            // Addresses become links at "://" and "www." only.
            ':' => out.push_str("\\:"),
            '.' if before == 'w' || before == 'W' => out.push_str("\\."),
            '@' | '#' => {
                out.push(letter);
                out.push_str(BREAK);
            }
            _ => out.push(letter),
        }
        before = letter;
    }
    out
}

/// Writes a value as code, cut to a number of characters.
pub(super) fn code(value: &str, characters_max: usize) -> String {
    let value = clean(value);
    let shown = match value.char_indices().nth(characters_max) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    };
    if shown.is_empty() {
        return "(empty)".into();
    }
    // A fence is one longer than any run of backticks inside it.
    let fence = "`".repeat(longest_run(&shown) + 1);
    let space = if shown.starts_with('`') || shown.ends_with('`') || is_padded(&shown) {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{shown}{space}{fence}")
}

/// The same inside a table, where a bar ends the cell even in code.
pub(super) fn code_in_table(value: &str, characters_max: usize) -> String {
    code(value, characters_max).replace('|', "\\|")
}

fn longest_run(text: &str) -> usize {
    text.split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or_default()
}

/// One space on either side is taken for part of the fence.
fn is_padded(text: &str) -> bool {
    text.starts_with(' ') && text.ends_with(' ') && !text.trim().is_empty()
}
