//! The outcome as JSON: `schema/toolchain-v1.json`. Fields are added within
//! version 1; none is renamed, removed or given another meaning.

use std::io::{self, Write};

use proto::toolchain::Outside;
use serde::Serialize;

use super::difference::Kind;
use super::judge::{Basis, Verdict};
use super::outcome::Outcome;

/// The most files of one kind that are listed.
const FILES_MAX: usize = 10_000;

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    tool: crate::report::Tool,
    verdict: Verdict,
    reason: &'a str,
    basis: Basis,
    goroot: String,
    version: &'a str,
    release_time: Option<&'a str>,
    target: String,
    module: String,
    h1: String,
    files: usize,
    bytes: u64,
    packager: Option<&'static str>,
    record: Option<Record<'a>>,
    differences: Vec<File<'a>>,
    differences_omitted: usize,
    programs: Vec<Program<'a>>,
    nearest: Vec<Near<'a>>,
    outside: Vec<Outsiders<'a>>,
    links: Vec<Link<'a>>,
    unhashed: Vec<Unhashed<'a>>,
    unhashed_omitted: usize,
    shadowed: &'a [String],
    notes: &'a [String],
    advice: &'a [String],
}

#[derive(Serialize)]
struct Record<'a> {
    h1: String,
    database: &'a str,
    id: u64,
    tree_size: u64,
    proved: bool,
    source: &'a str,
}

#[derive(Serialize)]
struct File<'a> {
    name: &'a str,
    kind: Kind,
    purpose: &'static str,
    matters: bool,
    installed: Option<String>,
    released: Option<String>,
}

#[derive(Serialize)]
struct Program<'a> {
    name: &'a str,
    go_version: Option<&'a str>,
    self_check: &'static str,
}

#[derive(Serialize)]
struct Near<'a> {
    release: &'a str,
    target: String,
    source: &'a str,
    proved: bool,
    same: usize,
    differing: usize,
}

#[derive(Serialize)]
struct Outsiders<'a> {
    kind: &'static str,
    count: usize,
    names: &'a [String],
}

#[derive(Serialize)]
struct Link<'a> {
    name: &'a str,
    target: &'a str,
}

#[derive(Serialize)]
struct Unhashed<'a> {
    name: &'a str,
    reason: &'a str,
}

/// Writes an outcome and a line end.
///
/// # Errors
/// What the writer returns.
pub(super) fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &report(outcome))?;
    writeln!(out)
}

fn report(outcome: &Outcome) -> Report<'_> {
    let (tree, judgement) = (&outcome.tree, &outcome.judgement);
    Report {
        schema: "verify-build/toolchain-v1",
        tool: crate::report::Tool::this(),
        verdict: judgement.verdict,
        reason: &judgement.reason,
        basis: judgement.basis,
        goroot: tree.root.display().to_string(),
        version: tree.release.version(),
        release_time: tree.version.time.as_deref(),
        target: tree.release.target().to_string(),
        module: tree.release.module().to_string(),
        h1: judgement.h1.to_string(),
        files: tree.manifest.len(),
        bytes: tree.bytes,
        packager: outcome.packager.map(super::packager::Packager::slug),
        record: record(outcome),
        differences: files(outcome),
        differences_omitted: judgement.differences.len().saturating_sub(FILES_MAX),
        programs: programs(outcome),
        nearest: nearest(outcome),
        outside: outside(outcome),
        links: tree
            .links
            .iter()
            .map(|link| Link {
                name: &link.name,
                target: &link.target,
            })
            .collect(),
        unhashed: tree
            .unhashed
            .shown()
            .map(|odd| Unhashed {
                name: &odd.name,
                reason: odd.reason,
            })
            .collect(),
        unhashed_omitted: tree.unhashed.omitted(),
        shadowed: &tree.shadowed,
        notes: &judgement.notes,
        advice: &outcome.advice,
    }
}

fn record(outcome: &Outcome) -> Option<Record<'_>> {
    let record = outcome.recorded.as_ref()?;
    Some(Record {
        h1: record.h1.to_string(),
        database: &record.database,
        id: record.id,
        tree_size: record.tree_size,
        proved: record.proved,
        source: &record.source,
    })
}

fn files(outcome: &Outcome) -> Vec<File<'_>> {
    let files = outcome.judgement.differences.iter().take(FILES_MAX);
    files
        .map(|file| File {
            name: &file.name,
            kind: file.kind,
            purpose: file.purpose.as_str(),
            matters: file.purpose.matters(),
            installed: file.installed.map(hex::encode),
            released: file.released.map(hex::encode),
        })
        .collect()
}

fn programs(outcome: &Outcome) -> Vec<Program<'_>> {
    let programs = outcome.programs.iter();
    programs
        .map(|program| Program {
            name: &program.name,
            go_version: program.go_version.as_deref(),
            self_check: match program.intact {
                Some(true) => "intact",
                Some(false) => "changed",
                None => "unknown",
            },
        })
        .collect()
}

fn nearest(outcome: &Outcome) -> Vec<Near<'_>> {
    let nearest = outcome.judgement.nearest.iter();
    nearest
        .map(|near| Near {
            release: near.release.version(),
            target: near.release.target().to_string(),
            source: &near.source,
            proved: near.proved,
            same: near.same,
            differing: near.differing,
        })
        .collect()
}

fn outside(outcome: &Outcome) -> Vec<Outsiders<'_>> {
    let outside = outcome.tree.outside.iter();
    outside
        .map(|(kind, outsiders)| Outsiders {
            kind: slug(*kind),
            count: outsiders.count,
            names: &outsiders.names,
        })
        .collect()
}

/// The name of a kind of files outside the module.
fn slug(outside: Outside) -> &'static str {
    match outside {
        Outside::ArchiveOnly => "archive-only",
        Outside::Leftover => "leftover",
        Outside::Program => "program",
        Outside::Tool => "tool",
        Outside::Package => "package",
    }
}
