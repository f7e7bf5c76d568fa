//! What the command found, in the shape that printers take.

use std::io::{self, Write};

use proto::finding::{Check, Finding, Level, Status};

use super::outcome::{Judged, Outcome};
use super::requirement::Checked;
use super::{json, text};
use crate::exit::Exit;
use crate::quantity;
use crate::report::printed::Printed;
use crate::report::text::Style;

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
