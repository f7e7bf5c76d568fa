//! unexplained: what no proven cause accounts for, with its ranges.

use std::ops::Range;

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::compare::Artifact;
use crate::diff::functions::FunctionDiff;
use crate::diff::regions::Span;
use crate::diff::{FunctionsDiff, RegionDiff, words};
use crate::goinfo::symbols::Symbols;
use crate::image::Content;
use crate::quantity;

/// The most ranges listed as evidence; the report holds the rest.
const RANGES_MAX: usize = 12;

/// The most of them from one region.
const RANGES_EACH_MAX: usize = 3;

/// Bytes of each side shown for a small range.
const SHOWN_BYTES: usize = 48;

/// The most pairs of a byte and a place that are looked at.
const KNOWN_MAX: usize = 10_000_000;

/// Says whether causes leave something open.
pub(super) fn is_open(pair: &Pair<'_>, causes: &[Cause]) -> bool {
    left(pair, causes).is_some()
}

/// Returns the regions that no proven cause accounts for; `None` when nothing is
/// left to explain. An empty list asks for the reason of other build IDs.
fn left<'a>(pair: &Pair<'a>, causes: &[Cause]) -> Option<Vec<&'a RegionDiff>> {
    let sure = |cause: &&Cause| cause.confidence == Confidence::Proven;
    let reaches = |reach: Reach| causes.iter().filter(sure).any(|cause| cause.reach == reach);
    if reaches(Reach::Anything) || reaches(Reach::Code) {
        return None;
    }
    let one_sided = reaches(Reach::OneSided);
    let places: Vec<&Range<usize>> = causes
        .iter()
        .filter(|cause| cause.confidence < Confidence::Possible)
        .filter_map(|cause| match &cause.reach {
            Reach::Places(places) => Some(places),
            _ => None,
        })
        .flatten()
        .collect();
    let left: Vec<&RegionDiff> = pair
        .diff
        .regions
        .iter()
        .filter(|region| region.differing > region.stamped)
        .filter(|region| !(one_sided && is_one_sided_effect(pair, region)))
        .filter(|region| !super::buildinfo_missing::accounts_for(causes, region))
        .filter(|region| !lies_in(pair, region, &places))
        .collect();
    (!left.is_empty() || causes.is_empty()).then_some(left)
}

pub(super) fn explain(pair: &Pair<'_>, causes: &[Cause]) -> Option<Cause> {
    let mut left = left(pair, causes)?;
    let code_is_same = pair
        .diff
        .functions
        .as_ref()
        .filter(|functions| functions.is_same_code());
    let all = left.len();
    if let Some(functions) = code_is_same {
        left.retain(|region| !is_shifted(pair, functions, region));
    }
    if let Some(functions) = code_is_same.filter(|_| left.is_empty() && all > 0) {
        return Some(shifted_only(pair, functions));
    }
    // What the program runs comes before the tables that describe it.
    left.sort_by_key(|region| !matches!(region.content, Content::Code | Content::Data));
    let bytes: usize = left
        .iter()
        .map(|region| region.differing - region.stamped)
        .sum();
    let total: usize = left.iter().map(|region| region.spans.len().max(1)).sum();
    let symbols = Symbols::read(pair.a.bytes(), &pair.a.image);
    let evidence: Vec<Evidence> = left
        .iter()
        .flat_map(|region| ranges(pair, region, &symbols))
        .take(RANGES_MAX)
        .collect();
    let more = if total > evidence.len() {
        format!(", {} of {total} places shown", evidence.len())
    } else {
        String::new()
    };
    let summary = if bytes == 0 {
        "only the names of the builds differ, for a reason that these two files alone do not show"
            .into()
    } else if let Some(functions) = code_is_same {
        let paired = functions.counts.same + functions.counts.shifted + functions.counts.lines;
        format!(
            "the code of all {paired} functions is the same, but for addresses of what moved; {bytes} other bytes \
             differ for a reason that these two files alone do not show{more}"
        )
    } else {
        format!(
            "{} for a reason that these two files alone do not show{more}",
            quantity::bytes_differ(bytes)
        )
    };
    Some(Cause {
        name: Name::Unexplained,
        confidence: Confidence::Possible,
        summary,
        evidence,
        fix: fix(pair),
        reach: Reach::Stamps,
    })
}

/// Says whether a region differs only in that things moved: code, where every
/// function was found to be the same, the line table that describes it, and
/// data in which nothing but addresses differs.
fn is_shifted(pair: &Pair<'_>, functions: &FunctionsDiff, region: &RegionDiff) -> bool {
    let both = region.a.is_some() && region.b.is_some();
    match region.content {
        Content::Code => both,
        Content::Data if region.name.contains("pclntab") => both && functions.counts.lines == 0,
        Content::Data => words::are_addresses(pair.a, pair.b, region),
        // Tables of addresses and offsets follow from what they describe.
        Content::Layout => both,
        Content::Symbols | Content::Notes => false,
    }
}

fn shifted_only(pair: &Pair<'_>, functions: &FunctionsDiff) -> Cause {
    let counts = &functions.counts;
    let same = format!(
        "{} the same, {} with addresses of what moved",
        counts.same, counts.shifted
    );
    Cause {
        name: Name::Unexplained,
        confidence: Confidence::Possible,
        summary: "all remaining differences are shifted addresses: code and data only moved".into(),
        evidence: vec![Evidence::new("functions", same.clone(), same)],
        fix: fix(pair),
        reach: Reach::Stamps,
    }
}

