//! What was judged, in the shape that printers take.

use std::io::{self, Write};

use proto::finding::{Check, Finding, Level, Status};
use proto::quantity;
use proto::report::figure::Figure;

use super::expect::Expected;
use super::outcome::Outcome;
use super::rules::{self, Judged};
use super::{figures, json, script, text};
use crate::exit::Exit;
use crate::report::printed::Printed;
use crate::report::text::Style;

impl Printed for Outcome {
    fn command(&self) -> &'static str {
        "doctor"
    }

    fn exit(&self) -> Exit {
        self.ends()
    }

    fn summary(&self) -> String {
        if let Some(path) = &self.written {
            return format!("{path} says what this host has; take out what need not be so");
        }
        let what = match &self.facts {
            Some(_) => quantity::count(
                self.checks.len(),
                "check of this host",
                "checks of this host",
            ),
            None => quantity::count(self.checks.len(), "unit", "units"),
        };
        let untold = self
            .checks
            .iter()
            .filter(|check| check.untold.is_some())
            .count();
        let mut words = vec![
            quantity::count(self.count(Level::Error), "error", "errors"),
            quantity::count(self.count(Level::Warning), "warning", "warnings"),
            quantity::count(self.count(Level::Note), "note", "notes"),
        ];
        if untold > 0 {
            words.push(format!("{untold} that can't be told"));
        }
        let unmet = self
            .expected
            .iter()
            .filter(|one| one.status != Status::Passed)
            .count();
        if unmet > 0 {
            words.push(format!(
                "{} not met",
                quantity::count(unmet, "expectation", "expectations")
            ));
        }
        format!("{} in {what}", words.join(", "))
    }

    fn notes(&self) -> Vec<String> {
        self.checks
            .iter()
            .filter_map(|check| check.not_asked.clone())
            .collect()
    }

    fn checks(&self) -> Vec<Check> {
        let checks = self.checks.iter().map(|check| self.check(check));
        checks.chain(self.expected.iter().map(expected)).collect()
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        json::write(self, out)
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        if self.as_script {
            return script::write(self, out);
        }
        text::write(self, style, out)
    }

    fn figures(&self) -> Vec<Figure> {
        let facts = self.facts.as_ref();
        facts.map_or_else(Vec::new, |facts| figures::of(facts, self.today))
    }

    fn verdict(&self) -> &'static str {
        let is_unmet = self.expected.iter().any(|one| one.status == Status::Failed);
        match self.ends() {
            _ if self.written.is_some() => "WRITTEN",
            Exit::Inconclusive if is_unmet => "UNMET",
            Exit::Same => "FIT",
            Exit::Different => "FINDINGS",
            Exit::Unreadable => "UNREADABLE",
            Exit::Inconclusive => "NOT TOLD",
        }
    }

    fn meaning(&self) -> fn(&str) -> Option<&'static str> {
        rules::meaning
    }
}

fn expected(one: &Expected) -> Check {
    let found = (one.status != Status::Passed).then(|| Finding {
        rule: "expectation".into(),
        level: Level::Error,
        confidence: None,
        artifact: String::new(),
        summary: format!("{} is not met: {}", one.name, one.reason),
        evidence: Vec::new(),
        fix: String::new(),
    });
    Check {
        name: "expectation".into(),
        subject: one.name.clone(),
        status: one.status,
        reason: Some(one.reason.clone()),
        findings: found.into_iter().collect(),
    }
}

impl Outcome {
    fn check(&self, check: &Judged) -> Check {
        let findings = check.found.iter().map(|found| Finding {
            artifact: check.subject.clone(),
            fix: match found.commands.as_slice() {
                [] => found.finding.fix.clone(),
                commands => format!("{} ({})", found.finding.fix, commands.join("; ")),
            },
            ..found.finding.clone()
        });
        let stands = Some(check.stands.clone()).filter(|stands| !stands.is_empty());
        Check {
            name: check.name.into(),
            subject: check.subject.clone(),
            status: self.status(check),
            reason: match self.status(check) {
                Status::Undecided => check.untold.clone(),
                Status::Passed | Status::Failed => stands.or_else(|| check.not_asked.clone()),
            },
            findings: findings.collect(),
        }
    }
}
