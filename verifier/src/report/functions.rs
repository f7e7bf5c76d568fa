//! Functions side by side, as reports hold them.

use serde::Serialize;

use crate::diff::FunctionsDiff;
use crate::diff::functions::{self, Change, FunctionDiff, Place};

/// The most packages and functions listed.
const LISTED_MAX: usize = 1000;

/// The functions of two programs.
#[derive(Debug, Clone, Serialize)]
pub struct Functions {
    /// How many there are of each kind.
    pub counts: Counts,
    /// How many stand in another order than in the first file.
    pub reordered: usize,
    /// Packages in which functions differ in more than addresses.
    pub packages: Vec<Package>,
    /// How many more such packages there are.
    pub packages_omitted: usize,
    /// Functions that differ in more than addresses.
    pub functions: Vec<Function>,
    /// How many more such functions there are.
    pub functions_omitted: usize,
}

/// Functions counted by what became of them.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Counts {
    /// Other code.
    pub changed: usize,
    /// Only in the first file.
    pub only_a: usize,
    /// Only in the second file.
    pub only_b: usize,
    /// Different bytes that may be moved addresses.
    pub unclear: usize,
    /// Nothing differs but addresses of what moved.
    pub shifted: usize,
    /// The same code from other source lines.
    pub lines: usize,
    /// Equal.
    pub same: usize,
}

/// The functions of one package.
#[derive(Debug, Clone, Serialize)]
pub struct Package {
    /// Import path.
    pub package: String,
    /// How many functions there are of each kind.
    pub counts: Counts,
}

/// One function.
#[derive(Debug, Clone, Serialize)]
pub struct Function {
    /// Symbol name.
    pub name: String,
    /// Import path of its package.
    pub package: String,
    /// Source file.
    pub file: Option<String>,
    /// `changed`, `only_a`, `only_b`, `unclear` or `lines`.
    pub change: &'static str,
    /// Its place in the first file.
    pub a: Option<FunctionPlace>,
    /// Its place in the second file.
    pub b: Option<FunctionPlace>,
}

/// Where a function lies.
#[derive(Debug, Clone, Serialize)]
pub struct FunctionPlace {
    /// Address in the program.
    pub address: u64,
    /// Bytes, padding included.
    pub size: u64,
    /// Offset in the file.
    pub offset: usize,
}

impl Functions {
    /// Takes down a comparison.
    pub fn of(diff: &FunctionsDiff) -> Self {
        let packages = diff.packages.iter().take(LISTED_MAX);
        let listed = diff.functions.len().min(LISTED_MAX);
        Self {
            counts: counts(&diff.counts),
            reordered: diff.reordered,
            packages: packages
                .map(|(package, found)| Package {
                    package: package.clone(),
                    counts: counts(found),
                })
                .collect(),
            packages_omitted: diff.packages.len().saturating_sub(LISTED_MAX),
            functions: diff.functions[..listed].iter().map(function).collect(),
            functions_omitted: diff.functions_omitted + diff.functions.len() - listed,
        }
    }
}

fn counts(counts: &functions::Counts) -> Counts {
    Counts {
        changed: counts.changed,
        only_a: counts.only_a,
        only_b: counts.only_b,
        unclear: counts.unclear,
        shifted: counts.shifted,
        lines: counts.lines,
        same: counts.same,
    }
}

fn function(diff: &FunctionDiff) -> Function {
    let place = |place: Place| FunctionPlace {
        address: place.address,
        size: place.size,
        offset: place.offset,
    };
    Function {
        name: diff.name.clone(),
        package: diff.package.clone(),
        file: diff.file.clone(),
        change: match diff.change {
            Change::Changed => "changed",
            Change::OnlyA => "only_a",
            Change::OnlyB => "only_b",
            Change::Unclear => "unclear",
            Change::Shifted => "shifted",
            Change::Lines => "lines",
            Change::Same => "same",
        },
        a: diff.a.map(place),
        b: diff.b.map(place),
    }
}
