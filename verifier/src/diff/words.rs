//! Data in which only addresses differ, of things that moved.

use std::collections::HashMap;
use std::ops::Range;

use super::functions::Moves;
use super::regions::RegionDiff;
use crate::artifact::Artifact;
use crate::goinfo;
use crate::image::{Content, Image, Region};

/// The most differing words looked at in one region.
const WORDS_MAX: usize = 4_000_000;

/// Memory without bytes in the file may follow the last segment this far.
const ZEROED_MAX: u64 = 1 << 30;

/// Says whether every difference of a region of data is an address on both
/// sides, of a place that moved as code shows it to have moved. Two numbers that
/// differ by one amount are not addresses for that.
pub fn are_addresses(a: &Artifact, b: &Artifact, region: &RegionDiff, moves: &Moves) -> bool {
    let (Some(range_a), Some(range_b)) = (&region.a, &region.b) else {
        return false;
    };
    let alike = a.image.machine.is_like(&b.image.machine) && range_a.len() == range_b.len();
    let is_data = region.content == Content::Data && !region.spans.is_empty();
    if !alike || !is_data || !moves.any() {
        return false;
    }
    let word = usize::from(a.image.machine.bits.unwrap_or(64) / 8);
    let address = a.image.address_of(range_a.start).unwrap_or(0);
    let skew = usize::try_from(address % word as u64).unwrap_or(0);
    let (space_a, space_b) = (space(&a.image), space(&b.image));
    let mut left = WORDS_MAX;
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
            let is_address = space_a.contains(&one) && space_b.contains(&other);
            if !is_address || !moves.lead(one, other) || left == 0 {
                return false;
            }
            left -= 1;
        }
    }
    true
}

/// Bytes in one word of a table of relative addresses, on every machine.
const RELATIVE_LEN: usize = 4;

/// Says whether a region of data holds other relative addresses alone: every
/// differing word by as much as a section moved in memory. Windows programs
/// have their imports behind debug information.
pub fn follow_sections(a: &Artifact, b: &Artifact, region: &RegionDiff) -> bool {
    let (Some(range_a), Some(range_b)) = (&region.a, &region.b) else {
        return false;
    };
    if range_a.len() != range_b.len() || region.spans.is_empty() {
        return false;
    }
    let distances = distances(&a.image, &b.image);
    let follows = |at: usize| {
        let value = |artifact: &Artifact, start: usize| {
            let at = start.checked_add(at)?;
            goinfo::number(artifact.bytes(), at, RELATIVE_LEN, &artifact.image)
        };
        let sides = value(a, range_a.start).zip(value(b, range_b.start));
        sides.is_some_and(|(one, other)| distances.contains(&other.wrapping_sub(one)))
    };
    region.spans.iter().all(|span| {
        let mut at = span.a.start - range_a.start;
        let end = span.a.end - range_a.start;
        while at < end {
            if a.bytes().get(range_a.start + at) == b.bytes().get(range_b.start + at) {
                at += 1;
                continue;
            }
            // Such tables need not be aligned, and low bytes are often equal.
            let mut starts = at.saturating_sub(RELATIVE_LEN - 1)..=at;
            let Some(start) = starts.find(|start| follows(*start)) else {
                return false;
            };
            at = start + RELATIVE_LEN;
        }
        true
    })
}

