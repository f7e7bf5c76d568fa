//! Keeping what was proved.

use std::io;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use proto::module::ModuleVersion;
use proto::sumdb::Head;
use proto::sumdb::client::Relation;
use tokio::runtime::Handle;

use super::{Followed, State};
use crate::sumdb::LookupError;
use crate::sumdb::heads::Conflict;
use crate::sumdb::tiles::{ReadFrom, ReadTile, blocking};

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
        let (this, runtime) = (Arc::clone(self), Handle::current());
        blocking("keeping a proved answer", move || {
            this.commit(&accepted, &runtime)
        })
        .await
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

    fn commit(&self, accepted: &Accepted, runtime: &Handle) -> io::Result<Outcome> {
        self.keep_tiles(&accepted.tiles, accepted.from)?;
        if accepted.relation.moves_forward() {
            match self.advance(accepted, runtime)? {
                Outcome::Kept => {}
                outpaced => return Ok(outpaced),
            }
        } else {
            self.keeper.put_older_head(&accepted.head)?;
        }
        if let Some((module, bytes)) = &accepted.lookup {
            self.keeper.put_lookup(module, bytes)?;
        }
        Ok(Outcome::Kept)
    }

    fn advance(&self, accepted: &Accepted, runtime: &Handle) -> io::Result<Outcome> {
        let _one_at_a_time = self
            .committing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (before, head) = (accepted.before.as_ref(), &accepted.head);
        if self.state().current.as_ref() != before {
            return Ok(Outcome::Outpaced);
        }
        let advanced = runtime.block_on(self.heads.advance(self.name(), before, head))?;
        if let Err(conflict) = advanced {
            return Ok(Outcome::OutpacedBy(conflict));
        }
        self.follow(head);
        Ok(Outcome::Kept)
    }

    /// Makes a head the current one that another process has accepted, and that has been
    /// proved to be newer than `before`.
    pub(super) fn adopt(&self, before: Option<&Head>, head: &Head) -> io::Result<Outcome> {
        let _one_at_a_time = self
            .committing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self.state().current.as_ref() != before {
            return Ok(Outcome::Outpaced);
        }
        self.keeper.put_older_head(head)?;
        self.follow(head);
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
