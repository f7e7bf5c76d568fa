//! Keeping what was proved, and refusing what was not.

use std::io;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use proto::module::ModuleVersion;
use proto::sumdb::client::Relation;
use proto::sumdb::{Error, Fork, Head};
use proto::tlog::Tile;

use super::{Database, Stopped, stopped_by};
use crate::sumdb::LookupError;
use crate::sumdb::fault::Fault;
use crate::sumdb::remote::Fetch;
use crate::sumdb::tiles::blocking;

/// Something that has been proved, and is to be kept.
pub(super) struct Accepted {
    /// All proved.
    pub(super) tiles: Vec<(Tile, Vec<u8>)>,
    /// The head that was current when it was proved.
    pub(super) before: Option<Head>,
    /// The head that came with it.
    pub(super) head: Head,
    pub(super) relation: Relation,
    pub(super) lookup: Option<(ModuleVersion, Bytes)>,
}

impl<F: Fetch> Database<F> {
    /// Keeps what was proved, in the order that each rests on what came before.
    /// Returns `false`, and keeps only the tiles, when the head would be the new
    /// current one and another has become so: the two must be compared first.
    pub(super) async fn accept(self: &Arc<Self>, accepted: Accepted) -> Result<bool, LookupError> {
        let this = Arc::clone(self);
        blocking("keeping a proved answer", move || this.commit(&accepted)).await
    }

    fn commit(&self, accepted: &Accepted) -> io::Result<bool> {
        for (tile, bytes) in &accepted.tiles {
            self.store.put_tile(tile, bytes)?;
        }
        {
            let _one_at_a_time = self
                .committing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let forward = accepted.relation.moves_forward();
            if forward && self.current() != accepted.before {
                return Ok(false);
            }
            self.store.put_head(&accepted.head)?;
            if forward {
                self.state().current = Some(accepted.head.clone());
                let (database, records) = (self.name(), accepted.head.tree.size);
                tracing::debug!(database, records, "a newer head is followed");
            }
        }
        if let Some((module, bytes)) = &accepted.lookup {
            self.keep_lookup(module, bytes)?;
        }
        Ok(true)
    }

    fn keep_lookup(&self, module: &ModuleVersion, bytes: &[u8]) -> io::Result<()> {
        match self.store.put_lookup(module, bytes) {
            // No file can have this name; the answer is asked for again next time.
            Err(error) if error.kind() == io::ErrorKind::InvalidFilename => Ok(()),
            kept => kept,
        }
    }

    /// Keeps the evidence of an answer that does not hold, and says why. A fork
    /// stops the database.
    pub(super) async fn refuse(
        &self,
        path: &str,
        answer: &[u8],
        head: Option<Head>,
        tiles: Vec<(Tile, Vec<u8>)>,
        error: Error,
    ) -> LookupError {
        if let Error::Fork(fork) = error {
            return self.stop(*fork).await;
        }
        let fault = Fault {
            database: self.name().to_owned(),
            path: path.to_owned(),
            reason: error.to_string(),
            answer: answer.to_vec(),
            head,
            tiles,
        };
        let reason = format!("{path}: {error}");
        if let Some(faults) = self.faults.clone() {
            let kept = blocking("keeping evidence", move || {
                faults.keep(&fault);
                Ok(())
            });
            if let Err(error) = kept.await {
                return error;
            }
        }
        LookupError::Invalid { reason }
    }

    async fn stop(&self, fork: Fork) -> LookupError {
        let marker = self.store.fork_marker();
        let reason = stopped_by(&marker);
        self.state().stopped = Some(Stopped {
            reason: reason.clone(),
            marked: false,
        });
        let (database, evidence) = (self.name(), marker.display().to_string());
        tracing::error!(
            database,
            evidence,
            first_records = fork.older.tree.size,
            second_records = fork.newer.tree.size,
            "a checksum database has signed two heads that contradict each other; it is stopped"
        );
        let store = self.store.clone();
        let kept = blocking("keeping the evidence of a fork", move || {
            store.put_fork(&fork)
        })
        .await;
        match kept {
            Ok(()) => {
                if let Some(stopped) = &mut self.state().stopped {
                    stopped.marked = true;
                }
            }
            Err(error) => {
                let error = error.to_string();
                tracing::error!(database, error, "the evidence of a fork is not kept");
            }
        }
        LookupError::Stopped { reason }
    }
}
