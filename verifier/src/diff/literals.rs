//! Constants that functions use, and that are not the same in two files where
//! all code is.
//!
//! A text of the source is no variable: code names its address. The linker puts
//! constants side by side, so that a byte belongs to the constant that begins
//! nearest before it.

use std::ops::Range;

use super::functions::operands;
use super::regions::{RegionDiff, Span};
use super::strings;
use crate::compare::Artifact;
use crate::goinfo::functions::Functions;
use crate::goinfo::pclntab::Found;
use crate::image::Content;

/// The most places looked at.
const SPANS_MAX: usize = 64;

/// The most references kept.
const REFERENCES_MAX: usize = 4_000_000;

/// A constant farther away than this is another one.
const LEN_MAX: usize = 1 << 16;

/// A constant that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Its bytes in the first file, as far as they matter.
    pub a: Range<usize>,
    /// Its bytes in the second file.
    pub b: Range<usize>,
    /// The stretch of the first file that differs.
    pub span: Range<usize>,
    /// The function that uses it.
    pub function: String,
    /// Where its code lies in the first file.
    pub code: Range<usize>,
    /// Where the first file's code names it.
    pub used_at: usize,
    /// The source file of the function.
    pub file: Option<String>,
    /// The source file that this code comes from.
    pub used_in: Option<String>,
}

/// Finds the constants that differing stretches of data belong to; a stretch
/// whose constant is not the same function's in both files has none.
pub fn compare(a: &Artifact, b: &Artifact, regions: &[RegionDiff]) -> Vec<Literal> {
    let in_place = |region: &&RegionDiff| {
        let len = |range: &Option<Range<usize>>| range.as_ref().map(Range::len);
        // Constants that code names lie where the program cannot write.
        let is_constant = [".rodata", ".rdata", "__rodata"].contains(&region.name.as_str());
        is_constant && region.content == Content::Data && len(&region.a) == len(&region.b)
    };
    let spans: Vec<&Span> = regions
        .iter()
        .filter(in_place)
        .flat_map(|region| &region.spans)
        .take(SPANS_MAX)
        .collect();
    if spans.is_empty() {
        return Vec::new();
    }
    let (Some(found_a), Some(found_b)) = (
        Found::in_image(a.bytes(), &a.image),
        Found::in_image(b.bytes(), &b.image),
    ) else {
        return Vec::new();
    };
    let (Some(functions_a), Some(functions_b)) = (
        Functions::read(a.bytes(), &a.image, &found_a),
        Functions::read(b.bytes(), &b.image, &found_b),
    ) else {
        return Vec::new();
    };
    let (uses_a, uses_b) = (Uses::of(a, &functions_a), Uses::of(b, &functions_b));
    let literal = |span: &&Span| {
        let (one, other) = (uses_a.of_span(&span.a)?, uses_b.of_span(&span.b)?);
        let (of_a, of_b) = (one.function?, other.function?);
        let function = &functions_a.all[of_a];
        let same = function.name == functions_b.all[of_b].name
            && span.a.start - one.start == span.b.start - other.start;
        let offset = one.used_at.checked_sub(function.range.start)?;
        same.then(|| Literal {
            a: one.start..span.a.end,
            b: other.start..span.b.end,
            span: span.a.clone(),
            function: function.name.to_owned(),
            code: function.range.clone(),
            used_at: one.used_at,
            file: functions_a.table.file(function.record).map(str::to_owned),
            used_in: functions_a
                .table
                .file_at(function.record, offset as u64)
                .map(str::to_owned),
        })
    };
    spans.iter().filter_map(literal).collect()
}

/// Where a constant begins, and the code that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    start: usize,
    /// None: a variable names it.
    function: Option<usize>,
    used_at: usize,
}

/// Every place where a constant begins, sorted.
struct Uses(Vec<Use>);

impl Uses {
    fn of(artifact: &Artifact, functions: &Functions<'_>) -> Self {
        let image = &artifact.image;
        let arch = image.machine.goarch.unwrap_or_default();
        let mut uses: Vec<Use> = strings::starts(artifact)
            .into_iter()
            .map(|start| Use {
                start,
                function: None,
                used_at: 0,
            })
            .collect();
        for (index, function) in functions.all.iter().enumerate() {
            let code = artifact.bytes().get(function.range.clone());
            let code = operands::Code {
                address: function.address,
                bytes: code.unwrap_or_default(),
            };
            for (at, address) in operands::addresses(&code, arch, image.machine.big_endian) {
                let Some(range) = image.range_at(address, 1) else {
                    continue;
                };
                if uses.len() >= REFERENCES_MAX {
                    // What is missing could be any byte's constant.
                    return Self(Vec::new());
                }
                uses.push(Use {
                    start: range.start,
                    function: Some(index),
                    used_at: function.range.start + at,
                });
            }
        }
        uses.sort_unstable();
        Self(uses)
    }

    /// Returns the first use of the constant that a stretch lies in.
    fn of_span(&self, span: &Range<usize>) -> Option<Use> {
        let after = self.0.partition_point(|one| one.start <= span.start);
        let start = self.0.get(after.checked_sub(1)?)?.start;
        let first = self.0.partition_point(|one| one.start < start);
        let ends_before = |next: &Use| next.start < span.end;
        let is_one = !self.0.get(after).is_some_and(ends_before);
        let near = span.start - start <= LEN_MAX;
        (is_one && near).then(|| self.0[first])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_belongs_to_the_constant_that_begins_before_it() {
        let one = |start, function, used_at| Use {
            start,
            function,
            used_at,
        };
        let uses = Uses(vec![
            one(100, Some(1), 7),
            one(100, Some(2), 9),
            one(120, None, 0),
        ]);
        assert_eq!(uses.of_span(&(105..110)), Some(one(100, Some(1), 7)));
        assert_eq!(uses.of_span(&(125..126)), Some(one(120, None, 0)));
        // Two constants, or none.
        assert_eq!(uses.of_span(&(115..125)), None);
        assert_eq!(uses.of_span(&(50..60)), None);
        assert_eq!(uses.of_span(&(120 + LEN_MAX + 1..120 + LEN_MAX + 2)), None);
    }
}
