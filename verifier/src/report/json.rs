//! The report as JSON; its form is described in `schema/report-v1.json`.

use std::io::{self, Write};

use super::Report;

/// Writes a report and a line end.
///
/// # Errors
/// What the writer returns.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}
