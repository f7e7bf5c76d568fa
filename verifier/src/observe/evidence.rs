//! What was learnt about one build beside its program.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use proto::attest::closure::{Closure, Link};
use proto::attest::observation::{Audit, Evidence as Kind, PREIMAGE_LEN_MAX};
use proto::buildid::{BuildId, Part};
use proto::gocache::Id;
use proto::hashlog::Log;
use proto::inputs::Inputs;

use super::tap::Tap;
use crate::cacheprog::taken::How;
use crate::gocache::package::State;
use crate::host::redaction::Redaction;

/// Bytes of a log read at a time.
const PIECE_BYTES: usize = 1 << 20;

/// The most packages named one by one.
const NAMED_MAX: usize = 20;

/// What was learnt.
#[derive(Debug)]
pub struct Evidence {
    /// What the rest is known by.
    pub kind: Kind,
    /// Packages that the cache had.
    pub hits: u64,
    /// Packages that the build made.
    pub puts: u64,
    /// All of them; `None` where they are not known.
    pub closure: Option<Closure>,
    /// Whether they are what their entries say.
    pub audit: Audit,
    /// The bytes hashed into part A of the program's build ID.
    pub preimage: Option<Vec<u8>>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

impl Evidence {
    /// Gathers what is known after a build; `program` is its build ID.
    ///
    /// # Errors
    /// When there are more packages than an observation may have.
    pub fn gather(
        tap: &Tap,
        log: &Path,
        program: Option<&str>,
        inputs: &Inputs,
        redaction: &Redaction,
    ) -> anyhow::Result<Self> {
        let mut notes = Vec::new();
        let log = read(log)
            .inspect_err(|error| notes.push(format!("{error:#}")))
            .ok();
        let (kind, taken) = tap.learnt(log.as_ref());
        let closure = match kind {
            Kind::None => None,
            Kind::Requests | Kind::Listing => Some(named(&taken.closure()?, &inputs.package)?),
        };
        let preimage = match (&log, program) {
            (Some(log), Some(program)) => preimage(log, program, inputs, redaction)
                .inspect_err(|why| notes.push((*why).to_owned()))
                .ok(),
            _ => None,
        };
        if let (Some(preimage), Some(closure)) = (&preimage, &closure) {
            let missing = closure.missing(&Link::of(preimage));
            if !missing.is_empty() {
                notes.push(format!(
                    "linked, and not among what was taken from or put into the cache: {}",
                    few(&missing)
                ));
            }
        }
        Ok(Self {
            kind,
            hits: taken.count(How::Hit),
            puts: taken.count(How::Put),
            audit: audit(
                kind,
                &taken.in_state(State::Poisoned),
                &taken.in_state(State::Unjudged),
            ),
            closure,
            preimage,
            notes,
        })
    }
}

/// Gives the program's own package the import path by which the link names it: its
/// archive calls it `main`.
fn named(closure: &Closure, program: &str) -> anyhow::Result<Closure> {
    let packages = closure.packages().iter().cloned().map(|mut package| {
        if package.path == "main" {
            program.clone_into(&mut package.path);
        }
        package
    });
    Ok(Closure::new(packages)?)
}

fn read(log: &Path) -> anyhow::Result<Log> {
    let file = BufReader::with_capacity(PIECE_BYTES, File::open(log)?);
    Ok(Log::read(file)?)
}

fn audit(kind: Kind, poisoned: &[&str], unjudged: &[&str]) -> Audit {
    if !poisoned.is_empty() {
        let finding = |path: &&str| {
            format!("{path}: the cached package is not what its entry and its build ID say")
        };
        let mut findings: Vec<String> = poisoned.iter().take(NAMED_MAX).map(finding).collect();
        if let Some(more @ 1..) = poisoned.len().checked_sub(NAMED_MAX) {
            findings.push(format!("and {more} packages more"));
        }
        return Audit::Damaged { findings };
    }
    match (kind, unjudged) {
        (Kind::Requests | Kind::Listing, []) => Audit::Clean {},
        _ => Audit::None {},
    }
}

/// Finds what was hashed into part A of a program's build ID.
fn preimage(
    log: &Log,
    program: &str,
    inputs: &Inputs,
    redaction: &Redaction,
) -> Result<Vec<u8>, &'static str> {
    let Some(part) = link_action(program) else {
        return Err("the program has no build ID of the go command's, so its link can't be shown");
    };
    let Some(block) = log.action(&part) else {
        return Err("the build's log does not hold what was hashed into part A of the build ID");
    };
    let text = block.lines.concat();
    if Id::of(text.as_bytes()).part() != part {
        return Err("what was hashed into part A of the build ID is not text");
    }
    // The linker's flags are in it, and with them what -X sets.
    let is_harmless = |name: &String| HARMLESS.contains(&name.as_str());
    if !inputs.unstated.iter().all(is_harmless) || redaction.text(&text) != text {
        return Err("the link is not shown: flags or folders that may not be published are in it");
    }
    if text.len() > PREIMAGE_LEN_MAX {
        return Err("the link is not shown: it is longer than an observation may hold");
    }
    Ok(text.into_bytes())
}

/// What may be unstated of a build whose flags are all stated.
const HARMLESS: &[&str] = &["GOWORK", "source", "sysroot", "toolchain"];

fn link_action(program: &str) -> Option<Part> {
    match BuildId::parse(program).ok()? {
        BuildId::Program(program) => Some(program.link_action),
        BuildId::Package { .. } | BuildId::Redacted | BuildId::Empty | BuildId::Custom(_) => None,
    }
}

/// Names the first few.
fn few(names: &[String]) -> String {
    let shown = names.iter().take(NAMED_MAX).map(String::as_str);
    let shown: Vec<&str> = shown.collect();
    match names.len().checked_sub(NAMED_MAX) {
        Some(more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        Some(0) | None => shown.join(", "),
    }
}
