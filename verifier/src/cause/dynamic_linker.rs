//! dynamic-linker: the files ask for different ones.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let (Some(a), Some(b)) = (&pair.a.image.interpreter, &pair.b.image.interpreter) else {
        return Vec::new();
    };
    if a == b || pair.links_otherwise() {
        return Vec::new();
    }
    vec![Cause {
        name: Name::DynamicLinker,
        confidence: Confidence::Proven,
        summary: "the files ask for different dynamic linkers".into(),
        evidence: vec![Evidence::new("PT_INTERP", a.as_str(), b.as_str())],
        fix: "build both with CGO_ENABLED=0, on the same C library (glibc or musl), or with the same -ldflags=-I".into(),
        reach: Reach::Anything,
    }]
}
