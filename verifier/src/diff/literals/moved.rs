//! Texts that the same code names in two files where all moved, and that are not the same.
//!
//! Code takes a text's length right behind its address; only a text of that length is
//! compared, and what follows it is another one.

use std::ops::Range;

use super::{Literal, Of};
use crate::artifact::Artifact;
use crate::diff::functions::operands;
use crate::diff::references::{self, Reference};
use crate::diff::strings::is_printable;

/// The most texts kept.
const KEPT_MAX: usize = 64;

/// How far behind the address the length is taken, in bytes: the next instruction or the
/// one after that.
const NEAR: usize = 16;

/// How long the instruction is that makes an address: LEAQ text(SB), AX.
const LEA_LEN: usize = 7;

/// The longest text looked at, in bytes.
const TEXT_LEN_MAX: usize = 1 << 16;

/// Shorter texts may be anything.
const TEXT_LEN_MIN: usize = 2;

/// Sections of constants.
const CONSTANT: [&str; 3] = [".rodata", "__rodata", ".rdata"];

/// Finds texts of one length that differ.
pub fn compare(a: &Artifact, b: &Artifact) -> Vec<Literal> {
    references::found([a, b], KEPT_MAX, |reference| text([a, b], reference))
}

fn text(files: [&Artifact; 2], reference: &Reference<'_>) -> Option<Literal> {
    let arch = files[0].image.machine.goarch.unwrap_or_default();
    let near = reference.code.get(..NEAR.min(reference.code.len()))?;
    // Behind the instruction that makes the address.
    let len = operands::numbers(near.get(LEA_LEN..)?, arch)
        .into_iter()
        .next()?;
    let len = usize::try_from(len)
        .ok()
        .filter(|len| (TEXT_LEN_MIN..=TEXT_LEN_MAX).contains(len))?;
    let ranges = [0, 1].map(|side| constant(files[side], reference.addresses[side], len));
    let [Some(one), Some(other)] = ranges else {
        return None;
    };
    let (text_a, text_b) = (
        files[0].bytes().get(one.clone())?,
        files[1].bytes().get(other.clone())?,
    );
    let is_text = |text: &[u8]| {
        text.iter().all(|byte| is_printable(*byte)) && std::str::from_utf8(text).is_ok()
    };
    // A file that was embedded ends with a line end; its own explainer looks after it.
    let is_file = text_a.ends_with(b"\n") || text_b.ends_with(b"\n");
    (text_a != text_b && !is_file && is_text(text_a) && is_text(text_b)).then(|| Literal {
        span: one.clone(),
        a: one,
        b: other,
        is_within: true,
        of: Of::Function {
            name: reference.function.to_owned(),
            file: reference.file().map(str::to_owned),
            used_in: reference.used_in().map(str::to_owned),
            used_at: reference.at,
        },
    })
}

/// Returns the bytes of a constant; what names the build is none.
fn constant(artifact: &Artifact, address: u64, len: usize) -> Option<Range<usize>> {
    let range = artifact.image.range_at(address, len)?;
    let region = artifact.image.region_at(range.start)?;
    let is_constant = CONSTANT.contains(&region.name.as_str()) && range.end <= region.range.end;
    let mut stamps = artifact.go.stamps.iter();
    let is_stamp =
        stamps.any(|stamp| stamp.range.start < range.end && range.start < stamp.range.end);
    (is_constant && !is_stamp).then_some(range)
}
