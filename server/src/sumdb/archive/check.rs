//! Whether a stored tile is still what was proved, told from what is stored.

use std::io;

use proto::sumdb::{Head, client::TileCheck, split_records};
use proto::tlog::{Level, Tile, record_hash};

use super::Archive;
use super::tiles::cut;

/// Heads under which a stored tile is proved.
const HEADS_MAX: usize = 4;

impl Archive {
    /// A tile that is what it was when it was proved, or `None` when none is stored or
    /// it can't be told. A damaged one is told to the log.
    ///
    /// A tile that was proved since the start needs no more than its digest; else a
    /// full one is held against the hash in its parent, a tile of records against the
    /// tile of their hashes, and a partial one is proved under a head at which it was
    /// just so wide.
    pub(in crate::sumdb) fn checked_tile(&self, tile: &Tile) -> io::Result<Option<Vec<u8>>> {
        let Some((stored, bytes)) = self.stored_at(tile)? else {
            return Ok(None);
        };
        if stored.width < tile.width {
            return Ok(None);
        }
        if !self.is_proved(&stored, &bytes) {
            match self.check(&stored, &bytes)? {
                Some(true) => self.note_proved(&stored, &bytes),
                Some(false) => {
                    self.tell_damage(&stored);
                    return Ok(None);
                }
                None => return Ok(None),
            }
        }
        Ok(cut(tile, &stored, &bytes))
    }

    /// Says whether a tile is true; `None` when what is stored does not tell.
    fn check(&self, stored: &Tile, bytes: &[u8]) -> io::Result<Option<bool>> {
        if stored.level == Level::Data {
            return self.check_records(stored, bytes);
        }
        if stored.is_full() {
            if let Some((parent, _)) = stored.parent()
                && let Some((above, above_bytes)) = self.stored_at(&Tile { width: 1, ..parent })?
            {
                return Ok(Some(
                    stored.check_below(bytes, &above, &above_bytes).is_ok(),
                ));
            }
            return Ok(None);
        }
        self.check_partial(stored, bytes)
    }

    fn check_records(&self, stored: &Tile, bytes: &[u8]) -> io::Result<Option<bool>> {
        let hash_tile = Tile {
            level: Level::Hashes(0),
            ..*stored
        };
        let Some(hashes) = self.checked_tile(&hash_tile)? else {
            return Ok(None);
        };
        let Ok(records) = split_records(bytes) else {
            return Ok(Some(false));
        };
        let (hashes, _) = hashes.as_chunks::<32>();
        let got = records
            .iter()
            .map(|record| record_hash(record.as_str().as_bytes()).0);
        Ok(Some(got.eq(hashes.iter().copied())))
    }

    /// Proves a partial tile under the heads that end in it.
    fn check_partial(&self, stored: &Tile, bytes: &[u8]) -> io::Result<Option<bool>> {
        let mut told = None;
        for head in self.heads_ending_in(stored)? {
            let Ok(plan) = TileCheck::new(&head, stored) else {
                continue;
            };
            let mut data = Vec::new();
            for tile in plan.tiles() {
                let read = if tile == stored {
                    Some(bytes.to_vec())
                } else {
                    self.tile(tile)?
                };
                data.extend(read);
            }
            if data.len() < plan.tiles().len() {
                continue;
            }
            if plan.finish(&data).is_ok() {
                return Ok(Some(true));
            }
            told = Some(false);
        }
        Ok(told)
    }

    fn heads_ending_in(&self, tile: &Tile) -> io::Result<Vec<Head>> {
        let mut sizes = self.head_sizes()?;
        sizes.retain(|&size| {
            Tile::widest(tile.height, tile.level, tile.index, size).as_ref() == Some(tile)
        });
        let heads = sizes.into_iter().filter_map(|size| self.head(size).ok());
        Ok(heads.take(HEADS_MAX).collect())
    }

    fn tell_damage(&self, stored: &Tile) {
        let file = self.tile_path(stored).display().to_string();
        let database = self.name();
        tracing::error!(
            database,
            file,
            "a stored tile of a checksum database, or one that proves it, is damaged and not \
             served; it is asked for again"
        );
    }
}
