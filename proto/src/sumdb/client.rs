//! Following a database: what to read to prove its answers, and what follows.
//!
//! All proofs are made under the newer of two tree heads, through tiles: the
//! record is read from the tree, and the hash of the older tree is computed from
//! it. A plan names the tiles; the caller reads them from wherever it likes, and
//! `finish` believes none of them. When `finish` succeeds every tile is what the
//! newer head says it is, and may be kept and handed on.

use super::{Error, Fork, Head, LookupAnswer, Record, TILE_HEIGHT};
use crate::module::ModuleVersion;
use crate::note::VerifierKey;
use crate::tlog::plan::TilePlan;
use crate::tlog::{Hash, Level, Node, ProofPlan, Tile, record_hash, subtree_hash};

/// How an offered head stands to the one that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// No head was followed yet.
    First,
    /// Both are heads of one tree.
    Same,
    /// The offered head is newer, and its tree begins with ours.
    Newer,
    /// The offered head is older, and our tree begins with its tree.
    Older,
}

impl Relation {
    /// Whether the offered head is the one to follow from now on.
    pub fn moves_forward(self) -> bool {
        match self {
            Self::First | Self::Newer => true,
            Self::Same | Self::Older => false,
        }
    }
}

/// A head that has been proved consistent with the one that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The offered head.
    pub head: Head,
    /// How it stands to the followed one.
    pub relation: Relation,
}

/// A lookup answer that has been proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// Number of the record in the log.
    pub id: u64,
    /// The record.
    pub record: Record,
    /// The head that came with it.
    pub head: Head,
    /// How that head stands to the followed one.
    pub relation: Relation,
}

/// The plan to prove an offered head consistent with the one that is followed.
#[derive(Debug, Clone)]
pub struct HeadPlan {
    comparison: Comparison,
}

impl HeadPlan {
    /// Plans for `offered`, of which only the signature is known to be good.
    ///
    /// # Errors
    ///
    /// [`Error::Fork`] when both heads are of one size and differ.
    pub fn new(current: Option<&Head>, offered: Head) -> Result<Self, Error> {
        Ok(Self {
            comparison: Comparison::new(current, offered, None)?,
        })
    }

    /// The tiles to read.
    pub fn tiles(&self) -> &[Tile] {
        self.comparison.plan.tiles()
    }

    /// Proves the head by the bytes of the tiles.
    ///
    /// # Errors
    ///
    /// [`Error::Tree`] when a tile is bad; [`Error::Fork`] when all are good and the
    /// heads contradict each other.
    pub fn finish(self, data: &[Vec<u8>]) -> Result<Merged, Error> {
        self.comparison.finish(data)?;
        Ok(Merged {
            head: self.comparison.offered,
            relation: self.comparison.relation,
        })
    }
}

/// The plan to prove a lookup answer.
#[derive(Debug, Clone)]
pub struct LookupPlan {
    id: u64,
    record: Record,
    comparison: Comparison,
}

impl LookupPlan {
    /// Plans for `answer`, which says what `module` is, while `current` is followed.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::Note`], [`Error::OtherModule`] and
    /// [`Error::BeyondHead`] when the answer can't be true, [`Error::Fork`] when its
    /// head and the followed one are of one size and differ.
    pub fn new(
        current: Option<&Head>,
        answer: &[u8],
        module: &ModuleVersion,
        key: &VerifierKey,
    ) -> Result<Self, Error> {
        let answer = LookupAnswer::parse(answer)?;
        let record = Record::parse(&answer.record)?;
        let head = Head::open(&answer.note, key)?;
        if !record.is_about(module) {
            return Err(Error::OtherModule {
                id: answer.id,
                module: module.to_string(),
            });
        }
        if answer.id >= head.tree.size {
            return Err(Error::BeyondHead {
                id: answer.id,
                size: head.tree.size,
            });
        }
        Ok(Self {
            id: answer.id,
            record,
            comparison: Comparison::new(current, head, Some(answer.id))?,
        })
    }

    /// The head that came with the answer: truly signed, not yet proved.
    pub fn head(&self) -> &Head {
        &self.comparison.offered
    }

    /// The tiles to read.
    pub fn tiles(&self) -> &[Tile] {
        self.comparison.plan.tiles()
    }

    /// Proves the answer by the bytes of the tiles.
    ///
    /// # Errors
    ///
    /// [`Error::Tree`] when a tile is bad; [`Error::RecordMismatch`] when all are good
    /// and the record is not in the log; [`Error::Fork`] when the heads contradict
    /// each other.
    pub fn finish(self, data: &[Vec<u8>]) -> Result<Proved, Error> {
        let want = self.comparison.finish(data)?;
        let got = record_hash(self.record.as_str().as_bytes());
        match want {
            Some(want) if want == got => Ok(Proved {
                id: self.id,
                record: self.record,
                head: self.comparison.offered,
                relation: self.comparison.relation,
            }),
            want => Err(Error::RecordMismatch {
                id: self.id,
                want: want.unwrap_or_else(Hash::of_empty_tree),
                got,
            }),
        }
    }
}

/// The plan to prove one tile that somebody asked for.
#[derive(Debug, Clone)]
pub struct TileCheck {
    wanted: Tile,
    plan: TilePlan,
    tiles: Vec<Tile>,
}

