//! The build information blob inside a program.
//!
//! A 32-byte header on a 16-byte boundary:
//!
//! ```text
//! 0   \xff Go buildinf:     14 bytes
//! 14  pointer size          1 byte, 4 or 8
//! 15  flags                 1: big-endian, 2: strings inline
//! ```
//!
//! With flag 2 (Go 1.18 and later) two strings follow at offset 32, each an
//! unsigned varint length and its bytes: the Go version, then the module text.
//! Without it offsets 16 and 16+pointer size hold addresses of Go string headers
//! (address, length) of the same two strings. The module text stands between two
//! 16-byte marks, so that it can be found in memory too.
//!
//! Source: debug/buildinfo, cmd/link/internal/ld/data.go buildinfo

use std::ops::Range;

use memchr::memmem;

use super::Error;

/// The bytes that open the blob.
pub const MAGIC: &[u8; 14] = b"\xff Go buildinf:";

/// The blob begins on a multiple of this many bytes.
pub const ALIGN: usize = 16;

/// The longest version or module text accepted, in bytes. The module text of the
/// largest programs seen is some 60 KB.
pub const STRING_LEN_MAX: usize = 16 << 20;

const HEADER_LEN: usize = 32;
const BIG_ENDIAN: u8 = 1;
const INLINE: u8 = 2;

/// The marks around the module text.
pub const FRAME_START: [u8; 16] =
    *b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
/// The mark behind the module text; see [`FRAME_START`].
pub const FRAME_END: [u8; 16] =
    *b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";

/// The two strings of a blob, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The Go version, `go1.27.3` or `devel …`, experiments behind it.
    pub version: String,
    /// The module text without its marks; empty when the build had no modules.
    pub modules: String,
    /// The blob's bytes as offsets into what was parsed. For the pointer layout
    /// the header alone.
    pub range: Range<usize>,
}

/// Returns the offset of the first blob header at or after `from`.
///
/// `base` is the address or file offset of `bytes[0]`: the blob is aligned
/// within the file's section, and the mark without alignment occurs in tools
/// that look for it.
pub fn find(bytes: &[u8], base: u64, from: usize) -> Option<usize> {
    let hits = memmem::find_iter(bytes.get(from..)?, MAGIC).map(|hit| from + hit);
    hits.take(HITS_MAX)
        .find(|hit| base.wrapping_add(*hit as u64).is_multiple_of(ALIGN as u64))
}

/// The most occurrences of the mark looked at in one search.
const HITS_MAX: usize = 4096;

/// Parses the blob whose header is at `at`.
///
/// `resolve` returns a number of bytes at an address of the program and is asked
/// only for the pointer layout.
///
/// # Errors
/// `NotABlob` without the mark, `PointerSize` for a size other than 4 or 8,
/// `Truncated` when the strings pass the end, `TooLong` past [`STRING_LEN_MAX`],
/// `BadPointer` when `resolve` has no answer, `NotText` for strings not in UTF-8.
pub fn parse<'a>(
    bytes: &[u8],
    at: usize,
    resolve: impl Fn(u64, usize) -> Option<&'a [u8]>,
) -> Result<Blob, Error> {
    let end = at.checked_add(HEADER_LEN).ok_or(Error::Truncated)?;
    let header = bytes.get(at..end).ok_or(Error::Truncated)?;
    if !header.starts_with(MAGIC) {
        return Err(Error::NotABlob);
    }
    let (pointer_size, flags) = (header[14], header[15]);
    if flags & INLINE != 0 {
        return parse_inline(bytes, at);
    }
    let memory = Memory {
        pointer_size: pointer_size.into(),
        big_endian: flags & BIG_ENDIAN != 0,
        resolve,
    };
    if !matches!(pointer_size, 4 | 8) {
        return Err(Error::PointerSize { size: pointer_size });
    }
    let version = memory.string_at(memory.word(&header[16..])?)?;
    let modules = memory.string_at(memory.word(&header[16 + memory.pointer_size..])?)?;
    Ok(Blob {
        version: text(version)?,
        modules: text(unframe(&modules).to_vec())?,
        range: at..end,
    })
}

