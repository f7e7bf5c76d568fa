//! What the HTML page shows of a comparison or inspection.

mod functions;
mod members;

use std::ops::Range;

use super::figure::{
    Card, Cards, Figure, Layout, LayoutFile, LayoutSection, Place, Row, Table, Value,
};
use super::text::{count, describe, size};
use super::{Comparison, File, Report, SectionDifference, facts};
use crate::compare::name;

/// Rows of one table on the page.
const ROWS_MAX: usize = 400;

/// Comparisons drawn as pictures; more would make the page too long to read.
const PICTURES_MAX: usize = 12;

impl Report {
    /// Returns cards of the files, then for each comparison that is not
    /// identical: the picture, build IDs, build information, sections.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures = vec![Figure::Cards(self.cards())];
        let groups = self.clusters.as_ref().and_then(functions::groups);
        figures.extend(groups.map(Figure::Table));
        let several = self.comparisons.len() > 1;
        for pair in self.comparisons.iter().take(PICTURES_MAX) {
            let [Some(a), Some(b)] = pair.files.map(|index| self.files.get(index)) else {
                continue;
            };
            let titled = |title: &str| match &a.inside {
                Some(inside) => format!("{title}: {}", inside.path.join(": ")),
                None if several => format!("{title}: {} and {}", pair.letters[0], pair.letters[1]),
                None => title.to_owned(),
            };
            let is_same = a.sha256 == b.sha256;
            if is_same && several {
                continue;
            }
            if pair.container.is_some() {
                let tables = members::tables(pair, titled);
                figures.extend(tables.into_iter().map(Figure::Table));
                continue;
            }
            figures.push(Figure::Layout(layout(
                titled(if is_same {
                    "What is in them"
                } else {
                    "Where they differ"
                }),
                pair,
                a,
                b,
            )));
            figures.extend(build_ids(titled("Build ID"), pair, a, b).map(Figure::Table));
            if !is_same {
                figures.extend(build_info(titled("Build information"), pair).map(Figure::Table));
                let functions = functions::tables(&titled("Packages and functions"), pair);
                figures.extend(functions.into_iter().map(Figure::Table));
                figures.push(Figure::Table(sections(titled("Sections"), pair)));
                figures.extend(masked(titled("After masking"), pair).map(Figure::Table));
            }
        }
        if self.comparisons.is_empty() {
            figures.extend(self.files.iter().map(|file| Figure::Table(told(file))));
            figures.extend(
                self.files
                    .iter()
                    .map(|file| Figure::Table(all_sections(file))),
            );
        }
        figures
    }

    fn cards(&self) -> Cards {
        let first = self.files.first().map(|file| file.sha256.as_str());
        let card = |(index, file): (usize, &File)| Card {
            letter: if self.comparisons.is_empty() {
                String::new()
            } else {
                name(index)
            },
            title: file.path.clone(),
            facts: facts(file, index, first),
        };
        Cards {
            title: if self.files.len() == 1 {
                "File"
            } else {
                "Files"
            }
            .into(),
            cards: self
                .files
                .iter()
                .enumerate()
                .filter(|(_, file)| file.inside.is_none())
                .map(card)
                .collect(),
        }
    }
}

fn facts(file: &File, index: usize, first: Option<&str>) -> Vec<(String, Value)> {
    let mut facts = vec![
        ("what".into(), Value::Words(describe(file))),
        (
            "size".into(),
            Value::Words(match file.size {
                few if few < 1024 => size(few),
                many => format!("{} ({many} bytes)", size(many)),
            }),
        ),
        ("sha256".into(), Value::Code(file.sha256.clone())),
    ];
    if index > 0 && first == Some(file.sha256.as_str()) {
        facts.push((
            "bytes".into(),
            Value::Good(format!("the same as {}", name(0))),
        ));
    }
    if file.build_id.is_some() {
        let check = match (file.self_check.status, file.self_check.reason) {
            ("intact", _) => Value::Good("unchanged since go build".into()),
            ("changed", _) => Value::Alarm("changed after go build wrote it".into()),
            (_, Some(reason)) => Value::Words(format!("not possible, {reason}")),
            (_, None) => Value::Words("not possible".into()),
        };
        facts.push(("self-check".into(), check));
    }
    for problem in &file.problems {
        facts.push(("unreadable".into(), Value::Alarm(problem.clone())));
    }
    facts
}

