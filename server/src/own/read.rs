//! Reading records and tiles of a log that grows meanwhile.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use proto::tlog::entries::Entries;
use proto::tlog::regroup::{Piece, Regroup};
use proto::tlog::{Level, Tile};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::Error;
use super::files::{self, Files};
use super::queue::Queue;
use crate::blocking::{self, CALL_MAX};
use crate::shelf::answer::Pieces;

/// A tile that somebody asked for.
pub(crate) enum TileBody {
    /// All of it.
    Whole(Bytes),
    /// Made while it is sent.
    Pieces {
        /// Its bytes, where that is known.
        length: Option<u64>,
        /// The pieces.
        pieces: Pieces,
    },
}

/// Stored tiles of which a tile is made before it is sent: a megabyte of hashes, or some
/// megabytes of records.
const PIECES_WHOLE_MAX: u64 = 128;
/// Tiles that are made at once while they are sent.
const MAKING_MAX: usize = 4;

/// Reads what lies in the log's folder.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    files: Files,
    queue: Arc<Queue>,
    making: Arc<Semaphore>,
}

impl Reader {
    pub(super) fn new(files: Files, queue: Arc<Queue>) -> Self {
        Self {
            files,
            queue,
            making: Arc::new(Semaphore::new(MAKING_MAX)),
        }
    }

    /// Returns record `id`, which is in the log, checked against its hash there.
    ///
    /// # Errors
    /// What the disk answers, or that what lies there is damaged.
    pub(super) async fn record(&self, id: u64) -> Result<Vec<u8>, Error> {
        self.read(move |files, size| files::record(files, id, size))
            .await
    }

    /// Returns `count` records from number `first` on, which lie in one stored tile.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub(super) async fn records(&self, first: u64, count: usize) -> Result<Vec<Vec<u8>>, Error> {
        self.read(move |files, size| files::records(files, first, count, size))
            .await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files, u64) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let (files, size) = (self.files.clone(), self.queue.standing().head.tree.size);
        let read = blocking::run_within(CALL_MAX, move || work(&files, size)).await;
        read.map_err(Error::io("reading a record of the log"))
    }

    /// Returns a tile of any height; `None` when the log has not all of it. Records are
    /// put one after the other as `sent_as` says.
    ///
    /// # Errors
    /// What the disk answers, or that too many large tiles are made already.
    pub(super) async fn tile(
        &self,
        wanted: &Tile,
        sent_as: Entries,
    ) -> Result<Option<TileBody>, Error> {
        let size = self.queue.standing().head.tree.size;
        let Some(mut plan) = Regroup::new(wanted, size) else {
            return Ok(None);
        };
        let length = plan.bytes();
        if plan.pieces_left() > PIECES_WHOLE_MAX {
            let turn = Arc::clone(&self.making).try_acquire_owned();
            let turn = turn.map_err(|_| Error::Unreachable {
                reason: "too many large tiles are made already".to_owned(),
                retry_after: None,
            })?;
            let pieces = self.clone().pieces(plan, sent_as, turn);
            return Ok(Some(TileBody::Pieces { length, pieces }));
        }
        let this = self.clone();
        let whole = blocking::run_within(CALL_MAX, move || {
            let made = plan.try_fold(Vec::new(), |mut bytes, piece| {
                bytes.extend(this.make(&piece, sent_as)?);
                Ok::<_, io::Error>(bytes)
            });
            made.map(Bytes::from)
        });
        let whole = whole.await.map_err(Error::io("reading tiles of the log"))?;
        Ok(Some(TileBody::Whole(whole)))
    }

    pub(super) fn pieces(
        self,
        plan: Regroup,
        sent_as: Entries,
        turn: OwnedSemaphorePermit,
    ) -> Pieces {
        Box::pin(futures_util::stream::try_unfold(
            (self, plan, turn),
            move |(reader, mut plan, turn)| async move {
                // Several at once: one stored tile gives as little as 32 bytes.
                let made = blocking::run_within(CALL_MAX, move || {
                    let mut bytes = Vec::new();
                    for piece in plan.by_ref().take(PIECES_AT_ONCE) {
                        bytes.extend(reader.make(&piece, sent_as)?);
                    }
                    Ok((bytes, (reader, plan, turn)))
                });
                let (bytes, next) = made.await?;
                Ok((!bytes.is_empty()).then(|| (Bytes::from(bytes), next)))
            },
        ))
    }

    fn make(&self, piece: &Piece, sent_as: Entries) -> io::Result<Vec<u8>> {
        let stored = self.stored(&piece.tile)?;
        let made = match piece.tile.level {
            Level::Data => piece.records(&stored, Entries::Lines, sent_as),
            Level::Hashes(_) => piece.hashes(&stored),
        };
        made.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    fn stored(&self, tile: &Tile) -> io::Result<Vec<u8>> {
        let mut read = self.files.tiles(&[*tile])?;
        Ok(read.pop().unwrap_or_default())
    }
}

/// Stored tiles that are read for one piece of an answer.
const PIECES_AT_ONCE: usize = 256;
