//! The comparison of all functions of two files, and what is kept of it.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::operands::{self, Code, Outcome};
use super::outside;
use super::pairs::{Pairs, Side};
use super::places::{Places, References, Relation, Still};
use super::{Change, Counts, FunctionDiff, FunctionsDiff, LISTED_MAX, PACKAGES_MAX, Place};
use crate::artifact::Artifact;
use crate::diff::layout;
use crate::diff::regions::{self, RegionDiff};
use crate::goinfo::functions::{Function, Functions, package};
use crate::goinfo::pclntab::origins;

/// Bytes of code that tell one entry outside of Go's functions from another.
const ENTRY_LEN: usize = 16;

/// The most names kept of the first functions.
const FIRST_MAX: usize = 8;

fn first_names(functions: &Functions<'_>) -> Vec<String> {
    let names = functions.all.iter().take(FIRST_MAX);
    names.map(|function| function.name.to_owned()).collect()
}

pub(super) struct Comparer<'a> {
    artifacts: [&'a Artifact; 2],
    functions: &'a [Functions<'a>; 2],
    pairs: Pairs,
    /// How many more bytes of line numbers are read.
    line_bytes: Cell<usize>,
}

/// What became of a function or a pair of them, by its index in each file.
struct Judged {
    change: Change,
    /// The first byte that is other code.
    at: Option<usize>,
    a: Option<usize>,
    b: Option<usize>,
}

/// What a function without lines that can be read counts for, in bytes.
const LINES_READ: usize = 1 << 17;

