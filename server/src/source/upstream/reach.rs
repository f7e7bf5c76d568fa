//! Which hosts a redirect may lead to.
//!
//! An upstream on the internet that redirects to an internal address asks us to reach
//! what it cannot reach itself: cloud metadata, an intranet. An upstream inside may
//! well mean another machine inside, and an upstream that the configuration names is
//! reached wherever it is. So what counts is who names the next hop, at each hop anew.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use proto::goproxy::list::{Proxy, ProxyList};
use url::{Host, Url};

use super::address::{self, host_and_port, is_localhost, is_loopback};
use super::netrc::Netrc;
use super::target::Target;
use crate::config;

/// How far a request may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Anywhere: the configuration names the host.
    Anywhere,
    /// Public and private addresses, and this machine: a host inside names it.
    Network,
    /// Public addresses only: somebody outside names it.
    Public,
}

impl Reach {
    /// Says whether a request may go to an address.
    pub(super) fn includes(self, address: IpAddr) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Network => !address::is_link_local(address),
            Self::Public => !address::is_internal(address),
        }
    }

    /// Says whether a request may go to a host as its URL writes it. What a name stands
    /// for is judged when it is resolved.
    ///
    /// # Errors
    /// Why it may not.
    pub(super) fn check(self, url: &Url) -> Result<(), String> {
        let allowed = match literal(url) {
            Some(address) => self.includes(address),
            None => self != Self::Public || !is_loopback(url),
        };
        match allowed {
            true => Ok(()),
            false => {
                let host = url.host_str().unwrap_or_default();
                Err(format!("redirect to the internal address {host}"))
            }
        }
    }

    /// Says whether a name may be resolved at all.
    pub(super) fn includes_name(self, name: &str) -> bool {
        self != Self::Public || !is_localhost(name)
    }
}

/// The hosts that the configuration names, by `host:port`.
#[derive(Debug)]
pub(super) struct Named(HashSet<String>);

impl Named {
    /// Takes the upstreams of all lists and `redirect_hosts`.
    pub(super) fn new(settings: &config::Upstream) -> Self {
        let private = settings.private.iter().filter_map(|p| p.list.as_ref());
        let entries = std::iter::once(&settings.list)
            .chain(private)
            .flat_map(ProxyList::entries);
        let upstreams = entries.filter_map(|entry| match &entry.proxy {
            Proxy::Url(base) => Target::parse(base, &Netrc::default()).ok()?.host_and_port(),
            Proxy::Direct | Proxy::Off => None,
        });
        let redirects = settings.redirect_hosts.iter();
        let redirects = redirects.map(|host| host.to_ascii_lowercase());
        Self(upstreams.chain(redirects).collect())
    }

    /// Says whether the configuration names a URL's host and port.
    pub(super) fn contains(&self, url: &Url) -> bool {
        host_and_port(url).is_some_and(|host| self.0.contains(&host))
    }
}

/// Says whether a hop lives inside, so that it may name others there. `peer` is the
/// address that was connected to; behind an HTTP proxy that is not the hop's, and the
/// hop is outside unless its URL says otherwise.
pub(super) fn is_inside(url: &Url, peer: Option<SocketAddr>) -> bool {
    match literal(url) {
        Some(address) => address::is_internal(address),
        None => is_loopback(url) || peer.is_some_and(|peer| address::is_internal(peer.ip())),
    }
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn each_reach_includes_what_it_should() {
        for (host, network, public) in [
            ("203.0.114.1", true, true),
            ("10.0.0.1", true, false),
            ("127.0.0.1", true, false),
            ("localhost", true, false),
            ("a.localhost.", true, false),
            ("[fd00::1]", true, false),
            ("169.254.169.254", false, false),
            ("[::ffff:169.254.169.254]", false, false),
            ("[fe80::1]", false, false),
            ("[fd00:ec2::254]", false, false),
            ("100.100.100.200", false, false),
            ("name.example", true, true),
        ] {
            let url = url(&format!("http://{host}:1/"));
            assert!(Reach::Anywhere.check(&url).is_ok(), "{host}");
            assert_eq!(Reach::Network.check(&url).is_ok(), network, "{host}");
            assert_eq!(Reach::Public.check(&url).is_ok(), public, "{host}");
        }
    }

    #[test]
    fn a_name_is_inside_where_its_address_is() {
        let peer = |text: &str| Some(text.parse().expect("an address"));
        let name = url("http://go.example/");
        assert!(is_inside(&name, peer("10.0.0.1:80")));
        assert!(!is_inside(&name, peer("203.0.114.1:80")));
        assert!(!is_inside(&name, None));
        assert!(is_inside(&url("http://[::1]:9/"), None));
        // What it is written as weighs more than where a proxy on the way lives.
        assert!(!is_inside(
            &url("http://203.0.114.1/"),
            peer("10.0.0.1:3128")
        ));
    }

    #[test]
    fn the_configuration_names_hosts_with_their_ports() {
        let settings = config::Upstream {
            list: ProxyList::parse("https://a.example/go|http://u:p@[::1]:81").expect("a list"),
            redirect_hosts: vec!["CDN.internal:443".to_owned()],
            ..config::Upstream::default()
        };
        let named = Named::new(&settings);
        for (text, want) in [
            ("https://a.example/x", true),
            ("https://A.example:443/x", true),
            ("http://a.example/x", false),
            ("http://[::1]:81/", true),
            ("http://[::1]:82/", false),
            ("https://cdn.internal/blob", true),
            ("https://cdn.internal:8443/blob", false),
        ] {
            assert_eq!(named.contains(&url(text)), want, "{text}");
        }
    }
}
