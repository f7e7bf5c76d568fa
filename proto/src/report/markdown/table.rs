//! Tables that are the answer itself.

use super::escape::{code_in_table, text};
use super::{VALUE_SHOWN, sentence};
use crate::quantity;
use crate::report::figure::{Row, Table, Value};

/// Rows shown.
const ROWS_SHOWN: usize = 100;

/// Writes a table with its heading.
pub(super) fn of(table: &Table) -> String {
    let mut block = format!("\n#### {}\n", sentence(&table.title));
    if !table.note.is_empty() {
        block.push_str(&format!("\n{}\n", sentence(&table.note)));
    }
    let compares = table.rows.iter().any(|row| row.agrees.is_some());
    let mut names: Vec<String> = table.columns.iter().map(|name| text(name)).collect();
    names.extend(compares.then(String::new));
    let lines = names.iter().map(|_| "---".to_owned()).collect();
    block.push('\n');
    for cells in [names, lines] {
        line(&cells, &mut block);
    }
    for row in table.rows.iter().take(ROWS_SHOWN) {
        line(&cells(row, compares), &mut block);
    }
    let left_out = table.left_out + table.rows.len().saturating_sub(ROWS_SHOWN);
    if left_out > 0 {
        let rows = quantity::count(left_out, "more row", "more rows");
        block.push_str(&format!("\n… {rows}\n"));
    }
    block
}

fn line(cells: &[String], block: &mut String) {
    block.push_str(&format!("| {} |\n", cells.join(" | ")));
}

fn cells(row: &Row, compares: bool) -> Vec<String> {
    let mut cells: Vec<String> = row.values.iter().map(cell).collect();
    if compares {
        let word = match row.agrees {
            Some(true) => "equal",
            Some(false) => "**differs**",
            None => "",
        };
        cells.push(word.to_owned());
    }
    cells
}

fn cell(value: &Value) -> String {
    match value {
        Value::Words(words) | Value::Good(words) => sentence(words),
        // Words that end in a space would not close the mark.
        Value::Alarm(words) => format!("**{}**", sentence(words.trim())),
        Value::Code(code) => code_in_table(code, VALUE_SHOWN),
        Value::Number(number) => number.to_string(),
        Value::Offset(offset) => format!("{offset:#x}"),
        Value::Absent => "–".to_owned(),
    }
}
