//! Text from files and from other programs, made safe to print.

/// Makes text from files safe to print: control characters are shown, not sent,
/// and so is whatever makes one text look like another.
pub fn clean(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    // GitHub's runner takes a line that begins with "::" for a command.
    let rest = match text.trim_start().strip_prefix("::") {
        Some(rest) => {
            shown.push_str("\\u{3a}:");
            rest
        }
        None => text,
    };
    for letter in rest.chars() {
        if is_hidden(letter) {
            shown.extend(letter.escape_default());
        } else if letter == '[' && shown.ends_with("##") {
            // GitHub's runner takes "##[…]" in any line of a log for a command.
            shown.push_str("\\u{5b}");
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Says whether a character has no look of its own: controls, marks that turn
/// the direction of text, spaces without width, line ends, tags, and code points
/// that are not characters (which XML refuses).
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
        || u32::from(letter) & 0xfffe == 0xfffe
        || matches!(letter, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_files_cannot_drive_the_terminal() {
        assert_eq!(clean("a\x1b[31mb\u{202e}\n"), "a\\u{1b}[31mb\\u{202e}\\n");
        assert_eq!(clean("h\u{e9}llo"), "h\u{e9}llo");
        assert_eq!(clean("\u{ffff}\u{feff}"), "\\u{ffff}\\u{feff}");
        assert_eq!(clean(" ::error::y"), "\\u{3a}:error::y");
        assert_eq!(clean("x ##[add-mask]y"), "x ##\\u{5b}add-mask]y");
    }
}
