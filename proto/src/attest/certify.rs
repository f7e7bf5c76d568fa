//! What follows from observations: a function of the quorum file, the evidence and what
//! was asked, the time among it.
//!
//! ```text
//! taken     which observations count, and why the others do not
//! logged    proofs that they are in the log
//! chain     what may have been held back
//! stand     who built the program, who something else: groups and votes
//! cause     why two products differ, as far as observations tell
//! level     the levels, and what each lacks
//! mark      the marks beside them
//! ```
//!
//! Every level rests on evidence of its own, all of it:
//!
//! ```text
//! L0   two builds on one host, equal bytes, self-check
//! L1   one host's cold build (nothing from the cache) and its warm one: equal bytes,
//!      equal closure roots, clean audits
//! L2   cold builds by hosts of two images, whose own words on their images differ,
//!      with equal closure roots
//! L3   L2, and a build from a filled cache whose every package a cold build on a host of
//!      another cache made anew; its link's preimage gives part A of the build ID and
//!      names the packages of its list; a clean audit
//! L4   as many groups as the quorum asks for have a build as in L3, every observation
//!      that counts is in the log, nobody dissents, nothing may be held back
//! ```
//!
//! Where C code is linked in, L2 and above take a digest of headers and libraries in the
//! inputs: the build cache knows nothing of them.
//!
//! No evidence is never a pass, and neither is evidence that contradicts itself: a damaged
//! cache, one compilation with two outputs, a log with two histories.

mod cause;
mod chain;
mod level;
mod logged;
mod mark;
mod stand;
mod taken;

use std::collections::{BTreeMap, BTreeSet};

use super::closure::{Closure, Summary};
use super::decision::{Asked, Decision, QuorumFile, Stand, Verdict};
use super::digest::Digest;
use super::evidence::Evidence;
use super::observation::{Audit, Tool};
use super::quorum::{Quorum, Wanted};
use crate::module::ModuleVersion;

use logged::Heads;
use stand::Votes;
use taken::{Taken, Taking};

/// How far a host's clock may be ahead, in seconds.
pub const SKEW_MAX_S: u64 = 300;

/// Decides. The evidence must have been sorted ([`Evidence::sort`]).
pub fn decide(quorum: &Quorum, evidence: &Evidence, asked: Asked, tool: Tool) -> Decision {
    let taking = Taking::of(quorum, evidence, &asked);
    let votes = Votes::of(quorum, &taking.counted, asked.artifact);
    let counted: Vec<&Taken> = taking.counted.iter().collect();
    let lists = evidence.closures.iter().map(|list| {
        let summary = list.summary();
        (summary.list, (summary, list))
    });
    let lists: BTreeMap<Digest, (Summary, &Closure)> = lists.collect();
    let case = Case {
        quorum,
        evidence,
        lists: &lists,
        asked: &asked,
        counted: &counted,
        votes: &votes,
        gaps: &taking.gaps,
        heads: &taking.heads,
    };
    let levels = level::states(&case);
    let marks = mark::states(&case);
    let contradictions = contradictions(&case);
    let dissent = stand::dissent(&case);
    let mut decision = Decision {
        tool,
        quorum: QuorumFile {
            sha256: quorum.digest(),
            version: quorum.version,
            text: quorum.text.clone(),
        },
        verdict: Verdict::Undecided,
        summary: String::new(),
        wanted: quorum.wanted.to_string(),
        reached: None,
        product: votes.product,
        product_name: votes.product_name(&counted),
        inputs: taking.inputs,
        votes: votes.count() as u64,
        needed: quorum.needed as u64,
        levels,
        marks,
        groups: votes.stands(quorum),
        counted: taking.counted.iter().map(|one| one.shown(quorum)).collect(),
        dissent,
        contradictions,
        gaps: taking.gaps.clone(),
        notes: notes(&case, taking.begun),
        observations: evidence
            .observations
            .iter()
            .map(|one| one.digest())
            .collect(),
        closures: lists.keys().copied().collect(),
        set_aside: taking.aside,
        asked: asked.clone(),
    };
    decision.observations.sort_unstable();
    decision.reached = reached(&decision);
    decision.verdict = verdict(&decision, &quorum.wanted);
    decision.summary = summary(&decision);
    decision
}

/// Returns the module versions whose records in a checksum database the marks +T and +M
/// rest on and that the evidence does not prove yet.
///
/// They are those of the releases that hosts built with, and of the modules that all who
/// built the program found linked in. Whoever has none of them decides all the same, without
/// those marks.
pub fn records_lacking(
    quorum: &Quorum,
    evidence: &Evidence,
    asked: &Asked,
) -> BTreeSet<ModuleVersion> {
    let taking = Taking::of(quorum, evidence, asked);
    let votes = Votes::of(quorum, &taking.counted, asked.artifact);
    let counted: Vec<&Taken> = taking.counted.iter().collect();
    mark::records(&Case {
        quorum,
        evidence,
        lists: &BTreeMap::new(),
        asked,
        counted: &counted,
        votes: &votes,
        gaps: &taking.gaps,
        heads: &taking.heads,
    })
}

/// All that levels and marks are judged by.
struct Case<'a> {
    quorum: &'a Quorum,
    evidence: &'a Evidence,
    /// The lists of packages by their digests: each is hashed once.
    lists: &'a BTreeMap<Digest, (Summary, &'a Closure)>,
    asked: &'a Asked,
    counted: &'a [&'a Taken],
    votes: &'a Votes,
    gaps: &'a [String],
    heads: &'a Heads,
}

