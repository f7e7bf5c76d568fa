//! What the go command hashes: the log that `GODEBUG=gocachehash=1` writes to
//! stderr, among whatever else a build prints.
//!
//! ```text
//! HASH[build example.com/p]
//! HASH[build example.com/p]: "go1.27.3"
//! HASH[build example.com/p]: "compile\n"
//! HASH[build example.com/p]: "file p.go AA0PIcFZIYsCePPUvynJ\n"
//! HASH[build example.com/p]: a59863d285f4fa63f0eb06aae8b2fcb4436178545b872f91e5d59944ae739011
//! ```
//!
//! The quoted texts put together are a *preimage*: their SHA-256 is the action,
//! and the first 15 bytes of that stand in build IDs. So a log proves itself,
//! and a program proves which log is its own: only the true preimage gives the
//! parts A and B of its build ID. Blocks that do not give the hash they end
//! with are left out.
//!
//! Several goroutines write at once, a line at a time; every line names its
//! block, and blocks of different names are told apart by that. Two blocks of
//! one name at the same time can't be, and are left out too.
//!
//! ```
//! use proto::buildid::Part;
//! use proto::hashlog::Log;
//! let log = Log::read(
//!     b"# some compiler's warning\nHASH[link m]\nHASH[link m]: \"go1.27.3\"\n\
//!       HASH[link m]: 7b36aba6e23d851877e1cba6bbc1911b6a10982d0f362b35abc56dd51899dda9\n"
//!         .as_slice(),
//! )?;
//! let link = log.named("link m").next().ok_or("the hash is that of go1.27.3")?;
//! assert_eq!(log.action(&link.part()), Some(link));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source: cmd/go/internal/cache/hash.go

pub mod linkflags;
pub mod preimage;
pub mod walk;

use std::collections::HashMap;
use std::io::{self, BufRead};

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::buildid::Part;
use crate::buildinfo::quote;

/// The longest line taken in, in bytes; longer ones are passed over. The longest
/// that the go command writes is a program's build information.
pub const LINE_BYTES_MAX: usize = 8 << 20;

/// The most text kept, in bytes. A log of a program with 3,000 packages has a
/// few dozen megabytes.
pub const TEXT_BYTES_MAX: usize = 1 << 30;

/// The most blocks open at one time; the go command has one a goroutine.
const OPEN_MAX: usize = 10_000;

/// Why a log can't be read.
#[derive(Debug, Error)]
pub enum Error {
    /// The reader failed.
    #[error("reading the log: {0}")]
    Io(#[from] io::Error),
    /// It holds more preimages than are kept.
    #[error("the log's preimages have more than {max} bytes")]
    TooLarge {
        /// The limit, in bytes.
        max: usize,
    },
}

/// One action, and all that went into its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// `build <import path>` or `link <import path>`.
    pub name: String,
    /// The texts hashed, in order; the first is the go command's version. Bytes
    /// that are not UTF-8 are replaced here, and hashed as they are.
    pub lines: Vec<String>,
    /// Their SHA-256.
    pub hash: [u8; 32],
}

impl Block {
    /// Returns the short form that build IDs hold.
    pub fn part(&self) -> Part {
        Part::from_sha256(&self.hash)
    }
}

/// The compile and link actions of a log that prove themselves.
#[derive(Debug, Default)]
pub struct Log {
    blocks: Vec<Block>,
    by_part: HashMap<Part, usize>,
    by_name: HashMap<String, Vec<usize>>,
    unproved: usize,
}

impl Log {
    /// Reads a log to its end. Lines that are not the go command's are passed
    /// over.
    ///
    /// # Errors
    /// `Io`, `TooLarge` past [`TEXT_BYTES_MAX`].
    pub fn read(mut input: impl BufRead) -> Result<Self, Error> {
        let mut reader = Reader::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            let limit = LINE_BYTES_MAX as u64 + 1;
            let len = io::Read::take(&mut input, limit).read_until(b'\n', &mut line)?;
            if len == 0 {
                return Ok(reader.finish());
            }
            if len > LINE_BYTES_MAX {
                skip_line(&mut input)?;
                continue;
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            reader.line(text.strip_suffix(b"\r").unwrap_or(text))?;
        }
    }

    /// Makes a log of one action; `None` where its lines do not give its hash.
    pub fn of(block: Block) -> Option<Self> {
        let hash: [u8; 32] = Sha256::digest(block.lines.concat()).into();
        let mut log = Self::default();
        (hash == block.hash).then(|| log.add(block))?;
        Some(log)
    }

