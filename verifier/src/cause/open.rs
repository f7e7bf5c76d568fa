//! What causes leave open: bytes that none of them can account for, functions with
//! other code, a package main that was compiled to something else.
//!
//! A cause accounts for what it can produce, and for nothing else. A dynamic linker
//! changes no function, `strip` changes none either, and what no header names is
//! nobody's doing but that of whoever appended it.

use std::ops::Range;

use super::{Cause, Confidence, Name, Pair, Reach};
use crate::compare::Artifact;
use crate::diff::regions::Span;
use crate::diff::{FunctionsDiff, RegionDiff, shift, words};
use crate::goinfo::selfcheck::SelfCheck;
use crate::image::{Content, Format, is_debug};

/// The most pairs of a byte and a place that are looked at.
const KNOWN_MAX: usize = 10_000_000;

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

/// What a list of causes can produce.
struct Account<'c, 'a> {
    pair: &'c Pair<'a>,
    /// All that headers name.
    all: bool,
    /// Other C code and another kind of file, too.
    builds_otherwise: bool,
    /// Sections that one side lacks.
    one_sided: bool,
    /// Debug information written in another way.
    other_debug: bool,
    /// Any byte of a file that was changed after the build.
    edited: bool,
    /// Sections of data that one side lacks, by name.
    sections: Vec<&'static str>,
    places: Vec<&'c Range<usize>>,
    moved: Option<[Vec<Range<usize>>; 2]>,
}

impl<'c, 'a> Account<'c, 'a> {
    fn of(pair: &'c Pair<'a>, causes: &'c [Cause], enough: fn(&&Cause) -> bool) -> Self {
        let proven = |holds: fn(&Cause) -> bool| {
            let mut sure = causes
                .iter()
                .filter(|cause| cause.confidence == Confidence::Proven);
            sure.any(holds)
        };
        let likely = causes
            .iter()
            .filter(|cause| cause.confidence < Confidence::Possible);
        let places = likely.filter_map(|cause| match &cause.reach {
            Reach::Places(places) => Some(places),
            _ => None,
        });
        let sections = causes.iter().filter_map(|cause| match cause.reach {
            Reach::Sections(names) => Some(names),
            _ => None,
        });
        let mut all = causes.iter().filter(enough);
        Self {
            all: all.clone().next().is_some(),
            builds_otherwise: all.any(|cause| !leaves_the_rest(cause.name)),
            one_sided: proven(|cause| is_one_sided(&cause.reach)),
            other_debug: proven(|cause| matches!(cause.reach, Reach::Debug | Reach::Sections(_))),
            sections: sections.flatten().copied().collect(),
            edited: proven(|cause| cause.name == Name::ModifiedAfterBuild),
            places: places.flatten().collect(),
            moved: moved(causes),
            pair,
        }
    }

    fn holds(&self, region: &RegionDiff) -> bool {
        let pair = self.pair;
        self.settles(region)
            || self.one_sided && is_one_sided_effect(pair, region, self)
            || self.lacks(region)
            || self.other_debug && is_debug(&region.name) && !is_loaded(pair, region)
            || lies_in(pair, region, &self.places)
            || self.moves(region)
    }

    /// Says whether a region is a section that one side was found to lack.
    fn lacks(&self, region: &RegionDiff) -> bool {
        let is_one_sided = region.a.is_some() != region.b.is_some();
        is_one_sided && self.sections.contains(&region.name.as_str())
    }

    fn headers_follow(&self) -> bool {
        self.edited || self.pair.headers_follow()
    }

    fn settles(&self, region: &RegionDiff) -> bool {
        let functions = self.pair.diff.functions.as_ref();
        let other_outside = functions.is_some_and(FunctionsDiff::has_other_code_outside);
        match region.content {
            // Whoever builds otherwise does not append bytes: unless go build did.
            _ if is_unowned(self.pair, region) => self.edited || self.all && is_intact(self.pair),
            Content::Code if other_outside => self.builds_otherwise,
            // Sections of another size lie elsewhere: headers say no more than that.
            Content::Layout => {
                let is_known = self.all || !self.places.is_empty() || self.moved.is_some();
                is_known && self.headers_follow()
                    || self.all && (self.builds_otherwise || is_intact(self.pair))
            }
            _ => self.all,
        }
    }

    /// Says whether a region differs in known places and in what follows from their
    /// other length.
    fn moves(&self, region: &RegionDiff) -> bool {
        let functions = self.pair.diff.functions.as_ref();
        let functions = functions.filter(|functions| functions.is_same_code());
        let (Some(functions), Some([a, b])) = (functions, &self.moved) else {
            return false;
        };
        let (one, other) = (self.pair.a, self.pair.b);
        let both = region.a.is_some() && region.b.is_some();
        match region.content {
            // Symbols and debug information are full of addresses.
            Content::Symbols => both && !is_loaded(self.pair, region),
            Content::Data => {
                let known = shift::Known { a, b };
                shift::follows(one, other, region, &functions.moves, known)
                    || is_shifted(self.pair, functions, region)
            }
            Content::Code => is_shifted(self.pair, functions, region),
            Content::Layout | Content::Notes => false,
        }
    }
}

/// Says whether a cause accounts for regions that only one file has.
fn is_one_sided(reach: &Reach) -> bool {
    matches!(reach, Reach::OneSided | Reach::Debug | Reach::Sections(_))
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
pub(super) fn is_package_main_open(pair: &Pair<'_>, causes: &[Cause]) -> bool {
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

/// Taking sections away also changes the headers that list them, and the tables
/// of names that stay. Code or data on one side only is another matter, and so is
/// what the program loads, whatever its name.
fn is_one_sided_effect(pair: &Pair<'_>, region: &RegionDiff, account: &Account<'_, '_>) -> bool {
    match region.content {
        Content::Layout => account.edited || !is_unowned(pair, region) && account.headers_follow(),
        Content::Symbols => {
            let one_sided = region.a.is_none() || region.b.is_none();
            (one_sided || account.edited || !is_debug(&region.name)) && !is_loaded(pair, region)
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

/// Says whether a program loads a section: one of ELF is no debug information
/// then, whatever its name. Other formats give debug information addresses, too.
fn is_loaded(pair: &Pair<'_>, region: &RegionDiff) -> bool {
    [pair.a, pair.b].into_iter().any(|artifact| {
        let regions = artifact.image.regions.iter();
        let mut named = regions.filter(|one| one.name == region.name);
        artifact.image.format == Format::Elf && named.any(|one| one.address.is_some())
    })
}

/// Says whether every difference of a region lies in places that a cause knows.
fn lies_in(pair: &Pair<'_>, region: &RegionDiff, places: &[&Range<usize>]) -> bool {
    let is_known = |at: usize| places.iter().any(|place| place.contains(&at));
    let lies_in = |span: &Span| {
        let a = pair.a.bytes().get(span.a.clone());
        let sides = a.zip(pair.b.bytes().get(span.b.clone()));
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
