//! `HOST:PORT` as the settings write it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Address;

/// Parses an address to listen on: an IP address or `localhost` and a port, or
/// `:PORT` for every address. No name is resolved.
pub(super) fn parse(text: &str) -> Result<Address, String> {
    parse_tcp(text).map(Address::Tcp)
}

fn parse_tcp(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let wrong = || {
        if text.parse::<u16>().is_ok() {
            format!(
                "`{text}` is a port alone; write 127.0.0.1:{text}, or :{text} for every address"
            )
        } else {
            format!(
                "`{text}` is no address to listen on; write an IP address and a port, such as 127.0.0.1:8080, [::1]:8080 or :8080"
            )
        }
    };
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port = port.parse().map_err(|_| wrong())?;
    let host = match host {
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        // Both families, where the system's IPv6 sockets take IPv4 as well.
        "" => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        _ => return Err(wrong()),
    };
    Ok(SocketAddr::new(host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, want) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:0", "[::1]:0"),
            ("localhost:81", "127.0.0.1:81"),
            (":8080", "[::]:8080"),
        ] {
            assert_eq!(parse(text).map(|a| a.to_string()), Ok(want.to_owned()));
        }
    }

    #[test]
    fn other_things_are_refused() {
        for text in [
            "",
            "example.org:80",
            "1.2.3.4",
            "1.2.3.4:65536",
            "::1:80:",
            "http://a:1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("8080").unwrap_err().contains("127.0.0.1:8080"));
    }
}
