//! The header with which a connection begins that a proxy passes on: the PROXY
//! protocol, versions 1 and 2.
//!
//! Version 1 is a line of text:
//!
//! ```
//! use proto::proxy_header::{Next, next};
//!
//! let header = b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\n";
//! let client = "192.0.2.7".parse().unwrap();
//! assert_eq!(next(header), Ok(Next::Whole(Some(client))));
//! ```
//!
//! Version 2 is twelve bytes of signature, a byte of version and command, a byte of
//! address family, the length of the rest in two bytes, addresses, ports and
//! extensions.
//!
//! Source: HAProxy's doc/proxy-protocol.txt.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes of the longest header of version 1, which the protocol fixes.
pub const V1_LEN_MAX: usize = 107;
/// Bytes of the longest header of version 2 that is read. Addresses take at most 216;
/// the rest is for extensions, of which a client certificate is the longest.
pub const V2_LEN_MAX: usize = 16 + 4096;

/// What a reader has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Read so many more bytes. All of them belong to the header.
    Read(usize),
    /// The header is whole. The client is at the address, or the proxy itself is the
    /// client, or something that has no address.
    Whole(Option<IpAddr>),
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// They begin otherwise.
    #[error("not a PROXY protocol header")]
    NotAHeader,
    /// They go on for too long.
    #[error("the PROXY protocol header is longer than {max} bytes")]
    TooLong {
        /// The most that is read.
        max: usize,
    },
    /// The line is not what version 1 says.
    #[error("the line of the PROXY protocol header is malformed")]
    Line,
    /// Neither version 2 nor a command of it.
    #[error("version and command byte {0:#04x} of the PROXY protocol header are not known")]
    Command(u8),
    /// The addresses do not fit in the length.
    #[error("the PROXY protocol header ends within its addresses")]
    Short,
}

/// Looks at the bytes of a header that were read, none at first.
///
/// # Errors
///
/// [`Error::NotAHeader`] for what begins otherwise; each of the others is a header that
/// cannot be understood.
pub fn next(bytes: &[u8]) -> Result<Next, Error> {
    let start = bytes.len().min(START);
    if V2.starts_with(&bytes[..start]) && start == START {
        return v2(bytes);
    }
    let is_v1 = bytes.starts_with(V1) || V1.starts_with(bytes);
    if is_v1 && start == START {
        return v1(bytes);
    }
    if is_v1 || V2.starts_with(bytes) {
        return Ok(Next::Read(START - start));
    }
    Err(Error::NotAHeader)
}

/// How version 1 begins.
const V1: &[u8] = b"PROXY ";
/// How version 2 begins.
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Both are told apart by their first bytes, of which no header has fewer: the
/// shortest of version 1 is `PROXY UNKNOWN\r\n`.
const START: usize = V2.len();

fn v1(bytes: &[u8]) -> Result<Next, Error> {
    let Some(line) = bytes.strip_suffix(b"\n") else {
        if bytes.len() >= V1_LEN_MAX {
            return Err(Error::TooLong { max: V1_LEN_MAX });
        }
        return Ok(Next::Read(1));
    };
    let line = line.strip_suffix(b"\r").ok_or(Error::Line)?;
    let line = std::str::from_utf8(line).map_err(|_| Error::Line)?;
    let parts: Vec<_> = line.split(' ').collect();
    match parts[..] {
        // What else the line says is to be ignored.
        ["PROXY", "UNKNOWN", ..] => Ok(Next::Whole(None)),
        [
            "PROXY",
            family,
            source,
            destination,
            source_port,
            destination_port,
        ] => {
            let is_address = |text: &str| match family {
                "TCP4" => text.parse().ok().map(IpAddr::V4),
                "TCP6" => text.parse().ok().map(IpAddr::V6),
                _ => None,
            };
            let is_port = |text: &str| text.parse::<u16>().is_ok();
            let source = is_address(source).ok_or(Error::Line)?;
            is_address(destination).ok_or(Error::Line)?;
            if !is_port(source_port) || !is_port(destination_port) {
                return Err(Error::Line);
            }
            Ok(Next::Whole(Some(source)))
        }
        _ => Err(Error::Line),
    }
}

