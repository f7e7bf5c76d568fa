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
//! site                  what every build of a run shares
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
pub mod site;
pub mod stage;
pub mod variation;
pub mod wrap;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::args::rebuild::Rebuild;
use crate::host::redaction::Redaction;
use crate::host::{Host, child};
use crate::report::printed::Printed;
use build::Setting;
use flags::GoBuild;
use outcome::{NOT_ASKED_FOR, Outcome, Untried};
use session::Plan;
use site::{Asked, Site};
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
    let asked = Asked {
        go: args.go.as_deref(),
        build,
        pass: &args.pass,
        withheld: None,
        timeout: args.timeout,
    };
    let site = Site::find(asked, host, redaction)?;
    let ground = Ground {
        project: &site.project,
        machine: &site.machine,
        others: &site.others,
    };
    let (variations, untried) = choose(args, &ground, redaction);
    let setting = Setting {
        ground: &ground,
        facts: &site.facts,
        scratch: site.scratch.path(),
        redaction,
        timeout: args.timeout,
        interrupt: &site.interrupt,
    };
    let bar = host.progress.items("getting ready", BUILDS_USUAL);
    let plan = Plan {
        setting: &setting,
        scratch: &site.scratch,
        variations,
        given: given(args.gocache.as_deref())?,
        keep_programs: args.keep.is_some(),
        builds_max: args.max_builds.into(),
        bar,
    };
    let found = session::run(&plan)?;
    plan.bar.finish();
    let outcome = Outcome::of(&plan, found, untried)?;
    outcome.keep(args.keep.as_deref(), args.record.as_deref())?;
    if let Some(output) = &site.output {
        outcome.deliver(output)?;
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

/// Returns the cache that was named; go would make a new one where there is
/// none, and nothing would have been asked of it.
///
/// # Errors
/// When it is not a cache.
pub fn given(cache: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    let Some(cache) = cache else {
        return Ok(None);
    };
    let cache = std::path::absolute(cache).context("naming the cache")?;
    let is_cache = cache.join("00").is_dir();
    anyhow::ensure!(is_cache, "{} is not a build cache of go", cache.display());
    Ok(Some(cache))
}
