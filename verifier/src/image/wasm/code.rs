//! The functions of a WebAssembly module by number.
//!
//! Go gives each function an address made of its number among the functions of
//! the code section, 4096 higher, in the upper bits; the lower sixteen count the
//! places inside that a call returns to.
//!
//! Source: cmd/link/internal/wasm/asm.go funcValueOffset

use std::ops::Range;

use super::leb128;
use crate::image::Image;

/// The number of the first function.
const FUNCTIONS_FROM: u64 = 0x1000;

/// Returns the address that an entry of the line table stands for: newer Go
/// leaves out the lower sixteen bits, which are zero.
pub fn address(entry: u64) -> u64 {
    if entry < FUNCTIONS_FROM << 16 {
        entry << 16
    } else {
        entry
    }
}

/// The most functions read.
const FUNCTIONS_MAX: u64 = 1_000_000;

/// The bodies of a module's functions, in order.
#[derive(Debug, Default)]
pub struct Bodies(Vec<Range<usize>>);

impl Bodies {
    /// Reads the code section; what can't be read is left out.
    pub fn read(bytes: &[u8], image: &Image) -> Self {
        let mut bodies = Vec::new();
        let Some(region) = image.region("code") else {
            return Self::default();
        };
        let section = &bytes[region.range.clone()];
        // The region begins with the section's id and length.
        let count = leb128(section, 1).and_then(|(_, at)| leb128(section, at));
        let Some((count, mut at)) = count else {
            return Self::default();
        };
        for _ in 0..count.min(FUNCTIONS_MAX) {
            let Some((len, start)) = leb128(section, at) else {
                break;
            };
            let end = usize::try_from(len)
                .ok()
                .and_then(|len| start.checked_add(len));
            let Some(end) = end.filter(|end| *end <= section.len()) else {
                break;
            };
            bodies.push(region.range.start + start..region.range.start + end);
            at = end;
        }
        Self(bodies)
    }

    /// Returns the body of the function with an address.
    pub fn of_address(&self, address: u64) -> Option<Range<usize>> {
        let number = (address >> 16).checked_sub(FUNCTIONS_FROM)?;
        self.0.get(usize::try_from(number).ok()?).cloned()
    }
}
