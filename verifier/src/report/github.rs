//! Findings as GitHub workflow commands, which the runner turns into
//! annotations, and the page of a step's summary.
//!
//! The runner shows the first ten errors and the first ten warnings of a step
//! and drops the rest, so the tenth says how many there are.
//!
//! Source: docs.github.com, "Workflow commands for GitHub Actions".

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use proto::finding::{Check, Finding, Level, Status};
use proto::visible::clean;

use super::markdown;
use super::printed::Printed;

/// Annotations of one kind that a runner shows for a step.
const ANNOTATIONS_MAX: usize = 10;

/// Characters of one annotation; longer ones are cut off by the service.
const MESSAGE_MAX: usize = 4000;

/// Writes the commands, one a line.
///
/// # Errors
/// What the writer returns.
pub fn write(printed: &dyn Printed, out: &mut dyn Write) -> io::Result<()> {
    let mut all: Vec<Annotation> = printed.checks().iter().flat_map(annotations).collect();
    let notes = printed.notes();
    all.extend(notes.iter().map(|note| Annotation {
        kind: Kind::Notice,
        title: "verify-build".into(),
        message: note.clone(),
    }));
    writeln!(
        out,
        "{}",
        message(&format!("verify-build: {}", printed.summary()))
    )?;
    for kind in [Kind::Error, Kind::Warning, Kind::Notice] {
        let of_kind: Vec<&Annotation> = all.iter().filter(|one| one.kind == kind).collect();
        let shown = match of_kind.len() {
            few if few <= ANNOTATIONS_MAX => few,
            _ => ANNOTATIONS_MAX - 1,
        };
        for one in &of_kind[..shown] {
            writeln!(out, "{}", one.command())?;
        }
        if of_kind.len() > shown {
            let rest = Annotation {
                kind,
                title: "verify-build".into(),
                message: format!(
                    "{} more; the step summary lists them",
                    of_kind.len() - shown
                ),
            };
            writeln!(out, "{}", rest.command())?;
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Warning,
    Notice,
}

struct Annotation {
    kind: Kind,
    title: String,
    message: String,
}

impl Annotation {
    fn command(&self) -> String {
        let kind = match self.kind {
            Kind::Error => "error",
            Kind::Warning => "warning",
            Kind::Notice => "notice",
        };
        format!(
            "::{kind} title={}::{}",
            property(&self.title),
            message(&self.message)
        )
    }
}

fn annotations(check: &Check) -> Vec<Annotation> {
    let mut all: Vec<Annotation> = check
        .findings
        .iter()
        .map(|finding| annotation(check, finding))
        .collect();
    if check.findings.is_empty() && check.status != Status::Passed {
        all.push(Annotation {
            kind: match check.status {
                Status::Undecided => Kind::Warning,
                Status::Failed | Status::Passed => Kind::Error,
            },
            title: title(&check.name, check),
            message: check
                .reason
                .clone()
                .unwrap_or_else(|| "this check did not pass".into()),
        });
    }
    all
}

fn annotation(check: &Check, finding: &Finding) -> Annotation {
    let kind = match finding.level {
        Level::Error => Kind::Error,
        Level::Warning => Kind::Warning,
        Level::Note => Kind::Notice,
    };
    let sure = finding
        .confidence
        .map_or_else(String::new, |sure| format!(" ({})", sure.as_str()));
    let mut text = finding.summary.clone();
    if !finding.fix.is_empty() {
        text.push_str("\nFix: ");
        text.push_str(&finding.fix);
    }
    Annotation {
        kind,
        title: title(&format!("{}{sure}", finding.rule), check),
        message: text,
    }
}

fn title(what: &str, check: &Check) -> String {
    if check.subject.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {}", check.subject)
    }
}

/// Escapes the text of a command; line ends are ours and are kept.
fn message(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(clean).collect();
    let text = lines.join("\n");
    let shown = match text.char_indices().nth(MESSAGE_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    };
    shown
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property of a command.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

/// The most that a step's summary may hold, in bytes.
const SUMMARY_BYTES_MAX: u64 = 1 << 20;

/// Adds the Markdown page to a step's summary, which other commands of the step
/// write to as well. A summary too large is dropped by the service as a whole,
/// so a page that no longer fits is left out.
///
/// # Errors
/// What the system says of opening and writing the file.
pub fn summarise(printed: &dyn Printed, path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let used = file.metadata()?.len();
    let page = format!("{}\n", markdown::page(printed));
    let line = format!("verify-build {}: see the log\n", printed.command());
    let fits = |text: &&String| used.saturating_add(text.len() as u64) <= SUMMARY_BYTES_MAX;
    match [&page, &line].into_iter().find(fits) {
        Some(text) => file.write_all(text.as_bytes()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
