//! Stored tiles, as they were written: nothing here checks them.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use proto::sumdb::cut_records;
use proto::tlog::{Level, Tile};

use super::{Archive, numbers, read};

/// What was seen of the tiles on disk, so that they need not be looked for.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The widths of partial tiles, by their full ones. Held for a look or an
    /// insertion.
    widths: Mutex<HashMap<Tile, u32>>,
    /// SHA-256 of tiles that were proved since the start, as wide as they are stored.
    /// Held for a look or an insertion.
    proved: Mutex<HashMap<Tile, [u8; 32]>>,
}

/// Partial tiles whose width is remembered. Beyond, all are forgotten: it costs a
/// look at a folder each to see them again.
const WIDTHS_MAX: usize = 4096;
/// Proved tiles that are remembered. Beyond, all are forgotten: it costs hashing each
/// to be sure again.
const PROVED_MAX: usize = 4096;

impl Archive {
    /// A tile, cut from the one that is stored at its place, or `None` when that is
    /// narrower. A file that is not what its name says is as good as none.
    pub(in crate::sumdb) fn tile(&self, tile: &Tile) -> io::Result<Option<Vec<u8>>> {
        Ok(self
            .stored_at(tile)?
            .and_then(|(stored, bytes)| cut(tile, &stored, &bytes)))
    }

    /// The stored tile at a place: the widest, or for a full one that alone.
    pub(in crate::sumdb) fn stored_at(&self, tile: &Tile) -> io::Result<Option<(Tile, Vec<u8>)>> {
        let full = tile.to_full();
        if let Some(bytes) = read(&self.tile_path(&full))? {
            return Ok(Some((full, bytes)));
        }
        if tile.is_full() {
            return Ok(None);
        }
        // Remembered, or gone meanwhile because a wider one was written.
        for width in [self.known.width(&full), self.find_width(&full)?] {
            let Some(width) = width else { continue };
            let stored = Tile { width, ..full };
            if let Some(bytes) = read(&self.tile_path(&stored))? {
                return Ok(Some((stored, bytes)));
            }
        }
        Ok(None)
    }

    pub(in crate::sumdb) fn tile_path(&self, tile: &Tile) -> PathBuf {
        self.folder.join(tile.path())
    }

    /// The folder of the partial tiles at a place.
    pub(in crate::sumdb) fn partial_folder(&self, tile: &Tile) -> PathBuf {
        self.folder.join(format!("{}.p", tile.to_full().path()))
    }

    /// Notes that a partial tile is stored. Returns a width below the greatest whose
    /// file is of no use any more.
    pub(in crate::sumdb) fn note_width(&self, tile: &Tile) -> Option<u32> {
        let mut widths = lock(&self.known.widths);
        if widths.len() >= WIDTHS_MAX {
            widths.clear();
        }
        let widest = widths.entry(tile.to_full()).or_insert(tile.width);
        let (before, width) = (*widest, tile.width);
        *widest = before.max(width);
        (before != width).then_some(before.min(width))
    }

    /// Forgets the width of the partial tile at a place.
    pub(in crate::sumdb) fn forget_width(&self, tile: &Tile) {
        lock(&self.known.widths).remove(&tile.to_full());
    }

    /// Notes that a tile has been proved.
    pub(in crate::sumdb) fn note_proved(&self, tile: &Tile, bytes: &[u8]) {
        let mut proved = lock(&self.known.proved);
        if proved.len() >= PROVED_MAX {
            proved.clear();
        }
        proved.insert(*tile, digest(bytes));
    }

    /// Whether the tile with these bytes has been proved since the start.
    pub(super) fn is_proved(&self, tile: &Tile, bytes: &[u8]) -> bool {
        let proved = lock(&self.known.proved).get(tile).copied();
        proved.is_some_and(|proved| proved == digest(bytes))
    }

    /// Looks for the widest partial tile at the place of `full`.
    fn find_width(&self, full: &Tile) -> io::Result<Option<u32>> {
        let widths = numbers(&self.partial_folder(full))?;
        let widths = widths
            .into_iter()
            .filter_map(|width| u32::try_from(width).ok())
            .filter(|width| (1..full.width).contains(width));
        let width = widths.max();
        if let Some(width) = width {
            self.note_width(&Tile { width, ..*full });
        }
        Ok(width)
    }
}

impl Known {
    fn width(&self, full: &Tile) -> Option<u32> {
        lock(&self.widths).get(full).copied()
    }
}

/// Cuts a tile from a stored one at its place; `None` when that is too narrow or no
/// such tile.
pub(super) fn cut(tile: &Tile, stored: &Tile, bytes: &[u8]) -> Option<Vec<u8>> {
    match tile.level {
        Level::Hashes(_) => tile.cut(stored, bytes).ok().map(<[u8]>::to_vec),
        Level::Data => cut_records(tile, stored, bytes).ok(),
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
