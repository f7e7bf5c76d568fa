//! Places that differ, as bands between the bars.

use std::ops::Range;

use proto::visible::clean;

use super::scale::Scale;
use crate::quantity;
use crate::report::figure::{Layout, Place};

/// The narrowest band, so that one byte can be seen.
const BAND_WIDTH_MIN: f64 = 2.5;

/// Bands closer than this are drawn as one.
const APART_MIN: f64 = 0.75;

/// The most bands drawn.
const BANDS_MAX: usize = 800;

/// One band.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Band {
    /// Its edges on the first bar.
    pub(super) a: Option<Range<f64>>,
    /// Its edges on the second bar.
    pub(super) b: Option<Range<f64>>,
    /// Whether it only names the build.
    pub(super) stamp: bool,
    /// What a reader who points at it sees.
    pub(super) title: String,
}

/// Returns the bands of a layout, those too close to tell apart made one.
pub(super) fn bands(layout: &Layout, scale: &Scale) -> Vec<Band> {
    let mut bands: Vec<(Band, usize)> = Vec::new();
    for place in &layout.places {
        let band = band(layout, scale, place);
        match bands.last_mut() {
            Some((last, count)) if touches(last, &band) => {
                last.a = hull(last.a.take(), band.a);
                last.b = hull(last.b.take(), band.b);
                *count += 1;
            }
            _ => bands.push((band, 1)),
        }
    }
    let title = |(mut band, count): (Band, usize)| {
        if count > 1 {
            band.title = format!("{} and {} more close by", band.title, count - 1);
        }
        Band {
            a: band.a.map(widened),
            b: band.b.map(widened),
            ..band
        }
    };
    bands.into_iter().take(BANDS_MAX).map(title).collect()
}

fn band(layout: &Layout, scale: &Scale, place: &Place) -> Band {
    let [a, b] = &layout.files;
    let side = |range: &Range<usize>, letter: &str| {
        format!(
            "{} {:#x}, {}",
            clean(letter),
            range.start,
            quantity::bytes(range.len())
        )
    };
    let sides = [
        place.a.as_ref().map(|range| side(range, &a.letter)),
        place.b.as_ref().map(|range| side(range, &b.letter)),
    ];
    let sides: Vec<String> = sides.into_iter().flatten().collect();
    let only = if sides.len() == 1 { " only" } else { "" };
    Band {
        a: place.a.as_ref().and_then(|range| scale.range(a, 0, range)),
        b: place.b.as_ref().and_then(|range| scale.range(b, 1, range)),
        stamp: place.stamp,
        title: format!("{} differs: {}{only}", clean(&place.name), sides.join("; ")),
    }
}

fn touches(last: &Band, next: &Band) -> bool {
    let close = |last: &Option<Range<f64>>, next: &Option<Range<f64>>| match (last, next) {
        (Some(last), Some(next)) => {
            next.start - last.end < APART_MIN && last.start - next.end < APART_MIN
        }
        (None, None) => true,
        _ => false,
    };
    last.stamp == next.stamp && close(&last.a, &next.a) && close(&last.b, &next.b)
}

fn hull(one: Option<Range<f64>>, other: Option<Range<f64>>) -> Option<Range<f64>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.start.min(other.start)..one.end.max(other.end)),
        (one, other) => one.or(other),
    }
}

fn widened(range: Range<f64>) -> Range<f64> {
    let missing = BAND_WIDTH_MIN - (range.end - range.start);
    if missing > 0.0 {
        let start = (range.start - missing / 2.0).max(0.0);
        start..start + BAND_WIDTH_MIN
    } else {
        range
    }
}
