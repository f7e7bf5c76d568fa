//! The mark that a request has come through a sumward, so that a ring of them is found.
//!
//! Each server adds its own name to `Sumward-Via` when it asks an upstream. A
//! server that meets its own name has asked itself, through however many others.

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header: instance names with commas between them, the nearest last.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("sumward-via");

/// Servers in a row that a request may pass. More is taken for a ring, too:
/// it bounds the header, which is sent on.
pub(crate) const HOPS_MAX: usize = 16;

/// Says whether a request has been at this server before, or has passed more than
/// [`HOPS_MAX`] others.
pub(crate) fn via_contains(headers: &HeaderMap, instance: &str) -> bool {
    let mut hops = 0usize;
    for value in headers.get_all(HEADER) {
        for name in value.as_bytes().split(|&b| b == b',') {
            hops += 1;
            if name.trim_ascii() == instance.as_bytes() || hops > HOPS_MAX {
                return true;
            }
        }
    }
    false
}

/// Returns the value to send on: what came in, then this server's name. Values
/// that could not have come from a sumward are left out.
pub(crate) fn via_appended(headers: &HeaderMap, instance: &str) -> Option<HeaderValue> {
    let names = headers
        .get_all(HEADER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|name| is_name(name))
        .take(HOPS_MAX)
        .chain([instance]);
    HeaderValue::from_str(&names.collect::<Vec<_>>().join(", ")).ok()
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().expect("a header value"));
        }
        headers
    }

    #[test]
    fn finds_its_own_name_only() {
        for (values, want) in [
            (&[][..], false),
            (&["other"], false),
            (&["me"], true),
            (&["other, me"], true),
            (&["other,me , third"], true),
            (&["other", "me"], true),
            (&["memory"], false),
            (&["not me"], false),
        ] {
            assert_eq!(via_contains(&headers(values), "me"), want, "{values:?}");
        }
        let long = vec!["x"; HOPS_MAX + 1].join(",");
        assert!(via_contains(&headers(&[&long]), "me"));
    }

    #[test]
    fn what_is_appended_is_found() {
        let mut sent = headers(&["first", "bad name, second"]);
        for _ in 0..3 {
            let value = via_appended(&sent, "me").expect("names make a value");
            sent = HeaderMap::new();
            sent.insert(HEADER, value);
        }
        assert_eq!(sent[HEADER], "first, second, me, me, me");
        assert!(via_contains(&sent, "me"));
    }

    #[test]
    fn the_header_is_bounded() {
        let long = vec!["x"; 5000].join(",");
        let value = via_appended(&headers(&[&long]), "me").expect("names make a value");
        assert!(value.len() <= HOPS_MAX * 66 + 64, "{}", value.len());
    }
}