impl<'a> Comparer<'a> {
    pub(super) fn new(artifacts: [&'a Artifact; 2], functions: &'a [Functions<'a>; 2]) -> Self {
        let [a, b] = functions;
        let side = |functions: &'a Functions<'a>, index: usize| Side {
            functions: &functions.all,
            bytes: artifacts[index].bytes(),
        };
        Self {
            artifacts,
            functions,
            line_bytes: Cell::new(artifacts[0].bytes().len().saturating_mul(2)),
            pairs: Pairs::of(side(a, 0), side(b, 1)),
        }
    }

    pub(super) fn compare(&self, regions: &[RegionDiff]) -> FunctionsDiff {
        let [a, b] = self.functions;
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(self.pairs.both.len());
        let places = Places::of(self.artifacts, self.functions, &self.pairs);
        let mut references = References::default();
        for (of_a, of_b) in &self.pairs.both {
            let (a, b) = (self.code(0, &a.all[*of_a]), self.code(1, &b.all[*of_b]));
            outcomes.push(operands::compare(&a, &b, &places, &mut references));
            references.end_of_function();
        }
        // Where data went is known only when every reference has been seen.
        let still = Still::of(self.artifacts, regions, places.functions_stay());
        references.settle(self.artifacts, &still);
        // Where nothing but code differs and all lies where it did, no address is
        // another one.
        let nothing_moved = still.is_everything() && regions::is_in_place(regions);
        let first = |of_a: usize, of_b: usize| {
            operands::first_difference(&self.code(0, &a.all[of_a]), &self.code(1, &b.all[of_b]))
        };
        let pairs = self.pairs.both.iter().zip(outcomes).enumerate();
        let mut list: Vec<Judged> = pairs
            .map(|(index, ((of_a, of_b), outcome))| {
                let lines = || self.lines_differ(*of_a, *of_b);
                let (change, at) = match outcome {
                    Outcome::Unknown => (Change::Unclear, None),
                    Outcome::Changed(at) => (Change::Changed, Some(at)),
                    Outcome::Shifted if nothing_moved => {
                        (Change::Changed, Some(first(*of_a, *of_b)))
                    }
                    Outcome::Shifted if !references.all_hold(index) => (Change::Unclear, None),
                    Outcome::Same | Outcome::Shifted if lines() => (Change::Lines, None),
                    Outcome::Shifted => (Change::Shifted, None),
                    Outcome::Same => (Change::Same, None),
                };
                Judged {
                    change,
                    at,
                    a: Some(*of_a),
                    b: Some(*of_b),
                }
            })
            .collect();
        let mut diff = FunctionsDiff {
            reordered: self.reordered(&list),
            first: [first_names(a), first_names(b)],
            outside: outside::compare(self.artifacts, self.functions, regions),
            is_in_place: still.is_everything(),
            is_entry_same: self.is_entry_same(&places),
            moves: references.into_moves(self.functions, &self.pairs),
            ..FunctionsDiff::default()
        };
        let one_sided = |change, a, b| Judged {
            change,
            at: None,
            a,
            b,
        };
        let only_a = self.pairs.only_a.iter();
        list.extend(only_a.map(|index| one_sided(Change::OnlyA, Some(*index), None)));
        let only_b = self.pairs.only_b.iter();
        list.extend(only_b.map(|index| one_sided(Change::OnlyB, None, Some(*index))));
        self.gather(list, &mut diff);
        diff
    }

    /// Says whether both programs begin at the same place, as far as that can be
    /// shown: of the same function, or outside of them at equal code.
    fn is_entry_same(&self, places: &Places<'_>) -> bool {
        let entries = layout::entry(self.artifacts[0]).zip(layout::entry(self.artifacts[1]));
        let Some((a, b)) = entries else {
            return false;
        };
        let code = |side: usize, address| {
            let artifact = self.artifacts[side];
            let image = &artifact.image;
            image.at_address(artifact.bytes(), address, ENTRY_LEN)
        };
        let is_outside = [(0, a), (1, b)]
            .into_iter()
            .all(|(side, address)| self.functions[side].at(address).is_none());
        places.relation(a, b) == Relation::SameCode
            || is_outside && code(0, a).is_some() && code(0, a) == code(1, b)
    }

    /// Counts functions that come before one that they followed. Functions of one
    /// package that come from other lines were moved in their source.
    fn reordered(&self, both: &[Judged]) -> usize {
        let name = |one: &Judged| one.a.map(|index| self.functions[0].all[index].name);
        let by_source = |one: &Judged, next: &Judged| {
            let package = |one| name(one).map(package::of_symbol);
            (one.change == Change::Lines || next.change == Change::Lines)
                && package(one) == package(next)
        };
        let descends = |pair: &&[Judged]| match pair {
            [one, next] => next.b < one.b && !by_source(one, next),
            _ => false,
        };
        both.windows(2).filter(descends).count()
    }

    fn code(&self, side: usize, function: &Function<'_>) -> Code<'a> {
        Code {
            address: function.address,
            bytes: self.artifacts[side]
                .bytes()
                .get(function.range.clone())
                .unwrap_or_default(),
        }
    }

    /// Says whether a function comes from other lines or another file.
    fn lines_differ(&self, of_a: usize, of_b: usize) -> bool {
        let [a, b] = self.functions;
        let (a_record, b_record) = (a.all[of_a].record, b.all[of_b].record);
        // Real functions have lines of their own; many that share long ones are
        // made to be slow.
        let left = self.line_bytes.get();
        let other_lines = left > 0 && {
            let (a_lines, b_lines) = (a.table.lines(a_record), b.table.lines(b_record));
            let len = a_lines.map_or(LINES_READ, <[u8]>::len);
            self.line_bytes.set(left.saturating_sub(len));
            // What was put into it may come from other lines of its own source.
            let own = || {
                let sides = a.table.stretches(a_record).zip(b.table.stretches(b_record));
                sides.is_none_or(|(a, b)| !origins::same_own_lines(&a, &b))
            };
            a_lines != b_lines && own()
        };
        other_lines || a.table.start_line(a_record) != b.table.start_line(b_record)
    }

    /// Every file that a function's code comes from on either side.
    fn files(&self, judged: &Judged) -> Vec<String> {
        let [a, b] = self.functions;
        let files = |functions: &Functions<'a>, index: Option<usize>| {
            index.map_or_else(Vec::new, |index| {
                functions.table.files(functions.all[index].record)
            })
        };
        let mut files = [files(a, judged.a), files(b, judged.b)].concat();
        files.sort_unstable();
        files.dedup();
        files.into_iter().map(str::to_owned).collect()
    }

    /// The file that other code comes from: where one line became longer or
    /// shorter, else at the first other byte. Jumps over what grew differ earlier.
    fn differs_in(&self, judged: &Judged) -> Option<String> {
        let at = u64::try_from(judged.at?).ok()?;
        let [a, b] = self.functions;
        let (a_record, b_record) = (a.all[judged.a?].record, b.all[judged.b?].record);
        let sides = a
            .table
            .stretches(a_record)
            .zip(b.table.stretches(b_record))?;
        let grown = origins::first_grown(&sides.0, &sides.1);
        let file = match grown {
            Some(file) => a.table.file_name(a_record, file),
            None => a.table.file_at(a_record, at),
        };
        file.map(str::to_owned)
    }

    fn gather(&self, mut list: Vec<Judged>, diff: &mut FunctionsDiff) {
        let [a, b] = self.functions;
        let mut packages: BTreeMap<String, Counts> = BTreeMap::new();
        list.sort_by_key(|judged| judged.change);
        for judged in list {
            let (change, of_a, of_b) = (judged.change, judged.a, judged.b);
            diff.counts.add(change);
            let one = of_a
                .map(|index| &a.all[index])
                .or_else(|| of_b.map(|index| &b.all[index]));
            let Some(one) = one else {
                continue;
            };
            let package = package::of_symbol(one.name);
            if let Some(counts) = packages.get_mut(package.as_ref()) {
                counts.add(change);
            } else if packages.len() < PACKAGES_MAX {
                let counts = packages.entry(package.clone().into_owned());
                counts.or_default().add(change);
            }
            if matches!(change, Change::Same | Change::Shifted) {
                continue;
            }
            if diff.functions.len() >= LISTED_MAX {
                diff.functions_omitted += 1;
                continue;
            }
            let place = |function: &Function<'_>| Place {
                address: function.address,
                size: function.size,
                offset: function.range.start,
            };
            let file = of_a
                .and_then(|index| a.table.file(a.all[index].record))
                .or_else(|| of_b.and_then(|index| b.table.file(b.all[index].record)));
            diff.functions.push(FunctionDiff {
                name: one.name.to_owned(),
                package: package.into_owned(),
                file: file.map(str::to_owned),
                change,
                files: self.files(&judged),
                differs_in: self.differs_in(&judged),
                a: of_a.map(|index| place(&a.all[index])),
                b: of_b.map(|index| place(&b.all[index])),
            });
        }
        let mut packages: Vec<(String, Counts)> = packages
            .into_iter()
            .filter(|(_, counts)| counts.differing() + counts.unclear + counts.lines > 0)
            .collect();
        packages.sort_by_key(|(_, counts)| {
            std::cmp::Reverse((counts.differing(), counts.unclear, counts.lines))
        });
        diff.packages = packages;
    }
}
