//! Data that is not the same in two files where all lies at the same places, by
//! whose it is: a variable's or table's by its symbol, else a constant's that code
//! or another datum names.
//!
//! What is counted to something ends where that ends: at the end of its symbol, or
//! of the string that names it. Where nothing tells an end, the answer is weaker
//! ([`Literal::is_within`]); what lies outside of Go's data is nobody's here.

pub mod moved;
pub mod numbers;
mod uses;

use std::ops::Range;

use super::functions::operands;
use super::regions::{RegionDiff, Span};
use crate::artifact::Artifact;
use crate::goinfo::functions::{Functions, package};
use crate::goinfo::pclntab::Found;
use crate::goinfo::symbols::Symbols;
use crate::image::{Content, Format};
use uses::{By, Uses};

/// The most places looked at.
const SPANS_MAX: usize = 64;

/// From a string to the variable that holds it, and to a table of those.
const STEPS_MAX: usize = 3;

/// Code this near to where it names a text takes the text's length, in bytes.
const NEAR: usize = 32;

/// Sections that hold constants and variables of Go; others describe the program.
const SECTIONS: [&str; 11] = [
    ".rodata",
    ".rdata",
    "__rodata",
    ".data",
    "__data",
    ".noptrdata",
    "__noptrdata",
    ".data.rel.ro",
    "__const",
    "data",
    ".data.rel.ro.local",
];

/// A datum that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Its bytes in the first file, as far as they matter.
    pub a: Range<usize>,
    /// Its bytes in the second file.
    pub b: Range<usize>,
    /// The stretch of the first file that differs.
    pub span: Range<usize>,
    /// Whose it is.
    pub of: Of,
    /// Whether it is known to reach as far as the difference does. If not, it is
    /// what begins nearest before.
    pub is_within: bool,
}

/// Whose a datum is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// A variable's or table's of this symbol.
    Symbol(String),
    /// A function's whose code names it.
    Function {
        /// Its symbol name.
        name: String,
        /// Its source file.
        file: Option<String>,
        /// The source file that the code comes from which names the datum.
        used_in: Option<String>,
        /// Where that code lies in the file.
        used_at: usize,
    },
}

