//! What an audit has to say about entries that are not sound.

use std::collections::{BTreeMap, HashMap, HashSet};

use proto::finding::{Confidence, Evidence, Finding, Level};
use proto::gocache::Id;
use proto::gocache::kind::Kind;
use proto::gocache::modindex::Change;
use proto::gocache::name::Entry;

use super::Verdict;
use crate::gocache::entry::{Damage, Poison, State};
use crate::gocache::modindex::{Key, Stale};
use crate::gocache::source::Source;
use crate::gocache::survey::{Label, Line, Output, Survey, Unread};

/// One thing found in a cache.
#[derive(Debug, Clone)]
pub struct CacheDefect {
    /// Its stable name.
    pub rule: &'static str,
    /// What it means for the whole cache.
    pub verdict: Verdict,
    /// How bad it is.
    pub level: Level,
    /// How sure it is.
    pub confidence: Confidence,
    /// The entry's action.
    pub action: Option<Id>,
    /// The output it is about.
    pub output: Option<Id>,
    /// The output that it had before, or that the entry does not lead to.
    pub other: Option<Id>,
    /// What the output is.
    pub kind: Option<Kind>,
    /// The import path of the package it belongs to.
    pub package: Option<String>,
    /// What the output is to that package: `stdout`, `_cgo_gotypes.go`.
    pub part: Option<String>,
    /// The action of that package.
    pub package_action: Option<Id>,
    /// The version of Go that made it.
    pub go_version: Option<String>,
    /// The path of the file.
    pub path: String,
    /// What was found, without the package's name.
    pub what: String,
    /// What can be checked by hand.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub fix: String,
}

const FIX_POISONED: &str = "first keep a copy of the whole folder as evidence (cp -a) and find out who can write to it; then run `go clean -cache`, build again, and rebuild everything that was linked from this cache";
const FIX_DAMAGED: &str = "first keep a copy of the file as evidence (cp -a), check the disk and who can write to the folder; then run `go clean -cache`: go makes these entries anew";
const FIX_STALE: &str = "first keep a copy of the cache as evidence (cp -a); then run `go clean -cache` and rebuild what was built from it; do not set the times of source files to a fixed value, or build with GODEBUG=goindex=0";
const FIX_STALE_MODULE: &str = "first keep a copy of the cache and of this folder as evidence (cp -a) and let `go mod verify` tell whether the folder was changed; then run `go clean -cache` and rebuild what was built from it";
const FIX_UNJUDGED: &str = "find out what made it; to be sure, build with an empty cache (GOCACHE set to a new folder) and compare";
const FIX_CUT_OFF: &str = "nothing: go makes it anew";
const FIX_UNREAD: &str = "run this as the user who owns the cache";

impl CacheDefect {
    fn new(rule: &'static str, verdict: Verdict, what: impl Into<String>) -> Self {
        Self {
            rule,
            verdict,
            level: verdict.level(),
            confidence: Confidence::Proven,
            action: None,
            output: None,
            other: None,
            kind: None,
            package: None,
            part: None,
            package_action: None,
            go_version: None,
            path: String::new(),
            what: what.into(),
            evidence: Vec::new(),
            fix: String::new(),
        }
    }

    /// Returns what was found in one sentence, package first.
    pub fn summary(&self) -> String {
        match (&self.package, &self.part) {
            (Some(package), Some(part)) => format!("{part} of package {package}: {}", self.what),
            (Some(package), None) => format!("package {package}: {}", self.what),
            (None, Some(part)) => format!("{part} of a package: {}", self.what),
            (None, None) => self.what.clone(),
        }
    }

    /// Returns it as every printer knows it.
    pub fn finding(&self) -> Finding {
        Finding {
            rule: self.rule.to_owned(),
            level: self.level,
            confidence: Some(self.confidence),
            artifact: self.path.clone(),
            summary: self.summary(),
            evidence: self.evidence.clone(),
            fix: self.fix.clone(),
        }
    }

    fn fix(mut self, fix: &str) -> Self {
        fix.clone_into(&mut self.fix);
        self
    }

    fn shows(mut self, place: &str, wanted: impl ToString, found: impl ToString) -> Self {
        self.evidence.push(Evidence {
            place: place.to_owned(),
            a: Some(wanted.to_string()),
            b: Some(found.to_string()),
        });
        self
    }
}

