//! The last resort: where two files first differ, and what both have there. It needs no
//! format, and is there to look at when nothing else explains a difference.

use std::ops::Range;

use crate::artifact::Artifact;

/// Bytes shown of each side from the first that differs on.
pub const SHOWN_LEN: usize = 16;

/// Where two files first differ outside their stamps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstBytes {
    /// The offset, the same in both.
    pub offset: usize,
    /// The first file's bytes from there on; none where it ends.
    pub a: Vec<u8>,
    /// The second file's.
    pub b: Vec<u8>,
}

impl FirstBytes {
    /// Finds the place; `None` when nothing differs outside the stamps.
    pub fn of(a: &Artifact, b: &Artifact) -> Option<Self> {
        let stamps = |artifact: &Artifact| -> Vec<Range<usize>> {
            let stamps = artifact.go.stamps.iter();
            stamps.map(|stamp| stamp.range.clone()).collect()
        };
        Self::between(a.bytes(), b.bytes(), [stamps(a), stamps(b)].concat())
    }

    fn between(a: &[u8], b: &[u8], mut passed: Vec<Range<usize>>) -> Option<Self> {
        passed.sort_unstable_by_key(|range| range.start);
        let mut at = 0;
        let end = a.len().max(b.len());
        for range in passed.into_iter().chain(std::iter::once(end..end)) {
            if at < range.start.min(end)
                && let Some(offset) = first(a, b, at..range.start.min(end))
            {
                let shown = |bytes: &[u8]| {
                    let rest = bytes.get(offset..).unwrap_or_default();
                    rest[..rest.len().min(SHOWN_LEN)].to_vec()
                };
                return Some(Self {
                    offset,
                    a: shown(a),
                    b: shown(b),
                });
            }
            at = at.max(range.end);
        }
        None
    }
}

/// Finds the first offset in a range at which bytes differ, or one side ends.
fn first(a: &[u8], b: &[u8], range: Range<usize>) -> Option<usize> {
    let end = range.end.min(a.len()).min(b.len());
    let both = range.start..end.max(range.start);
    let [one, other] = [a, b].map(|bytes| bytes.get(both.clone()).unwrap_or_default());
    let differs = one.iter().zip(other).position(|(a, b)| a != b);
    let differs = differs.map(|at| range.start + at);
    differs.or_else(|| (both.end < range.end).then_some(both.end))
}

/// Shows a few bytes: in hexadecimal, and as text where they are text.
pub fn show(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing: it ends there".into();
    }
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let hex = pairs.join(" ");
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.iter().all(|byte| (0x20..0x7f).contains(byte)) => {
            format!("{hex} ({text:?})")
        }
        _ => hex,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_outside_the_stamps_is_shown() {
        let find = |a: &[u8], b: &[u8], passed: &[(usize, usize)]| {
            let passed = passed.iter().map(|(start, end)| *start..*end).collect();
            let found = FirstBytes::between(a, b, passed);
            found.map(|found| (found.offset, show(&found.a), show(&found.b)))
        };
        let said = |offset, a: &str, b: &str| Some((offset, a.to_owned(), b.to_owned()));
        assert_eq!(find(b"same", b"same", &[]), None);
        assert_eq!(
            find(b"abcd", b"abXd", &[]),
            said(2, "63 64 (\"cd\")", "58 64 (\"Xd\")")
        );
        assert_eq!(find(b"abcd", b"abXd", &[(2, 3)]), None);
        assert_eq!(
            find(b"abcd", b"XbcY", &[(0, 2)]),
            said(3, "64 (\"d\")", "59 (\"Y\")")
        );
        let end = "nothing: it ends there";
        assert_eq!(find(b"ab", b"ab\x01", &[]), said(2, end, "01"));
        assert_eq!(find(b"ab", b"ab\x01", &[(0, 1)]), said(2, end, "01"));
        assert_eq!(find(b"", b"\xff", &[]), said(0, end, "ff"));
        assert_eq!(find(b"ab", b"abcd", &[(1, 3)]), said(3, end, "64 (\"d\")"));
    }

    #[test]
    fn stamps_of_either_side_are_passed_over() {
        use crate::goinfo::stamps::{Kind, Stamp};
        let file = |bytes: &[u8], stamp: Option<Range<usize>>| {
            let mut file = crate::diff::made::program(&[(
                ".data",
                crate::image::Content::Data,
                0x1000,
                bytes,
            )]);
            let kind = Kind::Time;
            file.go.stamps = stamp
                .map(|range| Stamp { kind, range })
                .into_iter()
                .collect();
            file
        };
        let long = b"abXdeY 0123456789abcdefgh";
        let (a, b) = (
            file(b"abcdef 0123456789abcdefgh", Some(2..3)),
            file(long, None),
        );
        let found = FirstBytes::of(&a, &b).unwrap();
        assert_eq!(
            (found.offset, found.b.as_slice()),
            (5, &long[5..5 + SHOWN_LEN])
        );
        assert_eq!(FirstBytes::of(&b, &a).unwrap().offset, 5);
        assert_eq!(FirstBytes::of(&a, &a), None);
    }
}
