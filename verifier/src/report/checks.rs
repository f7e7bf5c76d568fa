//! A comparison or inspection as checks, for printers that know no more.

use std::io::{self, Write};

use proto::finding::{Check, Confidence, Finding, Level, Status};
use proto::report::Tone;

use super::accepting::MASKED;
use super::next;
use super::printed::Printed;
use super::text::{self, Style};
use super::{Comparison, Explained, Report};
use crate::diff::Verdict;
use crate::exit::Exit;

impl Printed for Report {
    fn command(&self) -> &'static str {
        match self.verdict {
            Some(_) => "compare",
            None => "inspect",
        }
    }

    fn exit(&self) -> Exit {
        match self.verdict {
            None | Some(Verdict::Identical) => Exit::Same,
            Some(Verdict::Different) if self.accepted.is_some() => Exit::Same,
            Some(Verdict::Different) => Exit::Different,
            Some(Verdict::Inconclusive) => Exit::Inconclusive,
        }
    }

    fn summary(&self) -> String {
        self.summary.clone()
    }

    fn notes(&self) -> Vec<String> {
        let pairs = self.comparisons.iter();
        let said = pairs.flat_map(|pair| [next::flags(pair), next::sentence(pair)]);
        self.notes.iter().cloned().chain(said.flatten()).collect()
    }

    fn checks(&self) -> Vec<Check> {
        self.comparisons
            .iter()
            .map(|pair| self.check(pair))
            .collect()
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        text::write(self, style, out)
    }

    fn report(&self) -> Option<&Report> {
        Some(self)
    }

    fn verdict(&self) -> &'static str {
        match self.verdict {
            None => "INSPECTED",
            Some(Verdict::Identical) => "IDENTICAL",
            Some(Verdict::Different) => "DIFFERENT",
            Some(Verdict::Inconclusive) => "INCONCLUSIVE",
        }
    }

    fn tone(&self) -> Tone {
        match self.verdict {
            None => Tone::Neutral,
            // Accepted, and different all the same.
            Some(Verdict::Different) if self.accepted.is_some() => Tone::Accepted,
            Some(Verdict::Identical) => Tone::Good,
            Some(Verdict::Different) => Tone::Bad,
            Some(Verdict::Inconclusive) => Tone::Open,
        }
    }

    fn sides(&self, check: usize) -> Option<[String; 2]> {
        let pair = self.comparisons.get(check)?;
        Some(pair.letters.clone())
    }
}

impl Report {
    /// Says of a pair that is not identical what it is all the same, or why that does not
    /// hold: equal after masking, accepted.
    fn all_the_same(&self, pair: &Comparison) -> Option<String> {
        let masked = pair.masked.as_ref();
        if let Some(masked) = masked.filter(|masked| masked.equal) {
            let what = masked.describe();
            return Some(match self.alarm(pair) {
                None => format!("equal after masking: {what}; this is not equality"),
                Some(alarm) => {
                    format!(
                        "not accepted after masking: nothing but {what} differs, and yet: {alarm}"
                    )
                }
            });
        }
        let accepted = self.accepted?;
        let masked = masked.filter(|_| accepted == MASKED);
        (pair.verdict == Verdict::Different).then(|| match masked {
            Some(masked) => {
                let what = masked.describe();
                format!("accepted: nothing but {what} differs; this is not equality")
            }
            None => "accepted: both hold the same members; this is not equality".into(),
        })
    }

    fn check(&self, pair: &Comparison) -> Check {
        let path = |index: usize| self.files.get(index).map_or("", |file| file.path.as_str());
        let [a, b] = pair.files.map(path);
        let accepted = pair.verdict == Verdict::Different && self.accepted.is_some();
        let findings = self
            .causes
            .iter()
            .filter(|one| one.files == pair.files)
            .map(|Explained { cause, .. }| Finding {
                rule: cause.name.as_str(),
                level: match cause.confidence {
                    _ if accepted => Level::Note,
                    Confidence::Proven | Confidence::Likely => Level::Error,
                    Confidence::Possible => Level::Warning,
                },
                confidence: Some(cause.confidence),
                artifact: b.to_owned(),
                summary: cause.summary.clone(),
                evidence: cause.evidence.clone(),
                fix: cause.fix.clone(),
            });
        Check {
            name: "same build".into(),
            subject: format!("{a} and {b}"),
            status: match pair.verdict {
                Verdict::Identical => Status::Passed,
                Verdict::Different if accepted => Status::Passed,
                Verdict::Different => Status::Failed,
                Verdict::Inconclusive => Status::Undecided,
            },
            reason: pair.reason.clone().or_else(|| self.all_the_same(pair)),
            findings: findings.collect(),
        }
    }
}
