//! What is wrong with settings, before anything is set up by them.

use url::Host;

use super::http_proxy::Rules;
use super::netrc::Netrc;
use super::target::Target;
use super::{Error, read_netrc, trust};
use crate::config::{self, HttpProxy};
use proto::goproxy::list::{Proxy, ProxyList};

/// Returns every problem with the key it is found under. [`super::Upstreams::new`] fails
/// with the first of them, and finds no others but those of the machine.
///
/// Reads the files of certificates and credentials.
pub(super) fn problems(settings: &config::Upstream) -> Vec<(&'static str, Error)> {
    let mut problems = Vec::new();
    let mut note = |key, error: Option<Error>| problems.extend(error.map(|error| (key, error)));
    for error in entries(&settings.list) {
        note("upstream.list", Some(error));
    }
    let private = settings.private.iter().filter_map(|p| p.list.as_ref());
    for error in private.flat_map(entries) {
        note("upstream.private", Some(error));
    }
    for host in &settings.redirect_hosts {
        note("upstream.redirect_hosts", redirect_host(host).err());
    }
    let trusted = trust::extra(settings.ca_file.as_deref());
    note("upstream.ca_file", trusted.err());
    note("upstream.netrc", read_netrc(settings).err());
    let HttpProxy { http, https, .. } = settings.http_proxy.clone();
    for (key, http, https) in [
        ("upstream.http_proxy", http, None),
        ("upstream.https_proxy", None, https),
    ] {
        let rules = Rules::new(&HttpProxy {
            http,
            https,
            except: None,
        });
        note(key, rules.err());
    }
    problems
}

fn entries(list: &ProxyList) -> Vec<Error> {
    let entries = list.entries().iter();
    entries
        .filter_map(|entry| match &entry.proxy {
            Proxy::Url(base) => Target::parse(base, &Netrc::default()).err(),
            Proxy::Direct | Proxy::Off => None,
        })
        .collect()
}

fn redirect_host(text: &str) -> Result<(), Error> {
    let fail = |reason: String| Error::RedirectHost {
        host: text.to_owned(),
        reason,
    };
    let (host, port) = text
        .rsplit_once(':')
        .ok_or_else(|| fail("a host and its port are meant: cdn.internal:443".to_owned()))?;
    Host::parse(host).map_err(|error| fail(error.to_string()))?;
    let port: u16 = port.parse().map_err(|_| fail("no port".to_owned()))?;
    match port {
        0 => Err(fail("no port".to_owned())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::metrics::Metrics;
    use crate::source::upstream::Upstreams;

    /// The keys of the problems found, and that the start finds the first of them.
    fn keys(settings: &config::Upstream) -> Vec<String> {
        let problems = crate::source::check(settings);
        let started = Upstreams::new(settings, "me", Metrics::new([], []));
        assert_eq!(
            started.err().map(|error| error.to_string()),
            problems.first().map(|(_, problem)| problem.clone())
        );
        problems.into_iter().map(|(key, _)| key).collect()
    }

    fn list(text: &str) -> ProxyList {
        ProxyList::parse(text).expect("a list")
    }

    #[test]
    fn good_settings_have_no_problems() {
        assert!(keys(&config::Upstream::default()).is_empty());
        let settings = config::Upstream {
            list: list("https://u:p@a.example|http://localhost:99,off"),
            redirect_hosts: vec!["cdn.internal:443".to_owned(), "[::1]:80".to_owned()],
            netrc: Some("/nowhere/netrc".into()),
            ..config::Upstream::default()
        };
        assert!(keys(&settings).is_empty());
    }

    #[test]
    fn what_the_start_would_refuse_is_found() {
        for bad in ["http://u:p@nexus.example.com/go", "https://a.example:99999"] {
            let settings = config::Upstream {
                list: list(&format!("https://good.example,{bad}")),
                ..config::Upstream::default()
            };
            assert_eq!(keys(&settings), ["upstream.list"], "{bad}");
            let private = config::Private {
                modules: Default::default(),
                list: Some(list(bad)),
            };
            let settings = config::Upstream {
                private: vec![private],
                ..config::Upstream::default()
            };
            assert_eq!(keys(&settings), ["upstream.private"], "{bad}");
        }
        let mut empty = tempfile::NamedTempFile::new().expect("a file");
        empty.write_all(b"no certificate").expect("written");
        for path in [empty.path(), std::path::Path::new("/nowhere/ca.pem")] {
            let settings = config::Upstream {
                ca_file: Some(path.to_owned()),
                ..config::Upstream::default()
            };
            assert_eq!(keys(&settings), ["upstream.ca_file"]);
        }
        for host in ["cdn.internal", "cdn.internal:99999", ":443", "cdn:0"] {
            let settings = config::Upstream {
                redirect_hosts: vec![host.to_owned()],
                ..config::Upstream::default()
            };
            assert_eq!(keys(&settings), ["upstream.redirect_hosts"], "{host}");
        }
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let settings = config::Upstream {
            list: list("http://u:p@a.example|https://a.example:99999"),
            http_proxy: HttpProxy {
                http: Some("socks5://h:1".to_owned()),
                https: Some("http://h:99999".to_owned()),
                except: None,
            },
            netrc: Some("/".into()),
            ..config::Upstream::default()
        };
        let want = [
            "upstream.list",
            "upstream.list",
            "upstream.netrc",
            "upstream.http_proxy",
            "upstream.https_proxy",
        ];
        assert_eq!(keys(&settings), want);
    }
}
