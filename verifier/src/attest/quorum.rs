//! Quorum files in words.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use proto::attest::dsse::Envelope;
use proto::attest::evidence::Filed;
use proto::attest::observation::Observation;
use proto::attest::quorum::{First, Quorum, first};
use proto::finding::{Check, Finding, Level, Status};
use serde_json::json;

use super::{gather, reading};
use crate::args::quorum::{Command, Quorum as Args};
use crate::exit::Exit;
use crate::report::printed::Printed;
use crate::report::text::Style;

/// The name and version of the JSON form.
const SCHEMA: &str = "verify-build/quorum-v1";

/// Runs the command.
///
/// # Errors
/// When a file can't be read, or is not a quorum file.
pub fn run(args: &Args) -> anyhow::Result<Box<dyn Printed>> {
    match &args.command {
        Command::Check { file } => Ok(Box::new(judged(file, true)?)),
        Command::Explain { file } => Ok(Box::new(judged(file, false)?)),
        Command::Init { observations } => Ok(Box::new(begun(observations)?)),
    }
}

fn judged(path: &Path, is_check: bool) -> anyhow::Result<Judged> {
    Ok(Judged {
        path: path.display().to_string(),
        quorum: reading::quorum(path)?,
        is_check,
    })
}

/// A quorum file that was read.
#[derive(Debug)]
struct Judged {
    path: String,
    quorum: Quorum,
    /// Whether it is judged, or only explained.
    is_check: bool,
}

impl Printed for Judged {
    fn command(&self) -> &'static str {
        if self.is_check {
            "quorum check"
        } else {
            "quorum explain"
        }
    }

    fn exit(&self) -> Exit {
        if self.is_check && !self.quorum.warnings().is_empty() {
            Exit::Different
        } else {
            Exit::Same
        }
    }

    fn summary(&self) -> String {
        let (needed, groups) = (self.quorum.needed, self.quorum.groups().len());
        format!(
            "{}: {} by {needed} of {groups} groups",
            self.path, self.quorum.wanted
        )
    }

    fn checks(&self) -> Vec<Check> {
        let warnings = self.quorum.warnings();
        let finding = |warning: String| Finding {
            rule: "quorum".to_owned(),
            level: Level::Warning,
            confidence: None,
            artifact: self.path.clone(),
            summary: warning,
            evidence: Vec::new(),
            fix: String::new(),
        };
        vec![Check {
            name: "the quorum file says what can be meant".to_owned(),
            subject: self.path.clone(),
            status: match self.exit() {
                Exit::Same => Status::Passed,
                _ => Status::Failed,
            },
            reason: None,
            findings: warnings.into_iter().map(finding).collect(),
        }]
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let groups = self.quorum.groups();
        let names = groups.iter().map(|group| {
            let hosts = group
                .hosts
                .iter()
                .filter_map(|host| self.quorum.hosts.get(*host));
            hosts.map(|host| host.name.as_str()).collect::<Vec<_>>()
        });
        let value = json!({
            "schema": SCHEMA,
            "file": self.path,
            "sha256": self.quorum.digest(),
            "version": self.quorum.version,
            "wanted": self.quorum.wanted.to_string(),
            "needed": self.quorum.needed,
            "groups": names.collect::<Vec<_>>(),
            "warnings": self.quorum.warnings(),
        });
        serde_json::to_writer_pretty(&mut *out, &value)?;
        writeln!(out)
    }

    fn text(&self, _: Style, out: &mut dyn Write) -> io::Result<()> {
        if !self.is_check {
            return out.write_all(self.quorum.explain().as_bytes());
        }
        writeln!(out, "{}", self.summary())?;
        let warnings = self.quorum.warnings();
        warnings
            .iter()
            .try_for_each(|warning| writeln!(out, "  {warning}"))
    }
}

fn begun(paths: &[PathBuf]) -> anyhow::Result<Begun> {
    let gathered = gather::read(paths)?;
    let seen = gathered.evidence.observations.iter().filter_map(seen);
    let seen: Vec<First> = seen.collect();
    let text = first(&seen, &gathered.keys).context(
        "no observation lies there: files of verify-build observe end in .observation.json",
    )?;
    Ok(Begun { text })
}

/// Reads an observation that nobody has to have signed.
fn seen(filed: &Filed) -> Option<First> {
    let envelope = Envelope::parse(&filed.envelope).ok()?;
    let observation = Observation::of(&envelope).ok()?;
    Some(First {
        keyid: envelope
            .signatures
            .first()
            .and_then(|one| one.keyid.clone()),
        inputs: observation.inputs_digest().ok()?,
        image: observation.host.image,
    })
}

/// A first quorum file.
#[derive(Debug)]
struct Begun {
    text: String,
}

impl Printed for Begun {
    fn command(&self) -> &'static str {
        "quorum init"
    }

    fn exit(&self) -> Exit {
        Exit::Same
    }

    fn summary(&self) -> String {
        "a first quorum file, in which a person has to decide every marked line".to_owned()
    }

    fn checks(&self) -> Vec<Check> {
        Vec::new()
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let value = json!({ "schema": SCHEMA, "first": self.text });
        serde_json::to_writer_pretty(&mut *out, &value)?;
        writeln!(out)
    }

    fn text(&self, _: Style, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.text.as_bytes())
    }
}
