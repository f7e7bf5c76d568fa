//! Functions side by side, as reports hold them.

use serde::Serialize;

use crate::diff::FunctionsDiff;
use crate::diff::functions::{Counts, FunctionDiff};

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
    pub functions: Vec<FunctionDiff>,
    /// How many more such functions there are.
    pub functions_omitted: usize,
}

/// The functions of one package.
#[derive(Debug, Clone, Serialize)]
pub struct Package {
    /// Import path.
    pub package: String,
    /// How many functions there are of each kind.
    pub counts: Counts,
}

impl Functions {
    /// Takes down a comparison.
    pub fn of(diff: &FunctionsDiff) -> Self {
        let packages = diff.packages.iter().take(LISTED_MAX);
        let listed = diff.functions.len().min(LISTED_MAX);
        Self {
            counts: diff.counts,
            reordered: diff.reordered,
            packages: packages
                .map(|(package, found)| Package {
                    package: package.clone(),
                    counts: *found,
                })
                .collect(),
            packages_omitted: diff.packages.len().saturating_sub(LISTED_MAX),
            functions: diff.functions[..listed].to_vec(),
            functions_omitted: diff.functions_omitted + diff.functions.len() - listed,
        }
    }
}
