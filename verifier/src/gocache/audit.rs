//! `verify-build cache audit`: every entry of a cache judged.

pub mod findings;
mod json;
pub(super) mod packages;
mod text;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use proto::finding::{Check, Level, Status};
use proto::gocache::Id;
use proto::gocache::kind::Kind;
use serde::Serialize;

use super::entry::{self, Role, State};
use super::modindex;
use super::reading::Maker;
use super::source::Source;
use super::survey::{Label, Line, Output, Survey};
use crate::exit::Exit;
use crate::host::Host;
use crate::quantity;
use crate::report::printed::Printed;
use crate::report::text::Style;
use findings::CacheDefect;

/// The answer about a cache, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every output is what its name says, every package and program carries the
    /// action of its entry, and no module index is stale.
    Clean,
    /// Nothing was found, but not every entry could be judged.
    Unjudged,
    /// Part of it could not be read; the rest is clean.
    Unread,
    /// One action has several outputs.
    Suspect,
    /// A module index says something else than the files it is taken for.
    Stale,
    /// Entries were changed, in ways that the go command notices.
    Damaged,
    /// Entries were changed, in ways that the go command does not notice.
    Poisoned,
}

/// What an audit found.
#[derive(Debug)]
pub struct Audit {
    /// The cache.
    pub place: PathBuf,
    /// The answer.
    pub verdict: Verdict,
    /// What was counted.
    pub counts: Counts,
    /// What was found, worst first.
    pub findings: Vec<CacheDefect>,
    /// What a reader should know beside the answer.
    pub notes: Vec<String>,
}

/// What was counted.
#[derive(Debug, Default)]
pub struct Counts {
    /// Index lines.
    pub entries: usize,
    /// Outputs.
    pub outputs: usize,
    /// Bytes of outputs.
    pub bytes: u64,
    /// Packages and programs whose build ID was held against their action.
    pub build_ids: usize,
    /// Module indexes held against the files they are taken for.
    pub indexes: usize,
    /// Those that the go command takes for nothing that lies there now.
    pub indexes_idle: usize,
    /// Those that can't be judged.
    pub indexes_unjudged: usize,
    /// Entries by kind of output.
    pub kinds: BTreeMap<Kind, usize>,
    /// Packages and programs by version of Go.
    pub go_versions: BTreeMap<String, usize>,
    /// Entries whose output was deleted before them.
    pub missing: usize,
    /// Outputs that no entry leads to.
    pub unreferenced: usize,
    /// Unreferenced outputs that are not what their name says.
    pub unreferenced_changed: usize,
}

/// Audits a cache.
///
/// # Errors
/// When it can't be read as one at all.
pub fn run(place: &Path, host: &Host) -> anyhow::Result<Audit> {
    let source = Source::open(place)?;
    let survey = source.survey(host.progress)?;
    Audit::of(&source, &survey)
}

impl Audit {
    /// Judges what was read of a cache.
    ///
    /// # Errors
    /// When a packed cache can't be read a second time.
    pub fn of(source: &Source, survey: &Survey) -> anyhow::Result<Self> {
        let labels = survey.labels();
        let packages: HashSet<Id> = labels
            .values()
            .filter(|label| label.kind == Kind::SourceList)
            .map(|label| label.package)
            .collect();
        let mut counts = Counts {
            entries: survey.actions.len(),
            outputs: survey.outputs.len(),
            bytes: survey.bytes,
            ..Counts::default()
        };
        let mut referenced = HashSet::new();
        let mut states = Vec::new();
        for (action, line) in &survey.actions {
            let output = survey.output(action);
            let kind = kind(action, output, &labels);
            let role = match (labels.contains_key(action), packages.contains(action)) {
                (true, _) => Role::Beside,
                (false, true) => Role::Package,
                (false, false) => Role::Untold,
            };
            let state = entry::judge(action, line, output, kind, role);
            if let Line::Sound(index) = line {
                referenced.insert(index.output);
            }
            counts.count(kind, output, &state);
            if state != State::Sound && state != State::Missing {
                states.push((*action, kind, state));
            }
        }
        counts.count_unreferenced(survey, &referenced);
        let mut findings = findings::of(source, survey, &labels, &states);
        findings.extend(findings::twice(source, survey, &referenced));
        findings.extend(findings::around(survey));
        let versions = counts.go_versions.keys().cloned();
        let indexes = modindex::judge(source, survey, versions)?;
        findings.extend(findings::stale(source, &indexes.stale));
        counts.indexes = indexes.right + indexes.stale.len();
        counts.indexes_idle = indexes.idle;
        counts.indexes_unjudged = indexes.unknown;
        packages::name(source, survey, &mut findings)?;
        packages::explain(source, &mut findings)?;
        findings.sort_by(|a, b| (a.level, a.rule, &a.path).cmp(&(b.level, b.rule, &b.path)));
        let least = match counts.indexes_unjudged {
            0 => Verdict::Clean,
            _ => Verdict::Unjudged,
        };
        let verdict = findings.iter().map(|found| found.verdict).max();
        Ok(Self {
            place: source.path().to_owned(),
            verdict: verdict.unwrap_or(least).max(least),
            notes: counts.notes(survey),
            counts,
            findings,
        })
    }
}

/// What an entry's output must be by its key, or else looks like.
fn kind(action: &Id, output: Option<&Output>, labels: &HashMap<Id, Label>) -> Kind {
    let looks = output.map(Output::kind);
    match (labels.get(action), looks) {
        (Some(label), _) => label.kind,
        (None, looks) => looks.unwrap_or(Kind::Other),
    }
}

