//! Regions side by side: which differ, by how many bytes, and how many of those
//! bytes only name the build.

use std::collections::HashMap;
use std::ops::Range;

use super::bytes;
use super::moved::new_bytes;
use crate::artifact::Artifact;
use crate::goinfo::stamps::{self, Stamp};
use crate::image::{Content, Region};

/// One region that is not the same in two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionDiff {
    /// The region's name.
    pub name: String,
    /// What it holds.
    pub content: Content,
    /// Its bytes in the first file, if it is there.
    pub a: Option<Range<usize>>,
    /// Its bytes in the second file, if it is there.
    pub b: Option<Range<usize>>,
    /// Differing bytes at equal offsets, and all bytes that only one side has.
    pub differing: usize,
    /// How many of them lie in stamps on both sides.
    pub stamped: usize,
    /// What differs outside the stamps.
    pub spans: Vec<Span>,
    /// What one side has and the other has nowhere in the region, as bytes of
    /// each side; where the region is not code and moving may be all there is.
    /// [`new_content`] finds it.
    pub new: Option<[usize; 2]>,
}

/// A stretch of bytes that differs outside the stamps; offsets in the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The first file's bytes.
    pub a: Range<usize>,
    /// The second file's bytes.
    pub b: Range<usize>,
}

impl Span {
    /// Sets a stretch of each file side by side: where they differ in place or, if one
    /// is longer, all between their common start and end.
    pub fn within([a, b]: [&[u8]; 2], [of_a, of_b]: [&Range<usize>; 2]) -> Vec<Self> {
        let (a, b) = (&a[of_a.clone()], &b[of_b.clone()]);
        if a == b {
            return Vec::new();
        }
        if a.len() != b.len() {
            let (a, b) = bytes::middle(a, b);
            return vec![shifted(&a, of_a.start, &b, of_b.start)];
        }
        let found = bytes::compare(a, b).spans;
        let span = |found: &Range<usize>| shifted(found, of_a.start, found, of_b.start);
        found.iter().map(span).collect()
    }
}

/// The differing bytes of two files added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accounting {
    /// Bytes that differ.
    pub differing: usize,
    /// Those of them that lie in build IDs, build information and signatures.
    pub stamped: usize,
}

impl Accounting {
    /// Adds up regions.
    pub fn of(regions: &[RegionDiff]) -> Self {
        let sum = |count: fn(&RegionDiff) -> usize| regions.iter().map(count).sum();
        Self {
            differing: sum(|region| region.differing),
            stamped: sum(|region| region.stamped),
        }
    }

    /// Returns the differing bytes that only a reason elsewhere can explain.
    pub fn remaining(&self) -> usize {
        self.differing - self.stamped
    }
}

/// Says whether code differs and everything lies where it did.
///
/// Nothing but code differs in what a program loads, its size stays, and so does
/// the table of its functions. Symbols and debug information are not loaded.
pub fn is_in_place(regions: &[RegionDiff]) -> bool {
    let len = |range: &Option<Range<usize>>| range.as_ref().map(Range::len);
    let differs = |region: &&RegionDiff| region.differing > region.stamped;
    let is_code = |region: &RegionDiff| region.content == Content::Code;
    regions.iter().filter(differs).any(is_code)
        && regions
            .iter()
            .filter(differs)
            .all(|region| match region.content {
                Content::Code => len(&region.a) == len(&region.b),
                Content::Symbols => true,
                Content::Data | Content::Layout | Content::Notes => false,
            })
}

/// Compares the regions of two files, paired by name and order, and counts those
/// that are the same.
pub fn compare(a: &Artifact, b: &Artifact) -> (Vec<RegionDiff>, usize) {
    let mut others: HashMap<(&str, usize), usize> = numbered(&b.image.regions)
        .enumerate()
        .map(|(index, key)| (key, index))
        .collect();
    let mut diffs = Vec::new();
    let mut same = 0;
    for (region, key) in a.image.regions.iter().zip(numbered(&a.image.regions)) {
        let other = others.remove(&key).map(|index| &b.image.regions[index]);
        match other {
            _ if is_filler(a, region) && other.is_none_or(|other| is_filler(b, other)) => {}
            None => diffs.push(one_sided(region, true)),
            Some(other) => match pair(a, b, region, other) {
                Some(diff) => diffs.push(diff),
                None => same += 1,
            },
        }
    }
    let mut left: Vec<usize> = others.into_values().collect();
    left.sort_unstable();
    let left = left.into_iter().map(|index| &b.image.regions[index]);
    let left = left.filter(|region| !is_filler(b, region));
    diffs.extend(left.map(|region| one_sided(region, false)));
    (diffs, same)
}

/// Zero bytes between sections follow from the sections' sizes and are no
/// difference of their own. Anything else hidden there is.
fn is_filler(artifact: &Artifact, region: &Region) -> bool {
    let bytes = &artifact.bytes()[region.range.clone()];
    region.name.starts_with("(padding") && bytes.iter().all(|byte| *byte == 0)
}

/// Gives each region its name and which one of that name it is.
fn numbered(regions: &[Region]) -> impl Iterator<Item = (&str, usize)> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    regions.iter().map(move |region| {
        let count = seen.entry(region.name.as_str()).or_default();
        *count += 1;
        (region.name.as_str(), *count)
    })
}

fn one_sided(region: &Region, in_a: bool) -> RegionDiff {
    let there = Some(region.range.clone());
    RegionDiff {
        name: region.name.clone(),
        content: region.content,
        a: if in_a { there.clone() } else { None },
        b: if in_a { None } else { there },
        differing: region.range.len(),
        stamped: 0,
        spans: Vec::new(),
        new: None,
    }
}

