//! What a base URL of the list stands for, and the URLs of files under it.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use super::address::{self, is_loopback};
use super::netrc::Netrc;
use super::{Error, FetchError};

/// A place that files are asked of.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The base URL without userinfo, as people see it.
    pub(super) label: Arc<str>,
    pub(super) place: Place,
}

#[derive(Debug, Clone)]
pub(super) enum Place {
    Http(Site),
    /// The root of a file tree.
    Tree(PathBuf),
}

/// A base URL on an HTTP server.
#[derive(Clone)]
pub(super) struct Site {
    /// Without userinfo; its path does not end in a slash.
    pub(super) base: Url,
    /// What the server wants to see, and no other server may.
    pub(super) authorization: Option<HeaderValue>,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Site({})", self.base)
    }
}

impl Target {
    /// Reads a base URL. One without a scheme is taken for https, as by the go
    /// command.
    ///
    /// # Errors
    /// The URL is broken, of another scheme, has a query, or would send userinfo
    /// over the network in the clear.
    pub(super) fn parse(text: &str, netrc: &Netrc) -> Result<Self, Error> {
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        // The text may hold a password, so it is not part of this error.
        let mut url = Url::parse(&with_scheme).map_err(|error| Error::Url {
            url: "(unreadable)".to_owned(),
            reason: error.to_string(),
        })?;
        let userinfo = take_userinfo(&mut url);
        let fail = |url: &Url, reason: &str| Error::Url {
            url: url.to_string(),
            reason: reason.to_owned(),
        };
        if url.query().is_some() || url.fragment().is_some() {
            url.set_query(None);
            url.set_fragment(None);
            return Err(fail(
                &url,
                "a query or fragment cannot be part of an upstream",
            ));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        let place = match url.scheme() {
            "http" | "https" => {
                if userinfo.is_some() && url.scheme() == "http" && !is_loopback(&url) {
                    return Err(fail(&url, "credentials are not sent over plain http"));
                }
                let login = userinfo.or_else(|| from_netrc(&url, netrc));
                let authorization = login.and_then(|(user, password)| basic(&user, &password));
                Place::Http(Site {
                    base: url.clone(),
                    authorization,
                })
            }
            "file" => {
                let root = url
                    .to_file_path()
                    .map_err(|()| fail(&url, "not a file on this machine"))?;
                Place::Tree(root)
            }
            _ => return Err(fail(&url, "only https, http and file can be asked")),
        };
        Ok(Self {
            label: url.as_str().trim_end_matches('/').into(),
            place,
        })
    }

    /// Returns scheme, host and port: what has a breaker of its own.
    pub(super) fn origin(&self) -> String {
        match &self.place {
            Place::Http(site) => site.base.origin().ascii_serialization(),
            Place::Tree(_) => FILE.to_owned(),
        }
    }

    /// Returns host and port, the usual port of the scheme included; `None` for a tree.
    pub(super) fn host_and_port(&self) -> Option<String> {
        match &self.place {
            Place::Http(site) => address::host_and_port(&site.base),
            Place::Tree(_) => None,
        }
    }

    /// Returns host and port as metrics and logs name them.
    pub(super) fn host_name(&self) -> String {
        match &self.place {
            Place::Http(site) => {
                let host = site.base.host_str().unwrap_or_default();
                let port = site.base.port().map(|port| format!(":{port}"));
                format!("{host}{}", port.unwrap_or_default())
            }
            Place::Tree(_) => FILE.to_owned(),
        }
    }
}

/// The name of this machine's file trees among hosts.
const FILE: &str = "file";

impl Site {
    /// Returns the URL of a file, each byte of its path escaped as the go command
    /// escapes it (`!` too).
    ///
    /// # Errors
    /// [`FetchError::Path`].
    pub(super) fn url(&self, path: &str) -> Result<Url, FetchError> {
        check_path(path)?;
        let mut url = self.base.clone();
        let escaped = utf8_percent_encode(path, &PATH);
        let base = self.base.path().trim_end_matches('/');
        url.set_path(&format!("{base}/{escaped}"));
        Ok(url)
    }
}

/// Refuses paths with empty, `.` or `..` elements, controls or backslashes. Whoever
/// made the path should have: nothing else keeps a file tree's root, so it is
/// checked again where it matters.
pub(super) fn check_path(path: &str) -> Result<(), FetchError> {
    let bad_element = |element: &str| matches!(element, "" | "." | "..");
    if path.len() > PATH_BYTES_MAX
        || path.split('/').any(bad_element)
        || path.chars().any(|c| c.is_control() || c == '\\')
    {
        let path = path.chars().take(200).collect();
        return Err(FetchError::Path { path });
    }
    Ok(())
}

/// Module paths and versions are far shorter; tiles are, too.
const PATH_BYTES_MAX: usize = 4096;

/// What Go's `url.PathEscape` escapes, the slash excepted.
const PATH: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/');

fn take_userinfo(url: &mut Url) -> Option<(String, String)> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let login = (
        decode(url.username()),
        decode(url.password().unwrap_or_default()),
    );
    // Neither fails for a URL that had userinfo.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(login)
}

