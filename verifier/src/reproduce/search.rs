//! The way to equality: a build as the file says, then one change at a time, each kept if
//! fewer bytes differ.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use anyhow::Context as _;

use super::best::Best;
use super::build::{Bench, Built};
use super::change::{self, Change, View};
use super::complaint;
use super::given::Given;
use super::obstacle::{Kind, Obstacle};
use super::plan::{self, Linker, Plan};
use super::step::{Measure, Step};
use super::variables;
use crate::artifact::Artifact;
use crate::diff::Diff;
use crate::linkflags::shown::Shown;
use crate::linkflags::{self, Limits};
use crate::progress::Bar;
use proto::hashlog::linkflags::Open;
use proto::quantity;

/// A search.
pub struct Search<'a> {
    given: &'a Given,
    bench: &'a Bench<'a>,
    builds_max: usize,
    bar: &'a Bar,
    /// What was done.
    pub steps: Vec<Step>,
    /// The nearest build.
    pub best: Option<Best>,
    /// What a reader should know of the way, a sentence each.
    pub notes: Vec<String>,
    /// Flags of the linker that part A of the build ID proves.
    proven: BTreeSet<Linker>,
    tried: BTreeSet<Plan>,
    looked: BTreeSet<Plan>,
    hashed: BTreeSet<Plan>,
    /// Why the last build failed, while none has worked.
    failed: Option<(Plan, String)>,
}

impl<'a> Search<'a> {
    /// Begins.
    pub fn new(given: &'a Given, bench: &'a Bench<'a>, builds_max: usize, bar: &'a Bar) -> Self {
        Self {
            given,
            bench,
            builds_max,
            bar,
            steps: Vec::new(),
            best: None,
            notes: Vec::new(),
            proven: BTreeSet::new(),
            tried: BTreeSet::new(),
            looked: BTreeSet::new(),
            hashed: BTreeSet::new(),
            failed: None,
        }
    }

    /// Builds until the programs are equal or nothing is left to change: first as the file
    /// says, in each way that it leaves open.
    ///
    /// # Errors
    /// An [`Obstacle`] when nothing could be built or a limit is reached, an interrupt,
    /// files that can't be written.
    pub fn run(&mut self, first: Vec<Change>) -> anyhow::Result<()> {
        let mut first = first.into_iter();
        let mut next = first.next();
        while let Some(change) = next {
            self.step(change)?;
            if self.best.as_ref().is_some_and(|best| best.is_equal) {
                return Ok(());
            }
            next = match first.next() {
                Some(change) => Some(change),
                None => self.next()?,
            };
        }
        match (&self.best, &self.failed) {
            (None, Some((_, said))) => {
                Err(complaint::obstacle(said, &self.bench.source.name()).into())
            }
            _ => Ok(()),
        }
    }

    /// Says whether the nearest build's flags of the linker are the program's own: recorded,
    /// or proven.
    pub fn has_own_linker_flags(&self) -> bool {
        self.best
            .as_ref()
            .is_some_and(|best| match &best.plan.linker {
                Linker::Recorded(_) => true,
                flags @ Linker::Flags(_) => best.is_equal || self.proven.contains(flags),
            })
    }

    /// Returns the next thing to change.
    fn next(&mut self) -> anyhow::Result<Option<Change>> {
        let Some(best) = &self.best else {
            let changes = match &self.failed {
                Some((plan, said)) => {
                    change::after_failure(self.bench.recipe, self.bench.source, plan, said)
                }
                None => Vec::new(),
            };
            return Ok(self.first_new(changes));
        };
        let view = View {
            given: &self.given.artifact,
            recipe: self.bench.recipe,
            source: self.bench.source,
            plan: &best.plan,
            built: &best.artifact,
            diff: &best.diff,
        };
        let is_new = |change: &Change| !self.tried.contains(&change.plan);
        if let Some(change) = change::first(&view, is_new) {
            return Ok(Some(change));
        }
        if let Some(change) = self.look()? {
            return Ok(Some(change));
        }
        self.hash()
    }

    fn first_new(&self, changes: Vec<Change>) -> Option<Change> {
        let mut changes = changes.into_iter();
        changes.find(|change| !self.tried.contains(&change.plan))
    }

    fn step(&mut self, change: Change) -> anyhow::Result<()> {
        self.tried.insert(change.plan.clone());
        let built = self.build(&change.what, &change.plan)?;
        let mut is_nearer = false;
        let result = match self.measure(&built)? {
            Err(said) => {
                self.failed = Some((change.plan.clone(), said.clone()));
                Err(said)
            }
            Ok((measure, artifact, diff)) => {
                let best = self.best.as_ref();
                // Where the stamp is another, the build ID is too: it can't show a proof.
                let is_proven = |plan: &Plan| self.proven.contains(&plan.linker);
                is_nearer = best.is_none_or(|best| {
                    measure.is_nearer_than(&best.diff)
                        || is_proven(&change.plan) && !is_proven(&best.plan)
                });
                if is_nearer {
                    let is_equal = artifact.input.sha256 == self.given.artifact.input.sha256;
                    self.best = Some(Best {
                        step: self.steps.len(),
                        plan: change.plan.clone(),
                        artifact,
                        diff,
                        is_equal,
                    });
                }
                Ok(measure)
            }
        };
        self.steps.push(Step {
            what: change.what,
            why: change.why,
            plan: change.plan,
            result,
            is_nearer,
            duration: built.duration,
            is_old: built.is_old,
        });
        Ok(())
    }

