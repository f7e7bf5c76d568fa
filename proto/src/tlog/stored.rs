//! A whole tree in memory.

use super::node::stored_count;
use super::{Hash, Level, Node, Tile, Tree, node_hash, subtree_hash};

/// A tree that keeps all its hashes, for small logs and for tests.
#[derive(Debug, Clone, Default)]
pub struct HashTree {
    size: u64,
    /// In the order of [`Node::stored_index`].
    hashes: Vec<Hash>,
}

impl HashTree {
    /// Appends a record by its hash ([`super::record_hash`]) and returns its number.
    pub fn push(&mut self, record: Hash) -> u64 {
        let index = self.size;
        self.hashes.push(record);
        let mut node = Node::record(index);
        let mut right = record;
        while node.index % 2 == 1 {
            let sibling = Node {
                level: node.level,
                index: node.index - 1,
            };
            let left = self.hash(sibling).expect("the left sibling came before");
            right = node_hash(left, right);
            self.hashes.push(right);
            node = Node {
                level: node.level + 1,
                index: node.index / 2,
            };
        }
        self.size += 1;
        index
    }

    /// Records in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hash of a complete subtree, or `None` when it is not in the tree.
    pub fn hash(&self, node: Node) -> Option<Hash> {
        let stored = usize::try_from(node.stored_index()?).ok()?;
        self.hashes.get(stored).copied()
    }

    /// The tree over all records.
    pub fn tree(&self) -> Tree {
        self.tree_at(self.size).expect("the tree has its own size")
    }

    /// The tree over the first `size` records, or `None` when there are fewer.
    pub fn tree_at(&self, size: u64) -> Option<Tree> {
        if size > self.size || stored_count(size) > self.hashes.len() as u64 {
            return None;
        }
        let peaks = Node::peaks(size).ok()?;
        let hashes: Vec<Hash> = peaks
            .into_iter()
            .map(|node| self.hash(node))
            .collect::<Option<_>>()?;
        let hash = subtree_hash(&hashes);
        Some(Tree { size, hash })
    }

    /// The bytes of a tile of hashes, or `None` when the tree has not all of it
    /// (or the tile is one of records, which are not kept here).
    pub fn tile(&self, tile: &Tile) -> Option<Vec<u8>> {
        if tile.level == Level::Data {
            return None;
        }
        let mut bytes = Vec::new();
        for offset in 0..tile.width {
            bytes.extend_from_slice(&self.hash(tile.node(offset)?)?.0);
        }
        Some(bytes)
    }
}
