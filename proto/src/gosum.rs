//! Lines of go.sum, which are also the lines of a checksum database's records.
//!
//! ```
//! use proto::gosum::Line;
//!
//! let text = "rsc.io/quote v1.5.2/go.mod h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=";
//! let line = Line::parse(text)?;
//! assert!(line.is_go_mod);
//! assert_eq!(line.to_string(), text);
//! # Ok::<(), proto::gosum::Error>(())
//! ```
//!
//! Source: go.dev/ref/mod#go-sum-files.

use std::fmt;

use crate::dirhash::{self, H1};
use crate::module::{self, ModulePath, ModuleVersion, Version};

/// Why a line was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not three fields, separated by one space each.
    #[error("line {line:?} is not a module, a version and a hash")]
    Fields {
        /// The line, cut to what an error can show.
        line: String,
    },
    /// The module or the version is malformed.
    #[error(transparent)]
    Module(#[from] module::Error),
    /// The hash is malformed, or of a kind other than `h1:`.
    #[error(transparent)]
    Hash(#[from] dirhash::Error),
    /// A go.sum with more lines than are read.
    #[error("more than {max} lines")]
    TooManyLines {
        /// The most that are read.
        max: usize,
    },
}

/// The hash of a module version, or of its go.mod file alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Which module version.
    pub module: ModuleVersion,
    /// Whether the hash is that of go.mod alone (`/go.mod` after the version).
    pub is_go_mod: bool,
    /// The hash.
    pub h1: H1,
}

impl Line {
    /// Parses `<path> <version>[/go.mod] h1:<base64>`, without a newline.
    ///
    /// # Errors
    /// [`Error::Fields`], [`Error::Module`], [`Error::Hash`].
    pub fn parse(line: &str) -> Result<Self, Error> {
        let mut fields = line.split(' ');
        let (Some(path), Some(version), Some(hash), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(Error::Fields {
                line: line.chars().take(SHOWN_MAX).collect(),
            });
        };
        let (version, is_go_mod) = match version.strip_suffix(GO_MOD) {
            Some(version) => (version, true),
            None => (version, false),
        };
        let path = ModulePath::parse(path)?;
        let module = ModuleVersion::new(path, Version::parse(version)?)?;
        let h1 = H1::parse(hash)?;
        Ok(Self {
            module,
            is_go_mod,
            h1,
        })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ModuleVersion { path, version } = &self.module;
        let suffix = if self.is_go_mod { GO_MOD } else { "" };
        write!(f, "{path} {version}{suffix} {}", self.h1)
    }
}

/// Parses a go.sum file. Empty lines and hashes of kinds other than `h1:` are
/// passed over, as the go command does.
///
/// # Errors
/// Those of [`Line::parse`], and [`Error::TooManyLines`].
pub fn parse(text: &str) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if at >= LINES_MAX {
            return Err(Error::TooManyLines { max: LINES_MAX });
        }
        let fields: Vec<&str> = line.split_whitespace().take(4).collect();
        match fields.as_slice() {
            [] => {}
            [_, _, hash] if !hash.starts_with("h1:") => {}
            _ => lines.push(Line::parse(&fields.join(" "))?),
        }
    }
    Ok(lines)
}

/// Prints lines as a go.sum file, sorted.
pub fn format(lines: &[Line]) -> String {
    let mut texts: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    texts.sort();
    texts.dedup();
    texts.concat()
}

/// Marks the hash of go.mod alone.
const GO_MOD: &str = "/go.mod";

/// How much of a malformed line an error shows, in characters.
const SHOWN_MAX: usize = 200;

/// The most lines of a go.sum that are read.
const LINES_MAX: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTE: &str = "\
rsc.io/quote v1.5.2 h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=
rsc.io/quote v1.5.2/go.mod h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=
";

    #[test]
    fn parse_and_print_are_inverses() {
        let lines = parse(QUOTE).unwrap();
        assert_eq!(
            lines.iter().map(|l| l.is_go_mod).collect::<Vec<_>>(),
            [false, true]
        );
        assert_eq!(format(&lines), QUOTE);
    }

    #[test]
    fn passes_over_blank_lines_and_other_hashes() {
        let text = format!(
            "\n{}\r\n \nrsc.io/quote  v1.5.2 h9:x\n",
            QUOTE.replace(' ', "\t")
        );
        assert_eq!(parse(&text).unwrap(), parse(QUOTE).unwrap());
    }

    #[test]
    fn refuses_malformed_lines() {
        let hash = "h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=";
        for line in ["", "rsc.io/quote v1.5.2", "a b c d"] {
            assert!(
                matches!(Line::parse(line), Err(Error::Fields { .. })),
                "{line}"
            );
        }
        for module in [
            "rsc.io/quote v1.5",
            "quote v1.5.2",
            "rsc.io/quote v2.0.0",
            "rsc.io/quote v1.5.2/go.sum",
            "rsc.io/quote ",
        ] {
            let line = format!("{module} {hash}");
            assert!(
                matches!(Line::parse(&line), Err(Error::Module(_))),
                "{line}"
            );
        }
        let line = "rsc.io/quote v1.5.2 h9:x";
        assert!(matches!(Line::parse(line), Err(Error::Hash(_))));
        assert!(matches!(
            parse("rsc.io/quote v1.5.2"),
            Err(Error::Fields { .. })
        ));
        let long = "\n".repeat(LINES_MAX + 1);
        assert!(matches!(parse(&long), Err(Error::TooManyLines { .. })));
    }
}
