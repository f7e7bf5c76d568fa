//! Texts that differ as the value of a variable does that the linker set.

use std::ops::Range;

use proto::finding::Evidence;

use crate::cause::{Pair, unexplained};
use crate::diff::RegionDiff;
use crate::diff::regions::Span;
use crate::image::{Content, Format};

/// The longest value of a variable looked for in bytes.
const VALUE_LEN_MAX: usize = 256;

/// Few and short changes of text are what a changed -X value leaves. The linker
/// ends each value by NUL; texts of the source stand side by side.
pub(super) fn small(pair: &Pair<'_>) -> Vec<Evidence> {
    let open = pair
        .diff
        .regions
        .iter()
        .filter(|region| region.differing > region.stamped);
    let spans: Vec<_> = open
        .clone()
        .flat_map(|region| region.spans.iter().map(move |span| (region, span)))
        .collect();
    // A Plan 9 program has its constants among the code.
    let holds_constants = |content: Content| {
        content == Content::Data || content == Content::Code && pair.a.image.format == Format::Plan9
    };
    let small = spans.len() <= 16
        && open
            .clone()
            .all(|region| region.a.is_some() && region.b.is_some())
        && spans.iter().all(|(region, span)| {
            holds_constants(region.content)
                && is_value(pair.a.bytes(), &span.a)
                && is_value(pair.b.bytes(), &span.b)
        });
    if !small {
        return Vec::new();
    }
    let show = |bytes: &[u8], range: &Range<usize>| unexplained::excerpt(bytes, range);
    let evidence = |(region, span): &(&RegionDiff, &Span)| {
        let place = unexplained::place(region, span);
        Evidence::new(
            place,
            show(pair.a.bytes(), &span.a),
            show(pair.b.bytes(), &span.b),
        )
    };
    spans.iter().map(evidence).collect()
}

/// Says whether a stretch lies in a short text between NULs. Among texts of the
/// source, too, one may end by NUL.
fn is_value(bytes: &[u8], span: &Range<usize>) -> bool {
    let is_text = |byte: &u8| (0x20..0x7f).contains(byte);
    let inside = bytes.get(span.clone()).unwrap_or_default();
    let before = bytes.get(..span.start).unwrap_or_default();
    let before = before.iter().rev().take(VALUE_LEN_MAX);
    let begins = before.clone().find(|byte| !is_text(byte)) == Some(&0);
    let behind = bytes.get(span.end..).unwrap_or_default();
    let end = behind
        .iter()
        .take(VALUE_LEN_MAX)
        .position(|byte| !is_text(byte));
    let len = before.take_while(|byte| is_text(byte)).count() + inside.len();
    len < VALUE_LEN_MAX
        && begins
        && inside.iter().all(is_text)
        && end.is_some_and(|end| behind.get(end) == Some(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_texts_ended_by_nul() {
        let long = [b"\0".as_slice(), &b"x".repeat(300), b"value\0"].concat();
        let table: [(&[u8], Range<usize>, bool); 6] = [
            (b"\0value\0", 2..4, true),
            // Texts of the source stand side by side.
            (b"\0one text, another\x01", 2..4, false),
            (b"\xe2one text, cpu.max\0", 2..4, false),
            (b"\0va\xfflue\0", 2..5, false),
            (b"\0cut off", 1..2, false),
            (&long, 302..304, false),
        ];
        for (bytes, span, want) in table {
            assert_eq!(is_value(bytes, &span), want, "{bytes:?}");
        }
    }

    #[test]
    fn few_short_texts_are_what_a_flag_leaves() {
        use crate::artifact::Artifact;
        use crate::diff::Diff;
        use crate::diff::made::program;
        let told = |a: &Artifact, b: &Artifact| -> Vec<Evidence> {
            let diff = Diff::of(a, b);
            small(&Pair::new(a, b, &diff, ["a".into(), "b".into()]))
        };
        let values = |value: &[u8], count: usize| {
            let one = [&[0], value, &[0; 24]].concat();
            one.repeat(count)
        };
        let file = |content, bytes: &[u8]| program(&[(".data", content, 0x1000, bytes)]);
        let count = |content, count: usize| {
            let [a, b] = [b"one", b"two"].map(|value| file(content, &values(value, count)));
            told(&a, &b).len()
        };
        assert_eq!(count(Content::Data, 1), 1);
        assert_eq!(count(Content::Data, 16), 16);
        assert_eq!(count(Content::Data, 17), 0);
        assert_eq!(count(Content::Code, 1), 0);
        assert_eq!(count(Content::Symbols, 1), 0);
        let [mut a, mut b] = [b"one", b"two"].map(|value| file(Content::Code, &values(value, 1)));
        (a.image.format, b.image.format) = (Format::Plan9, Format::Plan9);
        let [shown]: [Evidence; 1] = told(&a, &b).try_into().unwrap();
        assert_eq!(shown.place, ".data at offset 0x1");
        assert_eq!(
            (shown.a.as_deref(), shown.b.as_deref()),
            (Some("\"one\""), Some("\"two\""))
        );
        // One that is no value, and a section that one side lacks, may be anything else.
        let (a, b) = (values(b"one", 1), values(b"two", 1));
        let with = |value: &[u8], more: &[u8]| file(Content::Data, &[value, more].concat());
        assert!(told(&with(&a, b"\x01"), &with(&b, b"\x02")).is_empty());
        let lacking = |name, bytes: &[u8]| {
            program(&[
                (".data", Content::Data, 0x1000, bytes),
                (name, Content::Data, 0x2000, b"\0more\0"),
            ])
        };
        assert!(told(&lacking(".a", &a), &lacking(".b", &b)).is_empty());
        assert_eq!(told(&lacking(".a", &a), &lacking(".a", &b)).len(), 1);
    }

    #[test]
    fn a_value_has_fewer_bytes_than_a_bound() {
        let value = |len: usize| [&[0][..], &vec![b'x'; len], &[0]].concat();
        let fits = |len: usize| is_value(&value(len), &(1..2));
        assert!(fits(1) && fits(200));
        assert!(!is_value(
            &value(VALUE_LEN_MAX + 2),
            &(VALUE_LEN_MAX + 1..VALUE_LEN_MAX + 2)
        ));
        assert!(!is_value(&value(300), &(1..300)));
    }
}
