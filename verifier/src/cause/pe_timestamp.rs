//! pe-timestamp: the host's linker wrote the time into a PE header.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let (Some(a), Some(b)) = (pair.a.image.timestamp, pair.b.image.timestamp) else {
        return Vec::new();
    };
    if a == b {
        return Vec::new();
    }
    vec![Cause {
        name: Name::PeTimestamp,
        confidence: Confidence::Proven,
        summary: "the PE header has the time of linking".into(),
        evidence: vec![Evidence::new("COFF header: TimeDateStamp", a.to_string(), b.to_string())],
        fix: "pass -ldflags='-extldflags=-Wl,--no-insert-timestamp' to both builds, or link with Go's linker".into(),
        reach: Reach::Stamps,
    }]
}
