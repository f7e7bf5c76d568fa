//! amd64 and 386: operands are four bytes at any offset, relative to the next
//! instruction, or on 386 addresses as they are.

use std::cmp::Reverse;

use super::{Branch, Code, Outcome, is_same, next_difference, word};
use crate::diff::functions::places::{Places, References, Relation};

/// Bytes of immediate values that may stand between an operand and the next
/// instruction, likeliest first.
const BEHIND: [u64; 4] = [0, 1, 4, 2];

pub(super) fn compare(
    a: &Code<'_>,
    b: &Code<'_>,
    places: &Places<'_>,
    references: &mut References,
) -> Outcome {
    let mut at = 0;
    while let Some(differs) = next_difference(a.bytes, b.bytes, at) {
        let mut starts: Vec<usize> = (differs.saturating_sub(3).max(at)..=differs)
            .rev()
            .collect();
        starts.sort_by_key(|start| Reverse(kind(a.bytes, *start)));
        let found = starts
            .into_iter()
            .find(|start| operand(a, b, *start, places, references));
        match found {
            Some(start) => at = start + 4,
            None => return Outcome::Changed(differs),
        }
    }
    Outcome::Shifted
}

/// Returns every address that an instruction names: so code names constants and
/// variables.
pub(super) fn addresses(code: &Code<'_>, wide: bool) -> Vec<(usize, u64)> {
    let bytes = code.bytes;
    let address = |modrm: usize| {
        let opcode = modrm.checked_sub(1)?;
        let is_two_byte = opcode.checked_sub(1).is_some_and(|at| bytes[at] == 0x0f);
        if !is_two_byte && !OPCODES.contains(&bytes[opcode]) {
            return None;
        }
        let value = word(bytes, modrm + 1)?;
        if !wide {
            return Some((opcode, u64::from(value)));
        }
        // Some instructions have a value behind the address.
        let behind = match (is_two_byte, bytes[opcode]) {
            (false, 0x80 | 0x83 | 0xc6) => 1,
            (false, 0x81 | 0xc7) => 4,
            _ => 0,
        };
        let next = code.address.wrapping_add((modrm + 5 + behind) as u64);
        let target = next.wrapping_add_signed(i64::from(value.cast_signed()));
        Some((opcode.saturating_sub(1), target))
    };
    let is_modrm = |at: &usize| bytes[*at] & 0xc7 == 0x05;
    (1..bytes.len())
        .filter(is_modrm)
        .filter_map(address)
        .collect()
}

/// Returns what may be calls and jumps with a distance of 32 bits. Other bytes may look like
/// one, and then lead to the begin of no function.
pub(super) fn branches(code: &Code<'_>, wide: bool) -> impl Iterator<Item = Branch> {
    const LEN: usize = 5;
    let Code { address, bytes } = *code;
    memchr::memchr2_iter(0xe8, 0xe9, bytes).filter_map(move |at| {
        let distance = i64::from(word(bytes, at + 1)?.cast_signed());
        let next = address.wrapping_add((at + LEN) as u64);
        let target = next.wrapping_add_signed(distance);
        Some(Branch {
            at,
            len: LEN,
            target: if wide { target } else { target & 0xffff_ffff },
        })
    })
}

/// Returns the numbers that instructions take within some bytes: the length of a
/// text is among those near its address.
pub(super) fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    // MOVL $n to a register.
    let is_move = |at: &usize| matches!(bytes[*at], 0xb8..=0xbf);
    (0..bytes.len())
        .filter(is_move)
        .filter_map(move |at| word(bytes, at + 1))
}

/// Says whether two versions of code at one address differ in operands alone.
pub(super) fn differ_in_operands(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while let Some(differs) = next_difference(a, b, at) {
        let mut starts = differs.saturating_sub(3).max(at)..=differs;
        let is_operand = |start: usize| {
            let (one, other) = (kind(a, start), kind(b, start));
            one == other && one != Kind::Other && word(a, start).is_some()
        };
        let Some(start) = starts.find(|start| is_operand(*start)) else {
            return false;
        };
        at = start + 4;
    }
    a.len() == b.len()
}

