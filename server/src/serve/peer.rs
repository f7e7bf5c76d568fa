//! Who asks, as far as the connection tells.

use std::fmt;
use std::net::IpAddr;

/// Where a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientAddress {
    /// At the other end of a TCP connection.
    Ip(IpAddr),
    /// On this machine, at a unix socket.
    Unix,
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// The client of one request. `R` tells the endpoints of a server apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer<R> {
    /// Where the client is.
    pub(crate) address: ClientAddress,
    /// The endpoint it came to.
    pub(crate) role: R,
    /// Whether the connection is neither TLS nor HTTP/2, so that the kernel itself
    /// reads the bytes of an answer. From memory that turns out to be unreadable
    /// (a map of a file that was cut) it then fails to write, and
    /// [`super::unreadable`] tells; where this process reads the bytes, it dies.
    pub(crate) writes_to_kernel: bool,
}
