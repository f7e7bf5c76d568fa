//! The report as text for people: the answer first, then why and what to do,
//! then detail.

mod clusters;
mod comparison;
mod container;
mod contents;
mod functions;
mod inspection;
mod masked;
mod next;

use std::io::{self, Write};

use super::{File, Report, facts};

/// How much to show, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Whether to use colour.
    pub color: bool,
    /// Whether to show every detail.
    pub verbose: bool,
}

/// Characters of a value shown unless every detail is wanted.
const VALUE_SHOWN: usize = 160;

/// What colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Bad.
    Red,
    /// Good.
    Green,
    /// Look here.
    Yellow,
    /// A heading.
    Bold,
    /// Beside the point.
    Dim,
}

impl Style {
    /// Returns text in a colour, or as it is where colour is off.
    pub fn paint(self, text: &str, color: Color) -> String {
        let code = match color {
            Color::Red => 31,
            Color::Green => 32,
            Color::Yellow => 33,
            Color::Bold => 1,
            Color::Dim => 2,
        };
        if self.color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Writes a report.
///
/// # Errors
/// What the writer returns.
pub fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut printer = Printer { style, out };
    match report.verdict {
        Some(verdict) => printer.compared(report, verdict),
        None => printer.inspected(report),
    }
}

/// Says in a few words what a file is.
pub fn describe(file: &File) -> String {
    let mut words = vec![file.format.name.to_owned()];
    match (&file.format.goos, &file.format.goarch) {
        (Some(goos), Some(goarch)) => words.push(format!("{goos}/{goarch}")),
        (None, Some(one)) | (Some(one), None) => words.push(one.clone()),
        (None, None) => {}
    }
    match &file.go_version {
        Some(version) => words.push(version.clone()),
        None if file.format.gccgo.is_some() => words.push("Go by gccgo".into()),
        None if file.build_id.is_some() || file.sources.is_some() => {
            words.push("Go, version unknown".into());
        }
        None if file.self_check.reason == Some("it carries other files") => {}
        None => words.push("no Go build recognised".into()),
    }
    words.join(", ")
}

struct Printer<'a> {
    style: Style,
    out: &'a mut dyn Write,
}

impl Printer<'_> {
    fn paint(&self, text: &str, color: Color) -> String {
        self.style.paint(text, color)
    }

    fn self_check(&self, file: &File) -> String {
        let words = facts::self_check(file);
        if file.self_check.status == "changed" {
            self.paint(&words, Color::Red)
        } else {
            words
        }
    }

    /// Shortens a value that would fill the screen.
    fn value(&self, text: &str) -> String {
        let text = clean(text);
        match text.char_indices().nth(VALUE_SHOWN) {
            Some((end, _)) if !self.style.verbose => {
                format!("{}… ({} characters)", &text[..end], text.chars().count())
            }
            _ => text,
        }
    }
}

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
/// that are no characters (which XML refuses).
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
