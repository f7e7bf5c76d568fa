//! Places in machine code that name an address, in two builds of one function at once.

/// The bytes of a function, and its first address.
type Code<'a> = (&'a [u8], u64);

/// Calls `each` with the addresses that both functions name at the same place, the first
/// one's address first. `each` says whether it knew that address.
pub(super) fn pairs(goarch: &str, code: [Code<'_>; 2], each: impl FnMut(u64, u64) -> bool) {
    if code[0].0.len() != code[1].0.len() {
        return;
    }
    match goarch {
        "amd64" => amd64(code, each),
        "arm64" => arm64(code, each),
        "386" => i386(code, each),
        _ => {}
    }
}

/// Bytes of an immediate that may stand behind a displacement, which counts from the end
/// of the instruction.
const IMMEDIATES: [u64; 3] = [0, 1, 4];

/// `disp(RIP)`: the byte before the displacement has mod 0 and r/m 5.
fn amd64([(a, base_a), (b, base_b)]: [Code<'_>; 2], mut each: impl FnMut(u64, u64) -> bool) {
    for at in 1..a.len().saturating_sub(3) {
        if a[at - 1] & 0xc7 != 0x05 || a[at - 1] != b[at - 1] {
            continue;
        }
        let (Some(one), Some(other)) = (word(a, at), word(b, at)) else {
            continue;
        };
        let end = at as u64 + 4;
        for immediate in IMMEDIATES {
            let target = |base: u64, displacement: u32| {
                base.wrapping_add(end + immediate)
                    .wrapping_add_signed(i64::from(displacement.cast_signed()))
            };
            if each(target(base_a, one), target(base_b, other)) {
                break;
            }
        }
    }
}

/// An address in the instruction itself.
fn i386([(a, _), (b, _)]: [Code<'_>; 2], mut each: impl FnMut(u64, u64) -> bool) {
    for at in 1..a.len().saturating_sub(3) {
        if a[at - 1] == b[at - 1]
            && let (Some(one), Some(other)) = (word(a, at), word(b, at))
        {
            each(one.into(), other.into());
        }
    }
}

/// ADRP, and behind it an ADD or a load that fills in the lower bits.
fn arm64([(a, base_a), (b, base_b)]: [Code<'_>; 2], mut each: impl FnMut(u64, u64) -> bool) {
    for at in (0..a.len().saturating_sub(7)).step_by(4) {
        let of = |code: &[u8], base: u64| {
            let (page, next) = (word(code, at)?, word(code, at + 4)?);
            address(page, next, base.wrapping_add(at as u64))
        };
        if let (Some(one), Some(other)) = (of(a, base_a), of(b, base_b)) {
            each(one, other);
        }
    }
}

/// The address that ADRP and the instruction behind it give.
fn address(page: u32, next: u32, at: u64) -> Option<u64> {
    if page & 0x9f00_0000 != 0x9000_0000 || (next >> 5) & 31 != page & 31 {
        return None;
    }
    let low = (page >> 29) & 3;
    let high = (page >> 5) & 0x7_ffff;
    // 21 bits with a sign.
    let pages = i64::from(((high << 2 | low) << 11).cast_signed() >> 11);
    let field = u64::from((next >> 10) & 0xfff);
    let offset = match next & 0xffc0_0000 {
        0x9100_0000 => field,
        // Loads and stores of 8 bytes.
        0xf940_0000 | 0xf900_0000 => field * 8,
        _ => return None,
    };
    let start = (at & !0xfff).wrapping_add_signed(pages << 12);
    Some(start.wrapping_add(offset))
}

fn word(code: &[u8], at: usize) -> Option<u32> {
    let bytes = code.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(goarch: &str, a: &[u8], b: &[u8]) -> Vec<(u64, u64)> {
        let mut seen = Vec::new();
        pairs(goarch, [(a, 0x1000), (b, 0x2000)], |one, other| {
            seen.push((one, other));
            true
        });
        seen
    }

    #[test]
    fn addresses_are_read_off_code() {
        // MOVQ 0x100(RIP), AX; and 0x80(RIP) in the other build.
        let a = [0x48, 0x8b, 0x05, 0x00, 0x01, 0x00, 0x00];
        let b = [0x48, 0x8b, 0x05, 0x80, 0x00, 0x00, 0x00];
        assert_eq!(seen("amd64", &a, &b), [(0x1107, 0x2087)]);
        // ADRP X27, 2 pages on; LDR X0, [X27, #16].
        let code = [0x1b, 0x00, 0x00, 0xd0, 0x60, 0x0b, 0x40, 0xf9];
        assert_eq!(seen("arm64", &code, &code), [(0x3010, 0x4010)]);
        // One page back.
        let code = [0xfb, 0xff, 0xff, 0xf0, 0x60, 0x43, 0x00, 0x91];
        assert_eq!(seen("arm64", &code, &code), [(0x10, 0x1010)]);
        assert_eq!(seen("amd64", &a, &b[..6]), []);
        assert_eq!(seen("mips", &a, &b), []);
    }

    proptest! {
        #[test]
        fn no_code_makes_it_panic(
            a in proptest::collection::vec(any::<u8>(), 0..64),
            base in any::<u64>(),
        ) {
            for goarch in ["amd64", "arm64", "386"] {
                pairs(goarch, [(&a, base), (&a, !base)], |_, _| false);
            }
        }
    }
}