fn pair(a: &Artifact, b: &Artifact, region: &Region, other: &Region) -> Option<RegionDiff> {
    let (a_bytes, b_bytes) = (
        &a.bytes()[region.range.clone()],
        &b.bytes()[other.range.clone()],
    );
    if a_bytes == b_bytes {
        return None;
    }
    let found = bytes::compare(a_bytes, b_bytes);
    let longer = a_bytes.len().abs_diff(b_bytes.len());
    let mut diff = RegionDiff {
        name: region.name.clone(),
        content: region.content,
        a: Some(region.range.clone()),
        b: Some(other.range.clone()),
        differing: found.count + longer,
        stamped: 0,
        spans: Vec::new(),
        new: None,
    };
    let (a_stamps, b_stamps) = (&a.go.stamps, &b.go.stamps);
    if longer == 0 {
        let shared = shared_stamps((a_stamps, &region.range), (b_stamps, &other.range));
        for span in found.spans {
            for piece in outside(&span, &shared) {
                if let Some(piece) = trim(a_bytes, b_bytes, piece) {
                    diff.spans.push(shifted(
                        &piece,
                        region.range.start,
                        &piece,
                        other.range.start,
                    ));
                }
            }
        }
        diff.stamped =
            found.count - differing_within(a_bytes, b_bytes, &diff.spans, region.range.start);
        return Some(diff);
    }
    let (a_middle, b_middle) = bytes::middle(a_bytes, b_bytes);
    let span = shifted(&a_middle, region.range.start, &b_middle, other.range.start);
    if is_stamp(&span.a, a_stamps, a.bytes()) && is_stamp(&span.b, b_stamps, b.bytes()) {
        diff.stamped = diff.differing;
    } else {
        diff.spans.push(span);
    }
    Some(diff)
}

/// Fewer differing bytes than this are looked at one by one.
const MOVED_MIN: usize = 4096;

/// Larger regions are not searched for what moved.
const MOVED_REGION_MAX: usize = 256 << 20;

/// Finds what each region has that the other file's has nowhere ([`RegionDiff::new`]), in their
/// order.
pub fn new_content(a: &Artifact, b: &Artifact, regions: &[RegionDiff]) -> Vec<Option<[usize; 2]>> {
    let new = |region: &RegionDiff| {
        let (of_a, of_b) = region.a.clone().zip(region.b.clone())?;
        let fits = region.differing >= MOVED_MIN && of_a.len().max(of_b.len()) <= MOVED_REGION_MAX;
        // Functions say more of code than its bytes do.
        let searched = fits && !matches!(region.content, Content::Code | Content::Layout);
        searched.then(|| new_bytes(&a.bytes()[of_a], &b.bytes()[of_b]))
    };
    regions.iter().map(new).collect()
}

/// Returns the stamps that both sides have at the same place of a region, as
/// offsets in the region.
fn shared_stamps(a: (&[Stamp], &Range<usize>), b: (&[Stamp], &Range<usize>)) -> Vec<Range<usize>> {
    let within =
        |(stamps, region): (&[Stamp], &Range<usize>)| -> Vec<(stamps::Kind, Range<usize>)> {
            let inside =
                |stamp: &&Stamp| stamp.range.start >= region.start && stamp.range.end <= region.end;
            let shift = |range: &Range<usize>| range.start - region.start..range.end - region.start;
            stamps
                .iter()
                .filter(inside)
                .map(|stamp| (stamp.kind, shift(&stamp.range)))
                .collect()
        };
    let theirs = within(b);
    let mut shared = Vec::new();
    for (kind, ours) in within(a) {
        for (_, theirs) in theirs.iter().filter(|(other, _)| *other == kind) {
            let range = ours.start.max(theirs.start)..ours.end.min(theirs.end);
            if !range.is_empty() {
                shared.push(range);
            }
        }
    }
    shared.sort_by_key(|range| range.start);
    shared
}

/// Cuts ranges, sorted by where they begin, out of a span.
pub(crate) fn outside(span: &Range<usize>, covered: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut at = span.start;
    let covered = covered.iter();
    for range in covered.filter(|range| range.start < span.end && span.start < range.end) {
        if at < range.start {
            pieces.push(at..range.start);
        }
        at = at.max(range.end);
    }
    if at < span.end {
        pieces.push(at..span.end);
    }
    pieces
}

/// Shortens a piece to its first and last differing byte.
fn trim(a: &[u8], b: &[u8], piece: Range<usize>) -> Option<Range<usize>> {
    let differs = |at: &usize| a[*at] != b[*at];
    let first = piece.clone().find(differs)?;
    let last = piece.rev().find(differs)?;
    Some(first..last + 1)
}

fn differing_within(a: &[u8], b: &[u8], spans: &[Span], start: usize) -> usize {
    let within = |span: &Span| {
        let range = span.a.start - start..span.a.end - start;
        a[range.clone()]
            .iter()
            .zip(&b[range])
            .filter(|(a, b)| a != b)
            .count()
    };
    spans.iter().map(within).sum()
}

/// Says whether all of a range is stamp or the zero bytes that pad one.
fn is_stamp(range: &Range<usize>, stamps: &[Stamp], bytes: &[u8]) -> bool {
    let ranges: Vec<Range<usize>> = stamps.iter().map(|stamp| stamp.range.clone()).collect();
    outside(range, &ranges)
        .into_iter()
        .all(|piece| bytes[piece].iter().all(|byte| *byte == 0))
}

fn shifted(a: &Range<usize>, a_by: usize, b: &Range<usize>, b_by: usize) -> Span {
    Span {
        a: a.start + a_by..a.end + a_by,
        b: b.start + b_by..b.end + b_by,
    }
}

#[cfg(test)]
mod tests;
