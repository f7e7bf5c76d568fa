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
mod wrap;

use std::io::{self, Write};

use proto::visible::clean;

use super::{File, Report, facts};

/// How much to show, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Whether to use colour.
    pub color: bool,
    /// Whether to show every detail.
    pub verbose: bool,
    /// How many letters fit in a line of the terminal; `None` where it is none.
    pub width: Option<usize>,
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

    /// Breaks a line where the terminal would, between words, and sets what follows in.
    pub fn wrap(self, line: &str, indent: usize) -> String {
        self.width.map_or_else(
            || line.to_owned(),
            |width| wrap::wrapped(line, indent, width),
        )
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
