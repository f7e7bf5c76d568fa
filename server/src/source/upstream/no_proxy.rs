//! Hosts that are reached without an HTTP proxy: the comma list of `NO_PROXY`.
//!
//! `corp.example` stands for that host and all under it, `.corp.example` and
//! `*.corp.example` for those under it alone, `10.0.0.0/8` and `192.0.2.7` for
//! addresses written in a URL, and `*` for all. All but blocks may end in a port,
//! `[::1]:8080` among them. What cannot be read is passed over.
//!
//! Source: golang.org/x/net/http/httpproxy.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

/// The hosts of a list.
#[derive(Debug, Default)]
pub(super) struct Exceptions(Vec<Exception>);

#[derive(Debug)]
enum Exception {
    All,
    Block(IpNet),
    Address(IpAddr, Option<u16>),
    Domain {
        /// With its leading dot.
        suffix: String,
        /// Whether the host without the dot is meant too.
        itself: bool,
        port: Option<u16>,
    },
}

impl Exceptions {
    /// Reads a list.
    pub(super) fn parse(list: &str) -> Self {
        Self(list.split(',').filter_map(parse).collect())
    }

    /// Says whether a URL's host is reached without a proxy. Names are not resolved.
    pub(super) fn contains(&self, url: &Url) -> bool {
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return false;
        };
        let host = match host {
            Host::Ipv4(address) => Host::Ipv4(address),
            Host::Ipv6(address) => match address.to_ipv4_mapped() {
                Some(address) => Host::Ipv4(address),
                None => Host::Ipv6(address),
            },
            Host::Domain(name) => Host::Domain(name.to_ascii_lowercase()),
        };
        self.0.iter().any(|exception| exception.fits(&host, port))
    }
}

impl Exception {
    fn fits(&self, host: &Host<String>, at: u16) -> bool {
        let address = match host {
            Host::Ipv4(address) => Some(IpAddr::from(*address)),
            Host::Ipv6(address) => Some(IpAddr::from(*address)),
            Host::Domain(_) => None,
        };
        match (self, host) {
            (Self::All, _) => true,
            (Self::Block(block), _) => address.is_some_and(|address| block.contains(&address)),
            (Self::Address(one, port), _) => {
                address == Some(*one) && port.is_none_or(|port| port == at)
            }
            (
                Self::Domain {
                    suffix,
                    itself,
                    port,
                },
                Host::Domain(name),
            ) => {
                (name.ends_with(suffix) || (*itself && *name == suffix[1..]))
                    && port.is_none_or(|port| port == at)
            }
            (Self::Domain { .. }, Host::Ipv4(_) | Host::Ipv6(_)) => false,
        }
    }
}

fn parse(entry: &str) -> Option<Exception> {
    let entry = entry.trim().to_lowercase();
    if entry == "*" {
        return Some(Exception::All);
    }
    if let Ok(block) = entry.parse::<IpNet>() {
        return Some(Exception::Block(block));
    }
    let (host, port) = split_port(&entry)?;
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = literal.parse::<IpAddr>() {
        return Some(Exception::Address(address.to_canonical(), port));
    }
    let host = host
        .strip_prefix('*')
        .filter(|rest| rest.starts_with('.'))
        .unwrap_or(host);
    let (name, itself) = match host.strip_prefix('.') {
        Some(name) => (name, false),
        None => (host, true),
    };
    if name.is_empty() {
        return None;
    }
    // Written as URLs have it: in ASCII.
    let name = match Host::parse(name) {
        Ok(Host::Domain(ascii)) => ascii,
        _ => name.to_owned(),
    };
    Some(Exception::Domain {
        suffix: format!(".{name}"),
        itself,
        port,
    })
}

/// Splits off a port; an address of IPv6 has one only after brackets.
fn split_port(entry: &str) -> Option<(&str, Option<u16>)> {
    let Some((host, port)) = entry.rsplit_once(':') else {
        return (!entry.is_empty()).then_some((entry, None));
    };
    let bare_v6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
    if bare_v6 {
        return Some((entry, None));
    }
    match port {
        // As if there were no colon.
        "" => Some((host, None)),
        port => Some((host, Some(port.parse().ok()?))),
    }
    .filter(|(host, _)| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_hosts_as_the_go_command_does() {
        for (list, host, want) in [
            // A host, and all under it.
            ("foo.com", "foo.com", true),
            ("foo.com", "FOO.com:8080", true),
            ("foo.com", "bar.foo.com", true),
            ("foo.com", "barfoo.com", false),
            ("Foo.Com ", "foo.com", true),
            // Those under it alone.
            (".foo.com", "bar.foo.com", true),
            (".foo.com", "foo.com", false),
            ("*.foo.com", "bar.foo.com", true),
            ("*.foo.com", "a.b.foo.com", true),
            ("*.foo.com", "foo.com", false),
            // A star elsewhere is a character that no host has.
            ("*foo.com", "foo.com", false),
            // Ports; the usual one of the scheme where the URL has none.
            ("foo.com:8080", "foo.com:8080", true),
            ("foo.com:8080", "foo.com", false),
            ("foo.com:80", "foo.com", true),
            ("foo.com:80", "a.foo.com", true),
            (".foo.com:81", "a.foo.com:81", true),
            ("*.foo.com:81", "a.foo.com", false),
            (":80", "foo.com", false),
            // Addresses are compared, names are not resolved.
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.7:80", "192.0.2.7", true),
            ("192.0.2.7:80", "192.0.2.7:81", false),
            ("0.2.7", "192.0.2.7", false),
            ("2001:db8::1", "[2001:db8::1]", true),
            ("[2001:db8::1]", "[2001:db8::1]:99", true),
            ("[2001:db8::1]:80", "[2001:db8::1]", true),
            ("[2001:db8::1]:80", "[2001:db8::1]:81", false),
            ("192.0.2.7", "[::ffff:192.0.2.7]", true),
            // Blocks.
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.42.1.1/24", "10.42.1.77", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("2001:db8::/32", "[2001:db8:1::1]", true),
            // All, wherever it stands.
            ("*", "foo.com", true),
            ("a.example,*", "192.0.2.7", true),
            // What cannot be read is passed over.
            (" , ,foo.com", "foo.com", true),
            (",.,*.,", "foo.com", false),
            ("", "foo.com", false),
            ("b\u{fc}cher.example", "xn--bcher-kva.example", true),
        ] {
            let url = Url::parse(&format!("http://{host}/x")).expect("a URL");
            assert_eq!(
                Exceptions::parse(list).contains(&url),
                want,
                "{list} {host}"
            );
        }
    }

    #[test]
    fn the_port_is_that_of_the_scheme() {
        let url = Url::parse("https://foo.com/").expect("a URL");
        assert!(Exceptions::parse("foo.com:443").contains(&url));
        assert!(!Exceptions::parse("foo.com:80").contains(&url));
    }
}