fn fix(pair: &Pair<'_>) -> String {
    let untrimmed = pair.which(|artifact| artifact.go.setting("-trimpath") != Some("true"));
    let flag = if untrimmed.is_some() {
        "with -trimpath and "
    } else {
        ""
    };
    format!(
        "build both again {flag}from an empty GOCACHE on each machine, and compare; if they still differ, look at \
         the places listed (symbols, if the files have them, tell which function or variable lies there)"
    )
}

/// Taking sections away also changes the headers that list them. Code or data
/// on one side only is another matter.
fn is_one_sided_effect(pair: &Pair<'_>, region: &RegionDiff) -> bool {
    match region.content {
        Content::Layout | Content::Symbols => true,
        Content::Notes if super::split_debug::LINKS.contains(&region.name.as_str()) => true,
        Content::Notes => {
            let one_sided = region.a.is_none() || region.b.is_none();
            // An ID of another length is no stamp at the same place.
            one_sided || holds_host_id(pair.a, &region.a) && holds_host_id(pair.b, &region.b)
        }
        // A section behind those taken away moves, and what points into it follows.
        Content::Data => words::follow_sections(pair.a, pair.b, region),
        Content::Code => false,
    }
}

/// Says whether every difference of a region lies in places that a cause knows.
fn lies_in(pair: &Pair<'_>, region: &RegionDiff, places: &[&Range<usize>]) -> bool {
    let is_known = |at: usize| places.iter().any(|place| place.contains(&at));
    let lies_in = |span: &Span| {
        let bytes = |artifact: &'_ Artifact, range: &Range<usize>| {
            artifact.bytes().get(range.clone()).map(<[u8]>::to_vec)
        };
        let sides = bytes(pair.a, &span.a).zip(bytes(pair.b, &span.b));
        sides.is_some_and(|(a, b)| {
            // Of different lengths, none of it is equal.
            let in_place = a.len() == b.len();
            (0..a.len()).all(|at| in_place && a[at] == b[at] || is_known(span.a.start + at))
        })
    };
    let bytes: usize = region.spans.iter().map(|span| span.a.len()).sum();
    let is_bounded = bytes.saturating_mul(places.len()) <= KNOWN_MAX;
    is_bounded && !places.is_empty() && !region.spans.is_empty() && region.spans.iter().all(lies_in)
}

fn holds_host_id(artifact: &Artifact, region: &Option<Range<usize>>) -> bool {
    let (Some(id), Some(region)) = (&artifact.image.host_id, region) else {
        return false;
    };
    region.contains(&id.range.start) && id.range.end <= region.end
}

fn ranges(pair: &Pair<'_>, region: &RegionDiff, symbols: &Symbols<'_>) -> Vec<Evidence> {
    if region.spans.is_empty() {
        let show = |range: &Option<Range<usize>>| {
            range
                .as_ref()
                .map(|range| format!("{} at {:#x}", quantity::bytes(range.len()), range.start))
        };
        return vec![Evidence::sides(
            region.name.clone(),
            show(&region.a),
            show(&region.b),
        )];
    }
    let shown = |span: &Span| {
        let [a, b] = [
            excerpt(pair.a.bytes(), &span.a),
            excerpt(pair.b.bytes(), &span.b),
        ];
        let name = name(pair, symbols, span);
        Evidence::new(format!("{}{name}", place(region, span)), a, b)
    };
    region
        .spans
        .iter()
        .take(RANGES_EACH_MAX)
        .map(shown)
        .collect()
}

/// Names the function or the symbol that a place lies in, where there is one.
fn name(pair: &Pair<'_>, symbols: &Symbols<'_>, span: &Span) -> String {
    let functions = pair.diff.functions.as_ref();
    let holds = |function: &&FunctionDiff| {
        function.a.is_some_and(|place| {
            let size = usize::try_from(place.size).unwrap_or(usize::MAX);
            (place.offset..place.offset.saturating_add(size)).contains(&span.a.start)
        })
    };
    let function = functions.and_then(|functions| functions.functions.iter().find(holds));
    let symbol = || {
        let address = pair.a.image.address_of(span.a.start)?;
        Some(symbols.at(address)?.name.to_owned())
    };
    let name = function
        .map(|function| function.name.clone())
        .or_else(symbol);
    name.map_or_else(String::new, |name| format!(" ({name})"))
}

/// Names a place in both files.
pub(super) fn place(region: &RegionDiff, span: &Span) -> String {
    if span.a.start == span.b.start {
        return format!("{} at offset {:#x}", region.name, span.a.start);
    }
    format!(
        "{} at offsets {:#x} and {:#x}",
        region.name, span.a.start, span.b.start
    )
}

/// Shows bytes as text where they are text, else as hexadecimal.
pub(super) fn excerpt(bytes: &[u8], range: &Range<usize>) -> String {
    let all = bytes.get(range.clone()).unwrap_or_default();
    let shown = &all[..all.len().min(SHOWN_BYTES)];
    let is_text = shown.len() > 1 && shown.iter().all(|byte| (0x20..0x7f).contains(byte));
    let text = match std::str::from_utf8(shown) {
        Ok(text) if is_text => format!("{text:?}"),
        _ => hex::encode(&shown[..shown.len().min(SHOWN_BYTES / 2)]),
    };
    if all.len() > shown.len() {
        format!("{text}… ({} bytes)", all.len())
    } else {
        text
    }
}
