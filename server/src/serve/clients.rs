//! Who a client is that comes through proxies.
//!
//! Only what a trusted proxy says is believed: its own addition to the list of hops
//! is the last one, and what stands before it was said by whoever is there. So the
//! hops are read from the right, and the first that is not a trusted proxy is the client.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use super::peer::ClientAddress;
use crate::config;

/// Hops that are looked at; more proxies in a row are not used by anybody.
const HOPS_MAX: usize = 32;

/// Tells clients from proxies that speak for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    trusted: Vec<IpNet>,
}

impl Clients {
    /// Goes by the settings.
    pub(crate) fn new(settings: &config::Clients) -> Self {
        Self {
            trusted: settings.trusted_proxies.clone(),
        }
    }

    /// Tells whether an address is that of a trusted proxy.
    pub(super) fn trusts(&self, address: ClientAddress) -> bool {
        let ClientAddress::Ip(address) = address else {
            return false;
        };
        let address = address.to_canonical();
        self.trusted.iter().any(|block| block.contains(&address))
    }

    /// Returns where the client of a request is that came from `hop`.
    pub(super) fn of_request(&self, hop: ClientAddress, headers: &HeaderMap) -> ClientAddress {
        if self.trusted.is_empty() || !self.trusts(hop) {
            return hop;
        }
        let forwarded = self.walk(hop, headers, &header::FORWARDED, in_forwarded);
        let x_forwarded_for = self.walk(hop, headers, &X_FORWARDED_FOR, in_x_forwarded_for);
        match (forwarded, x_forwarded_for) {
            (Some(address), None) | (None, Some(address)) => address,
            (Some(one), Some(other)) if one == other => one,
            // A proxy that sets one of them passes the other on as it came from the
            // client, and which one it sets we do not know.
            (Some(_), Some(_)) | (None, None) => hop,
        }
    }

    /// Reads the hops of one kind of header from the right. `None` without the header.
    fn walk(
        &self,
        hop: ClientAddress,
        headers: &HeaderMap,
        name: &HeaderName,
        read: fn(&str) -> Option<IpAddr>,
    ) -> Option<ClientAddress> {
        if !headers.contains_key(name) {
            return None;
        }
        let mut client = hop;
        // Commas within quotes do not matter: no address has one, and what a client
        // wrote must not hide what a proxy added.
        let values = headers.get_all(name).iter().rev();
        let hops = values.flat_map(|value| value.to_str().unwrap_or("").rsplit(','));
        for element in hops.take(HOPS_MAX) {
            let Some(address) = read(element.trim()) else {
                break;
            };
            client = ClientAddress::Ip(address.to_canonical());
            if !self.trusts(client) {
                break;
            }
        }
        Some(client)
    }
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

fn in_x_forwarded_for(element: &str) -> Option<IpAddr> {
    address(element)
}

/// Reads `for=192.0.2.60;proto=http` or `for="[2001:db8::1]:4711"`.
///
/// Source: RFC 7239 §4.
fn in_forwarded(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(value.trim().trim_matches('"'))
}

/// An address with or without port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(text).parse().ok().or_else(|| {
        text.parse()
            .ok()
            .map(|with_port: SocketAddr| with_port.ip())
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn clients() -> Clients {
        Clients::new(&config::Clients {
            trusted_proxies: ["10.0.0.0/8", "2001:db8:1::/48"]
                .map(|block| block.parse().unwrap())
                .to_vec(),
            proxy_protocol: false,
        })
    }

    fn ip(text: &str) -> ClientAddress {
        ClientAddress::Ip(text.parse().unwrap())
    }

    fn client(hop: &str, headers: &[(&'static str, &'static str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        clients().of_request(ip(hop), &map).to_string()
    }

    #[test]
    fn the_last_hop_that_is_no_trusted_proxy_is_the_client() {
        const XFF: &str = "x-forwarded-for";
        const FORWARDED: &str = "forwarded";
        for (hop, headers, want) in [
            ("10.0.0.1", &[][..], "10.0.0.1"),
            ("10.0.0.1", &[(XFF, "192.0.2.7")], "192.0.2.7"),
            ("10.0.0.1", &[(XFF, "192.0.2.7:4711")], "192.0.2.7"),
            ("10.0.0.1", &[(XFF, "::ffff:192.0.2.7")], "192.0.2.7"),
            ("10.0.0.1", &[(XFF, "6.6.6.6, 192.0.2.7")], "192.0.2.7"),
            (
                "10.0.0.1",
                &[(XFF, "6.6.6.6, 192.0.2.7, 10.2.3.4")],
                "192.0.2.7",
            ),
            // Two lines are one list.
            (
                "10.0.0.1",
                &[(XFF, "6.6.6.6"), (XFF, "192.0.2.7")],
                "192.0.2.7",
            ),
            // All of them ours: the one farthest away.
            ("10.0.0.1", &[(XFF, "10.9.9.9, 10.2.3.4")], "10.9.9.9"),
            // Not an address: whoever said so is all we know.
            ("10.0.0.1", &[(XFF, "192.0.2.7, unknown")], "10.0.0.1"),
            ("10.0.0.1", &[(XFF, "unknown, 10.2.3.4")], "10.2.3.4"),
            (
                "10.0.0.1",
                &[(FORWARDED, "for=192.0.2.7;proto=https")],
                "192.0.2.7",
            ),
            (
                "10.0.0.1",
                &[(FORWARDED, "proto=http;For=\"192.0.2.7:80\"")],
                "192.0.2.7",
            ),
            (
                "2001:db8:1::1",
                &[(FORWARDED, "for=6.6.6.6, for=\"[2001:db8:2::7]:4711\"")],
                "2001:db8:2::7",
            ),
            // A quote that the client never closed.
            (
                "10.0.0.1",
                &[(FORWARDED, "for=\"6.6.6.6, for=192.0.2.7")],
                "192.0.2.7",
            ),
            ("10.0.0.1", &[(FORWARDED, "for=_hidden")], "10.0.0.1"),
            ("10.0.0.1", &[(FORWARDED, "by=192.0.2.7")], "10.0.0.1"),
            // Which one the proxy wrote cannot be told.
            (
                "10.0.0.1",
                &[(FORWARDED, "for=6.6.6.6"), (XFF, "192.0.2.7")],
                "10.0.0.1",
            ),
            (
                "10.0.0.1",
                &[(FORWARDED, "for=192.0.2.7"), (XFF, "192.0.2.7")],
                "192.0.2.7",
            ),
            // Whoever is not trusted says what he likes.
            ("192.0.2.1", &[(XFF, "6.6.6.6")], "192.0.2.1"),
            ("::1", &[(FORWARDED, "for=6.6.6.6")], "::1"),
        ] {
            assert_eq!(client(hop, headers), want, "{hop} {headers:?}");
        }
    }

    #[test]
    fn nobody_is_trusted_by_default() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("6.6.6.6"));
        let clients = Clients::default();
        for hop in [ip("127.0.0.1"), ClientAddress::Unix] {
            assert_eq!(clients.of_request(hop, &headers), hop);
        }
    }

    #[test]
    fn a_long_list_ends() {
        let long = vec!["10.0.0.9"; 1000].join(",");
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&format!("6.6.6.6,{long}")).unwrap();
        headers.insert("x-forwarded-for", value);
        let client = clients().of_request(ip("10.0.0.1"), &headers);
        assert_eq!(client, ip("10.0.0.9"));
    }
}
