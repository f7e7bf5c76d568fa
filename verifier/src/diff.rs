//! Two files side by side: build-ID parts, build information, regions, bytes.

pub mod bytes;
pub(crate) mod compiled;
pub mod fields;
pub mod first_bytes;
pub mod functions;
pub mod layout;
pub mod literals;
pub mod moved;
pub mod order;
pub(crate) mod references;
pub mod regions;
pub mod set_strings;
pub mod shift;
pub mod strings;
pub mod words;

use proto::buildid::Pattern;
use serde::Serialize;

use crate::artifact::Artifact;
pub use fields::Field;
pub use functions::FunctionsDiff;
pub use regions::{Accounting, RegionDiff};

/// The answer for a pair, or for all files together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The same bytes.
    Identical,
    /// Different bytes, and so different builds.
    Different,
    /// Different bytes, but what they hold can't be told: a file is empty, cut
    /// off, damaged, or a container that can't be read. Or both are empty.
    Inconclusive,
}

/// Everything in which two files differ, before anyone asks why.
#[derive(Debug, Clone)]
pub struct Diff {
    /// Which build-ID parts agree, when both files have all four.
    pub pattern: Option<Pattern>,
    /// Lines of build information that differ.
    pub fields: Vec<Field>,
    /// Regions that differ or are on one side only, in the order of the files.
    pub regions: Vec<RegionDiff>,
    /// How many regions are the same on both sides.
    pub regions_same: usize,
    /// The differing bytes added up.
    pub accounting: Accounting,
    /// Functions side by side, where both files tell them.
    pub functions: Option<FunctionsDiff>,
}

impl Diff {
    /// Compares two files.
    pub fn of(a: &Artifact, b: &Artifact) -> Self {
        let pattern =
            a.go.program()
                .zip(b.go.program())
                .map(|(a, b)| a.pattern(b));
        let (mut regions, regions_same) = regions::compare(a, b);
        let accounting = Accounting::of(&regions);
        let (mut functions, new) = rayon::join(
            || FunctionsDiff::of(a, b, &regions),
            || regions::new_content(a, b, &regions),
        );
        for (region, new) in regions.iter_mut().zip(new) {
            region.new = new;
        }
        if regions::is_in_place(&regions)
            && let Some(functions) = &mut functions
        {
            functions.settle();
        }
        Self {
            pattern,
            fields: fields::compare(&a.go, &b.go),
            regions,
            regions_same,
            accounting,
            functions,
        }
    }

    /// Returns the difference of a build setting.
    pub fn setting(&self, key: &str) -> Option<&Field> {
        self.fields
            .iter()
            .find(|field| matches!(&field.name, fields::Name::Setting(name) if name == key))
    }
}

#[cfg(test)]
pub(crate) mod made;
