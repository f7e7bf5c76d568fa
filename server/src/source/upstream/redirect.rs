//! Where a redirect may lead.

use http::{HeaderMap, StatusCode, header};
use url::Url;

/// Redirects followed for one request; the go command follows as many.
pub(super) const HOPS_MAX: usize = 10;

/// Says whether an answer sends the client elsewhere.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Returns the URL an answer redirects to.
///
/// Userinfo in it is dropped: credentials come from our own configuration.
///
/// # Errors
/// What is wrong with it: no or a broken `Location`, another scheme than HTTP's,
/// or plain HTTP after HTTPS.
pub(super) fn target(from: &Url, headers: &HeaderMap) -> Result<Url, String> {
    let location = headers
        .get(header::LOCATION)
        .ok_or("redirect without a Location")?
        .to_str()
        .map_err(|_| "redirect to something that is not a URL")?;
    let mut to = from
        .join(location)
        .map_err(|error| format!("redirect to something that is not a URL: {error}"))?;
    match (from.scheme(), to.scheme()) {
        ("https", "http") => {
            let to = to.host_str().unwrap_or_default();
            return Err(format!("redirect from https to plain http at {to}"));
        }
        (_, "http" | "https") => {}
        (_, other) => return Err(format!("redirect to a {other} URL")),
    }
    // Neither fails for a URL of these schemes.
    let _ = to.set_username("");
    let _ = to.set_password(None);
    to.set_fragment(None);
    Ok(to)
}

/// Says whether credentials given for one URL may be sent to another: the same
/// host and port, or the same host's step from http to https on the usual ports.
pub(super) fn keeps_credentials(first: &Url, to: &Url) -> bool {
    let ports = (first.port_or_known_default(), to.port_or_known_default());
    first.host() == to.host()
        && match (first.scheme(), to.scheme()) {
            (a, b) if a == b => ports.0 == ports.1,
            ("http", "https") => ports == (Some(80), Some(443)),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn go(from: &str, location: &str) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, location.parse().expect("a header value"));
        target(&url(from), &headers).map(String::from)
    }

    #[test]
    fn follows_absolute_and_relative_locations() {
        let from = "https://a.example/p/x";
        for (location, want) in [
            ("https://b.example/y", "https://b.example/y"),
            ("//b.example/y", "https://b.example/y"),
            ("/y?q=1", "https://a.example/y?q=1"),
            ("y", "https://a.example/p/y"),
            ("https://u:p@b.example/y#f", "https://b.example/y"),
        ] {
            assert_eq!(go(from, location).as_deref(), Ok(want), "{location}");
        }
        assert_eq!(
            go("http://a.example/", "https://a.example/").as_deref(),
            Ok("https://a.example/")
        );
    }

    #[test]
    fn refuses_other_schemes_and_steps_down() {
        for location in [
            "http://a.example/x",
            "file:///etc/passwd",
            "ftp://a.example/",
            "https://",
        ] {
            assert!(go("https://a.example/", location).is_err(), "{location}");
        }
        assert!(target(&url("https://a.example/"), &HeaderMap::new()).is_err());
    }

    #[test]
    fn credentials_stay_with_their_host() {
        for (first, to, want) in [
            ("https://a.example/x", "https://a.example/y", true),
            ("https://a.example/x", "https://a.example:443/y", true),
            ("https://a.example/x", "https://A.example/y", true),
            ("http://a.example/x", "https://a.example/y", true),
            ("http://a.example:8080/x", "https://a.example/y", false),
            ("https://a.example/x", "https://a.example:8443/y", false),
            ("https://a.example/x", "https://b.a.example/y", false),
            ("https://a.example/x", "https://a.example.evil/y", false),
            ("http://127.0.0.1:1/x", "http://127.0.0.1:2/y", false),
        ] {
            assert_eq!(
                keeps_credentials(&url(first), &url(to)),
                want,
                "{first} {to}"
            );
        }
    }
}
