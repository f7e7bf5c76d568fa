//! go.mod files.

use super::Error;
use super::lines::{Statement, statements};
use crate::module::{ModulePath, ModuleVersion, Version};

/// What of a go.mod file bears on the build list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoMod {
    /// The module's path.
    pub module: Option<String>,
    /// The Go version.
    pub go: Option<String>,
    /// The toolchain line, such as `go1.27.3`.
    pub toolchain: Option<String>,
    /// What it requires, in the file's order.
    pub require: Vec<ModuleVersion>,
    /// What takes the place of modules. Of main modules alone.
    pub replace: Vec<Replacement>,
    /// Versions that are as if nobody required them. Of main modules alone.
    pub exclude: Vec<ModuleVersion>,
}

/// What takes the place of a module, or of one version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The module's path.
    pub path: String,
    /// The version; all of them when `None`.
    pub version: Option<String>,
    /// What takes its place.
    pub with: With,
}

/// What takes a module's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum With {
    /// Another module version.
    Module(ModuleVersion),
    /// A folder, by its path as written.
    Folder(String),
}

impl GoMod {
    /// Parses the go.mod of a main module.
    ///
    /// # Errors
    /// [`Error::Line`], [`Error::TooLong`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text, true)
    }

    /// Parses the go.mod of a dependency, of which replacements and exclusions do not
    /// count, and lines of unknown kinds are passed over.
    ///
    /// # Errors
    /// As [`GoMod::parse`].
    pub fn parse_dependency(text: &str) -> Result<Self, Error> {
        Self::read(text, false)
    }

    fn read(text: &str, is_main: bool) -> Result<Self, Error> {
        let mut file = Self::default();
        for statement in statements(text)? {
            let words: Vec<&str> = statement.words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["module", path] => file.module = Some((*path).to_owned()),
                ["go", go] => file.go = Some((*go).to_owned()),
                ["toolchain", name] => file.toolchain = Some((*name).to_owned()),
                ["require", path, version] => {
                    file.require
                        .push(module_version(&statement, path, version)?);
                }
                ["exclude", path, version] if is_main => {
                    file.exclude
                        .push(module_version(&statement, path, version)?);
                }
                ["replace", words @ ..] if is_main => {
                    file.replace.push(replacement(&statement, words)?);
                }
                ["module" | "go" | "toolchain" | "require", ..] => {
                    return Err(fault(&statement, "it has another number of words"));
                }
                _ => {}
            }
        }
        Ok(file)
    }
}

pub(super) fn replacement(statement: &Statement, words: &[&str]) -> Result<Replacement, Error> {
    let (path, version, with) = match words {
        [path, "=>", with @ ..] => (path, None, with),
        [path, version, "=>", with @ ..] => (path, Some((*version).to_owned()), with),
        _ => return Err(fault(statement, "a replacement is old => new")),
    };
    let with = match with {
        [path, version] => With::Module(module_version(statement, path, version)?),
        [folder] => With::Folder((*folder).to_owned()),
        _ => return Err(fault(statement, "a replacement is old => new")),
    };
    Ok(Replacement {
        path: (*path).to_owned(),
        version,
        with,
    })
}

fn module_version(
    statement: &Statement,
    path: &str,
    version: &str,
) -> Result<ModuleVersion, Error> {
    let wrong = |error: crate::module::Error| fault(statement, &error.to_string());
    let path = ModulePath::parse(path).map_err(wrong)?;
    let version = Version::parse(version).map_err(wrong)?;
    ModuleVersion::new(path, version).map_err(wrong)
}

pub(super) fn fault(statement: &Statement, text: &str) -> Error {
    Error::Line {
        line: statement.line,
        fault: text.to_owned(),
    }
}
