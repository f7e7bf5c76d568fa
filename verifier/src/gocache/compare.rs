//! `verify-build cache compare`: two caches joined by action.
//!
//! The same action with another output is a step that was not deterministic, or
//! that took in something which its key leaves out. So the caches of two hosts
//! name the package that makes their builds differ, without building anything.

pub mod difference;
mod explain;
mod join;
mod json;
mod text;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use proto::finding::{Check, Finding, Status};
use serde::Serialize;

use super::audit::Audit;
use super::audit::findings::CacheDefect;
use super::source::Source;
use crate::exit::Exit;
use crate::host::Host;
use crate::quantity;
use crate::report::printed::Printed;
use crate::report::text::Style;
use difference::Difference;
use join::Joined;

/// The answer about two caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every action that both have led to the same output in both.
    Same,
    /// An action led to different outputs, or an entry was changed.
    Different,
    /// Nothing differs, but not all that both have could be compared.
    Incomplete,
    /// They have no action in common.
    NothingInCommon,
}

/// Two caches side by side.
#[derive(Debug)]
pub struct Comparison {
    /// The answer.
    pub verdict: Verdict,
    /// Both caches.
    pub sides: [Side; 2],
    /// Actions that both have.
    pub joined: usize,
    /// Those with the same output.
    pub same: usize,
    /// Those whose outputs rightly differ: test results, times.
    pub varying: usize,
    /// Actions that both have and whose index line can't be used in one of them.
    pub unjoined: usize,
    /// Entries of either cache that could not be read or judged.
    pub unjudged: usize,
    /// Actions that only one has.
    pub only: [usize; 2],
    /// The others, package by package.
    pub differences: Vec<Difference>,
    /// Entries of either cache that are not what their names say.
    pub unsound: Vec<(usize, CacheDefect)>,
    /// What a reader should know beside the answer.
    pub notes: Vec<String>,
}

/// One of the caches.
#[derive(Debug)]
pub struct Side {
    /// The path as it was given.
    pub path: PathBuf,
    /// Index lines.
    pub entries: usize,
    /// Outputs.
    pub outputs: usize,
    /// Bytes of outputs.
    pub bytes: u64,
    /// Packages and programs by version of Go.
    pub go_versions: BTreeMap<String, usize>,
}

/// Compares two caches.
///
/// # Errors
/// When either can't be read as one.
pub fn run(paths: [&Path; 2], host: &Host) -> anyhow::Result<Comparison> {
    let sources = [Source::open(paths[0])?, Source::open(paths[1])?];
    let surveys = [
        sources[0].survey(host.progress)?,
        sources[1].survey(host.progress)?,
    ];
    let audits = [
        Audit::of(&sources[0], &surveys[0])?,
        Audit::of(&sources[1], &surveys[1])?,
    ];
    let Joined {
        joined,
        same,
        varying,
        unjoined,
        mut differences,
    } = join::join(&surveys);
    let mut notes = explain::explain(&sources, &surveys, &mut differences)?;
    differences.sort_by(|a, b| (a.cause, &a.package).cmp(&(b.cause, &b.package)));
    let only = [0, 1].map(|side: usize| surveys[side].actions.len().saturating_sub(joined));
    let is_unjudged = |found: &&CacheDefect| {
        matches!(
            found.verdict,
            super::audit::Verdict::Unjudged | super::audit::Verdict::Unread
        )
    };
    let findings = audits.iter().flat_map(|audit| &audit.findings);
    let unjudged = findings.filter(is_unjudged).count();
    let [one, other] = audits;
    let sides = [one, other].map(|audit| (Side::of(&audit), audit.findings));
    let [(a, ours), (b, theirs)] = sides;
    let mut unsound: Vec<(usize, CacheDefect)> = [(0, ours), (1, theirs)]
        .into_iter()
        .flat_map(|(side, found)| found.into_iter().map(move |found| (side, found)))
        .filter(|(_, found)| found.verdict > super::audit::Verdict::Unread)
        .collect();
    explain::poisoned(&sources, &surveys, &mut unsound)?;
    let verdict = match (joined, differences.len() + unsound.len()) {
        (0, 0) => Verdict::NothingInCommon,
        (_, 0) if unjoined + unjudged > 0 => Verdict::Incomplete,
        (_, 0) => Verdict::Same,
        _ => Verdict::Different,
    };
    if verdict == Verdict::NothingInCommon {
        notes.push(apart(&a, &b));
    }
    Ok(Comparison {
        verdict,
        sides: [a, b],
        joined,
        same,
        varying,
        unjoined,
        unjudged,
        only,
        differences,
        unsound,
        notes,
    })
}

