//! A program as it was before somebody signed it: signing tools put a signature behind it
//! and change a few numbers in its headers, all of which follow from the file.
//!
//! ```text
//! Mach-O   the signature, its load command, the sizes of __LINKEDIT; where Go's linker had
//!          put a signature of its own (arm64), that one's length
//! PE       the certificates, where a header names them, the checksum
//! ```
//!
//! How many zeros a tool put before its signature is not told: each number is tried. Which
//! of the files was there, if any, the content ID must say.
//!
//! Source: cmd/internal/codesign Size, cmd/link/internal/ld asmbMacho

use std::ops::Range;

use crate::image::macho::table::{CODE_SIGNATURE, CODE_SIGNATURE_LEN, COUNT, Table};
use crate::image::signature::proper::CERTIFICATE_ALIGN;
use crate::image::signature::{PAGE_LEN, Signature};
use crate::image::{Format, Image, number};

/// Signing tools align their signature to this in a Mach-O file.
const MACH_O_ALIGN: usize = 16;

/// Lengths in a signature that Go's linker makes: everything but the hashes, with the name
/// `a.out`; a hash.
const OWN_LEN: usize = 12 + 8 + 88 + "a.out\0".len();
const HASH_LEN: usize = 32;

/// A file as it may have been.
#[derive(Debug)]
pub(super) struct Unsigned {
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// The signature that the linker had put there.
    pub(super) signature: Option<Range<usize>>,
}

/// Tells whether `is_it` holds of a file that signing may have started from. Each is a copy,
/// and is made when those before it were not the one.
pub(super) fn any(bytes: &[u8], image: &Image, is_it: impl FnMut(&Unsigned) -> bool) -> bool {
    let Some(range) = image.signature.clone() else {
        return false;
    };
    let is_signature = Signature::read(bytes, image).is_some();
    match image.format {
        Format::MachO if is_signature => mach_o(bytes, &range, image, is_it).unwrap_or(false),
        Format::Pe if is_signature => pe(bytes, &range, image, is_it),
        _ => false,
    }
}

fn pe(
    bytes: &[u8],
    signature: &Range<usize>,
    image: &Image,
    mut is_it: impl FnMut(&Unsigned) -> bool,
) -> bool {
    let without = |end: usize| {
        let mut bytes = bytes[..end].to_vec();
        let fields = [&image.certificates_named, &image.checksum];
        for field in fields.into_iter().flatten() {
            if let Some(field) = bytes.get_mut(field.clone()) {
                field.fill(0);
            }
        }
        Unsigned {
            bytes,
            signature: None,
        }
    };
    ends(bytes, signature.start, CERTIFICATE_ALIGN).any(|end| is_it(&without(end)))
}

fn mach_o(
    bytes: &[u8],
    signature: &Range<usize>,
    image: &Image,
    mut is_it: impl FnMut(&Unsigned) -> bool,
) -> Option<bool> {
    let table = Table::read(bytes, image.machine.bits == Some(64))?;
    let (last, rest) = table.commands.split_last()?;
    let is_named = last.kind == CODE_SIGNATURE && last.range.len() == CODE_SIGNATURE_LEN;
    let sizes = rest.iter().find_map(|command| command.link_edit(bytes))?;
    let field = |field: &Range<usize>| {
        let value = number::read(bytes, field.start, field.len(), table.big_endian)?;
        usize::try_from(value).ok()
    };
    let offset = field(&sizes.offset)?;
    // Go's linker gives the segment as much memory as it has bytes.
    let resized = |mut bytes: Vec<u8>| -> Option<Vec<u8>> {
        let len = u64::try_from(bytes.len().checked_sub(offset)?).ok()?;
        for field in [&sizes.memory, &sizes.file] {
            put(&mut bytes, field, len, table.big_endian)?;
        }
        Some(bytes)
    };
    let own = || {
        let pages = signature.start.div_ceil(PAGE_LEN);
        let len = OWN_LEN + pages * HASH_LEN;
        let mut bytes = bytes[..signature.start].to_vec();
        bytes.resize(signature.start + len, 0);
        let size = last.range.end - 4..last.range.end;
        put(
            &mut bytes,
            &size,
            u64::try_from(len).ok()?,
            table.big_endian,
        )?;
        Some(Unsigned {
            signature: Some(signature.start..bytes.len()),
            bytes: resized(bytes)?,
        })
    };
    let none = |end: usize| {
        let mut bytes = bytes[..end].to_vec();
        let len: usize = rest.iter().map(|command| command.range.len()).sum();
        for (at, value) in [(COUNT, rest.len()), (COUNT + 4, len)] {
            let value = u64::try_from(value).ok()?;
            put(&mut bytes, &(at..at + 4), value, table.big_endian)?;
        }
        bytes.get_mut(last.range.clone())?.fill(0);
        Some(Unsigned {
            bytes: resized(bytes)?,
            signature: None,
        })
    };
    if !is_named {
        return None;
    }
    if own().is_some_and(|file| is_it(&file)) {
        return Some(true);
    }
    let mut never = ends(bytes, signature.start, MACH_O_ALIGN).filter_map(none);
    Some(never.any(|file| is_it(&file)))
}

/// Returns where a file may have ended before a signature was put behind it.
fn ends(bytes: &[u8], start: usize, align: usize) -> impl Iterator<Item = usize> {
    let zeros = bytes[..start].iter().rev().take(align - 1);
    let zeros = zeros.take_while(|byte| **byte == 0).count();
    (0..=zeros).map(move |padding| start - padding)
}

/// Writes a number into a field of a header.
fn put(bytes: &mut [u8], field: &Range<usize>, value: u64, big_endian: bool) -> Option<()> {
    let value = value.to_be_bytes();
    let place = bytes.get_mut(field.clone())?;
    let (above, own) = value.split_at(value.len().checked_sub(place.len())?);
    if above.iter().any(|byte| *byte != 0) {
        return None;
    }
    place.copy_from_slice(own);
    if !big_endian {
        place.reverse();
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_have_ended_before_each_zero_in_front_of_its_signature() {
        let of = |bytes: &[u8], align| ends(bytes, bytes.len(), align).collect::<Vec<usize>>();
        assert_eq!(of(&[1, 0, 0], 8), [3, 2, 1]);
        assert_eq!(of(&[1], 8), [1]);
        assert_eq!(of(&[0; 9], 4), [9, 8, 7, 6]);
    }

    #[test]
    fn a_number_is_written_where_it_fits() {
        let mut bytes = [9; 6];
        assert_eq!(put(&mut bytes, &(1..5), 0x0102, false), Some(()));
        assert_eq!(bytes, [9, 2, 1, 0, 0, 9]);
        assert_eq!(put(&mut bytes, &(1..5), 0x0102, true), Some(()));
        assert_eq!(bytes, [9, 0, 0, 1, 2, 9]);
        assert_eq!(put(&mut bytes, &(1..3), 0x1_0000, true), None);
        assert_eq!(put(&mut bytes, &(4..8), 1, true), None);
    }
}
