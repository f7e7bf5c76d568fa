//! c-compiler, host-linker by name: what C tools left in `.comment`.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::compare::Artifact;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let both = !pair.a.image.producers.is_empty() && !pair.b.image.producers.is_empty();
    if !both {
        return Vec::new();
    }
    let lines = |artifact: &Artifact, linker: bool| -> Vec<String> {
        let is_linker = |line: &&String| line.starts_with("Linker:") == linker;
        let mut lines: Vec<String> = artifact
            .image
            .producers
            .iter()
            .filter(is_linker)
            .cloned()
            .collect();
        lines.sort();
        lines
    };
    [(Name::CCompiler, false), (Name::HostLinker, true)]
        .into_iter()
        .filter_map(|(name, linker)| {
            let (a, b) = (lines(pair.a, linker), lines(pair.b, linker));
            (a != b).then(|| cause(name, &a, &b))
        })
        .collect()
}

fn cause(name: Name, a: &[String], b: &[String]) -> Cause {
    let what = if name == Name::CCompiler {
        "C compilers"
    } else {
        "linkers"
    };
    let show = |lines: &[String]| (!lines.is_empty()).then(|| lines.join("; "));
    Cause {
        name,
        confidence: Confidence::Proven,
        summary: format!("the C parts come from different {what}"),
        evidence: vec![Evidence::sides(".comment", show(a), show(b))],
        fix: "build both in one container image with the C tools pinned, or with CGO_ENABLED=0"
            .into(),
        reach: Reach::Anything,
    }
}
