use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::report::figure::Place;

fn file(letter: &str, sizes: &[(usize, bool)]) -> LayoutFile {
    let mut at = 0;
    let section = |(index, (size, differs)): (usize, &(usize, bool))| {
        let range = at..at + size;
        at = range.end;
        LayoutSection {
            name: format!(".section{index}"),
            range,
            content: Content::Data,
            differing: if *differs { (*size).min(1) } else { 0 },
        }
    };
    let sections = sizes.iter().enumerate().map(section).collect();
    LayoutFile {
        letter: letter.into(),
        path: "some/where".into(),
        size: at,
        sections,
    }
}

fn layout(a: &[(usize, bool)], b: &[(usize, bool)], places: Vec<Place>) -> Layout {
    Layout {
        title: "Where they differ".into(),
        files: [file("a", a), file("b", b)],
        places,
    }
}

fn place(a: Option<Range<usize>>, b: Option<Range<usize>>) -> Place {
    Place {
        name: ".section0".into(),
        a,
        b,
        stamp: false,
    }
}

#[test]
fn one_byte_of_a_large_file_can_be_seen_where_it_is() {
    let size = 1 << 30;
    let middle = size / 2;
    let layout = layout(
        &[(size, true)],
        &[(size, true)],
        vec![place(Some(middle..middle + 1), Some(middle..middle + 1))],
    );
    let scale = Scale::of(&layout.files, WIDE);
    let bands = places::bands(&layout, &scale);
    let band = bands[0].a.clone().unwrap();
    assert!(band.end - band.start >= 2.0);
    assert!((f64::midpoint(band.start, band.end) - WIDE / 2.0).abs() < 1.0);
    assert!(
        bands[0].title.contains("a 0x20000000, 1 byte;"),
        "{}",
        bands[0].title
    );
}

#[test]
fn both_bars_have_one_scale() {
    let layout = layout(&[(1_000_000, false)], &[(500_000, true)], Vec::new());
    let scale = Scale::of(&layout.files, WIDE);
    let [a, b] = [scale.bars[0][0].width, scale.bars[1][0].width];
    assert!(
        (a - WIDE).abs() < 0.01 && (b - WIDE / 2.0).abs() < 0.01,
        "{a} {b}"
    );
}

#[test]
fn what_one_side_alone_has_is_a_wedge() {
    let layout = layout(
        &[(100, true), (50, true)],
        &[(100, true)],
        vec![place(Some(100..150), None)],
    );
    let markup = draw(&layout, 0).into_string();
    assert!(markup.contains("a 0x64, 50 bytes only"), "{markup}");
}

fn sizes() -> impl Strategy<Value = Vec<(usize, bool)>> {
    let size = prop_oneof![0_usize..40, 0_usize..5_000_000];
    prop::collection::vec((size, any::<bool>()), 0..60)
}

proptest! {
    #[test]
    fn everything_lies_in_the_picture_and_no_label_over_another(
        a in sizes(), b in sizes(), at in any::<prop::sample::Index>(), narrow in any::<bool>(),
    ) {
        let width = if narrow { NARROW } else { WIDE };
        let total: usize = a.iter().map(|(size, _)| size).sum();
        let byte = at.index(total.max(1));
        let layout = layout(&a, &b, vec![place(Some(byte..byte + 1), Some(byte..byte + 1))]);
        let scale = Scale::of(&layout.files, width);
        for (file, bar) in layout.files.iter().zip(&scale.bars) {
            for (section, spot) in file.sections.iter().zip(bar) {
                prop_assert!(spot.x >= 0.0 && spot.x + spot.width <= width + 0.01);
                prop_assert!(section.differing == 0 || spot.width > 0.5);
            }
            let placed = labels::place(file, bar, width);
            for (index, one) in placed.iter().enumerate() {
                let end = |label: &Label<'_>| label.x + label.text.len() as f64 * LETTER_WIDTH;
                prop_assert!(one.x >= 0.0 && end(one) <= width + 0.01);
                for other in &placed[..index] {
                    prop_assert!(one.row != other.row || end(other) <= one.x || end(one) <= other.x);
                }
            }
        }
        let markup = draw(&layout, 0).into_string();
        prop_assert!(!markup.contains("NaN") && !markup.contains("inf"));
    }
}
