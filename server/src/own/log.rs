//! The durable steps of a log: where it goes on after a start, and how a batch becomes
//! durable.
//!
//! A batch is written in this order: tiles of records, tiles of hashes, its time, the head in the
//! ledger by compare-and-swap, which modules are in it, a flush of the ledger, the
//! high-water mark, the witnesses, the checkpoint. Only then is anybody told. A crash before
//! the swap leaves tiles that nothing refers to; a crash after it leaves a ledger that is one
//! batch ahead, which the next start finishes.
//!
//! What is read is waited for as long as everywhere, what is written to its end: a write
//! that came late would put an older head or tile in the place of a newer one. Only the
//! task that writes waits for that; `queue.rs` says for how long everybody else does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proto::note::VerifierKey;
use proto::sumdb::own::SignedHead;
use proto::tlog::batch::{Batch, BatchPlan, HEIGHT};
use proto::tlog::recovery::{Start, Unsigned};
use proto::tlog::{Level, Tile, Tree};

use super::files::Files;
use super::high_water::Mark;
use super::keys::Keys;
use super::map::{Alike, Map};
use super::step::{STEPS, Step};
use super::times::Times;
use super::verifiers::Verifiers;
use super::witnessed::Witnessed;
use crate::blocking::{self, CALL_MAX};
use crate::ledger::{Conflict, Ledger, Table};

/// What a log is kept with.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) keys: Keys,
    pub(super) verifiers: Verifiers,
    pub(super) files: Files,
    pub(super) mark: Mark,
    pub(super) map: Map,
    pub(super) times: Times,
    pub(super) witnessed: Witnessed,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) is_read_only: bool,
    /// Modules that came since the start and look like others.
    pub(super) alike: AtomicU64,
}

/// Where a log goes on.
#[derive(Debug)]
pub(super) struct Standing {
    /// The newest head.
    pub(super) head: SignedHead,
    /// Why nothing is signed after it; `None` where signing goes on.
    pub(super) unsigned: Option<String>,
}

