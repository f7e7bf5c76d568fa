//! Mach-O: the code signature ends the file, and three places in the header know
//! of it: its load command, the count and size of load commands, and the size of
//! the segment `__LINKEDIT`.
//!
//! Source: Apple, mach-o/loader.h; cmd/internal/codesign

use super::{Mask, Put, What};
use crate::image::macho::table::{CODE_SIGNATURE, CODE_SIGNATURE_LEN, COUNT, Sizes, Table};
use crate::image::signature::proper;
use crate::image::{Image, number};

/// Signing tools align the signature to this.
pub(super) const ALIGN: usize = 16;

/// Returns the masks of a Mach-O file that no other format has.
pub(super) fn masks(bytes: &[u8], image: &Image) -> Vec<Mask> {
    let Some(table) = Table::read(bytes, image.machine.bits == Some(64)) else {
        return Vec::new();
    };
    let mut masks = Vec::new();
    for command in &table.commands {
        let Some(sizes) = command.link_edit(bytes) else {
            continue;
        };
        if ends_file(bytes, &sizes, table.big_endian) {
            let fields = [sizes.memory, sizes.file];
            masks.extend(fields.map(|field| Mask::zeros(What::CodeSignature, field)));
        }
    }
    masks.extend(unsigned(bytes, &table, image));
    masks
}

/// How much more memory than bytes of the file the last segment may have: a page,
/// or the signature that was taken away.
const SPARE_MAX: u64 = 16 << 20;

/// Says whether the sizes of a segment follow from where it lies: at the end of
/// the file.
fn ends_file(bytes: &[u8], sizes: &Sizes, big_endian: bool) -> bool {
    let fields = [&sizes.memory, &sizes.offset, &sizes.file];
    let [memory, offset, size] = fields
        .map(|field| number::read(bytes, field.start, field.len(), big_endian).unwrap_or(u64::MAX));
    let end = offset.checked_add(size);
    let spare = memory.checked_sub(size);
    end == Some(bytes.len() as u64) && spare.is_some_and(|spare| spare <= SPARE_MAX)
}

/// Takes a signature away as if the file had never been signed: it ends the
/// file, and its load command is the last one, as every signing tool has it.
fn unsigned(bytes: &[u8], table: &Table, image: &Image) -> Vec<Mask> {
    let mut masks = Vec::new();
    let Some(range) = &image.signature else {
        return masks;
    };
    let Some((last, rest)) = table.commands.split_last() else {
        return masks;
    };
    let is_named = last.kind == CODE_SIGNATURE && last.range.len() == CODE_SIGNATURE_LEN;
    if !is_named || !proper::is_code_signature(bytes, range, image) {
        return masks;
    }
    masks.push(Mask {
        what: What::CodeSignature,
        range: range.clone(),
        put: Put::Nothing,
    });
    let sizes: usize = rest.iter().map(|command| command.range.len()).sum();
    let (Ok(count), Ok(sizes)) = (u32::try_from(rest.len()), u32::try_from(sizes)) else {
        return masks;
    };
    let number = |value: u32| {
        if table.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    masks.push(Mask {
        what: What::CodeSignature,
        range: COUNT..COUNT + 8,
        put: Put::Bytes([number(count), number(sizes)].concat()),
    });
    masks.push(Mask::zeros(What::CodeSignature, last.range.clone()));
    masks
}
