//! The picture of two files: their sections as two bars at one scale, and bands
//! between the bars where they differ.
//!
//! It is drawn twice, for wide and for narrow pages, because text in a picture
//! shrinks with it; the style sheet shows one of the two.

mod labels;
mod places;
mod scale;

use maud::{Markup, html};
use proto::visible::clean;

use crate::image::Content;
use crate::quantity;
use crate::report::figure::{Layout, LayoutFile, LayoutSection};
use labels::Label;
use places::Band;
use scale::Scale;

/// A width to draw for, in the units of the picture; text is 12 of them high.
const WIDE: f64 = 1000.0;
const NARROW: f64 = 360.0;

/// Room for the line that names a file.
const CAPTION_HEIGHT: f64 = 24.0;
/// Height of a bar.
const BAR_HEIGHT: f64 = 40.0;
/// Height of the strip along a bar's inner edge that says where it differs.
const STRIP_HEIGHT: f64 = 8.0;
/// Room between the bars.
const GAP_HEIGHT: f64 = 56.0;
/// Height of one row of labels.
const LABEL_HEIGHT: f64 = 16.0;
/// Width of a letter at this size, rounded up.
const LETTER_WIDTH: f64 = 7.3;

/// Draws a layout, with its legend.
pub(super) fn draw(layout: &Layout, number: usize) -> Markup {
    html! {
        figure class="picture" {
            div class="wide" { (canvas(layout, WIDE, &format!("picture-{number}-wide"))) }
            div class="narrow" { (canvas(layout, NARROW, &format!("picture-{number}-narrow"))) }
            figcaption { (legend(layout)) }
        }
    }
}

fn canvas(layout: &Layout, width: f64, id: &str) -> Markup {
    let scale = Scale::of(&layout.files, width);
    let bands = places::bands(layout, &scale);
    let above = labels::place(&layout.files[0], &scale.bars[0], width);
    let below = labels::place(&layout.files[1], &scale.bars[1], width);
    let bar_a = CAPTION_HEIGHT + rows_height(&above);
    let bar_b = bar_a + BAR_HEIGHT + GAP_HEIGHT;
    let below_top = bar_b + BAR_HEIGHT;
    let caption_b = below_top + rows_height(&below) + CAPTION_HEIGHT;
    let height = caption_b + 8.0;
    let [a, b] = &layout.files;
    html! {
        svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox=(format!("0 0 {width} {height:.0}"))
            aria-labelledby=(format!("{id}-title {id}-text")) {
            title id=(format!("{id}-title")) { (clean(&layout.title)) }
            desc id=(format!("{id}-text")) { (describe(layout)) }
            (caption(a, 14.0, width))
            (labels(&above, bar_a, -1.0))
            (bar(a, &scale.bars[0], bar_a, true))
            @for band in &bands { (draw_band(band, bar_a, bar_b)) }
            (bar(b, &scale.bars[1], bar_b, false))
            @for band in &bands { (strips(band, bar_a, bar_b)) }
            (labels(&below, below_top, 1.0))
            (caption(b, caption_b, width))
        }
    }
}

