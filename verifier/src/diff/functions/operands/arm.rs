//! arm: branches hold a distance; data is named by words among the code.

use super::{Branch, Code, Outcome, is_same, next_difference, word};
use crate::diff::functions::places::{Places, References};

/// The program counter that distances count from is two instructions ahead.
const AHEAD: u64 = 8;

pub(super) fn compare(
    a: &Code<'_>,
    b: &Code<'_>,
    places: &Places<'_>,
    references: &mut References,
) -> Outcome {
    let mut at = 0;
    while let Some(differs) = next_difference(a.bytes, b.bytes, at) {
        let this = differs & !3;
        let (Some(word_a), Some(word_b)) = (word(a.bytes, this), word(b.bytes, this)) else {
            return Outcome::Changed(differs);
        };
        let branches = branch(a, this, word_a).zip(branch(b, this, word_b));
        let same_branch = branches.is_some_and(|(target_a, target_b)| {
            word_a >> 24 == word_b >> 24 && is_same(target_a, target_b, places, references)
        });
        if !same_branch && !is_same(word_a.into(), word_b.into(), places, references) {
            return Outcome::Changed(differs);
        }
        at = this + 4;
    }
    Outcome::Shifted
}

/// Returns calls and jumps.
pub(super) fn branches<'c>(code: &'c Code<'_>) -> impl Iterator<Item = Branch> + 'c {
    (0..code.bytes.len()).step_by(4).filter_map(move |at| {
        let target = branch(code, at, word(code.bytes, at)?)?;
        Some(Branch { at, len: 4, target })
    })
}

/// B, BL with a condition: 24 bits of distance in instructions.
fn branch(code: &Code<'_>, at: usize, word: u32) -> Option<u64> {
    if word & 0x0e00_0000 != 0x0a00_0000 || word >> 28 == 0xf {
        return None;
    }
    let distance = (i64::from(word & 0x00ff_ffff) << 40) >> 38;
    let from = code.address.wrapping_add(at as u64 + AHEAD);
    Some(from.wrapping_add_signed(distance) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_count_from_two_instructions_ahead() {
        let code = Code {
            address: 0x1000,
            bytes: &[],
        };
        for (at, word, want) in [
            // BL and BEQ forward, B to itself, B far back.
            (0, 0xeb00_0000, Some(0x1008)),
            (4, 0xeb00_0001, Some(0x1010)),
            (4, 0x0a00_0001, Some(0x1010)),
            (4, 0xeaff_fffe, Some(0x1004)),
            (0, 0xea80_0000, Some(0xfe00_1008)),
            // BLX has no condition; MOV and LDR are no branches.
            (4, 0xfa00_0001, None),
            (4, 0xe3a0_0001, None),
            (4, 0xe59f_0004, None),
        ] {
            assert_eq!(branch(&code, at, word), want, "{word:x}");
        }
    }
}
