//! Stretches of data that hold the same elements in another order.

use std::ops::Range;

use super::regions::RegionDiff;
use crate::compare::Artifact;
use crate::image::Content;

/// Elements this many apart belong to one table, in elements.
const JOIN_WITHIN: usize = 16;

/// The most elements of one table.
const ELEMENTS_MAX: usize = 1 << 20;

/// The most tables kept.
const TABLES_MAX: usize = 100;

/// Single bytes make a table only from this many on; fewer may agree by chance.
const BYTES_MIN: usize = 8;

/// One table in another order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permuted {
    /// The section's name.
    pub region: String,
    /// The first file's bytes, from the first element moved to the last.
    pub a: Range<usize>,
    /// The second file's bytes.
    pub b: Range<usize>,
    /// The size of an element in bytes.
    pub element: usize,
    /// How many elements stand elsewhere.
    pub moved: usize,
}

/// Finds tables in another order; also says how many differing stretches are
/// none.
pub fn compare(a: &Artifact, b: &Artifact, regions: &[RegionDiff]) -> (Vec<Permuted>, usize) {
    let mut tables = Vec::new();
    let mut others = 0;
    for region in regions {
        let (Some(range_a), Some(range_b)) = (&region.a, &region.b) else {
            others += 1;
            continue;
        };
        if region.spans.is_empty() {
            continue;
        }
        if region.content != Content::Data || range_a.len() != range_b.len() {
            others += 1;
            continue;
        }
        let sides = (&a.bytes()[range_a.clone()], &b.bytes()[range_b.clone()]);
        let mut open: Vec<Range<usize>> = region
            .spans
            .iter()
            .map(|span| span.a.start - range_a.start..span.a.end - range_a.start)
            .collect();
        for element in [8, 4, 2, 1] {
            let mut still = Vec::new();
            for stretch in join(&open, element, sides.0.len()) {
                match moved(sides, &stretch, element) {
                    Some(moved) if tables.len() < TABLES_MAX => tables.push(Permuted {
                        region: region.name.clone(),
                        a: range_a.start + stretch.start..range_a.start + stretch.end,
                        b: range_b.start + stretch.start..range_b.start + stretch.end,
                        element,
                        moved,
                    }),
                    _ => still.extend(
                        open.iter()
                            .filter(|span| stretch.contains(&span.start))
                            .cloned(),
                    ),
                }
            }
            open = still;
        }
        others += open.len();
    }
    (tables, others)
}

/// Widens spans to whole elements and joins those near each other.
fn join(spans: &[Range<usize>], element: usize, len: usize) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for span in spans {
        let start = span.start / element * element;
        let end = span.end.next_multiple_of(element).min(len);
        match joined.last_mut() {
            Some(last) if start <= last.end + JOIN_WITHIN * element => last.end = last.end.max(end),
            _ => joined.push(start..end),
        }
    }
    joined
}

/// Returns how many elements moved when both sides hold the same ones.
fn moved((a, b): (&[u8], &[u8]), stretch: &Range<usize>, element: usize) -> Option<usize> {
    let too_few = element == 1 && stretch.len() < BYTES_MIN;
    if stretch.len() / element > ELEMENTS_MAX || too_few || !stretch.len().is_multiple_of(element) {
        return None;
    }
    let (a, b) = (a.get(stretch.clone())?, b.get(stretch.clone())?);
    let moved = a
        .chunks(element)
        .zip(b.chunks(element))
        .filter(|(a, b)| a != b)
        .count();
    let sorted = |side: &[u8]| {
        let number = |bytes: &[u8]| {
            let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
            bytes.iter().fold(0, fold)
        };
        let mut elements: Vec<u64> = side.chunks(element).map(number).collect();
        elements.sort_unstable();
        elements
    };
    (moved >= 2 && sorted(a) == sorted(b)).then_some(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_elements_in_another_order() {
        let words = |words: [u32; 4]| words.map(u32::to_le_bytes).concat();
        let (a, b) = (words([1, 2, 3, 4]), words([4, 2, 1, 3]));
        assert_eq!(moved((&a, &b), &(0..16), 4), Some(3));
        assert_eq!(moved((&a, &b), &(0..16), 8), None);
        let other = words([4, 2, 1, 5]);
        assert_eq!(moved((&a, &other), &(0..16), 4), None);
        // Equal sides have nothing that moved.
        assert_eq!(moved((&a, &a), &(0..16), 4), None);
    }

    #[test]
    fn spans_become_whole_elements() {
        assert_eq!(join(&[9..10, 31..32, 400..401], 8, 500), [8..32, 400..408]);
        assert_eq!(join(&[1..2, 200..201], 8, 204), [0..8, 200..204]);
    }
}
