//! Tiles: rows of a tree's hashes, cut in pieces of 2^height.

use std::fmt;

use super::checkpoint::parse_decimal;
use super::node::Node;
use super::{Error, Hash, hash};

/// The greatest height of a tile.
pub const HEIGHT_MAX: u8 = 30;

const LEVEL_MAX: u8 = 63;
const HASH_LEN: usize = 32;

/// A piece of one row of a tree.
///
/// The tile of height H, level L and index N has hashes of subtrees of height
/// H·L, beginning with number N·2^H: as many as `width` says, 32 bytes each. A
/// tile narrower than 2^H is partial: the log had no more records yet. A tile of
/// records has the records themselves, a blank line after each.
///
/// Its path is `tile/H/L/NNN`, `data` for L in a tile of records, with N in groups of
/// three digits, all but the last with an `x` in front, and `.p/W` after a
/// partial one: `tile/8/0/x001/x234/067.p/5`. [`Tile::parse`] and `Display` are
/// inverses.
///
/// Source: golang.org/x/mod/sumdb/tlog
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Height of the tile, in 1..=30; 8 in every known database.
    pub height: u8,
    /// The row.
    pub level: Level,
    /// Number of the tile in its row.
    pub index: u64,
    /// Hashes or records in the tile, in 1..=2^height.
    pub width: u32,
}

/// What a tile is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Records.
    Data,
    /// Hashes of subtrees of this many tile heights, in 0..=63.
    Hashes(u8),
}

impl Tile {
    /// Parses a tile's path.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedTilePath`] for all but the one way to write a tile.
    pub fn parse(path: &str) -> Result<Self, Error> {
        let rest = path
            .strip_prefix("tile/")
            .ok_or(Error::MalformedTilePath("does not begin with tile/"))?;
        let (height, rest) = rest
            .split_once('/')
            .ok_or(Error::MalformedTilePath("no level"))?;
        let (level, rest) = rest
            .split_once('/')
            .ok_or(Error::MalformedTilePath("no index"))?;
        let height = parse_decimal(height)
            .and_then(|height| u8::try_from(height).ok())
            .filter(|height| (1..=HEIGHT_MAX).contains(height))
            .ok_or(Error::MalformedTilePath("height is not in 1..=30"))?;
        let level = match level {
            "data" => Level::Data,
            number => parse_decimal(number)
                .and_then(|level| u8::try_from(level).ok())
                .filter(|level| *level <= LEVEL_MAX)
                .map(Level::Hashes)
                .ok_or(Error::MalformedTilePath("level is not in 0..=63"))?,
        };
        let (index, width) = match rest.split_once(".p/") {
            None => (rest, 1 << height),
            Some((index, width)) => {
                let width = parse_decimal(width)
                    .and_then(|width| u32::try_from(width).ok())
                    .filter(|width| (1..1 << height).contains(width))
                    .ok_or(Error::MalformedTilePath(
                        "partial width is not in 1..2^height",
                    ))?;
                (index, width)
            }
        };
        Ok(Self {
            height,
            level,
            index: parse_index(index).ok_or(Error::MalformedTilePath(
                "index is not in groups of three digits",
            ))?,
            width,
        })
    }

    /// The tile's path, as `Display` prints it.
    pub fn path(&self) -> String {
        self.to_string()
    }

    /// The widest tile at a place that a tree of `size` records has, or `None` when
    /// it has none.
    pub fn widest(height: u8, level: Level, index: u64, size: u64) -> Option<Self> {
        if !(1..=HEIGHT_MAX).contains(&height) {
            return None;
        }
        let row = match level {
            Level::Data => 0,
            Level::Hashes(level) => u32::from(level) * u32::from(height),
        };
        let row_len = size.checked_shr(row)?;
        let start = index.checked_mul(1 << height)?;
        let width = row_len.checked_sub(start)?.min(1 << height);
        let width = u32::try_from(width).ok().filter(|&width| width > 0)?;
        Some(Self {
            height,
            level,
            index,
            width,
        })
    }

    /// The widest tile of a tree of `size` records that the hash of `node` can be
    /// computed from, or `None` when the subtree is not in the tree.
    pub fn holding(height: u8, node: Node, size: u64) -> Option<Self> {
        if !(1..=HEIGHT_MAX).contains(&height) || !node.is_in(size) {
            return None;
        }
        let level = node.level / height;
        let index = node.index >> (height - node.level % height);
        Self::widest(height, Level::Hashes(level), index, size)
    }

    /// The tiles at the right edge of a tree of `size` records: the last of every
    /// row, where it is partial, top first. The tree's hash is computed from
    /// them, and every hash in them counts.
    pub fn edge(height: u8, size: u64) -> Vec<Self> {
        if !(1..=HEIGHT_MAX).contains(&height) {
            return Vec::new();
        }
        let rows = u64::BITS.div_ceil(u32::from(height));
        (0..rows)
            .rev()
            .filter_map(|level| {
                let row_len = size >> (level * u32::from(height));
                let width = u32::try_from(row_len % (1 << height)).ok()?;
                (width > 0).then_some(Self {
                    height,
                    level: Level::Hashes(u8::try_from(level).ok()?),
                    index: row_len >> height,
                    width,
                })
            })
            .collect()
    }

    /// Whether the tile has all the 2^height hashes it can have.
    pub fn is_full(&self) -> bool {
        self.width == 1 << self.height
    }

