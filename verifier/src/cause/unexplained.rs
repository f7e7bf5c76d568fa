//! unexplained: what no proven cause accounts for, with its ranges.

use std::cell::LazyCell;
use std::ops::Range;

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::compare::Artifact;
use crate::diff::functions::{FunctionDiff, described};
use crate::diff::regions::Span;
use crate::diff::{FunctionsDiff, RegionDiff, layout, shift, words};
use crate::goinfo::selfcheck::SelfCheck;
use crate::goinfo::symbols::Symbols;
use crate::image::{Content, Format, is_debug};
use crate::quantity;

/// The most ranges listed as evidence; the report holds the rest.
const RANGES_MAX: usize = 12;

/// The most of them from one region.
const RANGES_EACH_MAX: usize = 3;

/// Bytes of each side shown for a small range.
const SHOWN_BYTES: usize = 48;

/// The most pairs of a byte and a place that are looked at.
const KNOWN_MAX: usize = 10_000_000;

/// What causes leave open.
struct Open<'a> {
    /// Regions that none accounts for.
    regions: Vec<&'a RegionDiff>,
    /// Whether functions of Go have other code, and none can have changed it.
    code: bool,
    /// Whether package main was compiled to something else (part C of the build ID),
    /// and none can have changed what the compiler made.
    package_main: bool,
}

impl<'a> Open<'a> {
    /// Returns what is open; `None` where nothing is. `enough` says which causes
    /// account for everything that headers name.
    fn of(pair: &Pair<'a>, causes: &[Cause], enough: fn(&&Cause) -> bool) -> Option<Self> {
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
fn is_answer(cause: &&Cause) -> bool {
    cause.reach == Reach::Code || is_proof(cause)
}

fn regions<'a>(
    pair: &Pair<'a>,
    causes: &[Cause],
    enough: fn(&&Cause) -> bool,
) -> Vec<&'a RegionDiff> {
    let sure = |cause: &&Cause| cause.confidence == Confidence::Proven;
    let all = || causes.iter().filter(enough);
    let one_sided = causes
        .iter()
        .filter(sure)
        .any(|cause| cause.reach == Reach::OneSided);
    let is_edited = causes
        .iter()
        .filter(sure)
        .any(|cause| cause.name == Name::ModifiedAfterBuild);
    let functions = pair.diff.functions.as_ref();
    let other_outside = functions.is_some_and(FunctionsDiff::has_other_code_outside);
    let headers_follow = LazyCell::new(|| is_edited || headers_follow(pair));
    let is_settled = |region: &RegionDiff| {
        if is_unowned(region) {
            // Whoever builds otherwise does not append bytes: unless go build did.
            return is_edited || is_intact(pair) && all().next().is_some();
        }
        // Sections of another size lie elsewhere: headers say no more than that.
        let has_place = causes.iter().any(|cause| {
            let is_sure = cause.confidence < Confidence::Possible;
            is_sure && matches!(cause.reach, Reach::Places(_) | Reach::Moved(_))
        });
        if region.content == Content::Layout && has_place && *headers_follow {
            return true;
        }
        let builds_otherwise = || all().any(|cause| !leaves_the_rest(cause.name));
        match region.content {
            Content::Code if other_outside => builds_otherwise(),
            Content::Layout if !is_intact(pair) && !builds_otherwise() => {
                all().next().is_some() && *headers_follow
            }
            _ => all().next().is_some(),
        }
    };
    let places: Vec<&Range<usize>> = causes
        .iter()
        .filter(|cause| cause.confidence < Confidence::Possible)
        .filter_map(|cause| match &cause.reach {
            Reach::Places(places) => Some(places),
            _ => None,
        })
        .flatten()
        .collect();
    let moved = moved(causes);
    let is_moved = |region: &RegionDiff| {
        let functions = functions.filter(|functions| functions.is_same_code());
        functions
            .zip(moved.as_ref())
            .is_some_and(|(functions, [a, b])| {
                let known = shift::Known { a, b };
                region.content == Content::Data
                    && shift::follows(pair.a, pair.b, region, &functions.moves, known)
                    || is_shifted(pair, functions, *headers_follow, region)
            })
    };
    let follows = |region: &RegionDiff| {
        one_sided && is_one_sided_effect(pair, region, is_edited, || *headers_follow)
    };
    let differing = pair.diff.regions.iter();
    differing
        .filter(|region| region.differing > region.stamped)
        .filter(|region| !is_settled(region))
        .filter(|region| !follows(region))
        .filter(|region| !lies_in(pair, region, &places))
        .filter(|region| !is_moved(region))
        .collect()
}