    /// Returns how many actions it proves.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Whether it proves no action at all.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Returns how many compile and link actions began in the log and did not
    /// prove themselves: cut off, mixed up, or changed.
    pub fn unproved(&self) -> usize {
        self.unproved
    }

    /// Finds an action by the part of a build ID that stands for it.
    pub fn action(&self, part: &Part) -> Option<&Block> {
        self.by_part.get(part).map(|&index| &self.blocks[index])
    }

    /// Returns the actions of a name, which differ from each other.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Block> {
        let indexes = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        indexes.iter().map(|&index| &self.blocks[index])
    }

    fn add(&mut self, block: Block) {
        let part = block.part();
        if self.by_part.contains_key(&part) {
            return;
        }
        let index = self.blocks.len();
        self.by_part.insert(part, index);
        self.by_name
            .entry(block.name.clone())
            .or_default()
            .push(index);
        self.blocks.push(block);
    }
}

/// Reads past the rest of a line, however long it is.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let piece = input.fill_buf()?;
        let end = memchr::memchr(b'\n', piece);
        let used = end.map_or(piece.len(), |at| at + 1);
        if used == 0 {
            return Ok(());
        }
        input.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// A block that has not ended.
#[derive(Debug, Default)]
struct Open {
    hash: Sha256,
    lines: Vec<String>,
    /// How many blocks of this name are open; more than one can't be told apart.
    depth: usize,
    spoilt: bool,
}

#[derive(Debug, Default)]
struct Reader {
    open: HashMap<String, Open>,
    log: Log,
    text_bytes: usize,
}

/// What a line of the log says.
enum Line<'a> {
    Begin,
    Payload(&'a str),
    End(&'a str),
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), Error> {
        let Some((name, line)) = parse(line) else {
            return Ok(());
        };
        match line {
            Line::Begin => self.begin(name),
            Line::Payload(literal) => return self.payload(name, literal),
            Line::End(hash) => self.end(name, hash),
        }
        Ok(())
    }

    fn begin(&mut self, name: &str) {
        if self.open.len() >= OPEN_MAX && !self.open.contains_key(name) {
            self.log.unproved += 1;
            return;
        }
        let open = self.open.entry(name.to_owned()).or_default();
        open.depth += 1;
        open.spoilt |= open.depth > 1;
    }

    fn payload(&mut self, name: &str, literal: &str) -> Result<(), Error> {
        let Some(open) = self.open.get_mut(name) else {
            return Ok(());
        };
        let Some(bytes) = quote::unquote_bytes(literal) else {
            open.spoilt = true;
            return Ok(());
        };
        if open.spoilt {
            return Ok(());
        }
        open.hash.update(&bytes);
        self.text_bytes = self.text_bytes.saturating_add(bytes.len());
        if self.text_bytes > TEXT_BYTES_MAX {
            return Err(Error::TooLarge {
                max: TEXT_BYTES_MAX,
            });
        }
        open.lines
            .push(String::from_utf8_lossy(&bytes).into_owned());
        Ok(())
    }

    fn end(&mut self, name: &str, hash: &str) {
        let Some(open) = self.open.get_mut(name) else {
            return;
        };
        open.depth -= 1;
        if open.depth > 0 {
            self.log.unproved += 1;
            return;
        }
        let Some(open) = self.open.remove(name) else {
            return;
        };
        let computed: [u8; 32] = open.hash.finalize().into();
        if open.spoilt || hex::encode(computed) != hash {
            self.log.unproved += 1;
            return;
        }
        self.log.add(Block {
            name: name.to_owned(),
            lines: open.lines,
            hash: computed,
        });
    }

    fn finish(mut self) -> Log {
        self.log.unproved += self.open.len();
        self.log
    }
}

/// Takes a line apart: the block's name and what is said of it. `None` for all
/// that is not about a compile or link action.
fn parse(line: &[u8]) -> Option<(&str, Line<'_>)> {
    let rest = line.strip_prefix(b"HASH[")?;
    if !rest.starts_with(b"build ") && !rest.starts_with(b"link ") {
        return None;
    }
    let rest = std::str::from_utf8(rest).ok()?;
    // Names hold brackets themselves: "build p [p.test]".
    let Some((name, said)) = rest.split_once("]: ") else {
        return rest.strip_suffix(']').map(|name| (name, Line::Begin));
    };
    Some((
        name,
        if said.starts_with('"') {
            Line::Payload(said)
        } else {
            Line::End(said)
        },
    ))
}

#[cfg(test)]
mod tests;
