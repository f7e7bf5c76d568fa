//! The values that labels take.

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `@v/list`
    List,
    /// `@latest`
    Latest,
    /// `@v/….info`
    Info,
    /// `@v/….mod`
    Mod,
    /// `@v/….zip`
    Zip,
    /// `sumdb/…/supported`
    SumdbSupported,
    /// `sumdb/…/latest`
    SumdbLatest,
    /// `sumdb/…/lookup/…`
    SumdbLookup,
    /// `sumdb/…/tile/…`
    SumdbTile,
    /// Anything else: health, metrics, what is not a module path.
    Other,
}

/// Where the answer to a request was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// In memory.
    Hot,
    /// In the data folder.
    Disk,
    /// Upstream, asked for this request.
    Miss,
    /// Upstream, asked for an earlier request that is still under way.
    Joined,
    /// A remembered "not found".
    Negative,
    /// In the data folder, older than fresh, because upstream failed.
    Stale,
}

/// What came of proving a module version, whether it is then served or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Its hashes are in the database.
    Proved,
    /// A policy exempts it.
    Exempt,
    /// The database has other hashes.
    Mismatch,
    /// The database of our own has logged other hashes: upstream has changed them.
    Drift,
    /// The database does not have it.
    NotInDatabase,
    /// The database's answer is not what it signed.
    BadAnswer,
    /// The database could not be reached.
    Unreachable,
    /// The database is stopped.
    Stopped,
}

/// What came of one request to an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A whole answer.
    Ok,
    /// 404 or 410.
    NotFound,
    /// Another 4xx.
    Refused,
    /// 5xx.
    ServerError,
    /// No connection.
    Connect,
    /// Nothing came for too long.
    Timeout,
    /// The answer ended early, or was not what was asked for.
    Broken,
    /// Not asked, because its breaker is open.
    BreakerOpen,
}

/// The state of an upstream's breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// Requests go through.
    Closed,
    /// One request tries whether upstream is back.
    HalfOpen,
    /// No request goes through.
    Open,
}

/// Why a connection was closed before a request was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Its client address has too many open.
    PerAddress,
    /// The PROXY protocol is spoken, and it does not come from a trusted proxy.
    NotAProxy,
    /// It does not begin with a header of the PROXY protocol.
    ProxyHeader,
    /// No TLS connection came of it.
    Tls,
}

/// Gives an enum its label values and the list of its variants, in order.
macro_rules! labels {
    ($name:ident { $($variant:ident => $label:literal,)+ }) => {
        impl $name {
            pub(super) const ALL: [Self; [$($label),+].len()] = [$(Self::$variant),+];

            pub(crate) fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)+
                }
            }
        }
    };
}

labels!(Kind {
    List => "list",
    Latest => "latest",
    Info => "info",
    Mod => "mod",
    Zip => "zip",
    SumdbSupported => "sumdb_supported",
    SumdbLatest => "sumdb_latest",
    SumdbLookup => "sumdb_lookup",
    SumdbTile => "sumdb_tile",
    Other => "other",
});

labels!(Lookup {
    Hot => "hot",
    Disk => "disk",
    Miss => "miss",
    Joined => "joined",
    Negative => "negative",
    Stale => "stale",
});

labels!(Proof {
    Proved => "proved",
    Exempt => "exempt",
    Mismatch => "mismatch",
    Drift => "drift",
    NotInDatabase => "not_in_database",
    BadAnswer => "bad_answer",
    Unreachable => "unreachable",
    Stopped => "stopped",
});

labels!(Outcome {
    Ok => "ok",
    NotFound => "not_found",
    Refused => "refused",
    ServerError => "server_error",
    Connect => "connect",
    Timeout => "timeout",
    Broken => "broken",
    BreakerOpen => "breaker_open",
});

labels!(Refused {
    PerAddress => "per_address",
    NotAProxy => "not_a_proxy",
    ProxyHeader => "proxy_header",
    Tls => "tls",
});
