//! The answer of a run, for the printers.

mod checks;
mod json;
pub mod kept;
mod text;

use std::path::PathBuf;

use proto::finding::Confidence;
use serde::Serialize;

use super::cache::Mode;
use super::record::Record;
use super::session::{Culprit, Found, Kind, Plan};
use super::variation;
use crate::exit::Exit;
use crate::host::public;
use crate::progress::Progress;
use crate::quantity;
use crate::report::Report;

/// What a run found out.
#[derive(Debug)]
pub struct Outcome {
    /// The answer.
    pub verdict: Verdict,
    /// The import path of the program.
    pub package: String,
    /// The program's file name.
    pub name: String,
    /// Where builds ran.
    pub folder: PathBuf,
    /// Whether C code goes into it.
    pub has_cgo: bool,
    /// What was varied in the build with everything varied, by name, and how.
    pub varied: Vec<Varied>,
    /// What was not, and why.
    pub untried: Vec<Untried>,
    /// Every build.
    pub found: Found,
    /// The first build beside one for each culprit; `None` where all agree.
    pub comparison: Option<Report>,
    /// The most disk space used, in bytes.
    pub disk_bytes: u64,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every build gave the same bytes.
    Reproducible,
    /// Two builds differ.
    NotReproducible,
    /// Builds agree, but nothing was varied, or something that was to be tried gave
    /// none.
    Inconclusive,
}

/// A variation that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Varied {
    /// Its name.
    pub name: &'static str,
    /// How exactly.
    pub how: String,
}

/// A variation that was not tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Untried {
    /// Its name.
    pub name: &'static str,
    /// Why.
    pub reason: String,
    /// Whether it was named on the command line.
    pub was_asked_for: bool,
}

/// The reason for a variation that was left out on the command line.
pub const NOT_ASKED_FOR: &str = "not asked for";

/// How much a run may claim; the ladder goes on where other hosts come in, and
/// no run of one host climbs there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Level {
    /// The same bytes twice on one host.
    L0,
    /// Cold and warm caches agree on one host.
    L1,
}

impl Outcome {
    /// Concludes from what was found.
    ///
    /// # Errors
    /// When a program that was built can't be read any more.
    pub fn of(plan: &Plan<'_>, found: Found, untried: Vec<Untried>) -> anyhow::Result<Self> {
        let project = plan.setting.ground.project;
        let varied = varied(plan, &found);
        let verdict = if !found.culprits.is_empty() {
            Verdict::NotReproducible
        } else if !varied.is_empty()
            && found.failing.is_empty()
            && found.open.is_none()
            && !untried.iter().any(|one| one.was_asked_for)
        {
            Verdict::Reproducible
        } else {
            Verdict::Inconclusive
        };
        Ok(Self {
            verdict,
            package: project.package.clone(),
            name: project.name.clone(),
            folder: project.folder.clone(),
            has_cgo: project.has_cgo,
            varied,
            untried,
            comparison: compare(plan, &found)?,
            found,
            disk_bytes: plan.scratch.peak_bytes(),
        })
    }

    /// Returns how much this run may claim; nothing where builds differ.
    pub fn level(&self) -> Option<Level> {
        let agreed = |mode: Mode| {
            let builds = self.found.builds.iter();
            builds
                .filter(|build| build.cache == mode && build.result.is_ok())
                .count()
        };
        match self.verdict {
            Verdict::NotReproducible => None,
            _ if agreed(Mode::Warm) > 0 && self.closures_agree() => Some(Level::L1),
            _ if agreed(Mode::Cold) > 1 => Some(Level::L0),
            _ => None,
        }
    }

    /// Says whether the first, cold build and the warm one after it held the same
    /// packages: what a warm build takes from elsewhere is no warm cache.
    fn closures_agree(&self) -> bool {
        let plain = |mode: Mode| {
            let is_plain = |record: &&Record| {
                record.conditions.cache.mode == mode && record.conditions.varied.is_empty()
            };
            let record = self.records().find(is_plain);
            record.and_then(|record| record.conditions.cache.after.as_ref())
        };
        let (cold, warm) = (plain(Mode::Cold), plain(Mode::Warm));
        cold.is_some() && cold == warm
    }

    /// Returns the records of every build that gave a program.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        let results = self
            .found
            .builds
            .iter()
            .filter_map(|build| build.result.as_ref().ok());
        results.map(|built| &built.record)
    }

    fn exit_code(&self) -> Exit {
        match self.verdict {
            Verdict::Reproducible => Exit::Same,
            Verdict::NotReproducible => Exit::Different,
            Verdict::Inconclusive => Exit::Inconclusive,
        }
    }

    /// The digest of the first build.
    fn digest(&self) -> &str {
        let first = self.found.builds.first();
        first.and_then(|build| build.sha256()).unwrap_or_default()
    }

    fn sentence(&self) -> String {
        let builds = self.found.builds.len();
        let variations = match self.varied.len() {
            0 => "nothing varied".to_owned(),
            1 => "1 variation".to_owned(),
            several => format!("{several} variations"),
        };
        let count = format!("{builds} builds, cold and warm cache, {variations}");
        match self.verdict {
            Verdict::Reproducible => {
                format!("{count}, one digest sha256:{}", self.digest())
            }
            Verdict::NotReproducible => {
                let all: Vec<String> = self.found.culprits.iter().map(matters).collect();
                format!("{} ({builds} builds)", all.join("; "))
            }
            Verdict::Inconclusive => match (&self.found.open, self.found.failing.first()) {
                (Some(open), _) => open.clone(),
                (None, Some((names, _))) => {
                    format!(
                        "builds agree, but with {} varied there is none",
                        names.join(" and ")
                    )
                }
                (None, None) => {
                    let asked = self.untried.iter().filter(|one| one.was_asked_for);
                    let names: Vec<&str> = asked.map(|one| one.name).collect();
                    if names.is_empty() {
                        return format!("{count}, one digest sha256:{}", self.digest());
                    }
                    format!(
                        "builds agree, but {} can't be varied here",
                        names.join(" and ")
                    )
                }
            },
        }
    }
}

