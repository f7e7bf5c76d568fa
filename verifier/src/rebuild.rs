//! `verify-build rebuild`: builds a program again and again while varying what
//! should not matter, and finds what does.
//!
//! ```text
//! flags, project        what is built, by which go command
//! variation             what is varied: one table, each entry changes a scene
//! scene, stage          what surrounds one build; folders and command for it
//! wrap                  the programs it runs below
//! destination           where what stays is put
//! scratch, copy, cache  folders of the run; copies; what a build cache held
//! build, facts, record  one build: what came out, from what, written down
//! bisect, session       which builds are made
//! outcome               the answer, for the printers
//! ```

pub mod bisect;
pub mod build;
pub mod cache;
pub mod copy;
pub mod destination;
pub mod facts;
pub mod flags;
pub mod outcome;
pub mod project;
pub mod record;
pub mod scene;
pub mod scratch;
pub mod session;
pub mod stage;
pub mod variation;
pub mod wrap;

use std::path::PathBuf;

use anyhow::Context as _;

use crate::args::rebuild::Rebuild;
use crate::host::interrupt::Interrupt;
use crate::host::machine::Machine;
use crate::host::redaction::Redaction;
use crate::host::{Environment, Host, child, surroundings};
use crate::report::printed::Printed;
use build::Setting;
use facts::Facts;
use flags::GoBuild;
use outcome::{NOT_ASKED_FOR, Outcome, Untried};
use project::{Asking, Project, Wanted};
use scratch::Scratch;
use session::Plan;
use variation::{Ground, Variation};

/// Runs the command.
///
/// # Errors
/// When the program does not build, there is no go command or not one package,
/// or the run is interrupted. Builds that differ are no error.
pub fn run(args: &Rebuild, host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    let build = GoBuild::parse(&args.build)?;
    let redaction = Redaction::of(host.environment.all(), &build.flags);
    let outcome = find_out(args, build, host, &redaction);
    outcome.map_err(|error| match error.downcast::<child::Error>() {
        Ok(interrupted @ child::Error::Interrupted) => interrupted.into(),
        Ok(other) => anyhow::anyhow!(redaction.text(&other.to_string())),
        Err(error) => anyhow::anyhow!(redaction.text(&format!("{error:#}"))),
    })
}

/// Says whether a run ended because somebody wanted it to.
pub fn is_interrupted(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<child::Error>();
    matches!(error, Some(child::Error::Interrupted))
}

fn find_out(
    args: &Rebuild,
    build: GoBuild,
    host: &Host,
    redaction: &Redaction,
) -> anyhow::Result<Box<dyn Printed>> {
    let interrupt = Interrupt::install()?;
    let scratch = Scratch::new(&temporary(&host.environment))?;
    let here = here(&host.environment)?;
    let variables = surroundings::of(&host.environment, &args.pass);
    let machine = Machine::probe(&variables, scratch.path(), &interrupt);
    let asking = Asking {
        scratch: scratch.path(),
        timeout: args.timeout,
        interrupt: &interrupt,
    };
    let output = build.output.clone();
    let wanted = Wanted {
        go: args.go.as_deref(),
        build,
        here: &here,
        variables,
        goenv: host.environment.var("GOENV"),
    };
    let project = Project::find(wanted, &asking)?;
    let output = output
        .map(|output| destination::file(&project.folder.join(output), &project.name))
        .transpose()?;
    let others = surroundings::others(&host.environment, &args.pass);
    let ground = Ground {
        project: &project,
        machine: &machine,
        others: &others,
    };
    let (variations, untried) = choose(args, &ground, redaction);
    let facts = Facts::of(&project, &machine, &asking, redaction)?;
    let setting = Setting {
        ground: &ground,
        facts: &facts,
        scratch: scratch.path(),
        redaction,
        timeout: args.timeout,
        interrupt: &interrupt,
    };
    let bar = host.progress.items("getting ready", BUILDS_USUAL);
    let plan = Plan {
        setting: &setting,
        scratch: &scratch,
        variations,
        given: given(args)?,
        keep_programs: args.keep.is_some(),
        builds_max: args.max_builds.into(),
        bar,
    };
    let found = session::run(&plan)?;
    plan.bar.finish();
    let outcome = Outcome::of(&plan, found, untried)?;
    outcome.keep(args.keep.as_deref(), args.record.as_deref())?;
    if let Some(output) = output {
        outcome.deliver(&output)?;
    }
    Ok(Box::new(outcome))
}

/// How many builds there are when all agree.
const BUILDS_USUAL: u64 = 3;

/// Returns what to vary, and what can't or shall not be, with the reason.
fn choose(
    args: &Rebuild,
    ground: &Ground<'_>,
    redaction: &Redaction,
) -> (Vec<&'static Variation>, Vec<Untried>) {
    let (only, skipped) = (&args.vary, &args.skip);
    let (mut chosen, mut untried) = (Vec::new(), Vec::new());
    for variation in &variation::ALL {
        let name = variation.name;
        let is_wanted = only.is_empty() || only.contains(&name);
        let reason = if !is_wanted || skipped.contains(&name) {
            Err(NOT_ASKED_FOR.to_owned())
        } else {
            variation.possible(ground)
        };
        match reason {
            Ok(()) => chosen.push(variation),
            Err(reason) => untried.push(Untried {
                name,
                reason: redaction.text(&reason),
                was_asked_for: only.contains(&name) && !skipped.contains(&name),
            }),
        }
    }
    (chosen, untried)
}

fn temporary(environment: &Environment) -> PathBuf {
    let folder = environment.var("TMPDIR").map(PathBuf::from);
    folder.unwrap_or_else(|| PathBuf::from("/tmp"))
}

/// Returns where we stand, by the name that the shell has for it: go records
/// that one.
fn here(environment: &Environment) -> anyhow::Result<PathBuf> {
    let folder = std::env::current_dir().context("finding out where we are")?;
    let named = environment.var("PWD").map(PathBuf::from);
    let is_same = |named: &PathBuf| {
        named.is_absolute() && named.canonicalize().ok() == folder.canonicalize().ok()
    };
    Ok(named.filter(is_same).unwrap_or(folder))
}

/// Returns the cache that was named; go would make a new one where there is
/// none, and nothing would have been asked of it.
fn given(args: &Rebuild) -> anyhow::Result<Option<PathBuf>> {
    let Some(cache) = &args.gocache else {
        return Ok(None);
    };
    let cache = std::path::absolute(cache).context("naming the cache")?;
    let is_cache = cache.join("00").is_dir();
    anyhow::ensure!(is_cache, "{} is no build cache of go", cache.display());
    Ok(Some(cache))
}
