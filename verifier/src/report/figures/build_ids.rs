//! The build IDs of both files, part by part.

use proto::report::figure::Table;

use super::{columns, row};
use crate::report::{BuildId, Comparison, File};

/// The parts of both build IDs, and what it means where they agree.
pub(super) fn build_ids(title: String, pair: &Comparison, a: &File, b: &File) -> Option<Table> {
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
            let text = |id: Option<&BuildId>| id.map_or("", |id| id.text.as_str()).to_owned();
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
            "The same declared inputs, and other bytes: something that Go does not track took part in one of the builds, or a \
             file was changed and given a D that fits."
        }
        [_, _, b'=', _] => {
            "Package main compiled to the same code; the difference came in elsewhere."
        }
        [_, b'=', b'X', _] => "Equal inputs of package main gave different code.",
        [_, b'X', b'X', _] => "Package main was compiled from different inputs to different code.",
        _ => "",
    }
}
