//! Finding a tile that is not stored, and proving it.

use std::sync::Arc;

use bytes::Bytes;
use proto::sumdb::Head;
use proto::sumdb::client::TileCheck;
use proto::tlog::Tile;

use super::examine::compute;
use super::{Followed, not_here};
use crate::sumdb::LookupError;
use crate::sumdb::fetch::Hops;
use crate::sumdb::tiles::{self, ReadFrom, ReadTile, blocking};

/// Heads under which an unknown tile is tried.
const TILE_HEADS_MAX: usize = 8;

impl Followed {
    pub(super) async fn find_tile(
        self: &Arc<Self>,
        tile: &Tile,
        hops: &Hops,
    ) -> Result<Bytes, LookupError> {
        let covered = |head: &Head| TileCheck::new(head, tile).is_ok();
        if !self.current().as_ref().is_some_and(covered) {
            self.refresh_unless_settled(hops).await?;
        }
        let Some(current) = self.current().filter(covered) else {
            let size = self.head_size().unwrap_or(0);
            return Err(not_here(format!(
                "not found: {tile} is beyond the {size} records of the newest signed head \
                 that this server has seen\n"
            )));
        };
        let mut missing = match self.prove_tile(tile, &current, hops).await {
            Err(error @ LookupError::NotFound { .. }) => error,
            answer => return answer,
        };
        // An upstream that is a recording has not every tile of its newest head.
        for head in self.other_heads(tile, current.tree.size).await? {
            match self.prove_tile(tile, &head, hops).await {
                Err(error @ LookupError::NotFound { .. }) => missing = error,
                answer => return answer,
            }
        }
        Err(missing)
    }

    async fn prove_tile(
        self: &Arc<Self>,
        tile: &Tile,
        head: &Head,
        hops: &Hops,
    ) -> Result<Bytes, LookupError> {
        let check = TileCheck::new(head, tile).map_err(|error| not_here(format!("{error}\n")))?;
        let check = Arc::new(check);
        let mut from = ReadFrom::DiskFirst;
        loop {
            let read = self.read_tiles(check.tiles(), from, hops).await?;
            let any_stored = read.iter().any(ReadTile::is_stored);
            let finish = Arc::clone(&check);
            let (finished, read) = compute(read, move |data| finish.finish(data)).await?;
            match finished {
                Ok(bytes) => {
                    let this = Arc::clone(self);
                    blocking("keeping tiles", move || this.keep_tiles(&read, from)).await?;
                    return Ok(bytes.into());
                }
                Err(_) if any_stored && from == ReadFrom::DiskFirst => from = ReadFrom::Upstream,
                Err(error) => {
                    let head = Some(head.clone());
                    return Err(self.refuse(&tile.path(), &[], head, read, error).await);
                }
            }
        }
    }

    /// Other accepted heads that have the tile: those that have it exactly as wide
    /// come first, newer before older.
    async fn other_heads(&self, tile: &Tile, current: u64) -> Result<Vec<Head>, LookupError> {
        let (archive, tile) = (self.archive.clone(), *tile);
        blocking("reading accepted heads", move || {
            let width = |size| {
                Tile::widest(tile.height, tile.level, tile.index, size).map_or(0, |tile| tile.width)
            };
            let mut sizes = archive.head_sizes()?;
            sizes.retain(|&size| size != current && width(size) >= tile.width);
            // Stable: within each half the newest stay first.
            sizes.sort_by_key(|&size| width(size) != tile.width);
            // One that is damaged is passed over.
            let heads = sizes.into_iter().filter_map(|size| archive.head(size).ok());
            Ok(heads.take(TILE_HEADS_MAX).collect())
        })
        .await
    }

    pub(super) async fn read_tiles(
        &self,
        tiles: &[Tile],
        from: ReadFrom,
        hops: &Hops,
    ) -> Result<Vec<ReadTile>, LookupError> {
        tiles::read(&self.archive, &self.remote, tiles, from, hops).await
    }
}
