//! What the command found, in the shape that printers take.

use std::io::{self, Write};

use proto::finding::{Check, Finding, Level, Status};

use super::requirement::Checked;
use super::{json, text};
use crate::exit::Exit;
use crate::quantity;
use crate::report::printed::Printed;
use crate::report::text::Style;

/// Every file that was judged.
#[derive(Debug)]
pub struct Outcome {
    /// The files, in the order given.
    pub files: Vec<Judged>,
    /// From which level on a finding fails the run; `None` for never.
    pub fail_on: Option<Level>,
}

/// One file, judged.
#[derive(Debug)]
pub struct Judged {
    /// Its path as given.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// The Go version in it.
    pub go_version: Option<String>,
    /// Why it can't be judged as a Go program.
    pub obstacle: Option<String>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// The requirements, in order.
    pub requirements: Vec<Checked>,
}

impl Outcome {
    /// Whether a finding fails the run.
    pub fn fails(&self, found: &Finding) -> bool {
        self.fail_on.is_some_and(|level| found.level <= level)
    }

    /// The answer for one file.
    pub fn exit_of(&self, file: &Judged) -> Exit {
        let mut requirements = file.requirements.iter();
        let unmet = requirements.any(|checked| checked.status != Status::Passed);
        // Without requirements nothing could be judged; with them, they were.
        let unjudged = file.obstacle.is_some() && file.requirements.is_empty();
        if unmet || unjudged {
            Exit::Inconclusive
        } else if file.findings.iter().any(|found| self.fails(found)) {
            Exit::Different
        } else {
            Exit::Same
        }
    }

    fn count(&self, level: Level) -> usize {
        let findings = self.files.iter().flat_map(|file| &file.findings);
        findings.filter(|found| found.level == level).count()
    }
}

impl Printed for Outcome {
    fn command(&self) -> &'static str {
        "lint"
    }

    fn exit(&self) -> Exit {
        let exits: Vec<Exit> = self.files.iter().map(|file| self.exit_of(file)).collect();
        // A requirement that is not met outranks findings, as it does for one file.
        [Exit::Inconclusive, Exit::Different]
            .into_iter()
            .find(|exit| exits.contains(exit))
            .unwrap_or(Exit::Same)
    }

    fn summary(&self) -> String {
        let unmet = self
            .files
            .iter()
            .flat_map(|file| &file.requirements)
            .filter(|checked| checked.status != Status::Passed)
            .count();
        let mut words = vec![
            quantity::count(self.count(Level::Error), "error", "errors"),
            quantity::count(self.count(Level::Warning), "warning", "warnings"),
            quantity::count(self.count(Level::Note), "note", "notes"),
        ];
        if unmet > 0 {
            words.push(format!(
                "{} not met",
                quantity::count(unmet, "requirement", "requirements")
            ));
        }
        format!(
            "{} in {}",
            words.join(", "),
            quantity::count(self.files.len(), "file", "files")
        )
    }

    fn checks(&self) -> Vec<Check> {
        self.files
            .iter()
            .flat_map(|file| self.checks_of(file))
            .collect()
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        json::write(self, out)
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        text::write(self, style, out)
    }
}

impl Outcome {
    fn checks_of(&self, file: &Judged) -> Vec<Check> {
        let failed = file.findings.iter().any(|found| self.fails(found));
        let lint = Check {
            name: "no known reason not to reproduce elsewhere".into(),
            subject: file.path.clone(),
            status: match (&file.obstacle, failed) {
                (Some(_), _) => Status::Undecided,
                (None, true) => Status::Failed,
                (None, false) => Status::Passed,
            },
            reason: file.obstacle.clone(),
            findings: file.findings.clone(),
        };
        let requirement = |checked: &Checked| Check {
            name: checked.name.clone(),
            subject: file.path.clone(),
            status: checked.status,
            reason: Some(checked.reason.clone()),
            findings: requirement_finding(file, checked).into_iter().collect(),
        };
        let requirements = file.requirements.iter().map(requirement);
        std::iter::once(lint).chain(requirements).collect()
    }
}

fn requirement_finding(file: &Judged, checked: &Checked) -> Option<Finding> {
    (checked.status != Status::Passed).then(|| Finding {
        rule: "requirement".into(),
        level: Level::Error,
        confidence: None,
        artifact: file.path.clone(),
        summary: format!("{} is not met: {}", checked.name, checked.reason),
        evidence: Vec::new(),
        fix: String::new(),
    })
}
