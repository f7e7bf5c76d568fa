//! Lines that are longer than the terminal is wide.

use textwrap::{Options, WordSeparator, WordSplitter};

/// The narrowest terminal that lines are broken for, in columns beyond what is set in.
const ROOM_MIN: usize = 20;

/// Breaks a line between words so that each part is at most `width` wide, and sets all parts
/// but the first in. What sets colours takes no room. A longer word stays whole, and so does
/// every line where the room is too narrow for words.
pub(super) fn wrapped(line: &str, indent: usize, width: usize) -> String {
    if width < indent + ROOM_MIN {
        return line.to_owned();
    }
    let spaces = " ".repeat(indent);
    let options = Options::new(width)
        .subsequent_indent(&spaces)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(line, options)
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
