//! sdk-version: a Mach-O file says which system it was built for, and with which
//! SDK.

use super::linking::sure_if_intact;
use super::{Cause, Evidence, Name, Pair, Reach};

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
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
