//! Findings as SARIF 2.1.0, the form that code scanning services take in.
//!
//! Every finding is a result. A check that could not be decided is a result of
//! its own, so that a service never shows it as clean; a check that passed is
//! none, because services list whatever they are sent.
//!
//! Source: OASIS "Static Analysis Results Interchange Format 2.1.0" §3.

mod log;

use std::collections::HashMap;
use std::io::{self, Write};

use proto::finding::{Check, Confidence, Evidence, Finding, Level, Status};
use proto::visible::clean;
use sha2::{Digest as _, Sha256};

use super::printed::Printed;
use super::rules;
use log::{
    ArtifactLocation, AutomationDetails, Configuration, Driver, Invocation, Location, Log,
    LogicalLocation, Message, MultiformatMessage, Notification, PhysicalLocation, Properties,
    Region, Result as Entry, Rule, RuleProperties, Run, Tool,
};

/// The most results written; services refuse larger files (GitHub shows 5,000).
const RESULTS_MAX: usize = 5000;

/// The most pieces of evidence written for one result.
const EVIDENCE_MAX: usize = 100;

/// The name of the fingerprint; another way of making it gets another number.
const FINGERPRINT: &str = "verifyBuildFinding/v1";

/// The rule of results that stand for a check nobody could decide.
const UNDECIDED: &str = "undecided";

