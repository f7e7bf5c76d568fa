//! Taking in what a bundle carries of a database, which nobody was asked for.
//!
//! The same is believed of it as of upstream's answers: a head that the key has signed,
//! and whose log begins with ours; records and tiles that are proved under it.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use proto::module::ModuleVersion;
use proto::note::VerifierKey;
use proto::sumdb::Head;
use proto::sumdb::client::Relation;
use proto::tlog::Tile;

use super::Followed;
use super::accept::{Accepted, Outcome};
use crate::blocking::{self, CALL_MAX};
use crate::sumdb::tiles::ReadFrom;

impl Followed {
    /// The key that signs its heads.
    pub(crate) fn key(&self) -> &VerifierKey {
        self.archive.key()
    }

    /// The newest accepted head.
    pub(crate) fn newest_head(&self) -> Option<Head> {
        self.current()
    }

    /// Why nothing of it may be taken in: a fork has stopped it.
    ///
    /// # Errors
    /// The reason, as text.
    pub(crate) fn check_running(&self) -> Result<(), String> {
        self.check_stopped().map_err(|error| error.to_string())
    }

    /// A tile as it is stored. Nobody has checked it. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn unchecked_tile(&self, tile: &Tile) -> io::Result<Option<Vec<u8>>> {
        self.archive.tile(tile)
    }

    /// Whether just this answer about a module version is stored, or another one that
    /// says the same. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn has_record(&self, module: &ModuleVersion, id: u64) -> io::Result<bool> {
        let stored = self.archive.lookup(module)?;
        Ok(stored.is_some_and(|answer| answer.id == id))
    }

    /// Keeps a tile that was proved under a head that is to be followed. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn keep_carried_tile(&self, tile: &Tile, bytes: &[u8]) -> io::Result<()> {
        self.keeper.put_tile(tile, bytes, false)
    }

    /// Keeps an answer that was proved under a head that is to be followed. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn keep_carried_lookup(
        &self,
        module: &ModuleVersion,
        answer: &[u8],
    ) -> io::Result<()> {
        self.keeper.put_lookup(module, answer)
    }

    /// Follows a head that was proved to follow `before`, and whose tiles are kept.
    /// Returns false when another head has been followed meanwhile: then nothing is changed.
    ///
    /// # Errors
    /// What disk or ledger answer.
    pub(crate) async fn follow_carried(
        self: &Arc<Self>,
        before: Option<Head>,
        head: Head,
        relation: Relation,
    ) -> io::Result<bool> {
        if !relation.moves_forward() {
            let this = Arc::clone(self);
            let keep = move || this.keeper.put_older_head(&head);
            return blocking::run_within(CALL_MAX, keep).await.map(|()| true);
        }
        let accepted = Accepted {
            tiles: Vec::new(),
            from: ReadFrom::DiskFirst,
            before,
            head,
            relation,
            lookup: None::<(ModuleVersion, Bytes)>,
        };
        let outcome = Arc::clone(self).commit(Arc::new(accepted)).await?;
        Ok(matches!(outcome, Outcome::Kept))
    }
}
