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
pub mod pattern;
pub mod pseudo;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use crate::semver;

pub(crate) use check::file_path;
pub use check::{Fault, check_file_path, check_import_path, check_path, split_major};
pub(crate) use escape::escape as escape_path_element;
pub use escape::{escape_path, escape_version, unescape_path, unescape_version};

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

/// A canonical module version: `v1.5.0`, a pseudo-version, or either with
/// `+incompatible`. Ordered by precedence.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Version(Arc<str>);

impl Version {
    /// Parses a canonical version.
    ///
    /// # Errors
    /// [`Error::NotCanonical`] or [`Error::TooLong`].
    pub fn parse(version: &str) -> Result<Self, Error> {
        limit_escaped(version, VERSION_LEN_MAX)?;
        let bare = version.strip_suffix(INCOMPATIBLE).unwrap_or(version);
        if semver::canonical(bare).as_deref() != Some(bare) {
            let version = version.to_owned();
            return Err(Error::NotCanonical { version });
        }
        Ok(Self(version.into()))
    }

    /// Parses a version in its escaped form, `v1.0.0-!r!c1`.
    ///
    /// # Errors
    /// [`Error::Escape`], [`Error::NotCanonical`] or [`Error::TooLong`].
    pub fn from_escaped(escaped: &str) -> Result<Self, Error> {
        limit(escaped, VERSION_LEN_MAX)?;
        Self::parse(&escape::unescape(escaped)?)
    }

    /// The version as go.mod writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The version as URLs and file names write it.
    pub fn escaped(&self) -> String {
        escape::escape(&self.0)
    }

    /// Whether it names a commit and not a tag.
    pub fn is_pseudo(&self) -> bool {
        pseudo::is_pseudo(&self.0)
    }

    /// Whether it ends in `+incompatible`.
    pub fn is_incompatible(&self) -> bool {
        self.0.ends_with(INCOMPATIBLE)
    }

    /// Whether it is a release: neither pre-release nor pseudo-version.
    pub fn is_release(&self) -> bool {
        semver::prerelease(&self.0).is_empty()
    }

    /// The major version with its `v`.
    pub fn major(&self) -> &str {
        semver::major(&self.0).unwrap_or("v0")
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        semver::compare(&self.0, &other.0).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One version of one module, whose path and major version fit each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleVersion {
    /// The module's path.
    pub path: ModulePath,
    /// The version.
    pub version: Version,
}

impl ModuleVersion {
    /// Joins a path and a version.
    ///
    /// # Errors
    /// [`Error::Major`] when `/v2` meets `v3.0.0` or no suffix meets `v2.0.0`;
    /// [`Error::Incompatible`] when `+incompatible` is out of place.
    pub fn new(path: ModulePath, version: Version) -> Result<Self, Error> {
        let suffix = path.major_suffix();
        let suffix = suffix.strip_suffix("-unstable").unwrap_or(suffix);
        let got = version.major();
        let wants = suffix.strip_prefix(['/', '.']);
        let fits = match wants {
            None => got == "v0" || got == "v1" || version.is_incompatible(),
            // gopkg.in pseudo-versions of v1 were once made as v0.0.0.
            Some(want) => got == want || (suffix == ".v1" && version.0.starts_with("v0.0.0-")),
        };
        if !fits {
            return Err(Error::Major {
                path: path.to_string(),
                version: version.to_string(),
                want: wants.unwrap_or("v0 or v1").to_owned(),
                got: got.to_owned(),
            });
        }
        if version.is_incompatible() && (wants.is_some() || got == "v0" || got == "v1") {
            let (path, version) = (path.to_string(), version.to_string());
            return Err(Error::Incompatible { path, version });
        }
        Ok(Self { path, version })
    }

    /// Parses `path@version`, both unescaped.
    ///
    /// # Errors
    /// Those of [`ModulePath::parse`], [`Version::parse`] and [`ModuleVersion::new`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (path, version) = split_at_sign(text)?;
        Self::new(ModulePath::parse(path)?, Version::parse(version)?)
    }

    /// Parses `path@version`, both escaped.
    ///
    /// # Errors
    /// Those of [`ModulePath::from_escaped`], [`Version::from_escaped`] and
    /// [`ModuleVersion::new`].
    pub fn from_escaped(text: &str) -> Result<Self, Error> {
        let (path, version) = split_at_sign(text)?;
        Self::new(
            ModulePath::from_escaped(path)?,
            Version::from_escaped(version)?,
        )
    }

    /// `path@version`, both escaped.
    pub fn escaped(&self) -> String {
        format!("{}@{}", self.path.escaped(), self.version.escaped())
    }

    /// Whether this is a Go distribution, `golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64`.
    pub fn is_toolchain(&self) -> bool {
        self.path.as_str() == "golang.org/toolchain"
    }
}

impl fmt::Display for ModuleVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.path, self.version)
    }
}

macro_rules! text {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
text!(ModulePath, Version);

/// Marks a version of v2 or above whose repository has no go.mod.
const INCOMPATIBLE: &str = "+incompatible";

fn split_at_sign(text: &str) -> Result<(&str, &str), Error> {
    text.split_once('@').ok_or_else(|| Error::NotCanonical {
        version: text.chars().take(ELEMENT_LEN_MAX).collect(),
    })
}

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