/// Returns what is to be said of entries that are not sound.
pub fn of(
    source: &Source,
    survey: &Survey,
    labels: &HashMap<Id, Label>,
    states: &[(Id, Kind, State)],
) -> Vec<CacheDefect> {
    let about = |(action, kind, state): &(Id, Kind, State)| {
        let output = match survey.actions.get(action) {
            Some(Line::Sound(index)) => Some(index.output),
            _ => None,
        };
        let mut found = describe(state, action, output)?;
        let file = output.map_or(Entry::Action(*action), Entry::Output);
        found.path = source.path_of(file);
        found.action = Some(*action);
        found.output = output;
        found.kind = Some(*kind);
        if let Some(label) = labels.get(action) {
            found.part = Some(label.description.clone());
            found.package_action = Some(label.package);
        }
        let output = output.and_then(|output| survey.outputs.get(&output));
        found.go_version = output.and_then(Output::go_version).map(str::to_owned);
        Some(found)
    };
    states.iter().filter_map(about).collect()
}

fn describe(state: &State, action: &Id, output: Option<Id>) -> Option<CacheDefect> {
    let name = output.map(|output| output.to_string()).unwrap_or_default();
    Some(match state {
        State::Sound | State::Missing => return None,
        State::CutOff { size, want } => CacheDefect::new(
            "cache-cut-off",
            Verdict::Clean,
            "the output ends early, as a crash leaves it; go ignores the entry",
        )
        .shows(
            "size in bytes, by the index line and of the file",
            want,
            size,
        )
        .fix(FIX_CUT_OFF),
        State::LineCutOff { len } => CacheDefect::new(
            "cache-cut-off",
            Verdict::Clean,
            "the index line ends early, as a crash leaves it; go ignores the entry",
        )
        .shows("size in bytes", proto::gocache::Index::LEN, len)
        .fix(FIX_CUT_OFF),
        State::Damaged(damage) => damaged(damage, action, &name).fix(FIX_DAMAGED),
        State::Poisoned(poison) => poisoned(poison, action, &name).fix(FIX_POISONED),
        State::Unjudged(why) => {
            CacheDefect::new("cache-unjudged", Verdict::Unjudged, *why).fix(FIX_UNJUDGED)
        }
        State::Unread(Unread::NotAFile(what)) => {
            let what = format!("in the place of a file there is a {what}; it is not followed");
            CacheDefect::new("cache-damaged", Verdict::Damaged, what).fix(FIX_DAMAGED)
        }
        State::Unread(Unread::Refused(error)) => {
            let what = format!("it can't be read: {error}");
            CacheDefect::new("cache-unreadable", Verdict::Unread, what).fix(FIX_UNREAD)
        }
    })
}

fn damaged(damage: &Damage, action: &Id, name: &str) -> CacheDefect {
    let new = |what: &str| CacheDefect::new("cache-damaged", Verdict::Damaged, what);
    match damage {
        Damage::Line(error) => new("the index line is none that go writes; go ignores the entry")
            .shows("index line", "v1 ACTION OUTPUT SIZE TIME", error),
        Damage::OtherAction(other) => new(
            "the index line is that of another action; go ignores the entry",
        )
        .shows("action, by the file's name and in the line", action, other),
        Damage::Longer { size, want } => {
            new("the output is longer than the index line says; go ignores the entry").shows(
                "size in bytes, by the index line and of the file",
                want,
                size,
            )
        }
        Damage::Size { size, want } => {
            new("the index line tells another size than the output has; go ignores the entry")
                .shows(
                    "size in bytes, by the index line and of the file",
                    want,
                    size,
                )
        }
        Damage::Content { found } => new(
            "the output is not what its name says; go notices that and makes it anew",
        )
        .shows("SHA-256, by the name and of the file", name, found),
        Damage::Folder { files } => {
            new("the folder of a program holds another number of files than one; go fails on it")
                .shows("files", 1, files)
        }
    }
}

