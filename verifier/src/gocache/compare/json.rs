//! The comparison as JSON: `schema/cache-compare-v1.json`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use proto::finding::{Confidence, Evidence};
use proto::goobj::diff::{Form, MemberChange};
use serde::Serialize;

use super::{Comparison, Difference, Verdict};
use crate::cause::Name;
use crate::report::Tool;
use crate::report::printed::Printed as _;

/// The name and version of the form.
const SCHEMA: &str = "verify-build/cache-compare-v1";

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    tool: Tool,
    verdict: Verdict,
    summary: String,
    notes: &'a [String],
    caches: Vec<Cache<'a>>,
    counts: Counts,
    differences: Vec<One<'a>>,
    unsound: Vec<Unsound<'a>>,
}

#[derive(Serialize)]
struct Cache<'a> {
    path: String,
    entries: usize,
    outputs: usize,
    bytes: u64,
    go_versions: &'a BTreeMap<String, usize>,
}

#[derive(Serialize)]
struct Counts {
    joined: usize,
    same: usize,
    varying: usize,
    different: usize,
    unjoined: usize,
    unjudged: usize,
    only_a: usize,
    only_b: usize,
}

#[derive(Serialize)]
struct One<'a> {
    cause: Name,
    confidence: Confidence,
    also_possible: &'a [Name],
    package: Option<&'a str>,
    sources: &'a [String],
    go_version: Option<&'a str>,
    kind: &'static str,
    action: String,
    summary: String,
    parts: Vec<Part<'a>>,
    members: Option<Vec<Member<'a>>>,
    fix: &'a str,
}

#[derive(Serialize)]
struct Part<'a> {
    name: Option<&'a str>,
    kind: &'static str,
    outputs: [String; 2],
    sizes: [u64; 2],
}

#[derive(Serialize)]
struct Member<'a> {
    name: &'a str,
    form: &'static str,
    sizes: [Option<usize>; 2],
    imports: &'a [String],
    symbols: Vec<Symbol<'a>>,
    symbols_omitted: usize,
    unread: Option<&'a str>,
}

#[derive(Serialize)]
struct Symbol<'a> {
    name: &'a str,
    class: &'static str,
    change: String,
}

#[derive(Serialize)]
struct Unsound<'a> {
    cache: usize,
    rule: &'static str,
    package: Option<&'a str>,
    path: &'a str,
    summary: String,
    evidence: &'a [Evidence],
    fix: &'a str,
}

pub(super) fn write(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let json = Json {
        schema: SCHEMA,
        tool: Tool::this(),
        verdict: comparison.verdict,
        summary: comparison.summary(),
        notes: &comparison.notes,
        caches: comparison
            .sides
            .iter()
            .map(|side| Cache {
                path: side.path.display().to_string(),
                entries: side.entries,
                outputs: side.outputs,
                bytes: side.bytes,
                go_versions: &side.go_versions,
            })
            .collect(),
        counts: Counts {
            joined: comparison.joined,
            same: comparison.same,
            varying: comparison.varying,
            different: comparison.differences.len(),
            unjoined: comparison.unjoined,
            unjudged: comparison.unjudged,
            only_a: comparison.only[0],
            only_b: comparison.only[1],
        },
        differences: comparison.differences.iter().map(one).collect(),
        unsound: comparison
            .unsound
            .iter()
            .map(|(cache, found)| Unsound {
                cache: *cache,
                rule: found.rule,
                package: found.package.as_deref(),
                path: &found.path,
                summary: found.summary(),
                evidence: &found.evidence,
                fix: &found.fix,
            })
            .collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &json)?;
    out.write_all(b"\n")
}

fn one(difference: &Difference) -> One<'_> {
    let members = difference.members.as_deref();
    One {
        cause: difference.cause,
        confidence: difference.confidence,
        also_possible: &difference.also,
        package: difference.package.as_deref(),
        sources: &difference.sources,
        go_version: difference.go_version.as_deref(),
        kind: difference.kind.as_str(),
        action: difference.action.to_string(),
        summary: difference.summary(),
        parts: difference
            .parts
            .iter()
            .map(|part| Part {
                name: part.description.as_deref(),
                kind: part.kind.as_str(),
                outputs: part.outputs.map(|output| output.to_string()),
                sizes: part.sizes,
            })
            .collect(),
        members: members.map(|members| members.iter().map(member).collect()),
        fix: difference.fix,
    }
}

fn member(member: &MemberChange) -> Member<'_> {
    Member {
        name: &member.name,
        form: match member.form {
            Form::Export => "export-data",
            Form::Go => "go",
            Form::Assembly => "assembly",
            Form::Foreign => "c",
        },
        sizes: member.sizes,
        imports: &member.imports,
        symbols: member
            .symbols
            .iter()
            .map(|symbol| Symbol {
                name: &symbol.name,
                class: symbol.class.as_str(),
                change: symbol.change.describe(["a", "b"]),
            })
            .collect(),
        symbols_omitted: member.omitted,
        unread: member.unread.as_deref(),
    }
}
