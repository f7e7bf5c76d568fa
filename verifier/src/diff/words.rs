//! Data in which only addresses differ, of things that moved.

use std::ops::Range;

use super::regions::RegionDiff;
use crate::compare::Artifact;
use crate::goinfo;
use crate::image::{Content, Image};

/// The most differing words looked at in one region.
const WORDS_MAX: usize = 4_000_000;

/// Memory without bytes in the file may follow the last segment this far.
const ZEROED_MAX: u64 = 1 << 30;

/// Says whether every difference of a region of data is an address on both
/// sides, of places that moved in runs: a word holds when another one moved by
/// the same distance.
pub fn are_addresses(a: &Artifact, b: &Artifact, region: &RegionDiff) -> bool {
    let (Some(range_a), Some(range_b)) = (&region.a, &region.b) else {
        return false;
    };
    let alike = a.image.machine == b.image.machine && range_a.len() == range_b.len();
    if !alike || region.content != Content::Data || region.spans.is_empty() {
        return false;
    }
    let word = usize::from(a.image.machine.bits.unwrap_or(64) / 8);
    let address = a.image.address_of(range_a.start).unwrap_or(0);
    let skew = usize::try_from(address % word as u64).unwrap_or(0);
    let (space_a, space_b) = (space(&a.image), space(&b.image));
    let mut moved: Vec<(u64, u64)> = Vec::new();
    for span in &region.spans {
        let start = (span.a.start - range_a.start + skew) / word * word;
        for at in (start..span.a.end - range_a.start + skew).step_by(word) {
            let Some(at) = at.checked_sub(skew) else {
                return false;
            };
            let value = |artifact: &Artifact, range: &Range<usize>| {
                goinfo::number(artifact.bytes(), range.start + at, word, &artifact.image)
            };
            let (Some(one), Some(other)) = (value(a, range_a), value(b, range_b)) else {
                return false;
            };
            if one == other {
                continue;
            }
            if !space_a.contains(&one) || !space_b.contains(&other) || moved.len() >= WORDS_MAX {
                return false;
            }
            moved.push((one, other));
        }
    }
    moved.sort_unstable();
    moved.dedup();
    let by = |pair: &(u64, u64)| pair.1.wrapping_sub(pair.0);
    let holds = |index: usize| {
        let like =
            |other: Option<&(u64, u64)>| other.is_some_and(|other| by(other) == by(&moved[index]));
        let before = index.checked_sub(1).and_then(|before| moved.get(before));
        like(before) || like(moved.get(index + 1))
    };
    // One place went to one place.
    let is_clear = moved.windows(2).all(|pair| pair[0].0 != pair[1].0);
    !moved.is_empty() && is_clear && (0..moved.len()).all(holds)
}

fn space(image: &Image) -> Range<u64> {
    let starts = image.segments.iter().map(|segment| segment.address);
    let ends = image
        .segments
        .iter()
        .map(|segment| segment.address.saturating_add(segment.range.len() as u64));
    // Low numbers are counts, not addresses.
    let start = starts.min().unwrap_or(0).max(0x1000);
    start..ends.max().unwrap_or(0).saturating_add(ZEROED_MAX)
}
