//! What changes something, or tells of private modules, is asked for under an address,
//! never under a name.
//!
//! A page in a browser can have any name resolve to this server, and then asks as if it
//! came from here. No name, no harm: an address is what curl was given.

use http::HeaderMap;
use http::header::{HOST, HeaderValue};

use super::refusal::Refusal;

/// Refuses a request under a host name.
///
/// # Errors
/// A refusal that says what to do.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Refusal> {
    if is_asked(headers) {
        return Ok(());
    }
    Err(Refusal::denied(
        "ask by address: nothing is changed under a host name\n",
    ))
}

/// Tells whether a request was sent to an address.
pub(super) fn is_asked(headers: &HeaderMap) -> bool {
    headers.get(HOST).is_none_or(is_address)
}

fn is_address(host: &HeaderValue) -> bool {
    let Ok(host) = host.to_str() else {
        return false;
    };
    let name = host
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map_or_else(
            || host.rsplit_once(':').map_or(host, |(name, _)| name),
            |(name, _)| name,
        );
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_may_be_asked_to_change_something() {
        for (host, want) in [
            ("127.0.0.1:9090", true),
            ("127.0.0.1", true),
            ("[::1]:9090", true),
            ("localhost:9090", true),
            ("evil.example:9090", false),
            ("localhost.evil.example", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            assert_eq!(check(&headers).is_ok(), want, "{host}");
        }
        assert!(check(&HeaderMap::new()).is_ok());
    }
}
