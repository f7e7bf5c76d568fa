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
pub mod sumdb;

use std::fmt;

use crate::module::{self, ModulePath, ModuleVersion, Version};

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

/// What stands before `.info`: a canonical version, or a short version, a
/// branch, a tag or a commit that the upstream shall turn into one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Query(String);

impl Query {
    /// Parses a query as a person writes it.
    ///
    /// # Errors
    /// [`Error::Query`] for a leading `-`, [`Error::Module`].
    pub fn parse(query: &str) -> Result<Self, Error> {
        let len = query.len();
        let max = module::VERSION_LEN_MAX;
        if len > max {
            return Err(module::Error::TooLong { len, max }.into());
        }
        let len = module::escape_version(query)?.len();
        if len > max {
            return Err(module::Error::TooLong { len, max }.into());
        }
        // Behind some upstream this becomes an argument of a command.
        if query.starts_with('-') {
            let query = query.to_owned();
            return Err(Error::Query { query });
        }
        Ok(Self(query.to_owned()))
    }

    /// Parses a query in its escaped form.
    ///
    /// # Errors
    /// [`Error::Query`], [`Error::Module`].
    pub fn from_escaped(escaped: &str) -> Result<Self, Error> {
        let (len, max) = (escaped.len(), module::VERSION_LEN_MAX);
        if len > max {
            return Err(module::Error::TooLong { len, max }.into());
        }
        Self::parse(&module::unescape_version(escaped)?)
    }

    /// The query as a person writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The query as URLs and file names write it.
    pub fn escaped(&self) -> String {
        module::escape_path_element(&self.0)
    }

