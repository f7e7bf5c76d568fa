//! Examples behind the buckets of a histogram: which trace took so long.
//!
//! Source: OpenMetrics 1.0, "Exemplars".

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The name of a trace, never zero; prints as 32 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId(pub u128);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
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
