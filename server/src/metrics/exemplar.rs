//! Examples behind the buckets of a histogram: which trace took so long.
//!
//! Source: OpenMetrics 1.0, "Exemplars"; W3C Trace Context, `traceparent`.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The name of a trace: 16 bytes, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId([u8; 16]);

impl TraceId {
    /// Makes one of bytes; `None` for zeros, which name no trace.
    pub fn new(bytes: [u8; 16]) -> Option<Self> {
        (bytes != [0; 16]).then_some(Self(bytes))
    }

    /// Reads the trace that a `traceparent` header names, where whoever asks records it:
    /// `00-<32 hex digits>-<16 hex digits>-<flags>` with the lowest flag set. An example
    /// that nobody has recorded would lead nowhere.
    pub fn of_traceparent(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace) = (parts.next()?, parts.next()?);
        let (parent, flags) = (parts.next()?, parts.next()?);
        // Versions to come may have more parts, this one may not.
        let is_known = match version {
            "00" => parts.next().is_none(),
            _ => version != "ff" && hex_of::<1>(version).is_some(),
        };
        let [flags] = hex_of(flags)?;
        let is_recorded = flags & 1 == 1;
        let has_parent = hex_of::<8>(parent)? != [0; 8];
        let trace = Self::new(hex_of(trace)?)?;
        (is_known && is_recorded && has_parent).then_some(trace)
    }
}

/// Reads lower-case hex digits, as the standard demands them.
fn hex_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_lower = text.bytes().all(|b| !b.is_ascii_uppercase());
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    is_lower.then_some(bytes)
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A request that is shown as an example.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exemplar {
    trace: TraceId,
    duration: Duration,
    at: SystemTime,
}

impl Exemplar {
    /// Makes one of a request that ends now.
    pub(super) fn now(trace: TraceId, duration: Duration) -> Self {
        Self {
            trace,
            duration,
            at: SystemTime::now(),
        }
    }
}

impl fmt::Display for Exemplar {
    /// As it stands behind a sample: `{trace_id="…"} <seconds> <seconds since 1970>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            trace,
            duration,
            at,
        } = self;
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (seconds, at) = (duration.as_secs_f64(), at.as_millis());
        let (whole, thousandths) = (at / 1000, at % 1000);
        write!(
            f,
            "{{trace_id=\"{trace}\"}} {seconds} {whole}.{thousandths:03}"
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_recorded_trace_is_read() {
        for text in [
            format!("00-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-00f067aa0ba902b7-03"),
            // A version to come.
            format!("01-{TRACE}-00f067aa0ba902b7-01-more"),
        ] {
            let trace = TraceId::of_traceparent(&text).map(|it| it.to_string());
            assert_eq!(trace.as_deref(), Some(TRACE), "{text}");
        }
    }

    #[test]
    fn what_names_no_recorded_trace_is_not() {
        for text in [
            String::new(),
            TRACE.to_owned(),
            format!("00-{TRACE}-00f067aa0ba902b7-00"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", &TRACE[1..]),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("xx-{TRACE}-00f067aa0ba902b7-01"),
        ] {
            assert_eq!(TraceId::of_traceparent(&text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_page(text in "\\PC{0,80}") {
            if let Some(trace) = TraceId::of_traceparent(&text) {
                let printed = trace.to_string();
                prop_assert!(printed.len() == 32 && printed.bytes().all(|b| b.is_ascii_hexdigit()));
            }
        }
    }
}
