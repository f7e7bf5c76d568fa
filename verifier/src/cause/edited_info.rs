//! modified-after-build by build information that the build ID belies.
//!
//! Part B of the build ID is made from the build information: modules, settings
//! and the Go version. Where B is equal and they are not, one of them was written
//! over afterwards, and tells nothing of how the program was built.
//!
//! Source: cmd/go/internal/work/exec.go buildActionID ("modinfo")

use super::{Cause, Confidence, Evidence, Name, Pair, Reach, line};
use crate::artifact::Artifact;
use crate::goinfo::selfcheck::SelfCheck;

/// The most fields shown.
const SHOWN_MAX: usize = 12;

pub(super) fn explain(pair: &Pair<'_>) -> Option<Cause> {
    let same_b = pair.diff.pattern.is_some_and(|pattern| pattern.0[1]);
    if !same_b || pair.diff.fields.is_empty() {
        return None;
    }
    let fields = pair.diff.fields.iter().take(SHOWN_MAX);
    let mut evidence: Vec<Evidence> = fields.map(line).collect();
    evidence
        .push(pair.build_ids("Go build ID, part B equal: made from the same build information"));
    let changed = |artifact: &Artifact| matches!(artifact.go.self_check, SelfCheck::Changed { .. });
    let which = pair.which(changed);
    Some(Cause {
        name: Name::ModifiedAfterBuild,
        // Anyone who can forge content IDs that hold can forge the other parts, too.
        confidence: if which.is_some() {
            Confidence::Proven
        } else {
            Confidence::Likely
        },
        summary: format!(
            "the build information of {} was changed after go build wrote it",
            which.as_deref().unwrap_or("one file")
        ),
        evidence,
        fix: "compare the files as go build left them; what the build information says is not how the changed file \
              was built"
            .into(),
        reach: Reach::Stamps,
    })
}
