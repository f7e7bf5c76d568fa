//! Which bytes of an answer are wanted.

use http::HeaderMap;
use http::header::{HeaderValue, IF_RANGE, RANGE};

/// What of an answer is sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// All of it.
    Whole,
    /// From one byte up to another.
    Part {
        /// The first byte.
        first: usize,
        /// The byte behind the last.
        end: usize,
    },
    /// There are no such bytes.
    Outside,
}

impl Range {
    /// Reads `Range` (RFC 9110 §14): one range of bytes. Several at once, other
    /// units and a failing `If-Range` get the whole, as the RFC allows.
    pub(super) fn read(etag: &HeaderValue, length: usize, request: &HeaderMap) -> Self {
        if request.get(IF_RANGE).is_some_and(|wanted| wanted != etag) {
            return Self::Whole;
        }
        let Some(spec) = request
            .get(RANGE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("bytes="))
        else {
            return Self::Whole;
        };
        Self::parse(spec, length)
    }

    fn parse(spec: &str, length: usize) -> Self {
        let Some((first, last)) = spec.split_once('-') else {
            return Self::Whole;
        };
        match (first.parse::<usize>(), last.parse::<usize>()) {
            (Ok(first), Ok(last)) if last < first => Self::Whole,
            (Ok(first), _)
                if first >= length && (last.is_empty() || last.parse::<usize>().is_ok()) =>
            {
                Self::Outside
            }
            (Ok(first), Ok(last)) => Self::Part {
                first,
                end: last.saturating_add(1).min(length),
            },
            (Ok(first), Err(_)) if last.is_empty() => Self::Part { first, end: length },
            (Err(_), Ok(0)) if first.is_empty() => Self::Outside,
            (Err(_), Ok(count)) if first.is_empty() && length > 0 => Self::Part {
                first: length.saturating_sub(count),
                end: length,
            },
            _ => Self::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes_is_read() {
        for (spec, want) in [
            ("0-0", Range::Part { first: 0, end: 1 }),
            ("2-", Range::Part { first: 2, end: 10 }),
            ("2-100", Range::Part { first: 2, end: 10 }),
            ("-3", Range::Part { first: 7, end: 10 }),
            ("-30", Range::Part { first: 0, end: 10 }),
            ("10-", Range::Outside),
            ("10-12", Range::Outside),
            ("-0", Range::Outside),
            ("5-4", Range::Whole),
            ("0-1,3-4", Range::Whole),
            ("a-b", Range::Whole),
            ("", Range::Whole),
            ("18446744073709551616-", Range::Whole),
        ] {
            assert_eq!(Range::parse(spec, 10), want, "{spec}");
        }
        assert_eq!(Range::parse("-5", 0), Range::Whole);
        assert_eq!(Range::parse("0-", 0), Range::Outside);
    }
}
