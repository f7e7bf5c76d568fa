//! Data that the same code names in two files, wherever it lies.
//!
//! Two versions of a function whose code is as long name one datum at one place of it; where
//! the datum moved, that tells where to.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::functions::operands;
use crate::artifact::Artifact;
use crate::goinfo::functions::{Function, Functions};
use crate::goinfo::pclntab::Found;
use crate::image::Format;

/// The most references looked at.
const REFERENCES_MAX: usize = 4_000_000;

/// A place of code that names a datum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference<'r> {
    /// The function's name.
    pub(super) function: &'r str,
    /// Its source file.
    pub(super) file: Option<&'r str>,
    /// The source file that the code comes from.
    pub(super) used_in: Option<&'r str>,
    /// Where the code lies in the first file.
    pub(super) at: usize,
    /// The code of the first file from there on, to the function's end.
    pub(super) code: &'r [u8],
    /// The address that it names in each file.
    pub(super) addresses: [u64; 2],
}

/// Goes through what the same code names in both files; nothing where they are not alike
/// enough for code to tell.
pub(super) fn visit(
    a: &Artifact,
    b: &Artifact,
    each: &mut dyn FnMut(&Reference<'_>) -> ControlFlow<()>,
) {
    let alike = a.image.machine == b.image.machine && a.image.format == b.image.format;
    if !alike || a.image.format == Format::Wasm {
        return;
    }
    let (Some(found_a), Some(found_b)) = (
        Found::in_image(a.bytes(), &a.image),
        Found::in_image(b.bytes(), &b.image),
    ) else {
        return;
    };
    let (Some(functions_a), Some(functions_b)) = (
        Functions::read(a.bytes(), &a.image, &found_a),
        Functions::read(b.bytes(), &b.image, &found_b),
    ) else {
        return;
    };
    let by_name = by_name(&functions_b);
    let mut left = REFERENCES_MAX;
    for one in &functions_a.all {
        let Some(Some(other)) = by_name.get(one.name) else {
            continue;
        };
        for (offset, addresses) in of_functions([a, b], [one, other]) {
            let at = one.range.start + offset;
            let reference = Reference {
                function: one.name,
                file: functions_a.table.file(one.record),
                used_in: functions_a.table.file_at(one.record, offset as u64),
                at,
                code: a.bytes().get(at..one.range.end).unwrap_or_default(),
                addresses,
            };
            left -= 1;
            if left == 0 || each(&reference).is_break() {
                return;
            }
        }
    }
}

/// Functions by name; those that share one can't be told apart.
fn by_name<'f, 'a>(functions: &'f Functions<'a>) -> HashMap<&'a str, Option<&'f Function<'a>>> {
    let mut by_name: HashMap<&str, Option<&Function<'_>>> = HashMap::new();
    for function in &functions.all {
        by_name
            .entry(function.name)
            .and_modify(|known| *known = None)
            .or_insert(Some(function));
    }
    by_name
}

/// The addresses that two versions of a function name at the same places of their code.
fn of_functions(files: [&Artifact; 2], functions: [&Function<'_>; 2]) -> Vec<(usize, [u64; 2])> {
    let [one, other] = functions;
    if one.range.len() != other.range.len() {
        return Vec::new();
    }
    let named = |artifact: &Artifact, function: &Function<'_>| {
        let machine = &artifact.image.machine;
        let code = operands::Code {
            address: function.address,
            bytes: artifact
                .bytes()
                .get(function.range.clone())
                .unwrap_or_default(),
        };
        operands::addresses(
            &code,
            machine.goarch.unwrap_or_default(),
            machine.big_endian,
        )
    };
    let theirs: HashMap<usize, u64> = named(files[1], other).into_iter().collect();
    let ours = named(files[0], one).into_iter();
    ours.filter_map(|(at, address)| Some((at, [address, *theirs.get(&at)?])))
        .collect()
}
