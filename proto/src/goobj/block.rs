//! The blocks of an object file: tables and bytes one after the other, found by
//! the offsets in its header.
//!
//! Source: cmd/internal/goobj/objfile.go

use std::ops::Range;

use thiserror::Error;

/// Why an object can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// Another version's format, or no object at all.
    #[error(
        "object format {magic:?} is unknown: only {want:?} is read",
        want = "\0go120ld"
    )]
    Magic {
        /// What stands in the magic's place.
        magic: String,
    },
    /// The file ends within the header.
    #[error("the object ends after {len} bytes, within its header of {want}")]
    Short {
        /// Bytes there are.
        len: usize,
        /// Bytes of the header.
        want: usize,
    },
    /// A block begins before the one in front of it, or after the end.
    #[error(
        "block {block} begins at {offset}: before the block in front of it, or past the end at {len}"
    )]
    Block {
        /// The block's number.
        block: usize,
        /// Where it is said to begin.
        offset: u32,
        /// Size of the object in bytes.
        len: usize,
    },
}

/// The blocks in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the toolchain's own")]
pub enum Block {
    Autolib,
    PkgIdx,
    File,
    Symdef,
    Hashed64def,
    Hasheddef,
    Nonpkgdef,
    Nonpkgref,
    RefFlags,
    Hash64,
    Hash,
    RelocIdx,
    AuxIdx,
    DataIdx,
    Reloc,
    Aux,
    Data,
    RefName,
    End,
}

const BLOCKS: usize = 19;
const MAGIC: &[u8; 8] = b"\0go120ld";
const HEADER_LEN: usize = 8 + 8 + 4 + 4 * BLOCKS;

/// An object's bytes, cut into blocks.
#[derive(Debug, Clone)]
pub(super) struct Blocks<'a> {
    pub(super) fingerprint: [u8; 8],
    pub(super) flags: u32,
    bytes: &'a [u8],
    offsets: [usize; BLOCKS],
}

impl<'a> Blocks<'a> {
    /// Reads the header of an object that begins with its magic.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if !bytes.starts_with(MAGIC) {
            let magic = &bytes[..bytes.len().min(MAGIC.len())];
            return Err(Error::Magic {
                magic: String::from_utf8_lossy(magic).into_owned(),
            });
        }
        let short = || Error::Short {
            len: bytes.len(),
            want: HEADER_LEN,
        };
        let fingerprint = fingerprint(bytes).ok_or_else(short)?;
        let flags = number(bytes, 16).ok_or_else(short)?;
        let mut offsets = [0; BLOCKS];
        let mut before = HEADER_LEN;
        for (block, place) in offsets.iter_mut().enumerate() {
            let offset = number(bytes, 20 + 4 * block).ok_or_else(short)?;
            *place = usize::try_from(offset)
                .ok()
                .filter(|offset| (before..=bytes.len()).contains(offset))
                .ok_or(Error::Block {
                    block,
                    offset,
                    len: bytes.len(),
                })?;
            before = *place;
        }
        Ok(Self {
            fingerprint,
            flags,
            bytes,
            offsets,
        })
    }

    /// The bytes of a block.
    pub(super) fn block(&self, block: Block) -> &'a [u8] {
        let end = self.offsets.get(block as usize + 1);
        let end = end.copied().unwrap_or(self.bytes.len());
        &self.bytes[self.offsets[block as usize]..end]
    }

    pub(super) fn records(&self, block: Block, len: usize) -> std::slice::ChunksExact<'a, u8> {
        self.block(block).chunks_exact(len)
    }

    pub(super) fn nth(&self, block: Block, len: usize, number: usize) -> Option<&'a [u8]> {
        self.records(block, len).nth(number)
    }

    /// Where a symbol's part of a block lies, by an index of starts.
    pub(super) fn index(&self, index: Block, symbol: usize) -> Option<Range<usize>> {
        let starts = self.block(index);
        let at = symbol.checked_mul(4)?;
        let start = usize::try_from(number(starts, at)?).ok()?;
        let end = usize::try_from(number(starts, at.checked_add(4)?)?).ok()?;
        (start <= end).then_some(start..end)
    }

    pub(super) fn indexed(
        &self,
        index: Block,
        block: Block,
        len: usize,
        symbol: usize,
    ) -> std::slice::ChunksExact<'a, u8> {
        let bytes = self.index(index, symbol).and_then(|range| {
            let range = range.start.checked_mul(len)?..range.end.checked_mul(len)?;
            self.block(block).get(range)
        });
        bytes.unwrap_or_default().chunks_exact(len)
    }

    /// The string that a record begins with a reference to; empty when it does
    /// not lie within the object.
    pub(super) fn string(&self, record: &[u8]) -> &'a [u8] {
        let string = || {
            let len = usize::try_from(number(record, 0)?).ok()?;
            let start = usize::try_from(number(record, 4)?).ok()?;
            self.bytes.get(start..start.checked_add(len)?)
        };
        string().unwrap_or_default()
    }
}

/// Reads a hash of export data behind eight other bytes.
pub(super) fn fingerprint(bytes: &[u8]) -> Option<[u8; 8]> {
    bytes.get(8..16)?.try_into().ok()
}

pub(super) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    bytes.try_into().ok().map(u32::from_le_bytes)
}
