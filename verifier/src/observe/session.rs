//! The course of a run: cold, warm, and with what was named.
//!
//! Each build is observed before the next one begins, so that a run that ends early
//! leaves what it saw.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use proto::attest::digest::Digest;
use proto::attest::observation::{Cause, Mode, Observation};

use super::evidence::Evidence;
use super::folder::Folder;
use super::observed::{self, Made, Saying};
use super::signer::Signer;
use super::tap::{self, Origin, Tap};
use crate::host::redaction::Redaction;
use crate::progress::{Bar, Progress};
use crate::rebuild::build::{Build, Setting, Task};
use crate::rebuild::cache;
use crate::rebuild::scene::Scene;
use crate::rebuild::scratch::Scratch;
use crate::rebuild::stage::Stage;
use crate::report::Report;

/// How many builds there are where nothing was named.
pub const BUILDS_USUAL: u64 = 2;

/// What a build finds besides its own cache.
#[derive(Debug)]
pub enum Given {
    /// A build cache of the go command.
    Cache(PathBuf),
    /// A record of `verify-build cacheprog`.
    Record(PathBuf),
}

/// What is to be done.
#[derive(Debug)]
pub struct Plan<'a> {
    /// What every build shares.
    pub setting: &'a Setting<'a>,
    /// Where builds are put up.
    pub scratch: &'a Scratch,
    /// What one build more finds.
    pub given: Option<Given>,
    /// What is said in every observation.
    pub saying: Saying,
    /// Where observations go.
    pub folder: &'a Folder,
    /// Whether programs are kept, also those that are equal.
    pub keeps_programs: bool,
    /// The program that every build should give; without one, what the first gives.
    pub published: Option<Published<'a>>,
    /// Shows how far it is.
    pub bar: Bar,
}

/// A program that was built elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Published<'a> {
    /// Its SHA-256.
    pub sha256: Digest,
    /// Its file.
    pub path: &'a Path,
}

/// One build and its observation.
#[derive(Debug)]
pub struct Seen {
    /// The build; its program lies in the temporary folder.
    pub build: Build,
    /// What was said of it.
    pub observation: Observation,
    /// The observation's file.
    pub file: PathBuf,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// Runs a plan to its end: until a build fails or every one is made.
///
/// # Errors
/// When a file can't be read or written, the key can't sign, or the run is interrupted.
pub fn run(plan: &Plan<'_>, signer: Option<&mut Signer>) -> anyhow::Result<Vec<Seen>> {
    let mut session = Session {
        plan,
        signer,
        stage: Stage::new(plan.setting.ground, plan.scratch),
        seen: Vec::new(),
    };
    let own = plan.scratch.folder("build-1/cache")?;
    let mut builds = vec![
        (Mode::Cold, own.clone(), Origin::Own, None),
        (Mode::Warm, own, Origin::Own, None),
    ];
    match &plan.given {
        None => {}
        Some(Given::Cache(folder)) => {
            let cache = plan.scratch.folder("build-3/cache")?;
            builds.push((Mode::Shared, cache, Origin::Beneath(folder), Some(folder)));
        }
        Some(Given::Record(folder)) => {
            let cache = plan.scratch.folder("build-3/cache")?;
            builds.push((Mode::Cacheprog, cache, Origin::Record(folder), Some(folder)));
        }
    }
    plan.bar.grow(builds.len() as u64);
    for (mode, cache, origin, source) in builds {
        let is_built = session.build(mode, &cache, origin, source)?;
        if !is_built && mode == Mode::Cold {
            break;
        }
    }
    Ok(session.seen)
}

struct Session<'a> {
    plan: &'a Plan<'a>,
    signer: Option<&'a mut Signer>,
    stage: Stage<'a>,
    seen: Vec<Seen>,
}

