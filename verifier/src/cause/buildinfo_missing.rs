//! buildinfo-missing: one file lacks the build information that Go's linker makes.

use proto::buildinfo::blob;

use super::{Cause, Confidence, Evidence, Name, Pair, Reach, pair};
use crate::artifact::Artifact;
use crate::goinfo::selfcheck::SelfCheck;
use crate::image::Format;

/// Sections that hold nothing else.
const SECTIONS: [&str; 2] = [".go.buildinfo", "__go_buildinfo"];

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    missing(pair).into_iter().collect()
}

fn missing(pair: &Pair<'_>) -> Option<Cause> {
    let format = pair.a.image.format;
    let both_go = pair.a.go.is_go() && pair.b.go.is_go();
    // Go puts none into WebAssembly.
    if !both_go || !format.is_program() || format == Format::Wasm {
        return None;
    }
    let lacks = |artifact: &Artifact| !pair::has_blob(artifact);
    if format != pair.b.image.format || lacks(pair.a) == lacks(pair.b) {
        return None;
    }
    let which = pair.which(lacks)?;
    let lacking = if lacks(pair.a) { pair.a } else { pair.b };
    // What cannot be read is there all the same.
    if SECTIONS
        .iter()
        .any(|name| lacking.image.region(name).is_some())
    {
        return None;
    }
    // Nor is what lies where nobody looks for it, as where a section was made code.
    let bytes = lacking.bytes();
    let mut from = 0;
    while let Some(at) = blob::find(bytes, 0, from) {
        if blob::parse(bytes, at, |_, _| None).is_ok() {
            return None;
        }
        from = at + blob::ALIGN;
    }
    let how = match lacking.go.self_check {
        SelfCheck::Intact(_) | SelfCheck::Signed { .. } => "it was linked without",
        SelfCheck::Changed { .. } => "it was removed after the build",
        SelfCheck::Unknown(_) => "it was removed after the build, or the file was linked without",
    };
    let show = |artifact: &Artifact| {
        let found = artifact.go.build_info.as_ref();
        let found = found.filter(|_| !lacks(artifact));
        found.map(|found| format!("{} bytes at {:#x}", found.range.len(), found.range.start))
    };
    Some(Cause {
        name: Name::BuildinfoMissing,
        confidence: Confidence::Proven,
        summary: format!("{which} has no build information: {how}"),
        evidence: vec![Evidence::sides(
            place(format),
            show(pair.a),
            show(pair.b),
        )],
        fix: "keep the build information in both files (no objcopy --remove-section, no linker script that drops it): \
              without it, nobody can say from which modules and settings a file was built"
            .into(),
        reach: Reach::Sections(&SECTIONS),
    })
}

fn place(format: Format) -> &'static str {
    match format {
        Format::Elf => "section .go.buildinfo",
        Format::MachO | Format::MachOFat => "section __go_buildinfo",
        _ => "build information",
    }
}
