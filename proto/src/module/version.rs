//! Versions, and the modules they are versions of.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::{
    ELEMENT_LEN_MAX, Error, ModulePath, VERSION_LEN_MAX, escape, limit, limit_escaped, pseudo,
};
use crate::semver;

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

super::text!(Version);

/// Marks a version of v2 or above whose repository has no go.mod.
const INCOMPATIBLE: &str = "+incompatible";

fn split_at_sign(text: &str) -> Result<(&str, &str), Error> {
    text.split_once('@').ok_or_else(|| Error::NotCanonical {
        version: text.chars().take(ELEMENT_LEN_MAX).collect(),
    })
}
