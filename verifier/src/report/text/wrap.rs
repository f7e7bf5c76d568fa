//! Lines that are longer than the terminal is wide.

/// The narrowest terminal that lines are broken for, in letters beyond what is set in.
const ROOM_MIN: usize = 20;

/// Breaks a line between words so that each part has at most `width` letters, and sets all
/// parts but the first in. A longer word stays whole, and so does every line where the room is
/// too narrow for words.
pub(super) fn wrapped(line: &str, indent: usize, width: usize) -> String {
    if width < indent + ROOM_MIN {
        return line.to_owned();
    }
    let mut text = String::new();
    let mut at = 0;
    // The spaces that a line begins with belong to its first word.
    let begin = line.len() - line.trim_start_matches(' ').len();
    let (spaces, rest) = line.split_at(begin);
    for (index, word) in rest.split(' ').enumerate() {
        let len = letters(word);
        if index == 0 {
            text.push_str(spaces);
            at = spaces.len();
        } else if at + 1 + len > width {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            at = indent;
        } else {
            text.push(' ');
            at += 1;
        }
        text.push_str(word);
        at += len;
    }
    text
}

/// Counts letters, without what sets colours: `ESC [ … m`.
fn letters(word: &str) -> usize {
    let mut count = 0;
    let mut is_color = false;
    for letter in word.chars() {
        match letter {
            '\x1b' => is_color = true,
            'm' if is_color => is_color = false,
            _ if is_color => {}
            _ => count += 1,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_colours_take_no_room() {
        let line = "  \x1b[32mok\x1b[0m      one two three four five six";
        assert_eq!(
            wrapped(line, 4, 24),
            "  \x1b[32mok\x1b[0m      one two three\n    four five six"
        );
        assert_eq!(wrapped("short", 4, 24), "short");
        let word = "a-word-that-is-longer-than-the-terminal";
        assert_eq!(
            wrapped(&format!("x {word} y"), 2, 24),
            format!("x\n  {word}\n  y")
        );
        assert_eq!(wrapped("a b c d", 4, 5), "a b c d", "too narrow for words");
    }
}
