//! Finding a tile that is not held, and proving it.

use std::sync::Arc;

use bytes::Bytes;
use proto::sumdb::Head;
use proto::sumdb::client::TileCheck;
use proto::tlog::Tile;

use super::examine::compute;
use super::{Database, not_here};
use crate::sumdb::LookupError;
use crate::sumdb::remote::Fetch;
use crate::sumdb::tiles::{self, From, blocking};

/// Heads under which an unknown tile is tried.
const TILE_HEADS_MAX: usize = 8;

impl<F: Fetch> Database<F> {
    pub(super) async fn find_tile(self: &Arc<Self>, tile: &Tile) -> Result<Bytes, LookupError> {
        let covered = |head: &Head| TileCheck::new(head, tile).is_ok();
        if !self.current().as_ref().is_some_and(covered) {
            self.refresh_unless_settled().await?;
        }
        let Some(current) = self.current().filter(covered) else {
            let size = self.head_size().unwrap_or(0);
            return Err(not_here(format!(
                "not found: {tile} is beyond the {size} records of the newest signed head \
                 that this server has seen\n"
            )));
        };
        let mut missing = match self.prove_tile(tile, &current).await {
            Err(error @ LookupError::NotFound { .. }) => error,
            answer => return answer,
        };
        // An upstream that is a recording has not every tile of its newest head.
        for head in self.other_heads(tile, current.tree.size).await? {
            match self.prove_tile(tile, &head).await {
                Err(error @ LookupError::NotFound { .. }) => missing = error,
                answer => return answer,
            }
        }
        Err(missing)
    }

    async fn prove_tile(&self, tile: &Tile, head: &Head) -> Result<Bytes, LookupError> {
        let check = TileCheck::new(head, tile).map_err(|error| not_here(format!("{error}\n")))?;
        let check = Arc::new(check);
        let mut from = From::DiskFirst;
        loop {
            let read = self.read_tiles(check.tiles(), from).await?;
            let finish = Arc::clone(&check);
            let (finished, read) = compute(read, move |data| finish.finish(data)).await?;
            match finished {
                Ok(bytes) => {
                    let tiles = check.tiles().iter().copied().zip(read.bytes).collect();
                    self.keep_tiles(tiles).await?;
                    return Ok(bytes.into());
                }
                Err(_) if read.any_held && from == From::DiskFirst => from = From::Upstream,
                Err(error) => {
                    let tiles = check.tiles().iter().copied().zip(read.bytes).collect();
                    let head = Some(head.clone());
                    return Err(self.refuse(&tile.path(), &[], head, tiles, error).await);
                }
            }
        }
    }

    /// Other accepted heads that have the tile: those that have it exactly as wide
    /// come first, newer before older.
    async fn other_heads(&self, tile: &Tile, current: u64) -> Result<Vec<Head>, LookupError> {
        let (store, tile) = (self.store.clone(), *tile);
        blocking("reading accepted heads", move || {
            let width = |size| {
                Tile::widest(tile.height, tile.level, tile.index, size).map_or(0, |tile| tile.width)
            };
            let mut sizes = store.head_sizes()?;
            sizes.retain(|&size| size != current && width(size) >= tile.width);
            // Stable: within each half the newest stay first.
            sizes.sort_by_key(|&size| width(size) != tile.width);
            sizes.truncate(TILE_HEADS_MAX);
            sizes.into_iter().map(|size| store.head(size)).collect()
        })
        .await
    }

    async fn keep_tiles(&self, tiles: Vec<(Tile, Vec<u8>)>) -> Result<(), LookupError> {
        let store = self.store.clone();
        blocking("keeping tiles", move || {
            tiles
                .iter()
                .try_for_each(|(tile, bytes)| store.put_tile(tile, bytes))
        })
        .await
    }

    pub(super) async fn read_tiles(
        &self,
        tiles: &[Tile],
        from: From,
    ) -> Result<tiles::Read, LookupError> {
        tiles::read(&self.store, self.remote()?, tiles, from).await
    }
}