fn layout(title: String, pair: &Comparison, a: &File, b: &File) -> Layout {
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

fn layout_file(letter: String, file: &File, pair: &Comparison) -> LayoutFile {
    let differing = |name: &str| {
        let of_name = pair.sections.iter().filter(|section| section.name == name);
        of_name.map(|section| section.differing).max().unwrap_or(0)
    };
    let section = |section: &super::Section| LayoutSection {
        name: section.name.clone(),
        range: section.offset..section.offset.saturating_add(section.size),
        content: section.content,
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

/// The parts of both build IDs, and what it means where they agree.
fn build_ids(title: String, pair: &Comparison, a: &File, b: &File) -> Option<Table> {
    let (id_a, id_b) = (a.build_id.as_ref(), b.build_id.as_ref());
    if id_a.is_none() && id_b.is_none() {
        return None;
    }
    let parts = id_a
        .and_then(|id| id.parts.as_ref())
        .zip(id_b.and_then(|id| id.parts.as_ref()));
    let rows = match parts {
        Some((a, b)) => vec![
            row("A: what went into the link", &a.A, &b.A),
            row("B: what went into compiling package main", &a.B, &b.B),
            row("C: what compiling package main gave", &a.C, &b.C),
            row("D: the bytes of the program", &a.D, &b.D),
        ],
        None => {
            let text =
                |id: Option<&super::BuildId>| id.map_or("", |id| id.text.as_str()).to_owned();
            vec![row("build ID", &text(id_a), &text(id_b))]
        }
    };
    let mut rows = rows;
    if a.host_id.is_some() || b.host_id.is_some() {
        let value = |file: &File| {
            file.host_id
                .as_ref()
                .map_or_else(String::new, |id| id.value.clone())
        };
        let kind = a
            .host_id
            .as_ref()
            .or(b.host_id.as_ref())
            .map_or("", |id| id.kind);
        rows.push(row(
            if kind == "uuid" {
                "UUID"
            } else {
                "GNU build ID"
            },
            &value(a),
            &value(b),
        ));
    }
    Some(Table {
        title,
        note: match pair.pattern.as_deref() {
            _ if changed(a) || changed(b) => {
                "These are the parts that the files name. One of them was changed afterwards, so its bytes no longer \
                 give its D."
                    .into()
            }
            Some(pattern) => reading(pattern).into(),
            None => String::new(),
        },
        columns: columns("part", pair),
        rows,
        left_out: 0,
    })
}

fn changed(file: &File) -> bool {
    file.self_check.status == "changed"
}

/// What the pattern of equal and different parts says.
fn reading(pattern: &str) -> &'static str {
    match pattern.as_bytes() {
        b"====" => "All four parts agree.",
        [b'=', b'=', b'=', b'X'] => {
            "The same declared inputs gave other bytes: something that Go does not track took part in one of the builds."
        }
        [_, _, b'=', _] => {
            "Package main compiled to the same code; the difference came in elsewhere."
        }
        [_, b'=', b'X', _] => "Equal inputs of package main gave different code.",
        [_, b'X', b'X', _] => "Package main was compiled from different inputs to different code.",
        _ => "",
    }
}

fn build_info(title: String, pair: &Comparison) -> Option<Table> {
    if pair.build_info.is_empty() {
        return None;
    }
    let rows = pair.build_info.iter().take(ROWS_MAX).map(|field| Row {
        values: vec![
            Value::Code(field.field.clone()),
            value(field.a.as_deref()),
            value(field.b.as_deref()),
        ],
        agrees: None,
    });
    Some(Table {
        title,
        note: "The lines that differ.".into(),
        columns: columns("line", pair),
        rows: rows.collect(),
        left_out: pair.build_info.len().saturating_sub(ROWS_MAX),
    })
}

fn sections(title: String, pair: &Comparison) -> Table {
    let [a, b] = pair.letters.clone();
    let rows = pair.sections.iter().take(ROWS_MAX).map(|section| {
        let size = |size: Option<usize>| size.map_or(Value::Absent, Value::Number);
        Row {
            values: vec![
                Value::Code(section.name.clone()),
                size(section.size_a),
                size(section.size_b),
                Value::Number(section.differing),
                Value::Number(section.stamped),
            ],
            agrees: None,
        }
    });
    Table {
        title,
        note: format!(
            "{} differ, {} are equal; bytes that differ: {}, of them stamps (build IDs, build information, -X values, \
             signatures): {}.",
            pair.sections.len(),
            pair.sections_same,
            pair.bytes.differing,
            pair.bytes.stamped
        ),
        columns: vec![
            "section".into(),
            format!("bytes in {a}"),
            format!("bytes in {b}"),
            "bytes that differ".into(),
            "of them stamps".into(),
        ],
        rows: rows.collect(),
        left_out: pair.sections.len().saturating_sub(ROWS_MAX),
    }
}

/// The second verdict; never without saying that it is no equality.
fn masked(title: String, pair: &Comparison) -> Option<Table> {
    let masked = pair.masked.as_ref()?;
    let places = |places: &[super::masked::Place]| match places.first() {
        None => Value::Absent,
        Some(first) => {
            let bytes: usize = places.iter().map(|place| place.size).sum();
            let more = match places.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} further on"),
            };
            Value::Words(format!("{} at {:#x}{more}", count(bytes), first.offset))
        }
    };
    let rows = masked.masks.iter().take(ROWS_MAX).map(|mask| Row {
        values: vec![
            Value::Words(mask.what.as_str().into()),
            places(&mask.a),
            places(&mask.b),
        ],
        agrees: Some(!mask.differs),
    });
    let note = if masked.equal {
        "With this left out both files are equal. That is not equality: the files differ."
    } else {
        "With this left out the files differ still."
    };
    Some(Table {
        title,
        note: note.into(),
        columns: columns("left out", pair),
        rows: rows.collect(),
        left_out: masked.masks.len().saturating_sub(ROWS_MAX),
    })
}

