//! Both files drawn beside each other.

use std::ops::Range;

use proto::report::figure::{self, Layout, LayoutFile, LayoutSection, Place};

use crate::image::Content;
use crate::report::{Comparison, File, Section, SectionDifference};

pub(super) fn layout(title: String, pair: &Comparison, a: &File, b: &File) -> Layout {
    let [letter_a, letter_b] = pair.letters.clone();
    Layout {
        title,
        files: [
            layout_file(letter_a, a, pair),
            layout_file(letter_b, b, pair),
        ],
        places: pair
            .sections
            .iter()
            .flat_map(|section| places(section, a, b))
            .collect(),
    }
}

fn held(content: Content) -> figure::Content {
    match content {
        Content::Layout => figure::Content::Layout,
        Content::Code => figure::Content::Code,
        Content::Data => figure::Content::Data,
        Content::Symbols => figure::Content::Symbols,
        Content::Notes => figure::Content::Notes,
    }
}

fn layout_file(letter: String, file: &File, pair: &Comparison) -> LayoutFile {
    let differing = |name: &str| {
        let of_name = pair.sections.iter().filter(|section| section.name == name);
        of_name.map(|section| section.differing).max().unwrap_or(0)
    };
    let section = |section: &Section| LayoutSection {
        name: section.name.clone(),
        range: section.offset..section.offset.saturating_add(section.size),
        content: held(section.content),
        differing: differing(&section.name),
    };
    LayoutFile {
        letter,
        path: file.path.clone(),
        size: usize::try_from(file.size).unwrap_or(usize::MAX),
        sections: file.sections.iter().map(section).collect(),
    }
}

/// The listed ranges; or all of a section that is on one side only, or in which
/// only stamps differ.
fn places(section: &SectionDifference, a: &File, b: &File) -> Vec<Place> {
    let place = |a: Option<Range<usize>>, b: Option<Range<usize>>, stamp: bool| Place {
        name: section.name.clone(),
        a,
        b,
        stamp,
    };
    if section.ranges.is_empty() {
        let whole = |file: &File, is_there: bool| {
            let found = file
                .sections
                .iter()
                .find(|other| other.name == section.name);
            found
                .filter(|_| is_there)
                .map(|found| found.offset..found.offset.saturating_add(found.size))
        };
        return vec![place(
            whole(a, section.size_a.is_some()),
            whole(b, section.size_b.is_some()),
            section.stamped == section.differing,
        )];
    }
    let ranges = section.drawn.iter().map(|range| {
        place(
            Some(range.offset_a..range.offset_a.saturating_add(range.size_a)),
            Some(range.offset_b..range.offset_b.saturating_add(range.size_b)),
            false,
        )
    });
    ranges.collect()
}