impl TileCheck {
    /// Plans for `wanted`, a tile of hashes or of records, under `head`.
    ///
    /// # Errors
    ///
    /// [`Error::Tree`] when the head's tree has not all of the tile.
    pub fn new(head: &Head, wanted: &Tile) -> Result<Self, Error> {
        let hashes = Tile {
            level: match wanted.level {
                Level::Data => Level::Hashes(0),
                level @ Level::Hashes(_) => level,
            },
            ..*wanted
        };
        let plan = TilePlan::for_tile(&head.tree, &hashes)?;
        let mut tiles = plan.tiles().to_vec();
        if wanted.level == Level::Data {
            tiles.push(*wanted);
        }
        Ok(Self {
            wanted: *wanted,
            plan,
            tiles,
        })
    }

    /// The tiles to read: of hashes, each as wide as the head's tree has it; and, when
    /// records are wanted, last the wanted tile itself.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// Proves all tiles and returns the bytes of the wanted one.
    ///
    /// # Errors
    ///
    /// [`Error::Tree`] when a tile of hashes is bad; [`Error::Malformed`] and
    /// [`Error::RecordMismatch`] when a tile of records is.
    pub fn finish(&self, data: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
        let hash_tiles = self.plan.tiles();
        self.plan
            .finish(data.get(..hash_tiles.len()).unwrap_or(data))?;
        let place = |tile: &&Tile| {
            (tile.level, tile.index)
                == match self.wanted.level {
                    Level::Data => (Level::Hashes(0), self.wanted.index),
                    level @ Level::Hashes(_) => (level, self.wanted.index),
                }
        };
        let (held, hashes) = hash_tiles
            .iter()
            .zip(data)
            .find(|(tile, _)| place(tile))
            .expect("the plan was made for this tile");
        if self.wanted.level != Level::Data {
            return Ok(self.wanted.cut(held, hashes)?.to_vec());
        }
        let records = data
            .get(hash_tiles.len())
            .ok_or(Error::Malformed("tile of records is missing"))?;
        self.check_records(records, hashes)?;
        Ok(records.clone())
    }

    fn check_records(&self, data: &[u8], hashes: &[u8]) -> Result<(), Error> {
        let records = super::split_records(data)?;
        if records.len() as u64 != u64::from(self.wanted.width) {
            return Err(Error::Malformed("tile has another number of records"));
        }
        let first = self.wanted.node(0).map_or(0, |node| node.index);
        let (hashes, _) = hashes.as_chunks::<32>();
        for ((id, record), &want) in (first..).zip(&records).zip(hashes) {
            let (want, got) = (Hash(want), record_hash(record.as_str().as_bytes()));
            if want != got {
                return Err(Error::RecordMismatch { id, want, got });
            }
        }
        Ok(())
    }
}

/// Two heads and the tiles that tell whether one tree begins with the other.
#[derive(Debug, Clone)]
struct Comparison {
    offered: Head,
    relation: Relation,
    /// The older of the two heads and the newer, when they are of different sizes.
    pair: Option<(Head, Head)>,
    plan: TilePlan,
    /// How many of the plan's hashes come first: of the record, if one is asked
    /// for, and then of the older tree's subtrees. Those of the proof follow.
    records: usize,
    peaks: usize,
    proof: Option<ProofPlan>,
}

impl Comparison {
    fn new(current: Option<&Head>, offered: Head, record: Option<u64>) -> Result<Self, Error> {
        let (relation, pair) = match current {
            None => (Relation::First, None),
            Some(ours) if ours.tree == offered.tree => (Relation::Same, None),
            Some(ours) if ours.tree.size == offered.tree.size => {
                return Err(Error::Fork(Box::new(Fork::of_one_size(
                    ours.clone(),
                    offered,
                ))));
            }
            Some(ours) if ours.tree.size < offered.tree.size => {
                (Relation::Newer, Some((ours.clone(), offered.clone())))
            }
            Some(ours) => (Relation::Older, Some((offered.clone(), ours.clone()))),
        };
        let newer = pair.as_ref().map_or(&offered, |(_, newer)| newer);
        let mut nodes: Vec<Node> = record.map(Node::record).into_iter().collect();
        let (records, mut peaks, mut proof) = (nodes.len(), 0, None);
        if let Some((older, newer)) = &pair {
            let older_peaks = Node::peaks(older.tree.size)?;
            // The proof's hashes are in the same tiles as those of the older tree's
            // subtrees, so having them ready for a fork costs nothing.
            let consistency = ProofPlan::consistency(newer.tree.size, older.tree.size)?;
            peaks = older_peaks.len();
            nodes.extend(older_peaks);
            nodes.extend_from_slice(consistency.nodes());
            proof = Some(consistency);
        }
        Ok(Self {
            plan: TilePlan::new(&newer.tree, TILE_HEIGHT, &nodes)?,
            offered,
            relation,
            pair,
            records,
            peaks,
            proof,
        })
    }

    /// Returns the hash of the record that was asked for.
    fn finish(&self, data: &[Vec<u8>]) -> Result<Option<Hash>, Error> {
        let hashes = self.plan.finish(data)?;
        let (record, rest) = hashes.split_at(self.records);
        let (peaks, proof_hashes) = rest.split_at(self.peaks);
        if let (Some((older, newer)), Some(proof)) = (&self.pair, &self.proof) {
            let computed = subtree_hash(peaks);
            if computed != older.tree.hash {
                return Err(Error::Fork(Box::new(Fork {
                    older: older.clone(),
                    newer: newer.clone(),
                    computed,
                    proof: proof.finish(proof_hashes)?,
                })));
            }
        }
        Ok(record.first().copied())
    }
}