/// Finds out whose data differs in place; a stretch that is not the same one's in
/// both files has none.
pub fn compare(
    a: &Artifact,
    b: &Artifact,
    regions: &[RegionDiff],
    symbols: [&Symbols<'_>; 2],
) -> Vec<Literal> {
    let in_place = |region: &&RegionDiff| {
        let len = |range: &Option<Range<usize>>| range.as_ref().map(Range::len);
        let is_go = SECTIONS.contains(&region.name.as_str());
        is_go && region.content == Content::Data && len(&region.a) == len(&region.b)
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
    let side_a = Side::of(a, &functions_a, symbols[0]);
    let side_b = Side::of(b, &functions_b, symbols[1]);
    let literal = |span: &Span| {
        let (one, other) = (side_a.whose(&span.a)?, side_b.whose(&span.b)?);
        let same = one.is_same(&other) && span.a.start - one.start == span.b.start - other.start;
        same.then(|| Literal {
            a: one.start..span.a.end,
            b: other.start..span.b.end,
            span: span.a.clone(),
            is_within: one.is_within && other.is_within,
            of: one.of,
        })
    };
    let mut found = Vec::new();
    for span in spans {
        match literal(span) {
            Some(literal) => found.push(literal),
            // Neighbours may be of several.
            None => found.extend(pieces(a, b, span).iter().filter_map(literal)),
        }
    }
    found
}

/// Cuts a stretch into its differing bytes, neighbours together.
fn pieces(a: &Artifact, b: &Artifact, span: &Span) -> Vec<Span> {
    let (of_a, of_b) = (a.bytes().get(span.a.clone()), b.bytes().get(span.b.clone()));
    let bytes = of_a
        .unwrap_or_default()
        .iter()
        .zip(of_b.unwrap_or_default());
    let mut pieces: Vec<Span> = Vec::new();
    for (at, _) in bytes.enumerate().filter(|(_, (one, other))| one != other) {
        let (one, other) = (span.a.start + at, span.b.start + at);
        let is_full = pieces.len() >= SPANS_MAX;
        match pieces.last_mut() {
            Some(last) if last.a.end == one => (last.a.end, last.b.end) = (one + 1, other + 1),
            _ if is_full => break,
            _ => pieces.push(Span {
                a: one..one + 1,
                b: other..other + 1,
            }),
        }
    }
    pieces
}

/// Finds out whose some places of one file are, where that is known for sure.
pub fn holders(
    artifact: &Artifact,
    symbols: &Symbols<'_>,
    places: &[Range<usize>],
) -> Vec<Option<Of>> {
    if places.is_empty() {
        return Vec::new();
    }
    let found = Found::in_image(artifact.bytes(), &artifact.image);
    let functions = found
        .as_ref()
        .and_then(|found| Functions::read(artifact.bytes(), &artifact.image, found));
    let Some(functions) = functions else {
        return places.iter().map(|_| None).collect();
    };
    let side = Side::of(artifact, &functions, symbols);
    let holder = |place: &Range<usize>| {
        let whose = side.whose(place).filter(|whose| whose.is_within)?;
        Some(whose.of)
    };
    places.iter().map(holder).collect()
}

/// Whose a byte of one file is.
struct Whose {
    of: Of,
    /// Where the datum begins.
    start: usize,
    is_within: bool,
}

impl Whose {
    fn is_same(&self, other: &Self) -> bool {
        match (&self.of, &other.of) {
            (Of::Symbol(one), Of::Symbol(other)) => one == other,
            (Of::Function { name: one, .. }, Of::Function { name: other, .. }) => one == other,
            (Of::Symbol(_), Of::Function { .. }) | (Of::Function { .. }, Of::Symbol(_)) => false,
        }
    }
}

/// One file, and what names its data.
struct Side<'a> {
    artifact: &'a Artifact,
    functions: &'a Functions<'a>,
    symbols: &'a Symbols<'a>,
    /// Where Go's data lies, as far as symbols tell; none without symbols.
    go: Vec<Range<u64>>,
    uses: Uses,
}

impl<'a> Side<'a> {
    fn of(artifact: &'a Artifact, functions: &'a Functions<'a>, symbols: &'a Symbols<'a>) -> Self {
        Self {
            go: go_data(symbols),
            uses: Uses::of(artifact, functions),
            symbols,
            artifact,
            functions,
        }
    }

    fn whose(&self, span: &Range<usize>) -> Option<Whose> {
        self.step(span, STEPS_MAX)
    }

    fn step(&self, span: &Range<usize>, left: usize) -> Option<Whose> {
        let image = &self.artifact.image;
        let address = image.address_of(span.start)?;
        let has_symbols = self.symbols.has_functions();
        let is_c_linked = image.is_externally_linked() != Some(false);
        if let Some(symbol) = self.symbols.at(address).filter(|_| has_symbols) {
            let package = package::of_symbol(symbol.name);
            let end = symbol.address.saturating_add(symbol.size);
            let is_within = address.saturating_add(span.len() as u64) <= end;
            let is_go = !matches!(&*package, package::NONE | package::GENERATED);
            if is_go && !symbol.name.starts_with("runtime.rodata") {
                let start = usize::try_from(address - symbol.address).ok()?;
                // Without ends of its own, C data behind it would be counted to it.
                let is_known = is_within && (self.symbols.tells_ends() || !is_c_linked);
                return is_known.then(|| Whose {
                    of: Of::Symbol(symbol.name.to_owned()),
                    start: span.start - start,
                    is_within: true,
                });
            }
        }
        let is_go = self.go.iter().any(|range| range.contains(&address));
        if has_symbols && self.symbols.tells_ends() && !is_go {
            return None;
        }
        self.by_use(span, left, is_c_linked && !is_go)
    }

    /// Tells by what names it. Where C lies among Go's data and nothing tells them
    /// apart, only what surely reaches so far.
    fn by_use(&self, span: &Range<usize>, left: usize, only_within: bool) -> Option<Whose> {
        // Pointers of such programs lie in their relocations.
        let is_pie = self.artifact.image.format == Format::Elf
            && self.artifact.image.machine.kind != Some("executable");
        if is_pie {
            return None;
        }
        let found = self.uses.of_span(span)?;
        let next = found.next.unwrap_or(usize::MAX);
        for one in found.group {
            if let By::Data { at, len } = one.by {
                let is_within = span.end <= one.start.saturating_add(len);
                if !is_within || left == 0 {
                    continue;
                }
                return self.step(&(at..at + 1), left - 1).map(|holder| Whose {
                    start: one.start,
                    is_within: holder.is_within,
                    ..holder
                });
            }
        }
        let (one, index) = found.group.iter().find_map(|one| match one.by {
            By::Function { index } => Some((one, index)),
            By::Data { .. } => None,
        })?;
        let function = &self.functions.all[index];
        let offset = one.used_at.checked_sub(function.range.start)?;
        let is_within = span.start == one.start || {
            let arch = self.artifact.image.machine.goarch.unwrap_or_default();
            let end = function.range.end.min(one.used_at.saturating_add(NEAR));
            let near = self.artifact.bytes().get(one.used_at..end)?;
            operands::numbers(near, arch).into_iter().any(|len| {
                let end = one.start.saturating_add(len as usize);
                span.end <= end && end <= next
            })
        };
        (is_within || !only_within).then(|| Whose {
            start: one.start,
            is_within,
            of: Of::Function {
                name: function.name.to_owned(),
                file: self
                    .functions
                    .table
                    .file(function.record)
                    .map(str::to_owned),
                used_in: self
                    .functions
                    .table
                    .file_at(function.record, offset as u64)
                    .map(str::to_owned),
                used_at: one.used_at,
            },
        })
    }
}

/// Where Go's own data lies, by the marks that its linker sets.
pub(crate) fn go_data(symbols: &Symbols<'_>) -> Vec<Range<u64>> {
    const MARKS: [(&str, &str); 4] = [
        ("runtime.rodata", "runtime.erodata"),
        ("runtime.types", "runtime.etypes"),
        ("runtime.noptrdata", "runtime.enoptrdata"),
        ("runtime.data", "runtime.edata"),
    ];
    let range = |(start, end)| {
        let range = symbols.address_of(start)?..symbols.address_of(end)?;
        (range.start < range.end).then_some(range)
    };
    MARKS.into_iter().filter_map(range).collect()
}

#[cfg(test)]
mod tests;
