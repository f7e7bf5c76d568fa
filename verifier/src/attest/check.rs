//! A certificate and a program.

use std::io::{self, Write};

use anyhow::Context as _;
use proto::attest::certificate::{self, Certificate};
use proto::attest::check::{self, Demands, Held, Outcome, Shown};
use proto::attest::decision::Decision;
use proto::attest::digest::Digest;
use proto::attest::quorum::Mark;
use proto::attest::words;
use proto::finding::{self as found, Finding, Level, Status};
use proto::visible::clean;
use serde::Serialize;

use super::{finding, reading, shown};
use crate::args::check::Check;
use crate::artifact::Artifact;
use crate::exit::Exit;
use crate::key::file;
use crate::report::printed::Printed;
use crate::report::text::Style;

/// The name and version of the JSON form.
const SCHEMA: &str = "verify-build/check-v1";

/// Runs the command.
///
/// # Errors
/// When a file can't be read, or the certificate is none.
pub fn run(args: &Check) -> anyhow::Result<Box<dyn Printed>> {
    let owner = file::public_alone(&args.key)?;
    let bytes = reading::bytes(&args.certificate, certificate::LEN_MAX)?;
    let certificate =
        Certificate::parse(&bytes).with_context(|| args.certificate.display().to_string())?;
    let quorum = args.quorum.as_deref().map(reading::quorum).transpose()?;
    let demands = Demands {
        quorum: quorum.map(|quorum| quorum.digest()),
        version_min: args.quorum_version,
    };
    let program = shown::of(&Artifact::read(&args.artifact)?);
    let subject = args.artifact.display().to_string();
    let checked = match check::open(&certificate, &owner, &demands) {
        Err(error) => Checked::refused(subject, &program, error.to_string()),
        Ok(decision) if args.nonce.is_some() && !is_fresh(&decision, args.nonce.as_ref()) => {
            let problem =
                "it does not show that everything was signed after this nonce was given out";
            Checked::refused(subject, &program, problem.to_owned())
        }
        Ok(decision) => {
            let held = check::hold(&decision, &certificate, &program);
            Checked {
                schema: SCHEMA,
                file: subject,
                sha256: program.sha256,
                outcome: check::outcome(&decision, &held),
                refused: None,
                held,
                decision: Some(decision),
            }
        }
    };
    Ok(Box::new(checked))
}

fn is_fresh(decision: &Decision, nonce: Option<&String>) -> bool {
    decision.asked.nonce.as_ref() == nonce && decision.marks().contains(&Mark::F)
}

/// What was found.
#[derive(Debug, Serialize)]
struct Checked {
    schema: &'static str,
    /// The program.
    file: String,
    sha256: Digest,
    outcome: Outcome,
    /// Why the certificate is not believed; null where it is.
    refused: Option<String>,
    /// What was held against the file.
    held: Vec<Held>,
    /// What is concluded; null where the certificate is not believed.
    decision: Option<Decision>,
}

impl Checked {
    fn refused(file: String, shown: &Shown, problem: String) -> Self {
        Self {
            schema: SCHEMA,
            file,
            sha256: shown.sha256,
            outcome: Outcome::Wrong,
            refused: Some(problem),
            held: Vec::new(),
            decision: None,
        }
    }

    fn faults(&self) -> impl Iterator<Item = &str> {
        let held = self.held.iter().filter_map(|held| held.fault.as_deref());
        self.refused.as_deref().into_iter().chain(held)
    }
}

impl Printed for Checked {
    fn command(&self) -> &'static str {
        "check"
    }

    fn exit(&self) -> Exit {
        match self.outcome {
            Outcome::Shown => Exit::Same,
            Outcome::Open => Exit::Inconclusive,
            Outcome::Wrong => Exit::Different,
        }
    }

    fn summary(&self) -> String {
        if let Some(problem) = &self.refused {
            return format!("Nothing is claimed of this file: {problem}.");
        }
        if let Some(fault) = self.faults().next() {
            return format!("The certificate does not hold for this file: {fault}.");
        }
        self.decision
            .as_ref()
            .map_or_else(String::new, words::claim)
    }

    fn notes(&self) -> Vec<String> {
        let decision = self.decision.as_ref();
        decision.map_or_else(Vec::new, |decision| decision.notes.clone())
    }

    fn checks(&self) -> Vec<found::Check> {
        let told = self.held.iter().filter(|held| held.is_told);
        let held = told.map(|held| (held.name, held.fault.as_deref()));
        let refused = self.refused.as_deref();
        let opened = (
            "the certificate is the owner's, and follows from what is in it",
            refused,
        );
        let check = |(name, fault): (&str, Option<&str>)| found::Check {
            name: name.to_owned(),
            subject: self.file.clone(),
            status: if fault.is_none() {
                Status::Passed
            } else {
                Status::Failed
            },
            reason: fault.map(str::to_owned),
            findings: fault
                .map(|fault| Finding {
                    rule: "certificate".to_owned(),
                    level: Level::Error,
                    confidence: None,
                    artifact: self.file.clone(),
                    summary: format!("not so: {name}: {fault}"),
                    evidence: Vec::new(),
                    fix: String::new(),
                })
                .into_iter()
                .collect(),
        };
        let mut checks: Vec<found::Check> =
            std::iter::once(opened).chain(held).map(check).collect();
        if let Some(decision) = &self.decision {
            checks.extend(finding::checks(decision, &self.file));
        }
        checks
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let is_whole = self.faults().next().is_none();
        if !is_whole {
            writeln!(out, "{}\n", clean(&self.summary()))?;
        }
        if let Some(decision) = &self.decision {
            if !is_whole {
                writeln!(
                    out,
                    "What the certificate says of the file that it is about:"
                )?;
            }
            out.write_all(words::text(decision, style.verbose).as_bytes())?;
            writeln!(out)?;
        }
        writeln!(out, "File {} (sha256 {})", clean(&self.file), self.sha256)?;
        for held in &self.held {
            match &held.fault {
                None if !held.is_told => writeln!(out, "  not told: {}", held.name)?,
                None => writeln!(out, "  holds: {}", held.name)?,
                Some(fault) => writeln!(out, "  does not hold: {}: {}", held.name, clean(fault))?,
            }
        }
        Ok(())
    }
}
