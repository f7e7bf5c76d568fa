//! c-compiler, host-linker by name: what C tools left about themselves.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::artifact::Artifact;
use crate::image::elf::is_linker;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    if !pair.both_externally_linked() || pair.a.image.format != pair.b.image.format {
        return Vec::new();
    }
    // The go command asks the C compiler for its version and puts it among the
    // inputs: where those are equal, the text comes from the linking.
    let same_inputs = pair
        .diff
        .pattern
        .is_some_and(|pattern| pattern.0[..3] == [true; 3]);
    let by_comment = if same_inputs {
        Name::HostLinker
    } else {
        Name::CCompiler
    };
    [
        (by_comment, ".comment", compilers(pair.a), compilers(pair.b)),
        (
            Name::HostLinker,
            "linker, as it names itself",
            linkers(pair.a),
            linkers(pair.b),
        ),
    ]
    .into_iter()
    .filter(|(.., a, b)| a != b)
    .map(|(name, place, a, b)| cause(name, place, &a, &b))
    .collect()
}

fn compilers(artifact: &Artifact) -> Vec<String> {
    let texts = artifact.image.producers.iter();
    let mut texts: Vec<String> = texts.filter(|text| !is_linker(text)).cloned().collect();
    texts.sort();
    texts
}

/// GNU ld says nothing of itself in an ELF file; gold, LLD and mold do.
fn linkers(artifact: &Artifact) -> Vec<String> {
    let linkage = &artifact.image.linkage;
    let tools = linkage.platform.iter().flat_map(|platform| &platform.tools);
    let mut texts: Vec<String> = linkage.linker.iter().chain(tools).cloned().collect();
    texts.sort();
    texts
}

fn cause(name: Name, place: &str, a: &[String], b: &[String]) -> Cause {
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
        evidence: vec![Evidence::sides(place, show(a), show(b))],
        fix: "build both in one container image with the C tools pinned, or with CGO_ENABLED=0"
            .into(),
        reach: Reach::Anything,
    }
}
