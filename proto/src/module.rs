//! Module paths and versions: `github.com/BurntSushi/toml@v1.5.0`.
//!
//! A path or version that has been parsed needs no more checks. On disk and in
//! URLs both are written escaped, every upper-case letter as `!` and its
//! lower-case form, so that file systems that ignore case keep them apart:
//!
//! ```
//! use proto::module::{ModulePath, ModuleVersion, Version};
//!
//! let path = ModulePath::parse("github.com/BurntSushi/toml")?;
//! assert_eq!(path.escaped(), "github.com/!burnt!sushi/toml");
//! let module = ModuleVersion::new(path, Version::parse("v1.5.0")?)?;
//! assert_eq!(module.to_string(), "github.com/BurntSushi/toml@v1.5.0");
//! # Ok::<(), proto::module::Error>(())
//! ```
//!
//! Source: go.dev/ref/mod, golang.org/x/mod/module.

mod check;
mod escape;
pub mod lookalike;
pub mod pattern;
pub mod pseudo;
#[cfg(test)]
mod tests;
mod version;

use std::sync::Arc;

pub(crate) use check::file_path;
pub use check::{Fault, check_file_path, check_import_path, check_path, split_major};
pub(crate) use escape::escape as escape_path_element;
pub use escape::{escape_path, escape_version, unescape_path, unescape_version};
pub use version::{ModuleVersion, Version};

/// The longest module path accepted, in bytes. Go sets no limit of its own.
pub const PATH_LEN_MAX: usize = 1024;

/// The longest element of an escaped path, in bytes: what file systems take.
pub const ELEMENT_LEN_MAX: usize = 255;

/// The longest escaped version or query, in bytes: a file name with room left
/// for `.info` and the like.
pub const VERSION_LEN_MAX: usize = 240;

/// Why a module path or version was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not a module path.
    #[error("malformed module path {path:?}: {fault}")]
    Path {
        /// The text as given.
        path: String,
        /// The rule it breaks.
        fault: Fault,
    },
    /// The text is not an import path.
    #[error("malformed import path {path:?}: {fault}")]
    ImportPath {
        /// The text as given.
        path: String,
        /// The rule it breaks.
        fault: Fault,
    },
    /// The text is not a file path that a module may hold.
    #[error("malformed file path {path:?}: {fault}")]
    FilePath {
        /// The text as given.
        path: String,
        /// The rule it breaks.
        fault: Fault,
    },
    /// The text cannot be a version or a version query.
    #[error("disallowed version string {version:?}: {fault}")]
    VersionText {
        /// The text as given.
        version: String,
        /// The rule it breaks.
        fault: Fault,
    },
    /// The text is longer than any path or version that is handled.
    #[error("{len} bytes, and at most {max} are accepted")]
    TooLong {
        /// Length in bytes.
        len: usize,
        /// The most that is accepted.
        max: usize,
    },
    /// Not a canonical semantic version: `v1`, `1.2.3`, `v1.2.3+meta`.
    #[error("version {version:?} is not a canonical version")]
    NotCanonical {
        /// The text as given.
        version: String,
    },
    /// Upper-case, a lone or doubled `!`, or a non-ASCII character in escaped text.
    #[error("invalid escaped text {text:?}")]
    Escape {
        /// The text as given.
        text: String,
    },
    /// The version's major number is not the one its path asks for.
    #[error("{path}@{version}: version should be {want}, not {got}")]
    Major {
        /// The module path.
        path: String,
        /// The version.
        version: String,
        /// What the path asks for: `v2`, or `v0 or v1`.
        want: String,
        /// The version's own major.
        got: String,
    },
    /// `+incompatible` on v0, v1 or a path that names its major version.
    #[error("{path}@{version}: +incompatible suffix not allowed")]
    Incompatible {
        /// The module path.
        path: String,
        /// The version.
        version: String,
    },
    /// Not one of the three forms of a pseudo-version.
    #[error("malformed pseudo-version {version:?}")]
    Pseudo {
        /// The text as given.
        version: String,
    },
    /// A pattern of GOPRIVATE syntax with an unfinished class or escape.
    #[error("malformed pattern {pattern:?}")]
    Pattern {
        /// The pattern as given.
        pattern: String,
    },
}

/// Prints and lends a newtype as the text it holds.
macro_rules! text {
    ($($name:ident),*) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )*};
}
use text;

/// A module path that keeps every rule: `golang.org/x/text`, `gopkg.in/yaml.v3`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModulePath(Arc<str>);

impl ModulePath {
    /// Parses a path as source code writes it.
    ///
    /// # Errors
    /// [`Error::Path`] or [`Error::TooLong`].
    pub fn parse(path: &str) -> Result<Self, Error> {
        limit(path, PATH_LEN_MAX)?;
        check_path(path)?;
        for element in path.split('/') {
            limit_escaped(element, ELEMENT_LEN_MAX)?;
        }
        Ok(Self(path.into()))
    }

    /// Parses a path in its escaped form, `github.com/!burnt!sushi/toml`.
    ///
    /// # Errors
    /// [`Error::Escape`], [`Error::Path`] or [`Error::TooLong`].
    pub fn from_escaped(escaped: &str) -> Result<Self, Error> {
        limit(escaped, 2 * PATH_LEN_MAX)?;
        Self::parse(&escape::unescape(escaped)?)
    }

    /// The path as source code writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path as URLs and file names write it.
    pub fn escaped(&self) -> String {
        escape::escape(&self.0)
    }

    /// The path's major version suffix: `/v2`, `.v3`, or nothing.
    pub fn major_suffix(&self) -> &str {
        split_major(&self.0).map_or("", |(_, suffix)| suffix)
    }
}

text!(ModulePath);

fn limit(text: &str, max: usize) -> Result<(), Error> {
    let len = text.len();
    if len > max {
        return Err(Error::TooLong { len, max });
    }
    Ok(())
}

/// Limits the length that the text has once it is escaped.
fn limit_escaped(text: &str, max: usize) -> Result<(), Error> {
    limit(text, max)?;
    let capitals = text.bytes().filter(u8::is_ascii_uppercase).count();
    let len = text.len() + capitals;
    if len > max {
        return Err(Error::TooLong { len, max });
    }
    Ok(())
}
