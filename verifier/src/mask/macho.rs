//! Mach-O: the code signature ends the file, and three places in the header know
//! of it: its load command, the count and size of load commands, and the size of
//! the segment `__LINKEDIT`.
//!
//! Source: Apple, mach-o/loader.h; cmd/internal/codesign

use std::ops::Range;

use super::{Mask, Put, What};
use crate::image::{Image, number};

/// Signing tools align the signature to this.
pub(super) const ALIGN: usize = 16;

/// The most load commands read.
const COMMANDS_MAX: u64 = 10_000;

const LC_CODE_SIGNATURE: u64 = 0x1d;
const LC_SEGMENT: u64 = 0x1;
const LC_SEGMENT_64: u64 = 0x19;

/// Offset of the count of load commands; their size in bytes follows.
const COUNT: usize = 16;

/// Returns the masks of a Mach-O file that no other format has.
pub(super) fn masks(bytes: &[u8], image: &Image) -> Vec<Mask> {
    let big_endian = bytes.starts_with(b"\xfe\xed\xfa");
    let wide = image.machine.bits == Some(64);
    let header = Header {
        bytes,
        big_endian,
        len: if wide { 32 } else { 28 },
    };
    let Some(commands) = header.commands() else {
        return Vec::new();
    };
    let mut masks = Vec::new();
    for command in &commands {
        // vmsize and filesize
        let sizes = match command.kind {
            LC_SEGMENT => [28..32, 36..40],
            LC_SEGMENT_64 => [32..40, 48..56],
            _ => continue,
        };
        if is_link_edit(bytes, command, sizes[1].end) {
            let start = command.range.start;
            masks.extend(sizes.map(|field| {
                Mask::zeros(What::CodeSignature, start + field.start..start + field.end)
            }));
        }
    }
    masks.extend(header.unsigned(&commands, image));
    masks
}

struct Header<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    /// Where load commands begin.
    len: usize,
}

struct Command {
    kind: u64,
    range: Range<usize>,
}

impl Header<'_> {
    fn u32(&self, at: usize) -> Option<u64> {
        number::read(self.bytes, at, 4, self.big_endian)
    }

    fn commands(&self) -> Option<Vec<Command>> {
        let count = self.u32(COUNT)?.min(COMMANDS_MAX);
        let mut commands = Vec::new();
        let mut at = self.len;
        for _ in 0..count {
            let size = usize::try_from(self.u32(at.checked_add(4)?)?).ok()?;
            let end = at
                .checked_add(size)
                .filter(|end| *end <= self.bytes.len())?;
            if size < 8 {
                return None;
            }
            commands.push(Command {
                kind: self.u32(at)?,
                range: at..end,
            });
            at = end;
        }
        Some(commands)
    }

    /// Takes a signature away as if the file had never been signed. That works
    /// when its load command is the last one, as every signing tool has it; else
    /// the bytes alone are masked.
    fn unsigned(&self, commands: &[Command], image: &Image) -> Vec<Mask> {
        let mut masks = Vec::new();
        if let Some(range) = &image.signature {
            let is_last = range.end == self.bytes.len();
            masks.push(Mask {
                what: What::CodeSignature,
                range: range.clone(),
                put: if is_last { Put::Nothing } else { Put::Zeros },
            });
        }
        let Some((last, rest)) = commands.split_last() else {
            return masks;
        };
        if last.kind != LC_CODE_SIGNATURE {
            return masks;
        }
        let sizes: usize = rest.iter().map(|command| command.range.len()).sum();
        let (Ok(count), Ok(sizes)) = (u32::try_from(rest.len()), u32::try_from(sizes)) else {
            return masks;
        };
        let number = |value: u32| {
            if self.big_endian {
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
}

/// A segment's name lies right behind the command and its size.
fn is_link_edit(bytes: &[u8], command: &Command, len_min: usize) -> bool {
    let body = &bytes[command.range.clone()];
    body.len() >= len_min && body[8..].starts_with(b"__LINKEDIT\0")
}
