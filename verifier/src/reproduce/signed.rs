//! The nearest program built again, with a cold and a warm cache, and signed as
//! `verify-build observe` signs: whether it is the published one or not.

use std::path::{Path, PathBuf};

use proto::attest::digest::Digest;
use proto::attest::observation::Outcome;

use super::build::Bench;
use super::given::Given;
use super::plan::Plan;
use super::tree::Tree;
use crate::args::key::Source;
use crate::args::reproduce::Reproduce;
use crate::host::Host;
use crate::host::redaction::Redaction;
use crate::host::surroundings::Variables;
use crate::observe::folder::Folder;
use crate::observe::machine;
use crate::observe::observed::Saying;
use crate::observe::session::{self, Published, Seen};
use crate::observe::signer::Signer;
use crate::progress::Bar;
use crate::rebuild::build::Setting;
use crate::rebuild::flags::GoBuild;
use crate::rebuild::site::{self, Beginning, Site};
use crate::rebuild::variation::Ground;

/// Builds, observes and signs; says what was done, a sentence each.
///
/// # Errors
/// When the key, a file or the program can't be read or written, or the run is
/// interrupted. A build that fails or differs is no error.
pub fn observe(
    args: &Reproduce,
    key: &Source,
    host: &Host,
    bench: &Bench<'_>,
    plan: Option<&Plan>,
    given: &Given,
) -> anyhow::Result<Vec<String>> {
    let Some((plan, words)) = plan.and_then(|plan| Some((plan, plan.words()?))) else {
        return Ok(vec![
            "nothing could be built, so nothing was signed".to_owned(),
        ]);
    };
    if plan.folders.is_some() {
        let said = "nothing was signed: the nearest program is built in folders that are mounted for it, which an \
                    observation can't say; build without -trimpath only where every host has the same folders";
        return Ok(vec![said.to_owned()]);
    }
    let mut signer = Signer::open(key, args.previous.as_deref(), &host.environment)?;
    let folder = Folder::open(&args.observations)?;
    let place = bench.source.put_up(plan, bench.recipe, bench.desk)?;
    let mut flags: Vec<_> = words.into_iter().map(Into::into).collect();
    if matches!(plan.tree, Tree::Required | Tree::Wrapper) && plan.flag("-mod").is_none() {
        flags.push("-mod=mod".into());
    }
    let redaction = Redaction::of(host.environment.all(), &flags);
    let beginning = Beginning {
        go: Some(&bench.toolchain.go),
        build: GoBuild {
            flags,
            packages: plan.packages.iter().map(Into::into).collect(),
            output: None,
            folder: None,
        },
        here: &place.folder,
        variables: variables(bench, plan, &place.folder, &place.top),
        others: Variables::new(),
        goenv: None,
        timeout: args.time_limit,
        interrupt: bench.desk.interrupt().clone(),
        temporary: &site::temporary(&host.environment),
    };
    let site = Site::at(beginning, &redaction)?;
    let ground = Ground {
        project: &site.project,
        machine: &site.machine,
        others: &site.others,
    };
    let setting = Setting {
        ground: &ground,
        facts: &site.facts,
        scratch: site.scratch.path(),
        redaction: &redaction,
        timeout: args.time_limit,
        interrupt: &site.interrupt,
    };
    let plan = session::Plan {
        setting: &setting,
        scratch: &site.scratch,
        given: None,
        saying: Saying {
            facts: machine::facts(&host.environment, &[]),
            image: machine::image(),
            nonce: args.nonce.clone(),
        },
        folder: &folder,
        keeps_programs: false,
        published: Some(Published {
            sha256: Digest(given.artifact.input.sha256),
            path: &given.artifact.input.path,
        }),
        bar: Bar::hidden(),
    };
    let seen = session::run(&plan, Some(&mut signer))?;
    let mut said = signer.notes;
    said.extend(seen.iter().map(sentence));
    Ok(said)
}

fn variables(bench: &Bench<'_>, plan: &Plan, folder: &Path, top: &Path) -> Variables {
    let mut variables = bench.desk.variables().clone();
    let own = plan.variables.iter();
    variables.extend(own.map(|(name, value)| (name.into(), value.into())));
    // A go.work above the work folder is not the program's.
    let has_work = [folder, top]
        .map(|folder| folder.join("go.work"))
        .iter()
        .any(|file: &PathBuf| file.is_file());
    if !has_work && plan.variable("GOWORK").is_none() {
        variables.insert("GOWORK".into(), "off".into());
    }
    variables
}

fn sentence(seen: &Seen) -> String {
    let mode = seen.observation.cache.mode.as_str();
    let what = match seen.observation.result {
        Outcome::Built { .. } => "gave the published program",
        Outcome::Differed { .. } => "gave another program than the published one",
        Outcome::Failed { .. } => "failed",
    };
    format!(
        "observed and signed: the {mode} build {what}: {}",
        seen.file.display()
    )
}
