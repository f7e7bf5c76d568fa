//! The files of a log: `DATA/log/<name>/tile/8/…`, `checkpoint` and `cosigned`; the folder
//! `map` beside them is that of `map/runs.rs`.
//!
//! A tile is named by its width, and the tree's size says which width is there: the
//! widest. A partial tile that a wider one has replaced is removed once the checkpoint
//! has moved on.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use proto::sumdb::{Head, cut_records};
use proto::tlog::batch::{Batch, HEIGHT};
use proto::tlog::entries::Entries;
use proto::tlog::plan::TilePlan;
use proto::tlog::{Level, Node, Tile, Tree, record_hash, subtree_hash};

use super::verifiers::Verifiers;
use crate::store::durable::Staging;
use crate::store::folder::read_small;

/// The folder of one log. Cheap to clone. Everything here blocks.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    root: PathBuf,
    staging: Staging,
}

/// Bytes of the largest stored tile: 256 records of the longest kind.
const TILE_BYTES_MAX: u64 = 256 * super::RECORD_BYTES_MAX as u64 * 2;

/// How often a tile is looked for that wider ones replace.
const LOOKS_MAX: usize = 16;

impl Files {
    /// Takes the folder of the log `name` as it is; it may be absent.
    pub(crate) fn at(data: &Path, name: &str, staging: Staging) -> Self {
        let root = data.join("log").join(name);
        Self { root, staging }
    }

    /// Reads a tile, where need be as the beginning of a wider one of its place: a wider
    /// one has replaced it, or was there when a copy was made. `None` where it is not
    /// there.
    ///
    /// # Errors
    /// What the file system answers, and `InvalidData` when a wider one is damaged.
    pub(crate) fn tile(&self, tile: &Tile) -> io::Result<Option<Vec<u8>>> {
        // Another one may be replaced while it is looked for.
        for _ in 0..LOOKS_MAX {
            if let Some(bytes) = self.exactly(tile)? {
                return Ok(Some(bytes));
            }
            let Some(wider) = self.wider(tile)? else {
                return Ok(None);
            };
            if let Some(bytes) = self.exactly(&wider)? {
                return cut(tile, &wider, &bytes).map(Some);
            }
        }
        Ok(None)
    }

    fn exactly(&self, tile: &Tile) -> io::Result<Option<Vec<u8>>> {
        read_small(&self.root.join(tile.path()), TILE_BYTES_MAX)
    }

    /// Returns the narrowest tile of the place that is wider.
    fn wider(&self, tile: &Tile) -> io::Result<Option<Tile>> {
        let full = tile.to_full();
        let widths = self.widths(tile)?;
        let width = widths.into_iter().filter(|width| *width > tile.width).min();
        if let Some(width) = width {
            return Ok(Some(Tile { width, ..*tile }));
        }
        let is_full = !tile.is_full() && self.root.join(full.path()).exists();
        Ok(is_full.then_some(full))
    }

    /// Returns the widths of the partial tiles of a place.
    fn widths(&self, tile: &Tile) -> io::Result<Vec<u32>> {
        let entries = match fs::read_dir(self.partial(tile)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut widths = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            widths.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
        }
        Ok(widths)
    }

    /// Returns the folder of the partial tiles of a place.
    fn partial(&self, tile: &Tile) -> PathBuf {
        let full = tile.to_full().path();
        self.root.join(format!("{full}.p"))
    }

    /// Reads tiles that must be there.
    ///
    /// # Errors
    /// What the file system answers, with the tile's path where it is not there.
    pub(crate) fn tiles(&self, tiles: &[Tile]) -> io::Result<Vec<Vec<u8>>> {
        let read = |tile: &Tile| {
            let missing = || {
                let text = format!("{tile} of the log is missing");
                io::Error::new(io::ErrorKind::NotFound, text)
            };
            self.tile(tile)?.ok_or_else(missing)
        };
        tiles.iter().map(read).collect()
    }

