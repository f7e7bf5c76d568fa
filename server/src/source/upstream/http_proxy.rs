//! Which requests go through an HTTP proxy.

use url::Url;

use super::Error;
use super::address::{is_localhost, is_loopback};
use super::no_proxy::Exceptions;
use crate::config::HttpProxy;

/// The HTTP proxies to use, and the hosts that are reached without.
#[derive(Debug)]
pub(super) struct Rules {
    http: Option<Url>,
    https: Option<Url>,
    exceptions: Exceptions,
}

impl Rules {
    /// Reads the values of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
    ///
    /// # Errors
    /// A value is not an http or https URL.
    pub(super) fn new(settings: &HttpProxy) -> Result<Self, Error> {
        Ok(Self {
            http: settings.http.as_deref().and_then(parse).transpose()?,
            https: settings.https.as_deref().and_then(parse).transpose()?,
            exceptions: Exceptions::parse(settings.except.as_deref().unwrap_or_default()),
        })
    }

    /// Returns the proxy that a URL is asked through. This machine is always
    /// reached without one, as by the go command.
    pub(super) fn proxy(&self, url: &Url) -> Option<&Url> {
        let proxy = match url.scheme() {
            "http" => self.http.as_ref(),
            "https" => self.https.as_ref(),
            _ => None,
        }?;
        if is_loopback(url) {
            return None;
        }
        (!self.exceptions.contains(url)).then_some(proxy)
    }

    /// Says whether a name is that of a proxy itself.
    pub(super) fn names(&self, host: &str) -> bool {
        [&self.http, &self.https]
            .into_iter()
            .flatten()
            .filter_map(Url::host_str)
            .any(|proxy| {
                proxy.eq_ignore_ascii_case(host) || (is_localhost(host) && is_localhost(proxy))
            })
    }
}

/// A value without a scheme is taken for http; an empty one is none.
fn parse(value: &str) -> Option<Result<Url, Error>> {
    let value = value.trim();
    if value.is_empty() {
        return None;
    }
    let with_scheme = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    // The value may hold a password, so errors do not show it.
    let fail = |reason: String| Error::HttpProxy {
        url: "(not shown)".to_owned(),
        reason,
    };
    Some(match Url::parse(&with_scheme) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        Ok(url) => Err(fail(format!("{} proxies are not supported", url.scheme()))),
        Err(error) => Err(fail(error.to_string())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules::new(&HttpProxy {
            http: Some("plain.proxy:3128".into()),
            https: Some("http://u:p@tls.proxy:3129".into()),
            except: Some("corp.example, .dotted.example,10.0.0.0/8,192.0.2.7".into()),
        })
        .expect("good values")
    }

    #[test]
    fn picks_by_scheme_and_exception() {
        let rules = rules();
        for (url, want) in [
            ("http://a.example/x", Some("plain.proxy")),
            ("https://a.example/x", Some("tls.proxy")),
            ("https://corp.example/x", None),
            ("https://go.corp.example/x", None),
            ("https://notcorp.example/x", Some("tls.proxy")),
            ("https://x.dotted.example/x", None),
            ("https://10.1.2.3/x", None),
            ("https://192.0.2.7/x", None),
            ("https://192.0.2.8/x", Some("tls.proxy")),
            ("http://localhost:8080/x", None),
            ("http://127.0.0.1:8080/x", None),
            ("http://[::1]:8080/x", None),
            ("file:///x", None),
        ] {
            let url = Url::parse(url).expect("a URL");
            assert_eq!(rules.proxy(&url).and_then(Url::host_str), want, "{url}");
        }
        assert!(rules.names("TLS.proxy") && rules.names("plain.proxy"));
        assert!(!rules.names("a.example"));
    }

    #[test]
    fn refuses_other_kinds_without_showing_them() {
        for value in [
            "socks5://u:hunter2@h:1",
            "http://u:hunter2@",
            "http://u:hunter2@h:99999",
        ] {
            let settings = HttpProxy {
                http: Some(value.into()),
                ..HttpProxy::default()
            };
            let error = Rules::new(&settings).expect_err(value).to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(
            Rules::new(&HttpProxy {
                http: Some(" ".into()),
                ..HttpProxy::default()
            })
            .is_ok()
        );
    }
}
