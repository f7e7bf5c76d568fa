//! go.work files.

use super::Error;
use super::gomod::{Replacement, fault, replacement};
use super::lines::statements;

/// What of a go.work file bears on the build list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoWork {
    /// The Go version.
    pub go: Option<String>,
    /// The toolchain line.
    pub toolchain: Option<String>,
    /// Folders of the modules that it uses, as written.
    pub folders: Vec<String>,
    /// What takes the place of modules.
    pub replace: Vec<Replacement>,
}

impl GoWork {
    /// Parses a go.work file.
    ///
    /// # Errors
    /// [`Error::Line`], [`Error::TooLong`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut file = Self::default();
        for statement in statements(text)? {
            let words: Vec<&str> = statement.words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["go", go] => file.go = Some((*go).to_owned()),
                ["toolchain", name] => file.toolchain = Some((*name).to_owned()),
                ["use", folder] => file.folders.push((*folder).to_owned()),
                ["replace", words @ ..] => file.replace.push(replacement(&statement, words)?),
                ["go" | "toolchain" | "use", ..] => {
                    return Err(fault(&statement, "it has another number of words"));
                }
                _ => {}
            }
        }
        Ok(file)
    }
}
