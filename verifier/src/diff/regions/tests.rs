use super::*;
use crate::diff::made::program;
use crate::goinfo::stamps::Kind;

/// Compares two files of one section of data, with stamps in each.
fn data(a: &[u8], b: &[u8], stamps: [&[(usize, usize)]; 2]) -> Option<RegionDiff> {
    let file = |bytes: &[u8], stamps: &[(usize, usize)]| {
        let mut file = program(&[(".data", Content::Data, 0x1000, bytes)]);
        let stamp = |(start, end): &(usize, usize)| Stamp {
            kind: Kind::Time,
            range: *start..*end,
        };
        file.go.stamps = stamps.iter().map(stamp).collect();
        file
    };
    let (mut found, same) = compare(&file(a, stamps[0]), &file(b, stamps[1]));
    assert_eq!(found.len() + same, 1);
    found.pop()
}

fn spans(region: &RegionDiff) -> Vec<(Range<usize>, Range<usize>)> {
    let spans = region.spans.iter();
    spans.map(|span| (span.a.clone(), span.b.clone())).collect()
}

#[test]
fn bytes_in_stamps_of_both_sides_only_name_the_build() {
    let a = b"one two three four five";
    let b = b"one TWO three FOUR five";
    let none = data(a, b, [&[], &[]]).unwrap();
    assert_eq!((none.differing, none.stamped), (7, 0));
    assert_eq!(spans(&none), [(4..18, 4..18)]);
    let stamp: &[(usize, usize)] = &[(4, 7)];
    let one = data(a, b, [stamp, stamp]).unwrap();
    assert_eq!((one.differing, one.stamped), (7, 3));
    assert_eq!(spans(&one), [(14..18, 14..18)]);
    // On one side alone it is not a stamp, and neither is what only one has of it.
    assert_eq!(data(a, b, [stamp, &[]]).unwrap().stamped, 0);
    let shorter = data(a, b, [stamp, &[(5, 9)]]).unwrap();
    assert_eq!(
        (shorter.stamped, spans(&shorter)),
        (2, vec![(4..5, 4..5), (14..18, 14..18)])
    );
    let all = data(a, b, [&[(4, 7), (14, 18)], &[(4, 7), (14, 18)]]).unwrap();
    assert_eq!((all.stamped, all.spans.len()), (7, 0));
    let accounting = Accounting::of(&[one, all]);
    assert_eq!((accounting.differing, accounting.stamped), (14, 10));
    assert_eq!(accounting.remaining(), 4);
}

#[test]
fn of_two_lengths_the_middle_differs() {
    let longer = data(b"begin X end", b"begin YZ end", [&[], &[]]).unwrap();
    assert_eq!(spans(&longer), [(6..7, 6..8)]);
    assert_eq!((longer.differing, longer.stamped), (6, 0));
    let stamped = data(b"begin X end", b"begin YZ end", [&[(6, 7)], &[(6, 8)]]).unwrap();
    assert_eq!(
        (stamped.differing, stamped.stamped, stamped.spans.len()),
        (6, 6, 0)
    );
    let partly = data(b"begin X end", b"begin YZ end", [&[(6, 7)], &[(6, 7)]]).unwrap();
    assert_eq!(partly.stamped, 0);
    // Zeros behind a stamp fill it up.
    let filled = data(b"begin X\0\0 end", b"begin YZ end", [&[(6, 7)], &[(6, 8)]]);
    assert_eq!(filled.unwrap().spans.len(), 0);
    assert_eq!(data(b"same", b"same", [&[], &[]]), None);
}

#[test]
fn sections_are_paired_by_name_and_order_and_fillers_are_none() {
    let a = program(&[
        (".text", Content::Code, 0x1000, b"code"),
        (".data", Content::Data, 0x2000, b"one"),
        ("(padding)", Content::Layout, 0x2003, b"\0\0"),
        (".data", Content::Data, 0x3000, b"two"),
        (".old", Content::Data, 0x4000, b"gone"),
    ]);
    let b = program(&[
        (".text", Content::Code, 0x1000, b"code"),
        (".data", Content::Data, 0x2000, b"one"),
        (".data", Content::Data, 0x3000, b"TWO"),
        (".new", Content::Data, 0x4000, b"added"),
        ("(padding)", Content::Layout, 0x4005, b"\0\0\0"),
        ("(padding 2)", Content::Layout, 0x4008, b"\0x"),
    ]);
    let (found, same) = compare(&a, &b);
    let short: Vec<_> = found
        .iter()
        .map(|region| {
            (
                region.name.as_str(),
                region.a.clone(),
                region.b.clone(),
                region.differing,
            )
        })
        .collect();
    assert_eq!(
        short,
        [
            (".data", Some(9..12), Some(7..10), 3),
            (".old", Some(12..16), None, 4),
            (".new", None, Some(10..15), 5),
            ("(padding 2)", None, Some(18..20), 2),
        ]
    );
    assert_eq!(same, 2);
}

