//! Unit files of systemd: sections and what is assigned in them.
//!
//! ```
//! use proto::unit::Unit;
//!
//! let unit = Unit::parse("[Service]\nExecStart=/usr/bin/x --flag \\\n  more\n")?;
//! let start = unit.last("Service", "ExecStart").unwrap();
//! assert_eq!((start.value.as_str(), start.line), ("/usr/bin/x --flag    more", 2));
//! # Ok::<(), proto::unit::Error>(())
//! ```
//!
//! Source: systemd.syntax(7), systemd 252

mod directives;

pub use directives::{Known, known, sections_of};

/// The longest file that is read, in bytes.
pub const LEN_MAX: usize = 1 << 20;

/// The longest line, continued ones joined, in bytes.
///
/// Source: systemd, src/basic/def.h LONG_LINE_MAX
pub const LINE_LEN_MAX: usize = 1 << 20;

/// The most assignments read.
pub const ASSIGNMENTS_MAX: usize = 10_000;

/// Why a file is none of systemd's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is too long.
    #[error("{len} bytes, and a unit file has at most {max}")]
    TooLong {
        /// Its length.
        len: usize,
        /// The most.
        max: usize,
    },
    /// It assigns too much.
    #[error("more than {max} assignments")]
    TooMany {
        /// The most.
        max: usize,
    },
}

/// A unit file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    /// Its sections, in order, each once for every header.
    pub sections: Vec<Section>,
    /// Lines that are none of its parts: systemd logs them and goes on.
    pub strays: Vec<Stray>,
}

/// A section, from its header to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// Its name, without the brackets.
    pub name: String,
    /// The line of its header, from 1 on.
    pub line: usize,
    /// What is assigned in it, in order.
    pub assignments: Vec<Assignment>,
}

/// One assignment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assignment {
    /// What stands before the `=`.
    pub name: String,
    /// What stands after it, spaces around it left out.
    pub value: String,
    /// The line that it begins on, from 1 on.
    pub line: usize,
}

/// A line that is not a comment, header or assignment, or stands before the first header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The line, from 1 on.
    pub line: usize,
    /// Whether it is an assignment before the first header.
    pub outside: bool,
}

impl Unit {
    /// Parses a file. Lines that systemd would pass over are kept as strays.
    ///
    /// # Errors
    /// [`Error::TooLong`] and [`Error::TooMany`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > LEN_MAX {
            return Err(Error::TooLong {
                len: text.len(),
                max: LEN_MAX,
            });
        }
        let mut unit = Self::default();
        let mut count = 0;
        for (line, text) in joined(text) {
            let text = text.trim();
            if let Some(name) = text
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
            {
                unit.sections.push(Section {
                    name: name.to_owned(),
                    line,
                    assignments: Vec::new(),
                });
                continue;
            }
            let assignment = text
                .split_once('=')
                .filter(|(name, _)| !name.trim().is_empty());
            match (assignment, unit.sections.last_mut()) {
                (Some((name, value)), Some(section)) => {
                    count += 1;
                    if count > ASSIGNMENTS_MAX {
                        return Err(Error::TooMany {
                            max: ASSIGNMENTS_MAX,
                        });
                    }
                    section.assignments.push(Assignment {
                        name: name.trim().to_owned(),
                        value: value.trim().to_owned(),
                        line,
                    });
                }
                (assignment, _) => unit.strays.push(Stray {
                    line,
                    outside: assignment.is_some(),
                }),
            }
        }
        Ok(unit)
    }

    /// Returns every assignment to a name in sections of a name, in order.
    pub fn all<'a>(
        &'a self,
        section: &'a str,
        name: &'a str,
    ) -> impl Iterator<Item = &'a Assignment> {
        let sections = self.sections.iter().filter(move |one| one.name == section);
        let assignments = sections.flat_map(|one| &one.assignments);
        assignments.filter(move |one| one.name == name)
    }

    /// Returns the last assignment to a name: of most names it is the one that holds.
    pub fn last<'a>(&'a self, section: &'a str, name: &'a str) -> Option<&'a Assignment> {
        self.all(section, name).last()
    }
}

