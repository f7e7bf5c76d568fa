//! The text of a configuration file, read by serde, with the lines of its keys.

use serde_norway::Value;

use super::file;
use super::lines::{Broken, Lines};

/// Reads a whole file.
///
/// # Errors
/// Where it is not UTF-8 or no YAML: the line, the column where that is known, and what is
/// wrong.
pub(super) fn read(bytes: &[u8]) -> Result<(Value, Lines), (String, String)> {
    let text = file::text(bytes).map_err(|line| {
        let message = "is not UTF-8; save the file as UTF-8".to_owned();
        (format!(":{line}"), message)
    })?;
    // First: it counts what aliases stand for before serde makes all of that.
    let lines = Lines::of(text).map_err(|it: Broken| {
        let place = format!(":{}:{}", it.line, it.column);
        (place, it.message)
    })?;
    let value = serde_norway::from_str(text).map_err(|error| {
        let place = error.location();
        let place = place.map(|at| format!(":{}:{}", at.line(), at.column()));
        (place.unwrap_or_default(), error.to_string())
    })?;
    Ok((value, lines))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts that are YAML often enough, and broken in many ways.
    fn texts() -> impl Strategy<Value = String> {
        prop::collection::vec(
            prop::sample::select(vec![
                "a", "b", ": ", "- ", "\n", "  ", "{", "}", "[", "]", ",", "&x ", "*x", "'", "\"",
                "|", "#", "? ", "---\n", "é", "\t", "!t ", "<<", "%", "\u{feff}",
            ]),
            0..40,
        )
        .prop_map(|parts| parts.concat())
    }

    #[test]
    fn a_key_over_two_lines_lies_where_it_begins() {
        let (value, lines) = read(b"a: 1\n? 'b\n  c'\n: 2\n").unwrap();
        assert!(value.get("b c").is_some(), "{value:?}");
        assert_eq!(lines.of_path("b c"), Some(2));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in texts()) {
            let Ok((Value::Mapping(entries), lines)) = read(text.as_bytes()) else {
                return Ok(());
            };
            for (key, _) in entries {
                let Value::String(key) = key else { continue };
                let line = lines.of_path(&key);
                let line = line.and_then(|line| text.lines().nth(line - 1));
                // A key may go on in the next line; the end of the first is a space of it then.
                let word = key.split_whitespace().next().unwrap_or_default();
                let has_key = line.is_some_and(|line| line.contains(word));
                prop_assert!(has_key || key.is_empty() || key.contains(['.', '[', '\n']), "{key:?}: {line:?}");
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Err((place, message)) = read(&bytes) {
                prop_assert!(!message.is_empty() && (place.is_empty() || place.starts_with(':')));
            }
        }
    }
}
