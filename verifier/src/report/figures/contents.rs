//! What an inspected container holds, as a table.

use proto::quantity::size;

use super::{ROWS_MAX, Row, Table, Value};
use crate::report::contents::{Contents, Entry};
use crate::report::{Report, facts};

pub(super) fn table(report: &Report, contents: &Contents) -> Table {
    let path = report.files.get(contents.file);
    let path = path.map_or("", |file| file.path.as_str());
    // What is a build is never left out for what is none.
    let mut members: Vec<&Entry> = contents.members.iter().collect();
    if members.len() > ROWS_MAX {
        members.sort_by_key(|entry| entry.file.is_none());
    }
    let rows = members
        .iter()
        .take(ROWS_MAX)
        .map(|entry| row(report, entry));
    Table {
        title: format!("What is in it: {path}"),
        note: note(contents),
        columns: ["member", "what", "bytes", "sha256", "build"]
            .map(str::to_owned)
            .into(),
        rows: rows.collect(),
        left_out: members.len().saturating_sub(ROWS_MAX) + contents.omitted,
    }
}

fn note(contents: &Contents) -> String {
    let mut note = format!("{}, {} in files.", contents.kind, size(contents.size));
    for fact in contents.says.iter().take(SAYS_MAX) {
        note.push_str(&format!(" {}: {}.", fact.key, fact.value));
    }
    for text in contents.notes.iter().chain(&contents.reason) {
        note.push_str(&format!(" {text}."));
    }
    note
}

/// What a container says about itself, as far as a line has room.
const SAYS_MAX: usize = 8;

fn row(report: &Report, entry: &Entry) -> Row {
    let file = entry.file.and_then(|index| report.files.get(index));
    let brief = file.map(facts::brief).unwrap_or_default();
    let changed = file.is_some_and(|file| file.self_check.status == "changed");
    let build = match (brief.is_empty(), &entry.reason) {
        (_, Some(reason)) => Value::Words(format!("not looked into: {reason}")),
        (true, None) => Value::Absent,
        (false, None) if changed => Value::Alarm(brief.join(", ")),
        (false, None) => Value::Code(brief.join(", ")),
    };
    Row {
        values: vec![
            Value::Code(entry.path.clone()),
            Value::Code(entry.what.clone()),
            entry.size.map_or(Value::Absent, |bytes| {
                Value::Number(usize::try_from(bytes).unwrap_or(usize::MAX))
            }),
            entry.sha256.clone().map_or(Value::Absent, Value::Code),
            build,
        ],
        agrees: None,
    }
}
