//! c-source: code and data of the C side that differ: another C source, or another
//! header. The go command looks at neither headers nor libraries outside of the
//! package.
//!
//! What is C's is what Go's linker did not lay out: data outside of the marks it
//! sets (`runtime.rodata` to `runtime.erodata`), and code that no function of the
//! line table covers.

use std::ops::Range;

use super::unexplained::{excerpt, place};
use super::{Cause, Confidence, Evidence, Name, Pair, c_functions};
use crate::artifact::Artifact;
use crate::diff::FunctionsDiff;
use crate::diff::literals::go_data;
use crate::diff::regions::{self, RegionDiff, Span};
use crate::goinfo::symbols::Symbols;
use crate::image::Content;

/// The most places listed.
const LISTED_MAX: usize = 12;

/// Sections in which Go's data and C's lie side by side.
const SHARED: [&str; 4] = [".rodata", ".data", "__const", "__data"];

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let same_inputs = pair.diff.pattern.is_none_or(|pattern| pattern.0[0]);
    let is_c = pair.both_externally_linked() && !pair.links_otherwise();
    if same_inputs || !is_c || !pair.same_go() {
        return Vec::new();
    }
    let Some(functions) = &pair.diff.functions else {
        return Vec::new();
    };
    let named = c_functions::explain(pair);
    let nameless = match named {
        Some(_) => None,
        None => code(pair, functions),
    };
    let found = [named, data(pair, functions), nameless];
    found.into_iter().flatten().collect()
}

/// Data outside of Go's, where symbols tell which that is.
fn data(pair: &Pair<'_>, functions: &FunctionsDiff) -> Option<Cause> {
    let symbols = [pair.symbols(0), pair.symbols(1)];
    let is_told = |symbols: &&Symbols<'_>| symbols.has_functions() && symbols.tells_ends();
    if !symbols.iter().all(is_told) {
        return None;
    }
    let shared =
        pair.diff.regions.iter().filter(|region| {
            region.content == Content::Data && SHARED.contains(&region.name.as_str())
        });
    let mut places = Vec::new();
    let mut evidence = Vec::new();
    for region in shared {
        let c = [0, 1].map(|side| {
            let (artifact, range) = [(pair.a, &region.a), (pair.b, &region.b)][side];
            outside(artifact, range, symbols[side])
        });
        // Addresses in data that may be written differ when anything moves.
        if region.name != ".rodata" && !functions.is_in_place {
            continue;
        }
        for span in differing(pair, &c) {
            evidence.push(show(pair, region, &span));
            places.push(span.a.clone());
        }
    }
    let first = evidence.first()?.place.clone();
    evidence.truncate(LISTED_MAX);
    Some(Cause {
        name: Name::CSource,
        confidence: Confidence::Likely,
        summary: format!(
            "data of the C side differs, outside of all that Go's linker laid out: {first}; another C source or header, \
             or another library linked in"
        ),
        evidence,
        fix: FIX.into(),
        reach: pair.reach_of_c(functions, places),
    })
}

const FIX: &str = "build both from one commit, with the same system headers and libraries and an empty GOCACHE: the go \
                   command does not notice when a header outside the package changes";

/// Returns the stretches of a section that are not Go's.
fn outside(
    artifact: &Artifact,
    range: &Option<Range<usize>>,
    symbols: &Symbols<'_>,
) -> Vec<Range<usize>> {
    let Some(range) = range else {
        return Vec::new();
    };
    let image = &artifact.image;
    let in_file = |go: Range<u64>| {
        let len = usize::try_from(go.end - go.start).ok()?;
        image.range_at(go.start, len)
    };
    let mut go: Vec<Range<usize>> = go_data(symbols).into_iter().filter_map(in_file).collect();
    go.retain(|go| go.start < range.end && range.start < go.end);
    if go.is_empty() {
        // Nothing of Go's: the whole section is another matter.
        return Vec::new();
    }
    go.sort_by_key(|go| go.start);
    regions::outside(range, &go)
}

/// Returns where C's stretches differ, paired in their order.
fn differing(pair: &Pair<'_>, [a, b]: &[Vec<Range<usize>>; 2]) -> Vec<Span> {
    if a.len() != b.len() {
        return Vec::new();
    }
    let both = [pair.a.bytes(), pair.b.bytes()];
    let pairs = a.iter().zip(b);
    pairs
        .flat_map(|(one, other)| Span::within(both, [one, other]))
        .collect()
}

fn show(pair: &Pair<'_>, region: &RegionDiff, span: &Span) -> Evidence {
    let address = pair.a.image.address_of(span.a.start);
    let symbol = address.and_then(|address| pair.symbols(0).at(address));
    let name = symbol.map_or_else(String::new, |symbol| format!(" ({})", symbol.name));
    Evidence::new(
        format!("{}{name}", place(region, span)),
        excerpt(pair.a.bytes(), &span.a),
        excerpt(pair.b.bytes(), &span.b),
    )
}

/// Code that no function of Go covers, where nothing moved.
fn code(pair: &Pair<'_>, functions: &FunctionsDiff) -> Option<Cause> {
    if !functions.has_other_code_outside() {
        return None;
    }
    let spans = &functions.outside;
    let evidence = spans.iter().take(LISTED_MAX).filter_map(|span| {
        let mut regions = pair.diff.regions.iter();
        let of = |region: &&RegionDiff| {
            let a = region.a.as_ref();
            a.is_some_and(|range| range.contains(&span.a.start))
        };
        Some(show(pair, regions.find(of)?, span))
    });
    let evidence: Vec<Evidence> = evidence.collect();
    let first = evidence.first()?.place.clone();
    Some(Cause {
        name: Name::CSource,
        confidence: Confidence::Likely,
        summary: format!(
            "code outside of Go's functions differs ({first}) and nothing moved: C code compiled from another source or \
             header, or by other flags; without symbols nothing tells which function it is"
        ),
        evidence,
        fix: FIX.into(),
        reach: pair.reach_of_c(functions, spans.iter().map(|span| span.a.clone()).collect()),
    })
}
