//! The log as it lies on the disk, without a server: for fsck, and for making the index
//! anew.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use proto::module::ModuleVersion;
use proto::note::VerifierKey;
use proto::sumdb::{Record, own};
use proto::tlog::batch::{Batch, BatchPlan, HEIGHT};
use proto::tlog::entries::Entries;
use proto::tlog::{Level, Tile, Tree};
use tokio::runtime::Handle;

use super::files::{Files, record};
use super::keys::Keys;
use super::map::Map;
use super::verifiers::Verifiers;
use crate::config;
use crate::ledger::Ledger;
use crate::store::durable::Staging;

/// A log that is read.
#[derive(Debug)]
pub(crate) struct Archive {
    keys: Verifiers,
    files: Files,
    map: Map,
    tree: Tree,
    upstream: config::Upstream,
}

/// A record, and what says that it is one.
#[derive(Debug)]
pub(crate) struct Held {
    /// The record's number.
    pub(crate) id: u64,
    /// The record.
    pub(crate) record: Record,
}

impl Archive {
    /// Opens the log of the settings as its checkpoint has it; `None` where there is none.
    /// `staging` is that of whoever makes the files of its map anew. Blocks.
    ///
    /// # Errors
    /// What the file system answers, or that the checkpoint is not signed by a key of it.
    pub(crate) fn open(
        settings: &config::Own,
        upstream: &config::Upstream,
        data: &Path,
        ledger: Arc<dyn Ledger>,
        staging: Option<Staging>,
    ) -> io::Result<Option<Self>> {
        let Some(keys) = Keys::read(settings).map_err(|(_, error)| error)? else {
            return Ok(None);
        };
        let keys = keys.verifiers();
        let files = Files::at(data, keys.name(), Staging::read_only());
        let Some(head) = files.checkpoint(&keys)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            map: Map::open(ledger, files.clone(), keys.name().to_owned(), staging),
            keys,
            files,
            tree: head.tree,
            upstream: upstream.clone(),
        }))
    }

    /// The log's name.
    pub(crate) fn name(&self) -> &str {
        self.keys.name()
    }

    /// The key that it is known by.
    pub(crate) fn key(&self) -> &VerifierKey {
        self.keys.first()
    }

    /// Records under the checkpoint.
    pub(crate) fn size(&self) -> u64 {
        self.tree.size
    }

    /// Whether a module is proved here.
    pub(crate) fn proves(&self, module: &str) -> bool {
        self.upstream.private_entry(module).is_some()
    }

    /// Writes which modules are in the log into the index, where it lacks them. Blocks.
    ///
    /// # Errors
    /// What disk or ledger answer.
    pub(crate) fn index(&self, runtime: &Handle) -> io::Result<()> {
        runtime.block_on(self.map.make_anew(&self.tree))
    }

    /// Returns the record of a module version; `None` where the index has none. Blocks.
    ///
    /// # Errors
    /// What disk or ledger answer, or that the record is damaged.
    pub(crate) fn prove(
        &self,
        module: &ModuleVersion,
        runtime: &Handle,
    ) -> io::Result<Option<Held>> {
        let found = runtime.block_on(self.map.recorded(module))?;
        let Some(id) = found.filter(|id| *id < self.tree.size) else {
            return Ok(None);
        };
        let bytes = record(&self.files, id, self.tree.size)?;
        let record = Record::parse(&bytes).map_err(io::Error::other)?;
        Ok(Some(Held { id, record }))
    }

    /// Makes every tile anew from the records and compares it with what lies there, and
    /// the tree with the checkpoint; and looks each record up in the index. Returns what
    /// is wrong. Blocks.
    ///
    /// # Errors
    /// What disk or ledger answer, but for tiles that are not there.
    pub(crate) fn check(
        &self,
        runtime: &Handle,
        mut read: impl FnMut(u64),
    ) -> io::Result<Vec<String>> {
        let mut wrong = Vec::new();
        let mut replay = Replay::default();
        while replay.head().size < self.tree.size {
            let first = replay.head().size;
            let tile = Tile::widest(HEIGHT, Level::Data, first >> HEIGHT, self.tree.size);
            let Some(tile) = tile else { break };
            let Some(bytes) = self.files.tile(&tile)? else {
                wrong.push(format!("{tile} is missing"));
                return Ok(wrong);
            };
            read(bytes.len() as u64);
            let batch = match replay.append(&bytes) {
                Ok(batch) => batch,
                Err(error) => {
                    wrong.push(format!("{tile}: {error}"));
                    return Ok(wrong);
                }
            };
            let is_last = batch.tree.size >= self.tree.size;
            for (made, want) in &batch.tiles {
                if (is_last || made.is_full()) && self.files.tile(made)?.as_ref() != Some(want) {
                    wrong.push(format!("{made} is not what its records make"));
                }
            }
            self.check_index(&batch, runtime, &mut wrong)?;
        }
        if replay.head() != self.tree {
            wrong.push(format!(
                "the records have the tree {:?}, and the checkpoint says {:?}",
                replay.head(),
                self.tree
            ));
        }
        Ok(wrong)
    }

    fn check_index(
        &self,
        batch: &Batch,
        runtime: &Handle,
        wrong: &mut Vec<String>,
    ) -> io::Result<()> {
        for (id, record) in (batch.first..).zip(&batch.records) {
            let Some(module) = own::parts(record) else {
                wrong.push(format!("record {id} is not that of a module version"));
                continue;
            };
            match runtime.block_on(self.map.recorded(&module))? {
                Some(indexed) if indexed == id => {}
                Some(indexed) => wrong.push(format!(
                    "record {id} is about {module}, and the index says that record {indexed} is"
                )),
                None => wrong.push(format!("record {id}, {module}, is not in the index")),
            }
        }
        Ok(())
    }
}

/// A log that is made anew from its records.
#[derive(Default)]
struct Replay {
    head: Option<Tree>,
    /// The partial tiles at the right edge.
    edge: HashMap<(Level, u64), Vec<u8>>,
}

impl Replay {
    fn head(&self) -> Tree {
        self.head.unwrap_or_else(Tree::empty)
    }

    fn append(&mut self, tile: &[u8]) -> Result<Batch, proto::tlog::sequencer::Error> {
        let records = Entries::Lines.split(tile)?;
        let records = records.into_iter().map(<[u8]>::to_vec).collect();
        let plan = BatchPlan::new(self.head(), Entries::Lines, records);
        let held = |tile: &Tile| self.edge.get(&(tile.level, tile.index)).cloned();
        let data = plan
            .tiles()
            .iter()
            .map(|tile| held(tile).unwrap_or_default());
        let data: Vec<_> = data.collect();
        let batch = plan.finish(&data)?;
        for (tile, bytes) in &batch.tiles {
            if tile.is_full() {
                self.edge.remove(&(tile.level, tile.index));
            } else {
                self.edge.insert((tile.level, tile.index), bytes.clone());
            }
        }
        self.head = Some(batch.tree);
        Ok(batch)
    }
}
