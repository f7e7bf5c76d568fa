//! From bytes of a file to places in the picture.

use std::ops::Range;

use crate::report::figure::{LayoutFile, LayoutSection};

/// Width that a section gets at least, where there is room for it.
const SECTION_WIDTH_MIN: f64 = 3.0;

/// The share of the picture that may go to such widenings.
const WIDENED_SHARE_MAX: f64 = 0.4;

/// Steps of the search for the scale; each halves what is open.
const STEPS: usize = 60;

/// Where a section lies in the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spot {
    /// Its left edge.
    pub(super) x: f64,
    /// Its width.
    pub(super) width: f64,
}

/// The places of all sections of both files, at one scale.
#[derive(Debug)]
pub(super) struct Scale {
    /// One bar a file, one spot a section.
    pub(super) bars: [Vec<Spot>; 2],
}

impl Scale {
    /// Fits the longer of the two bars into the width.
    pub(super) fn of(files: &[LayoutFile; 2], width: f64) -> Self {
        let count = files
            .iter()
            .map(|file| {
                file.sections
                    .iter()
                    .filter(|section| must_show(section))
                    .count()
            })
            .max()
            .unwrap_or(0)
            .max(1);
        let least = SECTION_WIDTH_MIN.min(width * WIDENED_SHARE_MAX / count as f64);
        let total = |per_byte: f64, file: &LayoutFile| -> f64 {
            let widths = file.sections.iter();
            widths
                .map(|section| section_width(section, per_byte, least))
                .sum()
        };
        // The width grows with the scale, so the scale is found by halving.
        let (mut low, mut high) = (0.0, width);
        for _ in 0..STEPS {
            let middle = f64::midpoint(low, high);
            if files.iter().all(|file| total(middle, file) <= width) {
                low = middle;
            } else {
                high = middle;
            }
        }
        let bars = [&files[0], &files[1]].map(|file| {
            let mut x = 0.0;
            let spot = |section: &LayoutSection| {
                let spot = Spot {
                    x,
                    width: section_width(section, low, least),
                };
                x += spot.width;
                spot
            };
            file.sections.iter().map(spot).collect()
        });
        Self { bars }
    }

    /// Returns where a range of a file's bytes lies.
    pub(super) fn range(
        &self,
        file: &LayoutFile,
        side: usize,
        bytes: &Range<usize>,
    ) -> Option<Range<f64>> {
        let bar = self.bars.get(side)?;
        let start = at(file, bar, bytes.start)?;
        let end = match bytes.end.checked_sub(1) {
            Some(last) if last >= bytes.start => after(file, bar, last)?,
            _ => start,
        };
        Some(start..end.max(start))
    }
}

/// Padding is as narrow as it is, unless something is hidden in it.
fn must_show(section: &LayoutSection) -> bool {
    section.differing > 0 || !section.name.starts_with("(padding")
}

fn section_width(section: &LayoutSection, per_byte: f64, least: f64) -> f64 {
    let width = section.range.len() as f64 * per_byte;
    if must_show(section) {
        width.max(least)
    } else {
        width
    }
}

/// The left edge of a byte.
fn at(file: &LayoutFile, bar: &[Spot], byte: usize) -> Option<f64> {
    let (section, spot) = holding(file, bar, byte)?;
    Some(spot.x + share(section, byte) * spot.width)
}

/// The right edge of a byte.
fn after(file: &LayoutFile, bar: &[Spot], byte: usize) -> Option<f64> {
    let (section, spot) = holding(file, bar, byte)?;
    Some(spot.x + share(section, byte.saturating_add(1)) * spot.width)
}

fn share(section: &LayoutSection, byte: usize) -> f64 {
    let within = byte
        .saturating_sub(section.range.start)
        .min(section.range.len());
    within as f64 / section.range.len().max(1) as f64
}

fn holding<'a>(
    file: &'a LayoutFile,
    bar: &[Spot],
    byte: usize,
) -> Option<(&'a LayoutSection, Spot)> {
    let index = file
        .sections
        .partition_point(|section| section.range.end <= byte);
    let section = file.sections.get(index)?;
    let spot = bar.get(index)?;
    Some((section, *spot))
}
