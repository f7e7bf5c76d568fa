//! The audit as JSON: `schema/cache-audit-v1.json`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use proto::finding::{Confidence, Evidence};
use serde::Serialize;

use super::{Audit, CacheDefect, Verdict};
use crate::report::Tool;
use crate::report::printed::Printed as _;

/// The name and version of the form.
const SCHEMA: &str = "verify-build/cache-audit-v1";

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    tool: Tool,
    cache: String,
    verdict: Verdict,
    summary: String,
    notes: &'a [String],
    counts: Counts<'a>,
    findings: Vec<One<'a>>,
}

#[derive(Serialize)]
struct Counts<'a> {
    entries: usize,
    outputs: usize,
    bytes: u64,
    build_ids_checked: usize,
    module_indexes_checked: usize,
    module_indexes_idle: usize,
    module_indexes_unjudged: usize,
    missing_outputs: usize,
    unreferenced_outputs: usize,
    unreferenced_changed: usize,
    kinds: BTreeMap<&'static str, usize>,
    go_versions: &'a BTreeMap<String, usize>,
}

#[derive(Serialize)]
struct One<'a> {
    rule: &'static str,
    level: &'static str,
    confidence: Confidence,
    package: Option<&'a str>,
    part: Option<&'a str>,
    kind: Option<&'static str>,
    go_version: Option<&'a str>,
    action: Option<String>,
    output: Option<String>,
    path: &'a str,
    summary: String,
    evidence: &'a [Evidence],
    fix: &'a str,
}

pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let counts = &audit.counts;
    let json = Json {
        schema: SCHEMA,
        tool: Tool::this(),
        cache: audit.place.display().to_string(),
        verdict: audit.verdict,
        summary: audit.summary(),
        notes: &audit.notes,
        counts: Counts {
            entries: counts.entries,
            outputs: counts.outputs,
            bytes: counts.bytes,
            build_ids_checked: counts.build_ids,
            module_indexes_checked: counts.indexes,
            module_indexes_idle: counts.indexes_idle,
            module_indexes_unjudged: counts.indexes_unjudged,
            missing_outputs: counts.missing,
            unreferenced_outputs: counts.unreferenced,
            unreferenced_changed: counts.unreferenced_changed,
            kinds: counts
                .kinds
                .iter()
                .map(|(kind, count)| (kind.as_str(), *count))
                .collect(),
            go_versions: &counts.go_versions,
        },
        findings: audit.findings.iter().map(one).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &json)?;
    out.write_all(b"\n")
}

fn one(found: &CacheDefect) -> One<'_> {
    One {
        rule: found.rule,
        level: found.level.as_str(),
        confidence: found.confidence,
        package: found.package.as_deref(),
        part: found.part.as_deref(),
        kind: found.kind.map(|kind| kind.as_str()),
        go_version: found.go_version.as_deref(),
        action: found.action.map(|id| id.to_string()),
        output: found.output.map(|id| id.to_string()),
        path: &found.path,
        summary: found.summary(),
        evidence: &found.evidence,
        fix: &found.fix,
    }
}