/// Returns the places of each file that causes account for, if any of them has
/// another length and so moved what lies behind it.
fn moved(causes: &[Cause]) -> Option<[Vec<Range<usize>>; 2]> {
    let sure = causes
        .iter()
        .filter(|cause| cause.confidence < Confidence::Possible);
    let mut all: Option<[Vec<Range<usize>>; 2]> = None;
    for cause in sure {
        if let Reach::Moved(places) = &cause.reach {
            let all = all.get_or_insert_default();
            for (all, places) in all.iter_mut().zip(places) {
                all.extend(places.iter().cloned());
            }
        }
    }
    all
}

/// Says whether headers differ in offsets, sizes and addresses alone, and both
/// programs begin at the same place.
pub(super) fn headers_follow(pair: &Pair<'_>) -> bool {
    let entry = |artifact| layout::entry(artifact);
    let same_entry = match &pair.diff.functions {
        Some(functions) => functions.is_entry_same,
        None => entry(pair.a).is_some() && entry(pair.a) == entry(pair.b),
    };
    same_entry && layout::is_alike(pair.a, pair.b)
}

/// Says whether a region is none that headers name.
pub(super) fn is_unowned(region: &RegionDiff) -> bool {
    region.content == Content::Layout
        && (region.name.starts_with("(padding")
            || matches!(&*region.name, "(after the last section)" | "(whole file)"))
}

/// Says whether both files are what go build wrote, every byte.
fn is_intact(pair: &Pair<'_>) -> bool {
    let intact = |artifact: &Artifact| matches!(artifact.go.self_check, SelfCheck::Intact(_));
    intact(pair.a) && intact(pair.b)
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
            .any(|cause| is_one_build(cause.name) || !leaves_go_code(cause.name))
}

/// Part C is made from what package main was compiled to.
fn is_package_main_open(pair: &Pair<'_>, causes: &[Cause]) -> bool {
    let differs = pair.diff.pattern.is_some_and(|pattern| !pattern.0[2]);
    let mut names = causes.iter().map(|cause| cause.name);
    differs && !names.any(|name| name != Name::Unexplained && !works_after_compiling(name))
}

/// Causes that change no code of Go's functions: they work on what is compiled
/// already, or on the C side.
fn leaves_go_code(name: Name) -> bool {
    let is_c = matches!(
        name,
        Name::CCompiler | Name::CLibrary | Name::CSource | Name::Lto | Name::SdkVersion
    );
    let is_data = matches!(name, Name::EmbeddedFile | Name::GeneratedOrder);
    // The host's linker writes other instructions in place of some.
    is_c || is_data || works_after_compiling(name) && !relinks(name)
}

/// Causes for which the host's linker does something else.
fn relinks(name: Name) -> bool {
    matches!(
        name,
        Name::HostLinker | Name::LinkMode | Name::ExternalLinkFlags
    )
}

/// Causes that move C code and change none, and leave the kind of file it is.
fn leaves_the_rest(name: Name) -> bool {
    let is_edited = name == Name::ModifiedAfterBuild;
    let is_go = matches!(
        name,
        Name::SourceContent
            | Name::DependencyContent
            | Name::EmbeddedFile
            | Name::GeneratedOrder
            | Name::ToolchainPatched
    );
    is_go || works_after_compiling(name) && !relinks(name) && !is_edited
}

/// Causes at work when all packages are compiled: the linker's flags, what it
/// stamps, and tools that change what it wrote.
fn works_after_compiling(name: Name) -> bool {
    matches!(
        name,
        Name::ModifiedAfterBuild
            | Name::HostLinker
            | Name::LinkMode
            | Name::ExternalLinkFlags
            | Name::DynamicLinker
            | Name::LinkOrder
            | Name::DebugCompression
            | Name::LinkerFlags
            | Name::LdflagsVariable
            | Name::SymbolsStripped
            | Name::VcsMissing
            | Name::VersionStamp
            | Name::BuildIdFlag
            | Name::GnuBuildIdFlag
            | Name::PeTimestamp
            | Name::CodeSignature
            | Name::SplitDebug
    )
}

