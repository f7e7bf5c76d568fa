//! Where two byte strings differ, fast when they mostly agree.

use std::ops::Range;

/// Differing bytes closer together than this make one span, so that a changed
/// number or word is one finding.
const JOIN_WITHIN: usize = 16;

/// The most spans kept; the last one then reaches to the last difference.
pub const SPANS_MAX: usize = 1000;

const BLOCK: usize = 4096;

/// The differences of two byte strings of one length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans {
    /// Stretches that begin and end with a differing byte.
    pub spans: Vec<Range<usize>>,
    /// How many bytes differ.
    pub count: usize,
}

/// Compares two byte strings of the same length; the longer one is cut.
pub fn compare(a: &[u8], b: &[u8]) -> Spans {
    let mut found = Spans::default();
    for (index, (a, b)) in a.chunks(BLOCK).zip(b.chunks(BLOCK)).enumerate() {
        if a != b {
            compare_block(a, b, index * BLOCK, &mut found);
        }
    }
    found
}

fn compare_block(a: &[u8], b: &[u8], base: usize, found: &mut Spans) {
    for (offset, (a, b)) in a.iter().zip(b).enumerate() {
        if a != b {
            found.count += 1;
            push(&mut found.spans, base + offset);
        }
    }
}

fn push(spans: &mut Vec<Range<usize>>, at: usize) {
    let full = spans.len() >= SPANS_MAX;
    match spans.last_mut() {
        Some(last) if full || at < last.end + JOIN_WITHIN => last.end = at + 1,
        _ => spans.push(at..at + 1),
    }
}

/// Returns what is left between a common start and a common end.
pub fn middle(a: &[u8], b: &[u8]) -> (Range<usize>, Range<usize>) {
    let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
    let prefix = a.iter().zip(b).take_while(same).count();
    let suffix = a[prefix..]
        .iter()
        .rev()
        .zip(b[prefix..].iter().rev())
        .take_while(same)
        .count();
    (prefix..a.len() - suffix, prefix..b.len() - suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_neighbours_and_counts_every_byte() {
        let a = vec![0; 3 * BLOCK];
        let mut b = a.clone();
        for at in [5, 10, 5000, BLOCK * 2 - 1, BLOCK * 2] {
            b[at] = 1;
        }
        let found = compare(&a, &b);
        assert_eq!(found.count, 5);
        assert_eq!(
            found.spans,
            [5..11, 5000..5001, BLOCK * 2 - 1..BLOCK * 2 + 1]
        );
        assert_eq!(compare(&a, &a), Spans::default());
    }

    #[test]
    fn keeps_a_bounded_number_of_spans() {
        let a = vec![0; 100 * SPANS_MAX];
        let b: Vec<u8> = (0..a.len()).map(|at| u8::from(at % 50 == 0)).collect();
        let found = compare(&a, &b);
        assert_eq!(found.count, 2 * SPANS_MAX);
        assert_eq!(found.spans.len(), SPANS_MAX);
        assert_eq!(found.spans.last().map(|span| span.end), Some(a.len() - 49));
    }

    #[test]
    fn middle_is_what_neither_end_shares() {
        assert_eq!(middle(b"abcXdef", b"abcYYdef"), (3..4, 3..5));
        assert_eq!(middle(b"aaa", b"aaaa"), (3..3, 3..4));
        assert_eq!(middle(b"", b"xy"), (0..0, 0..2));
        assert_eq!(middle(b"same", b"same"), (4..4, 4..4));
    }
}
