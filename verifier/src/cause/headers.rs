//! pe-timestamp, sdk-version, dynamic-linker: what a linker wrote into the headers.

use super::linking::sure_if_intact;
use super::{Cause, Confidence, Evidence, Name, Pair, Reach};

/// The host's linker wrote the time into a PE header.
pub(super) fn pe_timestamp(pair: &Pair<'_>) -> Vec<Cause> {
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

/// A Mach-O file says which system it was built for, and with which SDK.
pub(super) fn sdk_version(pair: &Pair<'_>) -> Vec<Cause> {
    let (a, b) = (
        &pair.a.image.linkage.platform,
        &pair.b.image.linkage.platform,
    );
    let (Some(a), Some(b)) = (a, b) else {
        return Vec::new();
    };
    // Go's linker writes versions of its own, which change with Go alone.
    if pair.links_otherwise() || !pair.both_externally_linked() {
        return Vec::new();
    }
    let values = [
        ("system", &a.name, &b.name),
        ("oldest version of the system", &a.minimum, &b.minimum),
        ("SDK", &a.sdk, &b.sdk),
    ];
    let evidence: Vec<Evidence> = values
        .into_iter()
        .filter(|(_, a, b)| a != b)
        .map(|(what, a, b)| Evidence::new(format!("LC_BUILD_VERSION: {what}"), a, b))
        .collect();
    if evidence.is_empty() {
        return Vec::new();
    }
    vec![Cause {
        name: Name::SdkVersion,
        confidence: sure_if_intact(pair),
        summary: "the files were linked for other versions of the system, or with other SDKs".into(),
        evidence,
        fix: "build both with one Xcode (xcode-select, DEVELOPER_DIR) and one MACOSX_DEPLOYMENT_TARGET, or with \
              CGO_ENABLED=0"
            .into(),
        reach: Reach::Anything,
    }]
}

/// The files ask for different dynamic linkers.
pub(super) fn dynamic_linker(pair: &Pair<'_>) -> Vec<Cause> {
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
