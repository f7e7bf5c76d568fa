//! What a Go program says about its own build: Go version, modules, settings.
//!
//! The text has a line for each fact, fields separated by tabs:
//!
//! ```
//! use proto::buildinfo::BuildInfo;
//! let text = "path\texample.com/hello\n\
//!             mod\texample.com/hello\t(devel)\t\n\
//!             dep\tgolang.org/x/text\tv0.3.0\th1:g61tztE5qeGQ89tm6NTjjM9VPIm088od1l6aSorWRWg=\n\
//!             build\t-ldflags=\"-s -w\"\n\
//!             build\tGOOS=linux\n";
//! let info = BuildInfo::parse(text)?;
//! assert_eq!(info.setting("-ldflags"), Some("-s -w"));
//! assert_eq!(info.to_string(), text);
//! # Ok::<(), proto::buildinfo::Error>(())
//! ```
//!
//! Source: runtime/debug/mod.go, cmd/go/internal/load/pkg.go setBuildInfo

pub mod blob;
pub mod keys;
pub mod quote;

use std::fmt;

use thiserror::Error;

/// What can be wrong with build information.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The opening mark is not there.
    #[error("no build information at this place")]
    NotABlob,
    /// The blob ends before what it announces.
    #[error("build information breaks off")]
    Truncated,
    /// A string is longer than this crate reads.
    #[error("build information has a string of {len} bytes; at most {max} are read")]
    TooLong {
        /// Length announced, in bytes.
        len: u64,
        /// Longest length read, in bytes.
        max: usize,
    },
    /// The pointer size is neither 4 nor 8.
    #[error("build information has pointers of {size} bytes; want 4 or 8")]
    PointerSize {
        /// Size announced, in bytes.
        size: u8,
    },
    /// A pointer leads out of the program.
    #[error("build information points at {len} bytes at address {address:#x}, outside the program")]
    BadPointer {
        /// Address pointed at.
        address: u64,
        /// Bytes wanted there.
        len: usize,
    },
    /// A string is not UTF-8.
    #[error("build information is not UTF-8 text")]
    NotText,
    /// A line has a known first word and the wrong shape behind it.
    #[error("build information line {line}: {reason}")]
    BadLine {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There are more lines than this crate reads.
    #[error("build information has more than {max} lines")]
    TooManyLines {
        /// The most lines read.
        max: usize,
    },
}

/// The most lines read of one text.
pub const LINES_MAX: usize = 100_000;

/// The build information of one program, the Go version apart.
///
/// `parse` and `Display` are inverses on text that the go command writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildInfo {
    /// The package path of package main, or `command-line-arguments` when files
    /// were named on the command line.
    pub path: String,
    /// The module that holds package main.
    pub main: Option<Module>,
    /// The modules linked in, in the order they are written.
    pub deps: Vec<Module>,
    /// The build settings, in the order they are written.
    pub settings: Vec<Setting>,
    /// Lines that this crate does not know, kept so that nothing is lost.
    pub other: Vec<String>,
}

/// The version of a main module, or of one in a workspace, that the go command knew none
/// of.
pub const DEVEL: &str = "(devel)";

/// One module of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Module {
    /// Module path.
    pub path: String,
    /// Version, `(devel)` when the go command knew none.
    pub version: String,
    /// The `h1:` sum; empty for the main module, for directories and for
    /// vendored modules.
    pub sum: String,
    /// What a replace directive or a workspace put in the module's place.
    pub replace: Option<Box<Self>>,
}

/// One build setting: a flag such as `-ldflags`, an environment variable such as
/// `GOOS`, or a fact about the version control system such as `vcs.revision`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setting {
    /// Name.
    pub key: String,
    /// Value, unquoted.
    pub value: String,
}