impl Session<'_> {
    /// Builds and observes; says whether a program came out.
    fn build(
        &mut self,
        mode: Mode,
        cache: &Path,
        origin: Origin<'_>,
        source: Option<&PathBuf>,
    ) -> anyhow::Result<bool> {
        let setting = self.plan.setting;
        let number = self.seen.len() + 1;
        self.plan
            .bar
            .say(format!("build {number}: {} cache", mode.as_str()));
        let scene = Scene::of(setting.ground.project);
        let mut ready = self.stage.prepare(&scene, number, cache)?;
        let room = self.plan.scratch.folder(&format!("build-{number}"))?;
        let version = setting.ground.project.env("GOVERSION");
        let list = room.join("taken");
        let tap = Tap::set(&mut ready.variables, version, cache, origin, &list)?;
        tap::log_hashes(&mut ready.variables);
        let log = room.join("log");
        let task = Task {
            number,
            mode: match mode {
                Mode::Cold => cache::Mode::Cold,
                Mode::Warm => cache::Mode::Warm,
                Mode::Shared | Mode::Cacheprog => cache::Mode::Given,
            },
            cache: cache.to_owned(),
            varied: BTreeMap::new(),
            log: Some(log.clone()),
        };
        let time_s = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0);
        let build = Build::run(setting, task, &ready)?;
        self.plan.scratch.measure();
        let program = build.result.as_ref().ok();
        let program = program.and_then(|built| built.record.product.build_id.as_ref());
        let evidence = Evidence::gather(
            &tap,
            &log,
            program.map(|id| id.text.as_str()),
            &setting.facts.inputs,
            setting.redaction,
        )?;
        let expected = self.expected(&build)?;
        let made = Made {
            build: &build,
            time_s,
            mode,
            cache_source: source.map(|source| observed::cut(&source.display().to_string())),
            evidence: &evidence,
            expected,
        };
        let mut observation = observed::observe(setting, &self.plan.saying, made)?;
        if let Some(closure) = &evidence.closure {
            self.plan.folder.closure(closure)?;
        }
        self.keep(&build)?;
        let file = self.write(&mut observation)?;
        let is_built = build.result.is_ok();
        self.seen.push(Seen {
            build,
            observation,
            file,
            notes: evidence.notes,
        });
        self.plan.bar.add(1);
        Ok(is_built)
    }

    /// Returns the program that builds should give: the published one, or what the first
    /// build gave. The first build itself has none to be held against then.
    fn standard(&self) -> anyhow::Result<Option<(Digest, &Path)>> {
        if let Some(published) = self.plan.published {
            return Ok(Some((published.sha256, published.path)));
        }
        let first = self.seen.first();
        let first = first.and_then(|seen| seen.build.result.as_ref().ok());
        first
            .map(|first| Ok((Digest::parse(&first.sha256)?, first.program.as_path())))
            .transpose()
    }

    /// Returns what a build should give, and why it gave something else.
    fn expected(&self, build: &Build) -> anyhow::Result<Option<(Digest, Vec<Cause>)>> {
        let Some((expected, path)) = self.standard()? else {
            return Ok(None);
        };
        let built = build.result.as_ref().ok();
        let causes = match built.filter(|built| built.sha256 != expected.to_string()) {
            Some(other) => causes(path, &other.program, self.plan.setting.redaction)?,
            None => Vec::new(),
        };
        Ok(Some((expected, causes)))
    }

    /// Keeps a program that was asked for, and those that differ.
    fn keep(&self, build: &Build) -> anyhow::Result<()> {
        let Ok(built) = &build.result else {
            return Ok(());
        };
        let standard = self.standard()?;
        let other = standard.filter(|(sha256, _)| sha256.to_string() != built.sha256);
        if let Some((sha256, path)) = other {
            self.plan.folder.program(path, &sha256.to_string())?;
        }
        if self.plan.keeps_programs || other.is_some() {
            self.plan.folder.program(&built.program, &built.sha256)?;
        }
        Ok(())
    }

    fn write(&mut self, observation: &mut Observation) -> anyhow::Result<PathBuf> {
        let folder = self.plan.folder;
        let Some(signer) = &mut self.signer else {
            let envelope = observation.unsigned()?;
            return folder.observation(observation, &envelope, None);
        };
        let key = signer.public();
        let mut file = None;
        signer.sign(observation, |observation, envelope| {
            file = Some(folder.observation(observation, envelope, Some(&key))?);
            Ok(())
        })?;
        file.context("a signed observation was written")
    }
}

/// The most causes told in an observation.
const CAUSES_MAX: usize = 20;

/// Compares two programs and tells why they differ.
///
/// # Errors
/// When one of them can't be read.
pub fn causes(expected: &Path, other: &Path, redaction: &Redaction) -> anyhow::Result<Vec<Cause>> {
    let paths = [expected.to_owned(), other.to_owned()];
    let report = Report::compare(&paths, Progress::new(false))?;
    let causes = report.causes.iter().take(CAUSES_MAX);
    Ok(causes
        .map(|explained| Cause {
            name: explained.cause.name.as_str(),
            confidence: explained.cause.confidence.as_str().to_owned(),
            summary: observed::cut(&redaction.text(&explained.cause.summary)),
        })
        .collect())
}
