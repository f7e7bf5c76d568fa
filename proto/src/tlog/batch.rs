//! Appending records to a log: the tiles that change, and the tree that comes of it.

use super::entries::Entries;
use super::plan::{TilePlan, edge_hash};
use super::sequencer::Error;
use super::{Hash, Level, Tile, Tree, hash, record_hash};

/// The height of the tiles in which a log is kept. Tiles of other heights are made from
/// these ([`super::regroup`]).
pub const HEIGHT: u8 = 8;

const WIDTH: usize = 1 << HEIGHT;

/// The plan to append records.
///
/// It needs the tiles at the right edge of the tree as it is, which the new records
/// complete, and believes none of them.
#[derive(Debug, Clone)]
pub struct BatchPlan {
    head: Tree,
    entries: Entries,
    records: Vec<Vec<u8>>,
    /// Edge tiles top first, then the last tile of records where it is partial.
    tiles: Vec<Tile>,
    edge: usize,
}

/// Records that have their numbers, and what is to be written for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Number of the first record.
    pub first: u64,
    /// The tree with the records in it.
    pub tree: Tree,
    /// The records, in the order of their numbers.
    pub records: Vec<Vec<u8>>,
    /// The tiles that are new, in the order in which they are to be written: first those
    /// of records, then those of hashes, from the records upwards. Each is the widest of
    /// its place in the new tree; a partial one takes the place of a narrower one.
    pub tiles: Vec<(Tile, Vec<u8>)>,
}

impl BatchPlan {
    /// Plans to append records to a tree.
    pub fn new(head: Tree, entries: Entries, records: Vec<Vec<u8>>) -> Self {
        let mut tiles = Tile::edge(HEIGHT, head.size);
        let edge = tiles.len();
        tiles.extend(last_records(head.size));
        Self {
            head,
            entries,
            records,
            tiles,
            edge,
        }
    }

    /// The tiles to read.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// Appends the records to what the tiles hold.
    ///
    /// # Errors
    ///
    /// [`Error::Tree`], [`Error::OtherRecord`], [`Error::RecordCount`] and
    /// [`Error::Entries`] when what was read is not what the tree says.
    pub fn finish(self, data: &[Vec<u8>]) -> Result<Batch, Error> {
        let (edge, records) = data.split_at_checked(self.edge).unwrap_or((data, &[]));
        TilePlan::new(&self.head, HEIGHT, &[])?.finish(edge)?;
        let mut rows = Rows::new(&self.tiles[..self.edge], edge)?;
        let before = records.first().map_or(&[][..], Vec::as_slice);
        check_records(self.entries, before, rows.row(0), self.head.size)?;
        let mut tiles = self.record_tiles(before)?;
        let added = self.records.iter().map(|record| record_hash(record));
        tiles.extend(rows.append(self.head.size, added.collect()));
        let size = self.head.size + self.records.len() as u64;
        super::check_size(size)?;
        let tree = Tree {
            size,
            hash: rows.hash(),
        };
        Ok(Batch {
            first: self.head.size,
            tree,
            records: self.records,
            tiles,
        })
    }

    /// Returns the tiles of records that are new; `before` is what the last one holds.
    fn record_tiles(&self, before: &[u8]) -> Result<Vec<(Tile, Vec<u8>)>, Error> {
        let mut tiles = Vec::new();
        let mut bytes = before.to_vec();
        for (id, record) in (self.head.size..).zip(&self.records) {
            self.entries.push(record, &mut bytes)?;
            let is_last = id + 1 == self.head.size + self.records.len() as u64;
            if (id + 1) % WIDTH as u64 == 0 || is_last {
                let index = id >> HEIGHT;
                let tile = Tile::widest(HEIGHT, Level::Data, index, id + 1);
                tiles.extend(tile.map(|tile| (tile, std::mem::take(&mut bytes))));
            }
        }
        Ok(tiles)
    }
}

/// Returns the last tile of records of a tree where it is partial.
fn last_records(size: u64) -> Option<Tile> {
    Tile::widest(HEIGHT, Level::Data, size >> HEIGHT, size)
}

/// Holds the last tile of records against the hashes of its records.
fn check_records(entries: Entries, tile: &[u8], hashes: &[Hash], size: u64) -> Result<(), Error> {
    let records = entries.split(tile)?;
    let (want, got) = (hashes.len(), records.len());
    if want != got {
        return Err(Error::RecordCount { want, got });
    }
    let first = size - hashes.len() as u64;
    for ((index, record), &want) in (first..).zip(records).zip(hashes) {
        let got = record_hash(record);
        if want != got {
            return Err(Error::OtherRecord { index, want, got });
        }
    }
    Ok(())
}

/// The hashes of the tiles at a tree's right edge, by row from the records upwards. A row
/// whose last tile is full has none.
struct Rows(Vec<Vec<Hash>>);

impl Rows {
    fn new(tiles: &[Tile], data: &[Vec<u8>]) -> Result<Self, Error> {
        let mut rows = Vec::new();
        for (tile, bytes) in tiles.iter().zip(data) {
            let Level::Hashes(level) = tile.level else {
                continue;
            };
            let level = usize::from(level);
            if rows.len() <= level {
                rows.resize(level + 1, Vec::new());
            }
            rows[level] = tile.hashes(bytes)?;
        }
        Ok(Self(rows))
    }

    fn row(&self, level: usize) -> &[Hash] {
        self.0.get(level).map_or(&[], Vec::as_slice)
    }

    /// Appends hashes of records to the lowest row, and the hashes of the tiles that
    /// this fills to the rows above. Returns the tiles that are new.
    fn append(&mut self, size: u64, added: Vec<Hash>) -> Vec<(Tile, Vec<u8>)> {
        let mut tiles = Vec::new();
        let (mut level, mut added) = (0_u8, added);
        while !added.is_empty() {
            let at = usize::from(level);
            if self.0.len() <= at {
                self.0.push(Vec::new());
            }
            let mut row = std::mem::take(&mut self.0[at]);
            row.append(&mut added);
            let first = size >> (HEIGHT * (level + 1)).min(63);
            for (index, hashes) in (first..).zip(row.chunks(WIDTH)) {
                tiles.push(hash_tile(level, index, hashes));
                if hashes.len() == WIDTH {
                    added.extend(hash::complete_hash(hashes));
                } else {
                    self.0[at] = hashes.to_vec();
                }
            }
            level += 1;
        }
        tiles
    }

    fn hash(&self) -> Hash {
        edge_hash(self.0.iter().rev().map(Vec::as_slice))
    }
}

fn hash_tile(level: u8, index: u64, hashes: &[Hash]) -> (Tile, Vec<u8>) {
    let tile = Tile {
        height: HEIGHT,
        level: Level::Hashes(level),
        index,
        width: u32::try_from(hashes.len()).unwrap_or(u32::MAX),
    };
    let bytes = hashes.iter().flat_map(|hash| hash.0).collect();
    (tile, bytes)
}
