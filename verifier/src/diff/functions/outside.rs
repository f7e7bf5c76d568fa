//! Code that no function of the line table covers: C, the platform's start-up
//! code, whatever lies in sections of its own. Nobody tells what it is, so that
//! other bytes there are never called moved.

use std::ops::Range;

use crate::artifact::Artifact;
use crate::diff::regions::{self, RegionDiff, Span};
use crate::goinfo::functions::Functions;
use crate::image::Content;

/// The most stretches kept.
const SPANS_MAX: usize = 1000;

/// Bytes that only fill up: INT3, zeros, NOP.
const FILLERS: [u8; 3] = [0xcc, 0, 0x90];

/// Returns the stretches of code outside all functions that are not the same.
pub(super) fn compare(
    artifacts: [&Artifact; 2],
    functions: &[Functions<'_>; 2],
    regions: &[RegionDiff],
) -> Vec<Span> {
    let code = regions
        .iter()
        .filter(|region| region.content == Content::Code && region.differing > region.stamped);
    let mut spans = Vec::new();
    for region in code {
        let gaps = |side: usize, range: &Option<Range<usize>>| {
            range.as_ref().map_or_else(Vec::new, |range| {
                gaps(artifacts[side], &functions[side], range)
            })
        };
        pair(
            artifacts,
            &gaps(0, &region.a),
            &gaps(1, &region.b),
            &mut spans,
        );
        if spans.len() >= SPANS_MAX {
            break;
        }
    }
    spans.truncate(SPANS_MAX);
    spans
}

/// Sets the gaps of a section side by side.
fn pair(artifacts: [&Artifact; 2], a: &[Range<usize>], b: &[Range<usize>], spans: &mut Vec<Span>) {
    if a.len() != b.len() {
        // What belongs to what is open.
        let whole = |gaps: &[Range<usize>]| match (gaps.first(), gaps.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => 0..0,
        };
        spans.push(Span {
            a: whole(a),
            b: whole(b),
        });
        return;
    }
    for (one, other) in a.iter().zip(b) {
        spans.extend(Span::within(artifacts.map(Artifact::bytes), [one, other]));
    }
}

/// Returns what no function and no stamp covers of a section, fillers left out.
fn gaps(
    artifact: &Artifact,
    functions: &Functions<'_>,
    region: &Range<usize>,
) -> Vec<Range<usize>> {
    let stamps = artifact.go.stamps.iter().map(|stamp| stamp.range.clone());
    let mut covered: Vec<Range<usize>> = functions
        .all
        .iter()
        .map(|function| function.range.clone())
        .chain(stamps)
        .collect();
    covered.sort_unstable_by_key(|range| range.start);
    let gaps = regions::outside(region, &covered).into_iter();
    gaps.filter_map(|gap| trim(artifact.bytes(), gap)).collect()
}

/// Cuts fillers off both ends.
fn trim(bytes: &[u8], gap: Range<usize>) -> Option<Range<usize>> {
    let is_code = |byte: &u8| !FILLERS.contains(byte);
    let inside = bytes.get(gap.clone())?;
    let first = inside.iter().position(is_code)?;
    let last = inside.iter().rposition(is_code)?;
    Some(gap.start + first..gap.start + last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fillers_are_no_code() {
        let bytes = [0xcc, 0xcc, 0x55, 0, 0x5d, 0x90, 0];
        assert_eq!(trim(&bytes, 0..7), Some(2..5));
        assert_eq!(trim(&bytes, 0..2), None);
        assert_eq!(trim(&bytes, 5..9), None);
    }

    #[test]
    fn as_many_gaps_are_set_side_by_side_and_others_as_a_whole() {
        use crate::diff::made::program;
        let file = |bytes: &[u8]| program(&[(".text", Content::Code, 0x1000, bytes)]);
        let (a, b) = (file(b"one--two"), file(b"one--TWO"));
        let paired = |of_a: &[(usize, usize)], of_b: &[(usize, usize)]| {
            let [of_a, of_b] = [of_a, of_b].map(|gaps| -> Vec<Range<usize>> {
                gaps.iter().map(|(start, end)| *start..*end).collect()
            });
            let mut spans = Vec::new();
            pair([&a, &b], &of_a, &of_b, &mut spans);
            let spans = spans.into_iter();
            spans.map(|span| (span.a, span.b)).collect::<Vec<_>>()
        };
        assert_eq!(paired(&[(0, 3), (5, 8)], &[(0, 3), (5, 8)]), [(5..8, 5..8)]);
        assert_eq!(paired(&[(0, 3), (5, 8)], &[(5, 8)]), [(0..8, 5..8)]);
        assert_eq!(paired(&[], &[(0, 3), (5, 8)]), [(0..0, 0..8)]);
        assert_eq!(paired(&[], &[]), []);
    }
}