impl Level {
    /// Says what may be claimed.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::L0 => "the same bytes twice on one host",
            Self::L1 => "a cold and a warm build cache give the same bytes on one host",
        }
    }
}

/// Says that something matters, in a few words.
fn matters(culprit: &Culprit) -> String {
    let what = what_matters(culprit);
    match culprit.confidence {
        Confidence::Proven => what,
        Confidence::Likely | Confidence::Possible => format!("likely {what}"),
    }
}

fn what_matters(culprit: &Culprit) -> String {
    match &culprit.kind {
        Kind::Nothing => "two equal builds differ: the time or chance gets in".into(),
        Kind::Warm => "a warm cache gives another program than a cold one".into(),
        Kind::Given if culprit.conflicts > 0 => format!(
            "the cache named gives another program than a cold one: under equal keys it has other content for {}",
            quantity::count(culprit.conflicts, "compiled package", "compiled packages")
        ),
        Kind::Given => "the cache named gives another program than a cold one".into(),
        Kind::Varied(names) => match names.as_slice() {
            [one] => format!("{one} matters"),
            several => format!("{} matter together", several.join(" and ")),
        },
    }
}

/// Says what to do about a culprit.
fn fix(culprit: &Culprit, has_cgo: bool) -> String {
    match &culprit.kind {
        Kind::Nothing => "find what is written into the program that is new in each build: a -X value, a generated file, a CC or -toolexec program".into(),
        Kind::Given if culprit.conflicts > 0 && has_cgo => "keep a copy of the cache as evidence (cp -a), then build with a new GOCACHE: a C header or library outside the package may have changed, which is in no key of the cache; if none has, somebody wrote to the cache".into(),
        Kind::Given if culprit.conflicts > 0 => "keep a copy of the cache as evidence (cp -a), let verify-build cache audit name the entries, and build with a new GOCACHE until it is known who wrote them".into(),
        Kind::Warm | Kind::Given => "find the step that gives something else when packages come from a cache, or now and then: a linker, a CC or a -toolexec program; --keep keeps both programs".into(),
        Kind::Varied(names) => {
            let fixes = names.iter().filter_map(|name| variation::named(name));
            let fixes: Vec<&str> = fixes.map(|one| one.fix).collect();
            fixes.join("; or ")
        }
    }
}

/// The variations that were part of some build that gave a program.
fn varied(plan: &Plan<'_>, found: &Found) -> Vec<Varied> {
    let how = |name: &'static str| {
        let mut records = found
            .builds
            .iter()
            .filter_map(|build| build.result.as_ref().ok())
            .map(|built| &built.record.conditions.varied);
        records
            .find_map(|varied| varied.get(name))
            .map(|how| Varied {
                name,
                how: how.clone(),
            })
    };
    plan.variations
        .iter()
        .filter_map(|one| how(one.name))
        .collect()
}

/// Compares the first build with one for each culprit; the files bear the
/// builds' names, since where they lie is temporary.
fn compare(plan: &Plan<'_>, found: &Found) -> anyhow::Result<Option<Report>> {
    if found.culprits.is_empty() {
        return Ok(None);
    }
    let builds = std::iter::once(0).chain(found.culprits.iter().map(|one| one.build));
    let mut paths = Vec::new();
    let mut names = Vec::new();
    for (place, index) in builds.enumerate() {
        let Some(build) = found.builds.get(index) else {
            continue;
        };
        if let Ok(built) = &build.result {
            paths.push(built.program.clone());
            let what = match place
                .checked_sub(1)
                .and_then(|place| found.culprits.get(place))
            {
                None => "cold cache".into(),
                Some(culprit) => culprit.label.clone(),
            };
            names.push(format!("build {}: {what}", build.number));
        }
    }
    let mut report = Report::compare(&paths, Progress::new(false))?;
    let commit = plan.setting.facts.commit();
    for (file, name) in report.files.iter_mut().zip(names) {
        let info = file.build_info.iter_mut();
        for setting in info.flat_map(|info| &mut info.settings) {
            setting.value = public::setting(&setting.key, &setting.value, commit);
        }
        for set in file.variables.iter_mut().flatten() {
            set.value = public::set_variable(&set.key, &set.value, commit);
        }
        report.summary = report.summary.replace(&file.path, &name);
        file.path = name;
    }
    Ok(Some(report))
}
