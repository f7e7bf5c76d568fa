//! Reading hashes of a tree from tiles that nobody vouches for.

use std::collections::HashMap;

use super::{
    Error, HEIGHT_MAX, Hash, Level, Node, ProofPlan, Tile, Tree, check_size, hash, subtree_hash,
};

/// Which tiles to read for some hashes of a tree, and how all of them are proved.
///
/// The tiles at the right edge of the tree hash up to the tree's own hash, every
/// hash in them included. Every other tile is full and hashes up to one hash in
/// its parent tile. So the plan has all edge tiles, the tiles that hold what is
/// wanted, and the parents of those up to the edge; and [`TilePlan::finish`] lets
/// no tile pass that it has not hashed up to something proved before. A tile that
/// came with the plan may therefore be kept and handed on as it is.
#[derive(Debug, Clone)]
pub struct TilePlan {
    tree: Tree,
    tiles: Vec<Tile>,
    /// How many of the tiles are edge tiles. They come first.
    edge: usize,
    /// For each tile after those: number of its parent, which comes before it, and
    /// place of its hash in there.
    parents: Vec<(usize, usize)>,
    /// For each wanted hash: number of its tile.
    wanted: Vec<(usize, Node)>,
}

impl TilePlan {
    /// Plans how to read the hashes of `nodes` in `tree` from tiles of `height`.
    ///
    /// # Errors
    ///
    /// [`Error::NotInTree`] when a subtree is not complete in the tree,
    /// [`Error::TileHeight`], [`Error::TreeTooLarge`].
    pub fn new(tree: &Tree, height: u8, nodes: &[Node]) -> Result<Self, Error> {
        let mut draft = Draft::new(tree, height)?;
        let mut wanted = Vec::with_capacity(nodes.len());
        for &node in nodes {
            let tile = Tile::holding(height, node, tree.size).ok_or_else(|| Error::NotInTree {
                what: node.to_string(),
                size: tree.size,
            })?;
            wanted.push((draft.require(tile), node));
        }
        Ok(draft.into_plan(wanted))
    }

    /// Plans how to prove one tile of hashes: `tile`, at the width that the tree has
    /// it, is among the plan's tiles.
    ///
    /// # Errors
    ///
    /// [`Error::NotInTree`] when the tree has less of the tile than `tile` says, or
    /// it is one of records; [`Error::TileHeight`], [`Error::TreeTooLarge`].
    pub fn for_tile(tree: &Tree, tile: &Tile) -> Result<Self, Error> {
        let mut draft = Draft::new(tree, tile.height)?;
        let widest = Tile::widest(tile.height, tile.level, tile.index, tree.size)
            .filter(|widest| widest.width >= tile.width && tile.level != Level::Data)
            .ok_or_else(|| Error::NotInTree {
                what: tile.to_string(),
                size: tree.size,
            })?;
        draft.require(widest);
        Ok(draft.into_plan(Vec::new()))
    }

    /// The tiles to read, each at the width that the tree has it.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// Checks the bytes of all tiles, one for each of [`TilePlan::tiles`] in its
    /// order, and returns the wanted hashes in the order of the nodes.
    ///
    /// # Errors
    ///
    /// [`Error::PartCount`], [`Error::TileLength`], and where a tile is not what the
    /// tree says, [`Error::EdgeMismatch`] or [`Error::TileMismatch`].
    pub fn finish(&self, data: &[Vec<u8>]) -> Result<Vec<Hash>, Error> {
        if data.len() != self.tiles.len() {
            return Err(Error::PartCount {
                want: self.tiles.len(),
                got: data.len(),
            });
        }
        let tiles: Vec<Vec<Hash>> = self
            .tiles
            .iter()
            .zip(data)
            .map(|(tile, bytes)| tile.hashes(bytes))
            .collect::<Result<_, _>>()?;
        self.check_edge(&tiles)?;
        let children = self.tiles.iter().zip(&tiles).skip(self.edge);
        for ((tile, hashes), &(parent, offset)) in children.zip(&self.parents) {
            let want = tiles[parent][offset];
            let got = hash::complete_hash(hashes).expect("no tile of a plan is empty");
            if want != got {
                return Err(Error::TileMismatch {
                    tile: *tile,
                    want,
                    got,
                });
            }
        }
        let hash_of = |&(number, node): &(usize, Node)| {
            let tile: &Tile = &self.tiles[number];
            tile.hash_of(node, &tiles[number])
                .expect("a wanted hash was planned from a tile that holds it")
        };
        Ok(self.wanted.iter().map(hash_of).collect())
    }

