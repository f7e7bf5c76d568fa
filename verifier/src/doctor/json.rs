//! The outcome as JSON: `schema/doctor-v1.json`. Fields and names are added within
//! version 1; none is renamed, removed or given another meaning.

use std::io::{self, Write};

use proto::finding::{Evidence, Level, Status};
use serde::Serialize;

use super::facts::Facts;
use super::outcome::Outcome;
use super::probe::Ran;
use super::rules::Found;
use crate::exit::Exit;
use crate::report::Tool;
use crate::report::printed::Printed as _;

/// What `schema` says.
pub(super) const SCHEMA: &str = "verify-build/doctor-v1";

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    tool: Tool,
    verdict: &'static str,
    summary: String,
    fail_on: &'static str,
    checks: Vec<Entry<'a>>,
    expectations: Vec<Expectation<'a>>,
    facts: Option<&'a Facts>,
    commands: &'a [Ran],
}

#[derive(Serialize)]
struct Expectation<'a> {
    name: &'a str,
    status: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    subject: &'a str,
    status: &'static str,
    stands: &'a str,
    untold: Option<&'a str>,
    not_asked: Option<&'a str>,
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    level: &'static str,
    summary: &'a str,
    evidence: &'a [Evidence],
    fix: &'a str,
    commands: &'a [String],
}

/// Writes an outcome and a line end.
///
/// # Errors
/// What the writer returns.
pub(super) fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let report = Report {
        schema: SCHEMA,
        tool: Tool::this(),
        verdict: match outcome.ends() {
            _ if outcome.written.is_some() => "written",
            Exit::Inconclusive
                if outcome
                    .expected
                    .iter()
                    .any(|one| one.status == Status::Failed) =>
            {
                "unmet"
            }
            Exit::Same => "fit",
            Exit::Different => "findings",
            Exit::Unreadable | Exit::Inconclusive => "not-told",
        },
        summary: outcome.summary(),
        fail_on: outcome.fail_on.map_or("never", Level::as_str),
        checks: outcome
            .checks
            .iter()
            .map(|check| Entry {
                name: check.name,
                subject: &check.subject,
                status: match outcome.status(check) {
                    Status::Passed => "passed",
                    Status::Failed => "failed",
                    Status::Undecided => "not-told",
                },
                stands: &check.stands,
                untold: check.untold.as_deref(),
                not_asked: check.not_asked.as_deref(),
                findings: check.found.iter().map(finding).collect(),
            })
            .collect(),
        expectations: outcome
            .expected
            .iter()
            .map(|one| Expectation {
                name: &one.name,
                status: match one.status {
                    Status::Passed => "met",
                    Status::Failed => "unmet",
                    Status::Undecided => "unknown",
                },
                reason: &one.reason,
            })
            .collect(),
        facts: outcome.facts.as_ref(),
        commands: &outcome.ran,
    };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
}

fn finding(found: &Found) -> Finding<'_> {
    Finding {
        rule: &found.finding.rule,
        level: found.finding.level.as_str(),
        summary: &found.finding.summary,
        evidence: &found.finding.evidence,
        fix: &found.finding.fix,
        commands: &found.commands,
    }
}
