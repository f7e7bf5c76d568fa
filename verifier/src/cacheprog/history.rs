//! The sessions that used a record.

use std::fs;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use proto::finding::{Check, Evidence, Finding, Level, Status};
use serde::Serialize;

use super::session::{self, Mode, SCHEMA, Session, Tool, Verdict};
use super::{store::Store, text};
use crate::exit::Exit;
use crate::quantity;
use crate::report::printed::Printed;
use crate::report::text::Style;

/// The most sessions read.
const SESSIONS_MAX: usize = 100_000;

/// The largest report of a session read, in bytes.
const SESSION_BYTES_MAX: u64 = 64 << 20;

/// Sessions, the oldest first.
#[derive(Debug)]
pub(super) struct History {
    folder: String,
    sessions: Vec<Session>,
    /// Whether stdout belongs to a go command.
    silent: bool,
}

/// The JSON form.
#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    tool: Tool,
    folder: &'a str,
    verdict: Verdict,
    summary: String,
    sessions: &'a [Session],
}

impl History {
    /// The one session of a child that just ended.
    pub(super) fn of_child(session: Session) -> Self {
        Self {
            folder: session.folder.clone(),
            sessions: vec![session],
            silent: true,
        }
    }

    /// Reads what earlier runs left in a record's folder.
    ///
    /// # Errors
    /// When there is no such folder, or a report in it can't be read.
    pub(super) fn read(folder: &Path, last: Option<usize>) -> anyhow::Result<Self> {
        let store = Store::open(folder)
            .with_context(|| format!("using {} as a record", folder.display()))?;
        let mut paths = Vec::new();
        let sessions = store.own("sessions");
        let entries = fs::read_dir(&sessions).with_context(|| {
            format!(
                "{}: no run of verify-build cacheprog used it",
                sessions.display()
            )
        })?;
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let is_ours =
                name.is_some_and(|name| !name.starts_with('.') && name.ends_with(".json"));
            if is_ours {
                paths.push(path);
            }
            anyhow::ensure!(
                paths.len() <= SESSIONS_MAX,
                "{} holds more than {SESSIONS_MAX} reports; delete old ones",
                sessions.display()
            );
        }
        // The names begin with the time.
        paths.sort();
        let skipped = last.map_or(0, |last| paths.len().saturating_sub(last));
        let sessions = paths[skipped..]
            .iter()
            .map(read)
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            folder: store.root().to_owned(),
            sessions,
            silent: false,
        })
    }

    fn verdict(&self) -> Verdict {
        let worst = self.sessions.iter().map(|session| session.verdict).max();
        worst.unwrap_or(Verdict::Incomplete)
    }
}

fn read(path: &PathBuf) -> anyhow::Result<Session> {
    let mut bytes = Vec::new();
    let reading = || format!("reading {}", path.display());
    fs::File::open(path)
        .and_then(|file| file.take(SESSION_BYTES_MAX).read_to_end(&mut bytes))
        .with_context(reading)?;
    let session: Session = serde_json::from_slice(&bytes).with_context(reading)?;
    anyhow::ensure!(
        session.schema == SCHEMA,
        "{} is in the form {:?}, this program reads {SCHEMA}",
        path.display(),
        session.schema
    );
    Ok(session)
}

impl Printed for History {
    fn command(&self) -> &'static str {
        "cacheprog"
    }

    fn exit(&self) -> Exit {
        match self.verdict() {
            Verdict::Clean => Exit::Same,
            Verdict::Found => Exit::Different,
            Verdict::Incomplete => Exit::Inconclusive,
        }
    }

    fn summary(&self) -> String {
        match self.sessions.as_slice() {
            [] => "no run left a report".to_owned(),
            [one] => one.summary.clone(),
            many => {
                let with = |verdict| many.iter().filter(|one| one.verdict == verdict).count();
                format!(
                    "{} of {} runs found something, {} did not come to an answer",
                    with(Verdict::Found),
                    many.len(),
                    with(Verdict::Incomplete)
                )
            }
        }
    }

    fn checks(&self) -> Vec<Check> {
        self.sessions.iter().map(check).collect()
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.silent {
            return Ok(());
        }
        let json = Json {
            schema: "verify-build/cacheprog-report-v1",
            tool: Tool {
                name: "verify-build".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            folder: &self.folder,
            verdict: self.verdict(),
            summary: self.summary(),
            sessions: &self.sessions,
        };
        serde_json::to_writer_pretty(&mut *out, &json)?;
        writeln!(out)
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        if self.silent {
            return Ok(());
        }
        if self.sessions.len() != 1 {
            writeln!(out, "{}", self.summary())?;
        }
        for session in &self.sessions {
            write!(out, "{} {} ", session.started, session.mode.as_str())?;
            text::write(session, style, out)?;
        }
        Ok(())
    }
}

fn check(session: &Session) -> Check {
    Check {
        name: match session.mode {
            Mode::Record => "every action recorded has one output",
            Mode::Audit => "outputs made again equal the record",
            Mode::Serve => "files handed out fit their index lines",
        }
        .to_owned(),
        subject: format!("{} (run of {})", session.folder, session.started),
        status: match session.verdict {
            Verdict::Clean => Status::Passed,
            Verdict::Found => Status::Failed,
            Verdict::Incomplete => Status::Undecided,
        },
        reason: Some(session.summary.clone()),
        findings: session
            .findings
            .iter()
            .map(|finding| printed(session, finding))
            .collect(),
    }
}

fn printed(session: &Session, finding: &session::Mismatch) -> Finding {
    let output = |output: &Option<session::Output>| {
        output
            .as_ref()
            .map(|output| format!("sha256 {}, {}", output.sha256, quantity::bytes(output.size)))
    };
    let path = [&finding.now, &finding.recorded]
        .into_iter()
        .flatten()
        .find_map(|output| output.path.clone());
    Finding {
        rule: finding.rule.as_str().to_owned(),
        level: Level::Error,
        confidence: Some(proto::finding::Confidence::Proven),
        artifact: path.unwrap_or_else(|| session.folder.clone()),
        summary: finding.summary.clone(),
        evidence: vec![Evidence {
            place: format!("action {}", finding.action),
            a: output(&finding.recorded),
            b: output(&finding.now),
        }],
        fix: finding.fix.clone(),
    }
}
