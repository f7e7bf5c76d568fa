//! Tiles of any height and width, made from the tiles in which a log is kept.

use super::batch::HEIGHT;
use super::entries::Entries;
use super::sequencer::Error;
use super::{Hash, Level, Tile, hash};

/// The plan to make a tile from stored ones of height [`HEIGHT`].
///
/// Its [`Piece`]s, one after the other, are the tile. A tile of great height has many:
/// at height 30 it may be the whole log, so they are made one at a time.
#[derive(Debug, Clone, Copy)]
pub struct Regroup {
    size: u64,
    level: Level,
    /// How many times the stored hashes are folded in pairs.
    fold: u8,
    /// What is needed of the stored row, in its numbers: up to `end`, not included.
    at: u64,
    end: u64,
}

/// What one stored tile gives to a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The stored tile, at the width that the tree has it.
    pub tile: Tile,
    fold: u8,
    from: usize,
    to: usize,
}

impl Regroup {
    /// Plans for `wanted` in a tree of `size` records; `None` when the tree has not all
    /// of it.
    pub fn new(wanted: &Tile, size: u64) -> Option<Self> {
        let widest = Tile::widest(wanted.height, wanted.level, wanted.index, size)?;
        if wanted.width > widest.width {
            return None;
        }
        let (level, fold) = match wanted.level {
            Level::Data => (Level::Data, 0),
            Level::Hashes(level) => {
                // The tree has the tile, so its row is one of the 63 that a tree has.
                let row = level.checked_mul(wanted.height)?;
                (Level::Hashes(row / HEIGHT), row % HEIGHT)
            }
        };
        let first = wanted.index << wanted.height;
        Some(Self {
            size,
            level,
            fold,
            at: first << fold,
            end: (first + u64::from(wanted.width)) << fold,
        })
    }

    /// How many pieces are left.
    pub fn pieces_left(&self) -> u64 {
        if self.at == self.end {
            return 0;
        }
        ((self.end - 1) >> HEIGHT) - (self.at >> HEIGHT) + 1
    }

    /// Bytes of the tile, or `None` for one of records.
    pub fn bytes(&self) -> Option<u64> {
        match self.level {
            Level::Data => None,
            Level::Hashes(_) => Some(((self.end - self.at) >> self.fold) * 32),
        }
    }
}

impl Iterator for Regroup {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.at == self.end {
            return None;
        }
        let index = self.at >> HEIGHT;
        let start = index << HEIGHT;
        let end = self.end.min(start + (1 << HEIGHT));
        let piece = Piece {
            tile: Tile::widest(HEIGHT, self.level, index, self.size)?,
            fold: self.fold,
            from: usize::try_from(self.at - start).ok()?,
            to: usize::try_from(end - start).ok()?,
        };
        self.at = end;
        Some(piece)
    }
}

impl Piece {
    /// Returns what the bytes of the stored tile give to a tile of hashes.
    ///
    /// # Errors
    ///
    /// [`Error::Tree`] when there are other bytes than the tile's width says.
    pub fn hashes(&self, stored: &[u8]) -> Result<Vec<u8>, Error> {
        let hashes = self.tile.hashes(stored)?;
        let wanted = hashes.get(self.from..self.to).unwrap_or_default();
        let folded = wanted
            .chunks(1 << self.fold)
            .filter_map(hash::complete_hash);
        Ok(folded.flat_map(|Hash(bytes)| bytes).collect())
    }

    /// Returns what the bytes of the stored tile give to a tile of records, which lie
    /// there as `stored_as` says and go out as `sent_as` says.
    ///
    /// # Errors
    ///
    /// [`Error::Entries`], and [`Error::RecordCount`] when the stored tile has fewer
    /// records than its width says.
    pub fn records(
        &self,
        stored: &[u8],
        stored_as: Entries,
        sent_as: Entries,
    ) -> Result<Vec<u8>, Error> {
        let records = stored_as.split(stored)?;
        let wanted = records.get(self.from..self.to);
        let wanted = wanted.ok_or(Error::RecordCount {
            want: self.to,
            got: records.len(),
        })?;
        let mut bytes = Vec::with_capacity(stored.len());
        for record in wanted {
            sent_as.push(record, &mut bytes)?;
        }
        Ok(bytes)
    }
}