pub(super) fn explain(pair: &Pair<'_>, causes: &[Cause]) -> Option<Cause> {
    let open = Open::of(pair, causes, is_answer)?;
    let mut left = open.regions.clone();
    let code_is_same = pair
        .diff
        .functions
        .as_ref()
        .filter(|functions| functions.is_same_code());
    // Where nothing moved, nothing follows from that.
    if let Some(functions) = code_is_same.filter(|functions| functions.moves.any()) {
        let (all, follows) = (left.len(), headers_follow(pair));
        left.retain(|region| !is_shifted(pair, functions, follows, region));
        if left.is_empty() && all > 0 && !open.package_main {
            return Some(shifted_only(pair, functions));
        }
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
    let summary = format!("{}{more}", summary(pair, &open, bytes, code_is_same));
    Some(Cause {
        name: Name::Unexplained,
        confidence: Confidence::Possible,
        summary,
        evidence,
        fix: fix(pair),
        reach: Reach::Stamps,
    })
}

fn summary(
    pair: &Pair<'_>,
    open: &Open<'_>,
    bytes: usize,
    code_is_same: Option<&FunctionsDiff>,
) -> String {
    const WHY: &str = "for a reason that these two files alone do not show";
    let functions = pair.diff.functions.as_ref();
    let outside = functions.is_some_and(|functions| !functions.outside.is_empty());
    let what = match (code_is_same, bytes) {
        (_, 0) if open.package_main => {
            "package main was compiled to something else (part C of the build ID differs)".into()
        }
        (_, 0) if open.code => "functions have other code".into(),
        (_, 0) => "only the names of the builds differ,".into(),
        (Some(functions), _) => {
            let counts = &functions.counts;
            let paired = counts.same + counts.shifted + counts.lines;
            let moved = if counts.shifted > 0 {
                ", but for addresses of what moved"
            } else {
                ""
            };
            let what = quantity::bytes_differ(bytes);
            format!("the code of all {paired} functions of Go is the same{moved}; {what}")
        }
        (None, _) => quantity::bytes_differ(bytes),
    };
    let unknown = if outside && bytes > 0 {
        ", code outside of Go's functions among them, of which nothing tells whether it only moved,"
    } else {
        ""
    };
    format!("{what}{unknown} {WHY}")
}

/// Says whether a region differs only in that things moved: code, where every
/// function was found to be the same and nothing else differs, the line table that
/// describes it, data in which nothing but addresses of what moved differs, and
/// headers in which offsets, sizes and addresses do.
fn is_shifted(
    pair: &Pair<'_>,
    functions: &FunctionsDiff,
    headers_follow: bool,
    region: &RegionDiff,
) -> bool {
    let both = region.a.is_some() && region.b.is_some();
    match region.content {
        Content::Code => both && functions.outside.is_empty(),
        Content::Data if region.name.contains("pclntab") => {
            let len = |range: &Option<Range<usize>>| range.as_ref().map(Range::len);
            let same_len = len(&region.a) == len(&region.b);
            both && same_len && functions.counts.lines == 0 && described::are_alike(pair.a, pair.b)
        }
        Content::Data => words::are_addresses(pair.a, pair.b, region, &functions.moves),
        Content::Layout => both && headers_follow && !is_unowned(region),
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
        summary: "all remaining differences are shifted addresses: code and data only moved, for a reason that these \
                  two files alone do not show"
            .into(),
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

/// Taking sections away also changes the headers that list them, and the tables
/// of names that stay. Code or data on one side only is another matter, and so is
/// what the program loads, whatever its name.
fn is_one_sided_effect(
    pair: &Pair<'_>,
    region: &RegionDiff,
    is_edited: bool,
    headers_follow: impl Fn() -> bool,
) -> bool {
    match region.content {
        Content::Layout => is_edited || !is_unowned(region) && headers_follow(),
        Content::Symbols => {
            let one_sided = region.a.is_none() || region.b.is_none();
            // A loaded section of ELF is no debug information; other formats give it
            // addresses, too.
            let is_loaded = |artifact: &Artifact| {
                let regions = artifact.image.regions.iter();
                let mut named = regions.filter(|one| one.name == region.name);
                artifact.image.format == Format::Elf && named.any(|one| one.address.is_some())
            };
            (one_sided || is_edited || !is_debug(&region.name))
                && !is_loaded(pair.a)
                && !is_loaded(pair.b)
        }
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