fn parse_inline(bytes: &[u8], at: usize) -> Result<Blob, Error> {
    let (version, next) = inline_string(bytes, at + HEADER_LEN)?;
    let (modules, end) = inline_string(bytes, next)?;
    Ok(Blob {
        version: text(version.to_vec())?,
        modules: text(unframe(modules).to_vec())?,
        range: at..end,
    })
}

/// Takes the marks off a module text.
///
/// As the go command does, anything shorter than both marks or without a line
/// end before the second one counts as no text.
pub fn unframe(framed: &[u8]) -> &[u8] {
    let marks = FRAME_START.len() + FRAME_END.len();
    if framed.len() > marks && framed[framed.len() - FRAME_END.len() - 1] == b'\n' {
        &framed[FRAME_START.len()..framed.len() - FRAME_END.len()]
    } else {
        &[]
    }
}

/// Finds the module text by its marks alone and returns its range, marks included.
///
/// WebAssembly modules have no blob that points at the text, and every program
/// keeps a copy of it among its constants.
pub fn find_framed(bytes: &[u8]) -> Option<Range<usize>> {
    // Every try may walk STRING_LEN_MAX bytes, so there are few.
    let mut starts = memmem::find_iter(bytes, &FRAME_START).take(8);
    starts.find_map(|start| {
        let end = bytes.len().min(start.saturating_add(STRING_LEN_MAX));
        let len = memmem::find(&bytes[start..end], &FRAME_END)? + FRAME_END.len();
        let range = start..start + len;
        (!unframe(&bytes[range.clone()]).is_empty()).then_some(range)
    })
}

fn text(bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|_| Error::NotText)
}

fn checked_len(len: u64) -> Result<usize, Error> {
    match usize::try_from(len) {
        Ok(len) if len <= STRING_LEN_MAX => Ok(len),
        _ => Err(Error::TooLong {
            len,
            max: STRING_LEN_MAX,
        }),
    }
}

fn inline_string(bytes: &[u8], at: usize) -> Result<(&[u8], usize), Error> {
    let (len, start) = uvarint(bytes, at).ok_or(Error::Truncated)?;
    let end = start
        .checked_add(checked_len(len)?)
        .ok_or(Error::Truncated)?;
    Ok((bytes.get(start..end).ok_or(Error::Truncated)?, end))
}

/// Reads an unsigned LEB128 number of at most ten bytes.
fn uvarint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (index, byte) in bytes.get(at..)?.iter().take(10).enumerate() {
        let bits = u64::from(byte & 0x7f);
        let shifted = bits.checked_shl(7 * u32::try_from(index).ok()?)?;
        if index == 9 && *byte > 1 {
            return None;
        }
        value |= shifted;
        if byte & 0x80 == 0 {
            return Some((value, at + index + 1));
        }
    }
    None
}

/// A program's memory as the pointer layout needs it.
struct Memory<F> {
    pointer_size: usize,
    big_endian: bool,
    resolve: F,
}

impl<'a, F: Fn(u64, usize) -> Option<&'a [u8]>> Memory<F> {
    fn word(&self, bytes: &[u8]) -> Result<u64, Error> {
        let bytes = bytes.get(..self.pointer_size).ok_or(Error::Truncated)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Ok(if self.big_endian {
            bytes.iter().fold(0, fold)
        } else {
            bytes.iter().rev().fold(0, fold)
        })
    }

    /// Follows an address to a string header and that to the bytes.
    fn string_at(&self, address: u64) -> Result<Vec<u8>, Error> {
        let header = self.read(address, 2 * self.pointer_size)?;
        let len = checked_len(self.word(&header[self.pointer_size..])?)?;
        if len == 0 {
            return Ok(Vec::new());
        }
        self.read(self.word(header)?, len).map(<[u8]>::to_vec)
    }

    fn read(&self, address: u64, len: usize) -> Result<&'a [u8], Error> {
        (self.resolve)(address, len)
            .filter(|bytes| bytes.len() == len)
            .ok_or(Error::BadPointer { address, len })
    }
}

#[cfg(test)]
mod tests;
