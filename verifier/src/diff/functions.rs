//! Functions side by side: which have other code, and which only moved or refer
//! to what moved.
//!
//! Functions are paired by name. A pair's code is the same when its bytes are
//! equal once every operand that refers to the same place in both files is left
//! out: calls and jumps to paired functions, and addresses of data that moved
//! with its neighbours. Nothing is disassembled; see `operands`.

mod comparer;
pub mod described;
mod moves;
pub(crate) mod operands;
mod outside;
mod pairs;
mod places;

use serde::Serialize;

use super::regions::{RegionDiff, Span};
use crate::artifact::Artifact;
use crate::goinfo::functions::Functions;
use crate::goinfo::pclntab::Found;
use comparer::Comparer;
pub use moves::Moves;

/// The most functions listed by name.
pub const LISTED_MAX: usize = 2000;

/// The most packages counted one by one.
const PACKAGES_MAX: usize = 20_000;

/// What became of one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Its code is not the same.
    Changed,
    /// Only the first file has it.
    OnlyA,
    /// Only the second file has it.
    OnlyB,
    /// Its bytes differ, and whether only addresses do could not be shown.
    Unclear,
    /// Only addresses in it differ, of things that moved.
    Shifted,
    /// The code is the same, and the source lines that it came from are not.
    Lines,
    /// The same in everything.
    Same,
}

/// How many functions there are of each [`Change`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Other code.
    pub changed: usize,
    /// Only in the first file.
    pub only_a: usize,
    /// Only in the second file.
    pub only_b: usize,
    /// Perhaps only moved addresses.
    pub unclear: usize,
    /// Only moved addresses.
    pub shifted: usize,
    /// Other source lines, the same code.
    pub lines: usize,
    /// Equal.
    pub same: usize,
}

/// One function that is not the same in both files, as the report has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FunctionDiff {
    /// Its symbol name.
    pub name: String,
    /// The import path of its package.
    pub package: String,
    /// The source file it begins in.
    pub file: Option<String>,
    /// What became of it.
    pub change: Change,
    /// Every source file that its code comes from, where it is not the same: the
    /// compiler puts small functions into those that call them. For causes; no
    /// part of the report.
    #[serde(skip)]
    pub files: Vec<String>,
    /// The file that the first other byte of its code comes from. For causes too.
    #[serde(skip)]
    pub differs_in: Option<String>,
    /// Its place in the first file.
    pub a: Option<Place>,
    /// Its place in the second file.
    pub b: Option<Place>,
}

/// Where a function lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its address.
    pub address: u64,
    /// Its size in bytes, padding included.
    pub size: u64,
    /// Where it begins in the file.
    pub offset: usize,
}

/// All functions of two files side by side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunctionsDiff {
    /// How many there are of each kind.
    pub counts: Counts,
    /// The packages in which anything but addresses differs, most changed first.
    pub packages: Vec<(String, Counts)>,
    /// Functions that are not the same, worst first; shifted ones are counted
    /// only.
    pub functions: Vec<FunctionDiff>,
    /// How many more such functions there are.
    pub functions_omitted: usize,
    /// How many functions stand in another order than in the first file, those
    /// left out that stand in another order in their source.
    pub reordered: usize,
    /// The names of each file's first functions.
    pub first: [Vec<String>; 2],
    /// Code outside of them all that is not the same: C, start-up code, sections of
    /// their own. Whether only addresses differ there nobody can tell.
    pub outside: Vec<Span>,
    /// Whether all functions, sections and memory lie where they did.
    pub is_in_place: bool,
    /// Whether both programs begin at the same place.
    pub is_entry_same: bool,
    /// Where code and data of the first file lie in the second.
    pub moves: Moves,
}

impl FunctionsDiff {
    /// Compares the functions of two files; `None` when either has no line table
    /// that can be read, or they are for different machines.
    pub fn of(a: &Artifact, b: &Artifact, regions: &[RegionDiff]) -> Option<Self> {
        if a.image.machine.goarch != b.image.machine.goarch || a.image.format != b.image.format {
            return None;
        }
        let (found_a, found_b) = (
            Found::in_image(a.bytes(), &a.image)?,
            Found::in_image(b.bytes(), &b.image)?,
        );
        let (functions_a, functions_b) = rayon::join(
            || Functions::read(a.bytes(), &a.image, &found_a),
            || Functions::read(b.bytes(), &b.image, &found_b),
        );
        let functions = [functions_a?, functions_b?];
        Some(Comparer::new([a, b], &functions).compare(regions))
    }

    /// Settles what is unclear where nothing moved: then no address is another,
    /// and other bytes are other code.
    pub fn settle(&mut self) {
        // An object for a linker has no addresses yet, and so no code by them.
        let has_no_code = |function: &FunctionDiff| {
            let places = [function.a, function.b];
            let is_nowhere = |place: Option<Place>| place.is_some_and(|place| place.offset == 0);
            function.change == Change::Unclear && places.into_iter().any(is_nowhere)
        };
        if self.functions.iter().any(has_no_code) {
            return;
        }
        let settled = |change: &mut Change| {
            if *change == Change::Unclear {
                *change = Change::Changed;
            }
        };
        let count = |counts: &mut Counts| {
            counts.changed += std::mem::take(&mut counts.unclear);
        };
        self.functions
            .iter_mut()
            .for_each(|function| settled(&mut function.change));
        self.packages
            .iter_mut()
            .for_each(|(_, counts)| count(counts));
        count(&mut self.counts);
    }

    /// Says whether every function was shown to be in both files with the same
    /// code.
    pub fn is_same_code(&self) -> bool {
        let counts = &self.counts;
        counts.changed + counts.only_a + counts.only_b + counts.unclear == 0
    }

    /// Says whether code outside of all functions differs though nothing moved:
    /// then it is other code.
    pub fn has_other_code_outside(&self) -> bool {
        self.is_in_place && !self.outside.is_empty()
    }
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, change: Change) {
        let count = match change {
            Change::Changed => &mut self.changed,
            Change::OnlyA => &mut self.only_a,
            Change::OnlyB => &mut self.only_b,
            Change::Unclear => &mut self.unclear,
            Change::Shifted => &mut self.shifted,
            Change::Lines => &mut self.lines,
            Change::Same => &mut self.same,
        };
        *count += 1;
    }

    /// Returns how many functions have other code or are on one side only.
    pub fn differing(&self) -> usize {
        self.changed + self.only_a + self.only_b
    }
}

#[cfg(test)]
mod tests;
