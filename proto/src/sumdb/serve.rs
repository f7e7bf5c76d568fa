//! Answers of a checksum database, made from the files that it keeps.
//!
//! A database stores one form of itself: tiles of hashes and of records, all of
//! height [`TILE_HEIGHT`]. Clients may ask for tiles of every height. [`TileAnswer`]
//! names the stored tiles that a wanted one is made of, one [`Piece`] after the
//! other, so that a long answer (a tile of records of height 30 is the whole log) is
//! never held in memory whole:
//!
//! ```
//! use proto::sumdb::serve::TileAnswer;
//! use proto::tlog::{HashTree, Tile, record_hash};
//!
//! let mut log = HashTree::default();
//! for record in 0..300_u32 {
//!     log.push(record_hash(&record.to_be_bytes()));
//! }
//! let wanted = Tile::parse("tile/3/1/004.p/5")?;
//! let mut bytes = Vec::new();
//! for piece in TileAnswer::new(&wanted, log.size())?.pieces() {
//!     let stored = log.tile(&piece.stored).unwrap_or_default(); // read from a file
//!     bytes.extend(piece.cut(&stored)?);
//! }
//! assert_eq!(Some(bytes), log.tile(&wanted));
//! # Ok::<(), proto::sumdb::Error>(())
//! ```
//!
//! Source: golang.org/x/mod/sumdb (Server), golang.org/x/mod/sumdb/tlog
//! (`FormatRecord`, `ReadTileData`), c2sp.org/tlog-tiles

use memchr::memmem;

use super::{Error, Record, TILE_HEIGHT};
use crate::tlog::{self, Level, Tile, complete_hash};

/// The content type of `latest`, of lookups and of tiles of records, as Go's server
/// writes it.
pub const TEXT_TYPE: &str = "text/plain; charset=UTF-8";

/// The content type of tiles of hashes, and of C2SP's tiles of entries.
pub const TILE_TYPE: &str = "application/octet-stream";

/// The longest record that a C2SP tile of entries can hold, in bytes.
pub const ENTRY_LEN_MAX: usize = u16::MAX as usize;

/// Returns the body of a lookup: the record's number, the record, a blank line, and
/// the signed head `head`, which must cover the record. The body of `latest` is
/// the signed head alone.
pub fn lookup(id: u64, record: &Record, head: &[u8]) -> Vec<u8> {
    let mut body = format!("{id}\n{}\n", record.as_str()).into_bytes();
    body.extend_from_slice(head);
    body
}

/// Returns the stored tile of records that has record `id` of a log of `size`
/// records, and the record's place in it for [`record_in`]; `None` when the log has
/// no such record.
pub fn place(id: u64, size: u64) -> Option<(Tile, usize)> {
    if id >= size {
        return None;
    }
    let tile = Tile::widest(TILE_HEIGHT, Level::Data, id >> TILE_HEIGHT, size)?;
    let place = usize::try_from(id % (1 << TILE_HEIGHT)).ok()?;
    Some((tile, place))
}

/// Returns the record at `place` in the bytes of a tile of records.
///
/// # Errors
///
/// [`Error::Malformed`] when the tile has no whole record there.
pub fn record_in(stored: &[u8], place: usize) -> Result<Record, Error> {
    let (_, rest) = skip(stored, place)?;
    let (with_blank, _) = skip(rest, 1)?;
    Record::parse(&with_blank[..with_blank.len() - 1])
}

/// Returns the bytes that `records` add to a tile of records: each with a blank line.
pub fn records_tile<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        bytes.extend_from_slice(record.as_str().as_bytes());
        bytes.push(b'\n');
    }
    bytes
}

/// A tile of any height, made of stored ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileAnswer {
    wanted: Tile,
    size: u64,
    /// The row of stored tiles that the answer is made of.
    level: Level,
    /// Each hash of the answer is over 2^`fold` neighbours in that row.
    fold: u8,
    /// The first hash or record in that row, and the first after the answer.
    start: u64,
    end: u64,
}

impl TileAnswer {
    /// Plans the tile `wanted` of a log of `size` records.
    ///
    /// # Errors
    ///
    /// [`Error::Tree`] with [`tlog::Error::NotInTree`] when the log has not all of it:
    /// a 404.
    pub fn new(wanted: &Tile, size: u64) -> Result<Self, Error> {
        let held = Tile::widest(wanted.height, wanted.level, wanted.index, size);
        if held.is_none_or(|held| held.width < wanted.width) {
            return Err(Error::Tree(tlog::Error::NotInTree {
                what: wanted.to_string(),
                size,
            }));
        }
        let (level, fold) = match wanted.level {
            Level::Data => (Level::Data, 0),
            // In a tree of at most 2^62 records the row's number is at most 62.
            Level::Hashes(level) => {
                let row = level * wanted.height;
                (Level::Hashes(row / TILE_HEIGHT), row % TILE_HEIGHT)
            }
        };
        let first = wanted.index << wanted.height;
        let end = first + u64::from(wanted.width);
        Ok(Self {
            wanted: *wanted,
            size,
            level,
            fold,
            start: first << fold,
            end: end << fold,
        })
    }

