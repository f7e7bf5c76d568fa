//! `verify-build observe`: builds a program and signs what this host saw.
//!
//! ```text
//! signer, chain   the key, and the observation before this one
//! tap             how it is learnt what a build takes from its cache
//! evidence        what was learnt
//! machine         what is said of the host
//! observed        one build, made into an observation
//! folder          where observations, lists and programs go
//! session         which builds are made
//! outcome         the answer, for the printers
//! ```

pub mod chain;
pub mod evidence;
pub mod folder;
pub mod machine;
pub mod observed;
pub mod outcome;
pub mod session;
pub mod signer;
pub mod tap;

use anyhow::{Context as _, ensure};

use crate::args::key::Source;
use crate::args::observe::Observe;
use crate::host::Host;
use crate::host::child;
use crate::host::redaction::Redaction;
use crate::rebuild;
use crate::rebuild::build::Setting;
use crate::rebuild::flags::GoBuild;
use crate::rebuild::site::{Asked, Site};
use crate::rebuild::variation::Ground;
use crate::report::printed::Printed;
use folder::Folder;
use observed::Saying;
use outcome::Outcome;
use session::{Given, Plan};
use signer::Signer;

/// Runs the command.
///
/// # Errors
/// When the key, the program or the go command can't be found, a file can't be written,
/// or the run is interrupted. A build that fails or differs is no error.
pub fn run(args: &Observe, host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    let build = GoBuild::parse(&args.build)?;
    let redaction = Redaction::of(host.environment.all(), &build.flags);
    let outcome = observe(args, build, host, &redaction);
    outcome.map_err(|error| match error.downcast::<child::Error>() {
        Ok(interrupted @ child::Error::Interrupted) => interrupted.into(),
        Ok(other) => anyhow::anyhow!(redaction.text(&other.to_string())),
        Err(error) => anyhow::anyhow!(redaction.text(&format!("{error:#}"))),
    })
}

fn observe(
    args: &Observe,
    build: GoBuild,
    host: &Host,
    redaction: &Redaction,
) -> anyhow::Result<Box<dyn Printed>> {
    // What is wrong with the key is said before an hour of builds.
    let mut signer = args
        .key
        .as_ref()
        .map(|key| Signer::open(key, args.previous.as_deref(), &host.environment))
        .transpose()?;
    let withheld = match &args.key {
        Some(Source::Variable(name)) => Some(name.as_os_str()),
        Some(Source::File(_)) | None => None,
    };
    ensure!(
        withheld.is_none_or(|name| !args.pass.iter().any(|one| one == name)),
        "the variable that holds the key is passed to no build; leave it out of --pass"
    );
    let folder = Folder::open(&args.out)?;
    let asked = Asked {
        go: args.go.as_deref(),
        build,
        pass: &args.pass,
        withheld,
        timeout: args.timeout,
    };
    let site = Site::find(asked, host, redaction)?;
    let given = match (&args.gocache, &args.cacheprog) {
        (Some(_), _) => rebuild::given(args.gocache.as_deref())?.map(Given::Cache),
        (None, Some(record)) => {
            let record = rebuild::given(Some(record))?.context("naming the record")?;
            Some(Given::Record(record))
        }
        (None, None) => None,
    };
    let ground = Ground {
        project: &site.project,
        machine: &site.machine,
        others: &site.others,
    };
    let setting = Setting {
        ground: &ground,
        facts: &site.facts,
        scratch: site.scratch.path(),
        redaction,
        timeout: args.timeout,
        interrupt: &site.interrupt,
    };
    let bar = host.progress.items("getting ready", session::BUILDS_USUAL);
    let plan = Plan {
        setting: &setting,
        scratch: &site.scratch,
        given,
        saying: Saying {
            facts: machine::facts(&host.environment, &args.facts),
            image: args.image.clone().or_else(machine::image),
            nonce: args.nonce.clone(),
        },
        folder: &folder,
        keeps_programs: args.keep,
        published: None,
        bar,
    };
    let seen = session::run(&plan, signer.as_mut())?;
    plan.bar.finish();
    let outcome = Outcome::of(&plan, seen, signer.as_ref());
    if let Some(output) = &site.output {
        outcome.deliver(output)?;
    }
    Ok(Box::new(outcome))
}