    /// Returns the tree of the first `size` records of a log with this tree, proved from the
    /// tiles.
    ///
    /// # Errors
    /// What the file system answers, and `InvalidData` when the tiles are not those of the
    /// tree.
    pub(super) fn beginning(&self, tree: &Tree, size: u64) -> io::Result<Tree> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        let peaks = Node::peaks(size).map_err(invalid)?;
        let plan = TilePlan::new(tree, HEIGHT, &peaks).map_err(invalid)?;
        let hashes = plan.finish(&self.tiles(plan.tiles())?).map_err(invalid)?;
        let hash = subtree_hash(&hashes);
        Ok(Tree { size, hash })
    }

    /// Gives `take` each record in a range, with its number, of a log of `size` records. They
    /// are not compared with their hashes.
    ///
    /// # Errors
    /// What the file system or `take` answer, and `InvalidData` for a tile of other records.
    pub(super) fn each_record(
        &self,
        range: Range<u64>,
        size: u64,
        mut take: impl FnMut(u64, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidData, text);
        for index in range.start >> HEIGHT..range.end.div_ceil(1 << HEIGHT) {
            let tile = Tile::widest(HEIGHT, Level::Data, index, size);
            let tile = tile.ok_or_else(|| invalid(format!("the log has no records {range:?}")))?;
            let bytes = self.tiles(&[tile])?.pop().unwrap_or_default();
            let records = Entries::Lines.split(&bytes);
            let records = records.map_err(|error| invalid(error.to_string()))?;
            if records.len() as u64 != u64::from(tile.width) {
                return Err(invalid(format!("{tile} has other records")));
            }
            let numbered = (index << HEIGHT..).zip(records);
            for (id, record) in numbered.filter(|(id, _)| range.contains(id)) {
                take(id, record)?;
            }
        }
        Ok(())
    }

    /// Returns the folder of the map from module versions to records.
    pub(super) fn map(&self) -> PathBuf {
        self.root.join("map")
    }

    /// Writes the tiles of a batch in their order, each durably.
    ///
    /// # Errors
    /// What the file system answers. Some may then be written: nothing refers to them.
    pub(super) fn write(&self, batch: &Batch) -> io::Result<()> {
        for (tile, bytes) in &batch.tiles {
            self.staging.write(&self.root.join(tile.path()), bytes)?;
        }
        Ok(())
    }

    /// Makes each of these tiles, which are those at the edge of the newest tree, a file of
    /// its own width, and removes the other partial ones of their places: what a failed
    /// batch has left, or a batch has replaced.
    ///
    /// # Errors
    /// What the file system answers. What cannot be removed costs room and nothing else.
    pub(super) fn tidy(&self, edge: &[Tile]) -> io::Result<()> {
        for tile in edge {
            if self.exactly(tile)?.is_none() {
                let bytes = self.tiles(&[*tile])?.pop().unwrap_or_default();
                self.staging.write(&self.root.join(tile.path()), &bytes)?;
            }
            for width in self.widths(tile)? {
                if width != tile.width {
                    let _ = fs::remove_file(self.partial(tile).join(width.to_string()));
                }
            }
            if tile.is_full() {
                let _ = fs::remove_dir(self.partial(tile));
            }
        }
        Ok(())
    }

    /// Reads the checkpoint: the newest head that was given out.
    ///
    /// # Errors
    /// What the file system answers, and `InvalidData` when no key has signed it.
    pub(crate) fn checkpoint(&self, keys: &Verifiers) -> io::Result<Option<Head>> {
        let path = self.root.join("checkpoint");
        let Some(bytes) = read_small(&path, proto::note::LEN_MAX as u64)? else {
            return Ok(None);
        };
        let bad = |error| {
            let text = format!("{}: {error}", path.display());
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        keys.open(&bytes).map(Some).map_err(bad)
    }

    /// Writes the checkpoint, durably.
    ///
    /// # Errors
    /// What the file system answers; it is then as it was.
    pub(super) fn write_checkpoint(&self, note: &[u8]) -> io::Result<()> {
        self.staging.write(&self.root.join("checkpoint"), note)
    }

    /// Reads the newest checkpoint that witnesses have cosigned, as it was kept.
    ///
    /// # Errors
    /// What the file system answers.
    pub(super) fn cosigned(&self) -> io::Result<Option<Vec<u8>>> {
        read_small(&self.root.join("cosigned"), proto::note::LEN_MAX as u64)
    }

    /// Keeps a cosigned checkpoint, durably.
    ///
    /// # Errors
    /// What the file system answers; the one before it is then still there.
    pub(super) fn write_cosigned(&self, note: &[u8]) -> io::Result<()> {
        self.staging.write(&self.root.join("cosigned"), note)
    }
}

/// Reads record `id` of a log of `size` records, and checks it against its hash there.
/// Blocks.
///
/// # Errors
/// What the file system answers, and `InvalidData` when the record is damaged.
pub(super) fn record(files: &Files, id: u64, size: u64) -> io::Result<Vec<u8>> {
    let mut records = records(files, id, 1, size)?;
    records.pop().ok_or_else(|| damaged(id))
}

/// Reads `count` records from number `first` on, which lie in one tile, and checks each.
/// Blocks.
///
/// # Errors
/// As [`record`].
pub(super) fn records(
    files: &Files,
    first: u64,
    count: usize,
    size: u64,
) -> io::Result<Vec<Vec<u8>>> {
    let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidData, text);
    let widest = |level| Tile::widest(HEIGHT, level, first >> HEIGHT, size);
    let tiles = [Level::Data, Level::Hashes(0)].map(widest);
    let read = files.tiles(&tiles.into_iter().flatten().collect::<Vec<_>>())?;
    let [texts, hashes] = &read[..] else {
        return Err(invalid(format!("record {first} is beyond the log")));
    };
    let texts = Entries::Lines.split(texts);
    let texts = texts.map_err(|error| invalid(error.to_string()))?;
    let (hashes, _) = hashes.as_chunks::<32>();
    let at = usize::try_from(first % (1 << HEIGHT)).unwrap_or(usize::MAX);
    let wanted = (first..).zip(at..).take(count);
    let checked = wanted.map(|(id, at)| match (texts.get(at), hashes.get(at)) {
        (Some(record), Some(want)) if record_hash(record).0 == *want => Ok(record.to_vec()),
        _ => Err(damaged(id)),
    });
    checked.collect()
}

fn damaged(id: u64) -> io::Error {
    let text = format!("record {id} of the log is damaged");
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// Cuts a tile out of a wider one of its place.
fn cut(tile: &Tile, wider: &Tile, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let cut = match tile.level {
        Level::Data => cut_records(tile, wider, bytes).map_err(|error| error.to_string()),
        Level::Hashes(_) => {
            let cut = tile.cut(wider, bytes).map(<[u8]>::to_vec);
            cut.map_err(|error| error.to_string())
        }
    };
    cut.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
