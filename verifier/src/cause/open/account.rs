//! Which of the differing bytes a list of causes can have produced.

use std::ops::Range;

use proto::finding::Confidence;

use super::{is_loaded, is_shifted, is_unowned, stage};
use crate::artifact::Artifact;
use crate::cause::{Cause, Name, Pair, Reach, symbols_stripped};
use crate::diff::regions::Span;
use crate::diff::{FunctionsDiff, RegionDiff, shift, words};
use crate::goinfo::selfcheck::SelfCheck;
use crate::image::{Content, is_debug};

/// The most pairs of a byte and a place that are looked at.
const KNOWN_MAX: usize = 10_000_000;

/// What a list of causes can produce.
pub(super) struct Account<'c, 'a> {
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
    /// A file that was only signed after the build: its headers, too.
    signed: bool,
    /// Sections of data that one side lacks, by name.
    sections: Vec<&'static str>,
    places: Vec<&'c Range<usize>>,
    moved: Option<[Vec<Range<usize>>; 2]>,
}

impl<'c, 'a> Account<'c, 'a> {
    pub(super) fn of(pair: &'c Pair<'a>, causes: &'c [Cause], enough: fn(&&Cause) -> bool) -> Self {
        let proven = causes
            .iter()
            .filter(|cause| cause.confidence == Confidence::Proven);
        let is_proven = |holds: fn(&Cause) -> bool| proven.clone().any(holds);
        let likely = causes
            .iter()
            .filter(|cause| cause.confidence < Confidence::Possible);
        let places = likely.clone().filter_map(|cause| match &cause.reach {
            Reach::Places(places) => Some(places),
            _ => None,
        });
        let sections = proven.clone().filter_map(|cause| match cause.reach {
            Reach::Sections(names) => Some(names),
            _ => None,
        });
        let mut all = causes.iter().filter(enough);
        Self {
            all: all.clone().next().is_some(),
            builds_otherwise: all.any(|cause| !stage::leaves_the_rest(cause.name)),
            one_sided: is_proven(|cause| is_one_sided(&cause.reach)),
            other_debug: is_proven(|cause| {
                matches!(cause.reach, Reach::Debug | Reach::Sections(_))
            }),
            sections: sections.flatten().copied().collect(),
            edited: is_proven(|cause| cause.name == Name::ModifiedAfterBuild),
            signed: is_proven(|cause| {
                cause.name == Name::CodeSignature && cause.reach == Reach::Anything
            }),
            places: places.flatten().collect(),
            moved: moved(likely),
            pair,
        }
    }

    pub(super) fn holds(&self, region: &RegionDiff) -> bool {
        let pair = self.pair;
        self.settles(region)
            || self.one_sided && self.follows_from_one_side(region)
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
        self.edited || self.signed || self.pair.headers_follow()
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

    /// Taking sections away also changes the headers that list them, and the tables
    /// of names that stay. Code or data on one side only is another matter, and so is
    /// what the program loads, whatever its name.
    fn follows_from_one_side(&self, region: &RegionDiff) -> bool {
        let pair = self.pair;
        match region.content {
            Content::Layout => self.edited || !is_unowned(pair, region) && self.headers_follow(),
            Content::Symbols => {
                let one_sided = region.a.is_none() || region.b.is_none();
                (one_sided || self.edited || !is_debug(&region.name)) && !is_loaded(pair, region)
            }
            Content::Notes if symbols_stripped::LINKS.contains(&region.name.as_str()) => true,
            Content::Notes => {
                let one_sided = region.a.is_none() || region.b.is_none();
                // An ID of another length is not a stamp at the same place.
                one_sided || holds_host_id(pair.a, &region.a) && holds_host_id(pair.b, &region.b)
            }
            // A section behind those taken away moves, and what points into it follows.
            Content::Data => words::follow_sections(pair.a, pair.b, region),
            Content::Code => false,
        }
    }
}

/// Says whether a cause accounts for regions that only one file has.
fn is_one_sided(reach: &Reach) -> bool {
    matches!(reach, Reach::OneSided | Reach::Debug | Reach::Sections(_))
}

/// Returns the places of each file that causes account for, if any of them has
/// another length and so moved what lies behind it.
fn moved<'c>(causes: impl Iterator<Item = &'c Cause>) -> Option<[Vec<Range<usize>>; 2]> {
    let moved = causes.filter_map(|cause| match &cause.reach {
        Reach::Moved(places) => Some(places.clone()),
        _ => None,
    });
    moved.reduce(|[a, b], [more_a, more_b]| [[a, more_a].concat(), [b, more_b].concat()])
}

/// Says whether both files are what go build wrote, every byte.
fn is_intact(pair: &Pair<'_>) -> bool {
    let intact = |artifact: &Artifact| matches!(artifact.go.self_check, SelfCheck::Intact(_));
    intact(pair.a) && intact(pair.b)
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
