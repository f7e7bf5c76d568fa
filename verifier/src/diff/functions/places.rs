//! Whether two addresses, one in each file, are the same place.

use std::collections::HashSet;

use super::moves::Moves;
use super::pairs::Pairs;
use crate::artifact::Artifact;
use crate::diff::regions::RegionDiff;
use crate::goinfo::functions::{Function, Functions};
use crate::image::{Content, Image, Region};

/// The most references to data kept.
const REFERENCES_MAX: usize = 4_000_000;

/// Memory without bytes in the file may follow the last segment this far, where
/// operands are relative and such an address is no accident.
const ZEROED_MAX: u64 = 1 << 30;

/// Bytes that must agree for two places to be the same by what they hold.
const CONTENT_LEN: usize = 16;

/// The places of two files.
pub(super) struct Places<'a> {
    /// The architecture in Go's words.
    pub(super) arch: &'static str,
    /// Whether numbers have the high byte first.
    pub(super) big_endian: bool,
    functions: &'a [Functions<'a>; 2],
    partner: Vec<Option<usize>>,
    spaces: [Space; 2],
    functions_stay: bool,
}

/// What two addresses are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// The same place of paired functions.
    SameCode,
    /// Both in data; whether it is the same datum, all references together tell.
    Data,
    /// Not the same place.
    Apart,
}

/// The addresses of one program.
#[derive(Debug, Clone, Copy)]
struct Space {
    text: (u64, u64),
    all: (u64, u64),
}

impl<'a> Places<'a> {
    pub(super) fn of(
        artifacts: [&Artifact; 2],
        functions: &'a [Functions<'a>; 2],
        pairs: &Pairs,
    ) -> Self {
        let mut partner = vec![None; functions[0].all.len()];
        for (a, b) in &pairs.both {
            partner[*a] = Some(*b);
        }
        let space = |side: usize| Space::of(artifacts[side], &functions[side]);
        Self {
            arch: artifacts[0].image.machine.goarch.unwrap_or_default(),
            big_endian: artifacts[0].image.machine.big_endian,
            partner,
            spaces: [space(0), space(1)],
            functions_stay: functions_stay(functions, pairs),
            functions,
        }
    }

    /// Says whether both files have the same functions at the same addresses.
    pub(super) fn functions_stay(&self) -> bool {
        self.functions_stay
    }

    /// Says whether an address is the begin of a function of the first file, and the other
    /// that of no function of its name in the second, which has one elsewhere. One that has
    /// none there went away by itself.
    pub(super) fn leads_elsewhere(&self, a: u64, b: u64) -> bool {
        let [functions_a, functions_b] = self.functions;
        let Some((of_a, 0)) = functions_a.at(a) else {
            return false;
        };
        let name = |functions: &Functions<'a>, index: usize| functions.all[index].name;
        let is_same_name = matches!(
            functions_b.at(b),
            Some((of_b, 0)) if name(functions_b, of_b) == name(functions_a, of_a)
        );
        self.partner[of_a].is_some() && !is_same_name
    }

    /// The bits of an address.
    pub(super) fn address_mask(&self) -> u64 {
        match self.arch {
            "386" | "arm" => 0xffff_ffff,
            _ => u64::MAX,
        }
    }

    /// Compares an address in the first file with one in the second.
    pub(super) fn relation(&self, a: u64, b: u64) -> Relation {
        let [functions_a, functions_b] = self.functions;
        match (functions_a.at(a), functions_b.at(b)) {
            (Some((index_a, offset_a)), Some((index_b, offset_b))) => {
                let same = self.partner[index_a] == Some(index_b) && offset_a == offset_b;
                if same {
                    Relation::SameCode
                } else {
                    Relation::Apart
                }
            }
            (None, None) if self.spaces[0].has_data(a) && self.spaces[1].has_data(b) => {
                Relation::Data
            }
            _ => Relation::Apart,
        }
    }
}