fn rows_height(labels: &[Label<'_>]) -> f64 {
    let rows = labels.iter().map(|label| label.row + 1).max().unwrap_or(0);
    // A few units more than the rows keep leaders apart from the bar.
    f64::from(rows) * LABEL_HEIGHT + if rows > 0 { 6.0 } else { 0.0 }
}

fn caption(file: &LayoutFile, y: f64, width: f64) -> Markup {
    let letters = (width / LETTER_WIDTH) as usize;
    let tail = format!(", {}", quantity::size(file.size as u64));
    let room = letters.saturating_sub(tail.len() + file.letter.len() + 4);
    html! {
        text class="caption" x="0" y=(unit(y)) {
            tspan class="letter" { (clean(&file.letter)) }
            "  " (shortened(&clean(&file.path), room)) (tail)
        }
    }
}

/// Cuts the beginning of a path away: its end tells more.
fn shortened(path: &str, letters: usize) -> String {
    let count = path.chars().count();
    if count <= letters {
        return path.to_owned();
    }
    let skip = count - letters.saturating_sub(1).min(count);
    let rest: String = path.chars().skip(skip).collect();
    format!("…{rest}")
}

fn bar(file: &LayoutFile, spots: &[scale::Spot], y: f64, upper: bool) -> Markup {
    // The strip lies on the inner edge; names keep clear of it.
    let text_y = y + if upper { 20.0 } else { BAR_HEIGHT - 13.0 };
    html! {
        g {
            @for (section, spot) in file.sections.iter().zip(spots) {
                g class=(section_class(section)) {
                    title { (section_title(section)) }
                    rect x=(unit(spot.x)) y=(unit(y)) width=(unit(spot.width)) height=(unit(BAR_HEIGHT)) {}
                    @if labels::fits_inside(&section.name, spot) {
                        text x=(unit(spot.x + spot.width / 2.0)) y=(unit(text_y)) text-anchor="middle" {
                            (clean(&section.name))
                        }
                    }
                }
            }
        }
    }
}

fn labels(labels: &[Label<'_>], edge: f64, direction: f64) -> Markup {
    html! {
        g class="labels" {
            @for label in labels {
                @let distance = 6.0 + f64::from(label.row) * LABEL_HEIGHT;
                line x1=(unit(label.anchor)) x2=(unit(label.anchor)) y1=(unit(edge))
                    y2=(unit(edge + direction * distance)) {}
                text x=(unit(label.x)) y=(unit(text_base(edge, direction, distance))) {
                    (clean(label.text))
                }
            }
        }
    }
}

/// Text stands on its base line: below the bar it needs its own height more.
fn text_base(edge: f64, direction: f64, distance: f64) -> f64 {
    if direction < 0.0 {
        edge - distance - 2.0
    } else {
        edge + distance + 11.0
    }
}

fn draw_band(band: &Band, bar_a: f64, bar_b: f64) -> Markup {
    let (top, bottom) = (bar_a + BAR_HEIGHT, bar_b);
    let points = match (&band.a, &band.b) {
        (Some(a), Some(b)) => format!(
            "{:.1},{top:.1} {:.1},{top:.1} {:.1},{bottom:.1} {:.1},{bottom:.1}",
            a.start, a.end, b.end, b.start
        ),
        // On one side only: a wedge that does not reach the other.
        (Some(a), None) => wedge(a, top, top + GAP_HEIGHT / 3.0),
        (None, Some(b)) => wedge(b, bottom, bottom - GAP_HEIGHT / 3.0),
        (None, None) => return html! {},
    };
    html! {
        g class=(band_class(band)) {
            title { (band.title) }
            polygon points=(points) {}
        }
    }
}

fn wedge(range: &std::ops::Range<f64>, base: f64, tip: f64) -> String {
    let middle = f64::midpoint(range.start, range.end);
    format!(
        "{:.1},{base:.1} {:.1},{base:.1} {middle:.1},{tip:.1}",
        range.start, range.end
    )
}

fn strips(band: &Band, bar_a: f64, bar_b: f64) -> Markup {
    let strip = |range: &std::ops::Range<f64>, y: f64| {
        html! {
            rect x=(unit(range.start)) y=(unit(y)) width=(unit(range.end - range.start))
                height=(unit(STRIP_HEIGHT)) {}
        }
    };
    html! {
        g class=(format!("{} strip", band_class(band))) {
            title { (band.title) }
            @if let Some(a) = &band.a { (strip(a, bar_a + BAR_HEIGHT - STRIP_HEIGHT)) }
            @if let Some(b) = &band.b { (strip(b, bar_b)) }
        }
    }
}

fn band_class(band: &Band) -> &'static str {
    if band.stamp { "band stamp" } else { "band" }
}

fn section_class(section: &LayoutSection) -> String {
    let state = if section.differing > 0 {
        " differs"
    } else {
        ""
    };
    format!("section {}{state}", content_class(section.content))
}

fn section_title(section: &LayoutSection) -> String {
    let differs = match section.differing {
        0 => "the same in both".to_owned(),
        bytes => quantity::bytes_differ(bytes),
    };
    format!(
        "{}: {}, {} at {:#x}; {differs}",
        clean(&section.name),
        content_name(section.content),
        quantity::size(section.range.len() as u64),
        section.range.start
    )
}

fn content_class(content: Content) -> &'static str {
    match content {
        Content::Layout => "layout",
        Content::Code => "code",
        Content::Data => "data",
        Content::Symbols => "symbols",
        Content::Notes => "notes",
    }
}

fn content_name(content: Content) -> &'static str {
    match content {
        Content::Layout => "headers, tables and padding",
        Content::Code => "machine code",
        Content::Data => "data",
        Content::Symbols => "symbols and debug information",
        Content::Notes => "notes and signatures",
    }
}

fn describe(layout: &Layout) -> String {
    let [a, b] = &layout.files;
    let differing = |file: &LayoutFile| {
        let differing = file.sections.iter().filter(|section| section.differing > 0);
        let names: Vec<String> = differing
            .take(20)
            .map(|section| clean(&section.name))
            .collect();
        names.join(", ")
    };
    let which = match (differing(a), differing(b)) {
        (a, b) if a.is_empty() && b.is_empty() => "No section differs.".to_owned(),
        (a, b) if a == b => format!("These differ: {a}."),
        (a, b) => format!("These differ: {a} in the first, {b} in the second."),
    };
    format!(
        "{} has {} sections, {} has {}. {which}",
        clean(&a.letter),
        a.sections.len(),
        clean(&b.letter),
        b.sections.len()
    )
}

fn legend(layout: &Layout) -> Markup {
    let kinds = [
        Content::Code,
        Content::Data,
        Content::Symbols,
        Content::Notes,
        Content::Layout,
    ];
    let sections = || layout.files.iter().flat_map(|file| &file.sections);
    let present = |kind: &Content| sections().any(|section| section.content == *kind);
    html! {
        ul class="legend" {
            @for kind in kinds.into_iter().filter(present) {
                li { span class=(format!("swatch {}", content_class(kind))) {} (content_name(kind)) }
            }
            @if layout.places.iter().any(|place| !place.stamp) {
                li { span class="swatch band" {} "differs" }
            }
            @if layout.places.iter().any(|place| place.stamp) {
                li { span class="swatch band stamp" {} "differs, in the names of the builds alone" }
            }
        }
        p class="small" {
            "Both bars are at one scale; what would be too small to see is drawn a little wider. "
            "Point at a part for its name, size and place."
        }
    }
}

/// A length, to a hundredth: finer is not seen and makes the page large.
fn unit(length: f64) -> String {
    let text = format!("{length:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
