//! The memory a module starts with: its data section holds pieces, each with the
//! address it is copied to, and runs of zeros left out between them.
//!
//! Source: WebAssembly core specification, "Binary format, data section"

use super::leb128;
use crate::image::Image;

/// The largest memory put together, in bytes.
const SIZE_MAX: u64 = 512 << 20;

/// The memory may be this many times as large as the section that fills it;
/// beyond that the addresses are not a linker's.
const GROWTH_MAX: u64 = 16;

/// The most pieces read.
const PIECES_MAX: u64 = 1_000_000;

/// Puts the memory together, or returns `None` when the section can't be read.
pub fn build(bytes: &[u8], image: &Image) -> Option<Vec<u8>> {
    let section = &bytes[image.region("data")?.range.clone()];
    // The region begins with the section's id and length.
    let (_, start) = leb128(section, 1)?;
    let limit = SIZE_MAX.min((section.len() as u64).saturating_mul(GROWTH_MAX));
    let (count, mut at) = leb128(section, start)?;
    let mut memory = Vec::new();
    for _ in 0..count.min(PIECES_MAX) {
        // 0: an address follows; 1: none, the program copies it itself.
        let address = match *section.get(at)? {
            0 => {
                let (address, next) = address(section, at + 1)?;
                at = next;
                Some(address)
            }
            1 => {
                at += 1;
                None
            }
            _ => return None,
        };
        let (len, start) = leb128(section, at)?;
        at = start.checked_add(usize::try_from(len).ok()?)?;
        let piece = section.get(start..at)?;
        if let Some(address) = address {
            let end = address.checked_add(len).filter(|end| *end <= limit)?;
            let (address, end) = (usize::try_from(address).ok()?, usize::try_from(end).ok()?);
            if memory.len() < end {
                memory.resize(end, 0);
            }
            memory[address..end].copy_from_slice(piece);
        }
    }
    Some(memory)
}

/// Reads `i32.const N; end`, N being an address and so without sign.
fn address(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    if bytes.get(at) != Some(&0x41) {
        return None;
    }
    let (address, next) = leb128(bytes, at + 1)?;
    (bytes.get(next) == Some(&0x0b)).then_some((address, next + 1))
}