/// Lines with those that they go on in (`\` at the end), comments and empty ones left out.
/// A comment between continued lines does not end them.
fn joined(text: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let is_comment = line.trim_start().starts_with(['#', ';']);
        if is_comment || (open.is_none() && line.trim().is_empty()) {
            continue;
        }
        let (start, mut so_far) = open.take().unwrap_or((index + 1, String::new()));
        match line.strip_suffix('\\') {
            Some(rest) if so_far.len() + rest.len() < LINE_LEN_MAX => {
                so_far.push_str(rest);
                so_far.push(' ');
                open = Some((start, so_far));
            }
            _ => {
                so_far.push_str(line);
                all.push((start, so_far));
            }
        }
    }
    all.extend(open);
    all
}

/// Parses a span of time: `30`, `30s`, `1min 30s`, `500ms`; in milliseconds. `None` where it
/// is none, or without end.
///
/// Source: systemd.time(7)
pub fn milliseconds(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?.trim_start();
        let letters = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_ascii_alphabetic())
                .len();
        let unit = rest.get(..letters)?;
        rest = rest.get(letters..)?.trim_start();
        let factor = match unit {
            "ms" | "msec" => 1,
            "" | "s" | "sec" | "second" | "seconds" => 1000,
            "m" | "min" | "minute" | "minutes" => 60_000,
            "h" | "hr" | "hour" | "hours" => 3_600_000,
            "d" | "day" | "days" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_sections_comments_and_continued_lines() {
        let text = "stray\nA=1\n[Unit]\n# no\n; no\nDescription = two \\\n# still no\n  words\n\n[Service]\nExecStart=/x\nExecStart=\n=y\n[Unit]\nAfter=a\n";
        let unit = Unit::parse(text).unwrap();
        let names: Vec<&str> = unit.sections.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["Unit", "Service", "Unit"]);
        assert_eq!(
            unit.last("Unit", "Description").unwrap().value,
            "two    words"
        );
        assert_eq!(unit.last("Unit", "After").unwrap().line, 15);
        assert_eq!(unit.all("Service", "ExecStart").count(), 2);
        let strays: Vec<(usize, bool)> = unit
            .strays
            .iter()
            .map(|one| (one.line, one.outside))
            .collect();
        assert_eq!(strays, [(1, false), (2, true), (13, false)]);
    }

    #[test]
    fn limits_are_kept() {
        let long = "a".repeat(LEN_MAX + 1);
        assert!(matches!(Unit::parse(&long), Err(Error::TooLong { .. })));
        let many = format!("[S]\n{}", "a=\n".repeat(ASSIGNMENTS_MAX + 1));
        assert_eq!(
            Unit::parse(&many),
            Err(Error::TooMany {
                max: ASSIGNMENTS_MAX
            })
        );
    }

    #[test]
    fn spans_of_time() {
        let table = [
            ("30", Some(30_000)),
            ("1min 30s", Some(90_000)),
            ("1min30s", Some(90_000)),
            ("500ms", Some(500)),
            ("2 h", Some(7_200_000)),
            ("infinity", None),
            ("", None),
            ("5 parsecs", None),
            ("99999999999999999999", None),
        ];
        for (text, want) in table {
            assert_eq!(milliseconds(text), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,200}|([\\[\\]=#;\\\\ \na-z]{0,200})") {
            let unit = Unit::parse(&text).unwrap();
            let lines = text.lines().count();
            for section in &unit.sections {
                prop_assert!(section.line <= lines);
                for one in &section.assignments {
                    prop_assert!(!one.name.is_empty() && one.line <= lines);
                }
            }
            let _ = milliseconds(&text);
        }
    }
}