impl Log {
    /// Finds out where the log goes on, and finishes a batch that a crash has left to the
    /// ledger alone. `accepted` is the size with which a person says to go on.
    ///
    /// # Errors
    /// What disk or ledger answer.
    pub(super) async fn stand(&self, accepted: Option<u64>) -> io::Result<Standing> {
        let (ledger_note, ledger) = self.ledger_head().await?;
        let (files, mark) = (self.files.clone(), self.mark.clone());
        let keys = self.verifiers.clone();
        let read = move || {
            let checkpoint = match files.checkpoint(&keys) {
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    tracing::error!(%error, "the checkpoint is not a signed head of this log");
                    None
                }
                checkpoint => checkpoint?,
            };
            Ok((checkpoint, mark.read(&keys)))
        };
        let (checkpoint, high_water) = blocking::run_within(CALL_MAX, read).await?;
        let checkpoint_note = checkpoint.as_ref().map(|head| head.note.clone());
        let checkpoint = checkpoint.map(|head| head.tree);
        let mut start = Start::decide(ledger, checkpoint, high_water, accepted);
        if let Err(reason) = self.prove(&start).await? {
            // What only the ledger has was told nobody.
            let held = checkpoint.filter(|tree| *tree != start.head);
            start.head = held.unwrap_or(start.head);
            return self.serve_only(start.head, reason).await;
        }
        // One that cannot be read is the only word of a newer head, perhaps, and stays.
        if let Some(Unsigned::NoHighWater { .. }) = start.unsigned
            && !self.is_read_only
            && self.witnessed.vouch(&self.sign(start.head)?).await
        {
            tracing::warn!(
                records = start.head.size,
                "the high-water mark is made anew: the witnesses vouch that no newer head was signed"
            );
            start.unsigned = None;
        }
        // What only the ledger has is in no mark, and no witness saw it.
        let given_out = checkpoint.unwrap_or(start.head);
        if let Some(unsigned) = &start.unsigned {
            let reason = self.words(unsigned, start.head);
            return self.serve_only(given_out, reason).await;
        }
        if self.is_read_only {
            let reason = "the data folder is read-only".to_owned();
            return self.serve_only(given_out, reason).await;
        }
        let head = self.sign(start.head)?;
        self.map.settle(&head.tree).await?;
        let (files, size) = (self.files.clone(), head.tree.size);
        blocking::run(move || files.tidy(&edge_tiles(size))).await?;
        if ledger_note.as_deref() != Some(&*head.note) {
            let old = ledger_note.as_deref();
            self.swap(old, &head.note).await?;
        }
        self.ledger.flush().await?;
        // The same head is written again where a key was added or taken away.
        let (mark, note) = (self.mark.clone(), head.note.clone());
        let is_marked = blocking::run(move || Ok(mark.holds(&note))).await?;
        let is_checkpoint = checkpoint_note.as_ref() == Some(&head.note);
        self.publish(&head, is_marked, is_checkpoint).await?;
        Ok(Standing {
            head,
            unsigned: None,
        })
    }

    /// The same, but where the ledger does not answer what is in the log is served, and
    /// nothing is signed until it does.
    ///
    /// # Errors
    /// What the disk answers.
    pub(super) async fn stand_or_serve(&self, accepted: Option<u64>) -> io::Result<Standing> {
        let error = match self.stand(accepted).await {
            Ok(standing) => return Ok(standing),
            Err(error) => error,
        };
        let (files, keys) = (self.files.clone(), self.verifiers.clone());
        let read = move || files.checkpoint(&keys);
        let checkpoint = blocking::run_within(CALL_MAX, read).await?;
        let tree = checkpoint.map_or_else(Tree::empty, |head| head.tree);
        let reason = format!("where the log stands cannot be read: {error}");
        self.serve_only(tree, reason).await
    }

    /// Makes a batch durable. Returns it with its signed head.
    ///
    /// # Errors
    /// What disk or ledger answer. The batch may then be durable or not:
    /// [`stand`](Self::stand) tells.
    pub(super) async fn commit(
        &self,
        plan: BatchPlan,
        before: &SignedHead,
    ) -> io::Result<(Batch, SignedHead)> {
        let (files, edge) = (self.files.clone(), plan.tiles().to_vec());
        let batch = blocking::run(move || {
            let data = files.tiles(&edge)?;
            let batch = plan.finish(&data).map_err(io::Error::other)?;
            files.write(&batch)?;
            Ok(batch)
        })
        .await?;
        STEPS.reach(Step::TilesWritten);
        let count = batch.records.len() as u64;
        self.times.note(batch.first, count).await?;
        let head = self.sign(batch.tree)?;
        self.swap(Some(before.note.as_slice()), &head.note).await?;
        STEPS.reach(Step::HeadSwapped);
        let alike = self.map.add(&batch).await?;
        self.tell(&alike);
        self.ledger.flush().await?;
        STEPS.reach(Step::LedgerFlushed);
        self.publish(&head, false, false).await?;
        let (files, written) = (self.files.clone(), batch.tiles.clone());
        // It is durable and told; what is left over is tidied up at the next start.
        let tidied = blocking::run(move || {
            let tiles: Vec<_> = written.iter().map(|(tile, _)| *tile).collect();
            files.tidy(&tiles)
        });
        if let Err(error) = tidied.await {
            tracing::warn!(%error, "tiles of the log that were replaced are not removed");
        }
        Ok((batch, head))
    }

    /// Says of modules that came into the log that others there look like them.
    fn tell(&self, alike: &[Alike]) {
        self.alike.fetch_add(alike.len() as u64, Ordering::Relaxed);
        for Alike { path, earlier } in alike {
            tracing::warn!(
                database = self.verifiers.name(),
                module.path = path,
                earlier,
                security = true,
                "a module came into the log whose name looks like that of another"
            );
        }
    }

    /// Writes a head to the high-water mark, sends it to the witnesses, and writes it to the
    /// checkpoint.
    async fn publish(
        &self,
        head: &SignedHead,
        is_marked: bool,
        is_checkpoint: bool,
    ) -> io::Result<()> {
        if !is_marked {
            let (mark, note) = (self.mark.clone(), head.note.clone());
            blocking::run(move || mark.write(&note)).await?;
        }
        STEPS.reach(Step::Marked);
        if !is_checkpoint {
            self.witnessed.hand_over(head).await?;
        }
        STEPS.reach(Step::Witnessed);
        if !is_checkpoint {
            let (files, note) = (self.files.clone(), head.note.clone());
            blocking::run(move || files.write_checkpoint(&note)).await?;
        }
        STEPS.reach(Step::CheckpointWritten);
        Ok(())
    }

    async fn serve_only(&self, tree: Tree, reason: String) -> io::Result<Standing> {
        // What can be looked up is served on.
        if let Err(error) = self.map.settle(&tree).await {
            tracing::error!(database = self.verifiers.name(), %error, "not every record can be looked up");
        }
        Ok(Standing {
            // The same tree was signed before; nothing is said that was not said then.
            head: self.sign(tree)?,
            unsigned: Some(reason),
        })
    }

    fn sign(&self, tree: Tree) -> io::Result<SignedHead> {
        self.keys.sign(tree)
    }

    /// Proves from the tiles that they are those of the newest head, and that its tree
    /// begins with each earlier one. Returns what is wrong.
    async fn prove(&self, start: &Start) -> io::Result<Result<(), String>> {
        let (files, head, earlier) = (self.files.clone(), start.head, start.earlier.clone());
        let proved = move || -> Result<(), String> {
            // The newest head's own tiles are proved with each of them, or alone.
            let within = earlier.iter().filter(|tree| tree.size <= head.size);
            for tree in within.chain([&head]) {
                let beginning = files.beginning(&head, tree.size);
                if beginning.map_err(|error| error.to_string())? != *tree {
                    return Err(Unsigned::Fork { size: tree.size }.to_string());
                }
            }
            Ok(())
        };
        blocking::run_within(CALL_MAX, move || Ok(proved())).await
    }

    /// Returns the head under the log's key, and the newest tree under each of its keys.
    async fn ledger_head(&self) -> io::Result<(Option<Vec<u8>>, Option<Tree>)> {
        let mut notes = Vec::new();
        let mut newest = None::<Tree>;
        for key in self.verifiers.all() {
            let note = self.ledger.get(Table::Heads, &ledger_key(key)).await?;
            match note.as_deref().map(|note| self.verifiers.open(note)) {
                Some(Ok(head)) if newest.is_none_or(|it| it.size < head.tree.size) => {
                    newest = Some(head.tree);
                }
                Some(Err(error)) => {
                    tracing::error!(%error, "the head in the ledger is not signed by this log");
                }
                Some(Ok(_)) | None => {}
            }
            notes.push(note);
        }
        Ok((notes.swap_remove(0), newest))
    }

    async fn swap(&self, old: Option<&[u8]>, new: &[u8]) -> io::Result<()> {
        let key = ledger_key(self.verifiers.first());
        let swapped = self.ledger.advance(&key, old, new).await?;
        swapped.map_err(|Conflict { .. }| {
            io::Error::other("the ledger has another head of the log than was thought")
        })
    }

    /// Says why nothing is signed, and what to do about it.
    fn words(&self, unsigned: &Unsigned, held: Tree) -> String {
        let (mark, size) = (self.mark.path().display(), held.size);
        match unsigned {
            Unsigned::Behind { issued, .. } => format!(
                "{unsigned}; clients that have seen the newer head would take new records for a fork. \
                 Restore a copy with all {issued} records ({mark} says so), or, when nobody has \
                 seen them, start with --accept-head {size}"
            ),
            Unsigned::NoHighWater { .. } | Unsigned::BadHighWater { .. } => format!(
                "{unsigned}; look for the newest head in {mark}, or on a client, in \
                 GOPATH/pkg/sumdb/{}/latest. If none has more than {size} records, start with \
                 --accept-head {size}",
                self.verifiers.name()
            ),
            Unsigned::Fork { .. } => format!("{unsigned}; {mark} holds one of them"),
        }
    }
}

/// Under another key a name is that of another log; and a followed log of the same name is
/// another one.
fn ledger_key(key: &VerifierKey) -> String {
    format!("own {}+{:08x}", key.name(), key.key_hash())
}

/// Returns the partial tiles of a tree, of records and of hashes.
fn edge_tiles(size: u64) -> Vec<Tile> {
    let mut tiles = Tile::edge(HEIGHT, size);
    tiles.extend(Tile::widest(HEIGHT, Level::Data, size >> HEIGHT, size));
    tiles
}
