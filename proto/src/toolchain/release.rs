//! Which release a tree says it is.

use std::fmt;

use super::{Error, MODULE};
use crate::module::{ModulePath, ModuleVersion, Version};

/// What all versions of distributions begin with.
const VERSION_PREFIX: &str = "v0.0.1-";

/// The first Go that packs releases itself, by cmd/distpack.
const RULES_MINOR: u32 = 21;

/// The longest version or name of a system that is read, in bytes.
const WORD_LEN_MAX: usize = 64;

/// The file VERSION at the root of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionFile {
    /// The first line: `go1.27.3`, `devel go1.28-…`.
    pub version: String,
    /// When the release was made, as written; since Go 1.21.
    pub time: Option<String>,
}

impl VersionFile {
    /// Parses the file: a version, and on further lines names with values, of which
    /// `time` is the only one known.
    ///
    /// # Errors
    /// [`Error::VersionFile`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let text = str::from_utf8(bytes).map_err(|_| Error::VersionFile("not UTF-8"))?;
        let mut lines = text.lines();
        let version = lines.next().unwrap_or_default().trim();
        if version.is_empty() {
            return Err(Error::VersionFile("no version in its first line"));
        }
        if version.chars().any(char::is_control) {
            return Err(Error::VersionFile("control character in its first line"));
        }
        let time = lines.find_map(|line| line.strip_prefix("time "));
        Ok(Self {
            version: version.chars().take(4 * WORD_LEN_MAX).collect(),
            time: time.map(|time| time.trim().chars().take(WORD_LEN_MAX).collect()),
        })
    }
}

/// The system that a distribution runs on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    goos: String,
    goarch: String,
}

impl Target {
    /// Parses `linux/amd64`; `linux_amd64` and `linux-amd64` are taken too.
    ///
    /// # Errors
    /// [`Error::Target`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = || Error::Target {
            text: text.chars().take(WORD_LEN_MAX).collect(),
        };
        let (goos, goarch) = text.split_once(['/', '_', '-']).ok_or_else(bad)?;
        // In releases a target may name its variant: linux-armv6l.
        let word = |word: &str| {
            !word.is_empty()
                && word.len() <= WORD_LEN_MAX
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if !word(goos) || !word(goarch) {
            return Err(bad());
        }
        Ok(Self {
            goos: goos.to_owned(),
            goarch: goarch.to_owned(),
        })
    }

    /// The operating system, in Go's words.
    pub fn goos(&self) -> &str {
        &self.goos
    }

    /// The architecture, in Go's words.
    pub fn goarch(&self) -> &str {
        &self.goarch
    }

    /// What programs' names end in: `.exe` or nothing.
    pub fn exe(&self) -> &'static str {
        if self.goos == "windows" { ".exe" } else { "" }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.goos, self.goarch)
    }
}

/// One release for one target: what a record of a checksum database is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    version: String,
    target: Target,
    module: ModuleVersion,
}

impl Release {
    /// Joins a version such as `go1.27.3` and a target.
    ///
    /// # Errors
    /// [`Error::NotARelease`] for a version that no module version can hold, those
    /// of development trees among them.
    pub fn new(version: &str, target: Target) -> Result<Self, Error> {
        let not_a_release = || Error::NotARelease {
            version: version.chars().take(4 * WORD_LEN_MAX).collect(),
        };
        let numbered = version
            .strip_prefix("go")
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if !numbered || version.len() > WORD_LEN_MAX {
            return Err(not_a_release());
        }
        let text = format!(
            "{VERSION_PREFIX}{version}.{}-{}",
            target.goos, target.goarch
        );
        let path = ModulePath::parse(MODULE).map_err(|_| not_a_release())?;
        let module = Version::parse(&text)
            .and_then(|version| ModuleVersion::new(path, version))
            .map_err(|_| not_a_release())?;
        let version = version.to_owned();
        Ok(Self {
            version,
            target,
            module,
        })
    }

    /// Reads the release from its module.
    ///
    /// # Errors
    /// [`Error::NotAToolchain`].
    pub fn of_module(module: &ModuleVersion) -> Result<Self, Error> {
        let not_a_toolchain = || Error::NotAToolchain {
            module: module.to_string(),
        };
        let version = module.version.as_str();
        let (version, target) = version
            .strip_prefix(VERSION_PREFIX)
            .filter(|_| module.is_toolchain())
            .and_then(|rest| rest.rsplit_once('.'))
            .ok_or_else(not_a_toolchain)?;
        let release = Target::parse(target).and_then(|target| Self::new(version, target));
        release
            .ok()
            .filter(|release| release.module == *module)
            .ok_or_else(not_a_toolchain)
    }

    /// The version: `go1.27.3`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The system it runs on.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The module version that the release is.
    pub fn module(&self) -> &ModuleVersion {
        &self.module
    }

    /// Whether the rules of packing are known to hold: modules of releases before
    /// Go 1.21 were made later, by other programs.
    pub fn rules_are_known(&self) -> bool {
        self.minor().is_none_or(|minor| minor >= RULES_MINOR)
    }

    /// The second number of the version, 27 in `go1.27.3`; `None` after a Go 2.
    pub fn minor(&self) -> Option<u32> {
        let rest = self.version.strip_prefix("go1.")?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest.get(..end)?.parse().ok()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.version, self.target)
    }
}