/// All that one file tells.
fn told(file: &File) -> Table {
    let facts = facts::facts(file);
    let row = |(name, value): &facts::Fact| Row {
        values: vec![
            Value::Words(name.trim().to_owned()),
            Value::Code(value.clone()),
        ],
        agrees: None,
    };
    Table {
        title: "All that it tells".into(),
        note: file.path.clone(),
        columns: vec!["what".into(), "value".into()],
        rows: facts.iter().take(ROWS_MAX).map(row).collect(),
        left_out: facts.len().saturating_sub(ROWS_MAX),
    }
}

fn all_sections(file: &File) -> Table {
    let rows = file.sections.iter().take(ROWS_MAX).map(|section| Row {
        values: vec![
            Value::Code(section.name.clone()),
            Value::Offset(section.offset),
            Value::Number(section.size),
        ],
        agrees: None,
    });
    Table {
        title: "Sections".into(),
        note: file.path.clone(),
        columns: vec!["section".into(), "offset".into(), "bytes".into()],
        rows: rows.collect(),
        left_out: file.sections.len().saturating_sub(ROWS_MAX),
    }
}

fn columns(first: &str, pair: &Comparison) -> Vec<String> {
    let [a, b] = pair.letters.clone();
    vec![first.into(), a, b]
}

fn row(title: &str, a: &str, b: &str) -> Row {
    let side = |text: &str| {
        if text.is_empty() {
            Value::Absent
        } else {
            Value::Code(text.to_owned())
        }
    };
    Row {
        values: vec![Value::Words(title.into()), side(a), side(b)],
        agrees: Some(a == b),
    }
}

fn value(text: Option<&str>) -> Value {
    text.map_or(Value::Absent, |text| Value::Code(text.to_owned()))
}
