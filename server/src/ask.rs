//! How a client asks, beside for what.

use http::HeaderValue;

use crate::serve::peer::ClientAddress;

/// Who asks. Today nobody has to say who he is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Whoever can reach the address.
    Anybody,
}

/// What callers may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody may have everything.
    Open,
    /// Nobody may have anything: shows in tests that every answer passes here.
    #[cfg(test)]
    Closed,
}

impl Access {
    /// Tells whether a caller may have what lies at a request path. Asked before
    /// anything is looked for, in memory too.
    pub(crate) fn permits(self, caller: Caller, _path: &str) -> bool {
        match (self, caller) {
            (Self::Open, Caller::Anybody) => true,
            #[cfg(test)]
            (Self::Closed, Caller::Anybody) => false,
        }
    }
}

/// How a client asks.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Where the client is: the bounds of one client count by it.
    pub(crate) client: ClientAddress,
    /// Only stored things are wanted.
    pub(crate) cached_only: bool,
    /// Another server of our kind asks.
    pub(crate) relayed: bool,
    /// The servers of our kind that the request has passed, ourselves included: the
    /// value of `Sumward-Via` for what is asked on.
    pub(crate) via: HeaderValue,
}
