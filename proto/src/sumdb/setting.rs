//! The GOSUMDB setting.

use std::fmt;

use super::Error;
use crate::note::VerifierKey;

/// The key of the public checksum database, sum.golang.org.
///
/// Source: cmd/go/internal/modfetch (knownGOSUMDB)
pub const PUBLIC_KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

const PUBLIC_NAME: &str = "sum.golang.org";

/// A name that means the public database at the URL `https://<alias>`.
const PUBLIC_ALIAS: &str = "sum.golang.google.cn";

/// A GOSUMDB setting: `off`, or a database by name or key, with its URL after a
/// space when it is not to be asked through the module proxies.
///
/// A name alone is `sum.golang.org` or its alias `sum.golang.google.cn`; every other
/// database is given as `<name>+<hash>+<key>`. [`Setting::parse`] and `Display` are
/// inverses, but for white space and the alias.
///
/// Source: go.dev/ref/mod#environment-variables
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// No database is to be asked.
    Off,
    /// One database.
    Database {
        /// The key that the database signs with; its name is the database's.
        key: VerifierKey,
        /// The database's own address, without a slash at its end.
        url: Option<String>,
    },
}

impl Setting {
    /// Parses a setting.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`], and [`Error::Note`] when the key can't be parsed.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut fields = text.split_ascii_whitespace();
        let first = fields.next().ok_or(Error::Setting("nothing is set"))?;
        let url = fields.next();
        if fields.next().is_some() {
            return Err(Error::Setting("more than a name and a URL"));
        }
        if first == "off" {
            return match url {
                None => Ok(Self::Off),
                Some(_) => Err(Error::Setting("off has no URL")),
            };
        }
        let (key, url) = match (first, url) {
            (PUBLIC_NAME, url) => (PUBLIC_KEY, url.map(str::to_owned)),
            (PUBLIC_ALIAS, None) => (PUBLIC_KEY, Some(format!("https://{PUBLIC_ALIAS}"))),
            (key, url) => (key, url.map(str::to_owned)),
        };
        if !key.contains('+') {
            return Err(Error::Setting(
                "a database other than sum.golang.org needs its key: name+hash+key",
            ));
        }
        let key = VerifierKey::parse(key)?;
        check_database_name(key.name())?;
        let url = url.map(|url| check_url(&url)).transpose()?;
        Ok(Self::Database { key, url })
    }
}

impl Default for Setting {
    /// The public database, as Go's default.
    fn default() -> Self {
        Self::parse(PUBLIC_NAME).expect("the built-in key is well formed")
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Database { key, url } = self else {
            return f.write_str("off");
        };
        match key.to_string() {
            text if text == PUBLIC_KEY => f.write_str(PUBLIC_NAME)?,
            text => f.write_str(&text)?,
        }
        match url {
            Some(url) => write!(f, " {url}"),
            None => Ok(()),
        }
    }
}

/// A database's name is a host with an optional port and path: it is put after
/// `https://` and used as a folder, so nothing else may be in it.
fn check_database_name(name: &str) -> Result<(), Error> {
    let bad = Error::Setting("the database's name is not host[/path]");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    let element = |element: &str| {
        !element.is_empty() && element != "." && element != ".." && element.bytes().all(plain)
    };
    let mut elements = name.split('/');
    let host_starts = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !host_starts || !elements.all(element) {
        return Err(bad);
    }
    Ok(())
}

fn check_url(url: &str) -> Result<String, Error> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .or_else(|| url.strip_prefix("file://"));
    match rest.map(|rest| rest.trim_end_matches('/')) {
        None => Err(Error::Setting("the URL is not http, https or file")),
        Some("") => Err(Error::Setting("the URL has no host")),
        Some(_) => Ok(url.trim_end_matches('/').to_owned()),
    }
}
