//! What causes leave open: bytes that none of them can account for, functions with
//! other code, a package main that was compiled to something else.
//!
//! A cause accounts for what it can produce, and for nothing else. A dynamic linker
//! changes no function, `strip` changes none either, and what no header names is
//! nobody's doing but that of whoever appended it.

mod account;
mod stage;

use std::ops::Range;

use super::{Cause, Confidence, Name, Pair, Reach};
use crate::artifact::Artifact;
use crate::diff::{FunctionsDiff, RegionDiff, words};
use crate::image::{Content, Format};
use account::Account;

/// What causes leave open.
pub(super) struct Open<'a> {
    /// Regions that none accounts for.
    pub(super) regions: Vec<&'a RegionDiff>,
    /// Whether functions of Go have other code, and none can have changed it.
    pub(super) code: bool,
    /// Whether package main was compiled to something else (part C of the build ID),
    /// and none can have changed what the compiler made.
    pub(super) package_main: bool,
}

impl<'a> Open<'a> {
    /// Returns what is open; `None` where nothing is. `enough` says which causes
    /// account for everything that headers name.
    pub(super) fn of(
        pair: &Pair<'a>,
        causes: &[Cause],
        enough: fn(&&Cause) -> bool,
    ) -> Option<Self> {
        let open = Self {
            regions: regions(pair, causes, enough),
            code: is_code_open(pair, causes, enough),
            package_main: is_package_main_open(pair, causes),
        };
        let is_open = !open.regions.is_empty() || open.code || open.package_main;
        // Without any cause, other build IDs ask for a reason.
        (is_open || causes.is_empty()).then_some(open)
    }
}

/// Says whether causes leave something open, so that it is worth looking on.
pub(super) fn is_open(pair: &Pair<'_>, causes: &[Cause]) -> bool {
    Open::of(pair, causes, is_proof).is_some()
}

/// Proof of something that any byte can follow from.
fn is_proof(cause: &&Cause) -> bool {
    let reaches_all = matches!(cause.reach, Reach::Anything | Reach::Code);
    cause.confidence == Confidence::Proven && reaches_all
}

/// The same, or functions whose code differs, though whose fault that is be only
/// likely.
pub(super) fn is_answer(cause: &&Cause) -> bool {
    cause.reach == Reach::Code || is_proof(cause)
}

fn regions<'a>(
    pair: &Pair<'a>,
    causes: &[Cause],
    enough: fn(&&Cause) -> bool,
) -> Vec<&'a RegionDiff> {
    let account = Account::of(pair, causes, enough);
    let differing = pair.diff.regions.iter();
    differing
        .filter(|region| region.differing > region.stamped)
        .filter(|region| !account.holds(region))
        .collect()
}

/// Says whether a region is none that headers name, and holds more than the zeros
/// that fill up to the end of a page.
pub(super) fn is_unowned(pair: &Pair<'_>, region: &RegionDiff) -> bool {
    let is_nameless = region.content == Content::Layout
        && (region.name.starts_with("(padding")
            || matches!(&*region.name, "(after the last section)" | "(whole file)"));
    let is_zero = |artifact: &Artifact, range: &Option<Range<usize>>| {
        let bytes = range
            .as_ref()
            .and_then(|range| artifact.bytes().get(range.clone()));
        bytes.is_none_or(|bytes| bytes.iter().all(|byte| *byte == 0))
    };
    is_nameless && !(is_zero(pair.a, &region.a) && is_zero(pair.b, &region.b))
}

/// Says whether a program loads a section: one of ELF is no debug information
/// then, whatever its name. Other formats give debug information addresses, too.
pub(super) fn is_loaded(pair: &Pair<'_>, region: &RegionDiff) -> bool {
    [pair.a, pair.b].into_iter().any(|artifact| {
        let regions = artifact.image.regions.iter();
        let mut named = regions.filter(|one| one.name == region.name);
        artifact.image.format == Format::Elf && named.any(|one| one.address.is_some())
    })
}

/// Says whether functions of Go have other code though one Go version compiled
/// both, and no cause can have changed it.
fn is_code_open(pair: &Pair<'_>, causes: &[Cause], enough: fn(&&Cause) -> bool) -> bool {
    let functions = pair.diff.functions.as_ref();
    let differs = functions.is_some_and(|functions| functions.counts.differing() > 0);
    // One build, changed afterwards, is what the change made of it.
    let is_one_build = |name| name == Name::ModifiedAfterBuild && pair.may_be_one_build();
    differs
        && pair.same_go()
        && !causes
            .iter()
            .filter(enough)
            .any(|cause| is_one_build(cause.name) || !stage::leaves_go_code(cause.name))
}

/// Part C is made from what package main was compiled to.
pub(super) fn is_package_main_open(pair: &Pair<'_>, causes: &[Cause]) -> bool {
    let differs = pair.diff.pattern.is_some_and(|pattern| !pattern.0[2]);
    let mut names = causes.iter().map(|cause| cause.name);
    differs && !names.any(|name| name != Name::Unexplained && !stage::works_after_compiling(name))
}

/// Says whether a region differs only in that things moved: code, where every
/// function was found to be the same and nothing else differs, the line table that
/// describes it, data in which nothing but addresses of what moved differs, and
/// headers in which offsets, sizes and addresses do.
pub(super) fn is_shifted(pair: &Pair<'_>, functions: &FunctionsDiff, region: &RegionDiff) -> bool {
    let both = region.a.is_some() && region.b.is_some();
    match region.content {
        Content::Code => both && functions.outside.is_empty(),
        Content::Data if region.name.contains("pclntab") => {
            let len = |range: &Option<Range<usize>>| range.as_ref().map(Range::len);
            let same_len = len(&region.a) == len(&region.b);
            both && same_len && functions.counts.lines == 0 && pair.functions_described_alike()
        }
        Content::Data => words::are_addresses(pair.a, pair.b, region, &functions.moves),
        Content::Layout => both && !is_unowned(pair, region) && pair.headers_follow(),
        Content::Symbols | Content::Notes => false,
    }
}

#[cfg(test)]
mod tests;
