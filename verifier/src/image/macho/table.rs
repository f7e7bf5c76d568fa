//! The table of load commands as it lies in a Mach-O file of one architecture.
//!
//! Source: Apple, mach-o/loader.h

use std::ops::Range;

use crate::image::number;

/// The most load commands read.
const COMMANDS_MAX: u64 = 10_000;

/// Offset of the count of load commands; their size in bytes follows.
pub const COUNT: usize = 16;

/// Kinds of load commands.
pub const SEGMENT: u64 = 0x1;
pub const SEGMENT_64: u64 = 0x19;
pub const CODE_SIGNATURE: u64 = 0x1d;

/// The length of the command that names a signature: itself, its length, an offset and a
/// size.
pub const CODE_SIGNATURE_LEN: usize = 16;

/// The load commands.
#[derive(Debug)]
pub struct Table {
    /// Whether numbers are stored with the high byte first.
    pub big_endian: bool,
    /// In the order of the file.
    pub commands: Vec<Command>,
}

/// One load command.
#[derive(Debug)]
pub struct Command {
    /// Its kind.
    pub kind: u64,
    /// Its bytes in the file.
    pub range: Range<usize>,
}

/// Where a segment says how large it is.
#[derive(Debug)]
pub struct Sizes {
    /// Its size in memory, in the file.
    pub memory: Range<usize>,
    /// The offset of its content.
    pub offset: Range<usize>,
    /// The size of its content.
    pub file: Range<usize>,
}

impl Table {
    /// Reads the table; `None` where it is cut off.
    pub fn read(bytes: &[u8], is_wide: bool) -> Option<Self> {
        let big_endian = bytes.starts_with(b"\xfe\xed\xfa");
        let word = |at: usize| number::read(bytes, at, 4, big_endian);
        let count = word(COUNT)?.min(COMMANDS_MAX);
        let mut commands = Vec::new();
        let mut at: usize = if is_wide { 32 } else { 28 };
        for _ in 0..count {
            let size = usize::try_from(word(at.checked_add(4)?)?).ok()?;
            let end = at.checked_add(size).filter(|end| *end <= bytes.len())?;
            if size < 8 {
                return None;
            }
            commands.push(Command {
                kind: word(at)?,
                range: at..end,
            });
            at = end;
        }
        Some(Self {
            big_endian,
            commands,
        })
    }
}

impl Command {
    /// Returns the sizes of the segment `__LINKEDIT`, if it is that command.
    pub fn link_edit(&self, bytes: &[u8]) -> Option<Sizes> {
        // vmsize, fileoff, filesize
        let (memory, offset, file) = match self.kind {
            SEGMENT => (28..32, 32..36, 36..40),
            SEGMENT_64 => (32..40, 40..48, 48..56),
            _ => return None,
        };
        let body = &bytes[self.range.clone()];
        // A segment's name lies right behind the command and its size.
        let is_link_edit = body.len() >= file.end && body[8..].starts_with(b"__LINKEDIT\0");
        let start = self.range.start;
        let inside = |field: Range<usize>| start + field.start..start + field.end;
        is_link_edit.then(|| Sizes {
            memory: inside(memory),
            offset: inside(offset),
            file: inside(file),
        })
    }
}
