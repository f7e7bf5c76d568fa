//! Which addresses lie inside: this machine, its links and private networks; and what a
//! URL says of where its host is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Says whether an address is not one of the public internet: this machine,
/// a private network, a link, a group of receivers, or nothing at all.
///
/// An upstream on the internet that redirects here is asking us to reach what
/// it cannot reach itself (cloud metadata, an intranet), so such redirects are
/// refused. IPv6 forms that carry an IPv4 address are judged by that address.
///
/// Source: the IANA special-purpose address registries (RFC 6890).
pub(super) fn is_internal(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_internal_v4(v4),
        IpAddr::V6(v6) => match carried_v4(v6) {
            Some(v4) => is_internal_v4(v4),
            None => is_internal_v6(v6),
        },
    }
}

/// Says whether an address is one of a link, or serves a cloud's metadata: nothing that
/// anybody serves modules from, and much that must not be read from outside.
pub(super) fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_link_local_v4(v4),
        IpAddr::V6(v6) => match carried_v4(v6) {
            Some(v4) => is_link_local_v4(v4),
            None => v6.segments()[0] & 0xffc0 == 0xfe80 || v6 == METADATA_V6,
        },
    }
}

fn is_link_local_v4(address: Ipv4Addr) -> bool {
    address.is_link_local() || address == METADATA_V4
}

/// Alibaba's metadata; nearly all others use 169.254.169.254.
const METADATA_V4: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
/// Amazon's metadata.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254);

fn is_internal_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || a == 0
        // Carrier-grade NAT; one cloud serves its metadata from here.
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (b == 18 || b == 19))
        // Reserved, and the broadcast address.
        || a >= 240
}

fn is_internal_v6(address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        // Unique local fc00::/7, link local fe80::/10, site local fec0::/10.
        || first & 0xfe00 == 0xfc00
        || first & 0xff80 == 0xfe80
        // Translation inside one network, 64:ff9b:1::/48.
        || address.segments()[..3] == [0x64, 0xff9b, 1]
}

/// Returns the IPv4 address that a mapped, compatible, NAT64 or 6to4 address stands for.
fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(from(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(from(high, low)),
        [0x2002, high, low, ..] => Some(from(high, low)),
        // `::` and `::1` are judged as IPv6.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0, high, low] => Some(from(high, low)),
        _ => None,
    }
}

/// Says whether a URL names this machine's loopback, by address or as `localhost`.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => is_localhost(name),
        None => false,
    }
}

/// Says whether a name is `localhost` or under it (RFC 6761).
pub(super) fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Returns a URL's host and port, the usual port of its scheme included.
pub(super) fn host_and_port(url: &Url) -> Option<String> {
    let host = url.host_str()?.to_ascii_lowercase();
    Some(format!("{host}:{}", url.port_or_known_default()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_inside_from_outside() {
        for (address, want) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("0.0.0.0", true),
            ("10.1.2.3", true),
            ("172.16.0.1", true),
            ("172.32.0.1", false),
            ("192.168.1.1", true),
            ("169.254.169.254", true),
            ("100.100.100.200", true),
            ("100.128.0.1", false),
            ("192.0.0.192", true),
            ("198.18.0.1", true),
            ("224.0.0.1", true),
            ("255.255.255.255", true),
            ("8.8.8.8", false),
            ("142.250.1.141", false),
            ("::", true),
            ("::1", true),
            ("fe80::1", true),
            ("fec0::1", true),
            ("fd00:ec2::254", true),
            ("ff02::1", true),
            ("::ffff:127.0.0.1", true),
            ("::ffff:8.8.8.8", false),
            ("::127.0.0.1", true),
            ("64:ff9b::7f00:1", true),
            ("64:ff9b::808:808", false),
            ("64:ff9b:1::1", true),
            ("2002:7f00:1::", true),
            ("2001:4860:4860::8888", false),
        ] {
            let parsed: IpAddr = address.parse().expect("a literal");
            assert_eq!(is_internal(parsed), want, "{address}");
        }
    }

    #[test]
    fn tells_links_and_metadata_from_networks() {
        for (address, want) in [
            ("169.254.169.254", true),
            ("169.254.0.1", true),
            ("::ffff:169.254.169.254", true),
            ("64:ff9b::a9fe:a9fe", true),
            ("fe80::1", true),
            ("febf::1", true),
            ("fec0::1", false),
            ("100.100.100.200", true),
            ("100.100.100.201", false),
            ("fd00:ec2::254", true),
            ("fd00:ec2::253", false),
            ("10.0.0.1", false),
            ("127.0.0.1", false),
            ("::1", false),
            ("8.8.8.8", false),
        ] {
            let parsed: IpAddr = address.parse().expect("a literal");
            assert_eq!(is_link_local(parsed), want, "{address}");
        }
    }
}