/// Says whether the four bytes at an offset are an operand that refers to the
/// same place in both files.
fn operand(
    a: &Code<'_>,
    b: &Code<'_>,
    start: usize,
    places: &Places<'_>,
    references: &mut References,
) -> bool {
    let (Some(value_a), Some(value_b)) = (word(a.bytes, start), word(b.bytes, start)) else {
        return false;
    };
    let wide = places.arch == "amd64";
    let kind = kind(a.bytes, start);
    let is_relative = match kind {
        Kind::Jump => true,
        Kind::Memory | Kind::Perhaps => wide,
        Kind::Other => false,
    };
    if is_relative && kind == self::kind(b.bytes, start) {
        let behind: &[u64] = if kind == Kind::Jump {
            &BEHIND[..1]
        } else {
            &BEHIND
        };
        let target = |code: &Code<'_>, value: u32, behind: u64| {
            let next = code.address.wrapping_add(start as u64 + 4 + behind);
            let target = next.wrapping_add_signed(i64::from(value.cast_signed()));
            if wide { target } else { target & 0xffff_ffff }
        };
        let pair = |behind: u64| (target(a, value_a, behind), target(b, value_b, behind));
        let same_code = |behind: &u64| {
            let (a, b) = pair(*behind);
            places.relation(a, b) == Relation::SameCode
        };
        if behind.iter().any(same_code) {
            return true;
        }
        // Calls and jumps lead to code alone.
        let (a, b) = pair(0);
        if kind != Kind::Jump && is_same(a, b, places, references) {
            return true;
        }
    }
    // Addresses as they are: 386 has no other way to name data.
    !wide
        && takes_address(a.bytes, start)
        && is_same(value_a.into(), value_b.into(), places, references)
}

/// What four bytes may be; the surest is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Nothing that the bytes before tell.
    Other,
    /// Behind a byte that may be a ModRM that says "relative to the next
    /// instruction" on amd64.
    Perhaps,
    /// The same behind an opcode that often has one.
    Memory,
    /// CALL, JMP or Jcc with a 32-bit distance.
    Jump,
}

/// Tells by the bytes before it what an operand may be.
fn kind(bytes: &[u8], start: usize) -> Kind {
    let before = |back: usize| {
        start
            .checked_sub(back)
            .and_then(|at| bytes.get(at))
            .copied()
    };
    match (before(2), before(1)) {
        (_, Some(0xe8 | 0xe9)) => Kind::Jump,
        (Some(0x0f), Some(0x80..=0x8f)) => Kind::Jump,
        (Some(opcode), Some(modrm)) if modrm & 0xc7 == 0x05 => {
            let is_two_byte = before(3) == Some(0x0f);
            if is_two_byte || OPCODES.contains(&opcode) {
                Kind::Memory
            } else {
                Kind::Perhaps
            }
        }
        _ => Kind::Other,
    }
}

/// Says whether the bytes before an offset are the beginning of an instruction of
/// 386 that four bytes of address or of value end. Other bytes, small numbers
/// among them, would pass for addresses by the company they keep.
///
/// Source: Intel SDM volume 2, tables 2-2 and 2-3
fn takes_address(bytes: &[u8], start: usize) -> bool {
    let before = |back: usize| {
        start
            .checked_sub(back)
            .and_then(|at| bytes.get(at))
            .copied()
    };
    let Some(last) = before(1) else {
        return false;
    };
    let one_before = before(2).unwrap_or(0);
    // ModRM alone: no register, or one and a distance of 32 bits. Arithmetic on
    // EAX has opcodes that look like the former.
    let by_modrm = last & 0xc7 == 0x05 || (last & 0xc0 == 0x80 && last & 7 != 4);
    // The same with an index behind it.
    let by_index = one_before & 0xc7 == 0x84 || (one_before & 0xc7 == 0x04 && last & 7 == 5);
    // A register or the stack takes a value.
    let by_opcode = matches!(last, 0x68 | 0xa0..=0xa3 | 0xa9 | 0xb8..=0xbf);
    // MOV and the arithmetic ones, with whatever place stands between.
    let is_value = |back| matches!(before(back), Some(0x69 | 0x81 | 0xc7 | 0xf7));
    by_modrm || by_index || by_opcode || [2, 3, 4, 6, 7].into_iter().any(is_value)
}