    /// Bytes of the answer, or `None` for records, whose lengths only their tiles
    /// tell.
    pub fn len_bytes(&self) -> Option<u64> {
        match self.wanted.level {
            Level::Data => None,
            Level::Hashes(_) => Some(u64::from(self.wanted.width) * 32),
        }
    }

    /// The content type that Go's server gives the tile.
    pub fn content_type(&self) -> &'static str {
        match self.wanted.level {
            Level::Data => TEXT_TYPE,
            Level::Hashes(_) => TILE_TYPE,
        }
    }

    /// How many stored tiles the answer is made of: at least one.
    pub fn count(&self) -> u64 {
        ((self.end - 1) >> TILE_HEIGHT) - (self.start >> TILE_HEIGHT) + 1
    }

    /// The stored tiles that the answer is made of, in order. Each is named as wide as
    /// a log of this size has it.
    pub fn pieces(&self) -> impl Iterator<Item = Piece> + use<> {
        let answer = *self;
        let first = answer.start >> TILE_HEIGHT;
        (first..first + answer.count()).filter_map(move |index| {
            let base = index << TILE_HEIGHT;
            let offset = |at: u64| usize::try_from(at.saturating_sub(base)).ok();
            Some(Piece {
                stored: Tile::widest(TILE_HEIGHT, answer.level, index, answer.size)?,
                start: offset(answer.start)?,
                end: offset(answer.end)?.min(1 << TILE_HEIGHT),
                fold: answer.fold,
            })
        })
    }
}

/// A stored tile and what of it is in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The stored tile. Any wider one at its place does as well.
    pub stored: Tile,
    start: usize,
    end: usize,
    fold: u8,
}

impl Piece {
    /// Returns what the answer has of the stored tile, whose bytes are `stored`.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when the bytes are too few for such a tile.
    pub fn cut(&self, stored: &[u8]) -> Result<Vec<u8>, Error> {
        match self.stored.level {
            Level::Data => Ok(self.cut_records(stored)?.to_vec()),
            Level::Hashes(_) => self.cut_hashes(stored),
        }
    }

    /// Returns the records of the stored tile that are in the answer as C2SP's entry
    /// bundles have them: each with its length in two bytes, big-endian, in front.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] as [`Piece::cut`], for a tile of hashes, and when a record
    /// is longer than [`ENTRY_LEN_MAX`].
    pub fn cut_entries(&self, stored: &[u8]) -> Result<Vec<u8>, Error> {
        if self.stored.level != Level::Data {
            return Err(Error::Malformed("not a tile of records"));
        }
        let mut rest = self.cut_records(stored)?;
        let mut entries = Vec::with_capacity(rest.len() + 2 * (self.end - self.start));
        while !rest.is_empty() {
            let (with_blank, after) = skip(rest, 1)?;
            let record = &with_blank[..with_blank.len() - 1];
            let len = u16::try_from(record.len())
                .map_err(|_| Error::Malformed("record is too long for a tile of entries"))?;
            entries.extend_from_slice(&len.to_be_bytes());
            entries.extend_from_slice(record);
            rest = after;
        }
        Ok(entries)
    }

    fn cut_records<'a>(&self, stored: &'a [u8]) -> Result<&'a [u8], Error> {
        let (_, rest) = skip(stored, self.start)?;
        let (kept, _) = skip(rest, self.end - self.start)?;
        Ok(kept)
    }

    fn cut_hashes(&self, stored: &[u8]) -> Result<Vec<u8>, Error> {
        let (hashes, _) = stored.as_chunks::<32>();
        let kept = hashes
            .get(self.start..self.end)
            .ok_or(Error::Malformed("tile has too few hashes"))?;
        if self.fold == 0 {
            return Ok(kept.concat());
        }
        let kept: Vec<tlog::Hash> = kept.iter().copied().map(tlog::Hash).collect();
        let folded = kept.chunks(1 << self.fold).filter_map(complete_hash);
        Ok(folded.flat_map(|hash| hash.0).collect())
    }
}

/// Cuts the first `count` records, with the blank line after each, from the rest.
fn skip(bytes: &[u8], count: usize) -> Result<(&[u8], &[u8]), Error> {
    if count == 0 {
        return Ok((&[], bytes));
    }
    memmem::find_iter(bytes, b"\n\n")
        .nth(count - 1)
        .map(|end| bytes.split_at(end + 2))
        .ok_or(Error::Malformed("tile has too few records"))
}

#[cfg(test)]
mod tests;