/// netrc speaks of hosts, not of schemes: its passwords go over https only.
fn from_netrc(url: &Url, netrc: &Netrc) -> Option<(String, String)> {
    if url.scheme() != "https" {
        return None;
    }
    let (login, password) = netrc.find(url.host_str()?)?;
    Some((login.to_owned(), password.to_owned()))
}

fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    let encoded = STANDARD.encode(format!("{user}:{password}"));
    let mut value = HeaderValue::from_str(&format!("Basic {encoded}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Target, Error> {
        Target::parse(text, &Netrc::parse("machine a.example login u password p"))
    }

    fn site(text: &str) -> Site {
        match parse(text).expect("a URL").place {
            Place::Http(site) => site,
            Place::Tree(_) => panic!("a tree"),
        }
    }

    #[test]
    fn urls_are_made_as_the_go_command_makes_them() {
        for (base, path, want) in [
            (
                "https://a.example",
                "m/@v/list",
                "https://a.example/m/@v/list",
            ),
            (
                "a.example/goproxy/",
                "m/@latest",
                "https://a.example/goproxy/m/@latest",
            ),
            (
                "http://h:8081/a%2Fb/c",
                "github.com/!azure/x/@v/v1.0.0+incompatible.zip",
                "http://h:8081/a%2Fb/c/github.com/%21azure/x/@v/v1.0.0+incompatible.zip",
            ),
            (
                "https://a.example",
                "m/@v/a?b#c%2fd;e f.info",
                "https://a.example/m/@v/a%3Fb%23c%252fd%3Be%20f.info",
            ),
            (
                "https://a.example",
                "m/@v/é.info",
                "https://a.example/m/@v/%C3%A9.info",
            ),
            (
                "https://a.example",
                "sumdb/s/tile/8/0/x001/067.p/1",
                "https://a.example/sumdb/s/tile/8/0/x001/067.p/1",
            ),
        ] {
            assert_eq!(site(base).url(path).expect("a path").as_str(), want);
        }
    }

    #[test]
    fn paths_cannot_climb() {
        let site = site("https://a.example/root");
        for path in [
            "", "/m", "m/", "a//b", "../x", "a/../b", "a/.", "a\\b", "a\0b", "a\nb",
        ] {
            assert!(
                matches!(site.url(path), Err(FetchError::Path { .. })),
                "{path:?}"
            );
        }
        assert!(site.url(&"a".repeat(PATH_BYTES_MAX + 1)).is_err());
        // Escaped once more, so that it is a name and not a way up.
        assert_eq!(
            site.url("a/%2e%2e/b").expect("a path").path(),
            "/root/a/%252e%252e/b"
        );
    }

    #[test]
    fn credentials_come_from_the_url_then_from_netrc_over_https() {
        let value = |text| {
            site(text)
                .authorization
                .map(|v| v.to_str().expect("ASCII").to_owned())
        };
        let up = Some("Basic dTpw".to_owned());
        assert_eq!(value("https://u:p@b.example"), up);
        assert_eq!(value("http://u:p@127.0.0.1:1"), up);
        assert_eq!(value("http://u:p@localhost:1"), up);
        assert_eq!(value("https://a.example:8443/x"), up);
        assert_eq!(
            value("https://x%40y:%3A@a.example"),
            Some(format!("Basic {}", STANDARD.encode("x@y::")))
        );
        assert_eq!(value("http://a.example"), None);
        assert_eq!(value("https://b.example"), None);
    }

    #[test]
    fn labels_hold_no_secrets() {
        let target = parse("https://u:hunter2@b.example/go/").expect("a URL");
        assert_eq!(&*target.label, "https://b.example/go");
        assert_eq!(target.origin(), "https://b.example");
        let text = format!(
            "{target:?} {}",
            parse("http://u:hunter2@b.example").expect_err("plain")
        );
        assert!(
            !text.contains("hunter2") && !text.contains("dTpo"),
            "{text}"
        );
    }

    #[test]
    fn refuses_what_cannot_be_asked() {
        for text in [
            "ftp://a.example",
            "https://",
            "https://a.example?token=1",
            "https://a.example#x",
            "http://u:p@a.example",
            "file://host/x",
            "https://a b/",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn file_urls_are_decoded() {
        let Place::Tree(root) = parse("file:///srv/go%20modules/").expect("a URL").place else {
            panic!("not a tree")
        };
        assert_eq!(root, PathBuf::from("/srv/go modules/"));
    }
}
