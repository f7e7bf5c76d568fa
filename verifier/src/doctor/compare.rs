//! Two hosts' reports side by side: what differs, and what of it can reach a program.
//!
//! Causes have the names that the comparison of two programs gives them. That something can
//! reach a program does not say that it did: compare programs to see that.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use proto::finding::{Check, Evidence, Finding, Level, Status};
use proto::quantity;
use proto::visible::clean;
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::json::SCHEMA;
use super::reach::{Reach, Trait, traits};
use crate::exit::Exit;
use crate::report::Tool;
use crate::report::printed::Printed;
use crate::report::text::{Color, Style};

/// The longest report that is read, in bytes.
pub(super) const REPORT_BYTES_MAX: u64 = 16 << 20;

/// Two hosts, compared.
#[derive(Debug)]
pub struct Comparison {
    /// The two reports.
    pub files: [String; 2],
    /// What differs, what can reach programs first.
    pub differences: Vec<Difference>,
    /// How many traits are the same.
    pub same: usize,
}

/// One thing in which two hosts differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub what: String,
    /// What each host has; `None` for nothing.
    pub sides: [Option<String>; 2],
    /// Whether it can reach a program.
    pub reach: Reach,
    /// Whether values were left out of the reports, so that they may be equal.
    pub withheld: bool,
}

#[derive(Deserialize)]
struct Report {
    schema: String,
    facts: Option<Facts>,
}

/// Reads the facts of a report.
///
/// # Errors
/// When it is none.
pub fn read(text: &str, path: &Path) -> anyhow::Result<Facts> {
    let report: Report = serde_json::from_str(text).with_context(|| {
        format!(
            "{}: not a report of this command; make one with verify-build doctor --format json",
            path.display()
        )
    })?;
    if report.schema != SCHEMA {
        bail!(
            "{}: its schema is {:?}, and {SCHEMA} is asked for",
            path.display(),
            report.schema
        );
    }
    report
        .facts
        .with_context(|| format!("{}: a report of units, not of a host", path.display()))
}

/// Compares two hosts.
pub fn compare(a: &Facts, b: &Facts) -> (Vec<Difference>, usize) {
    let by_name = |facts: &Facts| -> BTreeMap<String, Trait> {
        traits(facts)
            .into_iter()
            .map(|one| (one.name.clone(), one))
            .collect()
    };
    let (a, b) = (by_name(a), by_name(b));
    let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
    names.sort();
    names.dedup();
    let mut same = 0;
    let mut differences = Vec::new();
    for name in names {
        let sides = [a.get(name), b.get(name)];
        let Some(one) = sides.into_iter().flatten().next() else {
            continue;
        };
        let values = sides.map(|side| side.map(|side| side.value.clone()));
        let withheld = sides.into_iter().flatten().any(|side| side.withheld);
        if values[0] == values[1] && !withheld {
            same += 1;
            continue;
        }
        differences.push(Difference {
            what: name.clone(),
            withheld: withheld && values[0] == values[1],
            sides: values,
            reach: one.reach,
        });
    }
    differences.sort_by_key(|one| (one.reach == Reach::Never, one.withheld));
    (differences, same)
}

impl Difference {
    fn status(&self) -> Status {
        match self.reach {
            Reach::Never => Status::Passed,
            Reach::Bytes { .. } if self.withheld => Status::Undecided,
            Reach::Bytes { .. } => Status::Failed,
        }
    }

    fn entry(&self) -> Entry<'_> {
        Entry {
            what: &self.what,
            a: self.sides[0].as_deref(),
            b: self.sides[1].as_deref(),
            withheld: self.withheld,
            cause: match self.reach {
                Reach::Bytes { cause, .. } => Some(cause),
                Reach::Never => None,
            },
            says: self.says(),
        }
    }

    fn says(&self) -> String {
        match self.reach {
            Reach::Never => format!("{} differs, which no program shows", self.what),
            Reach::Bytes { when, .. } if self.withheld => {
                format!(
                    "{} is set on both hosts, to what no report shows; it reaches programs {when}",
                    self.what
                )
            }
            Reach::Bytes { when, .. } => {
                format!("{} differs, and reaches programs {when}", self.what)
            }
        }
    }
}

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    tool: Tool,
    verdict: &'static str,
    summary: String,
    files: &'a [String; 2],
    same: usize,
    differences: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    what: &'a str,
    a: Option<&'a str>,
    b: Option<&'a str>,
    withheld: bool,
    cause: Option<&'static str>,
    says: String,
}

