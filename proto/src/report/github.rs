//! Findings as GitHub workflow commands, which the runner turns into
//! annotations.
//!
//! The runner shows the first ten errors and the first ten warnings of a step
//! and drops the rest, so the tenth says how many there are.
//!
//! Source: docs.github.com, "Workflow commands for GitHub Actions".

use super::Answer;
use crate::finding::{Check, Finding, Level, Status};
use crate::visible::clean;

/// Annotations of one kind that a runner shows for a step.
const ANNOTATIONS_MAX: usize = 10;

/// Characters of one annotation; longer ones are cut off by the service.
const MESSAGE_MAX: usize = 4000;

/// Returns the commands, one a line.
pub fn commands(answer: &Answer) -> String {
    let program = answer.program;
    let mut all: Vec<Annotation> = answer.checks.iter().flat_map(annotations).collect();
    all.extend(answer.notes.iter().map(|note| Annotation {
        kind: Kind::Notice,
        title: program.into(),
        message: note.clone(),
    }));
    let mut lines = vec![message(&format!("{program}: {}", answer.summary))];
    for kind in [Kind::Error, Kind::Warning, Kind::Notice] {
        let of_kind: Vec<&Annotation> = all.iter().filter(|one| one.kind == kind).collect();
        let shown = match of_kind.len() {
            few if few <= ANNOTATIONS_MAX => few,
            _ => ANNOTATIONS_MAX - 1,
        };
        lines.extend(of_kind[..shown].iter().map(|one| one.command()));
        if of_kind.len() > shown {
            let more = of_kind.len() - shown;
            let rest = Annotation {
                kind,
                title: program.into(),
                message: format!("{more} more; the step summary lists them"),
            };
            lines.push(rest.command());
        }
    }
    lines.push(String::new());
    lines.join("\n")
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
    let findings = check.findings.iter();
    own(check)
        .into_iter()
        .chain(findings.map(|finding| annotation(check, finding)))
        .collect()
}

/// What is said of the check itself: why it did not pass where no finding tells, and what
/// it rests on where it passed in spite of findings.
fn own(check: &Check) -> Option<Annotation> {
    let reason = check.reason.clone();
    let (kind, message) = match (check.status, check.findings.is_empty()) {
        (Status::Passed, true) | (Status::Failed | Status::Undecided, false) => return None,
        (Status::Passed, false) => (Kind::Notice, reason?),
        (Status::Failed, true) => (Kind::Error, reason.unwrap_or_else(did_not_pass)),
        (Status::Undecided, true) => (Kind::Warning, reason.unwrap_or_else(did_not_pass)),
    };
    Some(Annotation {
        kind,
        title: title(&check.name, check),
        message,
    })
}

fn did_not_pass() -> String {
    "this check did not pass".into()
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

#[cfg(test)]
mod tests;
