//! The answer of a run: whether this host's builds agree. What several hosts saw is
//! compared by `verify-build certify`.

mod json;
mod text;

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context as _;
use proto::attest::closure::Summary;
use proto::attest::observation::{Audit, Evidence, Mode, Outcome as Ending};
use proto::finding::{Check, Finding, Level, Status};

use super::session::{Plan, Seen};
use super::signer::Signer;
use crate::durable;
use crate::exit::Exit;
use crate::report::printed::Printed;
use crate::report::text::Style;

/// What a run saw.
#[derive(Debug)]
pub struct Outcome {
    /// The import path of the program.
    pub package: String,
    /// The program's file name.
    pub name: String,
    /// The digest of what went in.
    pub inputs: String,
    /// The ID of the key; `None` where nothing is signed.
    pub key: Option<String>,
    /// Every build.
    pub seen: Vec<Seen>,
    notes: Vec<String>,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One program, and equal packages went into it.
    Agree,
    /// One program, and other packages went into it, or one that is not what its entry
    /// in the cache says.
    PackagesDiffer,
    /// Several programs.
    ProgramsDiffer,
    /// A build failed.
    Failed,
    /// One program; what went into it is not known of every build.
    Unknown,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::PackagesDiffer => "packages-differ",
            Self::ProgramsDiffer => "programs-differ",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl Outcome {
    /// Concludes from what was seen.
    pub fn of(plan: &Plan<'_>, seen: Vec<Seen>, signer: Option<&Signer>) -> Self {
        let project = plan.setting.ground.project;
        let mut notes = Vec::new();
        match signer {
            Some(signer) => notes.extend(signer.notes.iter().cloned()),
            None => notes.push(
                "nothing is signed, so these observations count for nothing: sign with --key"
                    .to_owned(),
            ),
        }
        let unstated = &plan.setting.facts.inputs.unstated;
        if !unstated.is_empty() {
            let names: Vec<&str> = unstated.iter().map(String::as_str).collect();
            notes.push(format!(
                "what went in is not pinned whole: {}; hosts that differ in these are not told apart by their inputs",
                names.join(", ")
            ));
        }
        for (number, one) in (1..).zip(&seen) {
            let mode = one.observation.cache.mode.as_str();
            for note in &one.notes {
                notes.push(format!("build {number} ({mode}): {note}"));
            }
        }
        let inputs = plan.setting.facts.inputs.sha256().unwrap_or_default();
        Self {
            package: project.package.clone(),
            name: project.name.clone(),
            inputs,
            key: signer.map(|signer| signer.public().id().to_string()),
            seen,
            notes,
        }
    }

    /// Puts the program where `-o` of go build says, if every build gave it.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn deliver(&self, output: &Path) -> anyhow::Result<()> {
        let is_one = match self.verdict() {
            Verdict::Agree | Verdict::PackagesDiffer | Verdict::Unknown => true,
            Verdict::ProgramsDiffer | Verdict::Failed => false,
        };
        let first = self
            .seen
            .first()
            .and_then(|seen| seen.build.result.as_ref().ok());
        match first.filter(|_| is_one) {
            Some(built) => durable::copy(&built.program, output)
                .with_context(|| format!("writing {}", output.display())),
            None => Ok(()),
        }
    }

    /// Returns the answer.
    pub fn verdict(&self) -> Verdict {
        let is_differing = |seen: &Seen| matches!(seen.observation.result, Ending::Differed { .. });
        let is_failed = |seen: &Seen| matches!(seen.observation.result, Ending::Failed { .. });
        let is_damaged =
            |seen: &Seen| matches!(seen.observation.cache.audit, Audit::Damaged { .. });
        let closures: Vec<Option<&Summary>> = self.seen.iter().map(closure).collect();
        let known: Vec<&Summary> = closures.iter().copied().flatten().collect();
        if self.seen.iter().any(is_differing) {
            Verdict::ProgramsDiffer
        } else if self.seen.iter().any(is_failed) {
            Verdict::Failed
        } else if known.windows(2).any(|pair| pair[0].root != pair[1].root)
            || self.seen.iter().any(is_damaged)
        {
            Verdict::PackagesDiffer
        } else if known.len() < closures.len() || known.is_empty() {
            Verdict::Unknown
        } else {
            Verdict::Agree
        }
    }

