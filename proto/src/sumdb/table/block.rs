//! Blocks: sorted entries, each key as what it does not share with the one before.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::{BLOCK_LEN_MAX, Error, KEY_LEN_MAX};
use crate::tlog::Hash;

/// Where a block lies, and what it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// Its first byte in the file.
    pub offset: u64,
    /// Its bytes, at most [`BLOCK_LEN_MAX`].
    pub len: usize,
    /// 0 for entries, otherwise one more than the blocks that it names.
    pub level: u8,
    /// SHA-256 of its bytes.
    pub digest: Hash,
}

impl Place {
    /// The place of a block with these bytes at `offset`. `None` when no block has so
    /// many or so few.
    pub fn of(offset: u64, bytes: &[u8]) -> Option<Self> {
        let level = *bytes.first()?;
        (bytes.len() <= BLOCK_LEN_MAX).then(|| Self {
            offset,
            len: bytes.len(),
            level,
            digest: Hash(Sha256::digest(bytes).into()),
        })
    }

    /// The block's bytes in a file that is held in memory whole.
    pub fn range(&self) -> Range<usize> {
        let start = usize::try_from(self.offset).unwrap_or(usize::MAX);
        start..start.saturating_add(self.len)
    }
}

/// A block that has the SHA-256 that its parent names. It may be kept, to be given
/// again wherever its place is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    place: Place,
    bytes: Vec<u8>,
}

impl Block {
    /// Checks the bytes that lie at `place`.
    ///
    /// # Errors
    ///
    /// [`Error::BlockLength`], [`Error::BlockDamaged`], [`Error::BlockMalformed`].
    pub fn open(place: &Place, bytes: Vec<u8>) -> Result<Self, Error> {
        let offset = place.offset;
        if bytes.len() != place.len {
            return Err(Error::BlockLength {
                offset,
                want: place.len,
                got: bytes.len(),
            });
        }
        let got = Hash(Sha256::digest(&bytes).into());
        if got != place.digest {
            return Err(Error::BlockDamaged {
                offset,
                want: place.digest,
                got,
            });
        }
        if bytes.first() != Some(&place.level) {
            return Err(Error::BlockMalformed {
                offset,
                what: "another level than its parent says",
            });
        }
        Ok(Self {
            place: *place,
            bytes,
        })
    }

    /// Where the block lies.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// A way through the entries of one block. Where it stands is kept apart from the block,
/// so that both can be kept.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    at: usize,
    first: bool,
    key: Vec<u8>,
}

/// What an entry has beside its key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item {
    Number(u64),
    Below(Place),
}

impl Cursor {
    pub(super) fn new() -> Self {
        // The level's byte comes first.
        Self {
            at: 1,
            first: true,
            key: Vec::new(),
        }
    }

    /// The key of the entry that [`Cursor::next`] gave.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Goes to the next entry.
    pub(super) fn next(&mut self, block: &Block) -> Result<Option<Item>, Error> {
        let mut reader = Reader {
            rest: block.bytes.get(self.at..).unwrap_or_default(),
            offset: block.place.offset,
        };
        if reader.rest.is_empty() {
            return Ok(None);
        }
        self.read_key(&mut reader)?;
        let item = match block.place.level {
            0 => Item::Number(reader.number()?),
            level => Item::Below(reader.below(level - 1)?),
        };
        self.at = block.bytes.len() - reader.rest.len();
        self.first = false;
        Ok(Some(item))
    }

    /// Reads a key. One that shares fewer bytes than it could, or is not greater than the
    /// one before it, is refused: there is one way to write a block.
    fn read_key(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        let shared = reader.len()?;
        let rest_len = reader.len()?;
        let rest = reader.take(rest_len)?;
        if shared > self.key.len() || shared + rest_len > KEY_LEN_MAX {
            return Err(reader.malformed("key is too long"));
        }
        let ascends = match (self.key.get(shared), rest.first()) {
            (Some(before), Some(after)) => before < after,
            (None, Some(_)) => true,
            (_, None) => self.first,
        };
        if !ascends {
            return Err(reader.malformed("keys do not ascend"));
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(rest);
        Ok(())
    }
}

/// The rest of a block.
struct Reader<'a> {
    rest: &'a [u8],
    /// Where the block begins.
    offset: u64,
}

impl<'a> Reader<'a> {
    fn malformed(&self, what: &'static str) -> Error {
        Error::BlockMalformed {
            offset: self.offset,
            what,
        }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or_else(|| self.malformed("entry is cut short"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// Reads a LEB128 number.
    fn number(&mut self) -> Result<u64, Error> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.take(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.malformed("number is too large"))
    }

    fn len(&mut self) -> Result<usize, Error> {
        let number = self.number()?;
        let len = usize::try_from(number).ok();
        len.filter(|len| *len <= BLOCK_LEN_MAX)
            .ok_or_else(|| self.malformed("length is too large"))
    }

    fn below(&mut self, level: u8) -> Result<Place, Error> {
        let offset = self.number()?;
        let len = self.len()?;
        let digest = self.take(32)?;
        // Children come before parents, so that no way down is endless.
        let end = offset.checked_add(len as u64);
        if len == 0 || end.is_none_or(|end| end > self.offset) {
            return Err(self.malformed("a block below lies behind it"));
        }
        Ok(Place {
            offset,
            len,
            level,
            digest: Hash(digest.try_into().unwrap_or_default()),
        })
    }
}

/// Appends a LEB128 number.
pub(super) fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or_default());
}

/// How many bytes two keys have in common at their beginning.
pub(super) fn shared_len(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}
