//! The requests of the GOPROXY protocol, and the list that names its servers.
//!
//! A server is asked five things about a module, at fixed paths:
//!
//! ```text
//! <module>/@v/list              versions with tags, one a line
//! <module>/@latest              the version to use when the list has none
//! <module>/@v/<version>.info    a version's time; <version> may be a query: a branch, a commit
//! <module>/@v/<version>.mod     its go.mod
//! <module>/@v/<version>.zip     its files
//! ```
//!
//! ```
//! use proto::goproxy::{self, Request};
//!
//! let path = goproxy::decode("/github.com/%21burnt%21sushi/toml/@v/v1.5.0.zip")?;
//! let request = Request::parse(path.trim_start_matches('/'))?;
//! assert_eq!(request.path(), "github.com/!burnt!sushi/toml/@v/v1.5.0.zip");
//! # Ok::<(), goproxy::Error>(())
//! ```
//!
//! Source: go.dev/ref/mod#goproxy-protocol.

pub mod list;
pub mod query;
pub mod sumdb;

use crate::module::{self, ModulePath, ModuleVersion, Version};
use query::Query;

/// The longest request path that is read, in bytes, before decoding.
pub const REQUEST_LEN_MAX: usize = 4096;

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The path is longer than any that is read.
    #[error("path of {len} bytes, and at most {max} are read")]
    TooLong {
        /// Length in bytes.
        len: usize,
        /// The most that is read.
        max: usize,
    },
    /// `%` without two hexadecimal digits, or bytes that are not UTF-8.
    #[error("malformed percent-encoding")]
    Encoding,
    /// A character that no request has: an encoded slash or percent sign, a
    /// backslash, a control character.
    #[error("character {character:?} is not allowed in a path")]
    Character {
        /// The character, decoded.
        character: char,
    },
    /// An empty, `.` or `..` element.
    #[error("path has an empty, \".\" or \"..\" element")]
    Element,
    /// Not one of the protocol's paths.
    #[error("not a path of the module proxy protocol")]
    Unknown,
    /// A version query that cannot be one: it starts with `-`.
    #[error("disallowed version query {query:?}")]
    Query {
        /// The query as given.
        query: String,
    },
    /// The module or version in the path is malformed.
    #[error(transparent)]
    Module(#[from] module::Error),
    /// The tile in the path is malformed.
    #[error("malformed tile path {path:?}")]
    Tile {
        /// The path as given.
        path: String,
    },
}

/// Decodes the path of a URL, once. A leading slash is kept; `+` is a plus.
///
/// What passes has no empty, `.` or `..` element (but `/` alone passes), no
/// control character and no backslash, every slash in it was one before, and no
/// percent sign is left: whoever decodes it again gets the same.
///
/// # Errors
/// [`Error::TooLong`], [`Error::Encoding`], [`Error::Character`], [`Error::Element`].
pub fn decode(raw_path: &str) -> Result<String, Error> {
    let len = raw_path.len();
    if len > REQUEST_LEN_MAX {
        return Err(Error::TooLong {
            len,
            max: REQUEST_LEN_MAX,
        });
    }
    let mut decoded = Vec::with_capacity(len);
    let mut bytes = raw_path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(Error::Encoding);
        };
        let byte = u8::try_from(high * 16 + low).map_err(|_| Error::Encoding)?;
        if byte == b'/' {
            return Err(Error::Character { character: '/' });
        }
        decoded.push(byte);
    }
    let path = String::from_utf8(decoded).map_err(|_| Error::Encoding)?;
    if let Some(character) = path.chars().find(|&c| c.is_control() || "\\%".contains(c)) {
        return Err(Error::Character { character });
    }
    let relative = path.strip_prefix('/').unwrap_or(&path);
    let stray = |element: &str| matches!(element, "" | "." | "..");
    if !relative.is_empty() && relative.split('/').any(stray) {
        return Err(Error::Element);
    }
    Ok(path)
}

/// Encodes a path for a URL so that [`decode`] gives it back: slashes and the
/// characters that need no encoding in a path stay.
pub fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&+=:@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// One request for a module.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Request {
    /// `@v/list`
    List(ModulePath),
    /// `@latest`
    Latest(ModulePath),
    /// `@v/<query>.info`
    Info {
        /// The module.
        path: ModulePath,
        /// A version, or what the upstream shall turn into one.
        query: Query,
    },
    /// `@v/<version>.mod`
    Mod(ModuleVersion),
    /// `@v/<version>.zip`
    Zip(ModuleVersion),
}

impl Request {
    /// Parses a decoded path without its leading slash.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Query`], [`Error::Module`].
    pub fn parse(path: &str) -> Result<Self, Error> {
        if let Some(module) = path.strip_suffix("/@latest") {
            return Ok(Self::Latest(ModulePath::from_escaped(module)?));
        }
        let (module, file) = path.split_once("/@v/").ok_or(Error::Unknown)?;
        let known = |ending: &str| ["info", "mod", "zip"].contains(&ending);
        if file == "list" {
            return Ok(Self::List(ModulePath::from_escaped(module)?));
        }
        let (name, ending) = file.rsplit_once('.').ok_or(Error::Unknown)?;
        if !known(ending) || file.contains('/') {
            return Err(Error::Unknown);
        }
        let path = ModulePath::from_escaped(module)?;
        if ending == "info" {
            let query = Query::from_escaped(name)?;
            return Ok(Self::Info { path, query });
        }
        let module = ModuleVersion::new(path, Version::from_escaped(name)?)?;
        Ok(if ending == "mod" {
            Self::Mod(module)
        } else {
            Self::Zip(module)
        })
    }

    /// The path that [`Request::parse`] reads, escaped but not percent-encoded
    /// (see [`encode`]); also where the answer lies in a file tree.
    pub fn path(&self) -> String {
        let module = self.module().escaped();
        match self {
            Self::List(_) => format!("{module}/@v/list"),
            Self::Latest(_) => format!("{module}/@latest"),
            Self::Info { query, .. } => format!("{module}/@v/{}.info", query.escaped()),
            Self::Mod(wanted) => format!("{module}/@v/{}.mod", wanted.version.escaped()),
            Self::Zip(wanted) => format!("{module}/@v/{}.zip", wanted.version.escaped()),
        }
    }

    /// The module that is asked about.
    pub fn module(&self) -> &ModulePath {
        match self {
            Self::List(path) | Self::Latest(path) | Self::Info { path, .. } => path,
            Self::Mod(module) | Self::Zip(module) => &module.path,
        }
    }

    /// The version that is asked for, when the request names one that can exist.
    pub fn version(&self) -> Option<ModuleVersion> {
        match self {
            Self::List(_) | Self::Latest(_) => None,
            Self::Info { path, query } => ModuleVersion::new(path.clone(), query.version()?).ok(),
            Self::Mod(module) | Self::Zip(module) => Some(module.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
