//! The outcome as JSON: `schema/lint-v1.json`. Fields and names are added within
//! version 1; none is renamed, removed or given another meaning.

use std::io::{self, Write};

use proto::finding::{Evidence, Level, Status};
use serde::Serialize;

use super::outcome::{Judged, Outcome};
use crate::exit::Exit;
use crate::report::Tool;
use crate::report::printed::Printed as _;

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    tool: Tool,
    verdict: &'static str,
    summary: String,
    fail_on: &'static str,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    sha256: String,
    go_version: Option<&'a str>,
    verdict: &'static str,
    obstacle: Option<&'a str>,
    findings: Vec<Entry<'a>>,
    requirements: Vec<Requirement<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    rule: &'a str,
    level: &'static str,
    summary: &'a str,
    evidence: &'a [Evidence],
    fix: &'a str,
}

#[derive(Serialize)]
struct Requirement<'a> {
    name: &'a str,
    status: &'static str,
    reason: &'a str,
}

/// Writes an outcome and a line end.
///
/// # Errors
/// What the writer returns.
pub(super) fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let report = Report {
        schema: "verify-build/lint-v1",
        tool: Tool::this(),
        verdict: match verdict(outcome.exit()) {
            "clean" if outcome.files.iter().any(|file| file.obstacle.is_some()) => "met",
            verdict => verdict,
        },
        summary: outcome.summary(),
        fail_on: outcome.fail_on.map_or("never", Level::as_str),
        files: outcome.files.iter().map(|file| of(outcome, file)).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
}

fn of<'a>(outcome: &Outcome, file: &'a Judged) -> File<'a> {
    File {
        path: &file.path,
        sha256: hex::encode(file.sha256),
        go_version: file.go_version.as_deref(),
        verdict: match verdict(outcome.exit_of(file)) {
            // What was not judged is not clean, whatever requirements it meets.
            "clean" if file.obstacle.is_some() => "met",
            verdict => verdict,
        },
        obstacle: file.obstacle.as_deref(),
        findings: file
            .findings
            .iter()
            .map(|found| Entry {
                rule: &found.rule,
                level: found.level.as_str(),
                summary: &found.summary,
                evidence: &found.evidence,
                fix: &found.fix,
            })
            .collect(),
        requirements: file
            .requirements
            .iter()
            .map(|checked| Requirement {
                name: &checked.name,
                status: status(checked.status),
                reason: &checked.reason,
            })
            .collect(),
    }
}

fn verdict(exit: Exit) -> &'static str {
    match exit {
        Exit::Same => "clean",
        Exit::Different => "findings",
        Exit::Unreadable | Exit::Inconclusive => "unmet",
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Passed => "met",
        Status::Failed => "unmet",
        Status::Undecided => "unknown",
    }
}
