//! Two versions of one function's code, operands left out that refer to the same
//! place.
//!
//! Where bytes differ, the instruction that could hold an address there is read
//! on both sides, and both addresses are compared. Bytes that differ and are no
//! such operand are other code. Architectures whose operands are not read here
//! give [`Outcome::Unknown`].

mod arm;
mod arm64;
mod x86;

use super::places::{Places, References, Relation};

/// The code of one function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code<'a> {
    /// The address of its first byte.
    pub(crate) address: u64,
    /// Its bytes, padding included.
    pub(crate) bytes: &'a [u8],
}

impl Code<'_> {
    fn cut(&self, len: usize) -> Self {
        Self {
            bytes: self.bytes.get(..len).unwrap_or_default(),
            ..*self
        }
    }
}

/// What two versions of a function's code are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Equal bytes.
    Same,
    /// Equal but for operands that refer to the same places, data perhaps.
    Shifted,
    /// Different bytes that may be operands.
    Unknown,
    /// Different code, from this byte on.
    Changed(usize),
}

/// Compares two versions; references to data are put down.
pub(super) fn compare(
    a: &Code<'_>,
    b: &Code<'_>,
    places: &Places<'_>,
    references: &mut References,
) -> Outcome {
    if a.bytes.is_empty() || b.bytes.is_empty() {
        return Outcome::Unknown;
    }
    let (a, b) = (trim(a, places.arch), trim(b, places.arch));
    let len = a.bytes.len().min(b.bytes.len());
    let outcome = if a.bytes == b.bytes {
        Outcome::Same
    } else if a.bytes.len() == b.bytes.len() || places.arch == "wasm" {
        by_operands(&a, &b, places, references)
    } else {
        match by_operands(&a.cut(len), &b.cut(len), places, references) {
            Outcome::Changed(at) => Outcome::Changed(at),
            Outcome::Same | Outcome::Shifted => Outcome::Changed(len),
            Outcome::Unknown => {
                Outcome::Changed(next_difference(a.bytes, b.bytes, 0).unwrap_or(len))
            }
        }
    };
    let outcome = match (outcome, call_elsewhere(&a, &b, places)) {
        (Outcome::Same | Outcome::Shifted, Some(at)) => Outcome::Changed(at),
        (outcome, _) => outcome,
    };
    if outcome != Outcome::Shifted {
        references.forget_function();
    }
    outcome
}

/// Returns the first call or jump of equal bytes that leads to another function: where
/// functions moved, one and the same distance can.
fn call_elsewhere(a: &Code<'_>, b: &Code<'_>, places: &Places<'_>) -> Option<usize> {
    if places.functions_stay() {
        return None;
    }
    let mut branches: Box<dyn Iterator<Item = Branch>> = match places.arch {
        "amd64" | "386" => Box::new(x86::branches(a, places.arch == "amd64")),
        "arm64" if !places.big_endian => Box::new(arm64::branches(a)),
        "arm" if !places.big_endian => Box::new(arm::branches(a)),
        _ => return None,
    };
    let mask = places.address_mask();
    let moved = b.address.wrapping_sub(a.address);
    let is_elsewhere = |branch: &Branch| {
        let Branch { at, len, target } = *branch;
        let end = at + len;
        a.bytes.get(at..end) == b.bytes.get(at..end)
            && places.leads_elsewhere(target, target.wrapping_add(moved) & mask)
    };
    branches.find(is_elsewhere).map(|branch| branch.at)
}

/// A call or jump to an address that it holds as a distance.
struct Branch {
    /// Where it is in the function's code.
    at: usize,
    /// Its bytes.
    len: usize,
    /// Where it leads.
    target: u64,
}

/// Returns the addresses of data that code names, and where it does; empty for
/// architectures that are not read here.
pub(crate) fn addresses(code: &Code<'_>, arch: &str, big_endian: bool) -> Vec<(usize, u64)> {
    match arch {
        "amd64" | "386" => x86::addresses(code, arch == "amd64"),
        "arm64" if !big_endian => arm64::addresses(code),
        _ => Vec::new(),
    }
}

/// Returns numbers that instructions near a place take; none for architectures
/// that are not read here.
pub(in crate::diff) fn numbers(bytes: &[u8], arch: &str) -> Vec<u32> {
    match arch {
        "amd64" | "386" => x86::numbers(bytes).collect(),
        _ => Vec::new(),
    }
}

/// Says whether two versions of code at one address can differ in addresses
/// alone, as far as instructions are read here.
pub(crate) fn may_differ_in_operands(a: &[u8], b: &[u8], arch: &str) -> bool {
    a.len() == b.len()
        && match arch {
            "amd64" => x86::differ_in_operands(a, b),
            _ => true,
        }
}

/// Returns the first byte in which two versions of a function differ.
pub(super) fn first_difference(a: &Code<'_>, b: &Code<'_>) -> usize {
    next_difference(a.bytes, b.bytes, 0).unwrap_or(0)
}

fn by_operands(
    a: &Code<'_>,
    b: &Code<'_>,
    places: &Places<'_>,
    references: &mut References,
) -> Outcome {
    match places.arch {
        "amd64" | "386" => x86::compare(a, b, places, references),
        "arm64" if !places.big_endian => arm64::compare(a, b, places, references),
        "arm" if !places.big_endian => arm::compare(a, b, places, references),
        _ => Outcome::Unknown,
    }
}

/// Cuts off what the linker puts behind a function to align the next one.
fn trim<'a>(code: &Code<'a>, arch: &str) -> Code<'a> {
    // INT3, or words of zeros where instructions are words.
    let (filler, unit) = match arch {
        "amd64" | "386" => (0xcc, 1),
        "wasm" => return *code,
        _ => (0, 4),
    };
    let last = code.bytes.iter().rposition(|byte| *byte != filler);
    let end = last.map_or(0, |last| (last + 1).next_multiple_of(unit));
    Code {
        bytes: &code.bytes[..end.min(code.bytes.len())],
        ..*code
    }
}

/// Says whether two operands refer to the same place; data is put down, and all
/// references together tell.
fn is_same(a: u64, b: u64, places: &Places<'_>, references: &mut References) -> bool {
    match places.relation(a, b) {
        Relation::SameCode => true,
        Relation::Data => {
            references.push(a, b);
            true
        }
        Relation::Apart => false,
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(word.try_into().ok()?))
}

/// Returns the first place from `at` on where two texts of one length differ.
fn next_difference(a: &[u8], b: &[u8], at: usize) -> Option<usize> {
    const BLOCK: usize = 64;
    let len = a.len().min(b.len());
    let mut at = at;
    while at < len {
        let end = len.min(at + BLOCK);
        if a[at..end] != b[at..end] {
            let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
            return Some(at + a[at..end].iter().zip(&b[at..end]).take_while(same).count());
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests;
