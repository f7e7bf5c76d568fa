//! Following a checksum database record by record, for one who wants to know what is new
//! in it. Each head is proved to go on from the one before, and each record to be in it,
//! before anybody hears of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proto::note::VerifierKey;
use proto::sumdb::client::{HeadPlan, TileCheck};
use proto::sumdb::{Error as ProofError, Fork, Head, Record, TILE_HEIGHT, split_records};
use proto::tlog::{Level, Tile};
use serde::{Deserialize, Serialize};

use super::LookupError;
use super::fetch::{FromSources, Hops};
use super::remote::Remote;
use crate::config;
use crate::source::Sources;
use crate::store::folder::{read_small, sync_folder};

/// Where one database has been followed to.
pub(crate) struct Monitor {
    name: String,
    key: VerifierKey,
    remote: Arc<Remote>,
    file: PathBuf,
    state: Progress,
    head: Option<Head>,
}

/// What is kept between runs.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// The number of the next record.
    next: u64,
    /// The newest head that was proved: the signed note.
    head: String,
}

/// Why a database is not followed on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It cannot be read now.
    #[error("{0}")]
    Lookup(#[from] LookupError),
    /// It has shown two histories. The text is evidence that anybody can check.
    #[error("the database has shown two histories\n{0}")]
    Fork(Box<Fork>),
    /// An answer is not what a signed head says.
    #[error("{0}")]
    Proof(ProofError),
    /// The state is not one of this database, or cannot be kept.
    #[error("{}: {reason}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// The most bytes of a signed head.
const HEAD_BYTES_MAX: u64 = 1 << 20;

/// The most bytes of a file of state.
const STATE_BYTES_MAX: u64 = 4 << 20;

impl Monitor {
    /// Goes on where the file says, or begins: with record `from`, or, without it, with
    /// what comes after the first head. Blocks.
    ///
    /// # Errors
    /// [`Error::State`].
    pub(crate) fn open(
        settings: &config::Database,
        upstream: &config::Upstream,
        sources: &Arc<Sources>,
        file: &Path,
        from: Option<u64>,
    ) -> Result<Self, Error> {
        let wrong = |reason: String| Error::State {
            path: file.to_owned(),
            reason,
        };
        let kept = read_small(file, STATE_BYTES_MAX);
        let state = match kept.map_err(|error| wrong(error.to_string()))? {
            Some(text) => {
                serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?
            }
            None => Progress {
                next: from.unwrap_or(u64::MAX),
                head: String::new(),
            },
        };
        let head = match state.head.is_empty() {
            true => None,
            false => {
                let head = Head::open(state.head.as_bytes(), &settings.key);
                Some(head.map_err(|error| wrong(format!("its head: {error}")))?)
            }
        };
        let fetch = Arc::new(FromSources(Arc::clone(sources)));
        Ok(Self {
            name: settings.name.clone(),
            key: settings.key.clone(),
            remote: Arc::new(Remote::new(settings, upstream, fetch)),
            file: file.to_owned(),
            state,
            head,
        })
    }

    /// The database's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Reads the newest head and proves that it goes on from the last one.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) async fn advance(&mut self) -> Result<(), Error> {
        let hops = Hops::default();
        let note = self.remote.read("latest", HEAD_BYTES_MAX, &hops).await?;
        let offered = Head::open(&note, &self.key).map_err(proof)?;
        let plan = HeadPlan::new(self.head.as_ref(), offered).map_err(proof)?;
        let mut data = Vec::new();
        for tile in plan.tiles() {
            data.push(self.tile(tile).await?);
        }
        let merged = plan.finish(&data).map_err(proof)?;
        if merged.relation.moves_forward() {
            self.state.next = self.state.next.min(merged.head.tree.size);
            self.state.head = String::from_utf8_lossy(&merged.head.note).into_owned();
            self.head = Some(merged.head);
            self.keep()?;
        }
        Ok(())
    }

    /// Returns the next records under the newest head, each with its number, proved; none
    /// at the end. They count as seen when [`seen`](Self::seen) is told.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) async fn next(&self) -> Result<Vec<(u64, Record)>, Error> {
        let Some(head) = &self.head else {
            return Ok(Vec::new());
        };
        let (size, next) = (head.tree.size, self.state.next);
        if next >= size {
            return Ok(Vec::new());
        }
        let index = next >> TILE_HEIGHT;
        let Some(tile) = Tile::widest(TILE_HEIGHT, Level::Data, index, size) else {
            return Ok(Vec::new());
        };
        let check = TileCheck::new(head, &tile).map_err(proof)?;
        let mut data = Vec::new();
        for tile in check.tiles() {
            data.push(self.tile(tile).await?);
        }
        let records = check.finish(&data).map_err(proof)?;
        let records = split_records(&records).map_err(proof)?;
        let first = index << TILE_HEIGHT;
        let numbered = (first..).zip(records);
        Ok(numbered.filter(|(id, _)| *id >= next).collect())
    }

    /// Notes that all records up to number `last` were told. Durable on return. Blocks.
    ///
    /// # Errors
    /// [`Error::State`].
    pub(crate) fn seen(&mut self, last: u64) -> Result<(), Error> {
        self.state.next = last.saturating_add(1);
        self.keep()
    }

    async fn tile(&self, tile: &Tile) -> Result<Vec<u8>, Error> {
        let (bytes, _landed) = self.remote.tile(tile, &Hops::default()).await?;
        Ok(bytes.to_vec())
    }

    fn keep(&self) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(&self.state).map_err(std::io::Error::other);
        text.and_then(|text| write(&self.file, &text))
            .map_err(|error| Error::State {
                path: self.file.clone(),
                reason: error.to_string(),
            })
    }
}

fn proof(error: ProofError) -> Error {
    match error {
        ProofError::Fork(fork) => Error::Fork(fork),
        error => Error::Proof(error),
    }
}

/// Writes a file so that a crash leaves the old one or the new one.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let staged = file.with_extension("new");
    let mut opened = std::fs::File::create(&staged)?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()?;
    std::fs::rename(&staged, file)?;
    file.parent().map_or(Ok(()), sync_folder)
}