    fn check_edge(&self, tiles: &[Vec<Hash>]) -> Result<(), Error> {
        let got = edge_hash(tiles[..self.edge].iter().map(Vec::as_slice));
        if got != self.tree.hash {
            return Err(Error::EdgeMismatch {
                tiles: self.tiles[..self.edge].to_vec(),
                size: self.tree.size,
                want: self.tree.hash,
                got,
            });
        }
        Ok(())
    }
}

/// Which tiles to read for a proof: that a record is in a tree, or that the tree begins
/// with a smaller one. The tiles are proved on the way, so the proof holds.
#[derive(Debug, Clone)]
pub struct TiledProof {
    tiles: TilePlan,
    proof: ProofPlan,
}

impl TiledProof {
    /// Plans the proof that record `index` is in `tree`, from tiles of `height`.
    ///
    /// # Errors
    ///
    /// [`Error::NotInTree`], [`Error::TileHeight`], [`Error::TreeTooLarge`].
    pub fn record(tree: &Tree, height: u8, index: u64) -> Result<Self, Error> {
        Self::new(tree, height, ProofPlan::record(tree.size, index)?)
    }

    /// Plans the proof that `tree` begins with its first `older` records.
    ///
    /// # Errors
    ///
    /// As [`TiledProof::record`].
    pub fn consistency(tree: &Tree, height: u8, older: u64) -> Result<Self, Error> {
        Self::new(tree, height, ProofPlan::consistency(tree.size, older)?)
    }

    fn new(tree: &Tree, height: u8, proof: ProofPlan) -> Result<Self, Error> {
        Ok(Self {
            tiles: TilePlan::new(tree, height, proof.nodes())?,
            proof,
        })
    }

    /// The tiles to read, each at the width that the tree has it.
    pub fn tiles(&self) -> &[Tile] {
        self.tiles.tiles()
    }

    /// Returns the proof, from the leaves upwards.
    ///
    /// # Errors
    ///
    /// As [`TilePlan::finish`].
    pub fn finish(&self, data: &[Vec<u8>]) -> Result<Vec<Hash>, Error> {
        self.proof.finish(&self.tiles.finish(data)?)
    }
}

/// Computes a tree's hash from the hashes of its edge tiles, top first. The binary digits
/// of a tile's width say which complete subtrees its hashes make up: exactly those that
/// the tree of this size is made of in these rows.
pub(super) fn edge_hash<'a>(tiles: impl Iterator<Item = &'a [Hash]>) -> Hash {
    let mut peaks = Vec::new();
    for hashes in tiles {
        let mut rest = hashes;
        while !rest.is_empty() {
            let (complete, after) = rest.split_at(1 << rest.len().ilog2());
            peaks.extend(hash::complete_hash(complete));
            rest = after;
        }
    }
    subtree_hash(&peaks)
}

/// A plan in the making.
struct Draft {
    tree: Tree,
    tiles: Vec<Tile>,
    edge: usize,
    parents: Vec<(usize, usize)>,
    numbers: HashMap<Tile, usize>,
}

impl Draft {
    fn new(tree: &Tree, height: u8) -> Result<Self, Error> {
        check_size(tree.size)?;
        if !(1..=HEIGHT_MAX).contains(&height) {
            return Err(Error::TileHeight(height));
        }
        let tiles = Tile::edge(height, tree.size);
        Ok(Self {
            tree: *tree,
            edge: tiles.len(),
            parents: Vec::new(),
            numbers: tiles
                .iter()
                .enumerate()
                .map(|(i, tile)| (*tile, i))
                .collect(),
            tiles,
        })
    }

    /// Adds a tile of the tree, at its full width there, with those of its parents
    /// that are missing, and returns its number.
    fn require(&mut self, tile: Tile) -> usize {
        let mut missing = Vec::new();
        let mut at = tile;
        let mut above = loop {
            if let Some(&number) = self.numbers.get(&at) {
                break number;
            }
            let (parent, offset) = at.parent().expect("only full tiles are missing");
            let Level::Hashes(level) = parent.level else {
                unreachable!("a parent has hashes");
            };
            missing.push((at, offset));
            at = Tile::widest(
                parent.height,
                Level::Hashes(level),
                parent.index,
                self.tree.size,
            )
            .expect("the parent of a full tile is in the tree");
        };
        for (tile, offset) in missing.into_iter().rev() {
            self.parents.push((above, offset as usize));
            above = self.tiles.len();
            self.tiles.push(tile);
            self.numbers.insert(tile, above);
        }
        above
    }

    fn into_plan(self, wanted: Vec<(usize, Node)>) -> TilePlan {
        TilePlan {
            tree: self.tree,
            tiles: self.tiles,
            edge: self.edge,
            parents: self.parents,
            wanted,
        }
    }
}
