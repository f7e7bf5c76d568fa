//! Addresses as the settings write them: to listen on, of proxies, of hosts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use ipnet::IpNet;
use serde_norway::Value;

use super::Address;
use super::kind::{Kind, comma_list};

/// An address to listen on: an IP address or `localhost` and a port, `:PORT` for
/// every address, `unix:/path`, or `systemd:name`. No name is resolved.
pub(super) struct Listen;

impl Kind for Listen {
    type Setting = Address;

    fn parse(text: &str) -> Result<Address, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return parse_unix(path);
        }
        if let Some(name) = text.strip_prefix("systemd:") {
            return parse_inherited(name);
        }
        parse_tcp(text).map(Address::Tcp)
    }

    fn print(address: &Address) -> String {
        address.to_string()
    }
}

fn parse_unix(path: &str) -> Result<Address, String> {
    if !Path::new(path).is_absolute() || path.ends_with('/') {
        return Err(format!(
            "`unix:{path}` has no absolute path of a socket; write unix:/run/sumward/sumward.sock"
        ));
    }
    if path.len() > UNIX_PATH_BYTES_MAX {
        return Err(format!(
            "`unix:{path}` is longer than the {UNIX_PATH_BYTES_MAX} bytes that a socket's path may have"
        ));
    }
    Ok(Address::Unix(path.into()))
}

/// Linux takes 108 bytes with the zero at their end; macOS takes 104.
pub(crate) const UNIX_PATH_BYTES_MAX: usize = 103;

fn parse_inherited(name: &str) -> Result<Address, String> {
    // What systemd accepts as FileDescriptorName=.
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    if name.is_empty() || name.len() > 255 || !name.bytes().all(plain) {
        return Err(format!(
            "`systemd:{name}` does not name a socket as FileDescriptorName= does; write systemd:main"
        ));
    }
    Ok(Address::Inherited(name.to_owned()))
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
                "`{text}` is not an address to listen on; write an IP address and a port, such as 127.0.0.1:8080, [::1]:8080 or :8080, or unix:/path, or systemd:name"
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

/// IP addresses and blocks of them.
pub(super) struct Blocks;

impl Kind for Blocks {
    type Setting = Vec<IpNet>;

    fn parse(text: &str) -> Result<Vec<IpNet>, String> {
        items(text).map(parse_block).collect()
    }

    fn print(blocks: &Vec<IpNet>) -> String {
        let texts: Vec<_> = blocks.iter().map(ToString::to_string).collect();
        texts.join(",")
    }

    fn read(value: &Value) -> Result<Vec<IpNet>, String> {
        Self::parse(&comma_list(value)?)
    }
}

fn parse_block(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.into());
    }
    // Bits of a host in the address of a block say nothing: 10.1.2.3/8 is 10.0.0.0/8.
    text.parse::<IpNet>()
        .map(|block| block.trunc())
        .map_err(|_| {
            format!(
                "`{text}` is neither an IP address nor a block of them; write 10.0.0.5 or 10.0.0.0/8"
            )
        })
}

/// Hosts, each with its port: `cdn.internal:443`.
pub(super) struct HostsAndPorts;

impl Kind for HostsAndPorts {
    type Setting = Vec<String>;

    fn parse(text: &str) -> Result<Vec<String>, String> {
        items(text).map(parse_host_and_port).collect()
    }

    fn print(hosts: &Vec<String>) -> String {
        hosts.join(",")
    }

    fn read(value: &Value) -> Result<Vec<String>, String> {
        Self::parse(&comma_list(value)?)
    }
}

/// Returns host and port in the spelling in which URLs are compared.
fn parse_host_and_port(text: &str) -> Result<String, String> {
    let wrong =
        || format!("`{text}` is not a host with its port; write cdn.internal:443 or [::1]:443");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port: u16 = port.parse().map_err(|_| wrong())?;
    let host = url::Host::parse(host).map_err(|_| wrong())?;
    if port == 0 {
        return Err(wrong());
    }
    Ok(format!("{host}:{port}"))
}

/// The entries of a comma list; empty ones are passed over.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
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
            ("unix:/run/s.sock", "unix:/run/s.sock"),
            ("systemd:main", "systemd:main"),
        ] {
            let address = Listen::parse(text).unwrap();
            assert_eq!(Listen::print(&address), want);
            assert_eq!(Listen::parse(want), Ok(address));
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
            "unix:",
            "unix:run/s.sock",
            "unix:/run/",
            "systemd:",
            "systemd:a:b",
            "systemd:two words",
        ] {
            assert!(Listen::parse(text).is_err(), "{text}");
        }
        let long = format!("unix:/{}", "x".repeat(UNIX_PATH_BYTES_MAX));
        assert!(Listen::parse(&long).is_err());
        assert!(
            Listen::parse("8080")
                .unwrap_err()
                .contains("127.0.0.1:8080")
        );
    }

    #[test]
    fn blocks_are_read_and_printed() {
        for (text, want) in [
            ("", ""),
            ("10.0.0.5", "10.0.0.5/32"),
            ("10.1.2.3/8, ::1", "10.0.0.0/8,::1/128"),
        ] {
            assert_eq!(Blocks::print(&Blocks::parse(text).unwrap()), want);
        }
        for text in ["proxy.example", "10.0.0.0/33", "10.0.0", "10.0.0.1:80"] {
            assert!(Blocks::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hosts_have_ports() {
        for (text, want) in [
            ("CDN.internal:443", "cdn.internal:443"),
            ("[0:0::1]:80", "[::1]:80"),
            ("10.0.0.1:80", "10.0.0.1:80"),
        ] {
            assert_eq!(HostsAndPorts::parse(text), Ok(vec![want.to_owned()]));
        }
        for text in ["cdn.internal", ":443", "a b:1", "a:0", "a:99999", "::1:80"] {
            assert!(HostsAndPorts::parse(text).is_err(), "{text}");
        }
    }
}
