//! Reading the tiles of a plan, from disk where they are stored.

use std::io;
use std::sync::Arc;

use futures_util::future::try_join_all;
use proto::tlog::Tile;

use super::LookupError;
use super::archive::Archive;
use super::fetch::Hops;
use super::remote::{FetchedTile, Remote};
use crate::blocking::{CALL_MAX, run_within};

/// A tile of a plan as it was read. Nobody has checked it.
#[derive(Debug, Clone)]
pub(super) struct ReadTile {
    pub(super) tile: Tile,
    pub(super) bytes: Vec<u8>,
    /// What keeps it there for others, if it came from upstream.
    pub(super) fetched: Option<FetchedTile>,
}

impl ReadTile {
    /// Whether it came from disk.
    pub(super) fn is_stored(&self) -> bool {
        self.fetched.is_none()
    }
}

/// Where tiles are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadFrom {
    /// Disk, and upstream for what is not there.
    DiskFirst,
    /// Upstream alone: what is on disk has turned out not to hold.
    Upstream,
}

/// Reads tiles, in the order of the plan; those from upstream all at once.
///
/// # Errors
/// [`LookupError::NotFound`] when upstream lacks a tile, in its own words, and the
/// other variants.
pub(super) async fn read(
    archive: &Archive,
    remote: &Arc<Remote>,
    tiles: &[Tile],
    from: ReadFrom,
    hops: &Hops,
) -> Result<Vec<ReadTile>, LookupError> {
    let stored = match from {
        ReadFrom::DiskFirst => read_stored(archive, tiles).await?,
        ReadFrom::Upstream => vec![None; tiles.len()],
    };
    let each = tiles.iter().zip(stored).map(async |(tile, stored)| {
        let (bytes, fetched) = match stored {
            Some(bytes) => (bytes, None),
            None => {
                let (bytes, fetched) = remote.tile(tile, hops).await?;
                (bytes.to_vec(), Some(fetched))
            }
        };
        let tile = *tile;
        Ok(ReadTile {
            tile,
            bytes,
            fetched,
        })
    });
    try_join_all(each).await
}

async fn read_stored(
    archive: &Archive,
    tiles: &[Tile],
) -> Result<Vec<Option<Vec<u8>>>, LookupError> {
    let (archive, tiles) = (archive.clone(), tiles.to_vec());
    blocking("reading tiles", move || {
        tiles.iter().map(|tile| archive.tile(tile)).collect()
    })
    .await
}

/// Runs file work on a thread that may block, and waits for it as long as one call of
/// storage may take.
///
/// # Errors
/// [`LookupError::Internal`].
pub(super) async fn blocking<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, LookupError> {
    run_within(CALL_MAX, work)
        .await
        .map_err(|error| LookupError::from_io(what, &error))
}
