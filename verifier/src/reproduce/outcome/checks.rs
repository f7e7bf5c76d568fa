//! The answer as checks and findings, for printers that know no more.

use std::io::{self, Write};

use proto::finding::{Check, Finding, Level, Status};

use super::{Outcome, Verdict};
use crate::exit::Exit;
use crate::report::Report;
use crate::report::printed::Printed;
use crate::report::text::Style;
use crate::toolchain::judge::Verdict as Standing;
use proto::report::figure::Figure;

impl Printed for Outcome {
    fn command(&self) -> &'static str {
        "reproduce"
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
        let mut checks = vec![self.same_bytes()];
        checks.extend(self.toolchain_check());
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

    fn figures(&self) -> Vec<Figure> {
        self.pictures()
    }

    fn verdict(&self) -> &'static str {
        match self.verdict {
            Verdict::Equal => "REPRODUCED",
            Verdict::EqualButForStamp => "EQUAL BUT FOR THE STAMP",
            Verdict::EqualButForSignature => "EQUAL BUT FOR THE SIGNATURE",
            Verdict::Different => "NOT REPRODUCED",
            Verdict::Unknown => "UNDECIDED",
        }
    }

    fn sides(&self, check: usize) -> Option<[String; 2]> {
        let is_pair = check == 0 && self.comparison.is_some();
        is_pair.then(|| ["given".to_owned(), "built".to_owned()])
    }
}

impl Outcome {
    /// What a reader should know beside the answer.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut notes: Vec<String> = Vec::new();
        notes.extend(
            self.toolchain
                .iter()
                .map(|toolchain| toolchain.said.clone()),
        );
        let source = self.source.iter();
        notes.extend(source.flat_map(|source| source.said.iter().cloned()));
        notes.extend(self.notes.iter().cloned());
        if self.verdict == Verdict::EqualButForStamp && !self.has_own_linker_flags {
            notes.push(
                "nothing proves order and spelling of the linker's flags: at the right commit the build ID may still be another"
                    .into(),
            );
        }
        notes
    }

    fn same_bytes(&self) -> Check {
        Check {
            name: "same bytes from the source".into(),
            subject: self.inside.clone().unwrap_or_else(|| self.file.clone()),
            status: match self.verdict {
                Verdict::Equal => Status::Passed,
                Verdict::EqualButForStamp | Verdict::EqualButForSignature | Verdict::Different => {
                    Status::Failed
                }
                Verdict::Unknown => Status::Undecided,
            },
            reason: match (self.verdict, &self.obstacle) {
                (_, Some(obstacle)) => Some(obstacle.said.clone()),
                (Verdict::EqualButForStamp | Verdict::EqualButForSignature, None) => {
                    Some(self.sentence())
                }
                (Verdict::Equal | Verdict::Different | Verdict::Unknown, None) => None,
            },
            findings: self.remaining(),
        }
    }

    /// Causes of what still differs.
    pub(super) fn remaining(&self) -> Vec<Finding> {
        let pairs = self.comparison.as_ref().map(Printed::checks);
        let findings = pairs.into_iter().flatten().flat_map(|pair| pair.findings);
        let is_mark_alone = matches!(
            self.verdict,
            Verdict::EqualButForStamp | Verdict::EqualButForSignature
        );
        findings
            .map(|finding| Finding {
                level: if is_mark_alone {
                    Level::Note
                } else {
                    finding.level
                },
                artifact: self.file.clone(),
                ..finding
            })
            .collect()
    }

    fn toolchain_check(&self) -> Option<Check> {
        let toolchain = self.toolchain.as_ref()?;
        let status = match toolchain.verdict {
            Some(Standing::Official | Standing::Repackaged) => Status::Passed,
            Some(Standing::Modified) => Status::Failed,
            Some(Standing::Unknown) | None => Status::Undecided,
        };
        let finding = (status == Status::Failed).then(|| Finding {
            rule: "toolchain-patched".into(),
            level: Level::Warning,
            confidence: None,
            artifact: toolchain.goroot.display().to_string(),
            summary: toolchain.said.clone(),
            evidence: Vec::new(),
            fix: format!(
                "install {} from go.dev/dl, or let GOTOOLCHAIN fetch it",
                toolchain.release
            ),
        });
        Some(Check {
            name: "official Go release".into(),
            subject: toolchain.release.clone(),
            status,
            reason: Some(toolchain.said.clone()),
            findings: finding.into_iter().collect(),
        })
    }
}
