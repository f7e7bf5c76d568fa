//! What the HTML page shows of a comparison or inspection.

mod build_ids;
mod contents;
mod functions;
mod layout;
mod members;

use proto::quantity;
use proto::report::figure::{Card, Cards, Figure, Row, Table, Value};

use super::facts::describe;
use super::{Comparison, File, Report, facts};
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
            figures.push(Figure::Layout(layout::layout(
                titled(if is_same {
                    "What is in them"
                } else {
                    "Where they differ"
                }),
                pair,
                a,
                b,
            )));
            figures.extend(build_ids::build_ids(titled("Build ID"), pair, a, b).map(Figure::Table));
            if !is_same {
                figures.extend(build_info(titled("Build information"), pair).map(Figure::Table));
                let functions = functions::tables(&titled("Packages and functions"), pair);
                figures.extend(functions.into_iter().map(Figure::Table));
                figures.push(Figure::Table(sections(titled("Sections"), pair)));
                figures.extend(
                    masked(titled("After masking"), pair, self.alarm(pair)).map(Figure::Table),
                );
            }
        }
        let holdings = self.contents.iter().take(PICTURES_MAX);
        figures.extend(holdings.map(|held| Figure::Table(contents::table(self, held))));
        if self.comparisons.is_empty() {
            let given = self.files.iter().filter(|file| file.inside.is_none());
            let inside = self.files.iter().filter(|file| file.inside.is_some());
            let files: Vec<&File> = given.chain(inside.take(PICTURES_MAX)).collect();
            figures.extend(files.iter().map(|file| Figure::Table(told(file))));
            let files = files.iter().filter(|file| !file.sections.is_empty());
            figures.extend(files.map(|file| Figure::Table(all_sections(file))));
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
                few if few < 1024 => quantity::size(few),
                many => format!("{} ({many} bytes)", quantity::size(many)),
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
            ("intact", _) => Value::Good("holds: the bytes give the content ID".into()),
            ("signed", _) => Value::Words(
                "holds with the signature put aside: only signed after go build".into(),
            ),
            ("changed", _) => {
                Value::Alarm("does not hold: the bytes give another content ID".into())
            }
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
            "{}, {}; bytes that differ: {}, of them stamps (build IDs, build information, -X values, \
             signatures): {}.",
            quantity::differ(pair.sections.len()),
            quantity::count(pair.sections_same, "is equal", "are equal"),
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
fn masked(title: String, pair: &Comparison, alarm: Option<String>) -> Option<Table> {
    let masked = pair.masked.as_ref()?;
    let places = |places: &[super::masked::Place]| match places.first() {
        None => Value::Absent,
        Some(first) => {
            let bytes: usize = places.iter().map(|place| place.size).sum();
            let more = match places.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} further on"),
            };
            Value::Words(format!(
                "{} at {:#x}{more}",
                quantity::bytes(bytes),
                first.offset
            ))
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
    let note = match alarm {
        Some(alarm) if masked.equal => {
            format!("Nothing else differs, and that is not accepted: {alarm}.")
        }
        _ if masked.equal => {
            "With this left out both files are equal. That is not equality: the files differ."
                .into()
        }
        _ if masked.more.is_empty() => "With this left out the files differ still.".into(),
        _ => {
            "Some of this is part of what was built, and is left out only on demand. Nothing else differs."
                .into()
        }
    };
    Some(Table {
        title,
        note,
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