fn poisoned(poison: &Poison, action: &Id, name: &str) -> CacheDefect {
    let new = |what: &str| CacheDefect::new("cache-poisoned", Verdict::Poisoned, what);
    match poison {
        Poison::Content { found } => {
            new("the output is not what its name says, and go does not notice: only its size is looked at")
                .shows("SHA-256, by the name and of the file", name, found)
        }
        Poison::OtherAction { found } => {
            new("the entry hands out what another action made, and go does not notice")
                .shows("action in the build ID", action.part(), found)
        }
        Poison::BuildId { recorded, computed } => {
            new("the output was changed after go wrote it, and renamed to fit: its build ID tells, go does not notice")
                .shows("content part of the build ID, as it stands and of these bytes", recorded, computed)
        }
        Poison::NoBuildId { found } => {
            new("it carries no build ID as go writes it, and go keeps nothing without; go does not notice")
                .shows("build ID", format!("{}/…", action.part()), found.as_deref().unwrap_or("none"))
        }
        Poison::NoArchive { kind } => {
            new("the entry of a compiled package leads to something else")
                .shows("kind of output", Kind::Archive.as_str(), kind.as_str())
        }
    }
}

/// Finds outputs that were replaced: archives which no entry leads to, while the
/// action in their build ID has an entry with another output.
pub fn twice(source: &Source, survey: &Survey, referenced: &HashSet<Id>) -> Vec<CacheDefect> {
    let mut by_part = BTreeMap::new();
    for action in survey.actions.keys() {
        by_part.insert(action.part(), *action);
    }
    let mut found = Vec::new();
    for (id, output) in &survey.outputs {
        let Output::File(read) = output else { continue };
        let Some(action) = read.maker.action() else {
            continue;
        };
        if referenced.contains(id) || read.sha256 != id.0 {
            continue;
        }
        let Some(action) = by_part.get(&action) else {
            continue;
        };
        let Some(Line::Sound(index)) = survey.actions.get(action) else {
            continue;
        };
        if !survey.outputs.contains_key(&index.output) || index.output == *id {
            continue;
        }
        let mut one = CacheDefect::new("cache-two-outputs", Verdict::Suspect, "the same action had two outputs, the later one is in use")
            .shows("outputs, in use and before", index.output, id)
            .fix("find out which of the two is right: build with a cold cache (GOCACHE set to an empty folder) and compare");
        one.other = Some(*id);
        one.confidence = Confidence::Possible;
        one.action = Some(*action);
        one.output = Some(index.output);
        one.path = source.path_of(Entry::Output(*id));
        one.kind = Some(Kind::Archive);
        one.go_version = read.go_version.clone();
        found.push(one);
    }
    found
}

/// Says which module indexes the go command takes for files that say something else.
pub fn stale(source: &Source, stale: &[Stale]) -> Vec<CacheDefect> {
    let about = |stale: &Stale| {
        let Change { file, what, a, b } = &stale.change;
        let [said, says] = [a, b].map(|text| if text.is_empty() { "none" } else { text });
        let folder = stale.folder.display();
        let (why, fix) = match stale.key {
            Key::Files => ("its time and size are the same", FIX_STALE),
            Key::Path => (
                "it lies in the module cache at the same path",
                FIX_STALE_MODULE,
            ),
        };
        let sentence = format!(
            "the index of {folder} is stale: go goes on choosing files and imports by what {file} said before; {why}, and go looks at nothing else"
        );
        let mut found = CacheDefect::new("stale-module-index", Verdict::Stale, sentence)
            .shows(
                &format!("{what} of {file}, in the index and in the file"),
                said,
                says,
            )
            .fix(fix);
        found.action = Some(stale.action);
        found.output = Some(stale.output);
        found.kind = Some(Kind::ModuleIndex);
        found.path = source.path_of(Entry::Output(stale.output));
        found
    };
    stale.iter().map(about).collect()
}

/// Says what lies in the cache and does not belong there.
pub fn around(survey: &Survey) -> Vec<CacheDefect> {
    let strays = survey.strays.iter().map(|stray| {
        let what = format!("a {} that go neither makes nor uses", stray.what);
        let mut found = CacheDefect::new("cache-stray-file", Verdict::Clean, what)
            .fix("find out where it comes from; go never removes it");
        found.path = stray.path.clone();
        found
    });
    let open = survey.open.iter().map(|what| {
        CacheDefect::new("cache-open-to-others", Verdict::Clean, what.clone())
            .fix("chmod -R o-w on the folder: whoever writes to it decides what you link")
    });
    let mut all: Vec<CacheDefect> = open.chain(strays).collect();
    for found in &mut all {
        found.level = Level::Warning;
    }
    all
}
