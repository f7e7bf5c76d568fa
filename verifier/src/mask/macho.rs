//! Mach-O: the code signature ends the file, and three places in the header know
//! of it: its load command, the count and size of load commands, and the size of
//! the segment `__LINKEDIT`.
//!
//! Source: Apple, mach-o/loader.h; cmd/internal/codesign

use std::ops::Range;

use super::{Mask, Put, What, proper};
use crate::image::{Image, number};

/// Signing tools align the signature to this.
pub(super) const ALIGN: usize = 16;

/// The most load commands read.
const COMMANDS_MAX: u64 = 10_000;

const LC_CODE_SIGNATURE: u64 = 0x1d;
/// The length of that command: itself, its length, an offset and a size.
const COMMAND_LEN: usize = 16;

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
        // vmsize and filesize, and the offset in the file between them
        let (sizes, width) = match command.kind {
            LC_SEGMENT => ([28..32, 36..40], 4),
            LC_SEGMENT_64 => ([32..40, 48..56], 8),
            _ => continue,
        };
        if is_link_edit(bytes, command, sizes[1].end) && header.ends_file(command, &sizes, width) {
            let start = command.range.start;
            masks.extend(sizes.map(|field| {
                Mask::zeros(What::CodeSignature, start + field.start..start + field.end)
            }));
        }
    }
    masks.extend(header.unsigned(&commands, image));
    masks
}

/// How much more memory than bytes of the file the last segment may have: a page,
/// or the signature that was taken away.
const SPARE_MAX: u64 = 16 << 20;

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

    /// Says whether the sizes of a segment follow from where it lies: at the end of
    /// the file.
    fn ends_file(&self, command: &Command, sizes: &[Range<usize>; 2], width: usize) -> bool {
        let field = |at: usize| {
            let at = command.range.start + at;
            number::read(self.bytes, at, width, self.big_endian).unwrap_or(u64::MAX)
        };
        let [memory, size] = [sizes[0].start, sizes[1].start].map(field);
        let end = field(sizes[1].start - width).checked_add(size);
        let spare = memory.checked_sub(size);
        end == Some(self.bytes.len() as u64) && spare.is_some_and(|spare| spare <= SPARE_MAX)
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

    /// Takes a signature away as if the file had never been signed: it ends the
    /// file, and its load command is the last one, as every signing tool has it.
    fn unsigned(&self, commands: &[Command], image: &Image) -> Vec<Mask> {
        let mut masks = Vec::new();
        let Some(range) = &image.signature else {
            return masks;
        };
        let Some((last, rest)) = commands.split_last() else {
            return masks;
        };
        let is_named = last.kind == LC_CODE_SIGNATURE && last.range.len() == COMMAND_LEN;
        if !is_named || !proper::is_code_signature(self.bytes, range, image) {
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
