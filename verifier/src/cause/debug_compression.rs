//! debug-compression: the same debug information, packed on one side only or in
//! another way.

use std::borrow::Cow;

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::artifact::Artifact;
use crate::dwarf::sections::{self, SECTION_MAX};
use crate::image::Region;

/// The most debug sections of one file compared.
const SECTIONS_MAX: usize = 64;

/// More than this no section of a PE file is filled up.
const PE_ALIGNMENT_MAX: usize = 4096;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let of = |artifact| -> Vec<&Region> { debug_regions(artifact) };
    let (ours, theirs) = (of(pair.a), of(pair.b));
    let mut evidence = Vec::new();
    // Everything else in the debug sections has to be equal, too.
    let mut equal = ours.len() == theirs.len();
    for region in ours {
        let other = theirs
            .iter()
            .find(|other| sections::bare(other) == sections::bare(region));
        let Some(other) = other else {
            equal = false;
            continue;
        };
        let packing = |artifact: &Artifact, region: &Region| {
            sections::packing_of(artifact.bytes(), &artifact.image, region)
        };
        let (a, b) = (packing(pair.a, region), packing(pair.b, other));
        if a != b {
            let show = |packing: Option<sections::Packing>, region: &Region| {
                let packing =
                    packing.map_or("packed in an unknown way", |packing| packing.as_str());
                format!("{}, {} bytes, {packing}", region.name, region.range.len())
            };
            let place = format!(
                "debug section {}",
                sections::bare(region).unwrap_or_default()
            );
            evidence.push(Evidence::new(place, show(a, region), show(b, other)));
        }
        equal = equal && same(content(pair.a, region), content(pair.b, other));
    }
    if evidence.is_empty() {
        return Vec::new();
    }
    let summary = if equal {
        "debug information is compressed in different ways, and equal once unpacked"
    } else {
        "debug information is compressed in different ways"
    };
    vec![Cause {
        name: Name::DebugCompression,
        confidence: Confidence::Proven,
        summary: summary.into(),
        evidence,
        fix: "pass -ldflags=-compressdwarf=false (or =true) to both builds; with the host's linker also the same \
              -extldflags=-Wl,--compress-debug-sections=..."
            .into(),
        reach: if equal { Reach::Debug } else { Reach::Stamps },
    }]
}

fn debug_regions(artifact: &Artifact) -> Vec<&Region> {
    let regions = artifact.image.regions.iter();
    let debug = regions.filter(|region| sections::bare(region).is_some());
    debug.take(SECTIONS_MAX).collect()
}

/// Sections of PE files are filled up with zero bytes to a multiple of the
/// alignment, packed ones behind the packed data.
fn same(a: Option<Cow<'_, [u8]>>, b: Option<Cow<'_, [u8]>>) -> bool {
    let (Some(a), Some(b)) = (a, b) else {
        return false;
    };
    let len = a.len().min(b.len());
    let rest = if a.len() > len { &a[len..] } else { &b[len..] };
    a[..len] == b[..len] && rest.len() < PE_ALIGNMENT_MAX && rest.iter().all(|byte| *byte == 0)
}

fn content<'a>(artifact: &'a Artifact, region: &Region) -> Option<Cow<'a, [u8]>> {
    sections::unpack(artifact.bytes(), &artifact.image, region, SECTION_MAX)
}