/// One-byte opcodes that Go's compiler uses with data in memory.
const OPCODES: [u8; 22] = [
    0x01, 0x03, 0x29, 0x2b, 0x39, 0x3b, 0x63, 0x80, 0x81, 0x83, 0x84, 0x85, 0x87, 0x88, 0x89, 0x8a,
    0x8b, 0x8d, 0xc6, 0xc7, 0xf7, 0xff,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bytes_of_address_follow_an_instruction_that_takes_them() {
        let takes: [&[u8]; 7] = [
            &[0x8b, 0x05],             // MOVL addr, AX
            &[0x8d, 0x88],             // LEAL addr(AX), CX
            &[0x8b, 0x04, 0x85],       // MOVL addr(AX*4), AX
            &[0xb8],                   // MOVL $addr, AX
            &[0x3d],                   // CMPL AX, $addr
            &[0xc7, 0x44, 0x24, 0x08], // MOVL $addr, 8(SP)
            &[0x81, 0xf9],             // CMPL CX, $addr
        ];
        for bytes in takes {
            assert!(takes_address(bytes, bytes.len()), "{bytes:x?}");
        }
        // CMPB CL, $n; CMPB n(AX), …; MOVB $n, 8(SP); and nothing at all
        let small: [&[u8]; 4] = [&[0x80, 0xf9], &[0x80, 0x78], &[0xc6, 0x44, 0x24, 0x08], &[]];
        for bytes in small {
            assert!(!takes_address(bytes, bytes.len()), "{bytes:x?}");
        }
    }

    #[test]
    fn every_two_bytes_before_an_address() {
        // Without a register, eight times; with one, but for the stack's, which has an index.
        let no_register = |last: u8| (0..8).any(|register| last == register << 3 | 5);
        let of_register =
            |last: u8| (0x80..0xc0).contains(&last) && !matches!(last & 0xf, 0x4 | 0xc);
        let opcodes = [0x68, 0xa0, 0xa1, 0xa2, 0xa3, 0xa9, 0xb8, 0xbc];
        let with_index = [0x84, 0x8c, 0x94, 0x9c, 0xa4, 0xac, 0xb4, 0xbc];
        let index_alone = [0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c];
        let values = [0x69, 0x81, 0xc7, 0xf7];
        for before in 0..=u8::MAX {
            for last in 0..=u8::MAX {
                let want = no_register(last)
                    || of_register(last)
                    || opcodes.contains(&last)
                    || with_index.contains(&before)
                    || index_alone.contains(&before) && matches!(last & 0xf, 0x5 | 0xd)
                    || values.contains(&before);
                let bytes = [before, last];
                assert_eq!(takes_address(&bytes, 2), want, "{bytes:x?}");
            }
        }
        // A value of four bytes stands at most seven behind its opcode, and not five.
        for (back, want) in [
            (2, true),
            (3, true),
            (4, true),
            (5, false),
            (6, true),
            (7, true),
            (8, false),
        ] {
            let mut bytes = [0; 8];
            bytes[8 - back] = 0xc7;
            assert_eq!(takes_address(&bytes, 8), want, "{back}");
        }
    }

    #[test]
    fn operands_are_told_by_the_bytes_before_them() {
        for (bytes, want) in [
            (&[0xe8][..], Kind::Jump),
            (&[0xe9], Kind::Jump),
            (&[0xea], Kind::Other),
            (&[0x0f, 0x80], Kind::Jump),
            (&[0x0f, 0x8f], Kind::Jump),
            (&[0x0f, 0x90], Kind::Other),
            (&[0x0e, 0x84], Kind::Other),
            (&[0x8b, 0x05], Kind::Memory),
            (&[0x8b, 0x3d], Kind::Memory),
            (&[0x8b, 0x45], Kind::Other),
            (&[0x8b, 0x04], Kind::Other),
            (&[0x0f, 0x6f, 0x05], Kind::Memory),
            (&[0x0e, 0x6f, 0x05], Kind::Perhaps),
            (&[0x05], Kind::Other),
            (&[], Kind::Other),
        ] {
            assert_eq!(kind(bytes, bytes.len()), want, "{bytes:x?}");
        }
        assert!(
            Kind::Jump > Kind::Memory
                && Kind::Memory > Kind::Perhaps
                && Kind::Perhaps > Kind::Other
        );
    }

    #[test]
    fn every_move_of_a_number_has_one() {
        let taken = |opcode: u8| numbers(&[opcode, 1, 2, 0, 0]).collect::<Vec<_>>();
        for opcode in 0xb8..=0xbf {
            assert_eq!(taken(opcode), [0x201]);
        }
        assert!(taken(0xb7).is_empty() && taken(0xc0).is_empty());
        assert_eq!(numbers(&[0xb8, 1, 2, 0]).count(), 0);
    }

    #[test]
    fn values_behind_an_address_are_counted() {
        let named = |bytes: &[u8]| {
            let code = Code {
                address: 0x1000,
                bytes,
            };
            addresses(&code, true)
        };
        for (bytes, want) in [
            // CMPB, CMPL with a byte, MOVB; CMPL and MOVL with four; MOVZX; LEAL.
            (&[0x80, 0x3d, 0x10, 0, 0, 0, 1][..], 0x1017),
            (&[0x83, 0x3d, 0x10, 0, 0, 0, 1], 0x1017),
            (&[0xc6, 0x05, 0x10, 0, 0, 0, 1], 0x1017),
            (&[0x81, 0x3d, 0x10, 0, 0, 0, 1, 0, 0, 0], 0x101a),
            (&[0xc7, 0x05, 0x10, 0, 0, 0, 1, 0, 0, 0], 0x101a),
            (&[0x0f, 0x81, 0x05, 0x10, 0, 0, 0], 0x1017),
            (&[0x8d, 0x05, 0xf0, 0xff, 0xff, 0xff], 0x0ff6),
        ] {
            let found = named(bytes);
            assert_eq!(
                found.last().map(|(_, address)| *address),
                Some(want),
                "{bytes:x?}"
            );
        }
        assert_eq!(named(&[0x05, 0x10, 0, 0, 0]), []);
        assert_eq!(named(&[0x77, 0x05, 0x10, 0, 0, 0]), []);
        assert_eq!(
            named(&[0x90, 0x0f, 0x6f, 0x05, 0x10, 0, 0, 0]),
            [(1, 0x1018)]
        );
    }

    #[test]
    fn addresses_that_code_names() {
        // LEAQ 0x10(IP), AX; LEAQ 0x10(AX), AX; RET
        let bytes = [
            0x48, 0x8d, 0x05, 0x10, 0, 0, 0, 0x48, 0x8d, 0x40, 0x10, 0xc3, 0, 0, 0, 0,
        ];
        let code = Code {
            address: 0x1000,
            bytes: &bytes,
        };
        assert_eq!(addresses(&code, true), [(0, 0x1017)]);
        assert_eq!(addresses(&code, false), [(1, 0x10)]);
        // MOVL $5, BX and CMPQ 0x20(IP), $1
        let bytes = [0xbb, 5, 0, 0, 0, 0x48, 0x83, 0x3d, 0x20, 0, 0, 0, 1];
        let code = Code {
            address: 0x1000,
            bytes: &bytes,
        };
        assert_eq!(numbers(&bytes).collect::<Vec<_>>(), [5]);
        assert_eq!(addresses(&code, true), [(5, 0x102d)]);
    }

    #[test]
    fn a_value_is_no_operand() {
        // MOVL $5, AX; CALL; LEAQ 0x10(IP), AX
        let a = [
            0xb8, 5, 0, 0, 0, 0xe8, 1, 0, 0, 0, 0x48, 0x8d, 0x05, 0x10, 0, 0, 0,
        ];
        let mut b = a;
        (b[6], b[13]) = (2, 0x20);
        assert!(differ_in_operands(&a, &b));
        b[1] = 6;
        assert!(!differ_in_operands(&a, &b));
    }
}