    fn modes(&self) -> String {
        let modes: Vec<&str> = self
            .seen
            .iter()
            .map(|one| one.observation.cache.mode.as_str())
            .collect();
        match modes.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => modes.concat(),
        }
    }

    fn digest(&self) -> &str {
        let first = self.seen.first();
        first.and_then(|one| one.build.sha256()).unwrap_or_default()
    }

    /// The builds that are not like the first one, each with what is wrong.
    fn faults(&self) -> Vec<(usize, &'static str, String)> {
        let first = self.seen.first().and_then(closure);
        let mut faults = Vec::new();
        for (index, seen) in self.seen.iter().enumerate() {
            let mode = seen.observation.cache.mode.as_str();
            match &seen.observation.result {
                Ending::Failed { .. } => {
                    faults.push((index, "build-failed", format!("the {mode} build failed")))
                }
                Ending::Differed { causes, .. } => {
                    let why: Vec<&str> =
                        causes.iter().map(|cause| cause.summary.as_str()).collect();
                    let why = match why.as_slice() {
                        [] => String::new(),
                        why => format!(": {}", why.join("; ")),
                    };
                    faults.push((
                        index,
                        "program-differs",
                        format!("the {mode} build gave another program than the cold one{why}"),
                    ));
                }
                Ending::Built { .. } => {}
            }
            if let (Some(first), Some(this)) = (first, closure(seen))
                && first.root != this.root
            {
                faults.push((
                    index,
                    "packages-differ",
                    format!("the {mode} build took in other compiled packages than the cold one"),
                ));
            }
            if let Audit::Damaged { findings } = &seen.observation.cache.audit {
                faults.push((index, "cache-poisoned", findings.join("; ")));
            }
        }
        faults
    }
}

fn closure(seen: &Seen) -> Option<&Summary> {
    seen.observation.cache.closure.as_ref()
}

/// Says by what it is known what a build took from its cache.
fn known_by(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Requests => "asked for through GOCACHEPROG",
        Evidence::Listing => "listed before and after",
        Evidence::None => "not known",
    }
}

impl Printed for Outcome {
    fn command(&self) -> &'static str {
        "observe"
    }

    fn exit(&self) -> Exit {
        match self.verdict() {
            Verdict::Agree => Exit::Same,
            Verdict::PackagesDiffer | Verdict::ProgramsDiffer => Exit::Different,
            Verdict::Failed => Exit::Unreadable,
            Verdict::Unknown => Exit::Inconclusive,
        }
    }

    fn summary(&self) -> String {
        let modes = self.modes();
        match self.verdict() {
            Verdict::Agree => format!(
                "{modes} builds on this host gave one program, sha256:{}, from equal compiled packages",
                self.digest()
            ),
            Verdict::Unknown => format!(
                "{modes} builds on this host gave one program, sha256:{}; what they took from a cache is not known",
                self.digest()
            ),
            Verdict::PackagesDiffer | Verdict::ProgramsDiffer | Verdict::Failed => {
                let faults = self.faults().into_iter().map(|(_, _, what)| what);
                faults.collect::<Vec<_>>().join("; ")
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn verdict(&self) -> &'static str {
        match Self::verdict(self) {
            Verdict::Agree => "AGREE here",
            Verdict::PackagesDiffer => "PACKAGES DIFFER",
            Verdict::ProgramsDiffer => "PROGRAMS DIFFER",
            Verdict::Failed => "BUILD FAILED",
            Verdict::Unknown => "INCONCLUSIVE",
        }
    }

    fn checks(&self) -> Vec<Check> {
        let faults = self.faults();
        let check = |(index, seen): (usize, &Seen)| {
            let cache = &seen.observation.cache;
            let here = faults.iter().filter(|(fault, _, _)| *fault == index);
            let findings: Vec<Finding> = here
                .map(|(_, rule, what)| Finding {
                    rule: (*rule).to_owned(),
                    level: Level::Error,
                    confidence: None,
                    artifact: self.name.clone(),
                    summary: what.clone(),
                    evidence: Vec::new(),
                    fix: fix(rule, cache.mode).to_owned(),
                })
                .collect();
            Check {
                name: format!("{} cache", cache.mode.as_str()),
                subject: self.package.clone(),
                status: match (findings.is_empty(), &cache.closure) {
                    (false, _) => Status::Failed,
                    (true, Some(_)) => Status::Passed,
                    (true, None) => Status::Undecided,
                },
                reason: Some(format!(
                    "{} packages found, {} made, {}",
                    cache.hits,
                    cache.puts,
                    known_by(cache.evidence)
                )),
                findings,
            }
        };
        self.seen.iter().enumerate().map(check).collect()
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &self.value())?;
        writeln!(out)
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        self.write(style, out)
    }
}

/// Says what to do.
fn fix(rule: &str, mode: Mode) -> &'static str {
    match (rule, mode) {
        ("build-failed", _) => "build once by hand with the same flags, and read what go says",
        ("cache-poisoned", _) => {
            "keep a copy of the cache as evidence (cp -a), find out who can write to it, and build with a new GOCACHE"
        }
        (_, Mode::Shared | Mode::Cacheprog) => {
            "keep a copy of the cache as evidence (cp -a) and compare it with one of your own: verify-build cache compare; build with a new GOCACHE meanwhile"
        }
        _ => "verify-build rebuild finds what makes two builds on one host differ",
    }
}
