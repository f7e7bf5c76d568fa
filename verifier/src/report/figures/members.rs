//! What containers hold, as tables.

use proto::quantity;

use super::{ROWS_MAX, Row, Table, Value};
use crate::report::Comparison;
use crate::report::container::Container;

pub(super) fn tables(pair: &Comparison, titled: impl Fn(&str) -> String) -> Vec<Table> {
    let Some(container) = &pair.container else {
        return Vec::new();
    };
    let mut tables = vec![members(titled("Members"), pair, container)];
    if !container.metadata.is_empty() {
        tables.push(metadata(
            titled("What is written beside the members"),
            container,
        ));
    }
    tables
}

fn members(title: String, pair: &Comparison, container: &Container) -> Table {
    let [a, b] = &pair.letters;
    let total = &container.total;
    let differing = container.differing.iter().map(|member| Row {
        values: vec![
            Value::Code(member.path.clone()),
            Value::Words(
                match (member.how, member.first_offset, member.differing_bytes) {
                    ("program", ..) => "differs, compared below".into(),
                    (_, Some(first), Some(bytes)) => {
                        let bytes = quantity::bytes(usize::try_from(bytes).unwrap_or(usize::MAX));
                        format!("differs in {bytes}, the first at {first:#x}")
                    }
                    (how, ..) => how.into(),
                },
            ),
            Value::Code(member.a.clone()),
            Value::Code(member.b.clone()),
        ],
        agrees: None,
    });
    let only_a = container.only_in_a.iter().map(|member| Row {
        values: vec![
            Value::Code(member.path.clone()),
            Value::Words(format!("only in {a}")),
            Value::Code(member.content.clone()),
            Value::Absent,
        ],
        agrees: None,
    });
    let only_b = container.only_in_b.iter().map(|member| Row {
        values: vec![
            Value::Code(member.path.clone()),
            Value::Words(format!("only in {b}")),
            Value::Absent,
            Value::Code(member.content.clone()),
        ],
        agrees: None,
    });
    let rows: Vec<Row> = differing.chain(only_a).chain(only_b).collect();
    Table {
        title,
        note: format!(
            "{} the same, {} different, {} only in {a}, {} only in {b}.",
            total.same, total.differing, total.only_in_a, total.only_in_b
        ),
        columns: vec!["member".into(), "what".into(), a.clone(), b.clone()],
        left_out: rows.len().saturating_sub(ROWS_MAX) + container.omitted,
        rows: rows.into_iter().take(ROWS_MAX).collect(),
    }
}

fn metadata(title: String, container: &Container) -> Table {
    let rows = container.metadata.iter().take(ROWS_MAX).map(|metadata| {
        let first = metadata.examples.first();
        let side = |value: Option<&String>| {
            value.map_or(Value::Absent, |value| Value::Code(value.clone()))
        };
        Row {
            values: vec![
                Value::Words(metadata.field.clone()),
                Value::Number(metadata.members),
                first.map_or(Value::Absent, |first| Value::Code(first.place.clone())),
                side(first.and_then(|first| first.a.as_ref())),
                side(first.and_then(|first| first.b.as_ref())),
            ],
            agrees: None,
        }
    });
    Table {
        title,
        note: String::new(),
        columns: ["what", "members", "for example", "first", "second"]
            .map(str::to_owned)
            .into(),
        rows: rows.collect(),
        left_out: container.metadata.len().saturating_sub(ROWS_MAX),
    }
}
