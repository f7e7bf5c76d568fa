//! embedded-file: files that `//go:embed` put into the program.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::goinfo::embedded::{self, Embedded};

/// The most files listed.
const LISTED_MAX: usize = 12;

/// Bytes shown around the first difference.
const SHOWN_BYTES: usize = 48;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    // Equal inputs hold equal files.
    if pair.diff.pattern.is_some_and(|pattern| pattern.0[0]) {
        return Vec::new();
    }
    let files = [
        embedded::read(pair.a.bytes(), &pair.a.image),
        embedded::read(pair.b.bytes(), &pair.b.image),
    ];
    differing(pair, &files).into_iter().collect()
}

type Sides<'a> = [Option<&'a Embedded>; 2];

fn differing(pair: &Pair<'_>, [a, b]: &[Vec<Embedded>; 2]) -> Option<Cause> {
    let mut by_name: BTreeMap<&str, Sides<'_>> = BTreeMap::new();
    for (side, files) in [a, b].into_iter().enumerate() {
        for file in files {
            by_name.entry(&file.name).or_default()[side] = Some(file);
        }
    }
    let content = |side: usize, file: Option<&Embedded>| {
        let bytes = if side == 0 {
            pair.a.bytes()
        } else {
            pair.b.bytes()
        };
        file.and_then(|file| bytes.get(file.range.clone()))
    };
    let differ: Vec<(&str, Sides<'_>)> = by_name
        .into_iter()
        .filter(|(_, [a, b])| content(0, *a) != content(1, *b))
        .collect();
    let (first, _) = differ.first()?;
    let mut marks: Vec<&str> = Vec::new();
    let mut evidence = Vec::new();
    for (name, [a, b]) in differ.iter().take(LISTED_MAX) {
        let (of_a, of_b) = (content(0, *a), content(1, *b));
        if let (Some(a), Some(b)) = (of_a, of_b) {
            marks.extend(mark(a, b));
        }
        let [a, b] = show(of_a, of_b);
        evidence.push(Evidence::sides(format!("embedded file {name}"), a, b));
    }
    marks.sort_unstable();
    marks.dedup();
    let what = match differ.len() {
        1 => format!("the embedded file {first} is not the same"),
        count => format!("{count} embedded files ({first} …) are not the same"),
    };
    let how = if marks.is_empty() {
        String::new()
    } else {
        format!(": {}", marks.join(", "))
    };
    Some(Cause {
        name: Name::EmbeddedFile,
        confidence: Confidence::Proven,
        summary: format!("{what}{how}"),
        evidence,
        fix: fix(&marks),
        // Other code is another cause.
        reach: if code_is_same(pair) {
            Reach::Anything
        } else {
            Reach::Stamps
        },
    })
}

pub(super) fn code_is_same(pair: &Pair<'_>) -> bool {
    let functions = pair.diff.functions.as_ref();
    functions.is_some_and(|functions| functions.counts.differing() + functions.counts.lines == 0)
}

const LINE_ENDS: &str = "only line ends differ";
const LINES: &str = "the same lines in another order";
const GZIP: &str = "gzip streams with their time of packing";
const ZIP: &str = "zip archives, which hold times";
const DATES: &str = "a date or time in it differs";

/// Says what kind of difference two contents have.
pub(super) fn mark(a: &[u8], b: &[u8]) -> Option<&'static str> {
    let without_returns =
        |text: &[u8]| -> Vec<u8> { text.iter().copied().filter(|byte| *byte != b'\r').collect() };
    let lines = |text: &[u8]| {
        let mut lines: Vec<Vec<u8>> = text
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        lines.sort_unstable();
        lines
    };
    if a.starts_with(b"\x1f\x8b") && b.starts_with(b"\x1f\x8b") {
        return (a.get(4..8) != b.get(4..8)).then_some(GZIP);
    }
    if a.starts_with(b"PK\x03\x04") && b.starts_with(b"PK\x03\x04") {
        return Some(ZIP);
    }
    if without_returns(a) == without_returns(b) {
        return Some(LINE_ENDS);
    }
    if a.len() == b.len() && lines(a) == lines(b) {
        return Some(LINES);
    }
    let (middle_a, middle_b) = crate::diff::bytes::middle(a, b);
    let near = |text: &[u8], middle: Range<usize>| {
        let start = middle.start.saturating_sub(24);
        let end = text.len().min(middle.end.saturating_add(24));
        let near = String::from_utf8_lossy(&text[start..end]).into_owned();
        middle.len() <= 32 && has_time(&near)
    };
    (near(a, middle_a) && near(b, middle_b)).then_some(DATES)
}

/// Says whether a text holds a date (2026-01-02) or seconds since 1970.
pub(super) fn has_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_date = |window: &[u8]| {
        window.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-' || *byte == b'/',
            _ => byte.is_ascii_digit(),
        }) && matches!(&window[..2], b"19" | b"20")
    };
    let is_digits = |part: &str| part.len() == 10 && part.starts_with(['1', '2']);
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    bytes.windows(10).any(is_date) || numbers.any(is_digits)
}

