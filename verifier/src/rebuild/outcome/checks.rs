//! The answer as checks and findings, for printers that know no more.

use std::io::{self, Write};

use proto::finding::{Check, Finding, Level, Status};

use super::{Outcome, fix, matters};
use crate::exit::Exit;
use crate::quantity;
use crate::rebuild::session::{Culprit, Kind};
use crate::report::Report;
use crate::report::printed::Printed;
use crate::report::text::Style;

impl Printed for Outcome {
    fn command(&self) -> &'static str {
        "rebuild"
    }

    fn exit(&self) -> Exit {
        self.exit_code()
    }

    fn summary(&self) -> String {
        self.sentence()
    }

    fn notes(&self) -> Vec<String> {
        self.remarks()
    }

    fn checks(&self) -> Vec<Check> {
        let mut checks = vec![
            self.check("equal builds", |kind| matches!(kind, Kind::Nothing)),
            self.check("cold and warm cache", |kind| {
                matches!(kind, Kind::Warm | Kind::Given)
            }),
        ];
        for one in &self.varied {
            let is_this =
                |kind: &Kind| matches!(kind, Kind::Varied(names) if names.contains(&one.name));
            checks.push(self.check(one.name, is_this));
        }
        for (names, said) in &self.found.failing {
            checks.push(self.undecided(&names.join(" and "), format!("the build fails: {said}")));
        }
        for one in &self.untried {
            checks.push(self.undecided(one.name, one.reason.clone()));
        }
        checks
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &self.value())?;
        writeln!(out)
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        self.write(style, out)
    }

    fn report(&self) -> Option<&Report> {
        self.comparison.as_ref()
    }
}

impl Outcome {
    /// What a reader should know beside the answer.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(level) = self.level() {
            let limit = if self.has_cgo {
                "; C code is compiled in, so the claim holds for this C compiler and these libraries alone"
            } else {
                ""
            };
            notes.push(format!(
                "this supports the claim {level:?}: {}; it says nothing about other hosts{limit}",
                level.meaning()
            ));
        }
        if let (Some(open), false) = (&self.found.open, self.found.culprits.is_empty()) {
            notes.push(format!(
                "{open}; what is named matters, and may not be the smallest set"
            ));
        }
        notes.push(format!(
            "builds used up to {} below TMPDIR, all of it removed",
            quantity::size(self.disk_bytes)
        ));
        notes
    }

    fn check(&self, name: &str, is_this: impl Fn(&Kind) -> bool) -> Check {
        let culprits = self.found.culprits.iter().enumerate();
        let guilty: Vec<(usize, &Culprit)> =
            culprits.filter(|(_, one)| is_this(&one.kind)).collect();
        let findings = guilty
            .iter()
            .flat_map(|(place, one)| self.findings(*place, one));
        Check {
            name: name.to_owned(),
            subject: self.package.clone(),
            status: if guilty.is_empty() {
                Status::Passed
            } else {
                Status::Failed
            },
            reason: None,
            findings: findings.collect(),
        }
    }

    fn undecided(&self, name: &str, reason: String) -> Check {
        Check {
            name: name.to_owned(),
            subject: self.package.clone(),
            status: Status::Undecided,
            reason: Some(reason),
            findings: Vec::new(),
        }
    }

    /// The culprit, and the causes that the two programs themselves show.
    fn findings(&self, place: usize, culprit: &Culprit) -> Vec<Finding> {
        let mut findings = vec![Finding {
            rule: self.rule(culprit),
            level: Level::Error,
            confidence: Some(culprit.confidence),
            artifact: self.folder.join(&self.name).display().to_string(),
            summary: matters(culprit),
            evidence: Vec::new(),
            fix: fix(culprit, self.has_cgo),
        }];
        let pairs = self
            .comparison
            .as_ref()
            .map(Printed::checks)
            .unwrap_or_default();
        findings.extend(
            pairs
                .into_iter()
                .nth(place)
                .map(|pair| pair.findings)
                .unwrap_or_default(),
        );
        findings
    }

    /// The stable name of what matters.
    pub(super) fn rule(&self, culprit: &Culprit) -> String {
        match &culprit.kind {
            Kind::Nothing => "not-deterministic".into(),
            Kind::Given if culprit.conflicts > 0 && self.has_cgo => "cache-stale-cgo".into(),
            Kind::Given if culprit.conflicts > 0 => "cache-poisoned".into(),
            Kind::Warm | Kind::Given => "cache-differs".into(),
            Kind::Varied(names) => match names.as_slice() {
                [one] => format!("varied-{one}"),
                _ => "varied-together".into(),
            },
        }
    }
}
