//! `verify-build reproduce`: is this published program what its source gives?
//!
//! ```text
//! obstacle              what keeps the question from being answered
//! given                 the program, alone or in a package
//! work                  the work folder and the limits
//! desk                  runs go and git, in the work folder alone
//! toolchain, source     the release and the source, and who vouches for them
//! tree, plan            how the source is put up; one way to build
//! complaint             what go complains, and what is not here then
//! rooms, build          folders where they were; one build
//! variables             what -X set, which the file does not record
//! mains, first          the programs of a source; the first plans, as the file says
//! step, best            what one build brought; the nearest one
//! change, search        what to change next, until nothing is left
//! signed                the nearest program built again and observed
//! outcome               the answer, for the printers
//! ```

pub mod best;
pub mod build;
pub mod change;
pub mod complaint;
pub mod desk;
pub mod first;
pub mod given;
pub mod mains;
pub mod obstacle;
pub mod outcome;
pub mod plan;
pub mod rooms;
pub mod search;
pub mod signed;
pub mod source;
pub mod step;
pub mod toolchain;
pub mod tree;
pub mod variables;
pub mod work;

use std::path::PathBuf;

use anyhow::Context as _;

use crate::args::reproduce::Reproduce;
use crate::host::Host;
use crate::host::interrupt::Interrupt;
use crate::progress::Bar;
use crate::recipe::Recipe;
use crate::report::printed::Printed;
use build::Bench;
use desk::Desk;
use given::Given;
use obstacle::{Kind, Obstacle};
use outcome::{Ended, Outcome};
use search::Search;
use source::{Asked, Source};
use toolchain::Toolchain;
use work::{Limits, Work};

/// Builds that a search needs where the file says all.
const BUILDS_USUAL: u64 = 2;

/// Runs the command.
///
/// # Errors
/// When the file or the checkout can't be read, or the run is interrupted. What can't be
/// told is no error.
pub fn run(args: &Reproduce, host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    let interrupt = Interrupt::install()?;
    let given = Given::read(&args.file, args.program.as_deref())?;
    let Some(recipe) = Recipe::of(&given.artifact) else {
        let said = format!("{} is not a program of Go, or does not tell", given.name());
        let ended = Ended {
            obstacle: Some(Obstacle::new(Kind::File, said)),
            ..Ended::default()
        };
        return Ok(Box::new(Outcome::of(&given, None, ended)?));
    };
    let limits = Limits {
        time: args.time_limit,
        disk_bytes: args.disk_limit,
    };
    let temporary = host.environment.var("TMPDIR").map(PathBuf::from);
    let temporary = temporary.unwrap_or_else(|| PathBuf::from("/tmp"));
    let work = Work::open(args.work.as_deref(), &temporary, &given.sha256(), limits)?;
    work.watch(&interrupt);
    let desk = Desk::new(&work, &host.environment, &interrupt)?;
    let given = given.laid_out(&work)?;
    let bar = host.progress.items("getting ready", BUILDS_USUAL);
    let mut outcome = find_out(args, host, &desk, &given, recipe, &bar)?;
    bar.finish();
    if work.is_kept() {
        outcome.work = Some(work.path().display().to_string());
    }
    Ok(Box::new(outcome))
}

fn find_out(
    args: &Reproduce,
    host: &Host,
    desk: &Desk<'_>,
    given: &Given,
    recipe: Recipe,
    bar: &Bar,
) -> anyhow::Result<Outcome> {
    let (mut toolchain, mut source) = (None, None);
    let mut get_ready = || -> anyhow::Result<(Toolchain, Source)> {
        let asked = Asked::of(args.source.as_deref(), &recipe)?;
        let release = release(&recipe)?;
        bar.say(format!("finding {release}"));
        let found = Toolchain::find(release, args.go.as_deref(), desk, host)?;
        toolchain = Some(found.clone());
        bar.say("fetching the source");
        let got = Source::get(&asked, &recipe, &found, desk)?;
        Ok((found, got))
    };
    let ready = match get_ready() {
        Ok((found, got)) => Some((found, source.insert(got))),
        Err(error) => {
            let ended = Ended {
                obstacle: Some(obstacle(error)?),
                toolchain: toolchain.as_ref(),
                ..Ended::default()
            };
            return Outcome::of(given, Some(recipe), ended);
        }
    };
    let (found, got) = ready.context("the release and the source are there")?;
    let bench = Bench::new(desk, &found, got, &recipe);
    let mut search = Search::new(given, &bench, args.max_builds.into(), bar);
    let first = first::changes(&bench, given);
    let result = first.and_then(|(first, note)| {
        search.notes.extend(note);
        search.run(first)
    });
    let obstacle = result.err().map(obstacle).transpose()?;
    let mut notes = std::mem::take(&mut search.notes);
    if let Some(key) = &args.key {
        let nearest = search.best.as_ref().map(|best| &best.plan);
        let plan = nearest.or_else(|| search.steps.last().map(|step| &step.plan));
        bar.say("building it again to observe it");
        notes.extend(signed::observe(args, key, host, &bench, plan, given)?);
    }
    let ended = Ended {
        obstacle,
        has_own_linker_flags: search.has_own_linker_flags(),
        toolchain: Some(&found),
        source: Some(got),
        steps: search.steps,
        best: search.best,
        notes,
    };
    Outcome::of(given, Some(recipe.clone()), ended)
}

/// Tells what can't be answered from what went wrong.
fn obstacle(error: anyhow::Error) -> anyhow::Result<Obstacle> {
    error.downcast::<Obstacle>()
}

fn release(recipe: &Recipe) -> anyhow::Result<&str> {
    let element = recipe.toolchain.as_ref().ok_or_else(|| {
        let unknown = recipe
            .unknown
            .iter()
            .find(|said| said.starts_with("the toolchain"));
        let said = unknown.map_or("the file names no Go release", String::as_str);
        Obstacle::new(Kind::Toolchain, said)
    })?;
    Ok(&element.value)
}