    fn build(&self, what: &str, plan: &Plan) -> anyhow::Result<Built> {
        if self.steps.len() >= self.builds_max {
            let said = format!(
                "the search ended after {} (--max-builds)",
                quantity::count(self.builds_max, "build", "builds")
            );
            return Err(Obstacle::new(Kind::Limit, said).into());
        }
        self.bar.grow(self.steps.len() as u64 + 2);
        self.bar
            .say(format!("build {}: {what}", self.steps.len() + 1));
        let built = self.bench.build(plan)?;
        self.bar.add(1);
        Ok(built)
    }

    fn measure(&self, built: &Built) -> anyhow::Result<Result<(Measure, Artifact, Diff), String>> {
        let program = match &built.result {
            Ok(program) => program,
            Err(said) => return Ok(Err(said.clone())),
        };
        let artifact = Artifact::read(program).context("reading what go built")?;
        let diff = Diff::of(&self.given.artifact, &artifact);
        Ok(Ok((Measure::of(&artifact, &diff), artifact, diff)))
    }

    /// Finds the variables that -X set in a program without symbols: by a build that has
    /// them.
    fn look(&mut self) -> anyhow::Result<Option<Change>> {
        let Some(best) = &self.best else {
            return Ok(None);
        };
        let Linker::Flags(flags) = &best.plan.linker else {
            return Ok(None);
        };
        if self.given.artifact.go.variables.is_some() {
            return Ok(None);
        }
        let is_set = |flag: &&Vec<String>| flag[0].starts_with("-X");
        let is_kept = |flag: &&Vec<String>| flag[0] != "-s" && flag[0] != "-w" && !is_set(flag);
        let kept: Vec<Vec<String>> = flags.iter().filter(is_kept).cloned().collect();
        let plan = Plan {
            linker: Linker::Flags(kept),
            ..best.plan.clone()
        };
        if !self.looked.insert(plan.clone()) {
            return Ok(None);
        }
        let own = best.plan.clone();
        let others = flags.iter().filter(|flag| !is_set(flag));
        let mut flags: Vec<Vec<String>> = others.cloned().collect();
        self.step(Change::new(
            "with symbols, to learn the names of variables",
            "the program has no symbols that would name what -X set",
            plan.clone(),
        ))?;
        let built = self.bench.build(&plan)?;
        let Ok(program) = built.result else {
            return Ok(None);
        };
        let known = Artifact::read(&program).context("reading what go built")?;
        let found = variables::differing(&self.given.artifact, &known);
        if found.is_empty() {
            return Ok(None);
        }
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        flags.extend(found.iter().map(|one| plan::set(&one.name, &one.value)));
        let change = Change::new(
            format!("-X {}", names.join(", -X ")),
            "code that reads these variables finds another text in the program",
            Plan {
                linker: Linker::Flags(flags),
                ..own
            },
        );
        Ok(self.first_new(vec![change]))
    }

    /// Finds order and spelling of the linker's flags by part A of the build ID.
    fn hash(&mut self) -> anyhow::Result<Option<Change>> {
        let Some(best) = &self.best else {
            return Ok(None);
        };
        let (Linker::Flags(flags), Some(pattern)) = (&best.plan.linker, best.diff.pattern) else {
            return Ok(None);
        };
        // Package main must be the same: its content is one of the link's inputs.
        let is_open = !pattern.0[0] && pattern.0[2];
        let ids = (self.given.artifact.go.program(), best.artifact.go.program());
        let (Some(wanted), Some(own)) = ids else {
            return Ok(None);
        };
        if !is_open || !self.hashed.insert(best.plan.clone()) {
            return Ok(None);
        }
        self.bar
            .say("trying flags of the linker against the build ID");
        let Some(log) = self.bench.log(&best.plan)? else {
            return Ok(None);
        };
        let Some(open) = log.action(&own.link_action).and_then(Open::of) else {
            return Ok(None);
        };
        // A stamp makes another action of package main with the same content.
        let open = open.with_main(wanted);
        let shown = Shown::of(&self.given.artifact).with_flags(flags);
        let desk = self.bench.desk;
        let limits = Limits {
            time: linkflags::TIME_MAX.min(desk.work.left()?),
            ..Limits::default()
        };
        let watch = |_| match desk.interrupt().is_set() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let found = linkflags::search(&open, &wanted.link_action, &shown, limits, &watch);
        desk.go_on()?;
        let tried = quantity::count(found.tried, "candidate", "candidates");
        let Some((words, _)) = found.found else {
            self.notes.push(format!(
                "part A of the build ID, a hash over the flags of the linker, fits none of {tried}"
            ));
            return Ok(None);
        };
        let plan = Plan {
            linker: Linker::Flags(plan::flags(words)),
            ..best.plan.clone()
        };
        self.proven.insert(plan.linker.clone());
        let text = plan.linker.text().flatten().unwrap_or_default();
        let change = Change::new(
            format!("-ldflags={}", crate::recipe::shell::word(&text)),
            format!("part A of the build ID is the hash over exactly these flags ({tried} tried)"),
            plan,
        );
        Ok(self.first_new(vec![change]))
    }
}