impl Counts {
    fn count(&mut self, kind: Kind, output: Option<&Output>, state: &State) {
        if *state == State::Missing {
            self.missing += 1;
            return;
        }
        *self.kinds.entry(kind).or_default() += 1;
        if let Some(version) = output.and_then(Output::go_version) {
            *self.go_versions.entry(version.to_owned()).or_default() += 1;
        }
        let checked = match output {
            Some(Output::File(read)) => matches!(read.maker, Maker::Package { .. }),
            Some(Output::Program(program)) => program.link_action.is_some() && program.is_checked,
            _ => false,
        };
        self.build_ids += usize::from(checked);
    }

    fn count_unreferenced(&mut self, survey: &Survey, referenced: &HashSet<Id>) {
        for (id, output) in &survey.outputs {
            if referenced.contains(id) {
                continue;
            }
            self.unreferenced += 1;
            if output.sha256().is_some_and(|found| found != id.0) {
                self.unreferenced_changed += 1;
            }
        }
    }

    fn notes(&self, survey: &Survey) -> Vec<String> {
        let mut notes = Vec::new();
        if self.missing > 0 {
            notes.push(format!(
                "{} have lost their output, as trimming leaves them: go makes it anew",
                quantity::count(self.missing, "entry", "entries")
            ));
        }
        if self.unreferenced_changed > 0 {
            notes.push(format!(
                "{} that no entry leads to, and not what their names say: left by a crash, go never takes them",
                quantity::count(self.unreferenced_changed, "output", "outputs")
            ));
        }
        if self.indexes_idle > 0 {
            notes.push(format!(
                "{} of another state of their folders: go takes them for nothing that lies there now",
                quantity::count(self.indexes_idle, "module index is", "module indexes are")
            ));
        }
        if self.indexes_unjudged > 0 {
            notes.push(format!(
                "{} can't be held against the files they are of: a packed cache does not say what lies in their folders, and others name none",
                quantity::count(self.indexes_unjudged, "module index", "module indexes")
            ));
        }
        if survey.has_fuzz {
            notes.push("fuzz/ holds inputs of go test -fuzz; they are not looked into".to_owned());
        }
        notes
    }
}

impl Printed for Audit {
    fn command(&self) -> &'static str {
        "cache audit"
    }

    fn exit(&self) -> Exit {
        match self.verdict {
            Verdict::Clean => Exit::Same,
            Verdict::Unjudged => Exit::Inconclusive,
            Verdict::Suspect | Verdict::Stale | Verdict::Damaged | Verdict::Poisoned => {
                Exit::Different
            }
            Verdict::Unread => Exit::Unreadable,
        }
    }

    fn summary(&self) -> String {
        let counts = &self.counts;
        let counted = format!(
            "{}, {}",
            quantity::count(counts.entries, "entry", "entries"),
            quantity::size(counts.bytes)
        );
        let of = |verdict| {
            let found = self.findings.iter();
            found.filter(|found| found.verdict == verdict).count()
        };
        match self.verdict {
            Verdict::Clean => {
                let harmless = of(Verdict::Clean);
                let cut = match harmless {
                    0 => String::new(),
                    _ => format!(
                        "; {} that go ignores",
                        quantity::count(harmless, "remark", "remarks")
                    ),
                };
                format!(
                    "{counted}, every output is what its name says, every package of its action{cut}"
                )
            }
            Verdict::Unjudged => format!(
                "{} could not be judged, of {counted}; nothing was found in the others",
                of(Verdict::Unjudged) + counts.indexes_unjudged
            ),
            Verdict::Unread => format!("{} could not be read, of {counted}", of(Verdict::Unread)),
            Verdict::Suspect => format!(
                "{} had two outputs, of {counted}",
                quantity::count(of(Verdict::Suspect), "action", "actions")
            ),
            Verdict::Stale => format!(
                "{} for files that say something else, of {counted}",
                quantity::count(
                    of(Verdict::Stale),
                    "module index is taken",
                    "module indexes are taken"
                )
            ),
            Verdict::Damaged => format!(
                "{} changed in ways that go notices, of {counted}",
                quantity::count(of(Verdict::Damaged), "entry", "entries")
            ),
            Verdict::Poisoned => format!(
                "{} changed in ways that go does not notice, of {counted}",
                quantity::count(of(Verdict::Poisoned), "entry", "entries")
            ),
        }
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn checks(&self) -> Vec<Check> {
        let findings = self.findings.iter().map(CacheDefect::finding).collect();
        vec![Check {
            name: "sound cache".into(),
            subject: self.place.display().to_string(),
            status: match self.verdict {
                Verdict::Clean => Status::Passed,
                Verdict::Unjudged | Verdict::Unread => Status::Undecided,
                Verdict::Suspect | Verdict::Stale | Verdict::Damaged | Verdict::Poisoned => {
                    Status::Failed
                }
            },
            reason: Some(self.summary()),
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

impl Verdict {
    /// Returns how bad a finding is that leads to this verdict.
    pub fn level(self) -> Level {
        match self {
            Self::Clean => Level::Note,
            Self::Unjudged | Self::Unread | Self::Suspect => Level::Warning,
            Self::Stale | Self::Damaged | Self::Poisoned => Level::Error,
        }
    }
}
