//! The value of GOPROXY: `https://proxy.example,https://mirror.example|direct`.
//!
//! After an entry, `,` lets only "not found" (404, 410) go on to the next one;
//! `|` lets every failure. `off` and `direct` end the list, whatever follows.
//!
//! Source: go.dev/ref/mod#environment-variables, Go's cmd/go/internal/modfetch.

use std::fmt;

/// The most entries of a list that are read.
pub const ENTRIES_MAX: usize = 64;

/// Why a list was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The list names nothing.
    #[error("GOPROXY list contains no entries")]
    Empty,
    /// The list names more servers than are read.
    #[error("GOPROXY list has more than {max} entries")]
    TooMany {
        /// The most that are read.
        max: usize,
    },
    /// A word other than `off` and `direct`, or a file path.
    #[error("invalid proxy URL missing scheme: {url}")]
    Scheme {
        /// The entry, without its password.
        url: String,
    },
    /// A scheme other than https, http and file.
    #[error("invalid proxy URL scheme (must be https, http, file): {url}")]
    UnknownScheme {
        /// The entry, without its password.
        url: String,
    },
    /// No host, or one with characters that none has.
    #[error("invalid proxy URL host: {url}")]
    Host {
        /// The entry, without its password.
        url: String,
    },
    /// A `file:` URL with more than an absolute path.
    #[error("invalid file:// proxy URL with non-path elements: {url}")]
    File {
        /// The entry, without its password.
        url: String,
    },
    /// A query or fragment, which no request could be appended to.
    #[error("proxy URL with a query or fragment: {url}")]
    Query {
        /// The entry, without its password.
        url: String,
    },
}

/// A GOPROXY list of at least one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyList {
    entries: Vec<Entry>,
}

/// One server, and which of its failures lead to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whom to ask.
    pub proxy: Proxy,
    /// When to go on; without meaning for the last entry.
    pub separator: Fallback,
}

/// Whom to ask.
#[derive(Clone, PartialEq, Eq)]
pub enum Proxy {
    /// The URL that request paths are appended to after a slash; it ends in
    /// none itself. It may hold a password: print it by `Display`, which hides that.
    Url(String),
    /// The module's own repository.
    Direct,
    /// Nobody: fail.
    Off,
}

/// Which failures lead to the next entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// 404 and 410 alone (`,`).
    NotFound,
    /// Every failure (`|`).
    AnyError,
}

impl ProxyList {
    /// Parses a list. Spaces around entries and empty entries are skipped; an
    /// entry without scheme that is more than a word means https.
    ///
    /// # Errors
    /// [`Error::Empty`] when nothing is left, [`Error::TooMany`], and the others
    /// for the first URL that cannot be one.
    pub fn parse(list: &str) -> Result<Self, Error> {
        let mut entries = Vec::new();
        for piece in list.split_inclusive([',', '|']) {
            let (name, separator) = match piece.strip_suffix('|') {
                Some(name) => (name, Fallback::AnyError),
                None => (piece.strip_suffix(',').unwrap_or(piece), Fallback::NotFound),
            };
            let proxy = match name.trim() {
                "" => continue,
                "off" => Proxy::Off,
                "direct" => Proxy::Direct,
                url => Proxy::Url(parse_url(url)?),
            };
            if entries.len() == ENTRIES_MAX {
                return Err(Error::TooMany { max: ENTRIES_MAX });
            }
            let last = !matches!(proxy, Proxy::Url(_));
            entries.push(Entry { proxy, separator });
            if last {
                break;
            }
        }
        if entries.is_empty() {
            return Err(Error::Empty);
        }
        Ok(Self { entries })
    }

    /// The entries in the order they are asked.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl fmt::Display for ProxyList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.entries.len().saturating_sub(1);
        for (at, entry) in self.entries.iter().enumerate() {
            write!(f, "{}", entry.proxy)?;
            if at < last {
                f.write_str(match entry.separator {
                    Fallback::NotFound => ",",
                    Fallback::AnyError => "|",
                })?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(&redacted(url)),
            Self::Direct => f.write_str("direct"),
            Self::Off => f.write_str("off"),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Returns the URL with what stands before an `@` in its host replaced by `xxxxx`.
pub fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("//") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}//xxxxx@{host}{path}"),
        None => url.to_owned(),
    }
}

fn parse_url(text: &str) -> Result<String, Error> {
    let bare = text.contains(['.', ':', '/']) && !text.contains(":/") && !text.starts_with('/');
    let full = if bare {
        format!("https://{text}")
    } else {
        text.to_owned()
    };
    let url = redacted(&full);
    let Some((scheme, rest)) = full.split_once(":/") else {
        return Err(Error::Scheme { url });
    };
    let scheme = scheme.to_ascii_lowercase();
    if rest.contains(['?', '#']) {
        return Err(Error::Query { url });
    }
    let stray = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    let path_and_host = rest.strip_prefix('/');
    match scheme.as_str() {
        "http" | "https" => {
            let authority = path_and_host.and_then(|rest| rest.split('/').next());
            let host = authority.map(|a| a.rsplit_once('@').map_or(a, |(_, host)| host));
            if full.contains(stray)
                || host.is_none_or(|host| host.is_empty() || host.starts_with(':'))
            {
                return Err(Error::Host { url });
            }
        }
        "file" => {
            let path =
                path_and_host.map_or(rest, |path| path.strip_prefix('/').unwrap_or_default());
            if path.is_empty() || path.starts_with('/') || path.contains(|c: char| c.is_control()) {
                return Err(Error::File { url });
            }
            return Ok(format!("file:///{}", path.trim_end_matches('/')));
        }
        "" => return Err(Error::Scheme { url }),
        _ => return Err(Error::UnknownScheme { url }),
    }
    Ok(format!("{scheme}:/{}", rest.trim_end_matches('/')))
}

#[cfg(test)]
mod tests;