impl<'a> Case<'a> {
    /// Returns the observations of hosts that built the program and nothing else, of
    /// builds that gave it.
    fn agreeing(&self) -> impl Iterator<Item = &'a Taken> {
        let (votes, counted) = (self.votes, self.counted);
        counted.iter().copied().filter(move |one| {
            votes.host(one.host) == Stand::For
                && one
                    .product()
                    .is_some_and(|product| Some(product.sha256) == votes.product)
        })
    }
}

fn reached(decision: &Decision) -> Option<String> {
    let wanted = Wanted {
        level: decision.level()?,
        marks: decision.marks().into_iter().collect(),
    };
    Some(wanted.to_string())
}

fn verdict(decision: &Decision, wanted: &Wanted) -> Verdict {
    let has_level = decision
        .levels
        .iter()
        .any(|state| state.of == wanted.level && state.is_shown());
    let marks = decision.marks();
    let has_marks = wanted.marks.iter().all(|mark| marks.contains(mark));
    // A minority that built something else is outvoted. What contradicts the evidence is
    // not: a damaged cache or a package made twice is just what a certificate denies.
    let is_contradicted = !decision.contradictions.is_empty();
    if has_level && has_marks && decision.votes >= decision.needed && !is_contradicted {
        return Verdict::Reproducible;
    }
    if !decision.dissent.is_empty() || is_contradicted {
        Verdict::Differs
    } else {
        Verdict::Undecided
    }
}

/// Returns the decision in one sentence that says no more than was shown.
fn summary(decision: &Decision) -> String {
    let (votes, needed) = (decision.votes, decision.needed);
    let groups = decision.groups.len();
    match decision.verdict {
        Verdict::Reproducible => {
            let level = decision.reached.as_deref().unwrap_or_default();
            let dissent = match decision.dissent.len() {
                0 => String::new(),
                count => format!("; {count} built something else"),
            };
            format!(
                "{votes} of {groups} groups of hosts built this program from the same inputs ({level}, {} was demanded){dissent}",
                decision.wanted
            )
        }
        Verdict::Differs => match decision.dissent.first() {
            Some(dissent) if votes == 0 => format!(
                "no group of hosts that counts built this program: {} built {}",
                dissent.host,
                dissent.product.short()
            ),
            Some(dissent) => format!(
                "hosts disagree, and {} is not certified: {} built {}",
                decision.wanted,
                dissent.host,
                dissent.product.short()
            ),
            None => format!(
                "something speaks against {}: {}",
                decision.wanted,
                decision.contradictions.first().map_or("", String::as_str)
            ),
        },
        Verdict::Undecided if decision.counted.is_empty() => {
            "no observation counts, so nothing is shown".to_owned()
        }
        Verdict::Undecided if votes < needed => format!(
            "{votes} of {groups} groups of hosts built this program, and {needed} must have"
        ),
        Verdict::Undecided => format!("{} is not shown: {}", decision.wanted, lacking(decision)),
    }
}

/// Returns the first thing that what was demanded lacks.
fn lacking(decision: &Decision) -> String {
    let levels = decision.levels.iter();
    let levels = levels.filter(|state| decision.wanted.starts_with(&state.of.to_string()));
    let marks = decision.marks.iter();
    let marks = marks.filter(|state| decision.wanted.contains(&format!("+{}", state.of)));
    let missing = levels
        .map(|state| &state.missing)
        .chain(marks.map(|state| &state.missing));
    missing.flatten().next().cloned().unwrap_or_default()
}

/// Returns what speaks against the evidence though the products agree.
fn contradictions(case: &Case<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for one in case.counted {
        if let Audit::Damaged { findings } = &one.observation.cache.audit {
            found.push(format!(
                "the build cache of {} is damaged: {}",
                one.name(case.quorum),
                findings.first().map_or("no more is told", String::as_str)
            ));
        }
        if let Some(fault) = level::preimage_fault(one) {
            found.push(format!("{}: {fault}", one.name(case.quorum)));
        }
    }
    found.extend(cause::packages(case));
    found.extend(case.heads.fault.clone());
    found.dedup();
    found
}

fn notes(case: &Case<'_>, begun: Option<String>) -> Vec<String> {
    let mut notes = case.quorum.warnings();
    notes.extend(begun);
    let first = case.counted.first();
    if let Some(first) = first.filter(|first| !first.observation.inputs.unstated.is_empty()) {
        let names: Vec<&str> = first
            .observation
            .inputs
            .unstated
            .iter()
            .map(String::as_str)
            .collect();
        notes.push(format!(
            "not pinned by the inputs, and able to change the program: {}",
            names.join(", ")
        ));
    }
    let by_listing = case
        .agreeing()
        .any(|one| one.observation.cache.evidence == super::observation::Evidence::Listing);
    if by_listing {
        notes.push("what builds took from their caches is told by listings made before and after, not by the go command's requests".to_owned());
    }
    notes.extend(case.heads.apart.clone());
    for one in case.counted.iter().filter(|one| one.product().is_none()) {
        notes.push(format!(
            "a build of {} failed, which speaks neither for nor against the program",
            one.name(case.quorum)
        ));
    }
    notes
}

#[cfg(test)]
mod tests;
