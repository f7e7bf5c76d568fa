//! The course of a run: which builds are made, and what their agreement or
//! difference means.
//!
//! ```text
//! 1  cold cache                      what all others are held against
//! 2  warm: 1 again, on its cache
//!    given: the cache that was named, where one was
//! 3  cold cache, everything varied
//! ```
//!
//! Where one of them differs from 1, it is first built once more exactly like 1:
//! a build that differs from itself can't be halved. Else the variations are
//! halved until those are left that matter, the rest is tried without them, and
//! so on until the rest agrees.
//!
//! What is blamed is built again, and 1 a third time at the end: `proof` says why.

mod proof;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proto::finding::Confidence;

use super::bisect;
use super::build::{Build, Setting, Task};
use super::cache::{Mode, Packages};
use super::scene::Scene;
use super::scratch::{self, Scratch};
use super::stage::Stage;
use super::variation::Variation;
use crate::progress::Bar;

/// What a run found.
#[derive(Debug)]
pub struct Found {
    /// Every build, in the order they were made.
    pub builds: Vec<Build>,
    /// What makes a difference, in the order it was found.
    pub culprits: Vec<Culprit>,
    /// Variations with which nothing could be built, and what go said.
    pub failing: Vec<(Vec<&'static str>, String)>,
    /// Why the search ended before everything was found.
    pub open: Option<String>,
}

/// Something that makes a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Culprit {
    /// What it is.
    pub kind: Kind,
    /// The index of a build that differs from the first by this alone.
    pub build: usize,
    /// What that build is called.
    pub label: String,
    /// How sure it is that this and not chance makes the difference.
    pub confidence: Confidence,
    /// How many packages the cache named holds that are others than those compiled
    /// here under the same keys.
    pub conflicts: usize,
}

/// What makes a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Nothing was varied: the clock, or chance.
    Nothing,
    /// A warm cache instead of a cold one.
    Warm,
    /// The cache that was named instead of a cold one.
    Given,
    /// These variations, together.
    Varied(Vec<&'static str>),
}

/// What is to be run.
#[derive(Debug)]
pub struct Plan<'a> {
    /// What every build shares.
    pub setting: &'a Setting<'a>,
    /// Where builds write.
    pub scratch: &'a Scratch,
    /// What to vary, all of it possible here.
    pub variations: Vec<&'static Variation>,
    /// A cache to build with once.
    pub given: Option<PathBuf>,
    /// Whether programs stay until the end of the run.
    pub keep_programs: bool,
    /// The most builds made.
    pub builds_max: usize,
    /// Shows how far it is.
    pub bar: Bar,
}

/// A search that ends early; `Other` is everything else that can go wrong.
enum Stop {
    TooMany,
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

/// Runs a plan to its end.
///
/// # Errors
/// When the program does not build at all, with what go said; when the run is
/// interrupted; when copies can't be made.
pub fn run(plan: &Plan<'_>) -> anyhow::Result<Found> {
    let mut session = Session {
        plan,
        stage: Stage::new(plan.setting.ground, plan.scratch),
        found: Found {
            builds: Vec::new(),
            culprits: Vec::new(),
            failing: Vec::new(),
            open: None,
        },
        known: BTreeMap::new(),
        wanted: BTreeSet::from([0]),
        packages: Packages::default(),
        seen_again: BTreeSet::new(),
    };
    match session.course() {
        Ok(()) => {}
        Err(Stop::TooMany) => {
            session.found.open = Some(format!(
                "the search ended after {} builds (--max-builds)",
                session.found.builds.len()
            ));
        }
        Err(Stop::Other(error)) => return Err(error),
    }
    session.remove_programs();
    Ok(session.found)
}

struct Session<'a> {
    plan: &'a Plan<'a>,
    stage: Stage<'a>,
    found: Found,
    /// Cold builds by what was varied.
    known: BTreeMap<Vec<usize>, usize>,
    /// Builds whose programs are compared in the end.
    wanted: BTreeSet<usize>,
    /// What the first build compiled.
    packages: Packages,
    /// The builds of culprits that made a difference a second time.
    seen_again: BTreeSet<usize>,
}