impl Printed for Comparison {
    fn command(&self) -> &'static str {
        "doctor compare"
    }

    fn exit(&self) -> Exit {
        let has = |status| self.differences.iter().any(|one| one.status() == status);
        if has(Status::Failed) {
            Exit::Different
        } else if has(Status::Undecided) {
            Exit::Inconclusive
        } else {
            Exit::Same
        }
    }

    fn summary(&self) -> String {
        let reaching = self
            .differences
            .iter()
            .filter(|one| one.status() == Status::Failed)
            .count();
        format!(
            "{}, {reaching} of which can reach a program; {} the same",
            quantity::count(self.differences.len(), "difference", "differences"),
            self.same
        )
    }

    fn checks(&self) -> Vec<Check> {
        let check = |one: &Difference| Check {
            name: "the same on both hosts".into(),
            subject: one.what.clone(),
            status: one.status(),
            reason: Some(one.says()),
            findings: match one.reach {
                Reach::Bytes { cause, .. } if !one.withheld => vec![Finding {
                    rule: cause.into(),
                    level: Level::Warning,
                    confidence: None,
                    artifact: self.files[1].clone(),
                    summary: one.says(),
                    evidence: vec![Evidence {
                        place: one.what.clone(),
                        a: one.sides[0].clone(),
                        b: one.sides[1].clone(),
                    }],
                    fix: String::new(),
                }],
                Reach::Bytes { .. } | Reach::Never => Vec::new(),
            },
        };
        self.differences.iter().map(check).collect()
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let report = Json {
            schema: "verify-build/doctor-compare-v1",
            tool: Tool::this(),
            verdict: match self.exit() {
                Exit::Same => "same",
                Exit::Different => "different",
                Exit::Unreadable | Exit::Inconclusive => "not-told",
            },
            summary: self.summary(),
            files: &self.files,
            same: self.same,
            differences: self.differences.iter().map(Difference::entry).collect(),
        };
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let color = if self.exit() == Exit::Same {
            Color::Green
        } else {
            Color::Red
        };
        writeln!(
            out,
            "{}: {}",
            style.paint(self.verdict(), color),
            self.summary()
        )?;
        let heads = [
            (Status::Failed, "Can reach a program"),
            (Status::Undecided, "May differ: the reports do not show it"),
            (Status::Passed, "Can't reach a program"),
        ];
        for (status, head) in heads {
            let mut all = self
                .differences
                .iter()
                .filter(|one| one.status() == status)
                .peekable();
            if all.peek().is_some() {
                writeln!(out, "\n{}", style.paint(head, Color::Bold))?;
            }
            for one in all {
                let tail = match one.reach {
                    Reach::Bytes { cause, when } => format!(" ({cause}: {when})"),
                    Reach::Never => String::new(),
                };
                writeln!(out, "  {}{tail}", clean(&one.what))?;
                for (letter, side) in ["a", "b"].iter().zip(&one.sides) {
                    writeln!(
                        out,
                        "    {letter}: {}",
                        side.as_deref().map_or_else(|| "nothing".to_owned(), clean)
                    )?;
                }
            }
        }
        Ok(())
    }

    fn verdict(&self) -> &'static str {
        match self.exit() {
            Exit::Same => "NOTHING THAT REACHES PROGRAMS",
            Exit::Different => "DIFFERENT",
            Exit::Unreadable | Exit::Inconclusive => "NOT TOLD",
        }
    }

    fn sides(&self, _: usize) -> Option<[String; 2]> {
        Some(["a".into(), "b".into()])
    }
}
