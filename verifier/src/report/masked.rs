//! The second verdict as the report holds it.

use proto::quantity;
use serde::Serialize;

use crate::mask::{self, Compared, Sides, What};

/// Two files with what names or signs a build left out. Equal here is not equal.
#[derive(Debug, Clone, Serialize)]
pub struct Masked {
    /// Name and version of the set of masks.
    pub set: &'static str,
    /// Whether what is left of both files is the same.
    pub equal: bool,
    /// SHA-256 of what is left; null when it is not the same.
    pub sha256: Option<String>,
    /// Bytes hidden by masks that hide a difference, on the side with more.
    pub bytes: usize,
    /// Kinds of mask that are put on only when `--accept` names them, when with them
    /// nothing is left that differs.
    pub more: Vec<What>,
    /// What was masked, or can be.
    pub masks: Vec<Mask>,
}

/// One kind of mask.
#[derive(Debug, Clone, Serialize)]
pub struct Mask {
    /// What it hides.
    pub what: What,
    /// Whether the hidden bytes differ.
    pub differs: bool,
    /// Where it lies in the first file.
    pub a: Vec<Place>,
    /// Where it lies in the second file.
    pub b: Vec<Place>,
}

/// A stretch of one file.
#[derive(Debug, Clone, Serialize)]
pub struct Place {
    /// Offset in the file.
    pub offset: usize,
    /// Bytes.
    pub size: usize,
}

impl Masked {
    /// Takes down a comparison.
    pub fn of(compared: &Compared) -> Self {
        Self {
            set: mask::SET,
            equal: compared.equal,
            sha256: compared.sha256.map(hex::encode),
            bytes: compared.differing().map(Sides::bytes).sum(),
            more: compared.more.clone(),
            masks: compared.masks.iter().map(Mask::of).collect(),
        }
    }

    /// Says whether nothing differs but what masks of these kinds hide. Without any,
    /// the kinds are those that only name or sign a build.
    pub fn passes(&self, kinds: &[What]) -> bool {
        let hiding = self.masks.iter().filter(|mask| mask.differs);
        let is_meant = |what: What| {
            if kinds.is_empty() {
                what.is_mark()
            } else {
                kinds.contains(&what)
            }
        };
        (self.equal || !self.more.is_empty()) && hiding.map(|mask| mask.what).all(is_meant)
    }

    /// Says which masks hide a difference: `build ID, GNU build ID (103 bytes)`.
    pub fn describe(&self) -> String {
        let hiding = self.masks.iter().filter(|mask| mask.differs);
        let names: Vec<&str> = hiding.map(|mask| mask.what.as_str()).collect();
        format!("{} ({})", names.join(", "), quantity::bytes(self.bytes))
    }
}

impl Mask {
    fn of(sides: &Sides) -> Self {
        let places = |ranges: &[std::ops::Range<usize>]| {
            let place = |range: &std::ops::Range<usize>| Place {
                offset: range.start,
                size: range.len(),
            };
            ranges.iter().map(place).collect()
        };
        Self {
            what: sides.what,
            differs: sides.differs,
            a: places(&sides.a),
            b: places(&sides.b),
        }
    }
}