impl BuildInfo {
    /// Parses the module text of a blob, marks taken off.
    ///
    /// # Errors
    /// `BadLine` for a `mod`, `dep`, `=>` or `build` line of the wrong shape,
    /// `TooManyLines` past [`LINES_MAX`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut info = Self::default();
        let mut last = Last::None;
        for (index, line) in text.split_terminator('\n').enumerate() {
            if index >= LINES_MAX {
                return Err(Error::TooManyLines { max: LINES_MAX });
            }
            last = info.line(line, last).map_err(|reason| Error::BadLine {
                line: index + 1,
                reason,
            })?;
        }
        Ok(info)
    }

    /// Returns the value of a setting.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings
            .iter()
            .find(|setting| setting.key == key)
            .map(|setting| setting.value.as_str())
    }

    fn line(&mut self, line: &str, last: Last) -> Result<Last, &'static str> {
        let (word, rest) = line.split_once('\t').unwrap_or((line, ""));
        match word {
            "path" => {
                rest.clone_into(&mut self.path);
                Ok(Last::None)
            }
            "mod" => {
                self.main = Some(Module::parse(rest)?);
                Ok(Last::Main)
            }
            "dep" => {
                self.deps.push(Module::parse(rest)?);
                Ok(Last::Dep)
            }
            "=>" => {
                let replaced = match last {
                    Last::Main => self.main.as_mut(),
                    Last::Dep => self.deps.last_mut(),
                    Last::None => None,
                };
                let replaced = replaced.ok_or("a replacement without a module before it")?;
                replaced.replace = Some(Box::new(Module::parse(rest)?));
                Ok(Last::None)
            }
            "build" => {
                self.settings.push(Setting::parse(rest)?);
                Ok(Last::None)
            }
            "" => Ok(Last::None),
            _ => {
                self.other.push(line.to_owned());
                Ok(Last::None)
            }
        }
    }
}

/// Which module a `=>` line belongs to.
#[derive(Clone, Copy)]
enum Last {
    None,
    Main,
    Dep,
}

impl Module {
    /// Says whether there is a version that a proxy could be asked for: a folder has none,
    /// and no module of a workspace.
    pub fn has_version(&self) -> bool {
        !self.version.is_empty() && self.version != DEVEL
    }

    fn parse(fields: &str) -> Result<Self, &'static str> {
        let mut fields = fields.split('\t');
        let path = fields.next().unwrap_or_default();
        let version = fields.next().ok_or("a module without a version field")?;
        let sum = fields.next().unwrap_or_default();
        if fields.next().is_some() {
            return Err("a module with more than three fields");
        }
        Ok(Self {
            path: path.into(),
            version: version.into(),
            sum: sum.into(),
            replace: None,
        })
    }

    fn print(&self, word: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            version,
            sum,
            replace,
        } = self;
        match replace {
            // The sum then stands behind the replacement.
            Some(by) => {
                write!(f, "{word}\t{path}\t{version}")?;
                if !sum.is_empty() {
                    write!(f, "\t{sum}")?;
                }
                writeln!(f)?;
                by.print("=>", f)?;
                // The go command leaves an empty line behind a replacement.
                writeln!(f)
            }
            None => writeln!(f, "{word}\t{path}\t{version}\t{sum}"),
        }
    }
}

impl Setting {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (key, value) = if text.starts_with(['"', '`']) {
            let (key, rest) = quoted_prefix(text).ok_or("a quoted key that does not end")?;
            (
                key,
                rest.strip_prefix('=')
                    .ok_or("a setting without an equals sign")?,
            )
        } else {
            let (key, value) = text
                .split_once('=')
                .ok_or("a setting without an equals sign")?;
            (key.to_owned(), value)
        };
        if key.is_empty() {
            return Err("a setting without a name");
        }
        let value = if value.starts_with(['"', '`']) {
            quote::unquote(value).ok_or("a value that is not one quoted string")?
        } else {
            value.to_owned()
        };
        Ok(Self { key, value })
    }
}

/// Splits a quoted string off the front of a text.
fn quoted_prefix(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next()?;
    let mut escaped = false;
    let end = text[1..].find(|c| {
        let closes = c == quote && !escaped;
        escaped = quote == '"' && c == '\\' && !escaped;
        closes
    })?;
    let (literal, rest) = text.split_at_checked(end + 2)?;
    Some((quote::unquote(literal)?, rest))
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let write = |f: &mut fmt::Formatter<'_>, text: &str, quoted: bool| {
            if quoted {
                f.write_str(&quote::quote(text))
            } else {
                f.write_str(text)
            }
        };
        let special = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n' | '"' | '`');
        write(
            f,
            &self.key,
            self.key.is_empty() || self.key.contains(|c| special(c) || c == '='),
        )?;
        f.write_str("=")?;
        write(f, &self.value, self.value.contains(special))
    }
}

impl fmt::Display for BuildInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            writeln!(f, "path\t{}", self.path)?;
        }
        if let Some(main) = &self.main {
            main.print("mod", f)?;
        }
        self.deps.iter().try_for_each(|dep| dep.print("dep", f))?;
        self.settings
            .iter()
            .try_for_each(|setting| writeln!(f, "build\t{setting}"))?;
        self.other.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests;
