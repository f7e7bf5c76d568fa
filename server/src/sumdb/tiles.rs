//! Reading the tiles of a plan, from disk where they are held.

use std::io;
use std::sync::Arc;

use futures_util::future::try_join_all;
use proto::tlog::{Level, Tile};

use super::LookupError;
use super::remote::{Fetch, Remote};
use super::store::Store;

/// The tiles of a plan as they were read, and nobody has checked.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// In the order of the plan.
    pub(super) bytes: Vec<Vec<u8>>,
    /// Whether any came from disk.
    pub(super) any_held: bool,
}

/// Where tiles are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// Disk, and upstream for what is not there.
    DiskFirst,
    /// Upstream alone: what is on disk has turned out not to hold.
    Upstream,
}

/// Reads tiles; those from upstream all at once.
///
/// # Errors
/// [`LookupError::NotFound`] when upstream lacks a tile, in its own words, and the
/// other variants.
pub(super) async fn read<F: Fetch>(
    store: &Store,
    remote: &Arc<Remote<F>>,
    tiles: &[Tile],
    from: From,
) -> Result<Read, LookupError> {
    let held = match from {
        From::DiskFirst => held(store, tiles).await?,
        From::Upstream => vec![None; tiles.len()],
    };
    let any_held = held.iter().any(Option::is_some);
    let each = tiles.iter().zip(held).map(async |(tile, held)| match held {
        Some(bytes) => Ok(bytes),
        None => fetch(remote, tile).await,
    });
    Ok(Read {
        bytes: try_join_all(each).await?,
        any_held,
    })
}

/// Reads a tile from disk.
///
/// # Errors
/// [`LookupError::Internal`].
pub(super) async fn held_one(store: &Store, tile: Tile) -> Result<Option<Vec<u8>>, LookupError> {
    Ok(held(store, &[tile]).await?.pop().flatten())
}

async fn held(store: &Store, tiles: &[Tile]) -> Result<Vec<Option<Vec<u8>>>, LookupError> {
    let (store, tiles) = (store.clone(), tiles.to_vec());
    blocking("reading tiles", move || {
        tiles.iter().map(|tile| store.tile(tile)).collect()
    })
    .await
}

/// Runs file work on a thread that may block.
///
/// # Errors
/// [`LookupError::Internal`].
pub(super) async fn blocking<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, LookupError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
        .map_err(|error| LookupError::from_io(what, &error))
}

/// Fetches a tile: as it is asked for, else the full one cut to it, as the go
/// command does. Logs may give up partial tiles once the full one is there.
async fn fetch<F: Fetch>(remote: &Arc<Remote<F>>, tile: &Tile) -> Result<Vec<u8>, LookupError> {
    match remote.read(&tile.path(), bytes_max(tile)).await {
        Err(LookupError::NotFound { status, text }) if !tile.is_full() => {
            let full = tile.to_full();
            let bytes = match remote.read(&full.path(), bytes_max(&full)).await {
                // The words about the tile that was asked for say more.
                Err(LookupError::NotFound { .. }) => {
                    return Err(LookupError::NotFound { status, text });
                }
                answer => answer?,
            };
            // A full tile of a wrong length goes to the proof as it is, and fails there.
            Ok(match tile.cut(&full, &bytes) {
                Ok(cut) => cut.to_vec(),
                Err(_) => bytes.to_vec(),
            })
        }
        answer => Ok(answer?.to_vec()),
    }
}

/// The most bytes that are read for a tile. One more than it should have, so that a
/// longer one is seen to be wrong instead of failing to arrive.
fn bytes_max(tile: &Tile) -> u64 {
    match tile.level {
        Level::Hashes(_) => tile.hashes_len() as u64 + 1,
        Level::Data => DATA_BYTES_MAX,
    }
}

/// A full tile of 256 records has some 60 KB.
const DATA_BYTES_MAX: u64 = 4 << 20;
