//! Writing a run, block by block.

use super::block::{Place, put_number, shared_len};
use super::{Error, Footer, KEY_LEN_MAX, shown};

/// A block is closed when it has so many bytes.
const BLOCK_LEN: usize = 4096;

/// Writes a run from keys in ascending order. It holds one unfinished block a level.
///
/// The bytes that [`Writer::push`] and [`Writer::finish`] return are the file, one
/// after the other.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    /// The unfinished blocks, the lowest level first.
    levels: Vec<Draft>,
    /// Bytes written so far.
    offset: u64,
    entries: u64,
    last_key: Vec<u8>,
}

impl Writer {
    /// Adds a key and returns the bytes of the blocks that it closed: most often none.
    ///
    /// # Errors
    ///
    /// [`Error::Order`] unless the key is greater than the one before,
    /// [`Error::KeyTooLong`]; the writer is then as it was.
    pub fn push(&mut self, key: &[u8], number: u64) -> Result<Vec<u8>, Error> {
        if key.len() > KEY_LEN_MAX {
            return Err(Error::KeyTooLong {
                len: key.len(),
                max: KEY_LEN_MAX,
            });
        }
        if self.entries > 0 && key <= self.last_key.as_slice() {
            return Err(Error::Order {
                before: shown(&self.last_key),
                key: shown(key),
            });
        }
        let mut out = Vec::new();
        // The shortest key that is greater than all before it: in the blocks above it
        // serves as well as the whole one.
        let separator = &key[..(shared_len(key, &self.last_key) + 1).min(key.len())];
        let separator = if self.entries == 0 { &[] } else { separator };
        let mut value = Vec::new();
        put_number(&mut value, number);
        self.add(0, separator, key, &value, &mut out);
        self.entries += 1;
        key.clone_into(&mut self.last_key);
        Ok(out)
    }

    /// Keys so far.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Returns the rest of the file: the last blocks of every level, and the footer.
    pub fn finish(mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.levels.is_empty() {
            self.levels.push(Draft::new(0, &[]));
        }
        let mut level = 0;
        while level + 1 < self.levels.len() {
            self.close(level, &mut out);
            level += 1;
        }
        let root = self.write(level, &mut out);
        out.extend(Footer::new(self.entries, root).to_bytes());
        out
    }

    /// Adds an entry to a level. `separator` is for the level above, in case that the
    /// entry is the first of its block.
    fn add(&mut self, level: usize, separator: &[u8], key: &[u8], value: &[u8], out: &mut Vec<u8>) {
        if level == self.levels.len() {
            self.levels.push(Draft::new(level, separator));
        } else if self.levels[level].is_full() {
            self.close(level, out);
            self.levels[level] = Draft::new(level, separator);
        }
        self.levels[level].push(key, value);
    }

    /// Writes the block of a level and names it in the level above.
    fn close(&mut self, level: usize, out: &mut Vec<u8>) {
        let place = self.write(level, out);
        let separator = std::mem::take(&mut self.levels[level].separator);
        let mut value = Vec::new();
        put_number(&mut value, place.offset);
        put_number(&mut value, place.len as u64);
        value.extend_from_slice(&place.digest.0);
        self.add(level + 1, &separator, &separator, &value, out);
    }

    fn write(&mut self, level: usize, out: &mut Vec<u8>) -> Place {
        let bytes = std::mem::take(&mut self.levels[level].bytes);
        let place = Place::of(self.offset, &bytes)
            .expect("a draft begins with its level and is closed in time");
        self.offset += bytes.len() as u64;
        out.extend(bytes);
        place
    }
}

/// An unfinished block.
#[derive(Debug, Clone)]
struct Draft {
    bytes: Vec<u8>,
    entries: usize,
    separator: Vec<u8>,
    last_key: Vec<u8>,
}

impl Draft {
    fn new(level: usize, separator: &[u8]) -> Self {
        Self {
            bytes: vec![u8::try_from(level).unwrap_or(u8::MAX)],
            entries: 0,
            separator: separator.to_vec(),
            last_key: Vec::new(),
        }
    }

    /// Whether no more entries go in. A block with one entry alone would let the levels
    /// grow without end.
    fn is_full(&self) -> bool {
        self.bytes.len() >= BLOCK_LEN && self.entries > 1
    }

    fn push(&mut self, key: &[u8], value: &[u8]) {
        let shared = shared_len(key, &self.last_key);
        put_number(&mut self.bytes, shared as u64);
        put_number(&mut self.bytes, (key.len() - shared) as u64);
        self.bytes.extend_from_slice(&key[shared..]);
        self.bytes.extend_from_slice(value);
        key.clone_into(&mut self.last_key);
        self.entries += 1;
    }
}