impl Session<'_> {
    fn course(&mut self) -> Result<(), Stop> {
        let cache = self.plan.scratch.folder("build-1/cache")?;
        let base = self.must_build(Mode::Cold, &cache)?;
        let warm = self.must_build(Mode::Warm, &cache)?;
        self.packages = Packages::read(&cache);
        self.clear(&cache);
        let given = match &self.plan.given {
            Some(given) => Some(self.must_build(Mode::Given, given)?),
            None => None,
        };
        let mut open: Vec<usize> = (0..self.plan.variations.len()).collect();
        self.take_out_failing(&mut open)?;
        let all = if open.is_empty() {
            base
        } else {
            self.cold(&open)?
        };
        if ![Some(warm), given, Some(all)]
            .into_iter()
            .flatten()
            .any(|one| self.differs(one))
        {
            return Ok(());
        }
        let cache = self.new_cache()?;
        let again = self.build(&[], Mode::Cold, &cache)?;
        if self.differs(again) {
            self.clear(&cache);
            self.blame(Kind::Nothing, again, 0);
            return Ok(());
        }
        let is_steady = self.try_caches(warm, given, &cache)?;
        self.clear(&cache);
        if is_steady && self.halve(open)? {
            self.close()?;
        }
        Ok(())
    }

    /// Builds with nothing varied, where a failure leaves nothing to find out.
    fn must_build(&mut self, mode: Mode, cache: &Path) -> Result<usize, Stop> {
        let index = self.build(&[], mode, cache)?;
        let build = &self.found.builds[index];
        let problem = match mode {
            Mode::Cold => "the program does not build",
            Mode::Warm => "the program builds with a cold cache and not with a warm one",
            Mode::Given => "the program does not build with the cache named",
        };
        match &build.result {
            Ok(_) => Ok(index),
            Err(said) => Err(anyhow::anyhow!("{problem}:\n{said}").into()),
        }
    }

    /// Takes out of `open` what nothing can be built with.
    fn take_out_failing(&mut self, open: &mut Vec<usize>) -> Result<(), Stop> {
        while !open.is_empty() {
            let all = self.cold(open)?;
            if self.found.builds[all].result.is_ok() {
                break;
            }
            let fails = bisect::minimal(open, |some| -> Result<bool, Stop> {
                let build = self.cold(some)?;
                Ok(self.found.builds[build].result.is_err())
            })?;
            let build = self.cold(&fails)?;
            let said = self.found.builds[build].result.as_ref().err().cloned();
            let names = self.names(&fails);
            self.found.failing.push((names, said.unwrap_or_default()));
            *open = bisect::without(open, &fails);
        }
        Ok(())
    }

    /// Finds every smallest set of variations that matters by itself. Returns
    /// `false` where chance is to blame.
    fn halve(&mut self, mut open: Vec<usize>) -> Result<bool, Stop> {
        while !open.is_empty() {
            let all = self.cold(&open)?;
            if !self.differs(all) {
                break;
            }
            let guilty = bisect::minimal(&open, |some| -> Result<bool, Stop> {
                let build = self.cold(some)?;
                Ok(self.differs(build))
            });
            let guilty = match guilty {
                Err(Stop::TooMany) => {
                    // Not the smallest, but what is known of it is true.
                    self.blame(Kind::Varied(self.names(&open)), all, 0);
                    return Err(Stop::TooMany);
                }
                guilty => guilty?,
            };
            let build = self.cold(&guilty)?;
            self.blame(Kind::Varied(self.names(&guilty)), build, 0);
            let again = self.cold_anew(&guilty)?;
            if !self.see_again(build, again) {
                return Ok(false);
            }
            open = bisect::without(&open, &guilty);
        }
        Ok(true)
    }

    /// Builds with a cold cache and some variations, unless that was done.
    fn cold(&mut self, some: &[usize]) -> Result<usize, Stop> {
        if let Some(build) = self.known.get(some) {
            return Ok(*build);
        }
        let build = self.cold_anew(some)?;
        self.known.insert(some.to_vec(), build);
        Ok(build)
    }

    /// The same, also where it was done.
    fn cold_anew(&mut self, some: &[usize]) -> Result<usize, Stop> {
        let cache = self.new_cache()?;
        let build = self.build(some, Mode::Cold, &cache)?;
        self.clear(&cache);
        Ok(build)
    }

    fn build(&mut self, some: &[usize], mode: Mode, cache: &Path) -> Result<usize, Stop> {
        let number = self.found.builds.len() + 1;
        if number > self.plan.builds_max {
            return Err(Stop::TooMany);
        }
        let setting = self.plan.setting;
        let mut scene = Scene::of(setting.ground.project);
        let mut varied = BTreeMap::new();
        for variation in some.iter().map(|index| self.plan.variations[*index]) {
            let how = variation.apply(setting.ground, &mut scene);
            varied.insert(variation.name, how);
        }
        self.plan
            .bar
            .grow((number as u64).max(crate::rebuild::BUILDS_USUAL));
        self.plan.bar.say(self.title(number, mode, some));
        let ready = self.stage.prepare(&scene, number, cache)?;
        let task = Task {
            number,
            mode,
            cache: cache.to_owned(),
            varied,
            log: None,
        };
        let build = Build::run(setting, task, &ready)?;
        self.plan.scratch.measure();
        ready.own.iter().for_each(|folder| self.clear(folder));
        self.found.builds.push(build);
        self.plan.bar.add(1);
        self.tidy(number - 1);
        Ok(number - 1)
    }

    /// Removes what nobody asks for again: a program like the first one.
    fn tidy(&self, index: usize) {
        let is_over = index > 0 && !self.plan.keep_programs && !self.differs(index);
        if let (true, Ok(built)) = (is_over, &self.found.builds[index].result) {
            built.discard();
        }
    }

    /// Removes every program that is not compared in the end.
    fn remove_programs(&self) {
        for (index, build) in self.found.builds.iter().enumerate() {
            let is_wanted = self.plan.keep_programs || self.wanted.contains(&index);
            if let (false, Ok(built)) = (is_wanted, &build.result) {
                built.discard();
            }
        }
    }

    fn title(&self, number: usize, mode: Mode, some: &[usize]) -> String {
        let what = match (mode, self.names(some).as_slice()) {
            (Mode::Warm, _) => "warm cache".to_owned(),
            (Mode::Given, _) => "the cache named".to_owned(),
            (Mode::Cold, []) => "cold cache".to_owned(),
            (Mode::Cold, names) if names.len() > 3 => format!("{} variations", names.len()),
            (Mode::Cold, names) => names.join(", "),
        };
        format!("build {number}: {what}")
    }

    fn names(&self, some: &[usize]) -> Vec<&'static str> {
        let name = |index: &usize| self.plan.variations[*index].name;
        some.iter().map(name).collect()
    }

    /// Says whether a build gave another program than the first; one that failed
    /// gave none.
    fn differs(&self, index: usize) -> bool {
        let first = self.found.builds.first().and_then(Build::sha256);
        let other = self.found.builds[index].sha256();
        other.is_some() && other != first
    }

    fn new_cache(&self) -> anyhow::Result<PathBuf> {
        let number = self.found.builds.len() + 1;
        self.plan.scratch.folder(&format!("build-{number}/cache"))
    }

    fn clear(&self, cache: &Path) {
        // What stays now is removed with the temporary folder.
        let _ = scratch::remove(cache);
    }
}
