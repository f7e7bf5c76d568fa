//! arm64: branches hold a distance; data is named by ADRP (a page) and the
//! instruction behind it (the place in the page).

use super::{Branch, Code, Outcome, is_same, next_difference, word};
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

/// Returns calls and jumps.
pub(super) fn branches(code: &Code<'_>) -> impl Iterator<Item = Branch> {
    let Code { address, bytes } = *code;
    (0..bytes.len()).step_by(4).filter_map(move |at| {
        let instruction = word(bytes, at)?;
        let target = branch(address.wrapping_add(at as u64), instruction)?;
        Some(Branch { at, len: 4, target })
    })
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
    if let Some(address) = branch(here, first) {
        return Some(Target {
            address,
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

/// B, BL: 26 bits of distance in instructions.
fn branch(here: u64, instruction: u32) -> Option<u64> {
    let is_branch = instruction & 0x7c00_0000 == 0x1400_0000;
    let distance = signed(instruction & 0x03ff_ffff, 26) << 2;
    is_branch.then(|| here.wrapping_add_signed(distance))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn code(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// The address that instructions make, what is left of them, and their bytes.
    fn made(words: &[u32], at: usize) -> Option<(u64, (u32, u32), usize)> {
        let bytes = code(words);
        let code = Code {
            address: 0x1234_5000,
            bytes: &bytes,
        };
        let target = target(&code, at)?;
        Some((target.address, target.rest, target.len))
    }

    const NOP: u32 = 0xd503_201f;

    #[test]
    fn branches_and_near_addresses_are_relative() {
        for (word, want) in [
            (0x9400_0002, Some((0x1234_500c, (0x9400_0000, 0), 4))),
            (0x97ff_ffff, Some((0x1234_5000, (0x9400_0000, 0), 4))),
            (0x1400_0001, Some((0x1234_5008, (0x1400_0000, 0), 4))),
            // ADR X3, five bytes on; and one byte back.
            (0x3000_0023, Some((0x1234_5009, (0x1000_0003, 0), 4))),
            (0x70ff_ffe3, Some((0x1234_5003, (0x1000_0003, 0), 4))),
            (NOP, None),
            // B.EQ has another form.
            (0x5400_0040, None),
        ] {
            assert_eq!(made(&[NOP, word], 4), want, "{word:x}");
        }
        assert_eq!(made(&[NOP], 4), None);
    }

    #[test]
    fn a_page_and_a_place_in_it_make_an_address() {
        // ADRP X27, three pages on: the low bits of the distance stand apart.
        let page = 0xf000_001b;
        let rest = 0x9000_001b;
        for (second, address, left) in [
            // ADD X0, X27, #0x123
            (0x9104_8f60, 0x1234_8123, 0x9100_0360),
            // Loads of 1, 2, 4, 8 and 16 bytes.
            (0x3944_0f60, 0x1234_8103, 0x3940_0360),
            (0x7944_0f60, 0x1234_8206, 0x7940_0360),
            (0xb944_0f60, 0x1234_840c, 0xb940_0360),
            (0xf944_0f60, 0x1234_8818, 0xf940_0360),
            (0x3dc4_0f60, 0x1234_9030, 0x3dc0_0360),
            // The store of a byte.
            (0x3904_0f60, 0x1234_8103, 0x3900_0360),
        ] {
            let want = Some((address, (rest, left), 8));
            assert_eq!(made(&[page, second], 0), want, "{second:x}");
        }
        // Another register, another instruction, nothing behind it.
        assert_eq!(made(&[page, 0x9104_8f40], 0), None);
        assert_eq!(made(&[page, NOP], 0), None);
        assert_eq!(made(&[page], 0), None);
        // Two pages back.
        let want = Some((0x1234_3123, (rest, 0x9100_0360), 8));
        assert_eq!(made(&[0xd0ff_fffb, 0x9104_8f60], 0), want);
    }

    #[test]
    fn addresses_are_those_of_two_instructions() {
        let bytes = code(&[NOP, 0xf000_001b, 0x9104_8f60, 0x9400_0002, NOP]);
        let code = Code {
            address: 0x1234_5000,
            bytes: &bytes,
        };
        assert_eq!(addresses(&code), [(4, 0x1234_8123)]);
    }
}
