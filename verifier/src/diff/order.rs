//! Stretches of data that hold the same elements in another order.

use std::ops::Range;

use super::regions::RegionDiff;
use crate::artifact::Artifact;
use crate::image::Content;

/// Elements this many apart belong to one table, in elements.
const JOIN_WITHIN: usize = 16;

/// The most elements of one table.
const ELEMENTS_MAX: usize = 1 << 20;

/// The most tables kept.
const TABLES_MAX: usize = 100;

/// Fewer elements that stand elsewhere are as well exchanged by hand.
const MOVED_MIN: usize = 4;

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

/// Finds tables in another order.
pub fn compare(a: &Artifact, b: &Artifact, regions: &[RegionDiff]) -> Vec<Permuted> {
    let mut tables = Vec::new();
    for region in regions {
        let (Some(range_a), Some(range_b)) = (&region.a, &region.b) else {
            continue;
        };
        if region.content != Content::Data || range_a.len() != range_b.len() {
            continue;
        }
        let sides = (&a.bytes()[range_a.clone()], &b.bytes()[range_b.clone()]);
        let mut open: Vec<Range<usize>> = region
            .spans
            .iter()
            .map(|span| span.a.start - range_a.start..span.a.end - range_a.start)
            .collect();
        // The letters of two texts may be the same ones: smaller elements are none.
        for element in [8, 4] {
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
    }
    tables
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
    if stretch.len() / element > ELEMENTS_MAX || !stretch.len().is_multiple_of(element) {
        return None;
    }
    let (a, b) = (a.get(stretch.clone())?, b.get(stretch.clone())?);
    let is_text = |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\t');
    if a.iter().all(is_text) {
        return None;
    }
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
    let (sorted_a, sorted_b) = (sorted(a), sorted(b));
    let mut distinct = sorted_a.clone();
    distinct.dedup();
    let is_many = moved >= MOVED_MIN && distinct.len() >= MOVED_MIN;
    (is_many && sorted_a == sorted_b).then_some(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_elements_in_another_order() {
        let words = |words: [u32; 4]| words.map(u32::to_le_bytes).concat();
        let (a, b) = (words([1, 2, 3, 4]), words([4, 3, 1, 2]));
        assert_eq!(moved((&a, &b), &(0..16), 4), Some(4));
        assert_eq!(moved((&a, &b), &(0..16), 8), None);
        let other = words([4, 3, 1, 5]);
        assert_eq!(moved((&a, &other), &(0..16), 4), None);
        // Equal sides have nothing that moved.
        assert_eq!(moved((&a, &a), &(0..16), 4), None);
    }

    #[test]
    fn what_a_hand_exchanges_is_no_other_order() {
        let words = |words: [u32; 4]| words.map(u32::to_le_bytes).concat();
        let table = words([1, 2, 3, 4]);
        for other in [[1, 3, 2, 4], [4, 2, 1, 3]] {
            assert_eq!(moved((&table, &words(other)), &(0..16), 4), None);
        }
        // Two numbers, however often.
        let (a, b) = (words([1, 2, 1, 2]), words([2, 1, 2, 1]));
        assert_eq!(moved((&a, &b), &(0..16), 4), None);
        let (a, b) = (b"v1.0v1.2v1.3v1.4", b"v1.4v1.0v1.2v1.3");
        assert_eq!(moved((a, b), &(0..16), 4), None);
    }

    #[test]
    fn spans_become_whole_elements() {
        assert_eq!(join(&[9..10, 31..32, 400..401], 8, 500), [8..32, 400..408]);
        assert_eq!(join(&[1..2, 200..201], 8, 204), [0..8, 200..204]);
    }

    #[test]
    fn tables_are_found_where_their_elements_stand_elsewhere() {
        use crate::diff::{made, regions};
        let table = |order: [u64; 4]| {
            let words = [vec![9; 40], order.to_vec(), vec![7; 40]].concat();
            made::words(&words)
        };
        let file = |content, bytes: &[u8]| made::program(&[(".data", content, 0x1000, bytes)]);
        let of = |content, a: &[u8], b: &[u8]| {
            let (a, b) = (file(content, a), file(content, b));
            compare(&a, &b, &regions::compare(&a, &b).0)
        };
        let (a, b) = (table([1, 2, 3, 4]), table([4, 3, 1, 2]));
        let found = of(Content::Data, &a, &b);
        let [one] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(
            (one.region.as_str(), one.element, one.moved),
            (".data", 8, 4)
        );
        assert_eq!((one.a.clone(), one.b.clone()), (320..352, 320..352));
        assert_eq!(of(Content::Code, &a, &b), []);
        assert_eq!(of(Content::Data, &a, &[&b[..], &[0]].concat()), []);
        assert_eq!(of(Content::Data, &a, &table([4, 3, 1, 5])), []);
        // Elements of four bytes are looked for where those of eight are none.
        let halves = |order: [u32; 4]| {
            let order: Vec<u8> = order.iter().flat_map(|half| half.to_le_bytes()).collect();
            [&[9; 80][..], &order, &[7; 80]].concat()
        };
        let found = of(Content::Data, &halves([1, 2, 3, 4]), &halves([4, 3, 1, 2]));
        assert_eq!((found[0].element, found[0].a.clone()), (4, 80..96));
    }

    #[test]
    fn no_more_tables_are_kept_than_a_bound() {
        use crate::diff::{made, regions};
        let file = |order: [u64; 4]| {
            let one = [vec![9; 40], order.to_vec()].concat();
            let words = made::words(&one.repeat(TABLES_MAX + 1));
            made::program(&[(".data", Content::Data, 0x1000, &words)])
        };
        let (a, b) = (file([1, 2, 3, 4]), file([4, 3, 1, 2]));
        let found = compare(&a, &b, &regions::compare(&a, &b).0);
        assert_eq!(found.len(), TABLES_MAX);
    }
}
