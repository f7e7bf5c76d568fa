//! Refusing what was not proved, and stopping a database that has forked.

use std::sync::Arc;

use proto::sumdb::{Error, Fork, Head};
use serde_json::json;

use super::{Followed, Stopped, stopped_by, tell_unprepared};
use crate::sumdb::LookupError;
use crate::sumdb::fault::Fault;
use crate::sumdb::tiles::{ReadTile, blocking};
use crate::telemetry::events;

impl Followed {
    /// Keeps the evidence of an answer that does not hold, and says why. A fork
    /// stops the database.
    pub(super) async fn refuse(
        self: &Arc<Self>,
        path: &str,
        answer: &[u8],
        head: Option<Head>,
        tiles: Vec<ReadTile>,
        error: Error,
    ) -> LookupError {
        for read in tiles.iter().filter(|read| !read.is_stored()) {
            self.remote.forget_tile(&read.tile);
        }
        if let Error::Fork(fork) = error {
            return self.stop(fork).await;
        }
        let fault = Fault {
            database: self.name().to_owned(),
            path: path.to_owned(),
            reason: error.to_string(),
            answer: answer.to_vec(),
            head,
            tiles: tiles
                .into_iter()
                .map(|read| (read.tile, read.bytes))
                .collect(),
        };
        let faults = Arc::clone(&self.faults);
        let kept = blocking("keeping evidence", move || {
            faults.keep(&fault);
            Ok(())
        });
        match kept.await {
            Ok(()) => LookupError::Invalid {
                reason: format!("{path}: {error}"),
            },
            Err(error) => error,
        }
    }

    async fn stop(self: &Arc<Self>, fork: Box<Fork>) -> LookupError {
        let marker = self.archive.fork_marker();
        let reason = stopped_by(&marker);
        let (database, evidence) = (self.name(), marker.display().to_string());
        tracing::error!(
            database,
            evidence,
            first_records = fork.older.tree.size,
            second_records = fork.newer.tree.size,
            "a checksum database has signed two heads that contradict each other; it is stopped"
        );
        events::tell(events::Kind::Fork, || {
            json!({
                "database": database,
                "first_records": fork.older.tree.size,
                "second_records": fork.newer.tree.size,
                "evidence": evidence,
            })
        });
        self.state().stopped = Some(Stopped {
            reason: reason.clone(),
            unwritten: Some(fork),
            marked: false,
        });
        let this = Arc::clone(self);
        let written = blocking("keeping the evidence of a fork", move || {
            this.write_fork();
            Ok(())
        });
        match written.await {
            Ok(()) => LookupError::Stopped { reason },
            Err(error) => error,
        }
    }

    /// Writes down a fork that is not yet, or keeps ready what a fork will need. Blocks.
    pub(super) fn write_fork(&self) {
        let stopped = self.state().stopped.clone();
        let Some(stopped) = stopped else {
            if let Err(error) = self.keeper.prepare_fork() {
                tell_unprepared(self.name(), &error);
            }
            return;
        };
        let Some(fork) = stopped.unwritten else {
            return;
        };
        if stopped.marked && self.archive.fork().is_none() {
            // A person has looked at the bare marker and resumed.
            return;
        }
        let written = self.keeper.put_fork(&fork);
        if let Err(error) = &written {
            let (database, error) = (self.name(), error.to_string());
            tracing::error!(
                database,
                error,
                evidence = %fork,
                "the evidence of a fork cannot be written; it is tried again"
            );
        }
        let marked = self.archive.fork().is_some();
        if let Some(stopped) = &mut self.state().stopped {
            stopped.marked = marked;
            if written.is_ok() {
                stopped.unwritten = None;
            }
        }
    }
}
