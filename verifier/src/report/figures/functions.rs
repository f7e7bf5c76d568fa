//! Packages and functions that differ, and groups of files, as tables.

use super::{ROWS_MAX, Row, Table, Value};
use crate::diff::functions::{Change, Counts, FunctionDiff};
use crate::report::Comparison;
use crate::report::clusters::{Clusters, letters, names};
use crate::report::functions::Functions;

/// The packages whose functions differ in more than addresses, and these
/// functions.
pub(super) fn tables(title: &str, pair: &Comparison) -> Vec<Table> {
    let Some(functions) = &pair.functions else {
        return Vec::new();
    };
    let mut tables = vec![packages(title.to_owned(), pair, functions)];
    if !functions.functions.is_empty() {
        tables.push(list(pair, functions));
    }
    tables
}

fn packages(title: String, pair: &Comparison, functions: &Functions) -> Table {
    let [a, b] = pair.letters.clone();
    let row = |package: &str, counts: &Counts| Row {
        values: vec![
            Value::Code(package.to_owned()),
            Value::Number(counts.changed),
            Value::Number(counts.only_a),
            Value::Number(counts.only_b),
            Value::Number(counts.unclear),
            Value::Number(counts.lines),
        ],
        agrees: None,
    };
    let counts = functions.counts;
    let order = if functions.reordered > 0 {
        " They stand in another order."
    } else {
        ""
    };
    let none = if functions.packages.is_empty() {
        "The code of no Go function differs. "
    } else {
        ""
    };
    Table {
        title,
        note: format!(
            "{none}{} functions are equal, {} differ only in addresses of what moved.{order}",
            counts.same, counts.shifted
        ),
        columns: vec![
            "package".into(),
            "other code".into(),
            format!("only in {a}"),
            format!("only in {b}"),
            "perhaps other code".into(),
            "other source lines".into(),
        ],
        rows: functions
            .packages
            .iter()
            .take(ROWS_MAX)
            .map(|package| row(&package.package, &package.counts))
            .collect(),
        left_out: functions.packages.len().saturating_sub(ROWS_MAX) + functions.packages_omitted,
    }
}

fn list(pair: &Comparison, functions: &Functions) -> Table {
    let sides = pair.letters.clone();
    let row = |function: &FunctionDiff| Row {
        values: vec![
            Value::Code(function.name.clone()),
            Value::Words(change(function.change, &sides)),
            function
                .file
                .as_ref()
                .map_or(Value::Absent, |file| Value::Code(file.clone())),
        ],
        agrees: None,
    };
    Table {
        title: "Functions that differ".into(),
        note: String::new(),
        columns: vec!["function".into(), "what".into(), "source file".into()],
        rows: functions.functions.iter().take(ROWS_MAX).map(row).collect(),
        left_out: functions.functions.len().saturating_sub(ROWS_MAX) + functions.functions_omitted,
    }
}

fn change(change: Change, [a, b]: &[String; 2]) -> String {
    match change {
        Change::Changed => "other code".into(),
        Change::OnlyA => format!("only in {a}"),
        Change::OnlyB => format!("only in {b}"),
        Change::Unclear => "perhaps other code".into(),
        Change::Shifted => "other addresses".into(),
        Change::Lines => "other source lines".into(),
        Change::Same => "the same".into(),
    }
}

/// The groups of three and more files, when there is more than one.
pub(super) fn groups(clusters: &Clusters) -> Option<Table> {
    if clusters.groups.len() < 2 {
        return None;
    }
    let words = |parts: &[char]| match parts {
        [] => Value::Absent,
        parts => Value::Words(letters(parts)),
    };
    let row = |(index, group): (usize, &crate::report::clusters::Group)| {
        let mut values = vec![
            Value::Code(names(&group.files)),
            Value::Number(group.files.len()),
        ];
        if index == 0 {
            values.extend([Value::Words("(these)".into()), Value::Words(String::new())]);
        } else {
            values.extend([words(&group.shares), words(&group.differs)]);
        }
        Row {
            values,
            agrees: None,
        }
    };
    Some(Table {
        title: "Groups of equal files".into(),
        note: String::new(),
        columns: vec![
            "files".into(),
            "how many".into(),
            "parts of the build ID as in the first group".into(),
            "other parts".into(),
        ],
        rows: clusters
            .groups
            .iter()
            .enumerate()
            .take(ROWS_MAX)
            .map(row)
            .collect(),
        left_out: clusters.groups.len().saturating_sub(ROWS_MAX),
    })
}