#[test]
fn code_is_in_place_where_nothing_else_that_is_loaded_differs() {
    let region = |content, a: Range<usize>, b: Range<usize>, stamped| RegionDiff {
        name: "x".into(),
        content,
        a: Some(a),
        b: Some(b),
        differing: 2,
        stamped,
        spans: Vec::new(),
        new: None,
    };
    let code = || region(Content::Code, 0..4, 8..12, 0);
    let holds = |more: RegionDiff| is_in_place(&[code(), more]);
    assert!(is_in_place(&[code()]));
    assert!(!is_in_place(&[]));
    assert!(!is_in_place(&[region(Content::Code, 0..4, 0..5, 0)]));
    assert!(holds(region(Content::Symbols, 0..4, 0..9, 0)));
    for content in [Content::Data, Content::Layout, Content::Notes] {
        assert!(!holds(region(content, 0..4, 0..4, 0)), "{content:?}");
        assert!(holds(region(content, 0..4, 0..9, 2)), "{content:?}");
    }
    assert!(!is_in_place(&[region(Content::Symbols, 0..4, 0..4, 0)]));
}

#[test]
fn what_a_large_region_has_new_is_counted() {
    let old: Vec<u8> = (0..20_000_u32)
        .flat_map(|at| (at * at).to_le_bytes())
        .collect();
    let moved = [&old[400..], &old[..400]].concat();
    let new = |content: Content, one: &[u8], other: &[u8]| {
        let [a, b] = [one, other].map(|bytes| program(&[(".x", content, 0x1000, bytes)]));
        let (regions, _) = compare(&a, &b);
        new_content(&a, &b, &regions)
    };
    let found = new(Content::Data, &old, &moved);
    let [Some([a, b])] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert!(*a < 2000 && *b < 2000, "{a} {b}");
    let one = {
        let mut one = old.clone();
        one[7] ^= 1;
        one
    };
    assert_eq!(new(Content::Data, &old, &one), [None]);
    assert_eq!(new(Content::Code, &old, &moved), [None]);
    // What is on one side only has no other to be found in.
    let (bare, whole) = (
        program(&[]),
        program(&[(".x", Content::Data, 0x1000, &old)]),
    );
    let (regions, _) = compare(&bare, &whole);
    assert_eq!(new_content(&bare, &whole, &regions), [None]);
}

#[test]
fn what_ranges_cover_is_cut_out() {
    let cut = |start: usize, end: usize, covered: &[(usize, usize)]| -> Vec<(usize, usize)> {
        let covered: Vec<Range<usize>> = covered.iter().map(|(start, end)| *start..*end).collect();
        let left = outside(&(start..end), &covered).into_iter();
        left.map(|range| (range.start, range.end)).collect()
    };
    assert_eq!(cut(0, 10, &[(2, 3), (5, 7)]), [(0, 2), (3, 5), (7, 10)]);
    assert_eq!(cut(0, 10, &[(0, 4), (3, 10)]), []);
    assert_eq!(cut(2, 8, &[(0, 2), (0, 3), (7, 20), (8, 9)]), [(3, 7)]);
    assert_eq!(cut(2, 8, &[]), [(2, 8)]);
}

#[test]
fn stretches_of_one_length_are_compared_in_place() {
    let within = |a: &[u8], b: &[u8]| {
        let found = Span::within([a, b], [&(1..a.len()), &(1..b.len())]);
        let spans = found.into_iter();
        spans.map(|span| (span.a, span.b)).collect::<Vec<_>>()
    };
    assert_eq!(within(b"_same", b"-same"), []);
    assert_eq!(within(b"_same", b"_sXme"), [(2..3, 2..3)]);
    assert_eq!(within(b"_same", b"_sXYme"), [(2..3, 2..4)]);
}
