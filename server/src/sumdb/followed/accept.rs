//! Keeping what was proved.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use proto::module::ModuleVersion;
use proto::sumdb::Head;
use proto::sumdb::client::Relation;

use super::{Followed, State};
use crate::blocking::{self, CALL_MAX};
use crate::sumdb::LookupError;
use crate::sumdb::heads::Conflict;
use crate::sumdb::tiles::{ReadFrom, ReadTile};
use crate::telemetry::context::carried;

/// Something that has been proved, and is to be kept.
pub(super) struct Accepted {
    /// All proved.
    pub(super) tiles: Vec<ReadTile>,
    /// Where they were read.
    pub(super) from: ReadFrom,
    /// The head that was current when it was proved.
    pub(super) before: Option<Head>,
    /// The head that came with it.
    pub(super) head: Head,
    pub(super) relation: Relation,
    pub(super) lookup: Option<(ModuleVersion, Bytes)>,
}

/// What became of it.
pub(super) enum Outcome {
    Kept,
    /// The head would be the new current one, and another has become so: the two must
    /// be compared first. Only the tiles are kept.
    Outpaced,
    /// As before, and the other one was accepted by another process.
    OutpacedBy(Conflict),
}

impl Followed {
    /// Keeps what was proved, in the order that each rests on what came before. Goes on
    /// to its end when nobody waits any more.
    pub(super) async fn accept(
        self: &Arc<Self>,
        accepted: Accepted,
    ) -> Result<Outcome, LookupError> {
        let work = Arc::clone(self).commit(Arc::new(accepted));
        let kept = tokio::spawn(carried(work)).await.unwrap_or_else(|error| {
            // It panicked, or the process ends.
            Err(io::Error::other(error))
        });
        kept.map_err(|error| LookupError::from_io("keeping a proved answer", &error))
    }

    /// Keeps tiles that were proved.
    pub(super) fn keep_tiles(&self, tiles: &[ReadTile], from: ReadFrom) -> io::Result<()> {
        let replacing = from == ReadFrom::Upstream;
        for read in tiles {
            if read.is_stored() {
                self.archive.note_proved(&read.tile, &read.bytes);
            } else {
                self.keeper.put_tile(&read.tile, &read.bytes, replacing)?;
            }
        }
        Ok(())
    }

    pub(super) async fn commit(self: Arc<Self>, accepted: Arc<Accepted>) -> io::Result<Outcome> {
        if accepted.relation.moves_forward() {
            let (this, tiles) = (Arc::clone(&self), Arc::clone(&accepted));
            blocking::run_within(CALL_MAX, move || this.keep_tiles(&tiles.tiles, tiles.from))
                .await?;
            match self.advance(&accepted).await? {
                Outcome::Kept => {}
                outpaced => return Ok(outpaced),
            }
        }
        blocking::run_within(CALL_MAX, move || {
            if !accepted.relation.moves_forward() {
                self.keep_tiles(&accepted.tiles, accepted.from)?;
                self.keeper.put_older_head(&accepted.head)?;
            }
            if let Some((module, bytes)) = &accepted.lookup {
                self.keeper.put_lookup(module, bytes)?;
            }
            Ok(Outcome::Kept)
        })
        .await
    }

    /// No thread waits for its turn here, or for the heads: the thread that they need to
    /// write on might be this one.
    async fn advance(&self, accepted: &Accepted) -> io::Result<Outcome> {
        let _one_at_a_time = self.committing.lock().await;
        let (before, head) = (accepted.before.as_ref(), &accepted.head);
        if self.state().current.as_ref() != before {
            return Ok(Outcome::Outpaced);
        }
        let advanced = self.heads.advance(self.name(), before, head).await?;
        if let Err(conflict) = advanced {
            return Ok(Outcome::OutpacedBy(conflict));
        }
        self.follow(head);
        Ok(Outcome::Kept)
    }

    /// Keeps what proves a head that another process has accepted, and makes it the
    /// current one where it is newer.
    pub(super) async fn adopt(self: &Arc<Self>, accepted: Accepted) -> io::Result<Outcome> {
        let accepted = Arc::new(accepted);
        let (this, tiles) = (Arc::clone(self), Arc::clone(&accepted));
        blocking::run_within(CALL_MAX, move || this.keep_tiles(&tiles.tiles, tiles.from)).await?;
        if !accepted.relation.moves_forward() {
            return Ok(Outcome::Kept);
        }
        let _one_at_a_time = self.committing.lock().await;
        if self.state().current != accepted.before {
            return Ok(Outcome::Outpaced);
        }
        let (this, head) = (Arc::clone(self), Arc::clone(&accepted));
        blocking::run_within(CALL_MAX, move || this.keeper.put_older_head(&head.head)).await?;
        self.follow(&accepted.head);
        Ok(Outcome::Kept)
    }

    fn follow(&self, head: &Head) {
        let (database, records) = (self.name(), head.tree.size);
        let mut state = self.state();
        let State {
            current,
            accepted_at,
            lost_size,
            ..
        } = &mut *state;
        *current = Some(head.clone());
        *accepted_at = Some(SystemTime::now());
        if lost_size.is_some_and(|lost| lost <= records) {
            *lost_size = None;
            tracing::warn!(
                database,
                records,
                "a head of a checksum database is followed that is as new as the one that was lost"
            );
        }
        drop(state);
        tracing::debug!(database, records, "a newer head is followed");
    }
}