fn v2(bytes: &[u8]) -> Result<Next, Error> {
    const FIXED: usize = START + 4;
    let &[command, family, high, low, ref rest @ ..] = &bytes[START..] else {
        return Ok(Next::Read(FIXED - bytes.len()));
    };
    if !matches!(command, LOCAL | PROXY) {
        return Err(Error::Command(command));
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if FIXED + length > V2_LEN_MAX {
        return Err(Error::TooLong { max: V2_LEN_MAX });
    }
    let Some(rest) = rest.get(..length) else {
        return Ok(Next::Read(length - rest.len()));
    };
    // The source comes first.
    let source = match (command, family) {
        (PROXY, TCP4) if length >= 2 * (4 + 2) => rest
            .first_chunk()
            .map(|b: &[u8; 4]| Ipv4Addr::from(*b).into()),
        (PROXY, TCP6) if length >= 2 * (16 + 2) => rest
            .first_chunk()
            .map(|b: &[u8; 16]| Ipv6Addr::from(*b).into()),
        (PROXY, TCP4 | TCP6) => return Err(Error::Short),
        // The proxy speaks for itself, or for what has no IP address.
        _ => None,
    };
    Ok(Next::Whole(source))
}

/// Version 2; the proxy looks whether we are there.
const LOCAL: u8 = 0x20;
/// Version 2; a client's connection is passed on.
const PROXY: u8 = 0x21;
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads as a server does, and returns what is left.
    fn read(bytes: &[u8]) -> Result<(Option<IpAddr>, &[u8]), Error> {
        let mut taken = 0;
        loop {
            match next(&bytes[..taken])? {
                Next::Read(count) => {
                    assert!(count > 0);
                    taken += count;
                    assert!(taken <= V1_LEN_MAX.max(V2_LEN_MAX));
                    if taken > bytes.len() {
                        return Err(Error::Short);
                    }
                }
                Next::Whole(client) => return Ok((client, &bytes[taken..])),
            }
        }
    }

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [V2, &[command, family], &length, body].concat()
    }

    #[test]
    fn reads_headers_and_nothing_of_what_follows() {
        let four = [192, 0, 2, 7, 192, 0, 2, 1, 0xdc, 4, 1, 0xbb];
        let mut six = [0; 36];
        six[..16].copy_from_slice(&"2001:db8::7".parse::<Ipv6Addr>().unwrap().octets());
        let with_extension = [&four[..], &[4, 0, 2, 9, 9]].concat();
        for (header, want) in [
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN and whatever it says\r\n".to_vec(), None),
            (
                b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\n".to_vec(),
                Some("192.0.2.7"),
            ),
            (
                b"PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n".to_vec(),
                Some("2001:db8::7"),
            ),
            (v2(PROXY, TCP4, &four), Some("192.0.2.7")),
            (v2(PROXY, TCP4, &with_extension), Some("192.0.2.7")),
            (v2(PROXY, TCP6, &six), Some("2001:db8::7")),
            (v2(LOCAL, 0, &[]), None),
            (v2(LOCAL, TCP4, &four), None),
            (v2(PROXY, 0x31, &[0; 216]), None),
        ] {
            let bytes = [&header[..], b"GET / HTTP/1.1\r\n"].concat();
            let want = want.map(|text| text.parse().unwrap());
            assert_eq!(read(&bytes), Ok((want, &b"GET / HTTP/1.1\r\n"[..])));
        }
    }

    #[test]
    fn refuses_what_is_no_header() {
        for (bytes, want) in [
            (b"GET / HTTP/1.1\r\n".to_vec(), Error::NotAHeader),
            (b"PROXYTCP4 192.0.2.7".to_vec(), Error::NotAHeader),
            (
                b"PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n".to_vec(),
                Error::Line,
            ),
            (
                b"PROXY TCP4 192.0.2.7 192.0.2.1 1 65536\r\n".to_vec(),
                Error::Line,
            ),
            (
                b"PROXY TCP4 2001:db8::7 192.0.2.1 1 2\r\n".to_vec(),
                Error::Line,
            ),
            (
                b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\n".to_vec(),
                Error::Line,
            ),
            (
                b"PROXY TCP4  192.0.2.7 192.0.2.1 1 2\r\n".to_vec(),
                Error::Line,
            ),
            (
                [b"PROXY UNKNOWN".as_slice(), &[b'x'; 200]].concat(),
                Error::TooLong { max: V1_LEN_MAX },
            ),
            (v2(0x11, TCP4, &[0; 12]), Error::Command(0x11)),
            (v2(0x22, TCP4, &[0; 12]), Error::Command(0x22)),
            (v2(PROXY, TCP4, &[0; 11]), Error::Short),
            (v2(PROXY, TCP6, &[0; 35]), Error::Short),
            (
                v2(PROXY, TCP4, &[0; V2_LEN_MAX]),
                Error::TooLong { max: V2_LEN_MAX },
            ),
        ] {
            assert_eq!(read(&bytes), Err(want), "{}", bytes.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn ends_on_any_bytes(
            start in prop_oneof![Just(V1.to_vec()), Just(V2.to_vec()), Just(Vec::new())],
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let _ = read(&[start, rest].concat());
        }

        #[test]
        fn finds_the_client_that_was_written(source: Ipv4Addr, port: u16) {
            let line = format!("PROXY TCP4 {source} 192.0.2.1 {port} 443\r\n");
            prop_assert_eq!(read(line.as_bytes()), Ok((Some(source.into()), &[][..])));
        }
    }
}