    /// The version, when the query is a canonical one.
    pub fn version(&self) -> Option<Version> {
        Version::parse(&self.0).ok()
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(raw: &str) -> Result<Request, Error> {
        Request::parse(decode(raw)?.trim_start_matches('/'))
    }

    #[test]
    fn parse_and_path_are_inverses() {
        for path in [
            "golang.org/x/text/@v/list",
            "golang.org/x/text/@latest",
            "golang.org/x/text/@v/v0.3.0.info",
            "golang.org/x/text/@v/v0.3.0.mod",
            "golang.org/x/text/@v/v0.3.0.zip",
            "github.com/!burnt!sushi/toml/@v/v1.5.0.zip",
            "github.com/dgrijalva/jwt-go/@v/v3.2.0+incompatible.zip",
            "gopkg.in/yaml.v3/@v/v3.0.1.zip",
            "gopkg.in/check.v1/@v/v0.0.0-20161208181325-20d25e280405.mod",
            "golang.org/toolchain/@v/v0.0.1-go1.27.3.linux-amd64.zip",
            "golang.org/x/text/@v/master.info",
            "golang.org/x/text/@v/release-branch.go1.27.info",
            "golang.org/x/text/@v/!feature_!x.info",
            "golang.org/x/text/@v/list.info",
            "golang.org/x/text/@v/v2.0.0.info",
            "a.b/v2/@v/v2.0.0-!r!c1.zip",
        ] {
            let request = parse(&format!("/{path}")).unwrap();
            assert_eq!(request.path(), path);
            assert_eq!(parse(&encode(&format!("/{path}"))).unwrap(), request);
        }
    }

    #[test]
    fn names_the_version_asked_for() {
        let version = |path: &str| parse(path).unwrap().version().map(|m| m.to_string());
        assert_eq!(
            version("a.b/c/@v/v1.0.0.info").as_deref(),
            Some("a.b/c@v1.0.0")
        );
        assert_eq!(
            version("a.b/c/@v/v1.0.0.zip").as_deref(),
            Some("a.b/c@v1.0.0")
        );
        assert_eq!(version("a.b/c/@v/v1.info"), None);
        // A query may be asked that no module version answers.
        assert_eq!(version("a.b/c/@v/v2.0.0.info"), None);
        assert_eq!(version("a.b/c/@v/list"), None);
    }

    #[test]
    fn decodes_once() {
        assert_eq!(decode("/").unwrap(), "/");
        assert_eq!(decode("").unwrap(), "");
        assert_eq!(decode("/a%21b%2Bc+d").unwrap(), "/a!b+c+d");
        assert_eq!(decode("/%C3%A9").unwrap(), "/é");
    }

    #[test]
    fn refuses_paths_that_could_be_read_two_ways() {
        for raw in [
            "%2f", "a%2Fb", "a%00", "a%0a", "a%7f", "a\u{1}", "a\\b", "a%5cb", "a%C2%85", "a%2521",
            "a%252f", "a%25",
        ] {
            assert!(matches!(decode(raw), Err(Error::Character { .. })), "{raw}");
        }
        for raw in [
            "//",
            "/a//b",
            "a/",
            "//a",
            "/.",
            "/../a",
            "a/./b",
            "a/..",
            "%2e%2e/a",
            "/a/.%2e/b",
        ] {
            assert_eq!(decode(raw), Err(Error::Element), "{raw}");
        }
        for raw in ["%", "a%2", "%zz", "%+1", "%ff", "%C3"] {
            assert_eq!(decode(raw), Err(Error::Encoding), "{raw}");
        }
        let long = "a".repeat(REQUEST_LEN_MAX + 1);
        assert!(matches!(decode(&long), Err(Error::TooLong { .. })));
    }

    #[test]
    fn refuses_what_is_no_request() {
        for path in [
            "",
            "a.b/c",
            "a.b/c/@v",
            "a.b/c/@v/",
            "a.b/c/@v/v1.0.0",
            "a.b/c/@v/v1.0.0.tar",
            "a.b/c/@v/v1.0.0.ZIP",
            "a.b/c/@v/x/list",
            "a.b/@v/@v/list",
            "a.b/c/@v/x/v1.0.0.zip",
            "a.b/c/@V/list",
            "a.b/c/@latest/x",
        ] {
            assert_eq!(Request::parse(path), Err(Error::Unknown), "{path}");
        }
        for path in [
            "/@latest",
            "/@v/list",
            "a/@v/list",
            "a.b/C/@v/list",
            "a.b/!/@v/list",
            "a.b/!!c/@v/list",
            "a.b/!1/@v/list",
            "a.b/c!/@v/list",
            "A.b/c/@v/list",
            "!a.b/c/@v/list",
            "a.b/con/@v/list",
            "a.b/v1/@v/list",
            "a.b/c@v/@v/list",
            "a.b/é/@v/list",
            "a.b/c/@v/.info",
            "a.b/c/@v/V1.info",
            "a.b/c/@v/a!.info",
            "a.b/c/@v/!!a.info",
            "a.b/c/@v/nul.info",
            "a.b/c/@v/a..info",
            "a.b/c/@v/a:b.info",
            "a.b/c/@v/v1.zip",
            "a.b/c/@v/master.mod",
            "a.b/c/@v/v1.0.0+meta.mod",
            "a.b/c/@v/v1.0.0+incompatible.mod",
            "a.b/c/@v/v2.0.0.mod",
            "a.b/c/v2/@v/v1.0.0.mod",
            "a.b/c/v2/@v/v2.0.0+incompatible.mod",
        ] {
            assert!(
                matches!(Request::parse(path), Err(Error::Module(_))),
                "{path}"
            );
        }
        let query = "-x".to_owned();
        assert_eq!(
            Request::parse("a.b/c/@v/-x.info"),
            Err(Error::Query { query })
        );
    }

    #[test]
    fn bounds_names_to_what_file_systems_take() {
        let too_long = [
            format!("a.b/{}/@v/list", "x".repeat(256)),
            format!("a.b/{}/@v/list", "!x".repeat(128)),
            format!("a.b{}/@v/list", "/x".repeat(600)),
            format!("a.b/c/@v/{}.info", "x".repeat(241)),
            format!("a.b/c/@v/{}.info", "!x".repeat(121)),
            format!("a.b/c/@v/v1.0.0-{}.mod", "x".repeat(240)),
        ];
        for path in too_long {
            let error = Request::parse(&path).unwrap_err();
            assert!(
                matches!(error, Error::Module(module::Error::TooLong { .. })),
                "{path}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn decode_undoes_encode(path in "/?[ -\\[\\]-~é]{1,20}") {
            if let Ok(decoded) = decode(&encode(&path)) {
                prop_assert_eq!(decoded, path);
            }
        }

        #[test]
        fn what_parses_prints_as_itself(path in "[a-z]\\.[a-z]/[!a-z]{1,3}/@(latest|v/([!a-z]{1,4}|v[012]\\.0\\.[0-9])\\.(info|mod|zip))") {
            if let Ok(request) = Request::parse(&path) {
                prop_assert_eq!(request.path(), path);
            }
        }
    }
}
