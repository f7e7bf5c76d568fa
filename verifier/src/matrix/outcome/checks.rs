//! A check for each build: whether it is like most.

use proto::attest::observation::{Audit, Outcome as Ending};
use proto::finding::{Check, Evidence, Finding, Level, Status};
use proto::matrix::groups::Group;
use proto::matrix::split::Split;
use proto::matrix::table::Table;

use super::{Source, Why, split};

/// A check for each build.
pub(super) fn of(table: &Table, whys: &[Why]) -> Vec<Check> {
    let check = |(index, entry): (usize, &proto::matrix::Entry)| {
        let mut findings = Vec::new();
        let group = table.group(index);
        let place = table
            .groups
            .iter()
            .position(|one| one.members.contains(&index));
        if let (Some(group), Some(place @ 1..)) = (group, place) {
            findings.push(program_finding(table, group, place, whys));
        }
        if let Some(other @ 1..) = table.closure(index) {
            findings.push(packages_finding(table, other));
        }
        if let Audit::Damaged { findings: said } = &entry.observation.cache.audit {
            findings.push(finding(
                "cache-poisoned",
                said.join("; "),
                Vec::new(),
                POISONED,
            ));
        }
        let reason = match &entry.observation.result {
            Ending::Failed { reason, .. } => Some(reason.clone()),
            Ending::Built { .. } | Ending::Differed { .. } => None,
        };
        for finding in &mut findings {
            finding.artifact.clone_from(&entry.file);
        }
        Check {
            name: format!(
                "{}, {}",
                entry.host(),
                entry.observation.cache.mode.as_str()
            ),
            subject: entry.observation.inputs.package.clone(),
            status: match (findings.is_empty(), group) {
                (false, _) => Status::Failed,
                (true, Some(_)) => Status::Passed,
                (true, None) => Status::Undecided,
            },
            reason,
            findings,
        }
    };
    table.entries.iter().enumerate().map(check).collect()
}

const POISONED: &str =
    "keep a copy of the cache as evidence (cp -a), and find out who can write to it";

fn program_finding(table: &Table, group: &Group, place: usize, whys: &[Why]) -> Finding {
    let base = table.groups.first();
    let why = whys.iter().find(|why| why.group == place);
    let causes = why.map(|why| {
        let causes: Vec<String> = why
            .causes
            .iter()
            .map(|cause| format!("{} ({}): {}", cause.name, cause.confidence, cause.summary))
            .collect();
        format!("; {}: {}", why.source.words(), causes.join("; "))
    });
    let split = first(split::of_programs(table));
    let summary = format!(
        "it is another program than a, that of the largest group{}{}",
        causes.unwrap_or_default(),
        split.unwrap_or_default()
    );
    let mut evidence = Vec::new();
    if let Some(base) = base {
        evidence.push(Evidence::new(
            "sha256",
            base.product.to_string(),
            group.product.to_string(),
        ));
    }
    if let Some(pattern) = &group.pattern {
        evidence.push(Evidence::new("build ID A/B/C/D", "====", pattern));
    }
    let fix = match why.map(|why| why.source) {
        Some(Source::Compared) => "verify-build on both programs says more, and what to change",
        Some(Source::Told) | None => {
            "verify-build on both programs tells why they differ: keep them with observe --keep"
        }
    };
    finding("program-differs", summary, evidence, fix)
}

/// The best of what tells groups apart, to go on with after a sentence.
fn first(splits: Vec<(&Split, String)>) -> Option<String> {
    let mut splits = splits.into_iter();
    splits.next().map(|(_, words)| format!("; {words}"))
}

fn packages_finding(table: &Table, other: usize) -> Finding {
    let root = |place: usize| {
        let root = table.closures.get(place).map(|(root, _)| root.to_string());
        root.unwrap_or_default()
    };
    let split = first(split::of_packages(table));
    let summary = format!(
        "other compiled packages went into it than into other builds{}",
        split.unwrap_or_default()
    );
    let evidence = vec![Evidence::new(
        "root over the packages",
        root(0),
        root(other),
    )];
    finding(
        "packages-differ",
        summary,
        evidence,
        "the lists (*.closure) name the packages: diff them, and distrust the cache that the odd one came from",
    )
}

fn finding(rule: &str, summary: String, evidence: Vec<Evidence>, fix: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        level: Level::Error,
        confidence: None,
        artifact: String::new(),
        summary,
        evidence,
        fix: fix.to_owned(),
    }
}
