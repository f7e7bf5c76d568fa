//! Names of sections that are too narrow to hold them, beside the bar.

use std::ops::Range;

use super::LETTER_WIDTH;
use super::scale::Spot;
use crate::report::figure::{LayoutFile, LayoutSection};

/// Rows of labels beside one bar; what finds no room is in the table.
const ROWS_MAX: u8 = 3;

/// Room kept between two labels of a row.
const APART: f64 = 8.0;

/// The longest name shown.
const LETTERS_MAX: usize = 32;

/// One name and where it stands.
#[derive(Debug, PartialEq)]
pub(super) struct Label<'a> {
    /// The name.
    pub(super) text: &'a str,
    /// Where its section's middle is.
    pub(super) anchor: f64,
    /// Where the text begins.
    pub(super) x: f64,
    /// Which row, counted from the bar.
    pub(super) row: u8,
}

/// Says whether a section's name stands inside it.
pub(super) fn fits_inside(name: &str, spot: &Spot) -> bool {
    text_width(name) + APART <= spot.width
}

/// Finds room for the names of sections that differ and are too narrow for
/// them; a label never lies over another, nor over another's leader.
pub(super) fn place<'a>(file: &'a LayoutFile, bar: &[Spot], width: f64) -> Vec<Label<'a>> {
    let wanted = |(section, spot): &(&LayoutSection, &Spot)| {
        section.differing > 0
            && !fits_inside(&section.name, spot)
            && section.name.chars().count() <= LETTERS_MAX
    };
    let mut placed: Vec<Label<'a>> = Vec::new();
    for (section, spot) in file.sections.iter().zip(bar).filter(wanted) {
        let anchor = spot.x + spot.width / 2.0;
        let text_width = text_width(&section.name);
        let x = (anchor - text_width / 2.0).min(width - text_width).max(0.0);
        let row = (0..ROWS_MAX).find(|row| is_free(&placed, *row, &(x..x + text_width), anchor));
        if let Some(row) = row {
            placed.push(Label {
                text: &section.name,
                anchor,
                x,
                row,
            });
        }
    }
    placed
}

fn is_free(placed: &[Label<'_>], row: u8, text: &Range<f64>, anchor: f64) -> bool {
    let over = |one: &Range<f64>, at: f64| one.start - 3.0 < at && at < one.end + 3.0;
    placed.iter().all(|other| {
        let theirs = other.x..other.x + text_width(other.text);
        let texts_apart = text.start >= theirs.end + APART || theirs.start >= text.end + APART;
        // A leader passes through the rows nearer to the bar.
        let ours_crosses = row > other.row && over(&theirs, anchor);
        let theirs_crosses = other.row > row && over(text, other.anchor);
        (row != other.row || texts_apart) && !ours_crosses && !theirs_crosses
    })
}

fn text_width(text: &str) -> f64 {
    // Escapes of hidden characters are longer than what they stand for.
    proto::visible::clean(text).chars().count() as f64 * LETTER_WIDTH
}