/// Says why two caches may have no action in common.
fn apart(a: &Side, b: &Side) -> String {
    let versions = |side: &Side| {
        let versions: Vec<&str> = side.go_versions.keys().map(String::as_str).collect();
        versions.join(" and ")
    };
    let all = [a, b].iter().all(|side| !side.go_versions.is_empty());
    let is_shared = |version: &String| b.go_versions.contains_key(version);
    if all && !a.go_versions.keys().any(is_shared) {
        return format!(
            "a was filled by {} and b by {}: the version of Go is part of every action, so that nothing can be compared; fill one with the version of the other",
            versions(a),
            versions(b)
        );
    }
    "actions hold the version of Go, the flags, and without -trimpath the folder: caches filled with others can't be compared".into()
}

impl Side {
    fn of(audit: &Audit) -> Self {
        Self {
            path: audit.place.clone(),
            entries: audit.counts.entries,
            outputs: audit.counts.outputs,
            bytes: audit.counts.bytes,
            go_versions: audit.counts.go_versions.clone(),
        }
    }
}

impl Printed for Comparison {
    fn command(&self) -> &'static str {
        "cache compare"
    }

    fn exit(&self) -> Exit {
        match self.verdict {
            Verdict::Same => Exit::Same,
            Verdict::Different => Exit::Different,
            Verdict::Incomplete | Verdict::NothingInCommon => Exit::Inconclusive,
        }
    }

    fn summary(&self) -> String {
        let joined = quantity::count(self.joined, "action", "actions");
        match self.verdict {
            Verdict::NothingInCommon => "the caches have no action in common".to_owned(),
            Verdict::Same => format!(
                "{joined} in both caches, {}",
                match self.varying {
                    0 => "every one with the same output".to_owned(),
                    varying =>
                        format!("every one with the same output but for {varying} that may vary"),
                }
            ),
            Verdict::Incomplete => format!(
                "no difference was found, but of {joined} in both caches {} an index line that can't be used, and {} could not be read or judged",
                quantity::count(self.unjoined, "has", "have"),
                quantity::count(self.unjudged, "entry", "entries")
            ),
            Verdict::Different => {
                let different = quantity::count(self.differences.len(), "package", "packages");
                let changed = match self.unsound.len() {
                    0 => String::new(),
                    count => format!("; {} not sound", quantity::count(count, "entry", "entries")),
                };
                format!("{different} of {joined} in both caches came out differently{changed}")
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn checks(&self) -> Vec<Check> {
        let [a, b] = &self.sides;
        let unsound = self.unsound.iter().map(|(_, found)| found.finding());
        let findings: Vec<Finding> = unsound
            .chain(self.differences.iter().map(Difference::finding))
            .collect();
        vec![Check {
            name: "same outputs".into(),
            subject: format!("{} and {}", a.path.display(), b.path.display()),
            status: match self.verdict {
                Verdict::Same => Status::Passed,
                Verdict::Different => Status::Failed,
                Verdict::Incomplete | Verdict::NothingInCommon => Status::Undecided,
            },
            reason: Some(self.summary()),
            findings,
        }]
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        json::write(self, out)
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        text::write(self, style, out)
    }
}
