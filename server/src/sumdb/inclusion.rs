//! A stored record with the proof that it is in its database, for people and for files that
//! are checked without asking anybody.

use proto::goproxy::sumdb::SumdbRequest;
use proto::module::ModuleVersion;
use proto::note;
use proto::sumdb::{LookupAnswer, TILE_HEIGHT};
use proto::tlog::plan::TiledProof;
use proto::tlog::{Hash, Step, Tree, checkpoint::Checkpoint, record_hash, record_path};

use super::{Database, LookupError};

/// A record, and what proves it.
#[derive(Clone, Debug)]
pub(crate) struct Inclusion {
    /// The record's number.
    pub(crate) id: u64,
    /// The record.
    pub(crate) record: Vec<u8>,
    /// The signed head, with cosignatures where there are some.
    pub(crate) checkpoint: Vec<u8>,
    /// What the head says.
    pub(crate) tree: Tree,
    /// The hashes that lead from the record to the tree's, from the record upwards.
    pub(crate) hashes: Vec<Hash>,
    /// The same as steps.
    pub(crate) steps: Vec<Step>,
}

impl Database {
    /// Returns the record of a module version with its proof, from what is stored. A
    /// followed database proves it under the head that came with it, our own under its
    /// newest.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn inclusion(&self, module: &ModuleVersion) -> Result<Inclusion, LookupError> {
        let request = SumdbRequest::Lookup(module.clone());
        let bytes = self.stored(&request).await?;
        let answer = LookupAnswer::parse(&bytes).map_err(invalid)?;
        let checkpoint = match self {
            Self::Own(own) => own.checkpoint()?,
            Self::Followed(_) => answer.note,
        };
        let (text, _) = note::parse(&checkpoint).map_err(invalid)?;
        let tree = Checkpoint::parse(&text).map_err(invalid)?.tree;
        let plan = TiledProof::record(&tree, TILE_HEIGHT, answer.id).map_err(invalid)?;
        let mut data = Vec::new();
        for tile in plan.tiles() {
            let stored = self.stored(&SumdbRequest::Tile(*tile)).await?;
            data.push(stored.to_vec());
        }
        let hashes = plan.finish(&data).map_err(invalid)?;
        let leaf = record_hash(&answer.record);
        let steps = record_path(&hashes, &tree, answer.id, leaf).map_err(invalid)?;
        Ok(Inclusion {
            id: answer.id,
            record: answer.record,
            checkpoint,
            tree,
            hashes,
            steps,
        })
    }
}

fn invalid(error: impl std::fmt::Display) -> LookupError {
    LookupError::Invalid {
        reason: error.to_string(),
    }
}