    /// The same place with all the 2^height hashes it can have.
    pub fn to_full(self) -> Self {
        Self {
            width: 1 << self.height,
            ..self
        }
    }

    /// The tile of the row above that has this whole tile's hash, full, and where
    /// in it. `None` at the top and for tiles of records.
    pub fn parent(&self) -> Option<(Self, u32)> {
        let Level::Hashes(level) = self.level else {
            return None;
        };
        let parent = Self {
            height: self.height,
            level: Level::Hashes(level.checked_add(1).filter(|level| *level <= LEVEL_MAX)?),
            index: self.index >> self.height,
            width: 1 << self.height,
        };
        let offset = u32::try_from(self.index % (1 << self.height)).ok()?;
        Some((parent, offset))
    }

    /// The subtree whose hash is number `offset` in the tile, or `None` when that is
    /// beyond any tree.
    pub fn node(&self, offset: u32) -> Option<Node> {
        let level = match self.level {
            Level::Data => 0,
            Level::Hashes(level) => level.checked_mul(self.height)?,
        };
        let index = self.index.checked_mul(1 << self.height)?;
        Some(Node {
            level,
            index: index.checked_add(u64::from(offset))?,
        })
    }

    /// Bytes in a tile of hashes of this width.
    pub fn hashes_len(&self) -> usize {
        usize::try_from(self.width)
            .unwrap_or(usize::MAX)
            .saturating_mul(HASH_LEN)
    }

    /// Returns the first bytes of the tile of hashes `held`, whose data is `data`:
    /// those of this tile. A narrower tile is always the beginning of every wider
    /// one at its place.
    ///
    /// # Errors
    ///
    /// [`Error::NotAPrefix`] when `held` is elsewhere, is narrower or has records;
    /// [`Error::TileLength`] when `data` doesn't fit `held`.
    pub fn cut<'a>(&self, held: &Self, data: &'a [u8]) -> Result<&'a [u8], Error> {
        let same_place = Self {
            width: held.width,
            ..*self
        } == *held;
        if !same_place || self.width > held.width || self.level == Level::Data {
            return Err(Error::NotAPrefix {
                wanted: *self,
                held: *held,
            });
        }
        held.check_len(data)?;
        Ok(&data[..self.hashes_len()])
    }

    /// Checks the bytes `data` of this full tile against the hash that its parent has
    /// for it. `above` is the parent, full or partial, with the bytes `above_data`,
    /// which are believed.
    ///
    /// # Errors
    ///
    /// [`Error::TileMismatch`] when the hash differs, [`Error::NotAPrefix`] when
    /// `above` is not a parent of a full tile or too narrow to have its hash,
    /// [`Error::TileLength`].
    pub fn check_below(&self, data: &[u8], above: &Self, above_data: &[u8]) -> Result<(), Error> {
        let not_above = || Error::NotAPrefix {
            wanted: *self,
            held: *above,
        };
        let (parent, offset) = self.parent().ok_or_else(not_above)?;
        if !self.is_full() || above.to_full() != parent {
            return Err(not_above());
        }
        let want = *above
            .hashes(above_data)?
            .get(offset as usize)
            .ok_or_else(not_above)?;
        let got = hash::complete_hash(&self.hashes(data)?).ok_or_else(not_above)?;
        if want != got {
            return Err(Error::TileMismatch {
                tile: *self,
                want,
                got,
            });
        }
        Ok(())
    }

    /// Splits a tile's bytes in its hashes.
    pub(super) fn hashes(&self, data: &[u8]) -> Result<Vec<Hash>, Error> {
        self.check_len(data)?;
        let (hashes, _) = data.as_chunks::<HASH_LEN>();
        Ok(hashes.iter().copied().map(Hash).collect())
    }

    /// Returns the hash of `node`, which must be one that this tile holds.
    pub(super) fn hash_of(&self, node: Node, hashes: &[Hash]) -> Option<Hash> {
        let inner_level = node.level % self.height;
        let start = (node.index << inner_level) % (1 << self.height);
        let start = usize::try_from(start).ok()?;
        let end = start.checked_add(1 << inner_level)?;
        hash::complete_hash(hashes.get(start..end)?)
    }

    pub(super) fn join(tiles: &[Self]) -> String {
        let paths: Vec<String> = tiles.iter().map(Self::path).collect();
        paths.join(", ")
    }

    fn check_len(&self, data: &[u8]) -> Result<(), Error> {
        if data.len() != self.hashes_len() {
            return Err(Error::TileLength {
                tile: *self,
                want: self.hashes_len() as u64,
                got: data.len() as u64,
            });
        }
        Ok(())
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.height)?;
        match self.level {
            Level::Data => f.write_str("data/")?,
            Level::Hashes(level) => write!(f, "{level}/")?,
        }
        let mut groups = vec![format!("{:03}", self.index % 1000)];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        f.write_str(&groups.join("/"))?;
        if !self.is_full() {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

/// Parses groups of three digits; zeros in front have no group of their own.
fn parse_index(text: &str) -> Option<u64> {
    let mut index = 0_u64;
    let mut groups = text.split('/').peekable();
    let mut first = true;
    while let Some(group) = groups.next() {
        let digits = match groups.peek() {
            Some(_) => group.strip_prefix('x')?,
            None => group,
        };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let value: u64 = digits.parse().ok()?;
        if first && groups.peek().is_some() && value == 0 {
            return None;
        }
        first = false;
        index = index.checked_mul(1000)?.checked_add(value)?;
    }
    Some(index)
}