fn functions_stay(functions: &[Functions<'_>; 2], pairs: &Pairs) -> bool {
    let [a, b] = functions;
    let place = |function: &Function<'_>| (function.address, function.size);
    let stays = |(of_a, of_b): &(usize, usize)| place(&a.all[*of_a]) == place(&b.all[*of_b]);
    pairs.only_a.is_empty() && pairs.only_b.is_empty() && pairs.both.iter().all(stays)
}

impl Space {
    fn of(artifact: &Artifact, functions: &Functions<'_>) -> Self {
        let first = functions.all.first().map_or(0, |function| function.address);
        let last = functions
            .all
            .last()
            .map_or(0, |function| function.address.saturating_add(function.size));
        let segments = &artifact.image.segments;
        let start = segments.iter().map(|segment| segment.address).min();
        let end = segments
            .iter()
            .map(|segment| {
                let len = segment.memory.max(segment.range.len() as u64);
                segment.address.saturating_add(len)
            })
            .max();
        // There any number may be an address: it is one in the program alone.
        let is_absolute = matches!(artifact.image.machine.goarch, Some("386" | "arm"));
        let slack = if is_absolute { 0 } else { ZEROED_MAX };
        Self {
            text: (first, last),
            all: (start.unwrap_or(0), end.unwrap_or(0).saturating_add(slack)),
        }
    }

    fn has_data(&self, address: u64) -> bool {
        let in_text = (self.text.0..self.text.1).contains(&address);
        !in_text && (self.all.0..self.all.1).contains(&address)
    }
}

/// Pairs of addresses that paired functions use in the same operand.
#[derive(Debug, Default)]
pub(super) struct References {
    all: Vec<(u64, u64)>,
    /// Where each function's references end.
    ends: Vec<usize>,
    /// Pairs that are one place, sorted.
    held: Vec<(u64, u64)>,
    full: bool,
}

impl References {
    pub(super) fn push(&mut self, a: u64, b: u64) {
        if self.all.len() < REFERENCES_MAX {
            self.all.push((a, b));
        } else {
            self.full = true;
        }
    }

    /// Takes back the references of the function at hand.
    pub(super) fn forget_function(&mut self) {
        self.all.truncate(self.ends.last().copied().unwrap_or(0));
    }

    pub(super) fn end_of_function(&mut self) {
        self.ends.push(self.all.len());
    }

    /// Decides which pairs are one place: the linker moves data in long runs, so
    /// a pair holds when a neighbour moved by the same distance, or when both
    /// addresses hold the same bytes. An address that went to two places went
    /// where most references say. Where a section stayed as it was, nothing in it
    /// moved by itself, and neighbours prove nothing.
    pub(super) fn settle(&mut self, artifacts: [&Artifact; 2], still: &Still) {
        let mut sorted = self.all.clone();
        sorted.sort_unstable();
        let chosen = majority(&sorted);
        let moved = |(a, b): (u64, u64)| b.wrapping_sub(a);
        let mut held = Vec::with_capacity(chosen.len());
        for (index, pair) in chosen.iter().enumerate() {
            let like = |other: Option<&(u64, u64)>| {
                other.is_some_and(|other| moved(*other) == moved(*pair))
            };
            let before = index.checked_sub(1).and_then(|index| chosen.get(index));
            let holds = match still.distance(pair.0) {
                Some(distance) if moved(*pair) == distance => true,
                Some(_) => same_content(artifacts, *pair),
                None => {
                    like(before) || like(chosen.get(index + 1)) || same_content(artifacts, *pair)
                }
            };
            if holds {
                held.push(*pair);
            }
        }
        self.held = held;
    }

    /// Returns where data went, and functions with it.
    pub(super) fn into_moves(self, functions: &[Functions<'_>; 2], pairs: &Pairs) -> Moves {
        let [a, b] = functions;
        let mut all = self.held;
        for (of_a, of_b) in &pairs.both {
            let (one, other) = (&a.all[*of_a], &b.all[*of_b]);
            all.push((one.address, other.address));
            let last = one.size.min(other.size).saturating_sub(1);
            all.push((
                one.address.saturating_add(last),
                other.address.saturating_add(last),
            ));
        }
        Moves::of(all)
    }

    /// Says whether every reference of a function holds.
    pub(super) fn all_hold(&self, function: usize) -> bool {
        let start = function
            .checked_sub(1)
            .map_or(0, |before| self.ends[before]);
        let end = self.ends[function];
        !self.full
            && self.all[start..end]
                .iter()
                .all(|pair| self.held.binary_search(pair).is_ok())
    }
}

/// What did not change between two files, so that nothing in it can have moved by
/// itself.
pub(super) struct Still {
    /// Sections of equal bytes: addresses of the first file, and how far away they
    /// lie in the second.
    sections: Vec<(std::ops::Range<u64>, u64)>,
    /// Whether everything lies where it did, memory without bytes too.
    everything: bool,
}

impl Still {
    pub(super) fn of(
        artifacts: [&Artifact; 2],
        regions: &[RegionDiff],
        functions_stay: bool,
    ) -> Self {
        let [a, b] = artifacts.map(|artifact| &artifact.image);
        let changed: HashSet<&str> = regions.iter().map(|region| region.name.as_str()).collect();
        let is_loaded = |region: &&Region| region.address.is_some();
        let same = a.regions.iter().filter(is_loaded).filter_map(|region| {
            let other = b.region(&region.name)?;
            let is_same = region.content == Content::Data
                && region.range.len() == other.range.len()
                && (!changed.contains(&*region.name) || stays(artifacts, region, other));
            let (from, to) = (region.address?, other.address?);
            let end = from.saturating_add(region.range.len() as u64);
            is_same.then(|| (from..end, to.wrapping_sub(from)))
        });
        // Memory that begins as zero follows the bytes of a segment.
        let zeroed = a
            .segments
            .iter()
            .zip(&b.segments)
            .filter_map(|(one, other)| {
                let len = one.range.len() as u64;
                let is_same = one.memory == other.memory && one.range.len() == other.range.len();
                let memory =
                    one.address.saturating_add(len)..one.address.saturating_add(one.memory);
                (is_same && memory.start < memory.end)
                    .then(|| (memory, other.address.wrapping_sub(one.address)))
            });
        // Debug information has addresses in some formats, and nothing refers to it.
        let is_debug = |region: &Region| region.content == Content::Symbols;
        let places = |image: &Image| -> Vec<(String, Option<u64>, usize)> {
            let loaded = image.regions.iter().filter(is_loaded);
            loaded
                .filter(|region| !is_debug(region))
                .map(|region| (region.name.clone(), region.address, region.range.len()))
                .collect()
        };
        let memory = |image: &Image| -> Vec<(u64, u64)> {
            let segments = image.segments.iter().filter(|segment| {
                let first = image.region_at(segment.range.start);
                !first.is_some_and(is_debug)
            });
            segments
                .map(|segment| (segment.address, segment.memory))
                .collect()
        };
        Self {
            sections: same.chain(zeroed).collect(),
            everything: functions_stay && places(a) == places(b) && memory(a) == memory(b),
        }
    }

    /// Says whether everything lies where it did.
    pub(super) fn is_everything(&self) -> bool {
        self.everything
    }

    /// Returns how far an address of the first file can only have moved.
    fn distance(&self, address: u64) -> Option<u64> {
        if self.everything {
            return Some(0);
        }
        let mut sections = self.sections.iter();
        let (_, distance) = sections.find(|(section, _)| section.contains(&address))?;
        Some(*distance)
    }
}

/// Says whether most variables of a section have the values that they had at
/// their places: pointers to what moved elsewhere are not the same.
fn stays(artifacts: [&Artifact; 2], region: &Region, other: &Region) -> bool {
    const WORD: usize = 8;
    let is_writable = region.name.contains("data") && !region.name.ends_with("rodata");
    let sides = [(artifacts[0], region), (artifacts[1], other)];
    let [a, b] = sides.map(|(artifact, region)| {
        let bytes = artifact.bytes().get(region.range.clone());
        bytes.unwrap_or_default().chunks(WORD)
    });
    let is_set = |(one, other): &(&[u8], &[u8])| one.iter().chain(*other).any(|byte| *byte != 0);
    let set = || a.clone().zip(b.clone()).filter(is_set);
    let same = set().filter(|(one, other)| one == other).count();
    is_writable && region.name != ".rdata" && 2 * same >= set().count()
}

/// For each first address the second one that occurs most, unless two do; and
/// the other way round: two things do not become one.
fn majority(sorted: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut chosen = most(sorted);
    chosen.sort_unstable_by_key(|((a, b), _)| (*b, *a));
    let mut unique: Vec<(u64, u64)> = Vec::with_capacity(chosen.len());
    for group in chosen.chunk_by(|one, next| one.0.1 == next.0.1) {
        let best = group.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let mut leaders = group.iter().filter(|(_, count)| *count == best);
        if let (Some((pair, _)), None) = (leaders.next(), leaders.next()) {
            unique.push(*pair);
        }
    }
    unique.sort_unstable();
    unique
}

/// The first half of [`majority`], with how often each pair occurs.
fn most(sorted: &[(u64, u64)]) -> Vec<((u64, u64), usize)> {
    let mut chosen = Vec::new();
    for group in sorted.chunk_by(|one, next| one.0 == next.0) {
        let mut best: Option<((u64, u64), usize)> = None;
        let mut tied = false;
        for same in group.chunk_by(|one, next| one == next) {
            match best {
                Some((_, count)) if same.len() < count => {}
                Some((_, count)) if same.len() == count => tied = true,
                _ => {
                    best = Some((same[0], same.len()));
                    tied = false;
                }
            }
        }
        chosen.extend(best.filter(|_| !tied));
    }
    chosen
}

fn same_content(artifacts: [&Artifact; 2], (a, b): (u64, u64)) -> bool {
    let at = |artifact: &Artifact, address| {
        let found = artifact
            .image
            .at_address(artifact.bytes(), address, CONTENT_LEN)?;
        found.iter().any(|byte| *byte != 0).then(|| found.to_vec())
    };
    let (a, b) = (at(artifacts[0], a), at(artifacts[1], b));
    a.is_some() && a == b
}

#[cfg(test)]
mod tests;