pub(super) fn fix(marks: &[&str]) -> String {
    let mut advice = Vec::new();
    for mark in marks {
        advice.push(match *mark {
            LINE_ENDS => "give the file a line in .gitattributes (-text, or text eol=lf), so that core.autocrlf does not change it",
            GZIP => "pack with gzip -n (no time, no name)",
            ZIP => "pack with one fixed time for all entries (zip -X after touch, or SOURCE_DATE_EPOCH)",
            DATES => "leave the time of building out of the file, or take the commit's (SOURCE_DATE_EPOCH)",
            LINES => "sort before writing in the generator",
            _ => continue,
        });
    }
    advice.push("embed files that are committed, and build both from one commit");
    advice.join("; ")
}

/// Shows both contents: their sizes, and the text around the first difference.
pub(super) fn show(a: Option<&[u8]>, b: Option<&[u8]>) -> [Option<String>; 2] {
    let start = match (a, b) {
        (Some(a), Some(b)) => crate::diff::bytes::middle(a, b).0.start,
        _ => 0,
    };
    [a, b].map(|side| {
        let side = side?;
        let from = start.saturating_sub(SHOWN_BYTES / 3).min(side.len());
        let excerpt =
            super::unexplained::excerpt(side, &(from..side.len().min(from + SHOWN_BYTES)));
        Some(format!("{} bytes; at byte {from}: {excerpt}", side.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_kind_of_difference_it_is() {
        let table: [(&[u8], &[u8], Option<&str>); 7] = [
            (b"a\nb\n", b"a\r\nb\r\n", Some(LINE_ENDS)),
            (b"a\nb\nc", b"b\na\nc", Some(LINES)),
            (
                b"\x1f\x8b\x08\0\x01\0\0\0x",
                b"\x1f\x8b\x08\0\x02\0\0\0x",
                Some(GZIP),
            ),
            (
                b"\x1f\x8b\x08\0\x01\0\0\0x",
                b"\x1f\x8b\x08\0\x01\0\0\0y",
                None,
            ),
            (b"PK\x03\x04a", b"PK\x03\x04b", Some(ZIP)),
            (
                br#"{"at": "2026-01-02T03:04:05Z"}"#,
                br#"{"at": "2026-01-02T03:04:06Z"}"#,
                Some(DATES),
            ),
            (b"one", b"two", None),
        ];
        for (a, b, want) in table {
            assert_eq!(mark(a, b), want, "{}", String::from_utf8_lossy(a));
        }
    }

    #[test]
    fn dates_and_seconds_are_times() {
        for (text, want) in [
            ("built 2026-01-02", true),
            ("built 1999/12/31 here", true),
            ("2126-01-02", false),
            ("2026-1-2", false),
            ("2026-01-0x", false),
            ("at 1767323045.", true),
            ("at 3767323045", false),
            ("at 17673230456", false),
            ("at 176732304", false),
            ("", false),
        ] {
            assert_eq!(has_time(text), want, "{text}");
        }
    }

    #[test]
    fn what_makes_a_file_differ_is_near_the_difference() {
        let long = |middle: &str| format!("{}{middle}{}", "x".repeat(40), "y".repeat(40));
        let near = |a: &str, b: &str| mark(long(a).as_bytes(), long(b).as_bytes());
        assert_eq!(near("2026-01-02", "2026-01-03"), Some(DATES));
        assert_eq!(near("one", "two"), None);
        let far = |end: &str| format!("2026-01-02{}{end}", "x".repeat(60));
        assert_eq!(mark(far("a").as_bytes(), far("b").as_bytes()), None);
    }

    #[test]
    fn advice_follows_from_the_marks() {
        for (mark, words) in [
            (LINE_ENDS, ".gitattributes"),
            (GZIP, "gzip -n"),
            (ZIP, "zip -X"),
            (DATES, "SOURCE_DATE_EPOCH"),
            (LINES, "sort before writing"),
        ] {
            let advice = fix(&[mark]);
            assert!(advice.contains(words), "{advice}");
            assert!(
                advice
                    .ends_with("; embed files that are committed, and build both from one commit")
            );
        }
        assert_eq!(
            fix(&["another"]),
            "embed files that are committed, and build both from one commit"
        );
    }

    #[test]
    fn contents_are_shown_around_their_first_difference() {
        let (a, b) = (b"one text", b"one test!");
        let [one, other] = show(Some(a), Some(b));
        assert_eq!(one.unwrap(), "8 bytes; at byte 0: \"one text\"");
        assert_eq!(other.unwrap(), "9 bytes; at byte 0: \"one test!\"");
        let [none, some] = show(None, Some(b));
        assert_eq!(
            (none, some.unwrap().as_str()),
            (None, "9 bytes; at byte 0: \"one test!\"")
        );
    }
}