/// By how much sections lie elsewhere in memory.
fn distances(a: &Image, b: &Image) -> Vec<u64> {
    let place = |region: &Region| Some((region.name.clone(), region.address?));
    let others: HashMap<String, u64> = b.regions.iter().filter_map(place).collect();
    let moved = a.regions.iter().filter_map(|region| {
        let (name, address) = place(region)?;
        Some(others.get(&name)?.wrapping_sub(address))
    });
    moved.filter(|distance| *distance != 0).collect()
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::diff::regions::Span;
    use crate::input::Input;

    /// A file with one table, at an address, behind a byte that leaves it unaligned.
    fn table(address: u64, words: [u32; 3]) -> Artifact {
        let words: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        let bytes = [&[0u8][..], &words].concat();
        let mut artifact = Artifact::of(Input {
            path: PathBuf::from("table"),
            bytes: bytes.into(),
            sha256: [0; 32],
            identity: None,
        });
        artifact.image.regions = vec![Region {
            name: ".idata".into(),
            range: 0..13,
            address: Some(address),
            content: Content::Data,
        }];
        artifact
    }

    /// The tables of both files, which differ somewhere.
    fn differing() -> RegionDiff {
        RegionDiff {
            name: ".idata".into(),
            content: Content::Data,
            a: Some(0..13),
            b: Some(0..13),
            differing: 3,
            stamped: 0,
            spans: vec![Span { a: 1..13, b: 1..13 }],
            new: None,
        }
    }

    #[test]
    fn numbers_are_addresses_only_where_things_moved_so() {
        let sides = |after: [u32; 3]| {
            let mut sides = [table(0x9003, [0x8100, 0x77, 0x8200]), table(0x9003, after)];
            for side in &mut sides {
                side.image.machine.bits = Some(32);
                side.image.segments = vec![crate::image::Segment {
                    address: 0x8000,
                    range: 0..13,
                    memory: 0,
                }];
            }
            sides
        };
        let moved = Moves::of(vec![(0x8000, 0x8010), (0x8fff, 0x900f)]);
        let cases = [
            ([0x8110, 0x77, 0x8210], &moved, true),
            // Two numbers that differ by one amount, and nothing moved by it.
            ([0x8108, 0x77, 0x8208], &moved, false),
            ([0x8110, 0x78, 0x8210], &moved, false),
            ([0x8110, 0x77, 0x8210], &Moves::default(), false),
        ];
        for (after, moves, want) in cases {
            let [a, b] = sides(after);
            assert_eq!(
                are_addresses(&a, &b, &differing(), moves),
                want,
                "{after:x?}"
            );
        }
    }

    #[test]
    fn relative_addresses_follow_the_section_that_moved() {
        let before = [0x5010, 0x77, 0x5020];
        let cases = [
            (0x4000, [0x4010, 0x77, 0x4020], true),
            // Another word is no address.
            (0x4000, [0x4010, 0x78, 0x4020], false),
            (0x4000, [0x4010, 0x77, 0x3020], false),
            // Nothing moved.
            (0x5000, [0x4010, 0x77, 0x4020], false),
        ];
        for (address, after, want) in cases {
            let (a, b) = (table(0x5000, before), table(address, after));
            assert_eq!(follow_sections(&a, &b, &differing()), want, "{after:x?}");
        }
    }

    #[test]
    fn only_data_of_machines_alike_and_of_one_length_has_addresses() {
        let moved = Moves::of(vec![(0x8000, 0x8010), (0x8fff, 0x900f)]);
        let holds = |change: fn(&mut Artifact, &mut RegionDiff)| {
            let [a, mut b] = [[0x8100, 0x77, 0x8200], [0x8110, 0x77, 0x8210]].map(|words| {
                let mut file = table(0x9003, words);
                file.image.machine.bits = Some(32);
                file.image.segments = vec![crate::image::Segment {
                    address: 0x8000,
                    range: 0..13,
                    memory: 0,
                }];
                file
            });
            let mut region = differing();
            change(&mut b, &mut region);
            are_addresses(&a, &b, &region, &moved)
        };
        assert!(holds(|_, _| {}));
        assert!(!holds(|b, _| b.image.machine.goarch = Some("386")));
        assert!(!holds(|_, region| region.b = Some(0..9)));
        assert!(!holds(|_, region| region.content = Content::Code));
        assert!(!holds(|_, region| region.spans.clear()));
        assert!(!holds(|_, region| region.a = None));
        assert!(!holds(|_, region| region.b = None));
        // Low numbers are counts, and what lies far behind the program is no address.
        let space = space(&table(0, [0; 3]).image);
        assert_eq!(space, 0x1000..ZEROED_MAX);
    }

    #[test]
    fn relative_addresses_are_looked_for_where_bytes_differ() {
        let holds = |change: fn(&mut RegionDiff)| {
            let (a, b) = (
                table(0x5000, [0x5010, 0x77, 0x5020]),
                table(0x4000, [0x4010, 0x77, 0x4020]),
            );
            let mut region = differing();
            change(&mut region);
            follow_sections(&a, &b, &region)
        };
        assert!(holds(|_| {}));
        assert!(!holds(|region| region.spans.clear()));
        assert!(!holds(|region| region.b = Some(0..9)));
        assert!(!holds(|region| region.a = None));
        assert!(holds(
            |region| region.spans = vec![Span { a: 2..3, b: 2..3 }]
        ));
        // By how much each section that both have lies elsewhere, unless it stayed.
        let (a, b) = (table(0x5000, [0; 3]), table(0x4000, [0; 3]));
        assert_eq!(distances(&a.image, &b.image), [0_u64.wrapping_sub(0x1000)]);
        assert!(distances(&a.image, &a.image).is_empty());
    }
}