/// Writes all findings.
///
/// # Errors
/// What the writer returns.
pub fn write(printed: &dyn Printed, out: &mut dyn Write) -> io::Result<()> {
    let checks = printed.checks();
    let mut run = Builder::default();
    for check in &checks {
        run.check(check);
    }
    let log = run.log(printed);
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

#[derive(Default)]
struct Builder {
    rules: Vec<Rule>,
    rule_index: HashMap<String, usize>,
    results: Vec<Entry>,
    left_out: usize,
    seen: HashMap<String, usize>,
}

impl Builder {
    fn check(&mut self, check: &Check) {
        for finding in &check.findings {
            self.finding(check, finding);
        }
        if check.status == Status::Undecided && check.findings.is_empty() {
            self.finding(check, &undecided(check));
        }
    }

    fn finding(&mut self, check: &Check, finding: &Finding) {
        if self.results.len() >= RESULTS_MAX {
            self.left_out += 1;
            return;
        }
        let rule_index = self.rule(finding);
        let result = Entry {
            rule_id: finding.rule.clone(),
            rule_index,
            level: finding.level.as_str(),
            message: Message {
                text: message(check, finding),
            },
            locations: vec![location(finding)],
            partial_fingerprints: [(FINGERPRINT, self.fingerprint(finding))].into(),
            properties: Properties {
                check: clean(&check.name),
                subject: clean(&check.subject),
                confidence: finding.confidence,
                fix: clean(&finding.fix),
                evidence: finding
                    .evidence
                    .iter()
                    .take(EVIDENCE_MAX)
                    .map(visible)
                    .collect(),
            },
        };
        self.results.push(result);
    }

    fn rule(&mut self, finding: &Finding) -> usize {
        if let Some(index) = self.rule_index.get(&finding.rule) {
            return *index;
        }
        let index = self.rules.len();
        self.rules.push(rule(finding));
        self.rule_index.insert(finding.rule.clone(), index);
        index
    }

    /// Names what stays the same from run to run: the rule, the file and the
    /// place, without offsets, which move with every build. Further findings of
    /// one name in a run are numbered.
    fn fingerprint(&mut self, finding: &Finding) -> String {
        let mut hash = Sha256::new();
        for part in [
            finding.rule.as_str(),
            &uri(&finding.artifact),
            &lasting_place(finding),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let name = hex::encode(&hash.finalize()[..16]);
        let count = self.seen.entry(name.clone()).or_default();
        *count += 1;
        format!("{name}:{count}")
    }

    fn log(self, printed: &dyn Printed) -> Log {
        let mut notes = printed.notes();
        if self.left_out > 0 {
            notes.push(format!(
                "{} more results are left out here; --format json has them all",
                self.left_out
            ));
        }
        let exit = printed.exit();
        Log {
            schema: log::SCHEMA,
            version: log::VERSION,
            runs: [Run {
                tool: Tool {
                    driver: Driver {
                        name: "verify-build",
                        version: env!("CARGO_PKG_VERSION"),
                        semantic_version: env!("CARGO_PKG_VERSION"),
                        rules: self.rules,
                    },
                },
                automation_details: AutomationDetails {
                    id: format!("verify-build/{}/", printed.command()),
                },
                invocations: [Invocation {
                    execution_successful: true,
                    exit_code: exit.code(),
                    exit_code_description: clean(&printed.summary()),
                    tool_execution_notifications: notes
                        .iter()
                        .map(|note| notification(note))
                        .collect(),
                }],
                results: self.results,
            }],
        }
    }
}

fn undecided(check: &Check) -> Finding {
    Finding {
        rule: UNDECIDED.into(),
        level: Level::Warning,
        confidence: None,
        artifact: check.subject.clone(),
        summary: check
            .reason
            .clone()
            .unwrap_or_else(|| "this check could not be decided".into()),
        evidence: Vec::new(),
        fix: "make what the reason names readable and run the check again".into(),
    }
}

fn rule(finding: &Finding) -> Rule {
    let meaning = rules::meaning(&finding.rule).unwrap_or(&finding.summary);
    Rule {
        id: finding.rule.clone(),
        name: pascal_case(&finding.rule),
        short_description: MultiformatMessage::text(clean(&rules::title(&finding.rule))),
        full_description: MultiformatMessage::text(clean(meaning)),
        help: MultiformatMessage::text(format!("{} Fix: {}", clean(meaning), clean(&finding.fix))),
        default_configuration: Configuration {
            level: finding.level.as_str(),
        },
        properties: RuleProperties {
            tags: ["reproducible-builds", "go"],
            precision: match finding.confidence {
                Some(Confidence::Proven) => "very-high",
                None | Some(Confidence::Likely) => "high",
                Some(Confidence::Possible) => "medium",
            },
        },
    }
}

fn message(check: &Check, finding: &Finding) -> String {
    let subject = if check.subject.is_empty() {
        String::new()
    } else {
        format!("{}: ", clean(&check.subject))
    };
    let fix = if finding.fix.is_empty() {
        String::new()
    } else {
        format!(". Fix: {}", clean(&finding.fix))
    };
    format!("{subject}{}{fix}", clean(&finding.summary))
}

fn location(finding: &Finding) -> Location {
    let places = finding.evidence.iter().take(EVIDENCE_MAX);
    let mut logical_locations: Vec<LogicalLocation> = Vec::new();
    for evidence in places {
        let place = LogicalLocation {
            fully_qualified_name: clean(&evidence.place),
        };
        // The format wants each once.
        if !logical_locations.contains(&place) {
            logical_locations.push(place);
        }
    }
    Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: uri(&finding.artifact),
            },
            // Services want a line to show; a program has but one.
            region: Region { start_line: 1 },
        },
        logical_locations,
    }
}

fn visible(evidence: &Evidence) -> Evidence {
    Evidence {
        place: clean(&evidence.place),
        a: evidence.a.as_deref().map(clean),
        b: evidence.b.as_deref().map(clean),
    }
}

fn notification(note: &str) -> Notification {
    Notification {
        level: "note",
        message: Message { text: clean(note) },
    }
}

/// Writes a path as a URI: `file:` for absolute ones, else relative to the
/// folder the program was started in.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len() + 8);
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// Takes what moves from build to build out of the first place: offsets.
fn lasting_place(finding: &Finding) -> String {
    let place = finding
        .evidence
        .first()
        .map_or("", |evidence| evidence.place.as_str());
    let is_number =
        |word: &str| word.starts_with("0x") || word.bytes().all(|byte| byte.is_ascii_digit());
    let words = place.split_whitespace().filter(|word| !is_number(word));
    words.collect::<Vec<_>>().join(" ")
}

fn pascal_case(slug: &str) -> String {
    slug.split('-')
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters)
        })
        .collect()
}

#[cfg(test)]
mod tests;
