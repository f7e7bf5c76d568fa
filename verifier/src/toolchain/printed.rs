//! What was found about an installation, in the shape that printers take.

use std::io::{self, Write};

use proto::finding::{Check, Evidence, Finding, Level, Status};
use proto::toolchain::Outside;

use super::difference::{FileDifference, Kind};
use super::judge::Verdict;
use super::outcome::Outcome;
use super::{json, text};
use crate::exit::Exit;
use crate::report::printed::Printed;
use crate::report::text::Style;

/// The most files that get a finding of their own.
const FINDINGS_MAX: usize = 100;

impl Printed for Outcome {
    fn command(&self) -> &'static str {
        "toolchain"
    }

    fn exit(&self) -> Exit {
        match self.judgement.verdict {
            Verdict::Official | Verdict::Repackaged => Exit::Same,
            Verdict::Modified => Exit::Different,
            Verdict::Unknown => Exit::Inconclusive,
        }
    }

    fn summary(&self) -> String {
        self.judgement.reason.clone()
    }

    fn notes(&self) -> Vec<String> {
        self.judgement.notes.clone()
    }

    fn checks(&self) -> Vec<Check> {
        let mut findings: Vec<Finding> = self
            .judgement
            .mattering()
            .take(FINDINGS_MAX)
            .map(|file| self.file_finding(file))
            .collect();
        findings.extend(self.verdict_finding());
        findings.extend(self.program_findings());
        findings.extend(self.tool_finding());
        findings.extend(self.outside_finding());
        findings.extend(self.repackaging_finding());
        vec![Check {
            name: "official release".into(),
            subject: self.tree.root.display().to_string(),
            status: match self.judgement.verdict {
                Verdict::Official | Verdict::Repackaged => Status::Passed,
                Verdict::Modified => Status::Failed,
                Verdict::Unknown => Status::Undecided,
            },
            reason: Some(self.judgement.reason.clone()),
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

impl Outcome {
    fn artifact(&self) -> String {
        self.tree.root.display().to_string()
    }

    fn file_finding(&self, file: &FileDifference) -> Finding {
        let release = self.tree.release.version();
        let what = match file.kind {
            Kind::Changed => format!("{} is not the one of {release}", file.name),
            Kind::Added => format!("{} is not in {release}", file.name),
            Kind::Missing => format!("{} of {release} is missing", file.name),
        };
        Finding {
            rule: "toolchain-patched".into(),
            level: Level::Error,
            confidence: None,
            artifact: self.tree.root.join(&file.name).display().to_string(),
            summary: what,
            evidence: vec![Evidence {
                place: format!("sha256 of {}", file.name),
                a: file.installed.map(hex::encode),
                b: file.released.map(hex::encode),
            }],
            fix: self.fix(),
        }
    }

    /// Programs that were changed after their build: stripped by a packager, or worse.
    fn program_findings(&self) -> impl Iterator<Item = Finding> {
        let changed = self
            .programs
            .iter()
            .filter(|program| program.intact == Some(false));
        changed.map(|program| Finding {
            rule: "modified-after-build".into(),
            level: Level::Error,
            confidence: None,
            artifact: self.tree.root.join(&program.name).display().to_string(),
            summary: format!("{} was changed after go build wrote it", program.name),
            evidence: Vec::new(),
            fix: self.fix(),
        })
    }

    /// What no single file stands for.
    fn verdict_finding(&self) -> Option<Finding> {
        let (rule, level) = match self.judgement.verdict {
            Verdict::Official | Verdict::Repackaged => return None,
            Verdict::Modified if self.every_reason_is_a_file() => return None,
            Verdict::Modified => ("toolchain-patched", Level::Error),
            Verdict::Unknown => ("toolchain-unproved", Level::Warning),
        };
        Some(Finding {
            rule: rule.into(),
            level,
            confidence: None,
            artifact: self.artifact(),
            summary: self.judgement.reason.clone(),
            evidence: vec![Evidence {
                place: format!("h1 of {}", self.tree.release.module()),
                a: Some(self.judgement.h1.to_string()),
                b: self.recorded.as_ref().map(|record| record.h1.to_string()),
            }],
            fix: self.fix(),
        })
    }

    /// Whether the files that differ are all there is to say.
    fn every_reason_is_a_file(&self) -> bool {
        self.judgement.mattering().count() > 0
            && self.tree.unhashed.mattering.is_empty()
            && self.tree.shadowed.is_empty()
    }

    /// Tools beside the release's own. The go command runs them where it would
    /// otherwise build its own (`covdata` in a test for coverage), and make.bash and
    /// `go install cmd/…` put them there: not the release's, and no tampering yet.
    fn tool_finding(&self) -> Option<Finding> {
        let tools = self.tree.outside.get(&Outside::Tool)?;
        let is_run = |name: &&String| self.tree.is_own_tool(name);
        let names: Vec<&String> = tools.names.iter().filter(is_run).collect();
        Some(Finding {
            rule: "toolchain-extra-tool".into(),
            level: Level::Warning,
            confidence: None,
            artifact: self.artifact(),
            summary: format!(
                "{}: in no release, and go runs such tools",
                some_of(&names)?
            ),
            evidence: Vec::new(),
            fix: "remove them: go builds its other tools when they are first used".into(),
        })
    }

    /// Programs and packages that no release has. A build reads them only when it is
    /// told to, so they change no verdict.
    fn outside_finding(&self) -> Option<Finding> {
        let of = |kind: Outside| self.tree.outside.get(&kind);
        let names: Vec<&String> = [Outside::Program, Outside::Package]
            .into_iter()
            .filter_map(of)
            .flat_map(|outsiders| &outsiders.names)
            .collect();
        Some(Finding {
            rule: "toolchain-outside".into(),
            level: Level::Note,
            confidence: None,
            artifact: self.artifact(),
            summary: format!("{}: in no release, not judged", some_of(&names)?),
            evidence: Vec::new(),
            fix: String::new(),
        })
    }

    fn repackaging_finding(&self) -> Option<Finding> {
        (self.judgement.verdict == Verdict::Repackaged).then(|| Finding {
            rule: "toolchain-repackaged".into(),
            level: Level::Note,
            confidence: None,
            artifact: self.artifact(),
            summary: self.judgement.reason.clone(),
            evidence: self
                .judgement
                .differences
                .iter()
                .take(FINDINGS_MAX)
                .map(|file| Evidence {
                    place: file.name.clone(),
                    a: file.installed.map(hex::encode),
                    b: file.released.map(hex::encode),
                })
                .collect(),
            fix: String::new(),
        })
    }

    fn fix(&self) -> String {
        self.advice.join("; ")
    }
}

/// Names the first of some files, and how many more there are.
fn some_of(names: &[&String]) -> Option<String> {
    let first = names.first()?;
    Some(match names.len() - 1 {
        0 => (*first).clone(),
        more => format!("{first} and {more} more"),
    })
}
