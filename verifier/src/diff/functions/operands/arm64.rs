//! arm64: branches hold a distance; data is named by ADRP (a page) and the
//! instruction behind it (the place in the page).

use super::{Code, Outcome, is_same, next_difference, word};
use crate::diff::functions::places::{Places, References};

pub(super) fn compare(
    a: &Code<'_>,
    b: &Code<'_>,
    places: &Places<'_>,
    references: &mut References,
) -> Outcome {
    let mut at = 0;
    while let Some(differs) = next_difference(a.bytes, b.bytes, at) {
        let this = differs & !3;
        let before = this.checked_sub(4);
        let one = |code: &Code<'_>| target(code, this);
        let two = |code: &Code<'_>| before.and_then(|before| target(code, before));
        let (next, targets) = match (one(a), one(b)) {
            (Some(found_a), Some(found_b)) => (this + found_a.len, (found_a, found_b)),
            // The page may be the same and the place in it not.
            _ => match (two(a), two(b)) {
                (Some(found_a), Some(found_b)) if found_a.len == 8 => {
                    (this + 4, (found_a, found_b))
                }
                _ => return Outcome::Changed(differs),
            },
        };
        let (found_a, found_b) = targets;
        let same = found_a.rest == found_b.rest
            && found_a.len == found_b.len
            && is_same(found_a.address, found_b.address, places, references);
        if !same {
            return Outcome::Changed(differs);
        }
        at = next;
    }
    Outcome::Shifted
}

/// Returns every address that a page and a place in it make.
pub(super) fn addresses(code: &Code<'_>) -> Vec<(usize, u64)> {
    let two = |at: usize| {
        let found = target(code, at).filter(|found| found.len == 8)?;
        Some((at, found.address))
    };
    (0..code.bytes.len()).step_by(4).filter_map(two).collect()
}

/// An address that one or two instructions make.
struct Target {
    address: u64,
    /// The instructions with the address taken out.
    rest: (u32, u32),
    /// The bytes of the instructions.
    len: usize,
}

fn target(code: &Code<'_>, at: usize) -> Option<Target> {
    let first = word(code.bytes, at)?;
    let here = code.address.wrapping_add(at as u64);
    // B, BL: 26 bits of distance in instructions.
    if first & 0x7c00_0000 == 0x1400_0000 {
        let distance = signed(first & 0x03ff_ffff, 26) << 2;
        return Some(Target {
            address: here.wrapping_add_signed(distance),
            rest: (first & 0xfc00_0000, 0),
            len: 4,
        });
    }
    // ADR, ADRP: 21 bits, the lowest two apart.
    let is_adr = first & 0x1f00_0000 == 0x1000_0000;
    if !is_adr {
        return None;
    }
    let distance = signed((first >> 5 & 0x7_ffff) << 2 | first >> 29 & 3, 21);
    let rest = first & 0x9f00_001f;
    if first & 0x8000_0000 == 0 {
        return Some(Target {
            address: here.wrapping_add_signed(distance),
            rest: (rest, 0),
            len: 4,
        });
    }
    let page = (here & !0xfff).wrapping_add_signed(distance << 12);
    let second = word(code.bytes, at + 4)?;
    let same_register = second >> 5 & 0x1f == first & 0x1f;
    let scale = scale(second).filter(|_| same_register)?;
    let offset = u64::from(second >> 10 & 0xfff) << scale;
    Some(Target {
        address: page.wrapping_add(offset),
        rest: (rest, second & 0xffc0_03ff),
        len: 8,
    })
}

/// Returns how far the twelve bits of an ADD, load or store are shifted.
fn scale(instruction: u32) -> Option<u32> {
    if instruction & 0x7fc0_0000 == 0x1100_0000 {
        return Some(0);
    }
    // Load or store with an unsigned offset.
    if instruction & 0x3b00_0000 != 0x3900_0000 {
        return None;
    }
    let size = instruction >> 30;
    // 128-bit registers are size 0 with the upper bit of the operation.
    let is_quad = instruction & 0x0480_0000 == 0x0480_0000 && size == 0;
    Some(if is_quad { 4 } else { size })
}

fn signed(value: u32, bits: u32) -> i64 {
    let shift = 64 - bits;
    (i64::from(value) << shift) >> shift
}
